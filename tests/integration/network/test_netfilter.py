"""Which packet filters a namespace has, against nft and the legacy programs."""

import json
import shutil
import unittest

from tests.support import namespace_zoo
from tests.support.network import filter_oracle
from tests.support.network import parts as network_parts

RULESET = """
table inet fw {
 chain input {
  type filter hook input priority -5; policy drop;
  tcp dport 22 accept
  tcp dport 80 accept
 }
 chain other {
  ip saddr 10.1.2.3 drop
 }
 chain out {
  type filter hook output priority 10; policy accept;
 }
}
table ip kube-proxy {
 chain services {
  type nat hook prerouting priority -100;
  ip daddr 10.96.0.1 dnat to 10.0.0.1
 }
}
table arp a {
 chain f {
  type filter hook input priority 0;
 }
}
table ip6 asleep {
 flags dormant;
 chain f {
  type filter hook forward priority 0;
 }
}
"""


class Netfilter(namespace_zoo.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for tool in ("nft", "iptables-legacy", "iptables-nft"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")

    def setUp(self):
        super().setUp()
        self.namespace = self.zoo.add("netfilter")

    def run_there(self, command):
        return self.namespace.run("sh", "-c", command).decode()

    def read(self, **more):
        shown = network_parts.read(self.namespace.pid, "netfilter", **more)
        self.assertEqual(shown["errors"], {})
        return shown

    def test_tables_of_nft(self):
        self.namespace.run("nft", "-f", "-", stdin=RULESET.encode())
        self.run_there("iptables-nft -t nat -A POSTROUTING -j MASQUERADE; ip6tables-nft -A INPUT -p tcp -j ACCEPT")
        self.namespace.ip("link set lo up")
        for rules in ("add table netdev d; add chain netdev d i { type filter hook ingress device lo priority 0; }",
                      "add table bridge b; add chain bridge b f { type filter hook forward priority 0; }; add rule bridge b f drop"):
            self.namespace.run("nft", rules, check=False)  # kernels without these families
        shown = self.read()
        self.assertEqual(shown["notes"], {})
        ours, _ = filter_oracle.ours(shown["netfilter"])
        theirs = filter_oracle.nft_tables(self.namespace)
        self.assertEqual(ours, theirs)
        self.assertLessEqual({("inet", "fw"), ("ip", "kube-proxy"), ("ip", "nat"), ("ip6", "filter"), ("arp", "a")}, set(ours))
        self.assertEqual(ours[("inet", "fw")]["rules"], 3)
        self.assertTrue(ours[("ip6", "asleep")]["dormant"])
        self.assertEqual(shown["netfilter"]["legacy"], [])

    def test_tables_of_the_legacy_variant(self):
        self.run_there("iptables-legacy -A INPUT -p tcp --dport 80 -j ACCEPT && iptables-legacy -N X && iptables-legacy -N EMPTY && "
                       "iptables-legacy -A X -j DROP && iptables-legacy -A FORWARD -m mac --mac-source 02:00:00:00:00:01 -j X && "
                       "iptables-legacy -t nat -A POSTROUTING -j MASQUERADE && iptables-legacy -t mangle -L && "
                       "ip6tables-legacy -A INPUT -j ACCEPT && ip6tables-legacy -N Y && ip6tables-legacy -A Y -p udp -j RETURN")
        _, ours = filter_oracle.ours(self.read()["netfilter"])
        theirs = filter_oracle.legacy_tables(self.namespace)
        self.assertEqual(ours, theirs)
        self.assertEqual(ours[("ipv4", "filter")][0], 3)
        self.assertEqual(set(ours), {("ipv4", "filter"), ("ipv4", "nat"), ("ipv4", "mangle"), ("ipv6", "filter")})

    def test_looking_makes_no_table(self):
        for _ in range(2):
            shown = self.read()
            self.assertEqual((shown["netfilter"], shown["notes"]), ({"nft": [], "legacy": []}, {}))
        self.assertEqual(self.run_there("nft list ruleset"), "")
        self.assertEqual(self.run_there("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names"), "")

    def test_without_the_right_to_ask(self):
        self.namespace.run("nft", "-f", "-", stdin=RULESET.encode())
        self.run_there("iptables-legacy -A INPUT -j ACCEPT")
        shown = self.read(prefix=("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"))
        self.assertIsNone(shown["netfilter"]["nft"])
        self.assertIn("CAP_NET_ADMIN is needed", shown["notes"]["netfilter"])
        self.assertEqual(shown["netfilter"]["legacy"], [{"family": "ipv4", "name": "filter", "rules": None, "hooks": []}])

    def test_many(self):
        rules = ["add table ip t"]
        rules += [f"add chain ip t c{number} {{ type filter hook input priority {number}; }}" for number in range(600)]
        rules += ["add chain ip t many"] + ["add rule ip t many ip saddr 10.0.0.1 counter"] * 20_000
        rules += [f"add table ip a{number}" for number in range(300)]
        self.namespace.run("nft", "-f", "-", stdin="\n".join(rules).encode())
        shown = self.read()
        self.assertEqual(shown["netfilter"]["nft"][0]["rules"], 20_000)
        self.assertEqual(len(shown["netfilter"]["nft"]), 256)
        self.assertEqual(sum(len(one["hooks"]) for one in shown["netfilter"]["nft"]), 512)
        self.assertEqual(shown["notes"]["netfilter"], "more than 256 tables: the others are left out; 512 of 600 base chains are listed")
        self.assertLess(len(json.dumps(shown)), 1 << 20)


if __name__ == "__main__":
    unittest.main()
