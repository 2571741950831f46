"""Everybody on the node reaches the loopback address, from as many addresses as they like: who asks is told apart by user."""

import pathlib
import tempfile
import unittest

from tests.support import callers
from tests.support.siege import Siege

# Keeps as many half-sent requests open as are let in, from the addresses named, and takes the place of each that is closed.
HALF_SENT = """
import select, socket, sys
port, count, addresses = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
waiting = select.poll()
held = {}
def hold(number):
    one = socket.socket()
    one.bind((f"127.0.0.{2 + number % addresses}", 0))
    one.connect(("127.0.0.1", port))
    one.sendall(b"GET /api/v2.0/machine HTTP/1.1\\r\\nHost: loc")
    held[one.fileno()] = one, number
    waiting.register(one, select.POLLIN | select.POLLHUP)
for number in range(count):
    hold(number)
print("begun", flush=True)
while True:
    for descriptor, _ in waiting.poll():
        one, number = held.pop(descriptor)
        waiting.unregister(descriptor)
        one.close()
        try:
            hold(number)
        except OSError:
            pass
"""

# Guesses as fast as they are answered, each from another address, and counts what is answered how.
GUESSES = """
import http.client, itertools, sys, time
port, seconds = int(sys.argv[1]), float(sys.argv[2])
print("begun", flush=True)
counts = {}
end = time.monotonic() + seconds
for number in itertools.count():
    if time.monotonic() > end:
        break
    address = f"127.{1 + number // 60000 % 200}.{number // 240 % 250}.{1 + number % 240}"
    connection = http.client.HTTPConnection("127.0.0.1", port, source_address=(address, 0))
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer guess{number}"})
        status = connection.getresponse().status
        counts[status] = counts.get(status, 0) + 1
    except OSError:
        pass
    connection.close()
print(counts.get(401, 0), counts.get(429, 0), flush=True)
"""
GUESSING_S = 3
# server/auth/failure_limiter.hpp
FAILURES_PER_SECOND = 10


class AttackByPlaces(unittest.TestCase):
    """The default limits: 512 connections, 64 a peer."""

    def besiege(self, count, addresses, *flags):
        with Siege(self, *flags) as siege:
            siege.attacker(HALF_SENT, siege.service.port, count, addresses)
            siege.wait_for_answers()

    def test_half_sent_requests_from_roots_address(self):
        with Siege(self) as siege:
            siege.attacker(HALF_SENT.replace("127.0.0.{2 + number % addresses}", "127.0.0.1"), siege.service.port, 64, 1)
            siege.wait_for_answers()

    def test_half_sent_requests_from_many_addresses(self):
        self.besiege(700, 250)

    def test_where_there_are_few_places_in_all(self):
        self.besiege(64, 60, "--max-connections", "20")


class AttackByGuesses(unittest.TestCase):
    def test_guesses_from_many_addresses_count_for_their_user(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-guesses-")
        self.addCleanup(folder.cleanup)
        tokens = callers.write_secret(pathlib.Path(folder.name) / "tokens", "agent:" + "t" * 40 + "\n")
        with Siege(self, "--auth", "local-peer,token-file", "--token-file", tokens) as siege:
            guesser = siege.attacker(GUESSES, siege.service.port, GUESSING_S)
            refused, limited = map(int, guesser.stdout.readline().split())
            siege.wait_for_answers()
        self.assertGreater(limited, 0)
        self.assertLessEqual(refused, FAILURES_PER_SECOND * (GUESSING_S + 2))


if __name__ == "__main__":
    unittest.main()
