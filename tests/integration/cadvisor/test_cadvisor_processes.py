"""cAdvisor's ps through the real binary, beside what ps(1) says."""

import json
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import tempfile
import unittest

from tests.support import docker_engine
from tests.support.node_tools import Asking, lines_of
from tests.support.own_cgroup import Cgroup
from tests.support.service import Service
from tests.support.waiting import wait_until

COLUMNS = ("user", "pid", "ppid", "stime", "pcpu", "pmem", "rss", "vsz", "stat", "time", "comm")


def real_ps(pid):
    """The row of ps(1), by column; the name is the rest of the line."""
    line = lines_of(["ps", "-o", ",".join(f"{column}=" for column in COLUMNS), "-p", str(pid)])[0]
    return dict(zip(COLUMNS, line.split(None, len(COLUMNS) - 1)))


def stat(state, more="", niceness=None):
    """The column STAT of a process that runs as nice as this one, or so nice: the niceness stands behind the state."""
    nice = os.getpriority(os.PRIO_PROCESS, 0) if niceness is None else niceness
    return state + ("N" if nice > 0 else "<" if nice < 0 else "") + more


class Processes(Asking):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def child(self, *command, **more):
        process = subprocess.Popen(command, **more)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def settled(self, *command, **more):
        """A process that has begun and then sleeps: its shell stops itself, and is woken for the command."""
        process = self.child("/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh", *command, **more)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        return process

    def table(self):
        return {process["pid"]: process for process in self.answer("v2.0/ps")}

    def assert_as_ps(self, pid, message=None):
        """All that cannot change between two looks at a process that does nothing."""
        told = self.table()[pid]
        real = real_ps(pid)
        self.assertEqual(told["user"], real["user"], message)
        self.assertEqual((told["pid"], told["parent_pid"]), (int(real["pid"]), int(real["ppid"])), message)
        self.assertEqual(told["start_time"], real["stime"], message)
        self.assertEqual(told["status"], real["stat"], message)
        self.assertEqual(told["running_time"], real["time"], message)
        self.assertEqual((told["rss"], told["virtual_size"]), (int(real["rss"]) * 1024, int(real["vsz"]) * 1024), message)
        self.assertEqual(told["percent_mem"], float(real["pmem"]), message)
        self.assertEqual(told["cmd"], real["comm"], message)
        return told

    def test_sleeping_stopped_and_nice_ones_are_as_ps_tells(self):
        stopped = self.settled("true")
        self.assertEqual(self.assert_as_ps(stopped.pid)["status"], stat("T"))
        nice = self.settled("true", preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, 19))
        self.assertEqual(self.assert_as_ps(nice.pid)["status"], stat("T", niceness=19))
        leader = self.settled("true", start_new_session=True)
        self.assertEqual(self.assert_as_ps(leader.pid)["status"], stat("T", "s"))
        if os.geteuid() == 0:
            urgent = self.settled("true", preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
            self.assertEqual(self.assert_as_ps(urgent.pid)["status"], stat("T", niceness=-5))

    def test_threads_locked_pages_and_a_terminal_show(self):
        program = ("import ctypes, os, signal, threading\n"
                   "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
                   "ctypes.CDLL(None).mlockall(1)\n"
                   "os.kill(os.getpid(), signal.SIGSTOP)\n")
        busy = self.child(sys.executable, "-c", program)
        os.waitid(os.P_PID, busy.pid, os.WSTOPPED | os.WNOWAIT)
        self.assertIn(self.assert_as_ps(busy.pid)["status"], (stat("T", "Ll"), stat("T", "l")))  # pages cannot be locked everywhere

        # setsid makes the terminal ours, in whose foreground the shell then is.
        primary, secondary = os.openpty()
        self.addCleanup(os.close, primary)
        front = self.child("setsid", "--ctty", "/bin/sh", "-c", "kill -STOP $$", stdin=secondary, stdout=secondary, stderr=secondary)
        os.close(secondary)
        wait_until(lambda: real_ps(front.pid)["stat"] == stat("T", "s+"), lambda: real_ps(front.pid))
        self.assert_as_ps(front.pid)

    def test_users_are_the_nodes(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        long_name = next((user for user in pwd.getpwall() if len(user.pw_name) > 8), None)
        unnamed = 3_999_999_999
        for uid in [unnamed, pwd.getpwnam("nobody").pw_uid] + ([long_name.pw_uid] if long_name else []):
            other = self.settled("true", user=uid)
            told = self.assert_as_ps(other.pid)
            if long_name and uid == long_name.pw_uid:
                self.assertEqual(told["user"], long_name.pw_name[:7] + "+")

    def test_cpu_time_adds_up(self):
        program = ("import os, signal, time\n"
                   "while time.process_time() < 1.2: pass\n"
                   "os.kill(os.getpid(), signal.SIGSTOP)\n")
        busy = self.child(sys.executable, "-c", program)
        os.waitid(os.P_PID, busy.pid, os.WSTOPPED | os.WNOWAIT)
        told = self.assert_as_ps(busy.pid)
        self.assertEqual(told["running_time"], "00:00:01")
        self.assertGreater(told["percent_cpu"], 0)
        # It only gets less as the process grows older without working.
        self.assertGreaterEqual(told["percent_cpu"], float(real_ps(busy.pid)["pcpu"]))

    def test_a_name_with_blanks_shifts_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "a b) S 1")
            program.symlink_to("/bin/sh")
            odd = self.child(str(program), "-c", "kill -STOP $$; :")
            os.waitid(os.P_PID, odd.pid, os.WSTOPPED | os.WNOWAIT)
            told = self.table()[odd.pid]
            self.assertEqual((told["cmd"], told["status"], told["parent_pid"]), ("a b) S 1", stat("T"), os.getpid()))

    def test_descriptors_processors_and_cgroups_are_the_kernels(self):
        process = self.settled("true")
        told = self.table()[process.pid]
        self.assertEqual(told["fd_count"], len(os.listdir(f"/proc/{process.pid}/fd")))
        self.assertEqual(told["psr"], int(lines_of(["ps", "-o", "psr=", "-p", str(process.pid)])[0]))
        paths = dict(line.split(":", 2)[1:] for line in pathlib.Path(f"/proc/{process.pid}/cgroup").read_text().splitlines())
        v1 = [path for controllers, path in paths.items() if "memory" in controllers.split(",")]
        self.assertEqual(told["cgroup_path"], v1[0] if v1 else paths[""])

    def test_a_zombie_and_kernel_threads_are_there(self):
        zombie = subprocess.Popen(["true"])
        self.addCleanup(zombie.wait)
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        told = self.table()[zombie.pid]
        self.assertEqual((told["status"], told["cmd"], told["rss"], told["fd_count"]), (stat("Z"), "true", 0, 0))
        kthreadd = pathlib.Path("/proc/2/comm")
        if kthreadd.exists() and kthreadd.read_text() == "kthreadd\n" and os.geteuid() == 0:
            self.assert_as_ps(2)

    def test_all_come_by_number(self):
        pids = [process["pid"] for process in self.answer("v2.1/ps/?recursive=true&count=1")]
        self.assertEqual(pids, sorted(pids))
        self.assertIn(os.getpid(), pids)
        self.assertIn(self.service.pid, pids)

    def test_processes_that_come_and_go_do_no_harm(self):
        churn = self.child("sh", "-c", "while :; do true & /bin/true; done", stderr=subprocess.DEVNULL)
        for _ in range(10):
            self.assertIn(churn.pid, self.table())
        churn.send_signal(signal.SIGKILL)


class ContainerProcesses(Asking):
    """Those of a container, by each of its names."""

    def setUp(self):
        engine = docker_engine.from_environment()
        if engine is None:
            self.skipTest("NODESCOPE_TEST_DOCKER_HOST names no dockerd")
        self.container = engine.create(self, ["sh", "-c", "sleep 1000 & wait"]).start()
        self.init = self.container.inspect()["State"]["Pid"]
        self.service = Service("--docker-host", engine.host)
        self.addCleanup(self.service.__exit__, None, None, None)

    def cgroup(self):
        paths = dict(line.split(":", 2)[1:] for line in pathlib.Path(f"/proc/{self.init}/cgroup").read_text().splitlines())
        v1 = [path for controllers, path in paths.items() if "memory" in controllers.split(",")]
        return v1[0] if v1 else paths[""]

    def test_are_found_by_path_name_and_id(self):
        wait_until(lambda: len(self.answer("v2.0/ps" + self.cgroup())) > 1, "the shell has started its child")
        found = self.answer("v2.0/ps" + self.cgroup())
        self.assertEqual([(one["cmd"], one["cgroup_path"]) for one in found], [("sh", ""), ("sleep", "")])
        self.assertEqual((found[0]["pid"], found[1]["parent_pid"]), (self.init, self.init))
        for name in (self.container.name, self.container.id, self.container.id[:12]):
            again = self.answer(f"v2.1/ps/{name}?type=docker")
            self.assertEqual([one["pid"] for one in again], [one["pid"] for one in found], name)

    def test_those_in_cgroups_below_are_its_own(self):
        group = Cgroup(self)
        below = group.below(self, "init")
        child = below.run("print('there', flush=True); import signal; signal.pause()")
        self.assertEqual([one["pid"] for one in self.answer("v2.0/ps" + group.path)], [child.pid])

    def test_they_are_found_from_a_cgroup_namespace(self):
        group = Cgroup(self)
        paths = " ".join(f"{path}/cgroup.procs" for path in group.directories())
        script = f"for one in {paths}; do echo $$ >$one; done; exec unshare -C \"$@\""
        with Service("--docker-host", "unix:///nonexistent", prefix=["sh", "-c", script, "sh"]) as service:
            status, _, body = service.request("GET", "/api/v2.0/ps" + self.cgroup())
            self.assertEqual(status, 200, body)
            self.assertIn(self.init, [one["pid"] for one in json.loads(body)])

    def test_of_what_is_above_are_none(self):
        self.assertNotIn(self.init, [one["pid"] for one in self.answer("v2.0/ps" + os.path.dirname(self.cgroup()))])

    def test_of_what_is_not_there_are_refused(self):
        self.assertEqual(self.refusal("v2.0/ps/nope"), 'process listing failed: unknown container "/nope"\n')
        self.assertEqual(self.refusal("v2.0/ps/nope?type=docker"), 'process listing failed: unable to find Docker container "nope"\n')


if __name__ == "__main__":
    unittest.main()
