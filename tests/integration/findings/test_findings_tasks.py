"""GET /v1/findings about the tasks of a container that only the kernel knows: a cgroup with its id."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

from tests.support.fake_docker import container_id
from tests.support.network.findings import INTERVAL
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service
from tests.support.waiting import wait_until

# Its children wait uninterruptibly, each for a child of its own that has not come as far as exec(): that opens a pipe which nobody writes to.
WAITING_TASKS = """
import ctypes, os, sys, signal
assert ctypes.CDLL(None).unshare(0x40000000) == 0  # CLONE_NEWNET
for _ in range(%d):
    if os.fork() == 0:
        os.posix_spawn("/bin/true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, %r, os.O_RDONLY, 0)])
print("ready", flush=True)
while True: signal.pause()
"""


class HungTasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.stop)

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("making cgroups needs root")
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.pipe = os.path.join(self.directory.name, "pipe")
        os.mkfifo(self.pipe)
        self.container = container_id(own_container_number())
        self.group = Cgroup(self, f"/{self.container}")

    def processes(self):
        return [int(line) for line in (self.group.directories()[0] / "cgroup.procs").read_text().split()]

    def end(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def states(self):
        states = []
        for pid in self.processes():
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                states.append(stat.read().rsplit(")", 1)[1].split()[0])
        return states

    def start(self, count):
        self.addCleanup(self.end)
        self.group.run(WAITING_TASKS % (count, self.pipe))
        wait_until(lambda: self.states().count("D") == count, "all children wait")

    def answer(self):
        status, _, body = self.service.request("GET", f"/v1/findings?container={self.container}&{INTERVAL}")
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_many_tasks_that_no_signal_reaches(self):
        self.start(11)
        reply = self.answer()
        self.assertNotIn("hung-tasks", reply["not_checked"])
        self.assertEqual([one["rule"] for one in reply["findings"]], ["hung-tasks"], reply)
        found = reply["findings"][0]
        self.assertEqual((found["subject"]["container"]["id"], found["subject"]["ifname"]), (self.container, None))
        # The children, theirs, and the first process.
        self.assertEqual((found["evidence"]["tasks"], found["evidence"]["looked_at"]), (11, 23))
        self.assertIn("python3", found["evidence"]["names"])

    def test_few_tasks_are_no_finding(self):
        self.start(10)
        reply = self.answer()
        self.assertEqual(reply["findings"], [])
        self.assertIn("hung-tasks", reply["checked"])

    def test_frozen_tasks_do_not_hang(self):
        freezer = pathlib.Path("/sys/fs/cgroup/freezer")
        if not freezer.is_dir():
            self.skipTest("no freezer of cgroup v1: on v2 frozen tasks are not in uninterruptible sleep")
        self.start(11)
        frozen = freezer / self.container
        frozen.mkdir()
        self.addCleanup(lambda: wait_until(lambda: self.gone(frozen), "the freezer's cgroup is empty"))
        self.addCleanup(self.end)
        for pid in self.processes():
            (frozen / "cgroup.procs").write_text(str(pid))
        (frozen / "freezer.state").write_text("FROZEN")
        self.addCleanup((frozen / "freezer.state").write_text, "THAWED")
        reply = self.answer()
        self.assertEqual((reply["findings"], reply["not_checked"]["hung-tasks"]), ([], "the container is paused: its tasks are frozen"))

    @staticmethod
    def gone(directory):
        try:
            directory.rmdir()
        except OSError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
