"""What grows at the will of others (labels, interfaces, cgroups, events) costs what it says of itself, and no more."""

import concurrent.futures
import json
import pathlib
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.hostile_cgroups import COMING_AND_GOING, LONG_PATHS, handed_over
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.siege import MIB, Siege

# What one answer may have (server/api/large_answers.hpp).
ANSWER_BYTES = 32 * MIB
AT_ONCE = 12

# In a network of its own, as the container of a user who may make interfaces.
MANY_INTERFACES = """
import ctypes, subprocess
assert ctypes.CDLL(None).unshare(0x40000000) == 0
subprocess.run(["ip", "-batch", "-"], input="".join(f"link add a{number} type veth peer name b{number}\\n" for number in range(151)), text=True, check=True)
print("begun", flush=True)
sys.stdin.readline()
"""


class AttackWithSeries(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-budgets-")
        self.addCleanup(folder.cleanup)
        self.daemon = self.enterContext(FakeDocker(pathlib.Path(folder.name) / "docker.sock"))

    def siege(self, **more):
        # Files that are opened for sampling are closed when nobody asks any more.
        return Siege(self, "--docker-host", f"unix://{self.daemon.path}", "--sample-idle", "1s", **more)

    def scrape(self, siege, path="/metrics"):
        """Many at once; one text of those that were answered."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as askers:
            answers = list(askers.map(lambda _: siege.service.request("GET", path), range(AT_ONCE)))
        for status, headers, body in answers:
            self.assertTrue(status == 200 or status == 503 and "Retry-After" in headers, (status, headers, body[:300]))
            self.assertLess(len(body), ANSWER_BYTES)
        return next(body.decode() for status, _, body in answers if status == 200)

    def test_labels_times_interfaces_are_no_more_than_an_answer(self):
        number = own_container_number()
        group = Cgroup(self, f"/{container_id(number)}")
        child = group.run(MANY_INTERFACES)
        known = inspection(number, "attacker", pid=child.pid)
        known["Config"]["Labels"] = {"big": "x" * 60_000, **{f"l{one}": "y" * 15_000 for one in range(3)}}
        self.daemon.inspections[container_id(number)] = known
        with self.siege() as siege:
            for _ in range(3):
                text = self.scrape(siege)
            mine = [line for line in text.splitlines() if f'id="/{container_id(number)}"' in line and "receive_bytes_total{" in line]
            self.assertEqual(len(mine), 64)
            self.assertNotIn("xxxxxxxx", text)
            self.assertIn('nodescope_scrape_left_out{what="interfaces"} 238\n', text)
            for kind in ("stats", "spec"):
                self.scrape(siege, f"/api/v2.0/{kind}?recursive=true")
            siege.wait_for_answers()

    def test_cgroups_with_long_paths_are_no_more_than_an_answer(self):
        directory = handed_over(self)
        with self.siege() as siege:
            siege.attacker(LONG_PATHS, directory)
            for path in ("/metrics", "/api/v2.0/stats?recursive=true", "/api/v2.0/spec?recursive=true", "/api/v2.0/summary?recursive=true",
                         "/metrics"):
                text = self.scrape(siege, path)
            self.assertIn('container_memory_usage_bytes{id="/",', text)
            siege.wait_for_answers()

    def test_events_of_cgroups_that_come_and_go_have_a_budget(self):
        directory = handed_over(self)
        events = "/api/v2.0/events?all_events=true&subcontainers=true&max_events="
        with self.siege() as siege:
            siege.attacker(COMING_AND_GOING, directory)

            def dropped():
                # The sampling goes on while somebody asks.
                self.assertEqual(siege.service.request("GET", events + "1")[0], 200)
                return json.loads(siege.service.request("GET", "/status")[2])["leftOut"]["events"] > 0

            siege.until(dropped, "events that are dropped", 120)
            for _ in range(3):
                self.scrape(siege, events + "-1")
            siege.wait_for_answers()


if __name__ == "__main__":
    unittest.main()
