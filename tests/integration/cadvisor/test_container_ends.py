"""What became of containers of a real dockerd, in /metrics after they have gone."""

import unittest

from tests.support import docker_engine
from tests.support.service import Service
from tests.support.waiting import wait_until

ENGINE = docker_engine.from_environment()


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class ContainerEnds(unittest.TestCase):
    def setUp(self):
        self.service = Service("--docker-host", ENGINE.host, "--sample-interval", "250ms", "--sample-idle", "always")
        self.addCleanup(self.service.__exit__, None, None, None)

    def values(self, container):
        """The figures of one container that has ended, by family."""
        found = {}
        for line in self.service.request("GET", "/metrics")[2].decode().splitlines():
            if f'name="{container.name}"' in line and line.startswith(("container_last", "container_oom_killed", "container_finished",
                                                                      "container_restarts")):
                found[line.partition("{")[0]] = float(line.rpartition("} ")[2])
        return found

    def seen(self, container):
        """A container that runs and that the service knows."""
        container.start()
        wait_until(lambda: "container_restarts" in self.values(container), "it is known")
        return container

    def ended(self, container):
        return wait_until(lambda: "container_oom_killed" in (got := self.values(container)) and got, "its end is told")

    def test_the_exit_code(self):
        one = self.seen(ENGINE.create(self, ["sh", "-c", "trap 'exit 3' TERM; sleep 1000 & wait"]))
        ENGINE.call("POST", f"/containers/{one.id}/stop?t=10")
        got = self.ended(one)
        self.assertEqual(got["container_last_exit_code"], 3)
        self.assertEqual(got["container_oom_killed"], 0)
        self.assertEqual(got["container_restarts"], 0)
        self.assertGreater(got["container_finished_time_seconds"], 1.7e9)

    def test_a_kill_for_memory(self):
        one = self.seen(ENGINE.create(self, ["sh", "-c", "sleep 2; exec tail /dev/zero"], Memory=16 << 20, MemorySwap=16 << 20))
        got = self.ended(one)
        self.assertEqual(got["container_last_exit_code"], 137)
        self.assertEqual(got["container_oom_killed"], 1)

    def test_a_sigkill_is_no_kill_for_memory(self):
        one = self.seen(ENGINE.create(self, ["sleep", "1000"]))
        one.stop()
        got = self.ended(one)
        self.assertEqual((got["container_last_exit_code"], got["container_oom_killed"]), (137, 0))

    def test_one_that_was_removed_at_once(self):
        one = self.seen(ENGINE.create(self, ["sleep", "1000"]))
        one.remove()
        got = self.ended(one)
        self.assertIn(got.get("container_last_exit_code"), (None, 137), "nobody may have been left to say it")


if __name__ == "__main__":
    unittest.main()
