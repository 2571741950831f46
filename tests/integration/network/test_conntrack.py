"""Connection tracking against the kernel's own file of it, and its sysctls."""

import unittest

from tests.support import namespace_zoo
from tests.support.network import parts as network_parts

RULES = "table inet t {\n chain c {\n type filter hook output priority 0;\n ct state new accept\n }\n}\n"
# Five connections; a TCP header of zeros is one that nobody can track.
TRAFFIC = """
import socket
listener = socket.socket(); listener.bind(("127.0.0.1", 8080)); listener.listen(10)
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(5)]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for _ in range(3):
    raw.sendto(bytes(20), ("127.0.0.1", 0))
"""
# The file's names for what conntrack(8) calls otherwise.
NAMES = {"clashres": "clash_resolve", "chainlength": "chaintoolong", "icmp_error": "error"}


class Conntrack(namespace_zoo.ZooCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.namespace = self.zoo.add("conntrack")
        self.namespace.ip("link set lo up")
        if self.namespace.run("sh", "-c", "test -e /proc/sys/net/netfilter/nf_conntrack_count && echo yes", check=False) != b"yes\n":
            shown = network_parts.read(self.namespace.pid, "conntrack")
            self.assertEqual((shown["conntrack"], shown["notes"]),
                             (None, {"conntrack": "this kernel tracks no connections (nf_conntrack)"}))
            self.skipTest("this kernel has no nf_conntrack")

    def sysctl(self, name):
        return int(self.namespace.run("cat", f"/proc/sys/net/netfilter/nf_conntrack_{name}"))

    def file_sum(self):
        names, *lines = self.namespace.run("cat", "/proc/net/stat/nf_conntrack").decode().splitlines()
        rows = [[int(word, 16) for word in line.split()] for line in lines]
        return {NAMES.get(name, name): sum(column) for name, column in zip(names.split(), zip(*rows))}

    def test_counts_are_the_kernels(self):
        self.namespace.run("nft", "-f", "-", stdin=RULES.encode())
        with network_parts.Program(self.namespace, TRAFFIC):
            shown = network_parts.read(self.namespace.pid, "conntrack")
            self.assertEqual((shown["notes"], shown["errors"]), ({}, {}))
            ours, counted = shown["conntrack"], self.file_sum()
            self.assertEqual({name: ours[name] for name in ("count", "max", "buckets")},
                             {name: self.sysctl(name) for name in ("count", "max", "buckets")})
            self.assertGreaterEqual(ours["count"], 5)
            self.assertEqual(ours["count"], len(self.namespace.run("cat", "/proc/net/nf_conntrack").splitlines()))
            for name, value in ours["per_cpu_sum"].items():
                self.assertEqual(value, counted[name], name)
            self.assertGreaterEqual(ours["per_cpu_sum"]["invalid"], 3)
            self.assertLessEqual({"insert_failed", "drop", "early_drop", "search_restart"}, set(ours["per_cpu_sum"]))

    def test_looking_tracks_nothing(self):
        shown = network_parts.read(self.namespace.pid, "conntrack")
        self.assertEqual(shown["conntrack"]["count"], 0)
        self.assertEqual(self.namespace.run("nft", "list", "ruleset"), b"")

    def test_without_the_right_to_ask_counters_are_missing_and_the_rest_is_there(self):
        shown = network_parts.read(self.namespace.pid, "conntrack", prefix=("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"))
        self.assertIsNone(shown["conntrack"]["per_cpu_sum"])
        self.assertEqual(shown["conntrack"]["max"], self.sysctl("max"))
        self.assertIn("conntrack's counters could not be read: ", shown["notes"]["conntrack"])


if __name__ == "__main__":
    unittest.main()
