"""Processes, mounts and goroutine dumps through the real binary."""

import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support.service import Service

PROCESSES = "collector.system.process.list"
MOUNTS = "collector.system.mountinfo"


class HostCollectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def answer(self, path, service=None):
        status, _, body = (service or self.service).process_route(path)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def processes(self):
        answer = self.answer("/processor/processCollector")
        return {process["pid"]: process for process in json.loads(answer[PROCESSES])}

    def child(self, *command, **more):
        process = subprocess.Popen(command, **more)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_process_is_told_as_it_is(self):
        arguments = ["sleep", "1000", "", "\u00fc \"quoted\"\n"]
        sleeper = self.child("sh", "-c", "echo; exec sleep 1000 infinity", stdout=subprocess.PIPE)
        sleeper.stdout.readline()
        sleeper.stdout.close()
        odd = self.child("/bin/sh", "-c", "kill -STOP $$; : ", *arguments)
        os.waitid(os.P_PID, odd.pid, os.WSTOPPED | os.WNOWAIT)

        found = self.processes()

        told = found[odd.pid]
        self.assertEqual(told["ppid"], os.getpid())
        self.assertEqual(told["tgid"], odd.pid)
        self.assertEqual(told["command"], ["/bin/sh", "-c", "kill -STOP $$; : ", *arguments])
        self.assertEqual(told["status"], "T")
        self.assertEqual(told["nice"], os.getpriority(os.PRIO_PROCESS, odd.pid))
        began = datetime.datetime.fromisoformat(told["createTime"].replace("Z", "+00:00").split(".")[0].removesuffix("+00:00") + "+00:00")
        age = datetime.datetime.now(datetime.timezone.utc) - began
        self.assertLess(abs(age), datetime.timedelta(minutes=5))
        self.assertGreaterEqual(told["cpuPercent"], 0)
        self.assertEqual(set(told["memoryInfo"]), {"rss", "vms", "hwm", "data", "stack", "locked", "swap"})
        status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{odd.pid}/status").read_text().splitlines() if ":\t" in line)
        for key, name in (("vms", "VmSize"), ("data", "VmData"), ("stack", "VmStk"), ("swap", "VmSwap")):
            self.assertEqual(told["memoryInfo"][key], int(status[name].split()[0]) * 1024, key)

    def test_a_zombie_and_the_service_itself_are_there(self):
        zombie = subprocess.Popen(["true"])
        self.addCleanup(zombie.wait)
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        found = self.processes()
        self.assertEqual(found[zombie.pid]["status"], "Z")
        self.assertEqual(found[zombie.pid]["command"], ["[true]"])
        self.assertIn("serve", found[self.service.pid]["command"])

    def test_hostile_arguments_stay_valid_json(self):
        odd = self.child(b"/bin/sh", b"-c", b"kill -STOP $$; :", b"\xff\xfe", b"\x1b[31m\x7f", b"\xed\xa0\x80")
        os.waitid(os.P_PID, odd.pid, os.WSTOPPED | os.WNOWAIT)
        command = self.processes()[odd.pid]["command"]
        self.assertEqual(command[3:5], ["\ufffd\ufffd", "\x1b[31m\x7f"])
        self.assertNotIn("\ud800", command[5])

    def test_processes_that_come_and_go_do_no_harm(self):
        churn = self.child("sh", "-c", "while :; do true & /bin/true; done", stderr=subprocess.DEVNULL)
        for _ in range(10):
            self.assertIn(churn.pid, self.processes())

    def test_mountinfo_is_process_ones(self):
        try:
            expected = pathlib.Path("/proc/1/mountinfo").read_text()
        except PermissionError:
            self.skipTest("this user may not read /proc/1/mountinfo")
        self.assertEqual(self.answer("/processor/mountInfoCollector")[MOUNTS], expected)

    def test_another_root_is_read_instead(self):
        with tempfile.TemporaryDirectory() as root:
            proc = pathlib.Path(root, "proc")
            (proc / "1").mkdir(parents=True)
            (proc / "1" / "mountinfo").write_text("1 1 0:1 / / rw - tmpfs none rw\n")
            (proc / "stat").write_text("btime 1000000000\n")
            (proc / "uptime").write_text("100.00 0.00\n")
            with Service("--root", root) as service:
                self.assertEqual(self.answer("/processor/mountInfoCollector", service)[MOUNTS], "1 1 0:1 / / rw - tmpfs none rw\n")
                self.assertEqual(self.answer("/processor/processCollector", service)[PROCESSES], "[]")

    def test_a_root_without_proc_is_said_to_be_so(self):
        with tempfile.TemporaryDirectory() as root, Service("--root", root, "--local-peer-allow-forwarded") as service:
            for path in ("/processor/processCollector", "/processor/mountInfoCollector"):
                status, _, body = service.process_route(path)
                self.assertEqual(status, 500)
                self.assertIn(f"{root}/proc", body.decode())

    def test_goroutine_dumps_are_off(self):
        for path in ("/processor/dockerdGoroutineCollector", "/processor/containerdGoroutineCollector"):
            status, headers, body = self.service.process_route(path)
            self.assertEqual(status, 422, body)
            self.assertIn("switched off", body.decode())


if __name__ == "__main__":
    unittest.main()
