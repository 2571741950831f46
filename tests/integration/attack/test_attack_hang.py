"""What a container without a right can make hang or grow: it costs the answers about itself."""

import json
import unittest

from tests.support.siege import HEALTH, MACHINE, Question, Siege

LIST = "collector.system.process.list"
PROCESSES = "/processor/processCollector"

# Holds the lock of its own memory: one thread fills page tables for as long as it likes, a second asks for memory, and who comes after
# the second waits, the readers of /proc/PID/cmdline among them.
LOCKED = """
import ctypes, mmap, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
size, noreserve, populate_read, no_huge_pages, dont_need = 64 << 30, 0x4000, 22, 15, 4
at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | noreserve, -1, 0)
assert libc.madvise(at, size, no_huge_pages) == 0
def fill():
    while True:
        assert libc.madvise(at, size, populate_read) == 0
        libc.madvise(at, size, dont_need)
def ask():
    while True:
        libc.munmap(libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0), 4096)
print("begun", flush=True)
for work in (fill, ask):
    threading.Thread(target=work).start()
"""

# As many processes as it may have, each with an argument as long as an argument may be.
LONG_ARGUMENTS = """
import os, signal, sys
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        signal.pause()
print("begun", flush=True)
signal.pause()
"""
FORKS = 2300
LONGEST_ARGUMENT = 131_000


class AttackByHanging(unittest.TestCase):
    def processes(self, siege):
        status, _, body = siege.service.process_route(PROCESSES)
        self.assertEqual(status, 200, body[:300])
        answer = json.loads(body)
        return {process["pid"]: process for process in json.loads(answer[LIST])}, answer.get(LIST + ".truncated")

    def state(self, siege):
        # Not /metrics, which would begin to sample containers and keep their files open.
        return json.loads(siege.service.request("GET", "/status")[2])

    def test_processes_that_lock_their_memory_cost_their_own_command_lines(self):
        # Root asks for the list all the while, and gets it.
        lists = Question("POST", PROCESSES, right=lambda body: LIST in json.loads(body))
        with Siege(self, questions=(HEALTH, MACHINE, lists)) as siege:
            attackers = [siege.attacker(LOCKED) for _ in range(2)]

            def hung():
                # An answer may be one that root has begun to ask for before.
                found, _ = self.processes(siege)
                return all("commandError" in found.get(each.pid, ()) for each in attackers)

            siege.until(hung, "command lines that hang")
            siege.wait_for_answers()
            found, truncated = self.processes(siege)
            self.assertIsNone(truncated)
            for each in attackers:
                self.assertEqual(found[each.pid]["command"], ["[python3]"])
            self.assertIn("serve", found[siege.service.pid]["command"])
            self.assertNotIn("commandError", found[siege.service.pid])
            state = self.state(siege)
            self.assertEqual(state["kernelReads"]["hanging"], 0)
            # Not one for each list.
            self.assertLess(state["processLists"]["readersKilled"], 20)

    def test_endless_arguments_take_no_more_than_an_answer(self):
        with Siege(self) as siege:
            siege.attacker(LONG_ARGUMENTS, FORKS, "x" * LONGEST_ARGUMENT)
            for _ in range(3):
                found, truncated = self.processes(siege)
                self.assertIn("serve", found[siege.service.pid]["command"])
                self.assertTrue(truncated or len(found) > FORKS, f"{len(found)} processes")
                longest = max(len(argument) for process in found.values() for argument in process["command"])
                self.assertLessEqual(longest, 4096)
            siege.wait_for_answers()


if __name__ == "__main__":
    unittest.main()
