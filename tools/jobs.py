"""How much this machine can do at a time."""

import os
import pathlib
import re
import subprocess

# What g++ needs for eight files read as one, and clang-tidy for sixteen: 0.4 to 0.7 GB. Where there is less for each, they wait for the disk.
COMPILER_KIB = 700 << 10


def available_kib():
    """What the kernel could still give, by its own estimate."""
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


def at_a_time(kib=COMPILER_KIB):
    """How many of what needs so much memory; at least 1, and no more than processors. ninja's own choice is two more, which then push each other
    out of the cache: a quarter of the time is lost."""
    return max(1, min(len(os.sched_getaffinity(0)), available_kib() // kib))


# Below this the kernel kills programs, whichever they are, to go on.
LAST_KIB = 96 << 10
WAITS = re.compile(r"unregister_netdevice: waiting for (\S+) to become free")


def why_no_more():
    """A reason to begin no test, or None: memory that no program holds, and that nothing but a restart frees."""
    left = available_kib()
    if left >= LAST_KIB:
        return None
    waits = WAITS.findall(subprocess.run(["dmesg"], capture_output=True, text=True, errors="replace", check=False).stdout)
    if not waits:
        return None
    return f"{left >> 10} MiB are left, and the kernel frees no network namespace of any test before this one: it waits for {waits[-1]!r} to become free"
