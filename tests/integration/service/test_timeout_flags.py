"""What the sessions of a running service were built with: each --timeout-* flag of the HTTP layer is set above its default, connections are
brought to the waits that it bounds, and the kernel is asked when the reactor's next timer fires. Nothing waits for it.
(tests/unit/server/run/collector_options_test.cpp does the same for clients and collectors.)"""

import contextlib
import pathlib
import re
import signal
import socket
import tempfile
import unittest

from tests.support.service import HANG_LIMIT_S, Service
from tests.support.waiting import wait_until

# All above their defaults and far from each other. The wait for the header is the longest, because every connection begins with it and a
# session sets its timer again only for an earlier end. A timer of the reactor is never set further ahead than five minutes.
TIMEOUTS_S = {"drain": 40, "body": 80, "idle": 120, "write": 160, "header": 200}
OTHERS_S = 290
OTHERS = ("request", "docker", "cri", "netlink", "nat", "kubernetes", "host", "disk-usage")
# From the beginning of a wait to the look at it, on a busy machine.
SLACK_S = 30
BEGUN_BODY = b"POST /processor/processCollector HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"


def seconds_to_next_timer(pid):
    """Of a process; None while no timer is set. A descriptor that is closed meanwhile is left out."""
    times = []
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if str(descriptor.readlink()) != "anon_inode:[timerfd]":
                continue
            text = pathlib.Path(f"/proc/{pid}/fdinfo", descriptor.name).read_text(encoding="ascii")
            seconds, nanoseconds = map(int, re.search(r"it_value: \((\d+), (\d+)\)", text).groups())
            if seconds or nanoseconds:
                times.append(seconds + nanoseconds / 1e9)
    return min(times, default=None)


class TimeoutFlags(unittest.TestCase):
    def connect(self, service, sent=b""):
        connection = self.enterContext(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", service.port))
        connection.sendall(sent)
        return connection

    def expect_next_timer(self, service, limit_s, what):
        seen = []

        def look():
            seen.append(seconds_to_next_timer(service.pid))
            return seen[-1] is not None and limit_s - SLACK_S < seen[-1] <= limit_s

        wait_until(look, lambda: f"{what}: a timer in {limit_s} s; the next one is in {seen[-1]} s")

    def test_reach_the_sessions(self):
        flags = [f"--timeout-{name}={seconds}s" for name, seconds in TIMEOUTS_S.items()]
        service = self.enterContext(Service(*flags, *(f"--timeout-{name}={OTHERS_S}s" for name in OTHERS)))
        # The longest first: the kernel's timer is set again only for what comes earlier.
        opened = [self.connect(service, b"GET / HTTP/1.1\r\n")]
        self.expect_next_timer(service, TIMEOUTS_S["header"], "header")
        opened.append(self.connect(service))
        opened[-1].settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            # Until neither side takes more: it answers one after the other, and nobody reads.
            while True:
                opened[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
        self.expect_next_timer(service, TIMEOUTS_S["write"], "write")
        opened.append(self.connect(service, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        self.expect_next_timer(service, TIMEOUTS_S["idle"], "idle")
        opened.append(self.connect(service, BEGUN_BODY))
        self.expect_next_timer(service, TIMEOUTS_S["body"], "body")
        service.process.send_signal(signal.SIGTERM)
        self.expect_next_timer(service, TIMEOUTS_S["drain"], "drain")
        for connection in opened:
            connection.close()
        self.assertEqual(0, service.process.wait(HANG_LIMIT_S))

    def test_are_reloaded(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        file = folder / "config.toml"
        file.write_text('timeout-header = "60s"\n', encoding="ascii")
        service = self.enterContext(Service("--config", str(file)))
        file.write_text('timeout-header = "200s"\n', encoding="ascii")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(line["message"] == "configuration reloaded" for line in service.log), "the reload")
        self.connect(service, b"GET / HTTP/1.1\r\n")
        self.expect_next_timer(service, 200, "header")


if __name__ == "__main__":
    unittest.main()
