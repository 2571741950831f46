"""What a stranger on the node can send without any right: it costs the agent nothing."""

import math
import time
import unittest

from tests.support.siege import Siege

# core/log.hpp: of one message, so many lines in so many seconds.
REPEAT_LIMIT, REPEAT_WINDOW_S = 10, 10

# Four connections that ask one thing, as fast as they are answered.
QUESTIONS = """
import http.client, sys, threading
port, path = int(sys.argv[1]), sys.argv[2]
def ask():
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while True:
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
for _ in range(4):
    threading.Thread(target=ask).start()
print("begun", flush=True)
"""


class AttackByFlood(unittest.TestCase):
    def lines_about(self, path):
        """Lines of the log that strangers made the service write by asking `path`."""
        with Siege(self) as siege:
            begun = len(siege.service.log)
            siege.attacker(QUESTIONS, siege.service.port, path)
            siege.wait_for_answers()
            return [event for event in siege.service.log[begun:] if event.get("path") == path and event.get("caller") == "-"]

    def test_a_flood_of_probes_does_not_fill_the_log(self):
        # At the default level a probe that is answered well is not worth a line.
        self.assertEqual(self.lines_about("/healthz"), [])

    def test_a_flood_of_refused_requests_does_not_fill_the_log(self):
        began = time.monotonic()
        lines = self.lines_about("/metrics")
        windows = math.ceil((time.monotonic() - began) / REPEAT_WINDOW_S) + 1
        self.assertIn(403, [event["status"] for event in lines])
        self.assertLessEqual(len(lines), windows * REPEAT_LIMIT)


if __name__ == "__main__":
    unittest.main()
