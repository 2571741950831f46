"""The texts of packet filters (the part netfilter_text) against the programs themselves, run in the same namespaces."""

import json
import pathlib
import re
import shutil
import time
import unittest

from tests.support import namespace_zoo
from tests.support.service import Service

MEMBERS = ("iptables_nft", "ip6tables_nft", "iptables_legacy", "ip6tables_legacy", "nft")
RULESET = """
table inet fw { chain input { type filter hook input priority -5; policy drop; tcp dport 22 counter accept comment "two words é"; }; }
table ip kube-proxy { chain services { type nat hook prerouting priority -100; ip daddr 10.96.0.1 dnat to 10.0.0.1; }; }
"""
IPTABLES = ("{0} -A INPUT -p tcp --dport 80 -m comment --comment 'two words' -j ACCEPT; {0} -N X; {0} -A X -j DROP; "
            "{0} -t nat -A POSTROUTING -j MASQUERADE; {0} -t mangle -A PREROUTING -j MARK --set-mark 7")


def without_dates(text):
    """The programs name the time at which they were run, and themselves as they were called."""
    return re.sub(r"^# (Generated|Completed).*$", r"# \1", text, flags=re.M)


def by_tables(text):
    """The tables of an iptables-save: the legacy program is asked for one after another, in an order of the kernel."""
    return {table.partition("\n")[0]: table for table in without_dates(text).replace("# Generated\n", "").split("*")[1:]}


class NetfilterTexts(namespace_zoo.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for tool in ("nft", "iptables-legacy", "iptables-nft"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")

    def setUp(self):
        super().setUp()
        self.namespace = self.zoo.add("texts")

    def run_there(self, command):
        return self.namespace.run("sh", "-c", command).decode()

    def read(self, parts="netfilter_text", flags=(), status=200):
        with Service(*flags) as service:
            answered, _, body = service.request("GET", f"/v1/network?pid={self.namespace.pid}&parts={parts}")
        self.assertEqual(answered, status, body[:500])
        return json.loads(body)

    def state(self):
        return (self.run_there("nft -a list ruleset; cat /proc/net/ip_tables_names /proc/net/ip6_tables_names"), self.modules())

    @staticmethod
    def modules():
        file = pathlib.Path("/proc/modules")
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    def test_both_variants_of_both_families(self):
        self.namespace.run("nft", "-f", "-", stdin=RULESET.encode())
        for program in ("iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"):
            self.run_there(IPTABLES.format(program))
        before = self.state()
        shown = self.read()
        self.assertEqual(self.state(), before)
        self.assertEqual((shown["errors"], shown["notes"]), ({}, {}))
        texts = shown["netfilter_text"]
        self.assertEqual(tuple(texts), MEMBERS)
        for member, program in (("iptables_nft", "iptables-nft-save"), ("ip6tables_nft", "ip6tables-nft-save")):
            theirs = self.run_there(f"{program} 2>/dev/null")
            self.assertIn("MASQUERADE", theirs)
            self.assertEqual(without_dates(texts[member]), without_dates(theirs))
        for member, program in (("iptables_legacy", "iptables-legacy-save"), ("ip6tables_legacy", "ip6tables-legacy-save")):
            theirs = by_tables(self.run_there(program))
            self.assertEqual(set(theirs), {"filter", "nat", "mangle"})
            self.assertEqual(by_tables(texts[member]), theirs)
        self.assertEqual(json.loads(texts["nft"]), json.loads(self.run_there("nft -j list ruleset")))

    def test_what_is_not_there_is_not_run(self):
        """The legacy program would make the table it is asked for."""
        before = self.state()
        shown = self.read()
        self.assertEqual((shown["netfilter_text"], shown["errors"], shown["notes"]), (dict.fromkeys(MEMBERS), {}, {}))
        self.assertEqual(self.state(), before)
        self.run_there("ip6tables-legacy -t raw -A OUTPUT -j ACCEPT")
        texts = self.read()["netfilter_text"]
        self.assertIn("-A OUTPUT -j ACCEPT", texts["ip6tables_legacy"])
        self.assertEqual([name for name in MEMBERS if texts[name] is not None], ["ip6tables_legacy"])
        self.assertEqual(self.run_there("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names"), "raw\n")

    def test_only_on_request_and_beside_others(self):
        self.namespace.run("nft", "-f", "-", stdin=RULESET.encode())
        with Service() as service:
            whole = json.loads(service.request("GET", f"/v1/network?pid={self.namespace.pid}")[2])
        self.assertNotIn("netfilter_text", whole)
        self.assertIn("netfilter", whole)
        shown = self.read("netfilter,netfilter_text,resolver,addr")
        self.assertEqual(shown["errors"], {})
        self.assertEqual(len(shown["netfilter"]["nft"]), 2)
        self.assertIn("kube-proxy", shown["netfilter_text"]["nft"])

    def test_a_set_of_fifty_thousand_elements(self):
        elements = ", ".join(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(50_000))
        self.namespace.run("nft", "-f", "-", stdin=f"add table inet t\nadd set inet t s {{ type ipv4_addr; }}\n"
                                                   f"add element inet t s {{ {elements} }}\n".encode())
        self.run_there("iptables-nft -A INPUT -j ACCEPT")
        began = time.monotonic()
        shown = self.read()
        print(f"\na set of 50,000 elements: {time.monotonic() - began:.2f} s with the start of the service")
        if not shown["notes"]:
            self.assertEqual(json.loads(shown["netfilter_text"]["nft"]), json.loads(self.run_there("nft -j list ruleset")))
        else:  # a version of nft that needs more memory for it
            self.assertRegex(shown["notes"]["netfilter_text"], "nft: needed more than 48 MiB of memory|nft is cut after")
        self.assertIn("-A INPUT -j ACCEPT", shown["netfilter_text"]["iptables_nft"])

        shown = self.read(flags=("--max-reply", str(256 << 10)))
        self.assertLess(len(json.dumps(shown)), 256 << 10)
        self.assertRegex(shown["notes"]["netfilter_text"], r"nft is cut after \d+ of \d+ bytes")
        self.assertIn("-A INPUT -j ACCEPT", shown["netfilter_text"]["iptables_nft"])
        self.assertTrue(shown["netfilter_text"]["nft"].startswith('{"nftables": '))

    def test_a_program_that_is_missing_is_named(self):
        self.run_there("iptables-nft -A INPUT -j ACCEPT")
        shown = self.read("netfilter,netfilter_text", flags=("--xtables-dir", "/var/empty-texts"))
        self.assertIn("netfilter_text: iptables-nft-save: ", shown["errors"]["netfilter_text"]["message"])
        self.assertEqual(shown["netfilter"]["nft"][0]["rules"], 1)

    def test_without_the_right_to_ask(self):
        self.namespace.run("nft", "-f", "-", stdin=RULESET.encode())
        with Service(prefix=("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")) as service:
            _, _, body = service.request("GET", f"/v1/network?pid={self.namespace.pid}&parts=netfilter_text")
        shown = json.loads(body)
        self.assertEqual(shown["netfilter_text"], dict.fromkeys(MEMBERS))
        self.assertIn("CAP_NET_ADMIN is needed", shown["notes"]["netfilter_text"])


if __name__ == "__main__":
    unittest.main()
