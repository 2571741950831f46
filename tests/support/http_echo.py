"""The HTTP layer alone, with routes that a test steers (tests/support/http_echo.cpp), requests as bytes, and a raw client."""

import os
import pathlib
import re
import socket
import unittest

from tests.support import service

# The stand-in lies beside the real binary, in the same build folder.
BINARY = os.environ.get("NODESCOPE_HTTP_ECHO", str(pathlib.Path(service.BINARY).parent / "tests" / "http_echo"))


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def get(target, fields=b""):
    return b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n"


def post(body, target=b"/echo", fields=b""):
    return b"POST " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


def post_chunked(body, step=1000, target=b"/echo"):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + step]), body[at:at + step]) for at in range(0, len(body), step))
    return b"POST " + target + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


class HttpEcho(service.Service):
    """A running `http_echo serve`, with the flags of `nodescope serve` that concern the HTTP layer."""

    binary = BINARY

    def access_log(self):
        return [line for line in self.log if line.get("message") == "request"]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"Answer({self.status}, {self.headers}, {self.body[:80]!r})"


class RawClient:
    """Sends bytes as they are and reads answers strictly: status line, Content-Length, nothing in between."""

    def __init__(self, port, timeout=service.HANG_LIMIT_S):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.received = b""

    def send(self, data):
        """False when the server has closed meanwhile; its answer may still be read."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def answer(self, head_only=False):
        """The next answer, None when the connection ended before one began."""
        while b"\r\n\r\n" not in self.received:
            if not self._receive():
                if self.received:
                    raise AssertionError(f"the connection ended in the head of an answer: {self.received!r}")
                return None
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        status_line, *fields = head.decode("ascii").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Za-z -]+", status_line)
        if not match:
            raise AssertionError(f"not a status line: {status_line!r}")
        headers = {}
        for field in fields:
            name, value = field.split(": ", 1)
            if name in headers:
                raise AssertionError(f"repeated in the answer: {field}")
            headers[name] = value
        status = int(match.group(1))
        length = 0 if head_only or status == 100 else int(headers["Content-Length"])
        while len(self.received) < length:
            if not self._receive():
                raise AssertionError(f"the connection ended in the body of an answer: {self.received!r}")
        body, self.received = self.received[:length], self.received[length:]
        return Answer(status, headers, body)

    def answers_until_closed(self):
        answers = []
        while (answer := self.answer()) is not None:
            answers.append(answer)
        return answers

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.received += data
        return bool(data)

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()


class Case(unittest.TestCase):
    """Tests with a service of their own."""

    flags = ()

    def setUp(self):
        self.service = HttpEcho(*self.flags)
        self.addCleanup(self.service.stop)

    def client(self):
        client = RawClient(self.service.port)
        self.addCleanup(client.close)
        return client

    def status(self, data):
        client = self.client()
        client.send(data)
        answer = client.answer()
        client.close()
        return answer.status

    def counts(self):
        """Handlers that run, and that were cancelled."""
        running, cancelled = self.service.request("GET", "/counts")[2].split()
        return int(running), int(cancelled)
