"""A raw request that must be refused gets one answer and the end of the
connection, although a complete second request follows it on the same socket."""

import unittest

from tests.support.http_echo import HttpEcho, RawClient
from tests.support.service import Service

# What an attacker would like to see answered as a request of its own.
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(fields=b"", body=b"", line=b"POST /echo HTTP/1.1", host=b"Host: localhost\r\n"):
    return line + b"\r\n" + host + fields + b"\r\n" + body


def get(target, fields=b"", version=b"HTTP/1.1", method=b"GET"):
    return method + b" " + target + b" " + version + b"\r\nHost: localhost\r\n" + fields + b"\r\n"


CHUNKED = b"2\r\n{}\r\n0\r\n\r\n"
TE = b"Transfer-Encoding: "


def transfer_encoding_cases():
    for value in (b"gzip", b"chunked, gzip", b"gzip, chunked", b"identity", b"xchunked", b'"chunked"', b"chunked;q=1", b"chunked,",
                  b",chunked", b"chunked, chunked", b"chunked chunked", b"", b"chunked\x0b", b"deflate", b"trailers", b"\xffchunked",
                  b"chunked\xa0", b"chunke", b"chunked, identity", b"identity, chunked", b"compress, chunked"):
        yield post(TE + value + b"\r\n", CHUNKED)
        yield post(TE + value + b"\r\nContent-Length: 2\r\n", b"{}")
        yield post(b"Content-Length: 2\r\n" + TE + value + b"\r\n", b"{}")
    for name in (b"transfer-encoding", b"TRANSFER-ENCODING", b"tRaNsFeR-eNcOdInG"):
        yield post(name + b": chunked\r\nContent-Length: 2\r\n", CHUNKED)
        yield post(name + b":chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKED)
    yield post(TE + b"chunked\r\n" + TE + b"chunked\r\n", CHUNKED)
    yield post(TE + b"chunked\r\n" + TE + b"identity\r\n", CHUNKED)
    yield post(TE + b"\r\n chunked\r\n", CHUNKED)
    yield post(TE + b"chunked\r\n , gzip\r\n", CHUNKED)
    yield post(TE + b"\r\n\tchunked\r\nContent-Length: 2\r\n", CHUNKED)
    yield post(b"Transfer-Encoding : chunked\r\n", CHUNKED)
    yield post(b" Transfer-Encoding: chunked\r\n", CHUNKED)
    yield post(b"Transfer\x00-Encoding: chunked\r\n", CHUNKED)
    yield post(b"X: y\rTransfer-Encoding: chunked\r\n", CHUNKED)
    yield post(b"X: y\nTransfer-Encoding: chunked\r\n", CHUNKED)
    yield post(TE + b"chunked\r\n", CHUNKED, b"POST /echo HTTP/1.0")
    yield post(TE + b"chunked\r\nConnection: keep-alive\r\n", CHUNKED, b"POST /echo HTTP/1.0")
    yield get(b"/healthz", TE + b"chunked\r\n") + CHUNKED
    yield get(b"/healthz", TE + b"chunked\r\n", method=b"HEAD") + CHUNKED


def content_length_cases():
    for value in (b"2, 2", b"2,2", b"2,", b",2", b"+2", b"-2", b"0x2", b"2 2", b"2;", b"2.0", b"2e0", b"", b"\"2\"", b"two", b"2\x00",
                  b"18446744073709551616", b"99999999999999999999999", b"2\xc2\xa0", b"\xd9\xa2", b"-0", b"2\x0c"):
        yield post(b"Content-Length: " + value + b"\r\n", b"{}")
    yield post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}")
    yield post(b"Content-Length: 2\r\nContent-Length: 0\r\n", b"{}")
    yield post(b"Content-Length: 0\r\ncontent-length: 2\r\n", b"{}")
    yield post(b"Content-Length:\r\n 2\r\n", b"{}")
    yield post(b"Content-Length : 2\r\n", b"{}")
    yield post(b"Content-Length\t: 2\r\n", b"{}")
    yield get(b"/healthz", b"Content-Length: 2\r\n") + b"{}"
    yield get(b"/healthz", b"Content-Length: 42\r\n", method=b"HEAD")


def host_cases():
    for host in (b"", b"Host:\r\n", b"Host: \t\r\n", b"Host: localhost\r\nHost: localhost\r\n", b"Host: localhost\r\nhost: evil.example\r\n",
                 b"Host: evil.example\r\nHost: localhost\r\n", b"Host: localhost, evil.example\r\n", b"Host: localhost:\r\n",
                 b"Host: localhost:x\r\n", b"Host: localhost:99999\r\n", b"Host: user@localhost\r\n", b"Host: local host\r\n",
                 b"Host: [::1\r\n", b"Host: [zz]\r\n", b"Host: ::1\r\n", b"Host: localhost/\r\n", b"Host: localhost\r\n evil\r\n",
                 b"Host : localhost\r\n", b"Host: localhost\x00\r\n", b"Host: http://localhost\r\n"):
        yield b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
    yield b"GET /healthz HTTP/1.0\r\nHost:\r\n\r\n"
    yield b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n"


def target_cases():
    for target in (b'/"', b"/#", b"/healthz#x", b"/healthz?a#b", b"/\xff", b"/<", b"/>", b"/\\", b"/^", b"/`", b"/{", b"/|", b"/}",
                   b"/healthz\\..\\x", b"*", b"localhost:80", b"healthz", b"?a", b"http://", b"http:///healthz", b"ftp://localhost/healthz",
                   b"http://user@localhost/healthz", b"http://localhost:x/healthz", b"http://local host/healthz", b"http:/healthz",
                   b"://localhost/", b"/healthz?%", b"/healthz?%zz", b"/healthz\t", b"/healthz\x7f", b"/healthz?\xc3\xa9", b"",
                   b"//healthz", b"/healthz//", b"/./healthz", b"/healthz/.", b"/a/../healthz", b"/..", b"/%2e/healthz", b"/%2e%2e/healthz",
                   b"/a/.%2E/healthz", b"/%2fhealthz", b"/healthz%2F", b"/healthz%00", b"/healthz%00.txt", b"/healthz%", b"/healthz%4",
                   b"/healthz%zz", b"/a%2f..%2fhealthz", b"http://localhost//healthz", b"http://localhost/../healthz"):
        yield get(target)


def line_cases():
    for line in (b"GET", b"GET /healthz", b"GET  /healthz HTTP/1.1", b"GET /healthz  HTTP/1.1", b"GET /healthz HTTP/1.1 ", b" GET /healthz HTTP/1.1",
                 b"GET\t/healthz HTTP/1.1", b"GET /healthz HTTP/0.9", b"GET /healthz HTTP/1.2", b"GET /healthz HTTP/1.10", b"GET /healthz HTTP/2.0",
                 b"GET /healthz HTTP/3", b"GET /healthz http/1.1", b"GET /healthz HTTP/1,1", b"GET /healthz HTTPS/1.1", b"GET /healthz\x00 HTTP/1.1",
                 b"get /healthz HTTP/1.1", b"Get /healthz HTTP/1.1", b"G(T /healthz HTTP/1.1", b"GET/healthz HTTP/1.1", b"A" * 200 + b" /healthz HTTP/1.1",
                 b"CONNECT localhost:80 HTTP/1.1", b"CONNECT /healthz HTTP/1.1", b"OPTIONS * HTTP/1.1", b"\x80GET /healthz HTTP/1.1"):
        yield line + b"\r\nHost: localhost\r\n\r\n"
    for fields in (b"No-Colon\r\n", b": empty\r\n", b"A B: c\r\n", b"A\x00: b\r\n", b"A: b\x00\r\n", b"A: b\x01\r\n", b"A: b\x7f\r\n", b"A(: b\r\n",
                   b"A\xff: b\r\n", b"A: b\r\n c\r\n", b"A: b\r\n\tc\r\n", b" A: b\r\n", b"A: b\nB: c\r\n", b"A: b\rB: c\r\n", b"A: b\r\r\n"):
        yield get(b"/healthz", fields)
    yield b"GET /healthz HTTP/1.1\nHost: localhost\n\n"
    yield b"\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)
    yield b"\x00" * 16


def chunk_cases():
    for body in (b"x\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"+2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"2\r\n{}0\r\n\r\n", b"2\r\n{}x\r\n0\r\n\r\n",
                 b" 2\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n", b"2\r{}\r\n0\r\n\r\n", b"10000000000000002\r\n{}\r\n0\r\n\r\n", b"2;a\nb\r\n{}\r\n0\r\n\r\n",
                 b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n", b"2\r\n{}\r\n0\r\nno colon\r\n\r\n", b"2\r\n{}\r\n0x1\r\na\r\n\r\n", b"2\r\n{}\r\n0\n\n",
                 b"2;\x00\r\n{}\r\n0\r\n\r\n", b"\r\n", b"2,\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n0\r\n a: b\r\n\r\n", b"00000000000000002\r\n{}\r\n0\r\n\r\n"):
        yield post(TE + b"chunked\r\n", body)


class RefusedRequests(unittest.TestCase):
    started = HttpEcho

    @classmethod
    def setUpClass(cls):
        cls.service = cls.started()
        cls.addClassCleanup(cls.service.stop)

    def check(self, cases, statuses=(400, 501)):
        count = 0
        for number, case in enumerate(cases):
            with self.subTest(number=number, case=case[:120]), RawClient(self.service.port) as client:
                client.send(case + SMUGGLED)
                head_only = case.startswith(b"HEAD ")
                answer = client.answer(head_only)
                self.assertIsNotNone(answer)
                self.assertEqual(client.answers_until_closed(), [])
                self.assertIn(answer.status, statuses)
                self.assertEqual(answer.headers.get("Connection"), "close")
                self.assertEqual(answer.headers["Content-Type"], "text/plain; charset=utf-8")
                self.assertGreater(int(answer.headers["Content-Length"]) if head_only else len(answer.body), 5)
            count += 1
        return count

    def test_transfer_encoding(self):
        self.assertGreater(self.check(transfer_encoding_cases()), 70)

    def test_content_length(self):
        self.assertGreater(self.check(content_length_cases()), 25)

    def test_host(self):
        self.assertGreater(self.check(host_cases()), 20)

    def test_target(self):
        self.assertGreater(self.check(target_cases()), 45)

    def test_request_line_and_header_lines(self):
        self.assertGreater(self.check(line_cases()), 40)

    def test_chunks(self):
        self.assertGreater(self.check(chunk_cases()), 20)

    def test_other_hosts(self):
        # A name that DNS was made to point here.
        cases = [b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n" for host in
                 (b"evil.example", b"evil.example:80", b"127.0.0.1.evil.example", b"localhost.evil.example", b"2130706433", b"127.1")]
        cases.append(get(b"http://evil.example/healthz"))
        self.check(cases, statuses=(421,))

    def test_web_pages(self):
        # What a page of another origin makes a browser send, a preflight among them.
        cases = [get(b"/healthz", fields) for fields in
                 (b"Origin: http://evil.example\r\n", b"Origin: null\r\n", b"Origin:\r\n", b"Origin: http://localhost:1\r\n", b"Origin: https://localhost\r\n", b"Sec-Fetch-Site: cross-site\r\n",
                  b"Sec-Fetch-Site: same-site\r\n", b"sec-fetch-site: Cross-Site\r\n", b"Origin: http://127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n",
                  b"Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n")]
        cases.append(post(b"Origin: http://evil.example\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n", b"{}"))
        cases.append(post(b"Sec-Fetch-Site: cross-site\r\nContent-Length: 2\r\n", b"{}"))
        cases.append(get(b"/echo", b"Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n", method=b"OPTIONS"))
        cases.append(get(b"/healthz", b"Origin: http://evil.example\r\nSec-Fetch-Site: none\r\n"))
        self.check(cases, statuses=(403,))

    def test_expect(self):
        self.check([post(b"Expect: 200-ok\r\nContent-Length: 2\r\n", b"{}"), post(b"Expect: \r\nContent-Length: 2\r\n", b"{}")], statuses=(417,))

    def test_http2_preface_is_closed_without_an_answer(self):
        with RawClient(self.service.port) as client:
            client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
            self.assertEqual(client.answers_until_closed(), [])

    def test_malformed_bytes_are_refused_before_the_head_is_complete(self):
        for start in (b"\x16\x03\x01", b"GET /healthz HTTP/1.1\n", b"GET /\x00", b" "):
            with self.subTest(start=start), RawClient(self.service.port) as client:
                client.send(start)
                self.assertEqual([answer.status for answer in client.answers_until_closed()], [400])


class RefusedByTheDaemon(RefusedRequests):
    """The same corpus against the real binary: nothing of it gets as far as the routes."""

    started = Service


class AcceptedRequests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = HttpEcho("--allow-host", "node-7", "--allow-origin", "https://panel.example")
        cls.addClassCleanup(cls.service.stop)

    def exchange(self, data):
        with RawClient(self.service.port) as client:
            client.send(data)
            return client.answer(head_only=data.startswith(b"HEAD"))

    def test_good_requests_are_answered(self):
        for case in (get(b"/healthz"), get(b"http://localhost/healthz"), get(b"HTTP://[::1]:80/healthz?x"), get(b"/health%7a"), get(b"/healthz?m[]=%5B"),
                     get(b"/healthz", b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n"), get(b"/healthz", b"Sec-Fetch-Site: none\r\n"),
                     get(b"/healthz", b"Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"), get(b"/healthz", b"Origin: https://panel.example\r\n"), b"GET /healthz HTTP/1.1\r\nHost: NODE-7:1\r\n\r\n", b"GET /healthz HTTP/1.0\r\n\r\n",
                     get(b"/seen/a%5cx2d%5C"), get(b"/healthz", b"Content-Length: 0\r\n"), post(b"Content-Length: 2\r\n", b"{}"),
                     post(TE + b"Chunked\r\n", b"1;a=\"b\"\r\n{\r\n001\r\n}\r\n0\r\nT: x\r\n\r\n"), get(b"/healthz", b"A:\tb\xc3\xa9\xff\r\nEmpty:\r\n")):
            with self.subTest(case=case):
                self.assertEqual(self.exchange(case).status, 200)

    def test_every_answer_carries_the_fixed_headers(self):
        for case in (get(b"/healthz"), get(b"/nothing"), get(b"/echo"), post(b"Content-Length: 2\r\n", b"{}"), get(b"*"), get(b"/large?100000")):
            with self.subTest(case=case):
                headers = self.exchange(case).headers
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(headers["Cache-Control"], "no-store")
                self.assertNotIn("Server", headers)
                self.assertFalse([name for name in headers if name.startswith("Access-Control")])
                self.assertRegex(headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")

    def test_wrong_method_and_unknown_path(self):
        for method, target, allow in ((b"GET", b"/echo", "POST"), (b"HEAD", b"/echo", "POST"), (b"PUT", b"/echo", "POST"), (b"POST", b"/healthz", "GET, HEAD"),
                                      (b"OPTIONS", b"/healthz", "GET, HEAD"), (b"BREW", b"/after", "GET, HEAD, POST")):
            answer = self.exchange(get(target, method=method))
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, allow))
            if method != b"HEAD":
                self.assertEqual(answer.body.decode(), f"method {method.decode()} is not supported")
        for target in (b"/nothing", b"/", b"/healthz/", b"/Healthz", b"/echo/x"):
            self.assertEqual(self.exchange(get(target)).status, 404)

    def test_the_connection_outlives_a_wrong_path_or_method(self):
        with RawClient(self.service.port) as client:
            for case, status in ((get(b"/nothing"), 404), (post(b"Content-Length: 2\r\n", b"{}", b"POST /healthz HTTP/1.1"), 405), (get(b"/echo"), 405),
                                 (post(b"Content-Type: text/plain\r\nContent-Length: 2\r\n", b"{}"), 415), (SMUGGLED, 200)):
                client.send(case)
                self.assertEqual(client.answer().status, status)

    def test_head_is_answered_from_get(self):
        with RawClient(self.service.port) as client:
            client.send(get(b"/large?5000", method=b"HEAD") + SMUGGLED)
            self.assertEqual(client.answer(head_only=True).headers["Content-Length"], "5000")
            self.assertEqual(client.answer().body, b"ok\n")

    def test_content_type_of_a_post(self):
        for value, status in ((None, 200), (b"application/json", 200), (b"Application/JSON; charset=utf-8", 200), (b"text/plain", 415), (b"", 415),
                              (b"application/x-www-form-urlencoded", 415), (b"multipart/form-data; boundary=x", 415), (b"application/jsonp", 415)):
            fields = b"Content-Length: 2\r\n" + (b"" if value is None else b"Content-Type: " + value + b"\r\n")
            with self.subTest(value=value):
                self.assertEqual(self.exchange(post(fields, b"{}")).status, status)

    def test_request_ids(self):
        for sent in (b"a", b"abc-DEF_1.2", b"x" * 64):
            self.assertEqual(self.exchange(get(b"/healthz", b"X-Request-Id: " + sent + b"\r\n")).headers["X-Request-Id"], sent.decode())
        for sent in (b"", b"a b", b"x" * 65, b"a%0d%0aX-Injected: 1", b"a\tb", b"\xc3\xa9", b"<script>", b"a;b"):
            answer = self.exchange(get(b"/healthz", b"X-Request-Id: " + sent + b"\r\n"))
            self.assertRegex(answer.headers["X-Request-Id"], r"^[0-9a-f]{16}$")
            self.assertNotIn("X-Injected", answer.headers)

    def test_no_request_bytes_reach_a_header(self):
        answer = self.exchange(get(b"/headers?a%0d%0aX-Injected:1"))
        self.assertEqual(answer.headers["X-Good"], "yes")
        self.assertFalse({"X-Split", "X-Injected"} & set(answer.headers))

    def test_connection_persistence(self):
        for case, stays in ((get(b"/healthz"), True), (get(b"/healthz", b"Connection: close\r\n"), False), (get(b"/healthz", version=b"HTTP/1.0"), False),
                            (get(b"/healthz", b"Connection: keep-alive\r\n", b"HTTP/1.0"), True)):
            with self.subTest(case=case), RawClient(self.service.port) as client:
                client.send(case)
                self.assertEqual(client.answer().status, 200)
                client.send(SMUGGLED)
                self.assertEqual(client.answer() is not None, stays)

    def test_every_way_to_split_a_request(self):
        whole = post(TE + b"chunked\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\nT: x\r\n\r\n") + SMUGGLED
        for cut in range(1, len(whole)):
            with self.subTest(cut=cut), RawClient(self.service.port) as client:
                client.send(whole[:cut])
                client.send(whole[cut:])
                self.assertEqual([client.answer().body, client.answer().body], [b"{}", b"ok\n"])


if __name__ == "__main__":
    unittest.main()
