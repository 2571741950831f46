"""GET /v1/topology: every link as `ip -j -d` has it in its namespace, and the edges that the links of both sides say."""

import json
import os
import subprocess
import unittest

from tests.support import docker_engine
from tests.support import namespace_zoo as zoo_module
from tests.support.service import Service

FOREVER = ["sleep", "100000"]
NAMED = f"topo{os.getpid()}"


def inode_of(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino


def shown_by_ip(pid):
    """As /v1/topology shows links: what `ip` says, in the same words."""
    shown = json.loads(subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-j", "-d", "addr"], stdout=subprocess.PIPE, check=True).stdout)
    return [{
        "netns": inode_of(pid), "ifindex": link["ifindex"], "ifname": link["ifname"], "kind": link.get("linkinfo", {}).get("info_kind"),
        "state": link["operstate"], "address": link.get("address"),
        "addresses": [f"{one['local']}/{one['prefixlen']}" for one in link["addr_info"]], "mtu": link["mtu"], "master": link.get("master"),
    } for link in shown]


class Answer:
    def __init__(self, body):
        self.all = json.loads(body)
        self.namespaces = {one["netns"]: one for one in self.all["namespaces"]}
        self._links = {(one["netns"], one["ifindex"]): one for one in self.all["links"]}

    def links_of(self, inode):
        return [one for one in self.all["links"] if one["netns"] == inode]

    def edges(self, *inodes):
        """(kind, (netns, name), (netns, name)) of those with an end in one of these namespaces."""
        def end(of):
            return of["netns"], self._links[(of["netns"], of["ifindex"])]["ifname"]
        return {(one["kind"], end(one["from"]), end(one["to"])) for one in self.all["edges"]
                if one["from"]["netns"] in inodes or one["to"]["netns"] in inodes}


def pair(one, other):
    """Which of the two comes first is not said by what they are."""
    return {("veth", one, other), ("veth", other, one)}


class TopologyCase(zoo_module.ZooCase):
    maxDiff = None

    def look(self, service):
        status, headers, body = service.request("GET", "/v1/topology")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"), body)
        return Answer(body)

    def name(self, namespace, name):
        subprocess.run(["ip", "netns", "attach", name, str(namespace.pid)], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "delete", name], check=False)

    def assert_as_ip_says(self, answer, *pids):
        for pid in pids:
            self.assertEqual(answer.links_of(inode_of(pid)), shown_by_ip(pid))


class NamedNamespaces(TopologyCase):
    """Namespaces that have names are shown whoever runs in them, and whatever the node's is."""

    def test_links_of_every_kind_and_their_edges(self):
        node, far = self.zoo.add("a"), self.zoo.add("b")
        self.name(node, f"{NAMED}a")
        self.name(far, f"{NAMED}b")
        node.ip_batch([
            "link set lo up", "link add br0 type bridge", f"link add v1 type veth peer name eth0 netns {far.pid}", "link set v1 master br0 up",
            "link set br0 up", "addr add 10.9.0.1/24 dev br0", "addr add 2001:db8:9::1/64 dev br0 nodad", "link add d0 type veth peer name d1",
            "link set d0 up", "link set d1 up"])
        far.ip_batch(["link set eth0 up", "addr add 10.9.0.2/24 dev eth0"])
        expected = {("bridge_port", (inode_of(node.pid), "v1"), (inode_of(node.pid), "br0"))}
        lower = {"vlan5": "link d0 name vlan5 type vlan id 5", "mac0": "link d0 name mac0 type macvlan mode bridge",
                 "vx0": "name vx0 type vxlan id 77 dev d0 remote 10.9.9.9 dstport 4789", "far0": f"link d0 name far0 netns {far.pid} type macvlan",
                 "tun4": "name tun4 type ipip local 10.9.0.1 remote 10.9.0.2 dev d0"}
        for name, what in lower.items():
            if self.zoo.try_ip(node, name, f"link add {what}"):
                owner = far if name == "far0" else node
                expected.add(("lower", (inode_of(owner.pid), name), (inode_of(node.pid), "d0")))
        if self.zoo.try_ip(node, "bond", "link add bond0 type bond"):
            node.ip_batch(["link add p0 type veth peer name p1", "link set p0 master bond0"])
            expected.add(("lower", (inode_of(node.pid), "bond0"), (inode_of(node.pid), "p0")))
        for name, namespace, ends in (("t0", node, "local 10.9.0.1 remote 10.9.0.2"), ("t1", far, "local 10.9.0.2 remote 10.9.0.1")):
            self.zoo.try_ip(namespace, "gre", f"link add {name} type gre {ends} key 7")
        if "gre" not in self.zoo.missing:
            expected.add(("tunnel", (inode_of(node.pid), "t0"), (inode_of(far.pid), "t1")))
        self.assertGreater(len(expected), 3)
        with Service() as service:
            answer = self.look(service)
        self.assert_as_ip_says(answer, node.pid, far.pid)
        found = answer.edges(inode_of(node.pid), inode_of(far.pid))
        for one, other in (((inode_of(node.pid), "v1"), (inode_of(far.pid), "eth0")), ((inode_of(node.pid), "d0"), (inode_of(node.pid), "d1"))):
            self.assertEqual(len(found & pair(one, other)), 1, found)
            found -= pair(one, other)
        # Directions of tunnels follow the places of their namespaces.
        found = {("tunnel", *sorted(edge[1:], key=lambda end: end[1])) if edge[0] == "tunnel" else edge for edge in found}
        self.assertEqual(found, expected)
        for namespace, name in ((node, f"{NAMED}a"), (far, f"{NAMED}b")):
            shown = answer.namespaces[inode_of(namespace.pid)]
            self.assertEqual(shown, {"netns": inode_of(namespace.pid), "kind": "named", "containers": [], "name": name})

    def test_two_names_and_what_is_none(self):
        one = self.zoo.add("one")
        for name in (f"{NAMED}x", f"{NAMED}y"):
            self.name(one, name)
        strange = f"/run/netns/{NAMED}strange"
        os.mkfifo(strange)
        self.addCleanup(os.unlink, strange)
        with Service() as service:
            answer = self.look(service)
        self.assertEqual([shown["netns"] for shown in answer.all["namespaces"]].count(inode_of(one.pid)), 1)
        self.assertIn(answer.namespaces[inode_of(one.pid)]["name"], (f"{NAMED}x", f"{NAMED}y"))

    def test_whoever_a_link_leads_to(self):
        # Of the three only the first has a name; the second is found because of a link, and the third because of the second.
        first, second, third = (self.zoo.add(name) for name in ("first", "second", "third"))
        alone = self.zoo.add("alone")
        self.name(first, NAMED)
        zoo_module.veth(first, "to2", second, "to1")
        zoo_module.veth(second, "to3", third, "to2")
        with Service() as service:
            answer = self.look(service)
        for namespace in (second, third):
            self.assertEqual(answer.namespaces[inode_of(namespace.pid)]["kind"], "other")
        self.assertNotIn(inode_of(alone.pid), answer.namespaces)
        self.assert_as_ip_says(answer, first.pid, second.pid, third.pid)
        found = answer.edges(inode_of(second.pid))
        self.assertEqual(len(found), 2, found)
        self.assertTrue(found & pair((inode_of(first.pid), "to2"), (inode_of(second.pid), "to1")))
        self.assertTrue(found & pair((inode_of(second.pid), "to3"), (inode_of(third.pid), "to2")))

    def test_a_namespace_that_only_a_descriptor_holds(self):
        # No process is in it and it has no name: the edge is missing, and that is said.
        first, hidden = self.zoo.add("first"), self.zoo.add("hidden")
        self.name(first, NAMED)
        zoo_module.veth(first, "gone", hidden, "eth0")
        held = os.open(f"/proc/{hidden.pid}/ns/net", os.O_RDONLY)
        self.addCleanup(os.close, held)
        inode = os.fstat(held).st_ino
        hidden.close()
        with Service() as service:
            answer = self.look(service)
        self.assert_as_ip_says(answer, first.pid)
        self.assertNotIn(inode, answer.namespaces)
        self.assertEqual(answer.edges(inode_of(first.pid)), set())
        self.assertRegex(answer.all["notes"]["edges"], "[1-9][0-9]* left out: the other end is in a network namespace that nobody knows")

    def test_nothing_changes(self):
        one, other = self.zoo.add("one"), self.zoo.add("other")
        self.name(one, NAMED)
        zoo_module.veth(one, "va", other, "vb")
        state = ("sh", "-c", "ip -j -d link; ip -j -d addr; ip -j neigh; ip -j route show table all; nft list ruleset; ip netns list-id; true")
        before = [namespace.run(*state) for namespace in (one, other)]
        with Service() as service:
            self.look(service)
        self.assertEqual([namespace.run(*state) for namespace in (one, other)], before)

    def test_requests_that_are_none(self):
        with Service() as service:
            status, _, body = service.request("GET", "/v1/topology?node")
            self.assertEqual((status, json.loads(body)["error"]["kind"]), (400, "invalid"))
            self.assertEqual(service.request("POST", "/v1/topology", body="{}")[0], 405)
            self.assertEqual(service.request("HEAD", "/v1/topology")[0], 200)


class TheNode(TopologyCase):
    def test_comes_first_with_what_is_wired_to_it(self):
        node = zoo_module.add_node(self.zoo)
        containers = [zoo_module.add_container(self.zoo, f"c{i}", node, i) for i in (2, 3)]
        self.name(node, NAMED)
        with zoo_module.inside(node), Service() as service:
            answer = self.look(service)
        # Where process 1 may be looked at, the machine's own namespace is the node's, and ours is just another.
        seen = os.access("/proc/1/ns/net", os.R_OK)
        shown = answer.namespaces[inode_of(node.pid)]
        self.assertEqual((shown["kind"], shown["name"]), ("named" if seen else "node", NAMED))
        self.assertEqual(answer.all["namespaces"][0]["kind"], "node")
        self.assert_as_ip_says(answer, node.pid, *(container.pid for container in containers))
        for index, container in enumerate(containers, 2):
            self.assertEqual(answer.edges(inode_of(container.pid)),
                             {("veth", (inode_of(node.pid), f"veth{index}"), (inode_of(container.pid), "eth0"))})


class Containers(TopologyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = docker_engine.needed()

    def test_are_named_and_wired_to_their_bridge(self):
        one, other = (self.engine.create(self, FOREVER).start() for _ in range(2))
        shares = self.engine.create(self, FOREVER, NetworkMode=f"container:{one.id}").start()
        on_node = self.engine.create(self, FOREVER, NetworkMode="host").start()
        subprocess.run(["nsenter", f"--net=/proc/{one.pid}/ns/net", "ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns",
                        str(other.pid)], check=True)
        with Service("--docker-host", self.engine.host) as service:
            answer = self.look(service)
        node = answer.all["namespaces"][0]
        self.assertEqual((node["kind"], node["netns"]), ("node", inode_of(os.getpid())))
        self.assertIn({"id": on_node.id, "name": on_node.name, "runtime": "docker", "pod": None}, node["containers"])
        shown = answer.namespaces[inode_of(one.pid)]
        self.assertEqual(shown["kind"], "container")
        self.assertEqual(shown["containers"], [{"id": of.id, "name": of.name, "runtime": "docker", "pod": None}
                                               for of in sorted((one, shares), key=lambda each: each.id)])
        self.assert_as_ip_says(answer, one.pid, other.pid)
        found = answer.edges(inode_of(one.pid))
        self.assertTrue(found & pair((inode_of(one.pid), "here"), (inode_of(other.pid), "there")), found)
        [(_, (where, port), end)] = [edge for edge in found if "here" not in (edge[1][1], edge[2][1])]
        self.assertEqual((where, end), (node["netns"], (inode_of(one.pid), "eth0")))
        [link] = [each for each in answer.links_of(node["netns"]) if each["ifname"] == port]
        self.assertIn(("bridge_port", (node["netns"], port), (node["netns"], link["master"])), answer.edges(node["netns"]))

    def test_without_a_runtime_have_only_their_ids(self):
        container = self.engine.create(self, FOREVER).start()
        with Service("--docker-host", "unix:///nonexistent/docker.sock") as service:
            answer = self.look(service)
        shown = answer.namespaces[inode_of(container.pid)]
        self.assertEqual([(of["id"], of["name"]) for of in shown["containers"]], [(container.id, "")])
        self.assertIn("have only their ids", answer.all["notes"]["containers"])
        self.assert_as_ip_says(answer, container.pid)

    def test_in_metrics(self):
        container = self.engine.create(self, FOREVER).start()
        family = "container_network_node_interface_info"
        with Service("--docker-host", self.engine.host) as service:
            self.assertNotIn(family, service.request("GET", "/metrics")[2].decode())
        with Service("--docker-host", self.engine.host, "--metrics-network") as service:
            text = service.request("GET", "/metrics")[2].decode()
            answer = self.look(service)
        [line] = [each for each in text.splitlines() if each.startswith(family + "{") and container.id in each]
        [(_, (where, port), _)] = answer.edges(inode_of(container.pid))
        [link] = [each for each in answer.links_of(where) if each["ifname"] == port]
        for label, value in (("interface", "eth0"), ("node_interface", port), ("node_bridge", link["master"]), ("name", container.name)):
            self.assertIn(f'{label}="{value}"', line)
        self.assertIn("nodescope_network_scrape_error 0", text)


if __name__ == "__main__":
    unittest.main()
