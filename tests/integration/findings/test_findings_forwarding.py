"""GET /v1/findings about where containers are connected: the service runs in a namespace that plays the node, and is asked of the node and of
what is connected to it."""

import json
import os
import shutil
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.findings import CHECKED, INTERVAL, UNCHECKED, add_dual_container, add_forwarding_node
from tests.support.service import Service

# As Docker 20.10 writes them for its bridge, here br0.
DOCKER = """*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 10.240.0.0/16 ! -o br0 -j MASQUERADE
-A DOCKER -i br0 -j RETURN
COMMIT
*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o br0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br0 -j DOCKER
-A FORWARD -i br0 ! -o br0 -j ACCEPT
-A FORWARD -i br0 -o br0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i br0 ! -o br0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o br0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
"""
PLAIN_DROP = """
table inet fw {
 chain passing {
  type filter hook forward priority 0; policy drop;
  ct state established,related accept
  iifname "other0" accept
 }
}
"""


class NodeCase(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for tool in ("nft", "iptables-legacy", "iptables-nft"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")

    def setUp(self):
        super().setUp()
        self.node = add_forwarding_node(self.zoo)
        self.containers = [add_dual_container(self.zoo, f"c{i}", self.node, i) for i in (2, 3)]
        self.service = Service(prefix=("nsenter", f"--net=/proc/{self.node.pid}/ns/net"))
        self.addCleanup(self.service.stop)
        # Where that may be looked at, the machine's own namespace is the node's, and ours is just another.
        self.is_node = not os.access("/proc/1/ns/net", os.R_OK)

    def look(self, query):
        """The findings of a service that listens on another namespace's loopback."""
        shown = self.node.run("python3", "-c", (
            "import http.client,sys;"
            f"asked=http.client.HTTPConnection('127.0.0.1',{self.service.port});asked.request('GET','/v1/findings?{query}&{INTERVAL}');"
            "sys.stdout.write(asked.getresponse().read().decode())"))
        reply = json.loads(shown)
        self.assertIn("findings", reply)
        self.assertEqual((reply["checked"], reply["not_checked"], reply["notes"]), (CHECKED, UNCHECKED, {}))
        return reply["findings"]

    def of_node(self):
        return self.look(f"pid={self.node.pid}")

    def of(self, namespace):
        return self.look(f"pid={namespace.pid}")

    def only(self, found, rule, where, ifname, **seen):
        """There is one finding, about a link of that namespace."""
        self.assertEqual([one["rule"] for one in found], [rule], found)
        self.assertEqual(found[0]["subject"], {"netns": os.stat(f"/proc/{where.pid}/ns/net").st_ino, "ifname": ifname, "container": None})
        self.assertEqual({key: found[0]["evidence"].get(key) for key in seen}, seen)

    def both(self, rule, ifname, **seen):
        """Asked of the node and of a container, it is one and the same about the node."""
        self.only(self.of_node(), rule, self.node, ifname, **seen)
        if self.is_node:
            self.only(self.of(self.containers[0]), rule, self.node, ifname, **seen)

    def silent(self):
        self.assertEqual(self.of_node(), [])
        self.assertEqual(self.of(self.containers[0]), [])

    def restore(self, program, rules):
        self.node.run(f"{program}-restore", "--noflush", stdin=rules.encode())

    def has_bridge_filter(self):
        return self.node.run("cat", "/proc/sys/net/bridge/bridge-nf-call-iptables", check=False) != b""


class Forwarding(NodeCase):
    def test_healthy(self):
        self.silent()
        if self.is_node:
            # The service has the machine's own resolv.conf, which has nothing to do with this node.
            self.assertEqual([one for one in self.look("node") if one["rule"] != "resolver-unreachable"], [])

    def test_healthy_with_the_rules_of_docker(self):
        for program in ("iptables-nft", "iptables-legacy"):
            with self.subTest(program):
                self.restore(program, DOCKER)
                if self.has_bridge_filter():
                    self.silent()
                else:
                    self.assertEqual({one["rule"] for one in self.of_node()}, {"bridge-nf-off"})
                self.restore(program, "*nat\n-F\n-X\nCOMMIT\n*filter\n:FORWARD ACCEPT [0:0]\n-F\n-X\nCOMMIT\n")

    def test_forwarding_off(self):
        self.node.sysctl("net/ipv4/ip_forward", 0)
        self.both("forwarding-off", "br0", family="IPv4", setting="net.ipv4.ip_forward", bridge="br0")
        self.node.sysctl("net/ipv4/ip_forward", 1)
        self.silent()
        self.node.sysctl("net/ipv4/conf/br0/forwarding", 0)
        self.both("forwarding-off", "br0", family="IPv4", setting="net.ipv4.conf.br0.forwarding")

    def test_forwarding_off_in_ipv6(self):
        self.node.sysctl("net/ipv6/conf/all/forwarding", 0)
        self.both("forwarding-off", "br0", family="IPv6", setting="net.ipv6.conf.all.forwarding")

    def test_forwarding_off_where_nothing_is_passed_on(self):
        """An internal network: nobody has the bridge as a gateway."""
        self.node.sysctl("net/ipv4/ip_forward", 0)
        self.containers[0].ip_batch(["route del default", "rule add to 192.0.2.0/24 lookup main", "route add 192.0.2.0/24 dev eth0"])
        self.assertEqual([one["rule"] for one in self.of(self.containers[0])], ["no-default-route"])

    def test_forward_policy_drop(self):
        for program, variant in (("iptables-legacy", "legacy"), ("iptables-nft", "nf_tables")):
            with self.subTest(program):
                self.node.run(program, "-P", "FORWARD", "DROP")
                self.node.run(program, "-A", "FORWARD", "-i", "docker0", "-j", "ACCEPT")
                self.both("forward-policy-drop", "br0", family="IPv4", variant=variant, table="filter", chain="FORWARD", bridge="br0")
                for rule in (("-i", "br0"), ("-s", "10.240.0.0/16"), ("-o", "br+"), ()):
                    self.node.run(program, "-A", "FORWARD", *rule, "-j", "ACCEPT")
                    self.silent()
                    self.node.run(program, "-D", "FORWARD", *rule, "-j", "ACCEPT")
                self.assertNotEqual(self.of_node(), [])
                self.node.run(program, "-P", "FORWARD", "ACCEPT")
                self.node.run(program, "-F", "FORWARD")
                self.silent()

    def test_forward_policy_drop_in_ipv6(self):
        self.node.run("ip6tables-nft", "-P", "FORWARD", "DROP")
        self.both("forward-policy-drop", "br0", family="IPv6", variant="nf_tables")
        self.node.run("ip6tables-nft", "-N", "CNI-FORWARD")
        self.node.run("ip6tables-nft", "-A", "FORWARD", "-m", "comment", "--comment", "of a plugin", "-j", "CNI-FORWARD")
        self.node.run("ip6tables-nft", "-A", "CNI-FORWARD", "-s", "2001:db8:240::2/128", "-j", "ACCEPT")
        self.silent()

    def test_forward_policy_drop_of_a_plain_chain(self):
        self.node.run("nft", "-f", "-", stdin=PLAIN_DROP.encode())
        found = self.of_node()
        self.assertEqual([(one["rule"], one["evidence"]["family"], one["evidence"]["table"], one["evidence"]["chain"]) for one in found],
                         [("forward-policy-drop", family, "fw", "passing") for family in ("IPv4", "IPv6")])
        self.node.run("nft", "add rule inet fw passing ip saddr 10.240.0.0/16 accept")
        self.both("forward-policy-drop", "br0", family="IPv6", variant="nf_tables", table="fw")
        self.node.run("nft", "add rule inet fw passing iifname { br0, br1 } accept")
        self.silent()

    def test_bridge_nf_off(self):
        self.node.run("iptables-nft", "-t", "nat", "-N", "KUBE-SERVICES")
        value = "missing"
        if self.has_bridge_filter():
            self.silent()
            self.node.sysctl("net/bridge/bridge-nf-call-iptables", 0)
            value = "0"
        self.both("bridge-nf-off", None, setting="net.bridge.bridge-nf-call-iptables", value=value, chain="KUBE-SERVICES", bridge="br0")

    def test_two_iptables_backends(self):
        one = self.containers[0]
        one.run("iptables-legacy", "-A", "INPUT", "-j", "ACCEPT")
        self.assertEqual(self.of(one), [])
        one.run("iptables-nft", "-t", "nat", "-N", "EMPTY")
        self.assertEqual(self.of(one), [])
        one.run("iptables-nft", "-A", "OUTPUT", "-j", "ACCEPT")
        self.only(self.of(one), "two-iptables-backends", one, None, family="IPv4", legacy_table="filter", legacy_rules=1, nft_table="filter",
                  nft_rules=1)
        one.run("iptables-legacy", "-F")
        self.assertEqual(self.of(one), [])

    def test_looking_changes_nothing(self):
        def state():
            return [self.node.run("sh", "-c", command) for command in (
                "nft list ruleset", "cat /proc/net/ip_tables_names", "ip -4 route show table all", "ip -o link", "ip -4 neigh", "cat /proc/modules || true")]

        self.node.run("nft", "-f", "-", stdin=PLAIN_DROP.encode())
        before = state()
        self.of_node()
        self.of(self.containers[0])
        self.assertEqual(state(), before)


class ReversePath(NodeCase):
    def test_the_way_back_to_a_container(self):
        self.node.sysctl("net/ipv4/conf/br0/rp_filter", 1)
        self.silent()
        self.node.ip_batch(["link add tun0 type veth peer name far", "link set tun0 up", "link set far up", "route add 10.240.0.2/32 dev tun0"])
        found = self.of(self.containers[0])
        if not self.is_node:
            return
        self.only(found, "reverse-path-filter", self.node, "br0", leaves_by="tun0", rp_filter=1, rp_filter_of_all=0, **{"from": "10.240.0.2"})
        self.assertEqual(self.of(self.containers[1]), [])
        self.node.sysctl("net/ipv4/conf/br0/rp_filter", 2)
        self.assertEqual(self.of(self.containers[0]), [])

    def two_uplinks(self):
        """A container with a second link, where it has a way out of less weight."""
        one = self.containers[0]
        zoo_module.veth(self.node, "veth9", one, "eth1")
        self.node.ip_batch(["addr add 10.250.0.1/24 dev veth9", "link set veth9 up"])
        one.ip_batch(["link set eth1 up", "addr add 10.250.0.9/24 dev eth1", "route add default via 10.250.0.1 metric 100"])
        for link in ("all", "eth0"):
            one.sysctl(f"net/ipv4/conf/{link}/rp_filter", 0)
        one.sysctl("net/ipv4/conf/eth1/rp_filter", 1)
        return one

    def test_a_second_way_out(self):
        one = self.two_uplinks()
        self.only(self.of(one), "reverse-path-filter", one, "eth1", leaves_by="eth0", **{"from": "everywhere"})
        one.ip_batch(["route add default via 10.250.0.1 table 9", "rule add from 10.250.0.9 lookup 9"])
        self.assertEqual(self.of(one), [])

    def test_both_at_once_are_one_way(self):
        one = self.two_uplinks()
        one.ip_batch(["route del default via 10.250.0.1", "route del default", "route add default nexthop via 10.240.0.1 nexthop via 10.250.0.1"])
        self.assertEqual(self.of(one), [])

    def test_two_links_in_one_network(self):
        one = self.two_uplinks()
        one.ip_batch(["route del default via 10.250.0.1", "addr flush dev eth1", "addr add 10.240.9.9/16 dev eth1"])
        self.node.ip("link set veth9 master br0")
        one.sysctl("net/ipv4/conf/all/rp_filter", 1)
        self.only(self.of(one), "reverse-path-filter", one, "eth1", leaves_by="eth0", **{"from": "10.240.9.9/16"})


class Wiring(NodeCase):
    def test_bridge_down(self):
        self.node.ip("link set br0 down")
        if self.is_node:
            self.only(self.of(self.containers[0]), "bridge-down", self.node, "br0", ports=2, port="veth2")
        # With an address it is a link like others.
        self.assertEqual([one["rule"] for one in self.of_node()], ["link-down"])
        self.node.ip("addr flush dev br0")
        self.only(self.of_node(), "bridge-down", self.node, "br0", ports=2)

    def test_peer_unattached(self):
        self.node.ip("link set veth2 nomaster")
        found = self.of(self.containers[0])
        if self.is_node:
            self.only(found, "peer-unattached", self.containers[0], "eth0", peer="veth2", address="10.240.0.2/16")
        self.assertEqual(self.of(self.containers[1]), [])

    def calico(self):
        pod = self.zoo.add("pod")
        zoo_module.veth(self.node, "cali1", pod, "eth0")
        self.node.ip_batch(["link set cali1 up", "route add 10.244.1.5 dev cali1"])
        pod.ip_batch(["link set lo up", "link set eth0 up", "addr add 10.244.1.5/32 dev eth0", "route add 169.254.1.1 dev eth0 scope link",
                      "route add default via 169.254.1.1 dev eth0"])
        return pod

    def test_a_pod_as_calico_makes_it_is_attached(self):
        pod = self.calico()
        self.node.sysctl("net/ipv4/conf/cali1/proxy_arp", 1)
        self.node.sysctl("net/ipv4/conf/cali1/rp_filter", 1)
        self.assertEqual(self.of(pod), [])
        self.assertEqual(self.of_node(), [])
        # Each of the two leads to it.
        self.node.sysctl("net/ipv4/conf/cali1/proxy_arp", 0)
        self.assertEqual(self.of(pod), [])
        # Its route goes with the link.
        self.node.ip("link set cali1 down")
        self.assertEqual([one["rule"] for one in self.of(pod)], ["peer-down" if self.is_node else "no-carrier"])
        self.node.ip("link set cali1 up")
        self.node.sysctl("net/ipv4/conf/cali1/proxy_arp", 1)
        self.assertEqual(self.of(pod), [])
        self.node.sysctl("net/ipv4/conf/cali1/proxy_arp", 0)
        if self.is_node:
            self.only(self.of(pod), "peer-unattached", pod, "eth0", peer="cali1", address="10.244.1.5/32")

    def test_a_pod_of_ipv6_alone_is_attached_by_a_route(self):
        pod = self.zoo.add("six")
        zoo_module.veth(self.node, "cali6", pod, "eth0")
        self.node.ip_batch(["link set cali6 up", "route add 2001:db8:6::5 dev cali6"])
        pod.ip_batch(["link set lo up", "link set eth0 up", "addr add 2001:db8:6::5/128 dev eth0 nodad", "route add default via fe80::1 dev eth0"])
        self.assertEqual(self.of(pod), [])
        self.node.ip("route del 2001:db8:6::5 dev cali6")
        if self.is_node:
            self.only(self.of(pod), "peer-unattached", pod, "eth0", peer="cali6", address="2001:db8:6::5/128")

    def test_a_link_with_programs_is_attached(self):
        """As Cilium's: nothing leads to it but what hangs on it."""
        pod = self.calico()
        self.node.ip("route del 10.244.1.5 dev cali1")
        self.node.run("tc", "qdisc", "add", "dev", "cali1", "clsact")
        self.assertEqual(self.of(pod), [])

    def test_duplicate_mac(self):
        first, second = self.containers
        for index, one in enumerate(self.containers):
            self.zoo.publish(one, f"mac{index}")
        self.silent()
        first.ip("link set eth0 address 02:42:a0:f0:00:03")
        if self.is_node:
            self.only(self.of(first), "duplicate-mac", first, "eth0", address="02:42:a0:f0:00:03", bridge="br0")
            self.only(self.of(second), "duplicate-mac", second, "eth0", address="02:42:a0:f0:00:03", bridge="br0")
        self.only(self.of_node(), "duplicate-mac", self.node, "veth2", address="02:42:a0:f0:00:03", bridge="br0")

    def test_duplicate_mac_of_ports(self):
        self.node.ip_batch(["link set veth2 address 02:42:00:00:00:99", "link set veth3 address 02:42:00:00:00:99"])
        self.both("duplicate-mac", "veth2", address="02:42:00:00:00:99", links="the port veth2 and the port veth3", bridge="br0")

    def test_duplicate_address(self):
        first, second = self.containers
        name = self.zoo.publish(second, "address")
        first.ip_batch(["addr del 10.240.0.2/16 dev eth0", "addr add 10.240.0.3/16 dev eth0", "route add default via 10.240.0.1"])
        if self.is_node:
            self.only(self.of(first), "duplicate-address", first, "eth0", address="10.240.0.3",
                      links=f"eth0 of this namespace and eth0 of the namespace {name}", bridge="br0")
        self.zoo.publish(first, "other")
        self.only(self.of_node(), "duplicate-address", self.node, "veth2", address="10.240.0.3", bridge="br0")

    def test_an_address_of_the_bridge(self):
        first = self.containers[0]
        first.ip_batch(["addr add 10.240.0.1/16 dev eth0", "route flush default"])
        found = [one for one in self.of(first) if one["rule"] != "no-default-route"]
        if self.is_node:
            self.only(found, "duplicate-address", first, "eth0", address="10.240.0.1", bridge="br0")

    def set_mtu(self, mtu):
        self.node.ip(f"link set veth2 mtu {mtu}")
        self.containers[0].ip(f"link set eth0 mtu {mtu}")

    def test_overlays(self):
        one = self.containers[0]
        for kind, options, header in (("vxlan", "id 7 dev eth0 dstport 4789 local 10.240.0.2", 50),
                                      ("vxlan", "id 8 dstport 4790 remote 2001:db8:240::3 dev eth0", 70),
                                      ("geneve", "id 7 remote 10.240.0.3", 50),
                                      ("gretap", "remote 10.240.0.3 local 10.240.0.2", 38),
                                      ("gre", "remote 10.240.0.3 local 10.240.0.2 key 7", 28),
                                      ("ipip", "remote 10.240.0.3 local 10.240.0.2", 20),
                                      ("sit", "remote 10.240.0.3 local 10.240.0.2", 20),
                                      ("ip6tnl", "mode any remote 2001:db8:240::3 local 2001:db8:240::2", 40),
                                      ("wireguard", "", 60)):
            with self.subTest(f"{kind} {options}"):
                if not self.zoo.try_ip(one, kind, f"link add over type {kind} {options}"):
                    print(f"no {kind} here: {self.zoo.missing[kind]}")
                    continue
                # The largest that is carried, and one byte less below.
                one.ip_batch([f"link set over mtu {1500 - header}", "link set over up"])
                self.assertEqual(self.of(one), [])
                self.set_mtu(1499)
                self.only(self.of(one), "mtu-mismatch", one, "over", mtu=1500 - header, other="eth0", other_mtu=1499, other_is="the link below",
                          header=header)
                one.ip("link del over")
                self.set_mtu(1500)


if __name__ == "__main__":
    unittest.main()
