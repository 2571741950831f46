"""GET /v1/findings itself: which rules are asked, what is cut, what failures look like, and whose finding it is."""

import json
import os
import subprocess
import unittest

from tests.support.network.docker_case import DockerCase
from tests.support.network.findings import CHECKED, INTERVAL, RULES, UNCHECKED, FindingsCase, add_dual_container
from tests.support.service import Service
from tests.support.waiting import wait_until


class FindingsOfTheRoute(FindingsCase):
    """The answer itself."""

    def test_the_rules(self):
        reply = json.loads(self.service.request("GET", "/v1/findings/rules")[2])
        self.assertEqual([one["rule"] for one in reply["rules"]], RULES)
        for one in reply["rules"]:
            self.assertEqual(list(one), ["rule", "severity", "means", "hint", "enabled"])
            self.assertTrue(one["enabled"])

    def test_rules_that_are_switched_off(self):
        ns = self.zoo.add("off")
        ns.ip_batch(["link set lo up", "link set lo down"])
        with Service("--finding-off", "link-down", "--finding-off", "unused-table") as service:
            reply = self.answer(f"pid={ns.pid}", service)
            self.assertEqual(reply["findings"], [])
            self.assertEqual(reply["checked"], [name for name in CHECKED if name not in ("link-down", "unused-table")])
            self.assertEqual(list(reply["not_checked"]), ["link-down", "unused-table", *UNCHECKED])
            self.assertIn("--finding-off", reply["not_checked"]["link-down"])
            rules = json.loads(service.request("GET", "/v1/findings/rules")[2])["rules"]
            self.assertEqual([one["rule"] for one in rules if not one["enabled"]], ["link-down", "unused-table"])

    def test_only_what_weighs_enough(self):
        ns = add_dual_container(self.zoo, "several", self.node, 2)
        ns.ip_batch(["route del default", "route add 192.0.2.0/24 via 10.240.0.1 table 77", "link set lo down"])
        for least, rules in (("info", ["link-down", "no-default-route", "unused-table"]), ("warning", ["link-down", "no-default-route"]),
                             ("error", ["link-down"])):
            with self.subTest(least):
                reply = self.answer(f"pid={ns.pid}&severity={least}")
                self.assertEqual([one["rule"] for one in reply["findings"]], rules)
        self.assertNotIn("unused-table", reply["checked"])

    def test_failures(self):
        for query, status in (("", 400), ("pid=1&node", 400), ("pid=x", 400), (f"pid={os.getpid()}&severity=loud", 400),
                              (f"pid={os.getpid()}&parts=addr", 400), ("pid=4194303", 404),
                              (f"pid={os.getpid()}&interval=11s", 400), ("pid=4194303&interval=1ms", 404)):
            with self.subTest(query):
                got, _, body = self.service.request("GET", f"/v1/findings?{query}")
                self.assertEqual(got, status, body)
                self.assertEqual(list(json.loads(body)["error"]), ["kind", "message"])
        self.assertEqual(self.service.request("POST", "/v1/findings?node")[0], 405)

    def test_many_findings_are_cut(self):
        ns = self.zoo.add("many")
        ns.ip("link set lo up")
        ns.ip_batch(f"route add 192.0.2.0/24 dev lo table {1000 + i}" for i in range(300))
        reply = self.answer(f"pid={ns.pid}")
        self.assertEqual([one["rule"] for one in reply["findings"]], ["unused-table"] * 100)
        self.assertEqual(reply["notes"], {"unused-table": "cut after 100 findings: there are 200 more"})
        with Service("--max-reply", "8KiB") as service:
            status, _, body = service.request("GET", f"/v1/findings?pid={ns.pid}&{INTERVAL}")
            self.assertEqual(status, 200)
            self.assertLessEqual(len(body), 8192)
            reply = json.loads(body)
            self.assertEqual(reply["notes"]["findings"], f"cut after {len(reply['findings'])} of 100 findings: the answer would be too long")
            self.assertGreater(len(reply["findings"]), 5)

    def test_hostile_names_are_data(self):
        ns = self.zoo.add("hostile")
        ns.run("ip", "link", "add", 'x";\x1b[31m', "type", "veth", "peer", "name", "other")
        ns.run("ip", "addr", "add", "10.0.0.1/24", "dev", 'x";\x1b[31m')
        self.assertEqual([one["subject"]["ifname"] for one in self.look(ns)], ['x";\x1b[31m'])

    def test_more_routes_than_are_read(self):
        ns = self.zoo.add("large")
        ns.add_many_routes(21000)
        reply = self.answer(f"pid={ns.pid}")
        self.assertEqual(reply["findings"], [])
        self.assertEqual(reply["checked"], [
            "link-down", "peer-down", "peer-unattached", "bridge-down", "no-carrier", "duplicate-address", "duplicate-mac", "mtu-mismatch",
            "bridge-nf-off", "two-iptables-backends", *CHECKED[CHECKED.index("conntrack-full"):]])
        self.assertEqual(reply["not_checked"]["no-default-route"], "routes: cut after 20000 routes: there are more")

    def test_as_a_processor(self):
        ns = self.zoo.add("diagnosed")
        ns.ip("link set lo up")
        ns.ip_batch(f"route add 192.0.2.0/24 dev lo table {1000 + i}" for i in range(50))
        expected = self.answer(f"pid={ns.pid}")
        self.assertEqual(len(expected["findings"]), 50)
        for spelling in ("networkDiagnoser", "networkdiagnoser"):
            status, _, body = self.service.process_route(f"/processor/{spelling}", {"pid": str(ns.pid), "task.name": "t"})
            self.assertEqual(status, 200, body)
            reply = json.loads(body)
            self.assertEqual(list(reply), ["collector.kubernetes.network.findings"])
            self.assertEqual(json.loads(reply["collector.kubernetes.network.findings"]), expected)
        status, headers, body = self.service.process_route("/processor/networkDiagnoser", {})
        self.assertEqual((status, headers["Content-Type"]), (500, "text/plain; charset=utf-8"))
        self.assertTrue(body.startswith(b"network findings: the body names no target"), body)
        with Service("--max-reply", "8KiB") as service:
            status, _, body = service.process_route("/processor/networkDiagnoser", {"pid": str(ns.pid)})
            self.assertEqual(status, 200, body)
            self.assertLessEqual(len(body), 8192)
            reply = json.loads(json.loads(body)["collector.kubernetes.network.findings"])
            self.assertGreater(len(reply["findings"]), 5)
            self.assertIn("the answer would be too long", reply["notes"]["findings"])

    def test_nothing_changes(self):
        ns = add_dual_container(self.zoo, "untouched", self.node, 2)

        def has_all_addresses():
            # The kernel adds them, their own and those of IPv6 to the table, in its own time.
            known = [one["local"] for link in json.loads(ns.run("ip", "-j", "-6", "addr")) for one in link["addr_info"]]
            routes = json.loads(ns.run("ip", "-j", "-6", "route", "show", "table", "local", "type", "local"))
            return any(one.startswith("fe80:") for one in known) and set(known) == {one["dst"] for one in routes}

        wait_until(has_all_addresses, "the addresses of the container")

        def state():
            return [ns.run("ip", *command.split()) for command in ("route show table all", "neigh", "rule", "-6 rule", "nexthop", "-o link")]

        before = state()
        self.look(ns)
        self.assertEqual(state(), before)


class FindingsOfContainers(DockerCase):
    """A real Docker: its networks are healthy, and what is broken in a container is said to be its own."""

    def answer(self, container):
        return self.findings(f"container={container.name}&{INTERVAL}")

    def test_networks_of_docker(self):
        network = self.engine.call("POST", "/networks/create", {"Name": f"findings-{os.getpid()}"})["Id"]
        self.addCleanup(self.engine.call, "DELETE", f"/networks/{network}")
        for mode in ("bridge", "none", network):
            with self.subTest(mode):
                container = self.engine.create(self, ["sleep", "100000"], NetworkMode=mode).start()
                reply = self.answer(container)
                self.assertEqual((reply["findings"], reply["not_checked"]), ([], {}))

    def test_the_network_of_the_node(self):
        container = self.engine.create(self, ["sleep", "100000"], NetworkMode="host").start()
        reply = self.answer(container)
        # A machine may well have a gateway that does not answer.
        unanswered = {(one["dst"], one["dev"]) for one in json.loads(subprocess.run(["ip", "-j", "neigh"], stdout=subprocess.PIPE, check=True).stdout)
                      if {"FAILED", "INCOMPLETE"} & set(one["state"])}
        for one in reply["findings"]:
            self.assertEqual(one["rule"], "gateway-unanswered")
            self.assertIn((one["evidence"]["gateway"], one["subject"]["ifname"]), unanswered)
            # What is wrong with the node is not the container's.
            self.assertIsNone(one["subject"]["container"])
        self.assertEqual(reply["not_checked"], {})

    def test_a_broken_container(self):
        container = self.engine.create(self, ["sleep", "100000"]).start()
        subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "link", "set", "eth0", "down"], check=True)
        found = self.answer(container)["findings"]
        self.assertEqual([one["rule"] for one in found], ["link-down"])
        self.assertEqual(found[0]["subject"]["container"], {"id": container.id, "name": container.name, "runtime": "docker"})

    def test_a_broken_container_as_a_processor(self):
        container = self.engine.create(self, ["sleep", "100000"]).start()
        subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "link", "set", "lo", "down"], check=True)
        status, _, body = self.service.process_route("/processor/networkDiagnoser", {"id": container.name})
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(json.loads(body)["collector.kubernetes.network.findings"]), self.answer(container))

    def test_the_end_on_the_node(self):
        container = self.engine.create(self, ["sleep", "100000"]).start()
        inside = ["nsenter", f"--net=/proc/{container.pid}/ns/net"]
        index = json.loads(subprocess.run([*inside, "ip", "-j", "link", "show", "eth0"], stdout=subprocess.PIPE, check=True).stdout)[0]["link_index"]
        links = json.loads(subprocess.run(["ip", "-j", "link"], stdout=subprocess.PIPE, check=True).stdout)
        end = next(one["ifname"] for one in links if one["ifindex"] == index)

        subprocess.run([*inside, "ip", "link", "set", "eth0", "mtu", "1400"], check=True)
        found = self.answer(container)["findings"]
        self.assertEqual([one["rule"] for one in found], ["mtu-mismatch"], found)
        self.assertEqual(found[0]["evidence"], {"mtu": 1400, "other": end, "other_mtu": 1500, "other_is": "the other end"})
        subprocess.run([*inside, "ip", "link", "set", "eth0", "mtu", "1500"], check=True)
        self.assertEqual(self.answer(container)["findings"], [])

        subprocess.run(["ip", "link", "set", end, "down"], check=True)
        found = self.answer(container)["findings"]
        self.assertEqual([one["rule"] for one in found], ["peer-down"], found)
        self.assertEqual((found[0]["subject"]["ifname"], found[0]["evidence"]["peer"]), ("eth0", end))

    def test_what_is_wrong_on_the_node_is_about_the_node(self):
        network = self.engine.call("POST", "/networks/create", {"Name": f"forwarding-{os.getpid()}"})["Id"]
        self.addCleanup(self.engine.call, "DELETE", f"/networks/{network}")
        container = self.engine.create(self, ["sleep", "100000"], NetworkMode=network).start()
        bridge = f"br-{network[:12]}"
        with open(f"/proc/sys/net/ipv4/conf/{bridge}/forwarding", "w", encoding="ascii") as setting:
            setting.write("0")
        found = self.answer(container)["findings"]
        self.assertEqual([one["rule"] for one in found], ["forwarding-off"], found)
        self.assertEqual(found[0]["subject"], {"netns": os.stat("/proc/self/ns/net").st_ino, "ifname": bridge, "container": None})
        self.assertEqual(found[0]["evidence"], {"family": "IPv4", "setting": f"net.ipv4.conf.{bridge}.forwarding", "bridge": bridge})

    def test_two_containers_with_one_hardware_address(self):
        first, second = (self.engine.create(self, ["sleep", "100000"]).start() for _ in range(2))
        self.assertEqual(self.answer(second)["findings"], [])
        address = json.loads(subprocess.run(["nsenter", f"--net=/proc/{second.pid}/ns/net", "ip", "-j", "link", "show", "eth0"],
                                            stdout=subprocess.PIPE, check=True).stdout)[0]["address"]
        subprocess.run(["nsenter", f"--net=/proc/{first.pid}/ns/net", "ip", "link", "set", "eth0", "address", address], check=True)
        found = self.answer(first)["findings"]
        self.assertEqual([one["rule"] for one in found], ["duplicate-mac"], found)
        self.assertEqual(found[0]["subject"]["container"]["id"], first.id)
        for one in (first, second):
            self.assertIn(f"eth0 of the container {one.name}", found[0]["evidence"]["links"])

    def test_what_cannot_answer(self):
        container = self.engine.create(self, ["true"])
        status, _, body = self.service.request("GET", f"/v1/findings?container={container.id}")
        self.assertEqual((status, json.loads(body)["error"]["kind"]), (409, "conflict"))
        self.assertEqual(self.service.request("GET", "/v1/findings?container=nobody-has-this-name")[0], 404)


if __name__ == "__main__":
    unittest.main()
