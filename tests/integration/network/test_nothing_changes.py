"""Whoever is asked about a network leaves everything in it as it was: filters, neighbours, connections, modules, settings, counters."""

import json
import sys
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network import parts as network_parts
from tests.support.network.everything import all_parts, ask_everything, modules, state_of
from tests.support.network.own_node import OwnNode
from tests.support.service import Service
from tests.support.waiting import wait_until

# Without IPv6 on its links, and without snooping of its bridge, the kernel sends nothing by itself.
FULL = """
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 10.0.0.1/24 dev v0
ip -6 route add 2001:db8:1::/48 dev lo
ip route add 10.1.0.0/16 via 10.0.0.9
ip route add default via 10.0.0.254
ip rule add pref 100 from 10.0.0.0/8 table 77
ip nexthop add id 10 via 10.0.0.7 dev v0
ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent
ip neigh add 10.0.0.10 lladdr 02:00:00:00:00:0a dev v0 nud stale
ip neigh add 10.0.0.11 lladdr 02:00:00:00:00:0b dev v0 nud reachable extern_learn
ip neigh add proxy 10.0.0.12 dev v0
ip link add br0 type bridge mcast_snooping 0
ip link add p0 type veth peer name p1
ip link set p0 master br0
ip link set p0 up
ip link set p1 up
ip link set br0 up
bridge fdb add 02:00:00:00:00:01 dev v1 self || true
tc qdisc replace dev v0 root handle 1: htb default 12
nft add table inet t
nft 'add chain inet t in { type filter hook input priority 0; }'
nft add rule inet t in ct state new counter accept
nft add table ip asleep '{ flags dormant; }'
iptables-nft -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to 10.0.0.9
iptables-legacy -A INPUT -p tcp --dport 80 -j ACCEPT 2>/dev/null || true
"""
TRAFFIC = """
import socket
listener = socket.socket(); listener.bind(("127.0.0.1", 8080)); listener.listen(1)
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(2)]
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); datagrams.bind(("127.0.0.1", 53))
"""


def is_settled(namespace):
    return all(link["operstate"] == "UP" for link in json.loads(namespace.run("ip", "-j", "link")) if link["ifname"] != "lo")


class NothingChanges(zoo_module.ZooCase):
    maxDiff = None

    def check(self, service, target, *namespaces, to="10.0.0.77"):
        """`to` is an address on a link, for which there is no neighbour entry."""
        # The kernel says a while later how links are.
        wait_until(lambda: all(is_settled(one) for one in namespaces), "the states of links are settled")
        before = [state_of(one) for one in namespaces]
        for _ in range(3):
            network, _ = ask_everything(self, service, target, to)
        for one, was in zip(namespaces, before):
            now = state_of(one)
            for command, shown in was.items():
                self.assertEqual(now[command], shown, f"{one.name}: {command}")
        return network, before

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if modules() is None:
            print("\nthis kernel has no modules: that none is loaded cannot be seen here", file=sys.stderr)

    def test_where_nothing_is(self):
        bare = self.zoo.add("bare")
        service = self.enterContext(Service())
        network, before = self.check(service, f"pid={bare.pid}", bare)
        self.assertEqual(before[0]["nft -a list ruleset"], [])
        self.assertEqual(set(network), {"target", "errors", "notes", *all_parts(service)} - set(network["errors"]))
        self.assertEqual(network["errors"], {})

    def test_where_everything_is(self):
        full = self.zoo.add("full")
        full.run("sh", "-ec", FULL)
        service = self.enterContext(Service())
        with network_parts.Program(full, TRAFFIC):
            network, before = self.check(service, f"pid={full.pid}", full)
        self.assertEqual(network["errors"], {})
        for command, wanted in (("nft -a list ruleset", "counter"), ("ip -j neigh show nud all", "10.0.0.10"), ("ss -Htuanp", "8080"), ("connections", "dport=8080"),
                                ("ip -j neigh show proxy", "10.0.0.12"), ("tc -j qdisc", "htb")):
            # Without connection tracking there are none.
            if command != "connections" or network["conntrack"] is not None:
                self.assertIn(wanted, "\n".join(before[0][command]), command)

    def test_the_node_of_a_container(self):
        own = OwnNode(self.zoo)
        node = own.network
        for namespace in (node, own.router):
            for scope in ("all", "default"):
                namespace.sysctl(f"net/ipv6/conf/{scope}/disable_ipv6", 1)
        node.ip_batch(["link add br0 type bridge mcast_snooping 0", "addr add 10.240.0.1/16 dev br0", "link set br0 up"])
        pod = zoo_module.add_container(self.zoo, "pod", node, 2)
        pod.sysctl("net/ipv6/conf/all/disable_ipv6", 1)
        node.run("nft", "-f", "-", stdin=b"add table ip t\nadd chain ip t f { type filter hook forward priority 0; policy drop; }\n")
        service = own.start_service(self)
        self.check(service, f"pid={pod.pid}", pod, node, own.router, to="10.240.0.99")
        self.check(service, "node", node, own.router, to="198.51.100.99")


if __name__ == "__main__":
    unittest.main()
