"""A container whose first process leaves its network for one of its own making shows the real one all the same."""

import ctypes
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests.support import docker_engine
from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service
from tests.support.waiting import wait_until

PATH = "/processor/netInfoCollector"
KEY = "collector.kubernetes.container."
MS_BIND = 4096

# REAL and DECOY are addresses of the loopback interface.
# The kernel gives each network a number, of which each processor has batches of 4,096: only of one batch they tell which is older.
COOKIE = """
import socket, sys
def cookie():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        return int.from_bytes(one.getsockopt(socket.SOL_SOCKET, 71, 8), sys.byteorder) - 1
"""
PRELUDE = f"PROCESSORS = {sorted(os.sched_getaffinity(0))}\n" + COOKIE + """
import ctypes, os, signal, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def unshare(processor):
    os.sched_setaffinity(0, {processor})
    assert libc.unshare(0x40000000) == 0
def network(address, processor=PROCESSORS[0]):
    unshare(processor)
    subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
def begin_batch():
    # So that there is room for all networks of a test, and for those of tests that run beside it.
    unshare(PROCESSORS[0])
    while cookie() % 4096 > 3896:
        unshare(PROCESSORS[0])
def child(enter=lambda: None):
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        enter()
        os.write(done, b"x")
        signal.pause()
    os.read(ready, 1)
    return pid
REAL, DECOY = "192.0.2.1/32", "192.0.2.66/32"
begin_batch()
network(REAL)
"""
LEAVE = PRELUDE + "left = child(); network(DECOY); print(left, flush=True); sys.stdin.readline()"
LEAVE_BY_ANOTHER_PROCESSOR = PRELUDE + "left = child(); network(DECOY, PROCESSORS[-1]); print(left, flush=True); sys.stdin.readline()"
# Most of the container is where the decoy is.
LEAVE_WITH_MANY = PRELUDE + "left = child(); network(DECOY); [child() for _ in range(5)]; print(left, flush=True); sys.stdin.readline()"
# As a service with PrivateNetwork= in a container does.
SEND_OTHERS = PRELUDE + "left = [child(lambda: network(DECOY)) for _ in range(3)]; print(left[0], flush=True); sys.stdin.readline()"
STAY = PRELUDE + "left = child(); print(left, flush=True); sys.stdin.readline()"
GO_ALONE = PRELUDE + "print(0, flush=True); sys.stdin.readline(); network(DECOY); print(0, flush=True); sys.stdin.readline()"


def batch_of(pid):
    asked = subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-c", COOKIE + "print(cookie() // 4096)"], check=True,
                           stdout=subprocess.PIPE, text=True)
    return int(asked.stdout)


class AttackByADecoyNetwork(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-")))
        self.docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        self.number = own_container_number()
        self.known_id = container_id(self.number)
        self.group = Cgroup(self, f"/{self.known_id}")

    def container(self, program):
        first = self.group.run(program)
        self.addCleanup(self.end_all)
        self.known = inspection(self.number, "web", pid=first.pid)
        self.docker.inspections = {self.known_id: self.known}
        return first

    def end_all(self):
        procs = self.group.file("memory", "cgroup.procs")
        for pid in procs.read_text().split():
            os.kill(int(pid), 9)

    def others(self, first):
        return [int(pid) for pid in self.group.file("memory", "cgroup.procs").read_text().split() if int(pid) != first.pid]

    def mounted(self, pid):
        """The file on which a runtime mounts the namespace, told to nobody."""
        key = self.folder / f"netns-{pid}"
        key.touch()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(f"/proc/{pid}/ns/net".encode(), str(key).encode(), None, MS_BIND, None) != 0:
            self.skipTest(f"cannot mount: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(libc.umount2, str(key).encode(), 2)
        inode = os.stat(f"/proc/{pid}/ns/net").st_ino
        self.assertIn(f" net:[{inode}] ", pathlib.Path("/proc/1/mountinfo").read_text(), "process 1 sees what is mounted here")
        return str(key)

    def set_up_by_docker(self, pid):
        self.known["NetworkSettings"] = {"SandboxKey": self.mounted(pid)}

    def answer(self):
        with Service("--docker-host", f"unix://{self.docker.path}") as service:
            status, _, body = service.process_route(PATH, {"id": self.known_id})
        self.assertEqual(status, 200, body[:300])
        return json.loads(body)

    def shows(self, answer, address, pid):
        self.assertIn(f"inet {address}/32", answer[KEY + "ipaddr"])
        self.assertEqual(answer[KEY + "NetNamespace"], str(os.stat(f"/proc/{pid}/ns/net").st_ino))
        return json.loads(answer.get(KEY + "Errors", "{}")).get("NetNamespace")

    def test_what_the_runtime_set_up_is_shown(self):
        first = self.container(LEAVE_WITH_MANY)
        left = min(self.others(first))
        self.set_up_by_docker(left)
        said = self.shows(self.answer(), "192.0.2.1", left)
        self.assertEqual(said, f"the container's first process ({first.pid}) has left the network that docker set up, which is shown: "
                               f"processes {left}")

    def test_what_it_had_first_is_shown_where_no_runtime_tells(self):
        first = self.container(LEAVE)
        left, = self.others(first)
        said = self.shows(self.answer(), "192.0.2.1", left)
        self.assertEqual(said, f"the container's processes are in 2 networks: the first that it had is shown (processes {left}), its first "
                               f"process ({first.pid}) is in another")

    def test_without_a_proof_that_of_its_first_process_is_shown(self):
        first = self.container(LEAVE_BY_ANOTHER_PROCESSOR)
        left, = self.others(first)
        if batch_of(left) == batch_of(first.pid):
            # There is one processor, or this kernel numbers all networks in order.
            self.assertIsNotNone(self.shows(self.answer(), "192.0.2.1", left))
            return
        said = self.shows(self.answer(), "192.0.2.66", first.pid)
        self.assertEqual(said, "the container's processes are in 2 networks, and which it had first is not known: that of its first "
                               f"({first.pid}) is shown, in others are {left}")

    def test_what_is_mounted_on_the_node_was_set_up_by_it(self):
        first = self.container(LEAVE_BY_ANOTHER_PROCESSOR)
        left, = self.others(first)
        self.mounted(left)
        said = self.shows(self.answer(), "192.0.2.1", left)
        self.assertEqual(said, f"the container's first process ({first.pid}) has left the network that a runtime of the node set up, which "
                               f"is shown: processes {left}")

    def test_of_two_that_are_mounted_neither_is_proved(self):
        first = self.container(LEAVE)
        left, = self.others(first)
        self.mounted(left)
        self.mounted(first.pid)
        self.assertIn("the first that it had is shown", self.shows(self.answer(), "192.0.2.1", left))

    def test_many_in_the_decoy_make_it_no_better(self):
        first = self.container(LEAVE_WITH_MANY)
        left = min(self.others(first))
        self.assertIsNotNone(self.shows(self.answer(), "192.0.2.1", left))

    def test_who_sends_others_away_keeps_its_network(self):
        first = self.container(SEND_OTHERS)
        said = self.shows(self.answer(), "192.0.2.1", first.pid)
        self.assertTrue(said.startswith(f"the container's processes are in 4 networks: that of its first ({first.pid}) is shown, in others are "), said)
        key = self.mounted(first.pid)
        self.assertIsNone(self.shows(self.answer(), "192.0.2.1", first.pid), "a mount proves it")
        self.known["NetworkSettings"] = {"SandboxKey": key}
        self.assertIsNone(self.shows(self.answer(), "192.0.2.1", first.pid), "the runtime proves it")

    def test_where_nobody_is_left_it_is_said(self):
        first = self.container(GO_ALONE)
        self.set_up_by_docker(first.pid)
        first.stdin.write("leave\n")
        first.stdin.flush()
        first.stdout.readline()
        said = self.shows(self.answer(), "192.0.2.66", first.pid)
        self.assertEqual(said, f"not the network that docker set up: the container's first process ({first.pid}) has left it, and no other "
                               "is in it")

    def test_nothing_is_said_of_a_container_in_one_network(self):
        first = self.container(STAY)
        without = self.answer()
        self.assertIsNone(self.shows(without, "192.0.2.1", first.pid))
        self.set_up_by_docker(first.pid)
        self.assertEqual(self.answer(), without)


class AttackByADecoyNetworkOfDocker(unittest.TestCase):
    def test_a_container_without_seccomp_shows_its_network(self):
        engine = docker_engine.from_environment()
        if engine is None:
            self.skipTest("NODESCOPE_TEST_DOCKER_HOST names no Docker daemon")
        container = engine.create(self, ["sh", "-c", "sleep 1000 & exec unshare -n sh -c 'echo away; exec sleep 1000'"],
                                  SecurityOpt=["seccomp=unconfined"], CapAdd=["SYS_ADMIN"]).start()
        honest = engine.create(self, ["sleep", "1000"]).start()
        key = container.inspect()["NetworkSettings"]["SandboxKey"]
        real = str(os.stat(key).st_ino)

        def away():
            return str(os.stat(f"/proc/{container.pid}/ns/net").st_ino) != real
        wait_until(away, "its first process has left")
        with Service("--docker-host", engine.host) as service:
            answers = [json.loads(service.process_route(PATH, {"id": one.id})[2]) for one in (container, honest)]
        address = container.inspect()["NetworkSettings"]["IPAddress"]
        self.assertIn(f"inet {address}/", answers[0][KEY + "ipaddr"])
        self.assertEqual(answers[0][KEY + "NetNamespace"], real)
        self.assertIn("has left the network that docker set up", json.loads(answers[0][KEY + "Errors"])["NetNamespace"])
        self.assertNotIn("NetNamespace", answers[1].get(KEY + "Errors", ""))


if __name__ == "__main__":
    unittest.main()
