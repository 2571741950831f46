"""What the texts of net info have no place for is said in Errors, and nothing is said where they have all."""

import json
import subprocess
import unittest

from tests.support import namespace_zoo
from tests.support.service import Service

KEY = "collector.kubernetes.container."
NAT_CHAIN = "add table {0}; add chain {0} pre {{ type nat hook prerouting priority -100; }}; add rule {0} pre tcp dport 80 dnat ip to 10.0.0.2"


class WhatTextsHide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = namespace_zoo.why_impossible()
        if reason:
            raise unittest.SkipTest(reason)
        cls.service = Service("--docker-host", "unix:///nonexistent")
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def setUp(self):
        holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
        self.addCleanup(lambda: (holder.kill(), holder.communicate()))
        holder.stdout.readline()
        self.pid = holder.pid
        self.tell("ip", "link", "set", "lo", "up")
        self.tell("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1")
        for name in ("d0", "d1"):
            self.tell("ip", "link", "set", name, "up")
        self.tell("ip", "addr", "add", "10.0.0.1/24", "dev", "d0")

    def tell(self, *command):
        subprocess.run(["nsenter", f"--net=/proc/{self.pid}/ns/net", *command], check=True)

    def errors(self):
        status, _, body = self.service.process_route("/processor/netInfoCollector", {"pid": str(self.pid)})
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        self.assertTrue(answer[KEY + "Route"].startswith("Kernel IP routing table"))
        return json.loads(answer.get(KEY + "Errors", "{}"))

    def test_nothing_where_they_have_all(self):
        self.tell("ip", "route", "add", "10.1.0.0/24", "via", "10.0.0.2")
        self.tell("nft", "add table ip filter; add chain ip filter f { type filter hook input priority 0; }")
        self.assertEqual(self.errors(), {})

    def test_hops_and_gateways_of_ipv6(self):
        self.tell("ip", "route", "add", "10.1.0.0/24", "via", "inet6", "fe80::1", "dev", "d0")
        self.tell("ip", "route", "add", "10.2.0.0/24", "nexthop", "via", "10.0.0.2", "nexthop", "via", "10.0.0.3")
        self.tell("ip", "route", "add", "10.3.0.0/24", "table", "7", "nexthop", "via", "10.0.0.2", "nexthop", "via", "10.0.0.3")
        self.assertEqual(self.errors(), {"Route": "routes with more hops than the one shown: 1, routes through a gateway of IPv6, not shown: 1"})

    def test_rules_that_choose_other_tables(self):
        self.tell("ip", "rule", "add", "from", "10.0.0.1", "table", "100")
        self.tell("ip", "rule", "add", "from", "10.0.0.1", "table", "70000")
        self.tell("ip", "rule", "add", "to", "10.9.0.0/16", "blackhole")
        self.assertEqual(self.errors(), {"Route": "rules (ip rule) that choose otherwise than by the main table: 3, with tables 100 70000"})

    def test_nat_in_other_tables(self):
        self.tell("nft", NAT_CHAIN.format("ip kube-proxy"))
        self.tell("nft", NAT_CHAIN.format("inet fw4"))
        self.tell("nft", "add table inet none; add chain inet none f { type filter hook input priority 0; }")
        self.assertEqual(self.errors(), {"Nat": "NAT is also in tables that iptables-save does not show: inet fw4, ip kube-proxy"})
        for number in range(5):
            self.tell("nft", NAT_CHAIN.format(f"ip t{number}"))
        self.assertRegex(self.errors()["Nat"], "inet fw4, ip kube-proxy, ip t0, ip t1 and 3 more$")


if __name__ == "__main__":
    unittest.main()
