"""The part `peers` of /v1/network: which link is whose other end, as `ip -j link` says on both sides."""

import json
import os
import subprocess
import unittest

from tests.support import docker_engine
from tests.support import namespace_zoo as zoo_module
from tests.support.service import Service

FOREVER = ["sleep", "100000"]


def links_of(pid):
    """By index, as the real tool has them."""
    shown = subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-j", "-d", "link"], stdout=subprocess.PIPE, check=True).stdout
    return {link["ifindex"]: link for link in json.loads(shown)}


class Peers(zoo_module.ZooCase):
    maxDiff = None


    def peers(self, service, query):
        status, _, body = service.request("GET", f"/v1/network?{query}&parts=peers")
        self.assertEqual(status, 200, body)
        reply = json.loads(body)
        self.assertEqual(reply["errors"], {})
        return {peer["ifname"]: peer for peer in reply["peers"]}

    def test_other_ends_in_the_same_namespace(self):
        ns, other = self.zoo.add("same"), self.zoo.add("other")
        ns.ip_batch(["link add v0 type veth peer name v1", "link add br0 type bridge", "link set v1 master br0", "link add mv link v0 type macvlan",
                     f"link add far type veth peer name near netns {other.pid}"])
        links = {link["ifname"]: link for link in links_of(ns.pid).values()}
        with Service() as service:
            peers = self.peers(service, f"pid={ns.pid}")
        self.assertEqual(set(peers), {"v0", "v1", "mv", "far"})
        for name, end, master in (("v0", "v1", "br0"), ("v1", "v0", None), ("mv", "v0", None)):
            self.assertEqual(peers[name], {
                "ifname": name, "ifindex": links[name]["ifindex"], "netns": "other", "container": None, "peer_ifname": end,
                "peer_ifindex": links[end]["ifindex"], "master": master})
        # Nobody knows whose that namespace is.
        self.assertEqual(peers["far"], {"ifname": "far", "ifindex": links["far"]["ifindex"], "netns": "other", "container": None, "peer_ifname": None,
                                        "peer_ifindex": links["far"]["link_index"], "master": None})

    def test_the_node_and_whoever_runs_on_it(self):
        # The service runs in a namespace that stands for the node's.
        node = zoo_module.add_node(self.zoo)
        containers = [zoo_module.add_container(self.zoo, f"c{i}", node, i) for i in (2, 3)]
        with Service(prefix=("nsenter", f"--net=/proc/{node.pid}/ns/net")) as service:
            answers = [self.through(service, node, f"pid={container.pid}") for container in containers]
        if os.access("/proc/1/ns/net", os.R_OK):
            # Then the machine's own namespace is the node's, and ours is just another.
            self.assertTrue(all(answer["eth0"]["netns"] == "other" for answer in answers))
            return
        for index, (container, answer) in enumerate(zip(containers, answers), start=2):
            own, outside = links_of(container.pid), links_of(node.pid)
            peer = answer["eth0"]
            end = outside[peer["peer_ifindex"]]
            self.assertEqual((peer["netns"], peer["peer_ifname"], peer["master"]), ("node", f"veth{index}", "br0"))
            self.assertEqual((end["ifname"], end["master"], end["link_index"]), (f"veth{index}", "br0", peer["ifindex"]))
            self.assertEqual(own[peer["ifindex"]]["link_index"], peer["peer_ifindex"])

    def through(self, service, node, query):
        """The answer of a service that listens on another namespace's loopback."""
        shown = node.run("python3", "-c", (
            "import sys,urllib.request;"
            f"sys.stdout.write(urllib.request.urlopen('http://127.0.0.1:{service.port}/v1/network?{query}&parts=peers').read().decode())"))
        return {peer["ifname"]: peer for peer in json.loads(shown)["peers"]}


class PeersOfContainers(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = docker_engine.needed()

    def test_a_port_of_the_engines_bridge(self):
        container = self.engine.create(self, FOREVER).start()
        with Service("--docker-host", self.engine.host) as service:
            status, _, body = service.request("GET", f"/v1/network?container={container.name}&parts=peers")
        self.assertEqual(status, 200, body)
        [peer] = json.loads(body)["peers"]
        [end] = [link for link in links_of(os.getpid()).values() if link["ifindex"] == peer["peer_ifindex"]]
        self.assertEqual(peer, {"ifname": "eth0", "ifindex": end["link_index"], "netns": "node", "container": None, "peer_ifname": end["ifname"],
                                "peer_ifindex": end["ifindex"], "master": end["master"]})

    def test_a_container_that_was_found_before(self):
        # Two containers with a pair between them: the one is found by looking at those that are known.
        first, second = (self.engine.create(self, FOREVER).start() for _ in range(2))
        subprocess.run(["nsenter", f"--net=/proc/{first.pid}/ns/net", "ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns",
                        str(second.pid)], check=True)
        with Service("--docker-host", self.engine.host) as service:

            def peers(container):
                status, _, body = service.request("GET", f"/v1/network?container={container.id}&parts=peers")
                self.assertEqual(status, 200, body)
                return {peer["ifname"]: peer for peer in json.loads(body)["peers"]}

            before = peers(first)
            self.assertEqual((before["here"]["netns"], before["here"]["peer_ifname"]), ("other", None))
            self.assertEqual(peers(second)["there"]["container"], {"id": first.id, "name": first.name, "runtime": "docker"})
            found = peers(first)["here"]
        own, other = links_of(first.pid), links_of(second.pid)
        self.assertEqual(found, {
            "ifname": "here", "ifindex": found["ifindex"], "netns": "container", "container": {"id": second.id, "name": second.name, "runtime": "docker"},
            "peer_ifname": "there", "peer_ifindex": own[found["ifindex"]]["link_index"], "master": None})
        self.assertEqual(other[found["peer_ifindex"]]["ifname"], "there")


if __name__ == "__main__":
    unittest.main()
