"""How much this machine can do at a time."""

import os
import pathlib

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
