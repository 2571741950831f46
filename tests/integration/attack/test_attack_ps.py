"""What grows with the paths of cgroups, which whoever has a subtree writes, in the list of processes."""

import concurrent.futures
import json
import os
import unittest

from tests.support.callers import NOBODY
from tests.support.own_cgroup import Cgroup, clear
from tests.support.siege import MIB, Siege

# What one answer may have (server/api/large_answers.hpp).
ANSWER_BYTES = 32 * MIB
AT_ONCE = 4


class AttackWithCgroupPaths(unittest.TestCase):
    """A user forks in a cgroup of its own whose path is as long as the kernel allows, and six times as long in JSON."""

    FORKS = """
import os, signal, sys
os.chdir(sys.argv[1])
for part in range(15):
    os.mkdir(chr(1) * 240)
    os.chdir(chr(1) * 240)
with open("cgroup.procs", "w") as processes:
    processes.write(str(os.getpid()))
for number in range(int(sys.argv[2])):
    if os.fork() == 0:
        signal.pause()
print("begun", flush=True)
signal.pause()
"""
    PROCESSES = 3000

    def test_they_are_no_more_than_an_answer(self):
        group = Cgroup(self)
        for directory in group.directories():
            os.chown(directory, NOBODY, NOBODY)
        directory = group.file("memory", "cgroup.procs").parent
        self.addCleanup(clear, directory)
        with Siege(self) as siege:
            siege.attacker(self.FORKS, directory, self.PROCESSES)
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as askers:
                answers = list(askers.map(lambda _: siege.service.request("GET", "/api/v2.0/ps/"), range(AT_ONCE)))
            for status, headers, body in answers:
                self.assertEqual(status, 200, body[:300])
                self.assertLess(len(body), ANSWER_BYTES)
                self.assertIn("cgroup_paths=", headers["X-Left-Out"])
                self.assertGreater(len(json.loads(body)), self.PROCESSES)
            siege.wait_for_answers()


if __name__ == "__main__":
    unittest.main()
