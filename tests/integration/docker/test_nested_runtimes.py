"""Runtimes in containers, as Docker-in-Docker and kind have them: what they run is found by the cgroups that a real runtime has nested, and is
not taken for the container it runs in, whose id stands in the same path."""

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tests.support import docker_engine
from tests.support.cri.containerd import Containerd
from tests.support.docker_engine import Engine
from tests.support.service import Service
from tests.support.waiting import wait_until

PID = "collector.kubernetes.container.Pid"
# What a runtime needs, of what the tests' machine may give: a privileged container has all of them.
RIGHTS = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_NICE", "DAC_READ_SEARCH"]
PROGRAMS = ["/usr:/usr:ro", "/usr/bin:/bin:ro", "/usr/sbin:/sbin:ro", "/usr/lib:/lib:ro", "/usr/lib64:/lib64:ro"]
# The cgroups of the container are there to read only, until somebody says otherwise.
BEGIN = 'for one in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$one" 2>/dev/null; done; exec "$@"'


def machine_of(test, engine, folder, *command):
    """A container that is a machine for runtimes: the node's programs, cgroups of its own that it may write, and `folder` at the same place."""
    made = engine.create(test, ["sh", "-c", BEGIN, "sh", *command], NetworkMode="none", CapAdd=RIGHTS, Tmpfs={"/run": "", "/tmp": ""},
                         SecurityOpt=["seccomp=unconfined", "apparmor=unconfined"], MaskedPaths=[], ReadonlyPaths=[],
                         Binds=[*PROGRAMS, f"{folder}:{folder}"])
    return made.start()


def cgroup_of(pid):
    """Of the hierarchy that counts memory, or the one of cgroup v2."""
    paths = dict(line.split(":", 2)[1:] for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    return paths.get("memory") or paths[""]


def process_of(full_id):
    """The process in the cgroup of that id, as the node counts processes."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if cgroup_of(entry.name).endswith(full_id):
                return int(entry.name)
        except OSError:
            pass
    return None


@unittest.skipIf(os.geteuid() != 0, "only root can start containers")
class NestedRuntimes(unittest.TestCase):
    def setUp(self):
        self.engine = docker_engine.needed()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nodescope-nested-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def look_at(self, service, full_id):
        """Its process, by the node's number."""
        pid = wait_until(lambda: process_of(full_id), "the container's process")
        for spelling in (full_id, full_id[:12]):
            status, _, body = service.process_route("/processor/netInfoCollector", {"id": spelling})
            self.assertEqual(status, 200, body)
            self.assertEqual(json.loads(body)[PID], str(pid))
        status, _, body = service.request("GET", f"/v1/network?container={full_id}&parts=addr")
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        self.assertEqual((answer["target"]["pid"], answer["target"]["resolved_by"]), (pid, "kernel"))
        return pid

    def check(self, service, outer, inner):
        outer_pid = outer.inspect()["State"]["Pid"]
        inner_pid = self.look_at(service, inner)
        path = cgroup_of(inner_pid)
        self.assertIn(outer.id, path)
        self.assertTrue(path.endswith(inner), path)

        status, _, body = service.process_route("/processor/netInfoCollector", {"id": outer.id})
        self.assertEqual((status, json.loads(body)[PID]), (200, str(outer_pid)), "the machine's own id means the machine")

        status, _, body = service.request("GET", "/v1/containers")
        known = {one["id"]: one for one in json.loads(body)["containers"]}
        self.assertEqual((known[outer.id]["name"], known[outer.id]["runtime"]), (outer.name, "docker"))
        self.assertEqual((known[inner]["name"], known[inner]["runtime"], known[inner]["cgroup"]), ("", "", path), "no runtime here knows it")
        self.assertEqual(known[inner]["netns"], os.stat(f"/proc/{inner_pid}/ns/net").st_ino)

        status, _, body = service.request("GET", "/api/v2.0/spec" + path)
        self.assertEqual((status, list(json.loads(body))), (200, [path]))

    def test_docker_in_docker(self):
        socket = self.folder / "docker.sock"
        outer = machine_of(self, self.engine, self.folder, "dockerd", "--host", f"unix://{socket}", "--data-root", str(self.folder / "data"),
                           "--storage-driver", "vfs", "--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
                           "--exec-opt", "native.cgroupdriver=cgroupfs")
        nested = Engine(str(socket))

        def answers():
            try:
                return nested.call("GET", "/version")
            except (OSError, RuntimeError, http.client.HTTPException):
                return None
        wait_until(answers, "the daemon inside")
        saved = subprocess.run(["docker", "--host", self.engine.host, "save", docker_engine.IMAGE], check=True, capture_output=True).stdout
        subprocess.run(["docker", "--host", nested.host, "load"], input=saved, check=True, capture_output=True)
        inner = nested.create(self, ["sleep", "1000"], NetworkMode="none").start()
        with Service("--docker-host", self.engine.host) as service:
            self.check(service, outer, inner.id)

    def test_pods_of_a_containerd_in_a_container(self):
        outer = machine_of(self, self.engine, self.folder, "sleep", "100000")
        with Containerd(folder=self.folder / "containerd", inside=outer.inspect()["State"]["Pid"]) as daemon:
            pod = daemon.pod("web")
            inner = pod.container("app", ["sleep", "1000"])
            with self.subTest("no runtime here knows it"), Service("--docker-host", self.engine.host) as service:
                self.check(service, outer, inner)
                self.assertIn("/kubepods/burstable/pod", cgroup_of(process_of(inner)))
            # It counts processes from 1 on, in its own namespace: the numbers that it says are other processes' here.
            with self.subTest("its own socket"), Service("--docker-host", self.engine.host, "--cri-endpoint", daemon.endpoint) as service:
                pid = process_of(inner)
                self.assertNotEqual(pod.status(inner)[1]["pid"], pid)
                status, _, body = service.process_route("/processor/netInfoCollector", {"id": inner})
                self.assertEqual(status, 200, body)
                answer = json.loads(body)
                self.assertEqual((answer[PID], answer["collector.kubernetes.container.ResolvedBy"]), (str(pid), "kernel"))
                self.assertIn("what containerd says of its process is not so", json.loads(answer["collector.kubernetes.container.Errors"])["runtime"])


if __name__ == "__main__":
    unittest.main()
