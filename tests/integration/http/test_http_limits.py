"""Sizes and times at their limits. The limits are set small by flags; nothing here waits for a default."""

import select
import socket
import unittest

from tests.support import service
from tests.support.http_echo import HEALTH, Case, RawClient, get, post, post_chunked
from tests.support.waiting import wait_until

# Between two pieces of what comes slowly: far less than the limits below.
PACE_S = 0.02


def head_of_size(size):
    head = get(b"/healthz", b"X-Filler: \r\n")
    return head.replace(b"X-Filler: ", b"X-Filler: " + b"x" * (size - len(head)))


class Sizes(Case):
    flags = ("--max-header", "1024", "--max-target", "300", "--max-body", "10000")

    def test_header(self):
        for size, status in ((1023, 200), (1024, 200), (1025, 431), (5000, 431)):
            with self.subTest(size=size):
                data = head_of_size(size)
                self.assertEqual(len(data), size)
                self.assertEqual(self.status(data), status)

    def test_header_fields(self):
        for count, status in ((63, 200), (64, 200), (65, 431)):
            with self.subTest(count=count):
                self.assertEqual(self.status(get(b"/healthz", b"A: b\r\n" * (count - 1))), status)

    def test_target(self):
        for size, status in ((299, 404), (300, 404), (301, 414), (2000, 414)):
            with self.subTest(size=size):
                self.assertEqual(self.status(get(b"/" + b"x" * (size - 1))), status)

    def test_body(self):
        for size, status in ((0, 200), (9999, 200), (10000, 200), (10001, 413), (1000000, 413)):
            with self.subTest(size=size):
                self.assertEqual(self.status(post(b"x" * size)), status)
                self.assertEqual(self.status(post_chunked(b"x" * size)), status)

    def test_body_where_nothing_takes_one(self):
        for target, known in ((b"/nothing", 404), (b"/healthz", 405)):
            for size, status in ((4095, known), (4096, known), (4097, 413)):
                with self.subTest(target=target, size=size):
                    self.assertEqual(self.status(post(b"x" * size, target)), status)
                    self.assertEqual(self.status(post_chunked(b"x" * size, target=target)), status)

    def test_announced_size_is_refused_before_the_body(self):
        client = self.client()
        client.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n")
        self.assertEqual(client.answer().status, 413)

    def test_endless_header(self):
        for piece in (b"A: b\r\n", b"x" * 100):
            client = self.client()
            client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            while client.send(piece * 100) and not self._readable(client):
                pass
            self.assertEqual(client.answer().status, 431)

    def test_endless_target(self):
        client = self.client()
        client.send(b"GET /")
        while client.send(b"x" * 1000) and not self._readable(client):
            pass
        self.assertEqual(client.answer().status, 414)

    def test_endless_body(self):
        client = self.client()
        client.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        while client.send(b"400\r\n" + b"x" * 1024 + b"\r\n") and not self._readable(client):
            pass
        self.assertEqual(client.answer().status, 413)

    def test_endless_chunk_line_and_trailer(self):
        for start, piece in ((b"2;", b"x" * 100), (b"0\r\n", b"T: x\r\n" * 20), (b"0\r\nT: ", b"x" * 100)):
            client = self.client()
            client.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + start)
            while client.send(piece) and not self._readable(client):
                pass
            self.assertEqual(client.answer().status, 400)

    def test_one_byte_at_a_time(self):
        client = self.client()
        for byte in post_chunked(b"abc", 1) + post(b"def"):
            client.send(bytes([byte]))
        self.assertEqual([client.answer().body, client.answer().body], [b"abc", b"def"])

    @staticmethod
    def _readable(client):
        client.socket.setblocking(False)
        try:
            return bool(client.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            client.socket.settimeout(service.HANG_LIMIT_S)


class ExpectContinue(Case):
    flags = ("--max-body", "10000")
    HEAD = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-Continue\r\nContent-Length: %d\r\n\r\n"

    def test_is_answered_before_the_body(self):
        client = self.client()
        client.send(self.HEAD % 3)
        self.assertEqual(client.answer().status, 100)
        client.send(b"abc")
        self.assertEqual(client.answer().body, b"abc")
        client.send(HEALTH)
        self.assertEqual(client.answer().status, 200)

    def test_is_not_needed_when_the_body_is_there(self):
        client = self.client()
        client.send(self.HEAD % 3 + b"abc")
        self.assertEqual(client.answer().body, b"abc")

    def test_a_refusal_comes_instead(self):
        for head, status in ((self.HEAD % 10001, 413), ((self.HEAD % 3).replace(b"/echo", b"/nothing"), 404),
                             ((self.HEAD % 3).replace(b"/echo", b"/healthz"), 405)):
            client = self.client()
            client.send(head)
            self.assertEqual([answer.status for answer in client.answers_until_closed()], [status])


class Times(Case):
    flags = ("--timeout-header", "150ms", "--timeout-body", "150ms", "--timeout-idle", "150ms", "--timeout-write", "150ms",
             "--timeout-request", "200ms")

    def test_slow_header(self):
        for part in (HEALTH[:1], HEALTH[:20], HEALTH[:-1]):
            client = self.client()
            client.send(part)
            self.assertEqual([answer.status for answer in client.answers_until_closed()], [408])

    def test_header_that_trickles_gets_no_more_time(self):
        client = self.client()
        client.send(HEALTH[:-2])
        # A line every PACE_S, until there is an answer.
        while client.send(b"A: b\r\n") and not select.select([client.socket], [], [], PACE_S)[0]:
            pass
        self.assertEqual(client.answer().status, 408)

    def test_silent_connections_are_closed(self):
        client = self.client()
        self.assertEqual(client.answers_until_closed(), [])
        client = self.client()
        client.send(HEALTH)
        self.assertEqual([answer.status for answer in client.answers_until_closed()], [200])

    def test_slow_body(self):
        for data in (post(b"abc")[:-1], post_chunked(b"abc")[:-1]):
            client = self.client()
            client.send(data)
            self.assertEqual([answer.status for answer in client.answers_until_closed()], [408])

    def test_request_deadline(self):
        client = self.client()
        client.send(get(b"/after?60000"))
        answer = client.answer()
        self.assertEqual((answer.status, answer.body), (504, b"request: not answered within 200ms"))
        client.send(HEALTH)
        self.assertEqual(client.answer().status, 200)
        self.assertEqual(self.counts(), (0, 1))

    def test_a_caller_may_ask_for_less_but_not_for_more(self):
        for asked, within in ((b"20ms", b"20ms"), (b"1h", b"200ms")):
            client = self.client()
            client.send(get(b"/after?60000", b"X-Request-Timeout: " + asked + b"\r\n"))
            self.assertEqual(client.answer().body, b"request: not answered within " + within)
        for asked in (b"", b"5", b"-5s", b"5 s", b"0s", b"1e3s", b"99h", b"s"):
            with self.subTest(asked=asked):
                self.assertEqual(self.status(get(b"/healthz", b"X-Request-Timeout: " + asked + b"\r\n")), 400)

    def test_a_reader_without_progress_is_closed(self):
        client = RawClient.__new__(RawClient)
        client.received = b""
        client.socket = socket.socket()
        self.addCleanup(client.close)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(service.HANG_LIMIT_S)
        client.socket.connect(("127.0.0.1", self.service.port))
        client.send(get(b"/large?20000000"))
        wait_until(lambda: self.service.access_log(), "the end of the answer nobody reads")
        self.assertEqual(self.service.access_log()[0]["bytes"], 0)


class Bodies(Case):
    flags = ("--max-body", "100000")

    def begin(self):
        client = self.client()
        client.send(post(b"x" * 99_999 + b"y")[:-1])
        return client

    def test_bodies_that_arrive_have_a_budget_together(self):
        begun = self.begin()
        for whole in (post(b"x" * 50_000), post_chunked(b"x" * 50_000)):
            # What has arrived of the first one is known once the second is refused, unless that came to the service sooner.
            def is_refused():
                nonlocal begun
                if select.select([begun.socket], [], [], 0)[0]:
                    begun = self.begin()
                client = self.client()
                client.send(whole)
                answer = client.answer()
                # So that the places for connections last, however often this is tried.
                client.close()
                return answer is not None and answer.status == 503 and answer
            answer = wait_until(is_refused, "no room for another body")
            self.assertEqual(answer.headers["Retry-After"], "1")
            self.assertEqual(answer.body, b"the memory there is for request bodies is taken, by those of others or by other work")
            self.assertEqual(self.status(post(b"x" * 4096)), 200, "a short one has room of its own")
        begun.send(b"y")
        self.assertEqual(begun.answer().status, 200)
        self.assertEqual(self.status(post(b"x" * 100_000)), 200)
        begun.send(post(b"x" * 100_000))
        self.assertEqual(begun.answer().status, 200, "on the same connection too")


class Lingering(Case):
    """A connection that is closed with bytes unread is reset, which loses the answer to many clients."""

    flags = ("--max-body", "10000")

    def test_a_refused_client_may_send_on(self):
        client = self.client()
        client.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n")
        self.assertTrue(select.select([client.socket], [], [], service.HANG_LIMIT_S)[0])
        # Longer than a pause may be.
        for _ in range(75):
            self.assertTrue(client.send(b"x" * 100), "reset")
            select.select([], [], [], PACE_S)
        self.assertEqual([answer.status for answer in client.answers_until_closed()], [413])

    def test_what_was_sent_ahead_does_not_reset_the_connection(self):
        client = self.client()
        client.send(get(b"/after?200", b"Connection: close\r\n"))
        wait_until(lambda: self.counts()[0] == 1, "the request is being answered")
        client.send(get(b"/healthz") * 1000)
        received = b""
        while data := client.socket.recv(65536):  # ConnectionResetError otherwise
            received += data
        self.assertTrue(received.startswith(b"HTTP/1.1 200 "), received[:100])
        self.assertEqual(received.count(b"HTTP/1.1 "), 1)


class SlowReader(Case):
    flags = ("--timeout-write", "1s")

    def test_progress_renews_the_time(self):
        size = 20_000_000  # far more than the socket buffers on the way hold
        client, still = self.client(), self.client()
        client.send(get(b"/large?%d" % size))
        still.send(get(b"/large?%d" % size))

        def lengths():
            return [line["bytes"] for line in self.service.access_log() if line["path"] == "/large"]

        received = 0
        # The one that reads nothing is closed after its time; the other one, which is older, reads a little every 50 ms meanwhile.
        while not lengths():
            received += len(client.socket.recv(200_000))
            self.assertLess(received, size)
            self.service.request("GET", "/after?50")
        self.assertEqual(lengths(), [0])
        while received < size:
            data = client.socket.recv(2_000_000)
            self.assertTrue(data, f"closed after {received} bytes")
            received += len(data)


if __name__ == "__main__":
    unittest.main()
