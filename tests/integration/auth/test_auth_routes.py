"""In each mode, no route of the router's own table answers a caller who shows nothing or the wrong thing, however
its path is spelt, and what must not be listened on is not."""

import itertools
import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support import callers
from tests.support.fake_docker import FakeDocker
from tests.support.fake_kubernetes import Certificates, FakeKubernetes, write_kubeconfig
from tests.support.service import BINARY, HANG_LIMIT_S, Service

TOKEN = "planted-token-0123456789"
PASSWORD = "correct horse"
HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"  # of PASSWORD
PATH = "/processor/containerCollector"
# 401 asks for other credentials; where a request cannot carry any, there is nothing to ask for (docs/operations.md, "Access").
REFUSAL = {"local-peer": 403, "client-certificate": 403, "token-file": 401, "basic": 401, "kubernetes": 401}


class Modes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-auth-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        certificates = Certificates(folder.name)
        cls.authority = certificates.authority("ca")
        other = certificates.authority("other-ca")
        cls.server = certificates.issue(cls.authority, "server", "IP:127.0.0.1,DNS:localhost")
        cls.good = certificates.issue(cls.authority, "agent", "DNS:agent.example")
        cls.unknown = certificates.issue(cls.authority, "somebody", "DNS:somebody.example")
        cls.foreign = certificates.issue(other, "agent2", "DNS:agent.example")
        cls.tokens = callers.write_secret(cls.folder / "tokens", f"# who: what\nprometheus:{TOKEN}\n")
        cls.passwords = callers.write_secret(cls.folder / "passwords", f"alice:{HASH}\n")
        cls.table = callers.route_table()

    def setUp(self):
        self.docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        self.api = self.enterContext(FakeKubernetes(*self.server, tokens=["our-own-token"]))

    def tls_flags(self):
        return ["--tls-cert-file", str(self.server[0]), "--tls-key-file", str(self.server[1])]

    def modes(self):
        """Flags, how somebody who may ask connects, and how others do."""
        kubeconfig = write_kubeconfig(self.folder / "kubeconfig", self.api.url, self.authority, {"token": "our-own-token"})
        self.api.users[TOKEN] = "system:serviceaccount:monitoring:prometheus"
        self.api.rights = {("system:serviceaccount:monitoring:prometheus", verb, f"nodes/{what}")
                           for verb in ("get", "create") for what in ("stats", "metrics", "diagnosis")}
        tls = callers.client_context
        wrong = [{}, {"headers": callers.bearer("planted-wrong-token-012345")}, {"headers": callers.basic("alice", "wrong")},
                 {"headers": {"Authorization": "Negotiate abcd"}}, {"headers": {"Authorization": "Bearer"}}]
        return {
            "local-peer": ([], {"uid": 0}, [{}, {"headers": callers.bearer(TOKEN)}]),
            "token-file": (["--token-file", self.tokens], {"headers": callers.bearer(TOKEN)}, wrong),
            "basic": (["--password-file", self.passwords], {"headers": callers.basic("alice", PASSWORD)},
                      [*wrong, {"headers": callers.basic("alice", HASH)}, {"headers": callers.basic("bob", PASSWORD)}]),
            "client-certificate": ([*self.tls_flags(), "--client-ca-file", str(self.authority), "--allow-client-name", "agent.example"],
                                   {"tls": tls(self.authority, self.good)},
                                   [{"tls": tls(self.authority)}, {"tls": tls(self.authority, self.unknown)}]),
            "kubernetes": (["--kubeconfig", kubeconfig, "--node-name", "node-a"], {"headers": callers.bearer(TOKEN)}, wrong),
        }

    def serve(self, mode, flags):
        return Service("--auth", mode, "--docker-host", f"unix://{self.docker.path}", "--log-level", "debug", *flags)

    def test_every_route_of_the_table_refuses(self):
        self.assertGreater(len(self.table), 10)
        for mode, (flags, _, others) in self.modes().items():
            with self.subTest(mode=mode), self.serve(mode, flags) as service:
                for method, path, gives in self.table:
                    for verb, other in itertools.product(callers.ANY if method == "ANY" else (method,), others):
                        status, headers, _ = callers.ask(service.port, verb, path, **other)
                        if gives == "open":
                            # Probes and the page, to which two lead.
                            self.assertEqual(status, 301 if path in ("/", "/ui") else 200, path)
                            continue
                        self.assertEqual(status, REFUSAL[mode], (verb, path, other))
                        self.assertEqual(status == 401, "WWW-Authenticate" in headers)
                self.assertEqual(self.docker.requests, [])

    def test_the_right_caller_is_answered(self):
        for mode, (flags, right, _) in self.modes().items():
            with self.subTest(mode=mode), self.serve(mode, flags) as service:
                self.assertEqual(callers.ask(service.port, "POST", PATH, **right)[0], 200)
                self.assertEqual(callers.ask(service.port, "POST", "/nothing/here", **right)[0], 404)
                self.assertEqual(callers.ask(service.port, "DELETE", PATH, **right)[0], 405)
                self.assertEqual(callers.ask(service.port, "POST", "/processor//containerCollector", **right)[0], 400)

    def test_what_does_not_exist_is_not_told_apart(self):
        for mode, (flags, _, others) in self.modes().items():
            with self.subTest(mode=mode), self.serve(mode, flags) as service:
                for method, path in (("GET", "/nothing"), ("DELETE", PATH), ("POST", "/healthz"), ("OPTIONS", PATH)):
                    self.assertEqual(callers.ask(service.port, method, path, **others[0])[0], REFUSAL[mode], (method, path))

    def test_fifty_spellings_of_a_protected_path(self):
        name = "containerCollector"
        spellings = [f"/processor/{name}", f"//processor/{name}", f"/processor//{name}", f"/processor/{name}/", f"/processor/{name}//",
                     f"/./processor/{name}", f"/processor/./{name}", f"/processor/x/../{name}", f"/../processor/{name}",
                     f"/healthz/../processor/{name}", f"/healthz/%2e%2e/processor/{name}", f"/healthz/..%2fprocessor/{name}",
                     f"/healthz%2f..%2fprocessor%2f{name}", f"/processor%2f{name}", f"/processor%2F{name}", f"/processor/%2e/{name}",
                     f"/%2e/processor/{name}", f"/processor/{name}%00", f"/processor/{name}%00/healthz", f"/healthz%00/processor/{name}",
                     f"/processor/{name}?", f"/processor/{name}?/healthz", f"/processor/{name}?path=/healthz", f"/processor/{name};/healthz",
                     f"/healthz;/../processor/{name}", f"/processor\\{name}", f"\\processor\\{name}", f"/processor%5c{name}",
                     "/processor/%63ontainerCollector", f"/%70rocessor/{name}", f"/%2570rocessor/{name}", f"/processor/{name}%20",
                     f"/processor/{name}%0a", f"/processor/{name}%0d%0a", f"/processor/{name}%09", f"/processor/{name}.", f"/processor/{name}%2e",
                     f"/PROCESSOR/{name}", f"/Processor/{name}", f"/processor/{name.upper()}", f"http://localhost/processor/{name}",
                     f"http://127.0.0.1/processor/{name}", f"https://localhost/processor/{name}", f"http://localhost//processor/{name}",
                     f"/processor/{name}%", f"/processor/{name}%2", f"/processor/{name}%zz", f"/processor/{name}#/healthz",
                     f"/healthz?/../processor/{name}".replace("/healthz?", "/healthz/?"), f"/%c0%af/processor/{name}",
                     "/processor/%u0063ontainerCollector", f"/healthz//../processor/{name}", f"/readyz/processor/{name}", "/", "*", name]
        self.assertGreaterEqual(len(spellings), 50)
        with self.serve("token-file", ["--token-file", self.tokens]) as service:
            for spelling in spellings:
                with self.subTest(spelling=spelling):
                    connection = callers.connect(service.port)
                    self.addCleanup(connection.close)
                    request = f"POST {spelling} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}"
                    connection.sendall(request.encode())
                    answer = connection.recv(65536)
                    self.assertIn(answer.split(b" ")[1], (b"400", b"401"), answer)
            self.assertEqual(self.docker.requests, [])

    def test_a_large_body_is_not_awaited_from_a_stranger(self):
        with self.serve("token-file", ["--token-file", self.tokens]) as service:
            for extra in ("", "Expect: 100-continue\r\n"):
                connection = callers.connect(service.port)
                self.addCleanup(connection.close)
                connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{extra}Content-Length: 4000000\r\n\r\n".encode())
                self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 401 "))

    def test_several_methods_and_who_it_was_in_the_log(self):
        flags = ["--token-file", self.tokens, "--password-file", self.passwords, *self.tls_flags(), "--client-ca-file", str(self.authority),
                 "--allow-client-name", "agent.example", "--local-peer-uid", "4242"]
        plain, agent = callers.client_context(self.authority), callers.client_context(self.authority, self.good)
        with self.serve("token-file,basic,client-certificate,local-peer", flags) as service:
            for call in ({"tls": plain, "headers": callers.bearer(TOKEN)}, {"tls": plain, "headers": callers.basic("alice", PASSWORD)},
                         {"tls": agent}, {"tls": plain, "uid": 4242}):
                self.assertEqual(callers.ask(service.port, "POST", PATH, **call)[0], 200)
            status, headers, _ = callers.ask(service.port, "POST", PATH, tls=plain)
            self.assertEqual(status, 401)
            self.assertEqual(headers.get_all("WWW-Authenticate"), ['Bearer realm="nodescope"', 'Basic realm="nodescope", charset="UTF-8"'])
        seen = [line["caller"] for line in service.log if line.get("message") == "request"]
        self.assertEqual(seen, ["token-file:prometheus", "basic:alice", "client-certificate:agent.example", "local-peer:uid=4242", "-"])
        for secret in (TOKEN, PASSWORD, HASH):
            self.assertNotIn(secret, str(service.log))

    def test_a_certificate_of_another_authority_ends_in_the_handshake(self):
        flags = self.modes()["client-certificate"][0]
        with self.serve("client-certificate", flags) as service:
            with self.assertRaises(OSError):
                callers.ask(service.port, "POST", PATH, tls=callers.client_context(self.authority, self.foreign))
            self.assertEqual(callers.ask(service.port, "POST", PATH, tls=callers.client_context(self.authority, self.good))[0], 200)


class Combinations(unittest.TestCase):
    """An address that needs protection without any, and flags that do not go together: what the service says when it does not start."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-auth-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        certificates = Certificates(folder.name)
        cls.authority = certificates.authority("ca")
        certificate, key = certificates.issue(cls.authority, "server", "DNS:localhost")
        cls.tokens = ("--auth", "token-file", "--token-file", callers.write_secret(cls.folder / "tokens", TOKEN + "\n"))
        cls.passwords = callers.write_secret(cls.folder / "passwords", f"alice:{HASH}\n")
        cls.tls = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key))

    def refusal(self, *flags, listen="127.0.0.1:0"):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("NODESCOPE_", "DOCKER_", "KUBERNETES_"))}
        done = subprocess.run([BINARY, "serve", "--log-format", "json", "--listen", listen, *flags], capture_output=True, text=True,
                              timeout=HANG_LIMIT_S, env=environment, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def test_addresses_that_others_reach(self):
        for listen in ("0.0.0.0:0", "[::]:0"):
            for flags, why in (((), "local-peer admits callers of this machine only"), (("--auth", "none"), "there is no authentication"),
                               (self.tokens, "without TLS"), (self.tls, "local-peer admits"), (("--auth", "none", *self.tls), "no authentication")):
                with self.subTest(listen=listen, flags=flags):
                    said = self.refusal(*flags, listen=listen)
                    self.assertIn(why, said)
                    self.assertIn("--insecure-listen", said)

    def test_what_may_be_listened_on(self):
        socket_path = f"unix:{self.folder}/n.sock"
        for listen, flags in (("0.0.0.0:0", (*self.tokens, *self.tls)), ("0.0.0.0:0", ("--auth", "none", "--insecure-listen")),
                              ("0.0.0.0:0", (*self.tokens, "--insecure-listen")), ("127.0.0.1:0", ("--auth", "none")), (socket_path, ()),
                              ("[::1]:0", self.tokens)):
            with self.subTest(listen=listen, flags=flags), Service(*flags, listen=(listen,)):
                pass

    def test_flags_that_miss_another(self):
        for flags, why in ((("--auth", "token-file"), "--auth token-file needs --token-file"),
                           (self.tokens[2:], "--token-file needs --auth token-file"),
                           (("--auth", "basic"), "--auth basic needs --password-file"),
                           (("--password-file", self.passwords), "--password-file needs --auth basic"),
                           (self.tls[:2], "go together"),
                           (("--auth", "client-certificate"), "needs --tls-cert-file"),
                           (("--auth", "client-certificate", *self.tls), "needs --client-ca-file"),
                           (("--auth", "client-certificate", *self.tls, "--client-ca-file", str(self.authority)), "needs --allow-client-name"),
                           (("--auth", "kubernetes"), "needs an API server"),
                           (("--auth", "none,local-peer"), "goes with no other method"),
                           (("--auth", "none", "--local-peer-uid", "0"), "--local-peer-uid needs --auth local-peer"),
                           (("--auth", "magic"), "magic")):
            with self.subTest(flags=flags):
                self.assertIn(why, self.refusal(*flags))

    def test_files_that_cannot_be_used(self):
        wide = callers.write_secret(self.folder / "wide", TOKEN + "\n", mode=0o644)
        short = callers.write_secret(self.folder / "short", "name:tooshort\n")
        empty = callers.write_secret(self.folder / "empty", "# nothing\n")
        md5 = callers.write_secret(self.folder / "md5", "alice:$apr1$abc$def\n")
        key = callers.write_secret(self.folder / "key", pathlib.Path(self.tls[3]).read_text(), mode=0o644)
        other_key = Certificates(self.folder).issue(self.authority, "other", "DNS:localhost")[1]
        for flags, why in ((("--auth", "token-file", "--token-file", wide), "can be read by everybody (mode 0644)"),
                           (("--auth", "token-file", "--token-file", short), "short:1: the token has less than 16 bytes"),
                           (("--auth", "token-file", "--token-file", empty), "holds no token"),
                           (("--auth", "token-file", "--token-file", str(self.folder / "absent")), "No such file"),
                           (("--auth", "token-file", "--token-file", str(self.folder)), "not a regular file"),
                           (("--auth", "basic", "--password-file", md5), "md5:1: not a bcrypt hash"),
                           ((*self.tls[:3], key), "can be read by everybody"),
                           ((*self.tls[:3], str(other_key)), "does not belong to the server certificate"),
                           (("--tls-cert-file", str(self.authority) + "x", *self.tls[2:]), "No such file"),
                           (("--tls-cert-file", self.tls[3], "--tls-key-file", self.tls[3]), "server certificate cannot be used")):
            with self.subTest(flags=flags):
                said = self.refusal(*flags)
                self.assertIn(why, said)
                self.assertNotIn(TOKEN, said)
                self.assertNotIn("tooshort", said.replace("/tooshort", ""))


if __name__ == "__main__":
    unittest.main()
