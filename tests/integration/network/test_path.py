"""GET /v1/path: from a container to another one, to the node and to the outside, against `ip -j route get` at each hop."""

import os
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.path import PathCase, connect, inode, meet
from tests.support.waiting import wait_until


class Path(PathCase):
    def test_one_bridge(self):
        first, second = self.add_container("c2", 2), self.add_container("c3", 3)
        for to in ("10.240.0.3", "2001:db8:240::3"):
            with self.subTest(to):
                # Nobody has asked for it yet: who has the address is looked for behind the ports.
                reply = self.way(first, to)
                self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "veth3", "forwarded"), ("c3", "eth0", "delivered")])
                self.assertEqual(reply["reachable"], "yes")
                self.assertIsNone(reply["hops"][0]["neighbour"])
                meet(first, to)
                wait_until(lambda: b"REACHABLE" in first.run("ip", "neigh", "show", to), "an answer")
                reply = self.way(first, to)
                self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "veth3", "forwarded"), ("c3", "eth0", "delivered")])
                hardware = second.run("cat", "/sys/class/net/eth0/address", check=False)
                self.assertEqual(reply["hops"][0]["neighbour"]["dst"], to)
                self.assertEqual(reply["hops"][1]["forwarding"]["ifname"], "veth3")
                self.assertEqual(reply["hops"][1]["forwarding"]["mac"], reply["hops"][0]["neighbour"]["lladdr"], hardware)
                self.assertEqual(reply["summary"], f"{to} is delivered in net:[{inode(second)}] after 3 hops")

    def test_to_the_node(self):
        container = self.add_container("c2", 2)
        for to in ("10.240.0.1", "2001:db8:240::1"):
            with self.subTest(to):
                reply = self.way(container, to)
                self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "br0", "delivered")])
                self.assertEqual((reply["reachable"], reply["hops"][1]["iif"]), ("yes", "br0"))
                self.assertIn(reply["hops"][1]["place"], ("node", "named"))

    def test_two_bridges_and_the_outside(self):
        container = self.add_container("c2", 2)
        far, outside = self.add("c9"), self.add("outside")
        self.node.ip_batch(["link add br1 type bridge", "addr add 10.241.0.1/24 dev br1", "addr add 2001:db8:241::1/64 dev br1 nodad", "link set br1 up"])
        connect(self.node, far, "veth9", "10.241.0.9/24", "2001:db8:241::9/64", "br1")
        connect(self.node, outside, "up0", "192.0.2.2/24", "2001:db8:1::2/64")
        self.node.ip_batch(["addr add 192.0.2.1/24 dev up0", "addr add 2001:db8:1::1/64 dev up0 nodad", "route add default via 192.0.2.2",
                            "route add default via 2001:db8:1::2"])
        outside.ip_batch(["addr add 198.51.100.1/32 dev lo", "addr add 2001:db8:99::1/128 dev lo nodad"])
        # The routers of IPv6 are known; else asking for the route would send them a packet.
        meet(container, "2001:db8:240::1")
        wait_until(lambda: b"REACHABLE" in container.run("ip", "neigh", "show", "2001:db8:240::1"), "an answer")
        for to in ("10.241.0.9", "2001:db8:241::9"):
            with self.subTest(to):
                reply = self.way(container, to)
                self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "br1", "forwarded"), ("node", "veth9", "forwarded"),
                                                      ("c9", "eth0", "delivered")])
                self.assertEqual(reply["reachable"], "yes")
                self.assertEqual(reply["hops"][1]["iif"], "br0")
        for to in ("198.51.100.1", "2001:db8:99::1"):
            with self.subTest(to):
                reply = self.way(container, to, port=443, protocol="udp")
                self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "up0", "forwarded"), ("outside", "eth0", "delivered")])
                self.assertEqual(reply["reachable"], "yes")

        self.forward(0)
        for to in ("198.51.100.1", "2001:db8:99::1"):
            reply = self.way(container, to)
            self.assertEqual(self.places(reply)[-1][::2], ("node", "stopped"))
            self.assertIn("not forwarded", reply["hops"][-1]["why"])
            self.assertEqual(reply["reachable"], "no")

    def test_a_way_that_ends_in_a_namespace_nobody_knows(self):
        container = self.add_container("c2", 2)
        hidden = self.zoo.add("hidden")
        hidden.sysctl("net/ipv6/conf/default/addr_gen_mode", 1)
        connect(self.node, hidden, "up0", "192.0.2.2/24", "2001:db8:1::2/64")
        self.node.ip_batch(["addr add 192.0.2.1/24 dev up0", "route add default via 192.0.2.2"])
        reply = self.way(container, "198.51.100.1")
        self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "up0", "forwarded")])
        self.assertEqual(reply["reachable"], "unknown")
        self.assertIn("a namespace that nobody here knows", reply["summary"])

    def test_no_way(self):
        container = self.add_container("c2", 2)
        container.ip_batch(["route add blackhole 10.1.0.0/16", "route add prohibit 10.2.0.0/16", "route add unreachable 10.3.0.0/16",
                            "route add blackhole 2001:db8:1::/48", "route add prohibit 2001:db8:2::/48", "route add unreachable 2001:db8:3::/48"])
        for to, why in (("10.1.0.1", "a blackhole route"), ("10.2.0.1", "a prohibit route"), ("10.3.0.1", "an unreachable route"),
                        ("2001:db8:1::1", "a blackhole route"), ("2001:db8:2::1", "a prohibit route"), ("2001:db8:3::1", "an unreachable route")):
            with self.subTest(to):
                reply = self.way(container, to)
                self.assertEqual(reply["reachable"], "no")
                self.assertEqual([(hop["verdict"], hop["why"]) for hop in reply["hops"]], [("stopped", f"the route to {to} is {why}")])
                self.assertIn(why, reply["summary"])
        container.ip_batch(["route del default", "route del default via 2001:db8:240::1"])
        for to in ("198.51.100.1", "2001:db8:99::1"):
            reply = self.way(container, to)
            self.assertEqual((reply["reachable"], reply["hops"][0]["why"]), ("no", f"there is no route to {to}"))

    def test_a_gateway_that_does_not_answer(self):
        container = self.add_container("c2", 2)
        container.ip_batch(["route replace default via 10.240.0.77", "route replace default via 2001:db8:240::77"])
        self.assertEqual(self.way(container, "198.51.100.1")["reachable"], "unknown")
        meet(container, "198.51.100.1")
        wait_until(lambda: b"FAILED" in container.run("ip", "neigh", "show", "10.240.0.77"), "the kernel to give up")
        reply = self.way(container, "198.51.100.1")
        self.assertEqual((reply["reachable"], reply["hops"][-1]["verdict"]), ("no", "stopped"))
        self.assertEqual(reply["hops"][-1]["neighbour"]["state"], ["FAILED"])
        self.assertIn("10.240.0.77 does not answer on eth0", reply["summary"])

    def test_a_router_of_ipv6_that_nobody_has_asked_for(self):
        # Looking its route up would send it a solicitation, to the multicast address that ends like its own.
        container = self.add_container("c2", 2)
        container.sysctl("net/ipv6/conf/eth0/router_probe_interval", 0)
        # Solicitations come from there.
        container.ip("addr add fe80::2/64 dev eth0 nodad")

        def solicited():
            return b"ff02::1:ff00:1 " in container.run("ip", "neigh", "show", "nud", "all")

        for _ in range(3):
            reply = self.way(container, "2001:db8:99::1")
        self.assertFalse(solicited())
        self.assertIsNone(reply["hops"][0]["route"])
        self.assertEqual([one["gateway"] for one in reply["hops"][0]["candidates"]], ["2001:db8:240::1"])
        self.assertEqual(self.places(reply)[0], ("c2", "eth0", "forwarded"))
        self.assertEqual(self.places(reply)[1][0], "node")
        # The kernel is asked, and does it.
        container.run("ip", "-6", "route", "get", "2001:db8:99::1")
        wait_until(solicited, "the kernel to probe the router")

    def test_links_that_are_down(self):
        container, other = self.add_container("c2", 2), self.add_container("c3", 3)
        self.node.ip("link set veth2 down")
        wait_until(lambda: b"NO-CARRIER" in container.run("ip", "link", "show", "eth0"), "the carrier to go")
        reply = self.way(container, "10.240.0.3")
        self.assertEqual((reply["reachable"], self.places(reply)), ("no", [("c2", "eth0", "stopped")]))
        self.node.ip_batch(["link set veth2 up", "link set veth3 down"])
        wait_until(lambda: b"NO-CARRIER" not in container.run("ip", "link", "show", "eth0"), "the carrier to come back")
        reply = self.way(container, "10.240.0.3")
        self.assertEqual((reply["reachable"], self.places(reply)[-1]), ("no", ("node", "veth3", "stopped")))
        self.assertEqual(self.way(other, "127.0.0.1")["reachable"], "yes")

    def test_the_reverse_path_filter(self):
        container = self.add_container("c2", 2)
        self.node.ip_batch(["link add d0 type veth peer name d1", "link set d1 up", "link set d0 up", "addr add 192.0.2.1/24 dev d0", "route add 10.240.0.2/32 dev d0"])
        self.node.sysctl("net/ipv4/conf/all/rp_filter", 1)
        reply = self.way(container, "192.0.2.7")
        self.assertEqual((reply["reachable"], reply["hops"][-1]["verdict"]), ("no", "stopped"))
        self.assertIn("reverse path filter of br0", reply["summary"])

    def test_tunnels_and_links_above_links(self):
        container = self.add_container("c2", 2)
        if self.zoo.try_ip(container, "vxlan", "link add vx0 type vxlan id 5 remote 10.240.0.99 dstport 4789 dev eth0"):
            container.ip_batch(["addr add 10.50.0.1/24 dev vx0", "link set vx0 up"])
            reply = self.way(container, "10.50.0.2")
            self.assertEqual(self.places(reply), [("c2", "vx0", "forwarded"), ("c2", "eth0", "forwarded")])
            self.assertIn("vx0 is a vxlan: it goes on in a packet to 10.240.0.99", reply["hops"][0]["why"])
            self.assertEqual((reply["reachable"], reply["hops"][1]["route"]["dst"]), ("unknown", "10.240.0.99"))
        if self.zoo.try_ip(container, "macvlan", "link add mv0 link eth0 type macvlan mode bridge"):
            container.ip_batch(["addr add 10.51.0.1/24 dev mv0", "link set mv0 up"])
            reply = self.way(container, "10.51.0.2")
            self.assertEqual((reply["reachable"], self.places(reply)), ("unknown", [("c2", "mv0", "forwarded")]))
            self.assertIn("mv0 is a macvlan over eth0", reply["summary"])
        for kind, extra in (("ipip", ""), ("gre", "")):
            if self.zoo.try_ip(container, kind, f"link add {kind}9 type {kind} local 10.240.0.2 remote 10.240.0.98 {extra}"):
                container.ip_batch([f"addr add 10.5{len(kind)}.9.1/24 dev {kind}9", f"link set {kind}9 up"])
                reply = self.way(container, f"10.5{len(kind)}.9.2")
                self.assertIn(f"{kind}9 is a {kind}: it goes on in a packet to 10.240.0.98", reply["hops"][0]["why"])

    def test_hostile_names_are_data(self):
        container = self.zoo.add("hostile")
        name = 'x";\x1b[31m'
        container.run("ip", "link", "add", name, "type", "veth", "peer", "name", "other")
        container.run("ip", "addr", "add", "10.0.0.1/24", "dev", name)
        container.run("ip", "link", "set", name, "up")
        container.run("ip", "link", "set", "other", "up")
        reply = self.way(container, "10.0.0.2")
        self.assertEqual(reply["hops"][0]["ifname"], name)

    def test_circles_end(self):
        first, container = self.add("one"), self.add_container("c2", 2)
        zoo_module.veth(self.node, "a0", first, "b0")
        self.node.ip_batch(["link set a0 up", "addr add 10.60.0.1/24 dev a0", "route add 198.51.100.0/24 via 10.60.0.2"])
        first.ip_batch(["link set lo up", "link set b0 up", "addr add 10.60.0.2/24 dev b0", "route add default via 10.60.0.1"])
        first.sysctl("net/ipv4/ip_forward", 1)
        reply = self.way(container, "198.51.100.1")
        self.assertEqual((len(reply["hops"]), reply["reachable"]), (16, "unknown"))
        self.assertIn("circle", reply["summary"])

    def test_failures(self):
        pid = os.getpid()
        for query, status in (("", 400), (f"pid={pid}", 400), (f"pid={pid}&to=web", 400), (f"pid={pid}&to=10.0.0.1&port=0", 400),
                              (f"pid={pid}&to=10.0.0.1&port=70000", 400), (f"pid={pid}&to=10.0.0.1&protocol=icmp", 400),
                              (f"pid={pid}&to=10.0.0.1&parts=addr", 400), (f"pid={pid}&node&to=10.0.0.1", 400), ("pid=4194303&to=10.0.0.1", 404),
                              ("to=10.0.0.1", 400), (f"pid={pid}&to=10.0.0.1&to=10.0.0.2", 400)):
            with self.subTest(query):
                got, reply = self.ask(query)
                self.assertEqual((got, list(reply)), (status, ["error"]), reply)
                self.assertEqual(list(reply["error"]), ["kind", "message"])


if __name__ == "__main__":
    unittest.main()
