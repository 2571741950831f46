"""Callers who share a read: one who can wait only a moment fails nobody else. The threads that read are held still meanwhile, so that
the read outlasts the short limit for certain."""

import contextlib
import http.client
import os
import pathlib
import tempfile
import unittest

from tests.support.service import HANG_LIMIT_S, Service
from tests.support.service_manager import stopped_thread, workers_of

DOCKER_HOST = os.environ.get("NODESCOPE_TEST_DOCKER_HOST", "")


class SharedReads(unittest.TestCase):
    def start(self, *flags):
        return self.enterContext(Service("--auth", "none", *flags))

    def asked(self, service, method, path, limit):
        """The request is on its way when this returns: connections are served in the order in which they are made."""
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_LIMIT_S)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"X-Request-Timeout": limit})
        return connection

    def check(self, service, method, path):
        with contextlib.ExitStack() as held:
            for worker in workers_of(service):
                held.enter_context(stopped_thread(worker))
            impatient = self.asked(service, method, path, "500ms")
            patient = self.asked(service, method, path, "30s")
            answer = impatient.getresponse()
            self.assertEqual(answer.status, 500, path)
            self.assertIn(b"within 500ms", answer.read(), path)
        answer = patient.getresponse()
        body = answer.read()
        self.assertEqual(answer.status, 200, (path, body))

    def test_what_the_node_is_read_for(self):
        for path in ("/api/v2.0/ps", "/api/v2.0/machine", "/api/v2.0/storage"):
            with self.subTest(path=path):
                self.check(self.start("--timeout-host", "20s", "--timeout-request", "30s"), "GET", path)

    @unittest.skipUnless(DOCKER_HOST, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
    def test_goroutine_dumps(self):
        daemon = pathlib.Path(DOCKER_HOST.removeprefix("unix://")).parent
        dumps = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        pid = (daemon / "run/containerd/containerd.pid").read_text(encoding="utf-8").strip()
        self.addCleanup(pathlib.Path(tempfile.gettempdir(), f"containerd.{pid}.stacks.log").unlink, missing_ok=True)
        for name in ("dockerd", "containerd"):
            with self.subTest(daemon=name):
                service = self.start(
                    "--goroutine-dumps", "--state-directory", str(dumps), "--docker-pid-file", str(daemon / "docker.pid"),
                    "--docker-exec-root", str(daemon / "run"), "--containerd-pid-file", str(daemon / "run/containerd/containerd.pid"),
                    "--containerd-temporary-directory", tempfile.gettempdir())
                self.check(service, "POST", f"/processor/{name}GoroutineCollector")


if __name__ == "__main__":
    unittest.main()
