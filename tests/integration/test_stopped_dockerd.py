"""A real dockerd that stands still (SIGSTOP) in the middle of its life: every route there is answers all the same, each part within its
own deadline, and what only the kernel must be asked for is complete. contracts: operations.md D9, W1; cadvisor-v2.md §4, §9."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import docker_engine  # noqa: E402
from service import Service  # noqa: E402

# Docker itself must be asked for these: their answer is the sentence that names the phase it died in.
NEED_DOCKER = ("containercollector", "containerCollector", "dockerinfocollector", "dockerInfoCollector")
# Not configured here, or in need of a target: refused, which is an answer.
REFUSED = ("poddetailcollector", "podDetailCollector", "podListCollector", "GoroutineCollector", "netInfoCollector", "netinfoCollector",
           "netinfocollector")


def wait_until_stopped(pid):
    """Threads of a Go program stop one by one after SIGSTOP."""
    while not pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
        os.sched_yield()


class StoppedDockerd(unittest.TestCase):
    def setUp(self):
        engine = docker_engine.from_environment()
        if engine is None:
            self.skipTest("NODESCOPE_TEST_DOCKER_HOST names no dockerd")
        self.daemon = int((pathlib.Path(engine.path).parent / "docker.pid").read_text())
        self.container = engine.create(self, ["sleep", "1000"], name=None).start()
        self.init = self.container.inspect()["State"]["Pid"]
        self.service = Service("--docker-host", engine.host, "--timeout-docker", "500ms", "--timeout-request", "20s")
        self.addCleanup(self.service.__exit__, None, None, None)

    def stop_daemon(self):
        # Cleanups run last one first: the daemon goes on before anything else of it is needed.
        self.addCleanup(os.kill, self.daemon, signal.SIGCONT)
        os.kill(self.daemon, signal.SIGSTOP)
        wait_until_stopped(self.daemon)

    def routes(self):
        text = subprocess.run([Service.binary, "routes"], check=True, capture_output=True, text=True).stdout
        for line in text.splitlines():
            method, path = line.split()[:2]
            yield "GET" if method == "ANY" else method, path.removesuffix("/*").replace("//", "/")

    def ask(self, method, path):
        return self.service.request(method, path, body="{}" if method == "POST" else None)

    def assert_answer(self, method, path):
        status, _, body = self.ask(method, path)
        text = body.decode()
        # The inner deadline speaks, never the whole request's.
        self.assertNotEqual(status, 504, (path, text[:300]))
        if status == 500:
            self.assertNotIn("within 20s", text, path)
        if path.endswith(NEED_DOCKER):
            self.assertEqual(status, 500, (path, text[:300]))
            self.assertRegex(text, r"docker: GET /\S+: (no response header within 500ms|not asked again yet)", path)
        elif path.endswith(REFUSED):
            self.assertIn(status, (400, 422, 500), (path, text[:300]))
            self.assertTrue(text.strip(), path)
        elif path in ("/api", "/api/"):
            self.assertIn(status, (301, 400), (path, text[:300]))
        else:
            self.assertEqual(status, 200, (path, text[:300]))
        return text

    def test_every_route_answers(self):
        before = {path: self.ask(method, path)[0] for method, path in self.routes()}
        self.stop_daemon()
        for _ in range(2):  # the second time nothing is new any more
            for method, path in self.routes():
                with self.subTest(path=path):
                    self.assert_answer(method, path)
        self.assertEqual(before["/processor/containercollector"], 200)

    def test_every_route_answers_though_the_daemon_never_did(self):
        self.stop_daemon()
        for method, path in self.routes():
            with self.subTest(path=path):
                self.assert_answer(method, path)

    def test_the_kernels_part_is_complete(self):
        self.stop_daemon()
        listed = {one["pid"]: one for one in json.loads(self.assert_answer("GET", "/api/v2.0/ps"))}
        self.assertEqual(listed[self.init]["cmd"], "sleep")
        self.assertIn(self.container.id, listed[self.init]["cgroup_path"])
        self.assertGreater(json.loads(self.assert_answer("GET", "/api/v2.0/machine"))["num_cores"], 0)
        attributes = json.loads(self.assert_answer("GET", "/api/v2.0/attributes"))
        self.assertEqual(attributes["docker_version"], "Unknown")

    def test_the_daemon_is_heard_again_when_it_goes_on(self):
        self.stop_daemon()
        self.assert_answer("GET", "/api/v2.0/attributes")
        self.assert_answer("POST", "/processor/containercollector")
        os.kill(self.daemon, signal.SIGCONT)
        status, _, body = self.ask("POST", "/processor/containercollector")
        self.assertEqual(status, 200, body)
        self.assertIn(self.container.id, body.decode())


if __name__ == "__main__":
    unittest.main()
