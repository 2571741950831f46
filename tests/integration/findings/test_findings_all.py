"""GET /v1/findings?all: the node and all running containers in one answer, each network once. Others may run containers on this machine,
so only what is said of the test's own is looked at."""

import json
import subprocess
import unittest

from tests.support.network.docker_case import DockerCase
from tests.support.network.findings import RULES
from tests.support.service import Service

MEMBERS = ["findings", "checked", "not_checked", "networks", "containers", "not_checked_in", "not_looked_at", "notes"]


def break_loopback(container):
    subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "link", "set", "lo", "down"], check=True)


class FindingsOfAll(DockerCase):
    def answer(self, query="all", service=None):
        reply = self.findings(query, service)
        self.assertEqual(list(reply), MEMBERS)
        return reply

    @staticmethod
    def of(reply, *containers):
        ids = {one.id for one in containers}
        return [one for one in reply["findings"] if (one["subject"]["container"] or {}).get("id") in ids]

    def test_healthy_and_broken_ones(self):
        broken, healthy = self.container(), self.container()
        break_loopback(broken)
        reply = self.answer()
        (found,) = self.of(reply, broken, healthy)
        self.assertEqual((found["rule"], found["subject"]["ifname"]), ("link-down", "lo"))
        self.assertEqual(found["subject"]["container"], {"id": broken.id, "name": broken.name, "runtime": "docker"})
        one = json.loads(self.service.request("GET", f"/v1/findings?container={broken.name}")[2])
        self.assertEqual(one["findings"], [found])
        self.assertGreaterEqual(reply["containers"], 2)
        self.assertGreaterEqual(reply["networks"], 3)
        self.assertEqual(sorted([*reply["checked"], *reply["not_checked"]]), sorted(RULES))
        weights = [("error", "warning", "info").index(each["severity"]) for each in reply["findings"]]
        self.assertEqual(weights, sorted(weights))

    def test_what_is_on_the_nodes_side_is_as_for_each_alone(self):
        """The node's side is read once for all of them."""
        first, second, unharmed = self.container(), self.container(), self.container()
        for one in (first, second):
            subprocess.run(["nsenter", f"--net=/proc/{one.pid}/ns/net", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:77"], check=True)
        # Twice: whose the other ends are is known of containers that were asked about before.
        alone = [self.findings(f"container={one.name}")["findings"] for one in 2 * (first, second, unharmed)][3:]
        self.assertEqual([[one["rule"] for one in each] for each in alone], [["duplicate-mac"], ["duplicate-mac"], []])
        self.assertEqual(sorted(self.of(self.answer(), first, second, unharmed), key=lambda one: one["subject"]["container"]["id"]),
                         sorted(alone[0] + alone[1], key=lambda one: one["subject"]["container"]["id"]))

    def test_a_network_that_several_share_is_told_once(self):
        first = self.container()
        second = self.container(NetworkMode=f"container:{first.id}")
        break_loopback(second)
        found = self.of(self.answer(), first, second)
        self.assertEqual([one["rule"] for one in found], ["link-down"])

    def test_what_is_in_the_network_of_the_node_is_the_nodes(self):
        host = self.container(NetworkMode="host")
        reply = self.answer()
        self.assertEqual(self.of(reply, host), [])
        own = json.loads(self.service.request("GET", "/v1/findings?node")[2])
        netns = [one["subject"]["netns"] for one in own["findings"]]
        told = [one for one in reply["findings"] if one["subject"]["netns"] in netns]
        self.assertTrue(all(one["subject"]["container"] is None for one in told))

    def test_a_container_that_came_or_went_since_the_last_look(self):
        first = self.container()
        break_loopback(first)
        self.assertEqual(len(self.of(self.answer(), first)), 1)
        second = self.container()
        break_loopback(second)
        self.assertEqual(len(self.of(self.answer(), first, second)), 2)
        self.engine.call("POST", f"/containers/{first.id}/kill")
        self.engine.call("POST", f"/containers/{first.id}/wait")
        reply = self.answer()
        self.assertEqual([one["subject"]["container"]["id"] for one in self.of(reply, first, second)], [second.id])
        self.assertNotIn(first.id, [(one["container"] or {}).get("id") for one in reply["not_looked_at"]])

    def test_without_a_runtime(self):
        container = self.container()
        break_loopback(container)
        with Service("--docker-host", "unix:///nonexistent/docker.sock") as service:
            (found,) = self.of(self.answer("all", service), container)
            self.assertEqual((found["rule"], found["subject"]["container"]["name"]), ("link-down", ""))

    def test_only_what_weighs_enough_and_rules_that_are_off(self):
        container = self.container()
        inside = ["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip"]
        subprocess.run([*inside, "route", "add", "192.0.2.0/24", "dev", "lo", "table", "77"], check=True)
        self.assertEqual([one["rule"] for one in self.of(self.answer(), container)], ["unused-table"])
        self.assertEqual(self.of(self.answer("all&severity=warning"), container), [])
        with Service("--docker-host", self.engine.host, "--finding-off", "unused-table") as service:
            reply = self.answer("all", service)
            self.assertEqual(self.of(reply, container), [])
            self.assertEqual(reply["not_checked"]["unused-table"], "switched off: --finding-off")
            self.assertFalse(any("unused-table" in one["not_checked"] for one in reply["not_checked_in"]))

    def test_a_network_in_which_less_could_be_looked_at(self):
        container = self.container()
        lines = "".join(f"route add 10.{i // 250 % 250}.{i % 250}.0/24 dev lo table {1000 + i // 62500}\n" for i in range(21000))
        subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "-batch", "-"], input=lines.encode(), check=True)
        reply = self.answer()
        self.assertNotIn("no-default-route", reply["checked"])
        self.assertIn("networks; in the first of them: ", reply["not_checked"]["no-default-route"])
        (own,) = [one for one in reply["not_checked_in"] if (one["container"] or {}).get("id") == container.id]
        self.assertEqual(own["not_checked"]["no-default-route"], "routes: cut after 20000 routes: there are more")
        self.assertNotIn("link-down", own["not_checked"])

    def test_a_bounded_answer(self):
        container = self.container()
        inside = ["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "-batch", "-"]
        lines = "".join(f"route add 192.0.2.0/24 dev lo table {1000 + i}\n" for i in range(90))
        subprocess.run(inside, input=lines.encode(), check=True)
        with Service("--docker-host", self.engine.host, "--max-reply", "8KiB") as service:
            status, _, body = service.request("GET", "/v1/findings?all")
            self.assertEqual(status, 200, body)
            self.assertLessEqual(len(body), 8192)
            reply = json.loads(body)
            self.assertRegex(reply["notes"]["findings"], rf"^cut after {len(reply['findings'])} of \d+ findings: the answer would be too long$")

    def test_wrong_questions(self):
        for query in ("all=1", "all&node", "all&pid=1", "all&container=web", "all&severity=loud", "all&all"):
            with self.subTest(query):
                self.assertEqual(self.service.request("GET", f"/v1/findings?{query}")[0], 400)


if __name__ == "__main__":
    unittest.main()
