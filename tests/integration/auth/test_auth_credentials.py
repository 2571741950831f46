"""Passwords, files that change under load, failures that are too many, and logs without secrets."""

import contextlib
import hashlib
import os
import pathlib
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from tests.support import callers
from tests.support.fake_kubernetes import Certificates
from tests.support.service import HANG_LIMIT_S, Service
from tests.support.waiting import wait_until

PATH = "/processor/mountInfoCollector"
FIRST = "planted-first-token-000001"
SECOND = "planted-second-token-00002"
PASSWORD = "correct horse"
HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"  # of PASSWORD
OTHER_PASSWORD = "battery staple"
OTHER_HASH = "$2y$05$abcdefghijklmnopqrstuumjewjQVmxxbBHy234HdGTOAqOuVnhhy"  # of OTHER_PASSWORD
SECRETS = (FIRST, SECOND, PASSWORD, HASH, OTHER_PASSWORD, OTHER_HASH, "planted-wrong")


class Credentials(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-credentials-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.services = []

    def tearDown(self):
        for service in self.services:
            for secret in SECRETS:
                self.assertNotIn(secret, str(service.log))
                for encoded in (callers.basic("alice", secret), callers.basic("bob", secret)):
                    self.assertNotIn(encoded["Authorization"].split(" ")[1], str(service.log))

    def serve(self, *flags):
        service = self.enterContext(Service("--log-level", "debug", *flags))
        self.services.append(service)
        return service

    def tokens(self, *tokens, **more):
        return callers.write_secret(self.folder / "tokens", "".join(f"{token}\n" for token in tokens), **more)

    def passwords(self, *lines):
        return callers.write_secret(self.folder / "passwords", "".join(f"{line}\n" for line in lines))

    def status(self, service, headers=None, **more):
        return callers.ask(service.port, "POST", PATH, headers, **more)[0]

    def reload(self, service):
        """At once; without, a changed file is noticed within seconds."""
        os.kill(service.pid, signal.SIGHUP)

    def logged(self, service, message):
        return [line for line in service.log if line.get("message") == message]


class Passwords(Credentials):
    def test_users_and_passwords(self):
        service = self.serve("--auth", "basic", "--password-file", self.passwords("# users", "", f"alice:{HASH}", f"bob:{OTHER_HASH}"))
        for user, password, expected in (("alice", PASSWORD, 200), ("bob", OTHER_PASSWORD, 200), ("alice", OTHER_PASSWORD, 401),
                                         ("bob", PASSWORD, 401), ("carol", PASSWORD, 401), ("", PASSWORD, 401), ("alice", "", 401),
                                         ("alice", PASSWORD + "\0x", 401), ("alice\0", PASSWORD, 401), ("ALICE", PASSWORD, 401),
                                         ("alice", "x" * 1000, 401), ("alice", PASSWORD, 200)):
            with self.subTest(user=user, password=password):
                self.assertEqual(self.status(service, callers.basic(user, password)), expected)

    def test_the_memory_of_right_passwords_cannot_be_poisoned(self):
        # CVE-2022-46146: with user, hash and password strung together, a request could make the key of another one.
        service = self.serve("--auth", "basic", "--password-file", self.passwords(f"alice:{HASH}", f"bob:{OTHER_HASH}"))
        self.assertEqual(self.status(service, callers.basic("alice", PASSWORD)), 200)
        for user, password in (("alice", HASH), ("alice", HASH + PASSWORD), ("alice" + HASH, PASSWORD), ("", "alice" + HASH + PASSWORD),
                               ("bob", HASH + PASSWORD), ("bob", PASSWORD), ("alic", "e" + HASH + PASSWORD), ("alice", PASSWORD[:-1]),
                               ("alice", hashlib.sha256(PASSWORD.encode()).hexdigest())):
            for _ in range(2):
                with self.subTest(user=user, password=password):
                    self.assertEqual(self.status(service, callers.basic(user, password)), 401)

    def test_a_changed_hash_ends_the_old_password(self):
        service = self.serve("--auth", "basic", "--password-file", self.passwords(f"alice:{HASH}"))
        self.assertEqual(self.status(service, callers.basic("alice", PASSWORD)), 200)
        self.passwords(f"alice:{OTHER_HASH}")
        self.reload(service)
        wait_until(lambda: self.logged(service, "credentials were read again"), "the file is read again")
        self.assertEqual(self.status(service, callers.basic("alice", PASSWORD)), 401)
        self.assertEqual(self.status(service, callers.basic("alice", OTHER_PASSWORD)), 200)

    def test_headers_that_are_no_credentials(self):
        service = self.serve("--auth", "basic,token-file", "--password-file", self.passwords(f"alice:{HASH}"), "--token-file", self.tokens(FIRST))
        good = callers.basic("alice", PASSWORD)["Authorization"].split(" ")[1]
        for value in ("Basic", "Basic ", "Basic  ", f"Basic {good}=", f"Basic {good[:-1]}", f"Basic {good} x", f"basic{good}", f"Basic\t{good}",
                      f"Basic ={good}", "Basic ====", "Basic YWxpY2U=", f"Bearer {good}", f"Basic {FIRST}", "Bearer", "Bearer ", "bearer x",
                      f"Bearer {FIRST}x", f"Bearer {FIRST[:-1]}", f"Bearer {FIRST} ,", f"Bearer {FIRST},{FIRST}", f"Token {FIRST}", FIRST,
                      f"Digest {FIRST}", "\x80\xff", "Bearer " + "x" * 7000):
            with self.subTest(value=value):
                self.assertEqual(self.status(service, {"Authorization": value.encode("latin-1")}), 401)
        for value in (f"bAsIc {good}", f"Basic   {good}", f"BEARER {FIRST}", f"Bearer  {FIRST}  "):
            with self.subTest(value=value):
                self.assertEqual(self.status(service, {"Authorization": value}), 200)

    def test_two_authorization_headers(self):
        service = self.serve("--auth", "token-file", "--token-file", self.tokens(FIRST))
        connection = callers.connect(service.port)
        self.addCleanup(connection.close)
        line = f"Authorization: Bearer {FIRST}\r\n"
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{line}{line}Content-Length: 2\r\n\r\n{{}}".encode())
        self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 400 "))


class Reload(Credentials):
    def test_what_cannot_be_used_leaves_the_old(self):
        path = self.tokens(FIRST)
        service = self.serve("--auth", "token-file", "--token-file", path)
        said = "credentials could not be read again, the old ones stay in use"
        for number, (damage, reason) in enumerate((
                (lambda: self.tokens("short"), "less than 16 bytes"), (lambda: self.tokens(SECOND, mode=0o644), "can be read by everybody"),
                (lambda: os.unlink(path), "No such file"), (lambda: self.tokens(), "holds no token"),
                (lambda: pathlib.Path(self.tokens()).write_bytes(b"\0" * 2_000_000), "is larger than")), start=1):
            damage()
            self.reload(service)
            wait_until(lambda: len(self.logged(service, said)) == number, reason)
            self.assertIn(reason, self.logged(service, said)[-1]["reason"])
            self.assertEqual(self.status(service, callers.bearer(FIRST)), 200)
        self.tokens(SECOND)  # and this is noticed without being told
        wait_until(lambda: self.logged(service, "credentials were read again"), "the file is read again")
        self.assertEqual(self.status(service, callers.bearer(FIRST)), 401)
        self.assertEqual(self.status(service, callers.bearer(SECOND)), 200)

    def test_certificate_and_token_rotate_under_load(self):
        certificates = Certificates(self.folder)
        authority = certificates.authority("ca")
        generations = [certificates.issue(authority, f"server{n}", "DNS:localhost") for n in range(3)]
        names = {"cert": self.folder / "tls.crt", "key": self.folder / "tls.key"}

        def install(generation):
            for name, source in zip(("cert", "key"), generation):  # one after the other: for a moment they do not fit
                callers.write_secret(names[name], source.read_text())

        install(generations[0])
        context = callers.client_context(authority)
        service = self.serve("--auth", "token-file", "--token-file", self.tokens(FIRST, SECOND), "--tls-cert-file", str(names["cert"]),
                             "--tls-key-file", str(names["key"]))
        stop, failures, answered = threading.Event(), [], []

        def load(keep_alive):
            token = 0
            while not stop.is_set():
                with contextlib.closing(callers.connect(service.port, address=f"127.9.9.{keep_alive + 1}", tls=context)) as connection:
                    for _ in range(50 if keep_alive else 1):
                        token += 1
                        try:
                            status, headers, _ = callers.exchange(connection, "POST", PATH, callers.bearer((FIRST, SECOND)[token % 2]))
                        except (OSError, ValueError) as failed:
                            failures.append(repr(failed))
                            break
                        answered.append(status)
                        if status != 200:
                            failures.append(status)
                        if stop.is_set() or headers.get("Connection") == "close":
                            break

        threads = [threading.Thread(target=load, args=(keep_alive,)) for keep_alive in (True, False)]
        for thread in threads:
            thread.start()
        try:
            for number, generation in enumerate(generations[1:], start=1):
                before = len(answered)
                install(generation)
                self.tokens(f"rotated-{number}:{FIRST}", SECOND)
                wait_until(lambda: len([line for line in self.logged(service, "credentials were read again")
                                        if line["what"] == "certificates"]) == number, "the new certificate is in use")
                wait_until(lambda: len(answered) > before + 20, "requests go on")
        finally:
            stop.set()
            for thread in threads:
                thread.join(HANG_LIMIT_S)
        self.assertEqual(failures, [])
        with contextlib.closing(callers.connect(service.port, tls=context)) as connection:
            served = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))
        self.assertIn(served.strip(), generations[-1][0].read_text())

    def test_a_client_authority_that_is_gone_ends_its_clients(self):
        certificates = Certificates(self.folder)
        first, second = certificates.authority("first-ca"), certificates.authority("second-ca")
        server = certificates.issue(first, "server", "DNS:localhost")
        old, new = certificates.issue(first, "old", "DNS:agent"), certificates.issue(second, "new", "DNS:agent")
        bundle = callers.write_secret(self.folder / "bundle.pem", first.read_text())
        service = self.serve("--auth", "client-certificate", "--tls-cert-file", str(server[0]), "--tls-key-file", str(server[1]),
                             "--client-ca-file", bundle, "--allow-client-name", "agent")
        with contextlib.closing(callers.connect(service.port, tls=callers.client_context(first, old))) as connection:
            self.assertEqual(callers.exchange(connection, "POST", PATH)[0], 200)
            callers.write_secret(bundle, second.read_text())
            self.reload(service)
            wait_until(lambda: self.logged(service, "credentials were read again"), "the new bundle is in use")
            self.assertEqual(callers.exchange(connection, "POST", PATH)[0], 403)
        self.assertEqual(callers.ask(service.port, "POST", PATH, tls=callers.client_context(first, new))[0], 200)
        with self.assertRaises(OSError):
            callers.ask(service.port, "POST", PATH, tls=callers.client_context(first, old))


class Failures(Credentials):
    def test_a_burst_of_a_thousand(self):
        service = self.serve("--auth", "token-file", "--token-file", self.tokens(FIRST))
        began = time.monotonic()
        statuses = [self.status(service, callers.bearer("planted-wrong-token"), uid=4242) for _ in range(1000)]
        looked_at = statuses.count(401)
        self.assertEqual(set(statuses), {401, 429})
        self.assertGreaterEqual(looked_at, 10)
        self.assertLessEqual(looked_at, 10 + 10 * (time.monotonic() - began) + 1)
        status, headers, _ = callers.ask(service.port, "POST", PATH, callers.bearer(FIRST), uid=4243)
        self.assertEqual(status, 200)  # another user is not concerned

    def test_a_right_token_does_not_wait(self):
        service = self.serve("--auth", "token-file", "--token-file", self.tokens(FIRST))
        for _ in range(20):
            while self.status(service, callers.bearer("planted-wrong-token"), uid=4242) != 429:
                pass
            self.assertEqual(self.status(service, callers.bearer(FIRST), uid=4242), 200)
        status, headers, _ = callers.ask(service.port, "POST", PATH, callers.bearer("planted-wrong-token"), uid=4242)
        while status != 429:
            status, headers, _ = callers.ask(service.port, "POST", PATH, callers.bearer("planted-wrong-token"), uid=4242)
        self.assertEqual(headers["Retry-After"], "1")

    def test_health_is_never_limited(self):
        service = self.serve("--auth", "token-file", "--token-file", self.tokens(FIRST))
        while self.status(service, uid=4242) != 429:
            pass
        self.assertEqual(callers.ask(service.port, "GET", "/healthz", uid=4242)[0], 200)


class Tls(Credentials):
    def setUp(self):
        super().setUp()
        certificates = Certificates(self.folder)
        self.authority = certificates.authority("ca")
        self.certificate, self.key = certificates.issue(self.authority, "server", "DNS:localhost,IP:127.0.0.1")
        self.flags = ("--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.key))

    def test_a_page_of_the_service_itself_has_its_scheme(self):
        service = self.serve(*self.flags)
        own = f"localhost:{service.port}"
        for origin, status in ((f"https://{own}", 200), (f"http://{own}", 403), ("https://localhost", 403), ("null", 403)):
            with self.subTest(origin=origin):
                asked = callers.ask(service.port, "GET", "/healthz", {"Host": own, "Origin": origin, "Sec-Fetch-Site": "same-origin"},
                                    tls=callers.client_context(self.authority))
                self.assertEqual(asked[0], status)

    def test_versions(self):
        service = self.serve(*self.flags)
        for version, option, accepted in ((ssl.TLSVersion.TLSv1_2, "-tls1_2", True), (ssl.TLSVersion.TLSv1_3, "-tls1_3", True),
                                          (ssl.TLSVersion.TLSv1, "-tls1", False), (ssl.TLSVersion.TLSv1_1, "-tls1_1", False)):
            with self.subTest(version=version.name):
                # The program, as Python's module is not willing to speak the old ones; SECLEVEL=0 makes OpenSSL willing.
                done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{service.port}", "-cipher", "ALL:@SECLEVEL=0", option,
                                       "-alpn", "h2,http/1.1"], input="", capture_output=True, text=True, check=False, timeout=HANG_LIMIT_S)
                self.assertEqual("Cipher is (NONE)" not in done.stdout and "BEGIN CERTIFICATE" in done.stdout, accepted, done.stdout)
                if accepted:
                    self.assertIn("No ALPN negotiated", done.stdout)

    def test_long_and_many_answers(self):
        service = self.serve(*self.flags)
        context = callers.client_context(self.authority)
        with contextlib.closing(callers.connect(service.port, tls=context, uid=0)) as connection:
            for body in (b"{}", b"{" + b" " * 200_000 + b"}", b"{}"):
                for path in (PATH, "/processor/processCollector"):
                    self.assertEqual(callers.exchange(connection, "POST", path, body=body)[0], 200)
            self.assertEqual(callers.exchange(connection, "GET", "/healthz")[0], 200)

    def test_plain_http_on_a_tls_port(self):
        service = self.serve(*self.flags)
        with contextlib.closing(callers.connect(service.port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                self.assertNotIn(b"200 OK", connection.recv(65536))
        wait_until(lambda: self.logged(service, "a TLS handshake failed"), "the log says so")
        self.assertEqual(callers.ask(service.port, "GET", "/healthz", tls=callers.client_context(self.authority))[0], 200)

    def test_garbage_in_handshake_and_records(self):
        service = self.serve(*self.flags)
        context = callers.client_context(self.authority)
        for garbage in (b"\x16\x03\x01\xff\xff" + b"x" * 5000, b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01\x00\x02", b"\0" * 100):
            with contextlib.closing(callers.connect(service.port)) as connection:
                connection.sendall(garbage)
        plain = callers.connect(service.port)
        secure = context.wrap_socket(plain, server_hostname="localhost")
        os.write(secure.fileno(), b"\x17\x03\x03\x00\x20" + b"y" * 32)  # a record that does not decrypt
        with contextlib.suppress(OSError):
            self.assertEqual(secure.recv(100), b"")
        secure.close()
        self.assertEqual(callers.ask(service.port, "GET", "/healthz", tls=context)[0], 200)

    def test_a_request_in_one_piece_with_the_end_of_the_handshake(self):
        service = self.serve(*self.flags)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = callers.client_context(self.authority)
            context.maximum_version = version
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
            with self.subTest(version=version.name), contextlib.closing(callers.connect(service.port)) as connection:
                def until_done(step):
                    while True:
                        try:
                            return step()
                        except ssl.SSLWantReadError:
                            # In two pieces, neither of which ends with a record.
                            said = outgoing.read()
                            for piece in (said[:7], said[7:]):
                                connection.sendall(piece)
                            incoming.write(connection.recv(65536))
                until_done(client.do_handshake)
                client.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertIn(b" 200 OK", until_done(lambda: client.read(65536)))

    def test_a_client_that_says_nothing(self):
        service = self.serve(*self.flags)
        for said in (b"", b"\x16\x03\x01\x02\x00half of a ClientHello"):
            connection = callers.connect(service.port)
            self.addCleanup(connection.close)
            connection.sendall(said)
        failed = wait_until(lambda: self.logged(service, "a TLS handshake failed")[1:], "the log says so")
        self.assertEqual(failed[0]["reason"], "not finished within 5s: waiting for the client")

    def test_the_end_is_announced(self):
        # Without close_notify a client could not tell an end from a cut.
        service = self.serve(*self.flags)
        with contextlib.closing(callers.connect(service.port, tls=callers.client_context(self.authority))) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            received = b""
            while piece := connection.recv(65536):  # an end without close_notify raises ssl.SSLEOFError here
                received += piece
        self.assertIn(b" 200 OK", received)

    def test_a_handshake_that_never_comes_does_not_hold_up_the_drain(self):
        service = self.serve(*self.flags)
        connection = callers.connect(service.port)
        self.addCleanup(connection.close)
        self.assertEqual(callers.ask(service.port, "GET", "/healthz", tls=callers.client_context(self.authority))[0], 200)
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main()
