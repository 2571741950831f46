"""Cgroups without a container runtime: as many containers as a measurement needs, in a second."""

import contextlib
import hashlib
import os
import pathlib
import signal
import time

CGROUP = pathlib.Path("/sys/fs/cgroup")
# Of cgroup v1; where none of them is mounted there is the one hierarchy of v2.
COUNTING = ("cpu", "cpuacct", "memory", "cpuset", "blkio", "pids")
# A cgroup is busy for a moment after its last process has been reaped.
REMOVAL_LIMIT_S = 2


@contextlib.contextmanager
def cgroups(pids):
    """One for each process, named as a runtime names those of containers. The processes end with them."""
    parents = [path for path in (CGROUP / name for name in COUNTING) if path.is_dir()] or [CGROUP]
    made = []
    try:
        for parent in parents:
            top = parent / "nodescope-bench"
            top.mkdir()
            made.append(top)
            for number, pid in enumerate(pids):
                one = top / hashlib.sha256(str(number).encode()).hexdigest()
                one.mkdir()
                made.append(one)
                if parent.name == "cpuset":
                    continue  # It takes no process before it has processors.
                (one / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for path in reversed(made):
            remove(path)


def remove(path):
    end = time.monotonic() + REMOVAL_LIMIT_S
    while True:
        try:
            return path.rmdir()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
