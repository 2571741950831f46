"""Whose network figures are shown: those of the node once, with containers of a real dockerd on its network."""

import json
import unittest

from tests.support import docker_engine
from tests.support.service import Service
from tests.support.waiting import wait_until

ENGINE = docker_engine.from_environment()
FAMILY = "container_network_receive_bytes_total"


@unittest.skipUnless(ENGINE, "NODESCOPE_TEST_DOCKER_HOST names no dockerd")
class HostNetwork(unittest.TestCase):
    def setUp(self):
        self.on_node = ENGINE.create(self, ["sleep", "1000"], NetworkMode="host").start()
        # On it without being told so by name.
        self.joined = ENGINE.create(self, ["sleep", "1000"], NetworkMode=f"container:{self.on_node.id}").start()
        self.own = ENGINE.create(self, ["sleep", "1000"]).start()
        service = Service("--docker-host", ENGINE.host)
        self.addCleanup(service.__exit__, None, None, None)
        self.service = service

    def get(self, path):
        status, _, body = self.service.request("GET", path)
        self.assertEqual(status, 200, body)
        return body.decode()

    def named(self, family):
        lines = [line for line in self.get("/metrics").splitlines() if line.startswith(family + "{")]
        return {line.split('name="')[1].split('"')[0] for line in lines}

    def test_the_node_has_its_figures_and_no_container_on_its_network_has(self):
        mine = {self.on_node.name, self.joined.name, self.own.name}
        wait_until(lambda: mine <= self.named("container_memory_usage_bytes"), "all are measured")
        shown = self.named(FAMILY)
        self.assertEqual(shown & mine, {self.own.name})
        self.assertIn("", shown, "those of / are the node's")

    def test_spec_and_stats_say_the_same(self):
        for container, has in ((self.on_node, False), (self.own, True)):
            wait_until(lambda: container.name in self.named("container_memory_usage_bytes"), "it is measured")
            (spec,) = json.loads(self.get(f"/api/v2.0/spec/{container.name}?type=docker")).values()
            self.assertEqual(spec["has_network"], has)
            (stats,) = json.loads(self.get(f"/api/v2.1/stats/{container.name}?type=docker&count=1&max_age=0s")).values()
            self.assertEqual("network" in stats["stats"][0], has)


if __name__ == "__main__":
    unittest.main()
