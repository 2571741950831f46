"""Connections: pipelining, how many there may be, clients that go away, no descriptors left, the drain, and where it listens."""

import os
import pathlib
import resource
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import unittest

from tests.support import service
from tests.support.http_echo import BINARY, HEALTH, Case, HttpEcho, RawClient, get, post, post_chunked
from tests.support.waiting import wait_until


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Order(Case):
    def test_pipelined_requests_are_answered_in_order(self):
        client = self.client()
        requests = [get(b"/after?50"), post(b"one"), HEALTH, post_chunked(b"two"), get(b"/nothing"), get(b"/large?100000"), post(b"three")]
        client.send(b"".join(requests))
        self.assertEqual([client.answer().body[:5] for _ in requests], [b"late\n", b"one", b"ok\n", b"two", b"there", b"xxxxx", b"three"])

    def test_a_thousand_pipelined_requests(self):
        client = self.client()
        for number in range(1000):
            client.send(post(b"%d" % number))
        self.assertEqual([int(client.answer().body) for _ in range(1000)], list(range(1000)))

    def test_a_client_that_only_sends_is_not_read_ahead(self):
        client = self.client()
        client.send(get(b"/after?60000"))
        client.socket.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            while True:
                client.socket.sendall(HEALTH * 1000)
        self.assertEqual(self.counts()[0], 1)

    def test_a_failing_handler_is_a_500(self):
        client = self.client()
        client.send(post(b"", b"/throws") + HEALTH)
        answer = client.answer()
        self.assertEqual((answer.status, answer.body), (500, b"internal error"))
        self.assertEqual(client.answer().status, 200)
        wait_until(lambda: any(line.get("error") == "on purpose" for line in self.service.log), "the reason in the log")

    def test_access_lines_equal_requests(self):
        client = self.client()
        for data in (HEALTH, get(b"/nothing%0aforged%1b%5b31m"), post(b"abc"), get(b"/echo"), b"x\n"):
            client.send(data)
            client.answer()
        self.assertEqual(self.service.stop(), 0)
        lines = self.service.access_log()
        self.assertEqual([(line["method"], line["status"], line["bytes"]) for line in lines],
                         [("GET", 200, 3), ("GET", 404, 29), ("POST", 200, 3), ("GET", 405, 27), ("", 400, 17)])
        self.assertEqual(lines[1]["path"], "/nothing\\nforged\\x1b[31m")
        self.assertRegex(lines[0]["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertEqual(len({line["request_id"] for line in lines}), 5)


class Connections(Case):
    flags = ("--max-connections", "20", "--max-connections-per-peer", "8")

    def test_per_peer_limit(self):
        kept = [self.client() for _ in range(8)]
        for client in kept:
            client.send(HEALTH)
            self.assertEqual(client.answer().status, 200)
        self.assertEqual(self.client().answers_until_closed(), [])
        kept.pop().close()
        # The place is free once the server has seen the end.
        wait_until(lambda: self.service_answers(), "a free place")

    def service_answers(self):
        client = self.client()
        client.send(HEALTH)
        answer = client.answer()
        client.close()
        return answer is not None

    def test_another_peer_is_not_affected(self):
        kept = [self.client() for _ in range(8)]
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.2", 0))
        other.settimeout(service.HANG_LIMIT_S)
        other.connect(("127.0.0.1", self.service.port))
        other.sendall(HEALTH)
        self.assertIn(b"200 OK", other.recv(1000))
        self.assertEqual(len(kept), 8)


class GoneClients(Case):
    flags = ("--max-connections", "300", "--max-connections-per-peer", "300")

    def test_work_stops_when_the_client_goes_away(self):
        for end in (RawClient.close, RawClient.reset):
            for ahead in (b"", HEALTH):
                with self.subTest(end=end.__name__, ahead=bool(ahead)):
                    before = self.counts()[1]
                    client = self.client()
                    client.send(get(b"/after?600000"))
                    wait_until(lambda: self.counts()[0] == 1, "the handler runs")
                    client.send(ahead)
                    end(client)
                    wait_until(lambda: self.counts() == (0, before + 1), "the handler is cancelled")

    def test_a_thousand_resets_leave_nothing_behind(self):
        self.assertEqual(self.counts(), (0, 0))
        baseline = descriptors(self.service.pid)
        for _ in range(5):
            clients = [self.client() for _ in range(200)]
            for number, client in enumerate(clients):
                client.send((get(b"/after?600000"), post(b"abc", b"/after?600000")[:-1], HEALTH[:30], HEALTH)[number % 4])
            for client in clients:
                client.reset()
        wait_until(lambda: self.counts()[0] == 0, "no handler runs")
        wait_until(lambda: descriptors(self.service.pid) <= baseline, "all descriptors are closed")

    def test_the_log_says_so(self):
        client = self.client()
        client.send(get(b"/after?600000"))
        wait_until(lambda: self.counts()[0] == 1, "the handler runs")
        client.reset()
        wait_until(lambda: any(line["status"] == 499 for line in self.service.access_log()), "the access line")


class NoDescriptors(unittest.TestCase):
    def test_accepting_pauses_and_recovers(self):
        few = ("prlimit", "--nofile=40:40")
        with HttpEcho("--max-connections", "500", "--max-connections-per-peer", "500", prefix=few) as running:
            clients = [RawClient(running.port) for _ in range(200)]
            wait_until(lambda: any(line["message"] == "cannot accept a connection" for line in running.log), "the warning")
            # Those that wait would wake it again and again.
            wait_until(lambda: self.state(running.pid) == "S", "the reactor sleeps")
            for client in clients:
                client.close()
            status, _, _ = running.request("GET", "/healthz")
            self.assertEqual(status, 200)

    @staticmethod
    def state(pid):
        """Of the first thread, which is the reactor: S while it waits, R while it runs (proc(5))."""
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


class Drain(unittest.TestCase):
    def client(self, running):
        client = RawClient(running.port)
        self.addCleanup(client.close)
        return client

    def test_running_requests_end_and_idle_connections_close(self):
        with HttpEcho() as running:
            idle, fresh, busy, late = (self.client(running) for _ in range(4))
            idle.send(HEALTH)
            self.assertEqual(idle.answer().status, 200)
            busy.send(get(b"/after?700") + HEALTH)
            late.send(post(b"abc", b"/after?1")[:-1])
            wait_until(lambda: running.request("GET", "/counts")[2].startswith(b"1 "), "the handler runs")
            running.process.send_signal(signal.SIGTERM)
            self.assertEqual(idle.answers_until_closed(), [])
            self.assertEqual(fresh.answers_until_closed(), [])
            with self.assertRaises(ConnectionRefusedError):
                self.client(running)
            late.send(b"c")
            for client in (late, busy):
                answers = client.answers_until_closed()
                self.assertEqual([(a.status, a.headers["Connection"]) for a in answers], [(200, "close")])
            self.assertEqual(running.process.wait(timeout=service.HANG_LIMIT_S), 0)

    def test_what_does_not_end_in_time_is_cut(self):
        with HttpEcho("--timeout-drain", "200ms") as running:
            asking, sending = self.client(running), self.client(running)
            asking.send(get(b"/after?600000"))
            sending.send(post(b"abc")[:-1])
            wait_until(lambda: running.request("GET", "/counts")[2].startswith(b"1 "), "the handler runs")
            self.assertEqual(running.stop(), 0)
            self.assertEqual([answer.status for answer in asking.answers_until_closed()], [503])
            self.assertEqual(sending.answers_until_closed(), [])

    def test_under_load_every_request_that_is_answered_is_answered_well(self):
        statuses = []

        def ask(port):
            with RawClient(port) as client:
                while client.send(HEALTH) and (answer := client.answer()) is not None:
                    statuses.append(answer.status)

        with HttpEcho() as running:
            clients = [threading.Thread(target=ask, args=(running.port,)) for _ in range(8)]
            for client in clients:
                client.start()
            wait_until(lambda: len(statuses) > 500, "the load")
            self.assertEqual(running.stop(), 0)
            for client in clients:
                client.join(timeout=service.HANG_LIMIT_S)
            self.assertEqual(set(statuses), {200})
            self.assertEqual(len(running.access_log()), len(statuses))

    def test_second_signal_ends_at_once(self):
        with HttpEcho("--timeout-drain", "1m", expect_clean_exit=False) as running:
            asking = self.client(running)
            asking.send(get(b"/after?600000"))
            wait_until(lambda: running.request("GET", "/counts")[2].startswith(b"1 "), "the handler runs")
            running.process.send_signal(signal.SIGTERM)
            # The drain has begun when nothing is accepted any more.
            wait_until(lambda: self.refuses(running.port), "the drain")
            running.process.send_signal(signal.SIGTERM)
            self.assertNotEqual(running.process.wait(timeout=service.HANG_LIMIT_S), 0)

    @staticmethod
    def refuses(port):
        try:
            RawClient(port).close()
            return False
        except (ConnectionRefusedError, ConnectionResetError):
            # Reset: it stood in the backlog when the listener was closed.
            return True


class Listening(unittest.TestCase):
    def start_failure(self, *addresses, flags=()):
        arguments = [BINARY, "serve", *flags]
        for address in addresses:
            arguments += ["--listen", address]
        ended = subprocess.run(arguments, capture_output=True, timeout=service.HANG_LIMIT_S, check=False)
        self.assertNotEqual(ended.returncode, 0)
        return ended.stderr.decode()

    def test_other_machines_only_when_asked_for(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            self.assertIn("--insecure-listen", self.start_failure(address))
        with HttpEcho("--insecure-listen", listen=("0.0.0.0:0",)) as running:
            self.assertEqual(running.request("GET", "/healthz")[0], 200)

    def test_bad_addresses_are_named(self):
        for address in ("127.0.0.1", "example.com:80", "unix:relative", "127.0.0.1:99999"):
            self.assertIn(f'"{address}"', self.start_failure(address))

    def test_several_listeners(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            with HttpEcho(listen=("127.0.0.1:0", "127.0.0.2:0", f"unix:{path}")) as running:
                self.assertEqual(len(running.addresses), 3)
                self.assertEqual(running.addresses[2], f"unix:{path}")
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
                client = socket.socket(socket.AF_UNIX)
                self.addCleanup(client.close)
                client.settimeout(service.HANG_LIMIT_S)
                client.connect(path)
                client.sendall(get(b"/seen/x"))
                self.assertTrue(client.recv(1000).endswith(b"unix:uid=%d" % os.getuid()))
                self.assertIn("another process listens", self.start_failure(f"unix:{path}"))
            self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    # 200 clients at once and a margin.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    unittest.main()
