"""GET /v1/findings: for each rule a namespace that is broken in just that way, where it speaks and no other does; and healthy namespaces of
every kind, where none does."""

import json
import os
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.findings import FindingsCase, add_dual_container, send_somewhere
from tests.support.waiting import wait_until


class BrokenNamespaces(FindingsCase):
    """One way to be broken each."""

    def only(self, namespace, rule, ifname, **seen):
        """The evidence of the one finding that there is."""
        found = self.look(namespace, expected=[rule])
        self.assertEqual([one["rule"] for one in found], [rule], found)
        one = found[0]
        self.assertEqual(list(one), ["rule", "severity", "subject", "summary", "evidence", "hint"])
        self.assertEqual(one["subject"], {"netns": os.stat(f"/proc/{namespace.pid}/ns/net").st_ino, "ifname": ifname, "container": None})
        self.assertEqual({key: one["evidence"].get(key) for key in seen}, seen)
        rules = json.loads(self.service.request("GET", "/v1/findings/rules")[2])["rules"]
        self.assertIn((rule, one["severity"], one["hint"]), [(known["rule"], known["severity"], known["hint"]) for known in rules])
        self.assertGreater(len(one["summary"]), 10)
        return one

    def healthy(self, index=2):
        made = add_dual_container(self.zoo, f"c{index}", self.node, index)
        self.assertEqual(self.look(made, expected=[]), [])
        return made

    def test_link_down(self):
        ns = self.healthy()
        ns.ip("link set eth0 down")
        self.only(ns, "link-down", "eth0", address="10.240.0.2/16", kind="veth")

    def test_loopback_down(self):
        ns = self.healthy()
        ns.ip("link set lo down")
        self.only(ns, "link-down", "lo", address="127.0.0.1/8")

    def test_no_carrier(self):
        ns = self.healthy()
        self.node.ip("link set veth2 down")
        self.only(ns, "no-carrier", "eth0", address="10.240.0.2/16", kind="veth")

    def test_no_default_route(self):
        for family, option, address in (("IPv4", "-4", "10.240.0.2/16"), ("IPv6", "-6", "2001:db8:240::3/64")):
            with self.subTest(family):
                ns = self.healthy(2 if family == "IPv4" else 3)
                ns.ip(f"{option} route del default")
                self.only(ns, "no-default-route", "eth0", family=family, address=address)

    def test_a_default_route_that_no_rule_leads_to_is_none(self):
        ns = self.healthy()
        ns.ip_batch(["route del default", "route add default via 10.240.0.1 table 77"])
        self.assertEqual(self.names(ns), ["no-default-route", "unused-table"])
        ns.ip("rule add from 10.240.0.2 lookup 77")
        self.assertEqual(self.look(ns), [])

    def test_blackhole_default(self):
        for index, kind in enumerate(("blackhole", "unreachable", "prohibit"), 2):
            with self.subTest(kind):
                ns = self.healthy(index)
                ns.ip(f"route replace {kind} default")
                self.only(ns, "blackhole-default", None, family="IPv4", type=kind, table="main")
        ns = self.healthy(9)
        ns.ip_batch(["route del ::/0", "route add unreachable ::/0 metric 77"])
        self.only(ns, "blackhole-default", None, family="IPv6", type="unreachable", metric=77)

    def test_gateway_not_on_link(self):
        ns = self.healthy()
        ns.ip_batch(["route add 10.99.0.1 dev eth0", "route add 172.16.0.0/12 via 10.99.0.1", "route add 172.32.0.0/12 via 10.99.0.1"])
        self.assertEqual(self.look(ns), [])
        ns.ip("route del 10.99.0.1 dev eth0")
        self.only(ns, "gateway-not-on-link", "eth0", gateway="10.99.0.1", route="172.16.0.0/12", table="main", routes=2)

    def test_an_address_that_was_exchanged(self):
        ns = self.healthy()
        ns.ip_batch(["addr add 10.241.0.2/16 dev eth0", "addr del 10.240.0.2/16 dev eth0"])
        self.only(ns, "gateway-not-on-link", "eth0", gateway="10.240.0.1", route="default")

    def test_gateway_not_on_link_in_ipv6_and_in_a_nexthop_object(self):
        ns = self.healthy()
        ns.ip_batch(["route add 2001:db8:99::1 dev eth0", "route add 2001:db8:100::/64 via 2001:db8:99::1",
                     "route del 2001:db8:99::1 dev eth0"])
        self.only(ns, "gateway-not-on-link", "eth0", gateway="2001:db8:99::1", route="2001:db8:100::/64")
        ns = self.healthy(3)
        ns.ip_batch(["route add 10.99.0.1 dev eth0", "nexthop add id 7 via 10.99.0.1 dev eth0", "route add 172.16.0.0/12 nhid 7",
                     "route del 10.99.0.1 dev eth0"])
        ns.sysctl("net/ipv4/nexthop_compat_mode", 0)
        self.only(ns, "gateway-not-on-link", "eth0", gateway="10.99.0.1", route="172.16.0.0/12")

    def test_gateway_unanswered(self):
        ns = self.healthy()
        ns.ip("route replace default via 10.240.0.99")
        self.assertEqual(self.look(ns), [])
        send_somewhere(ns)
        wait_until(lambda: self.look(ns), "the kernel has asked for the gateway for a second")
        found = self.only(ns, "gateway-unanswered", "eth0", gateway="10.240.0.99", route="default", routes=1)
        self.assertIn(found["evidence"]["state"], ("INCOMPLETE", "FAILED"))
        wait_until(lambda: [one["evidence"]["state"] for one in self.look(ns)] == ["FAILED"], "the kernel has given up")

    def test_duplicate_address(self):
        self.healthy(2)
        ns = self.healthy(3)
        ns.ip("addr add 2001:db8:240::2/64 dev eth0")
        wait_until(lambda: self.look(ns), "duplicate address detection has failed")
        self.only(ns, "duplicate-address", "eth0", address="2001:db8:240::2/64")

    def test_mtu_mismatch(self):
        ns = self.healthy()
        ns.ip_batch(["link add inner type bridge", "link set inner mtu 1500", "link add p0 type veth peer name p1", "link set p0 mtu 1400",
                     "link set p1 mtu 1400", "link set p0 up", "link set p1 up"])
        self.assertEqual(self.look(ns), [])
        ns.ip_batch(["link set p0 master inner", "link set inner mtu 1500", "link set inner up"])
        self.only(ns, "mtu-mismatch", "p0", mtu=1400, other="inner", other_mtu=1500, other_is="the bridge")
        ns.ip_batch(["link set p0 nomaster", "link set p1 mtu 1500"])
        found = self.look(ns)
        self.assertEqual([one["rule"] for one in found], ["mtu-mismatch"])
        self.assertEqual({found[0]["subject"]["ifname"], found[0]["evidence"]["other"]}, {"p0", "p1"})

    def test_shadowed_route(self):
        ns = self.healthy()
        ns.ip_batch(["route add 192.0.2.0/25 via 10.240.0.1", "route add 192.0.2.0/24 via 10.240.0.1 table 77"])
        ns.ip("rule add priority 100 lookup 77")
        self.only(ns, "shadowed-route", None, family="IPv4", route="192.0.2.0/25", table="main", hidden_by="192.0.2.0/24",
                  hidden_by_table="77", routes=1)

    def test_unused_table(self):
        ns = self.healthy()
        ns.ip_batch(["route add 192.0.2.0/24 via 10.240.0.1 table 77", "rule add priority 100 from 10.9.0.0/16 lookup 78"])
        self.only(ns, "unused-table", None, family="IPv4", table="77", routes=1, route="192.0.2.0/24")
        # A rule of the other family is none of this one.
        ns.ip("-6 rule add priority 100 lookup 77")
        self.only(ns, "unused-table", None, family="IPv4", table="77")


class HealthyNamespaces(FindingsCase):
    """What is often met, or odd, and right."""

    def check(self, namespace):
        self.assertEqual(self.look(namespace, expected=[]), [])

    def uplink(self):
        """A node with a way out, to whatever plays its router."""
        router = self.zoo.add("router")
        zoo_module.veth(self.node, "uplink", router, "port")
        router.ip_batch(["link set lo up", "link set port up", "addr add 198.51.100.1/24 dev port", "addr add 2001:db8:51::1/64 dev port nodad"])
        self.node.ip_batch(["link set uplink up", "addr add 198.51.100.2/24 dev uplink", "route add default via 198.51.100.1",
                            "addr add 2001:db8:51::2/64 dev uplink nodad", "route add default via 2001:db8:51::1"])
        return self.node

    def test_a_node_with_containers_on_a_bridge(self):
        containers = [add_dual_container(self.zoo, f"c{i}", self.node, i) for i in (2, 3)]
        send_somewhere(containers[0], "10.240.0.3")
        for one in (*containers, self.uplink()):
            self.check(one)

    def test_a_node_with_what_runtimes_and_plugins_leave_there(self):
        node = self.uplink()
        node.ip_batch([
            # Docker's bridge without a container, an unused card, the end of a pod's pair.
            "link add docker0 type bridge", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up",
            "link add spare type bridge", "link add pair0 type veth peer name pair1", "link set pair0 up",
            "addr add 203.0.113.9/32 dev lo",
            # Flannel, Calico's block, a backstop.
            "route add 10.244.1.0/24 via 10.244.1.0 dev uplink onlink", "route add blackhole 10.244.2.64/26 proto 80",
            "route add unreachable default metric 4278198272",
        ])
        # kube-proxy's addresses of services.
        if self.zoo.try_ip(node, "dummy", "link add kube-ipvs0 type dummy"):
            node.ip("addr add 10.96.0.1/32 dev kube-ipvs0")
        self.check(node)

    def test_no_network(self):
        bare = self.zoo.add("bare")
        self.check(bare)
        bare.ip("link set lo up")
        self.check(bare)
        bare.ip_batch(["addr add 203.0.113.9/32 dev lo", "addr add 2001:db8::9/128 dev lo"])
        self.check(bare)

    def test_a_pod_as_calico_makes_it(self):
        pod = self.zoo.add("pod")
        zoo_module.veth(self.node, "cali1", pod, "eth0")
        self.node.ip_batch(["link set cali1 up", "route add 10.244.1.5 dev cali1"])
        pod.ip_batch(["link set lo up", "link set eth0 up", "addr add 10.244.1.5/32 dev eth0", "route add 169.254.1.1 dev eth0 scope link",
                      "route add default via 169.254.1.1 dev eth0"])
        self.check(pod)
        pod.ip_batch(["route del default", "route del 169.254.1.1 dev eth0", "route add default via 169.254.1.1 dev eth0 onlink"])
        self.check(pod)

    def test_a_pod_as_cilium_makes_it(self):
        pod = self.zoo.add("pod")
        zoo_module.veth(self.node, "lxc1", pod, "eth0")
        self.node.ip("link set lxc1 up")
        pod.ip_batch(["link set lo up", "link set eth0 up", "addr add 10.0.1.7/32 dev eth0", "route add 10.0.1.90 dev eth0 scope link",
                      "route add default via 10.0.1.90 dev eth0", "addr add fd00::7/128 dev eth0 nodad", "route add fd00::90 dev eth0",
                      "route add default via fd00::90 dev eth0"])
        self.check(pod)

    def test_macvlan(self):
        here = self.zoo.add("macvlan")
        node = self.uplink()
        if not self.zoo.try_ip(node, "macvlan", f"link add mv0 link uplink netns {here.pid} type macvlan mode bridge"):
            self.skipTest(self.zoo.missing["macvlan"])
        here.ip_batch(["link set lo up", "link set mv0 up", "addr add 198.51.100.77/24 dev mv0", "route add default via 198.51.100.1"])
        self.check(here)

    def test_ipv6_only(self):
        ns = self.zoo.add("six")
        zoo_module.veth(self.node, "veth6", ns, "eth0")
        self.node.ip("link set veth6 master br0 up")
        ns.ip_batch(["link set lo up", "link set eth0 up", "addr add 2001:db8:240::6/64 dev eth0 nodad",
                     "route add default via fe80::1 dev eth0", "route add 2001:db8:77::/64 via 2001:db8:240::1"])
        self.check(ns)
        ns.ip("-4 route add default via inet6 fe80::1 dev eth0")
        self.check(ns)

    def test_a_tunnel_for_everything(self):
        """As wg-quick and Tailscale set their rules: what is marked goes another way."""
        ns = add_dual_container(self.zoo, "tunnel", self.node, 5)
        ns.ip_batch([
            "link add wg0 type veth peer name far", "link set far up", "link set wg0 up", "addr add 10.66.0.2/32 dev wg0",
            "route add default dev wg0 table 51820", "rule add not fwmark 51820 lookup 51820 priority 32764",
            "rule add lookup main suppress_prefixlength 0 priority 32763",
            "route add 192.0.2.0/24 via 10.240.0.1",
        ])
        self.check(ns)
        ns = add_dual_container(self.zoo, "tailscale", self.node, 6)
        ns.ip_batch([
            "link add ts0 type veth peer name far", "link set far up", "link set ts0 up", "addr add 100.64.0.2/32 dev ts0",
            "rule add fwmark 0x80000/0xff0000 lookup main priority 5210", "rule add lookup 52 priority 5270",
            "route add default dev ts0 table 52", "route add 100.64.0.7 dev ts0 table 52", "route add throw 127.0.0.0/8 table 52",
        ])
        self.check(ns)

    def test_rules_by_source_and_a_transparent_proxy(self):
        ns = add_dual_container(self.zoo, "several", self.node, 7)
        ns.ip_batch(["route add default via 10.240.0.1 table 1", "rule add from 10.240.0.7 lookup 1",
                     "route add local default dev lo table 133", "rule add fwmark 0x1 lookup 133"])
        self.check(ns)

    def test_a_table_of_a_vrf(self):
        ns = add_dual_container(self.zoo, "vrf", self.node, 8)
        if self.zoo.try_ip(ns, "vrf", "link add red type vrf table 10"):
            ns.ip_batch(["link set red up", "link set eth0 master red", "addr add 10.240.0.8/16 dev eth0",
                         "route add unreachable default metric 4278198272 table 10", "route add default via 10.240.0.1 table 10"])
        self.check(ns)


if __name__ == "__main__":
    unittest.main()
