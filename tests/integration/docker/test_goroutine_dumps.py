"""The goroutine routes against the real daemons of the test run: a dump is made, found and moved."""

import json
import os
import pathlib
import tempfile
import unittest

from tests.support.service import Service

DOCKER_HOST = os.environ.get("NODESCOPE_TEST_DOCKER_HOST", "")


@unittest.skipUnless(DOCKER_HOST, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class GoroutineDumps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name)
        daemon = pathlib.Path(DOCKER_HOST.removeprefix("unix://")).parent
        self.flags = ["--goroutine-dumps", "--state-directory", folder.name, "--docker-pid-file", str(daemon / "docker.pid"),
                      "--docker-exec-root", str(daemon / "run"), "--containerd-pid-file", str(daemon / "run/containerd/containerd.pid"),
                      "--containerd-temporary-directory", tempfile.gettempdir()]

    def test_dockerd_writes_its_stacks_and_the_file_is_moved(self):
        with Service(*self.flags) as service:
            status, _, body = service.process_route("/processor/dockerdGoroutineCollector")
        self.assertEqual(200, status, body)
        path = pathlib.Path(json.loads(body)["collector.runtime.dockerd.goroutine"])
        self.assertEqual(self.state / "dockerd-goroutine", path.parent)
        self.assertIn("goroutine ", path.read_text(encoding="utf-8"))

    def test_containerd_answers_the_time_of_its_dump(self):
        daemon = pathlib.Path(DOCKER_HOST.removeprefix("unix://")).parent
        pid = (daemon / "run/containerd/containerd.pid").read_text(encoding="utf-8").strip()
        dump = pathlib.Path(tempfile.gettempdir(), f"containerd.{pid}.stacks.log")
        self.addCleanup(dump.unlink, missing_ok=True)
        with Service(*self.flags) as service:
            status, _, body = service.process_route("/processor/containerdGoroutineCollector")
        self.assertEqual(200, status, body)
        self.assertRegex(json.loads(body)["collector.runtime.containerd.goroutine"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertIn("goroutine ", dump.read_text(encoding="utf-8"))

    def test_without_the_flag_nothing_is_signalled(self):
        with Service(*[flag for flag in self.flags if flag != "--goroutine-dumps"]) as service:
            for name in ("dockerd", "containerd"):
                status, _, body = service.process_route(f"/processor/{name}GoroutineCollector")
                self.assertEqual(422, status, body)
        self.assertFalse((self.state / "dockerd-goroutine").exists())


if __name__ == "__main__":
    unittest.main()
