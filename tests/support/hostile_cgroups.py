"""Cgroups that a user of the node makes below one that is its own, as systemd gives each user one. Standard library only."""

import os

from tests.support.callers import NOBODY
from tests.support.own_cgroup import Cgroup, clear

# Below a directory that is its own, with paths as long as the kernel allows.
LONG_PATHS = """
import os, signal, sys
top = os.open(sys.argv[1], os.O_RDONLY)
part = "p" * 240
made = 0
while made < 1500:
    os.chdir(top)
    at = f"{made}" + part[:200]
    for _ in range(15):
        os.mkdir(at)
        os.chdir(at)
        made += 1
        at = part
print("begun", flush=True)
signal.pause()
"""

# More than are shown, each of which takes memory for what is known of it.
MANY_CGROUPS = """
import os, signal, sys
os.chdir(sys.argv[1])
for number in range(9000):
    os.mkdir(str(number))
print("begun", flush=True)
signal.pause()
"""

# Makes and removes cgroups for as long as it may.
COMING_AND_GOING = """
import os, sys
os.chdir(sys.argv[1])
print("begun", flush=True)
number = 0
while True:
    names = [f"{number + more}" + "e" * 240 for more in range(200)]
    number += 200
    for name in names:
        os.mkdir(name)
    for name in names:
        os.rmdir(name)
"""


def handed_over(test):
    """The directory of a cgroup that is uid 65534's own. It goes with all below it when the test ends."""
    group = Cgroup(test)
    for directory in group.directories():
        os.chown(directory, NOBODY, NOBODY)
    directory = group.file("memory", "cgroup.procs").parent
    test.addCleanup(clear, directory)
    return directory
