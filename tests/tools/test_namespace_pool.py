"""tests/support/network/namespace_pool.py: a namespace is used again if it is in every way as a new one."""

import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.namespace_pool import Pool


class NamespacePool(zoo_module.ZooCase):
    def setUp(self):
        super().setUp()
        self.pool = Pool(zoo_module.inside)
        self.pool.wanted = True
        self.addCleanup(self.pool.close)

    def make(self, name="made"):
        made = self.pool.take()
        if made is None:
            made = zoo_module.Namespace(name)
            self.addCleanup(made.close)
            self.pool.made(made)
        return made

    def test_what_was_made_in_it_is_deleted(self):
        used = self.make()
        used.ip_batch(["link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up", "addr add 10.0.0.1/24 dev v0",
                       "route add default via 10.0.0.2", "route add 10.1.0.0/16 dev lo", "nexthop add id 7 blackhole", "link add br0 type bridge"])
        used.run("ip", "link", "add", "name", b"\xff\x1b<", "type", "bridge")
        used.sysctl("net/ipv4/ip_forward", 0)
        used.sysctl("net/ipv6/conf/all/forwarding", 1)
        used.run("nft", "add", "table", "ip", "t")
        self.assertTrue(self.pool.give(used))
        self.assertEqual([line.split()[1] for line in used.run("ip", "-o", "link").splitlines()], [b"lo:"])
        self.assertIs(self.make(), used)
        self.assertIsNot(self.make("another"), used)

    def test_what_cannot_be_deleted_is_seen(self):
        for command in ("ip rule add pref 100 from 10.0.0.0/8 table 77", "iptables-legacy -t nat -L"):
            with self.subTest(command):
                used = self.make(command)
                used.run(*command.split())
                self.assertFalse(self.pool.give(used))
                self.assertIsNot(self.make(), used)

    def test_with_memory_none_is_kept(self):
        self.pool.wanted = False
        self.assertFalse(self.pool.give(self.make()))


if __name__ == "__main__":
    unittest.main()
