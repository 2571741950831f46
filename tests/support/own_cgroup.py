"""A cgroup of a test's own, in every hierarchy that counts something: made with mkdir, no runtime knows it. Removed with the test.

    group = Cgroup(test)                      # /nodescope-test-<pid>-<n>
    child = group.run("while True: pass")     # a Python program that starts once it is inside
    group.number("memory", "memory.usage_in_bytes")
"""

import errno
import itertools
import os
import pathlib
import signal
import subprocess
import sys

from tests.support.waiting import wait_until

_numbers = itertools.count()
# What a container of any runtime has a directory in.
_COUNTING = ("cpu", "cpuacct", "memory", "pids", "blkio")


def hierarchies():
    """controller -> mount point. One entry "" on cgroup v2."""
    found = {}
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ")[:3]
        mount = pathlib.Path(before.split(" ")[4])
        if kind == "cgroup":
            for option in options.split(","):
                if option in _COUNTING:
                    found.setdefault(option, mount)
        elif kind == "cgroup2" and mount == pathlib.Path("/sys/fs/cgroup"):
            return {"": mount}
    return found


def own_container_number():
    """For fake_docker's container_id(): a number no other test has, for ids that name a cgroup of the node, which all tests share."""
    return os.getpid() * 1000 + next(_numbers)


def clear(directory):
    """Removes what others have made below. Cgroups are busy until their processes have been reaped, by whoever inherited them."""
    for _, folders, _, descriptor in os.fwalk(directory, topdown=False):
        for folder in folders:
            wait_until(lambda at=descriptor, name=folder: _removed(name, at), f"{directory}: no process left below it")


def _removed(name, at):
    try:
        os.rmdir(name, dir_fd=at)
    except OSError as why:
        if why.errno != errno.EBUSY:
            raise
        return False
    return True


class Cgroup:
    def __init__(self, test, path=None):
        self.path = path or f"/nodescope-test-{os.getpid()}-{next(_numbers)}"
        self._mounts = hierarchies()
        if not self._mounts:
            test.skipTest("no cgroups are mounted here")
        self._children = []
        test.addCleanup(self.remove)
        try:
            self.make()
        except OSError as why:
            test.skipTest(f"no cgroup can be made here: {why}")

    @property
    def v2(self):
        return "" in self._mounts

    def directories(self):
        return sorted({mount / self.path.lstrip("/") for mount in self._mounts.values()})

    def make(self):
        for directory in self.directories():
            # A test of this name that was killed may have left it; while there are processes in it, it stays.
            if directory.exists():
                directory.rmdir()
            directory.mkdir()

    def below(self, test, name):
        return Cgroup(test, f"{self.path}/{name}")

    def file(self, controller, name):
        return self._mounts.get(controller, self._mounts.get("")) / self.path.lstrip("/") / name

    def number(self, controller, name):
        return int(self.file(controller, name).read_text())

    def run(self, program):
        """Runs Python in the cgroup; it prints a line when it has done what it has to, which is waited for."""
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.readline()\n" + program], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self._children.append(child)
        for directory in self.directories():
            (directory / "cgroup.procs").write_text(str(child.pid))
        child.stdin.write("go\n")
        child.stdin.flush()
        assert child.stdout.readline(), "the program in the cgroup ended early"
        return child

    def end_children(self):
        for child in self._children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdin.close()
            child.stdout.close()
        self._children.clear()

    def remove(self):
        self.end_children()
        for directory in self.directories():
            # Busy for a moment after its last process has been reaped.
            for _ in range(1000):
                try:
                    directory.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:
                    os.sched_yield()
                    continue
                break
