"""A node with a real dockerd and a real containerd with CRI, one of which stands still (SIGSTOP): the other's containers are answered as
ever, and those of the one that stands still by their ids."""

import json
import os
import pathlib
import signal
import unittest

from tests.support import docker_engine
from tests.support.cri.containerd import Containerd
from tests.support.service import Service
from tests.support.waiting import wait_until

PATH = "/processor/netInfoCollector"
KEY = "collector.kubernetes.container."
# A question to a runtime would take a minute: an answer in this time proves that nobody waited for one.
SOON = {"X-Request-Timeout": "1s"}


class BothRuntimes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.needed()
        cls.containerd = Containerd().__enter__()
        cls.addClassCleanup(cls.containerd.__exit__)
        cls.pod = cls.containerd.pod("web")
        cls.of_containerd = cls.pod.container("app")

    def setUp(self):
        self.of_docker = self.engine.create(self, ["sleep", "100000"]).start()
        self.pids = {self.of_docker.id: self.of_docker.pid, self.of_containerd: self.pod.status(self.of_containerd)[1]["pid"]}
        self.service = self.enterContext(Service("--runtime", "auto", "--docker-host", self.engine.host, "--cri-endpoint",
                                                 self.containerd.endpoint, "--timeout-docker", "1m", "--timeout-cri", "1m"))

    def stop(self, pid):
        # Cleanups run last one first: the daemon goes on before anything else of it is needed.
        self.addCleanup(os.kill, pid, signal.SIGCONT)
        os.kill(pid, signal.SIGSTOP)
        stat = pathlib.Path(f"/proc/{pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it is stopped")

    def found(self, reference):
        status, _, body = self.service.process_route(PATH, {"id": reference}, headers=SOON)
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        self.assertEqual(answer[KEY + "Pid"], str(self.pids[answer[KEY + "Id"]]))
        return answer[KEY + "Id"], answer[KEY + "ResolvedBy"]

    def everything_else_goes_on(self):
        for path in ("/api/v2.0/machine", "/api/v2.1/stats?recursive=true&count=1", "/metrics", "/healthz"):
            status, _, body = self.service.request("GET", path, headers={"X-Request-Timeout": "5s"})
            self.assertEqual(status, 200, (path, body[:300]))

    def test_each_is_found(self):
        self.assertEqual(self.found(self.of_docker.name), (self.of_docker.id, "docker"))
        self.assertEqual(self.found("app"), (self.of_containerd, "containerd"))

    def test_dockerd_stands_still(self):
        self.stop(int((pathlib.Path(self.engine.path).parent / "docker.pid").read_text()))
        for reference in (self.of_docker.id, self.of_docker.id[:12], "docker://" + self.of_docker.id):
            self.assertEqual(self.found(reference), (self.of_docker.id, "kernel"))
        for reference in (self.of_containerd, self.of_containerd[:12], "app", "containerd://" + self.of_containerd):
            self.assertEqual(self.found(reference)[0], self.of_containerd)
        self.everything_else_goes_on()

    def test_containerd_stands_still(self):
        self.stop(self.containerd.process.pid)
        for reference in (self.of_containerd, self.of_containerd[:12], "containerd://" + self.of_containerd):
            self.assertEqual(self.found(reference), (self.of_containerd, "kernel"))
        for reference in (self.of_docker.id, self.of_docker.id[:12], self.of_docker.name, "docker://" + self.of_docker.id):
            self.assertEqual(self.found(reference)[0], self.of_docker.id)
        self.everything_else_goes_on()

    def test_both_stand_still(self):
        self.stop(int((pathlib.Path(self.engine.path).parent / "docker.pid").read_text()))
        self.stop(self.containerd.process.pid)
        for full_id in self.pids:
            self.assertEqual(self.found(full_id), (full_id, "kernel"))
        self.everything_else_goes_on()


if __name__ == "__main__":
    unittest.main()
