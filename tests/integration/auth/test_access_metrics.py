"""What /metrics says of access: who was let in by which method, and files that could not be read again."""

import os
import pathlib
import re
import signal
import ssl
import subprocess
import tempfile
import unittest

from tests.support import callers
from tests.support.fake_kubernetes import Certificates, FakeKubernetes, write_kubeconfig
from tests.support.service import Service
from tests.support.waiting import wait_until

PATH = "/processor/mountInfoCollector"
TOKEN = "planted-first-token-000001"
HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"  # of PASSWORD
PASSWORD = "correct horse"
NO_DOCKER = ("--docker-host", "unix:///nonexistent/docker.sock", "--metrics-containers", "none")
DECISIONS = "nodescope_access_decisions_total"
RELOADS = "nodescope_credentials_reloads_total"
OUTDATED = "nodescope_credentials_outdated"


class AccessMetrics(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-access-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.tokens = callers.write_secret(self.folder / "tokens", f"me:{TOKEN}\n")

    def series(self, service, family, **caller):
        """{sorted label values: value} of one family, as somebody who may ask sees it."""
        status, _, body = callers.ask(service.port, "GET", "/metrics", **caller)
        self.assertEqual(status, 200)
        found = {}
        for labels, value in re.findall(rf"^{family}(?:{{(.*)}})? (\S+)$", body.decode(), re.M):
            found[tuple(text for _, text in sorted(re.findall(r'(\w+)="([^"]*)"', labels)))] = float(value)
        return found

    def decided(self, service, **caller):
        return {key: value for key, value in self.series(service, DECISIONS, **caller).items() if value}

    def wait_for_series(self, service, family, expected, **caller):
        wait_until(lambda: self.series(service, family, **caller) == expected, lambda: f"{self.series(service, family, **caller)}: {expected}")

    def test_decisions_by_method(self):
        passwords = callers.write_secret(self.folder / "passwords", f"alice:{HASH}\n")
        flags = ("--auth", "local-peer,token-file,basic", "--local-peer-uid", "4242", "--token-file", self.tokens, "--password-file", passwords)
        me = {"headers": callers.bearer(TOKEN)}
        with Service(*flags, *NO_DOCKER) as service:
            self.assertEqual(self.decided(service, **me), {("token-file", "granted"): 1})
            for caller, status in (({"uid": 4242}, 200), ({"headers": callers.basic("alice", PASSWORD)}, 200),
                                   ({"headers": callers.basic("alice", "wrong")}, 401), ({"headers": callers.basic("nobody", "wrong")}, 401),
                                   ({"headers": callers.bearer("planted-wrong-token-0")}, 401), ({"headers": {"Authorization": "Digest x"}}, 401),
                                   ({"uid": callers.NOBODY}, 401)):
                self.assertEqual(callers.ask(service.port, "POST", PATH, **caller)[0], status, caller)
            self.assertEqual(self.decided(service, **me), {
                ("local-peer", "granted"): 1, ("basic", "granted"): 1, ("basic", "refused"): 2, ("token-file", "refused"): 1,
                ("local-peer", "refused"): 1, ("unknown", "refused"): 1, ("token-file", "granted"): 2})
            while callers.ask(service.port, "POST", PATH, callers.bearer("planted-wrong-token-0"), uid=4243)[0] != 429:
                pass
            limited = [value for key, value in self.decided(service, **me).items() if key[1] == "limited"]
            self.assertEqual(limited, [1])

    def test_what_is_in_use_has_its_series_from_the_start(self):
        outcomes = ("granted", "refused", "forbidden", "limited", "unavailable")
        for auth, methods in (("local-peer", ("local-peer", "unknown")), ("none", ("none", "unknown"))):
            with self.subTest(auth=auth), Service("--auth", auth, *NO_DOCKER) as service:
                expected = {(method, outcome): 0 for method in methods for outcome in outcomes} | {(auth, "granted"): 1}
                self.assertEqual(self.series(service, DECISIONS, uid=0), expected)
                self.assertEqual(self.series(service, RELOADS, uid=0), {})
                self.assertEqual(self.series(service, "nodescope_tls_certificate_expiry_timestamp_seconds", uid=0), {})

    def test_no_right_and_nobody_to_tell(self):
        certificates = Certificates(self.folder)
        authority = certificates.authority("ca")
        user = "system:serviceaccount:monitoring:prometheus"
        with FakeKubernetes(*certificates.issue(authority, "server", "IP:127.0.0.1"), tokens=["own-token"]) as api:
            api.users[TOKEN] = user
            api.rights = {(user, "get", "nodes/metrics")}
            kubeconfig = write_kubeconfig(self.folder / "config", api.url, authority, {"token": "own-token"})
            me = {"headers": callers.bearer(TOKEN)}
            with Service("--auth", "kubernetes", "--kubeconfig", kubeconfig, "--node-name", "node-a", *NO_DOCKER) as service:
                self.assertEqual(callers.ask(service.port, "POST", PATH, **me)[0], 403)
                self.assertEqual(callers.ask(service.port, "POST", PATH, callers.bearer("planted-wrong"))[0], 401)
                api.fault = 500
                self.assertEqual(callers.ask(service.port, "POST", PATH, callers.bearer("planted-third"))[0], 503)
                api.fault = None
                self.assertEqual(self.decided(service, **me), {("kubernetes", "forbidden"): 1, ("kubernetes", "granted"): 2,
                                                              ("kubernetes", "refused"): 1, ("kubernetes", "unavailable"): 1})

    def test_files_that_cannot_be_read_again(self):
        """The old content stays in use, and both the counter and the state say so until the file is mended."""
        me = {"headers": callers.bearer(TOKEN)}
        with Service("--auth", "token-file", "--token-file", self.tokens, *NO_DOCKER) as service:
            self.assertEqual(self.series(service, RELOADS, **me), {("failed", "tokens"): 0, ("taken_over", "tokens"): 0})
            self.assertEqual(self.series(service, OUTDATED, **me), {("tokens",): 0})
            callers.write_secret(self.tokens, "short\n")
            os.kill(service.pid, signal.SIGHUP)
            self.wait_for_series(service, OUTDATED, {("tokens",): 1}, **me)
            self.assertGreaterEqual(self.series(service, RELOADS, **me)[("failed", "tokens")], 1)
            callers.write_secret(self.tokens, f"other:{TOKEN}\n")
            os.kill(service.pid, signal.SIGHUP)
            self.wait_for_series(service, OUTDATED, {("tokens",): 0}, **me)
            self.assertEqual(self.series(service, RELOADS, **me)[("taken_over", "tokens")], 1)

    def test_when_the_certificate_expires(self):
        certificates = Certificates(self.folder)
        authority = certificates.authority("ca")
        first, second = certificates.issue(authority, "first", "DNS:localhost"), certificates.issue(authority, "second", "DNS:localhost")
        subprocess.run(["openssl", "x509", "-req", "-in", "second.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "second.pem",
                        "-extfile", "second.ext", "-days", "30"], cwd=self.folder, check=True, capture_output=True)
        served = (self.folder / "tls.crt", self.folder / "tls.key")

        def install(issued):
            for target, source in zip(served, issued):
                callers.write_secret(target, source.read_text())

        def expiry(issued):
            said = subprocess.run(["openssl", "x509", "-in", issued[0], "-noout", "-enddate"], check=True, capture_output=True, text=True).stdout
            return {(): float(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter=")))}

        install(first)
        me = {"tls": callers.client_context(authority), "uid": 0}
        with Service("--tls-cert-file", str(served[0]), "--tls-key-file", str(served[1]), *NO_DOCKER) as service:
            family = "nodescope_tls_certificate_expiry_timestamp_seconds"
            self.assertEqual(self.series(service, family, **me), expiry(first))
            self.assertNotEqual(expiry(first), expiry(second))
            install(second)
            os.kill(service.pid, signal.SIGHUP)
            self.wait_for_series(service, family, expiry(second), **me)

    def test_configurations_that_were_read_again(self):
        config = self.folder / "config.toml"
        config.write_text('log-level = "info"\n')
        reloads = "nodescope_configuration_reloads_total"
        with Service("--config", str(config), *NO_DOCKER) as service:
            self.assertEqual(self.series(service, reloads, uid=0), {("failed",): 0, ("taken_over",): 0})
            os.kill(service.pid, signal.SIGHUP)
            self.wait_for_series(service, reloads, {("failed",): 0, ("taken_over",): 1}, uid=0)
            config.write_text('log-level = "loud"\n')
            os.kill(service.pid, signal.SIGHUP)
            self.wait_for_series(service, reloads, {("failed",): 1, ("taken_over",): 1}, uid=0)


if __name__ == "__main__":
    unittest.main()
