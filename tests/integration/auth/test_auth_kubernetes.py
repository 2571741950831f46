"""Tokens that the API server judges, against a fake one that allows, denies, is slow, is dead, and knows other audiences."""

import pathlib
import tempfile
import unittest

from tests.support import callers
from tests.support.fake_docker import FakeDocker
from tests.support.fake_kubernetes import Certificates, FakeKubernetes, Refusing, write_kubeconfig
from tests.support.service import HANG_LIMIT_S, Service

OWN_TOKEN = "planted-own-token"
TOKEN = "planted-callers-token"
USER = "system:serviceaccount:monitoring:prometheus"
PATH = "/processor/containerCollector"
STATS_PATH = "/api/v2.0/version"
DIAGNOSIS = (USER, "create", "nodes/diagnosis")


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-review-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        certificates = Certificates(folder.name)
        cls.authority = certificates.authority("ca")
        cls.server = certificates.issue(cls.authority, "server", "IP:127.0.0.1")

    def setUp(self):
        self.api = self.enterContext(FakeKubernetes(*self.server, tokens=[OWN_TOKEN]))
        self.api.users[TOKEN] = USER
        self.docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        self.services = []

    def tearDown(self):
        for service in self.services:
            for secret in (OWN_TOKEN, TOKEN):
                self.assertNotIn(secret, str(service.log))

    def serve(self, *flags, url=None):
        kubeconfig = write_kubeconfig(self.folder / "config", url or self.api.url, self.authority, {"token": OWN_TOKEN})
        service = self.enterContext(Service("--auth", "kubernetes", "--kubeconfig", kubeconfig, "--node-name", "node-a", "--docker-host",
                                            f"unix://{self.docker.path}", "--log-level", "debug", *flags))
        self.services.append(service)
        return service

    def ask(self, service, method="POST", path=PATH, token=TOKEN, **more):
        return callers.ask(service.port, method, path, callers.bearer(token), **more)

    def test_both_reviews_in_their_form(self):
        self.api.rights = {DIAGNOSIS}
        service = self.serve()
        self.assertEqual(self.ask(service)[0], 200)
        token_review, access_review = self.api.reviews
        self.assertEqual(token_review, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
                                        "spec": {"token": TOKEN, "audiences": ["nodescope"]}})
        self.assertEqual(access_review["spec"], {
            "resourceAttributes": {"verb": "create", "version": "v1", "resource": "nodes", "subresource": "diagnosis", "name": "node-a"},
            "user": USER, "uid": "u-1", "groups": ["system:authenticated"], "extra": {"a.example/b": ["c"]}})
        service.stop()
        self.assertEqual([line["caller"] for line in service.log if line.get("message") == "request"], [f"kubernetes:{USER}"])

    def test_each_right_opens_its_part_only(self):
        for rights, expected in (({(USER, "get", "nodes/stats")}, (403, 200, 403)), ({(USER, "create", "nodes/stats")}, (403, 403, 200)),
                                 ({DIAGNOSIS}, (200, 403, 403)), ({("somebody", *DIAGNOSIS[1:])}, (403, 403, 403)),
                                 ({(USER, "get", "nodes/proxy"), (USER, "create", "nodes/proxy")}, (403, 403, 403))):
            with self.subTest(rights=rights):
                self.api.rights = rights
                service = self.serve()
                calls = (("POST", PATH), ("GET", STATS_PATH), ("POST", STATS_PATH))
                self.assertEqual(tuple(self.ask(service, *call)[0] for call in calls), expected)

    def test_a_refusal_names_verb_and_resource(self):
        self.api.rights = set()
        service = self.serve()
        for call, right in ((("POST", PATH), "create nodes/diagnosis"), (("GET", STATS_PATH), "get nodes/stats"),
                            (("POST", STATS_PATH), "create nodes/stats"), (("GET", "/metrics"), "get nodes/metrics")):
            status, _, body = self.ask(service, *call)
            self.assertEqual(status, 403)
            self.assertIn(f"this caller may not {right}", body if isinstance(body, str) else body.decode())

    def test_reviews_have_figures(self):
        self.api.rights = {(USER, "get", "nodes/metrics")}
        service = self.serve()
        self.assertEqual(self.ask(service, "GET", "/metrics")[0], 200)
        _, _, body = self.ask(service, "GET", "/metrics")
        lines = (body if isinstance(body, str) else body.decode()).splitlines()
        for backend in ("tokenreviews", "subjectaccessreviews"):
            calls = [line for line in lines if line.startswith("nodescope_backend") and f'backend="{backend}"' in line and "calls" in line]
            self.assertEqual([line.rpartition(" ")[2] for line in calls], ["1"], lines)

    def test_what_does_not_exist_needs_the_largest_right(self):
        self.api.rights = {(USER, "get", "nodes/stats")}
        service = self.serve()
        self.assertEqual(self.ask(service, "GET", "/nothing")[0], 403)
        self.api.rights = {(USER, "get", "nodes/diagnosis")}
        service = self.serve()
        self.assertEqual(self.ask(service, "GET", "/nothing")[0], 404)

    def test_a_url_instead(self):
        self.api.rights = {(USER, "post", "/nodescope")}
        service = self.serve("--auth-url", "/nodescope")
        self.assertEqual(self.ask(service)[0], 200)
        self.assertEqual(self.ask(service, "GET", STATS_PATH)[0], 403)
        self.assertEqual(self.api.reviews[1]["spec"]["nonResourceAttributes"], {"verb": "post", "path": "/nodescope"})

    def test_an_unknown_token(self):
        service = self.serve()
        status, headers, _ = self.ask(service, token="unknown-token")
        self.assertEqual((status, headers["WWW-Authenticate"]), (401, 'Bearer realm="nodescope"'))
        self.assertEqual(self.docker.requests, [])

    def test_audiences(self):
        self.api.rights = {DIAGNOSIS}
        for audiences, flags, expected in ((["https://kubernetes.default.svc"], (), 401), ([], (), 401), (["other"], ("--auth-audience", "other"), 200)):
            with self.subTest(audiences=audiences):
                self.api.audiences = audiences
                self.assertEqual(self.ask(self.serve(*flags))[0], expected)

    def test_a_server_that_knows_no_audiences_does_not_count(self):
        # "authenticated" without a word about the audience: the server has not looked at it.
        self.api.rights = {DIAGNOSIS}
        self.api.said_audiences = None
        self.assertEqual(self.ask(self.serve())[0], 401)

    def test_answers_are_remembered(self):
        self.api.rights = {DIAGNOSIS}
        service = self.serve()
        for _ in range(5):
            self.assertEqual(self.ask(service)[0], 200)
        self.assertEqual(len(self.api.reviews), 2)
        for _ in range(5):
            self.assertEqual(self.ask(service, token="unknown-token")[0], 401)
        self.assertEqual(len(self.api.reviews), 3)

    def test_identical_reviews_under_way_are_one(self):
        self.api.rights = {DIAGNOSIS}
        self.api.fault = "gate"
        service = self.serve()
        connections = [callers.connect(service.port) for _ in range(8)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        self.assertTrue(self.api.entered.wait(HANG_LIMIT_S))
        # Answered after all of those have been read: they came first.
        self.assertEqual(callers.ask(service.port, "GET", "/healthz")[0], 200)
        self.api.fault = None
        self.api.gate.set()
        self.assertEqual({connection.recv(65536).split(b" ")[1] for connection in connections}, {b"200"})
        self.assertEqual(self.api.entries, 1)
        self.assertEqual([review["kind"] for review in self.api.reviews].count("TokenReview"), 1)

    def test_an_api_server_that_cannot_tell(self):
        self.api.rights = {DIAGNOSIS}
        faults = (500, 503, 403, 429, "cut_body", "cut_header", "garbage", "slow_header", "slow_body", "endless_body", "redirect", "echo_body")
        service = self.serve("--timeout-kubernetes", "300ms")
        for fault in faults:
            with self.subTest(fault=fault):
                self.api.fault = fault
                self.api.redirect_to = self.api.url
                status, headers, body = self.ask(service)
                self.assertEqual((status, headers["Retry-After"]), (503, "1"))
                self.assertNotIn(TOKEN.encode(), body)
        self.assertEqual(self.docker.requests, [])
        self.api.fault = None
        self.assertEqual(self.ask(service)[0], 200)  # a failure is not remembered
        self.api.users.clear()

    def test_a_right_that_cannot_be_asked_for(self):
        service = self.serve("--timeout-kubernetes", "300ms")
        self.api.rights = {(USER, "get", "nodes/stats")}
        self.assertEqual(self.ask(service, "GET", STATS_PATH)[0], 200)
        self.api.fault = 500
        self.assertEqual(self.ask(service)[0], 503)
        self.assertEqual(self.docker.requests, [])

    def test_no_api_server_there(self):
        with Refusing() as nowhere:
            service = self.serve(url=nowhere.url)
            self.assertEqual(self.ask(service)[0], 503)
            self.assertEqual(callers.ask(service.port, "GET", "/healthz")[0], 200)
        self.assertEqual(self.docker.requests, [])

    def test_unknown_answers_do_not_count_as_failures(self):
        self.api.rights = {DIAGNOSIS}
        self.api.fault = 500
        service = self.serve()
        self.assertEqual({self.ask(service, address="127.0.0.5")[0] for _ in range(30)}, {503})
        self.api.fault = None
        self.assertEqual(self.ask(service, address="127.0.0.5")[0], 200)

    def test_another_method_answers_while_the_api_server_is_dead(self):
        tokens = callers.write_secret(self.folder / "tokens", "local-token-0123456789\n")
        kubeconfig = write_kubeconfig(self.folder / "config", self.api.url, self.authority, {"token": OWN_TOKEN})
        self.api.fault = 500
        with Service("--auth", "kubernetes,token-file", "--token-file", tokens, "--kubeconfig", kubeconfig, "--docker-host",
                     f"unix://{self.docker.path}") as service:
            self.assertEqual(self.ask(service, token="local-token-0123456789")[0], 200)
            self.assertEqual(self.ask(service)[0], 503)


if __name__ == "__main__":
    unittest.main()
