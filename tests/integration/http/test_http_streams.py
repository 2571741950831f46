"""Answers that come piece by piece (cAdvisor's event stream is one): framing, the end of the client, of the request's deadline, of a
reader's patience, and the drain."""

import signal
import socket
import time
import unittest

from tests.support import service
from tests.support.http_echo import HttpEcho, RawClient
from tests.support.waiting import wait_until

END = b"0\r\n\r\n"


def get(target, version=b"1.1", method=b"GET"):
    return method + b" " + target + b" HTTP/" + version + b"\r\nHost: localhost\r\n\r\n"


class Streams(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.service = HttpEcho(*self.flags)
        self.addCleanup(self.service.stop)

    def client(self):
        client = RawClient(self.service.port)
        self.addCleanup(client.close)
        return client

    def read_until(self, client, end):
        data = client.received
        while end not in data:
            more = client.socket.recv(65536)
            if not more:
                raise AssertionError(f"the connection ended before {end!r}: {data!r}")
            data += more
        at = data.index(end) + len(end)
        client.received = data[at:]
        return data[:at]

    def stream(self, client):
        """Head and body, which ends with the last chunk."""
        return self.read_until(client, b"\r\n\r\n"), self.read_until(client, END)

    def first_piece(self, client):
        self.read_until(client, b"\r\n\r\n")
        self.assertEqual(self.read_until(client, b"0\n\r\n"), b"2\r\n0\n\r\n")

    def counts(self):
        running, cancelled = self.service.request("GET", "/counts")[2].split()
        return int(running), int(cancelled)


class Framing(Streams):
    def test_each_piece_is_a_chunk(self):
        client = self.client()
        client.send(get(b"/ticks?3") + get(b"/healthz"))
        head, body = self.stream(client)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
        self.assertIn(b"\r\nTransfer-Encoding: chunked", head)
        for name in (b"Content-Type", b"Content-Length", b"Connection"):
            self.assertNotIn(b"\r\n" + name + b":", head)
        self.assertEqual(body, b"2\r\n0\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n" + END)
        # The connection goes on with what was sent behind.
        self.assertEqual(client.answer().body, b"ok\n")

    def test_nothing_at_all(self):
        client = self.client()
        client.send(get(b"/ticks?0"))
        self.assertEqual(self.stream(client)[1], END)

    def test_http_1_0_reads_to_the_end_of_the_connection(self):
        client = self.client()
        client.send(get(b"/ticks?2", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"))
        data = b""
        while more := client.socket.recv(65536):
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        self.assertIn(b"\r\nConnection: close", head)
        self.assertNotIn(b"chunked", head)
        self.assertEqual(body, b"0\n1\n")

    def test_head_gets_the_head(self):
        client = self.client()
        client.send(get(b"/waits", method=b"HEAD") + get(b"/healthz"))
        self.assertIn(b"chunked", self.read_until(client, b"\r\n\r\n"))
        self.assertEqual(client.answer().body, b"ok\n")

    def test_the_access_line_counts_what_was_sent(self):
        client = self.client()
        client.send(get(b"/ticks?3"))
        self.stream(client)
        wait_until(self.service.access_log, "the line of the request")
        self.assertEqual([(line["status"], line["bytes"]) for line in self.service.access_log()], [(200, 6)])


class Ends(Streams):
    flags = ("--timeout-request", "20ms", "--timeout-write", "300ms")

    def test_the_deadline_of_requests_does_not_hold(self):
        client = self.client()
        client.send(get(b"/ticks?100"))
        began = time.monotonic()
        body = self.stream(client)[1]
        self.assertGreater(time.monotonic() - began, 0.02)
        self.assertIn(b"\r\n99\n\r\n", body)

    def test_a_client_that_goes_away_ends_it(self):
        client = self.client()
        client.send(get(b"/waits"))
        self.first_piece(client)
        self.assertEqual(self.counts(), (1, 0))
        client.close()
        wait_until(lambda: self.counts() == (0, 1), "the stream is cancelled")

    def test_a_reset_ends_it(self):
        client = self.client()
        client.send(get(b"/waits"))
        self.first_piece(client)
        client.reset()
        wait_until(lambda: self.counts() == (0, 1), "the stream is cancelled")

    def test_a_reader_without_progress_is_closed(self):
        # What waits for a reader is bounded by what one piece and the socket hold.
        client = RawClient.__new__(RawClient)
        client.received = b""
        client.socket = socket.socket()
        self.addCleanup(client.close)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(service.HANG_LIMIT_S)
        client.socket.connect(("127.0.0.1", self.service.port))
        client.send(get(b"/endless?1000000"))
        wait_until(self.service.access_log, "the end of the stream that nobody reads")
        self.assertEqual(self.counts()[0], 0)


class Drain(Streams):
    def test_a_stream_ends_with_the_last_chunk(self):
        client = self.client()
        client.send(get(b"/waits"))
        self.first_piece(client)
        self.service.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.read_until(client, END), END)
        self.assertEqual(client.socket.recv(1), b"")
        self.assertEqual(self.service.process.wait(timeout=service.HANG_LIMIT_S), 0)

    def test_a_reader_that_takes_nothing_is_cut(self):
        running = HttpEcho("--timeout-drain", "200ms")
        self.addCleanup(running.stop)
        client = RawClient(running.port)
        self.addCleanup(client.close)
        client.send(get(b"/endless?5000000"))
        wait_until(lambda: running.request("GET", "/counts")[2].startswith(b"1 "), "the stream runs")
        self.assertEqual(running.stop(), 0)

    def test_streams_are_connections(self):
        running = HttpEcho("--max-connections-per-peer", "2")
        self.addCleanup(running.stop)
        streams = [RawClient(running.port) for _ in range(2)]
        for client in streams:
            self.addCleanup(client.close)
            client.send(get(b"/waits"))
            self.first_piece(client)
        third = RawClient(running.port)
        self.addCleanup(third.close)
        third.send(get(b"/healthz"))
        self.assertIsNone(third.answer())


class AnyMethod(Streams):
    def test_every_method_is_answered(self):
        for verb in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "MADE-UP"):
            with self.subTest(verb=verb):
                status, _, body = self.service.request(verb, "/any", body=None if verb == "GET" else b"ignored",
                                                       headers={"Content-Type": "text/plain"})
                self.assertEqual((status, body), (200, verb.encode()))
        self.assertEqual(self.service.request("HEAD", "/any")[2], b"")


if __name__ == "__main__":
    unittest.main()
