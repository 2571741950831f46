"""GET /v1/path and packet filters: what is quoted, which address is followed, and when nobody can know."""

import shutil
import unittest

from tests.support.network.path import PathCase, connect, meet
from tests.support.waiting import wait_until


class PathRules(PathCase):
    def setUp(self):
        super().setUp()
        for tool in ("nft", "iptables-nft", "iptables-legacy", "ip6tables-nft"):
            if shutil.which(tool) is None:
                self.skipTest(f"{tool} is not installed")
        self.container = self.add_container("c2", 2)
        self.other = self.add("c9")
        self.node.ip_batch(["link add br1 type bridge", "addr add 10.241.0.1/24 dev br1", "addr add 2001:db8:241::1/64 dev br1 nodad", "link set br1 up"])
        connect(self.node, self.other, "veth9", "10.241.0.9/24", "2001:db8:241::9/64", "br1")
        meet(self.container, "2001:db8:240::1")
        wait_until(lambda: b"REACHABLE" in self.container.run("ip", "neigh", "show", "2001:db8:240::1"), "an answer")

    def nft(self, text):
        self.node.run("nft", "-f", "-", stdin=text.encode())

    def delivered(self, reply):
        self.assertEqual(self.places(reply), [("c2", "eth0", "forwarded"), ("node", "br1", "forwarded"), ("node", "veth9", "forwarded"),
                                              ("c9", "eth0", "delivered")])

    def rules(self, reply):
        return [(hop["hook"], hop["rule"]) for one in reply["hops"] for hop in one["netfilter"]]

    def test_a_service_of_nft(self):
        self.nft("""table ip proxy {
 chain services { ip daddr 10.96.0.1 tcp dport 80 dnat to 10.241.0.9:8080
 }
 chain pre { type nat hook prerouting priority dstnat; jump services
 }
}
table ip6 proxy {
 chain pre { type nat hook prerouting priority dstnat; ip6 daddr 2001:db8:96::1 tcp dport 80 dnat to [2001:db8:241::9]:8080
 }
}""")
        for service, endpoint in (("10.96.0.1", "10.241.0.9"), ("2001:db8:96::1", "2001:db8:241::9")):
            with self.subTest(service):
                reply = self.way(self.container, service, port=80)
                self.delivered(reply)
                self.assertEqual((reply["reachable"], reply["hops"][1]["translated"]), ("yes", f"{endpoint} port 8080"))
                self.assertIn("dnat to", self.rules(reply)[0][1])
                self.assertIn(f"tcp to {endpoint} port 8080 is delivered", reply["summary"])
        reply = self.way(self.container, "10.96.0.1", port=81)
        self.assertEqual((reply["reachable"], [hop["translated"] for hop in reply["hops"]]), ("no", [None, None]))

    def test_a_service_of_iptables(self):
        for program, service, endpoint, shown in (("iptables-nft", "10.96.0.1", "10.241.0.9", "10.241.0.9"),
                                                  ("ip6tables-nft", "2001:db8:96::1", "2001:db8:241::9", "[2001:db8:241::9]"),
                                                  ("iptables-legacy", "10.96.0.2", "10.241.0.9", "10.241.0.9")):
            with self.subTest(program):
                for rule in ("-N SERVICES", "-N SEP", f"-A SERVICES -d {service} -p tcp -m comment --comment \"a 'service'\" -m tcp --dport 80 -j SEP",
                             f"-A SEP -p tcp -j DNAT --to-destination {shown}:8080", "-A PREROUTING -j SERVICES"):
                    self.node.run("sh", "-c", f"{program} -t nat {rule}")
                reply = self.way(self.container, service, port=80)
                self.delivered(reply)
                self.assertEqual((reply["reachable"], reply["hops"][1]["translated"]), ("yes", f"{endpoint} port 8080"))
                self.assertIn("-j DNAT --to-destination", self.rules(reply)[0][1])

    def test_a_service_with_two_endpoints(self):
        for rule in ("-d 10.96.0.1 -p tcp --dport 80 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.241.0.9:8080",
                     "-d 10.96.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.241.0.10:8080"):
            self.node.run("sh", "-c", f"iptables-nft -t nat -A PREROUTING {rule}")
        reply = self.way(self.container, "10.96.0.1", port=80)
        self.assertEqual((reply["reachable"], self.places(reply)[-1][::2]), ("unknown", ("node", "forwarded")))
        self.assertEqual(len(self.rules(reply)), 2)
        self.assertIn("what would have to be evaluated: -A PREROUTING -d 10.96.0.1/32", reply["summary"])

    def test_rules_that_name_the_packet_are_quoted(self):
        self.nft("""table inet fw {
 chain forward { type filter hook forward priority filter; policy accept;
  ip daddr 10.241.0.9 tcp dport 443 accept
  iifname "br0" counter
  ip daddr 10.9.9.9 drop
  tcp dport 22 drop
 }
}""")
        reply = self.way(self.container, "10.241.0.9", port=443)
        self.delivered(reply)
        self.assertEqual(reply["reachable"], "yes")
        self.assertEqual(self.rules(reply), [("forward", "ip daddr 10.241.0.9 tcp dport 443 accept")])
        reply = self.way(self.container, "10.241.0.9", port=22)
        self.assertEqual(reply["reachable"], "unknown")
        self.assertEqual([rule for _, rule in self.rules(reply)][-1], "tcp dport 22 drop")
        self.assertIn("what would have to be evaluated: tcp dport 22 drop (table inet fw, hook forward, nft)", reply["summary"])

    def test_a_policy_that_drops(self):
        self.node.run("iptables-nft", "-P", "FORWARD", "DROP")
        reply = self.way(self.container, "10.241.0.9")
        self.assertEqual(reply["reachable"], "unknown")
        self.assertIn("policy drop (table filter, hook forward", reply["summary"])
        self.node.run("iptables-nft", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")
        self.node.run("iptables-nft", "-A", "FORWARD", "-i", "br0", "-o", "br1", "-j", "ACCEPT")
        reply = self.way(self.container, "10.241.0.9")
        self.assertEqual((reply["reachable"], self.rules(reply)), ("yes", [("forward", "-A FORWARD -i br0 -o br1 -j ACCEPT")]))
        # IPv6 has rules of its own.
        self.assertEqual(self.way(self.container, "2001:db8:241::9")["reachable"], "yes")

    def test_rules_of_the_receiver(self):
        self.other.run("nft", "-f", "-", stdin=b"table inet fw { chain in { type filter hook input priority 0; tcp dport 80 reject\n }\n}")
        self.assertEqual(self.way(self.container, "10.241.0.9", port=81)["reachable"], "yes")
        reply = self.way(self.container, "10.241.0.9", port=80)
        self.assertEqual((reply["reachable"], self.rules(reply)), ("unknown", [("input", "tcp dport 80 reject")]))

    def test_many_rules(self):
        rules = "\n".join(f"ip daddr 10.241.0.9 tcp dport {port} accept" for port in range(1000, 6000))
        self.nft("table inet fw { set s { type ipv4_addr; elements = { " + ", ".join(f"10.1.{i >> 8}.{i & 255}" for i in range(3000)) +
                 " }\n }\n chain f { type filter hook forward priority 0;\n ip daddr @s drop\n" + rules + "\n }\n}")
        reply = self.way(self.container, "10.241.0.9", port=5999)
        self.delivered(reply)
        # The set may hold it: nobody has looked.
        self.assertEqual((reply["reachable"], len(self.rules(reply))), ("unknown", 2))
        self.assertIn("ip daddr @s drop", reply["summary"])


if __name__ == "__main__":
    unittest.main()
