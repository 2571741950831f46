"""The JSON of links of kinds which the test kernels have not: random attributes of each kind, written by us and by the real `ip -j -d -s addr`."""

import os
import random
import struct
import unittest

from tests.support import netlink_messages as nl
from tests.support.network.oracle import parse
from tests.support.network.replay import ReplayCase

SEED = int(os.environ.get("NODESCOPE_TEST_SEED", "1"))
ROUNDS = 4
# Attributes by type, with their bytes (linux/if_link.h, linux/if_tunnel.h, linux/if_tun.h). iproute2 does not look at sizes, so they are the
# kernel's; values are any.
TUNNEL = {1: 4, 2: 4, 3: 4, 4: 1, 5: 1, 9: 1, 10: 1, 15: 2, 16: 2, 17: 2, 18: 2, 19: 0, 20: 4}
GRE = {1: 4, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 4, 8: 1, 9: 1, 10: 1, 14: 2, 15: 2, 16: 2, 17: 2, 18: 0, 19: 1, 20: 4}
KINDS = {
    "vlan": {1: 2, 2: 8, 5: 2},
    "bond": {1: 1, 2: 4, 3: 4, 4: 4, 5: 4, 6: 1, 7: 4, 9: 4, 10: 4, 11: 4, 12: 1, 13: 1, 14: 1, 15: 4, 16: 1, 17: 1, 18: 4, 19: 4, 20: 4, 21: 1, 22: 1, 24: 2,
             25: 2, 26: 6, 27: 1, 28: 4, 29: 1, 30: 1},
    "ipvlan": {1: 2, 2: 2}, "ipvtap": {1: 2, 2: 2}, "macvtap": {1: 4, 2: 2, 7: 4, 8: 4}, "vrf": {1: 4},
    "ipip": TUNNEL, "sit": {**TUNNEL, 8: 2, 11: 16, 12: 4, 13: 2, 14: 2}, "gre": GRE, "gretap": GRE, "erspan": {**GRE, 21: 4, 22: 1, 23: 1, 24: 2},
    "tun": {1: 4, 2: 4, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 4, 9: 4},
}
# The kernel sends all of these or none, and iproute2 ends by a signal where one alone is missing.
TOGETHER = {"ipip": [{15, 16, 17, 18}], "sit": [{15, 16, 17, 18}, {11, 12, 13, 14}], **dict.fromkeys(("gre", "gretap", "erspan"), [{14, 15, 16, 17}])}
# iproute2 knows the names of users and groups, and of protocols that no vlan has.
SOME_OF = {("tun", 1): [b"\xff\xee\xdd\0"], ("tun", 2): [b"\xff\xee\xcc\0"], ("vlan", 5): [b"\x81\0", b"\x88\xa8"]}
BOND_PORT = {1: 1, 2: 1, 3: 4, 4: 6, 5: 2, 6: 2, 7: 1, 8: 2, 9: 4}
# Of these there is the name alone, whatever iproute2 shows of them.
NAME_ALONE = ("ip6tnl", "ip6gre", "ip6gretap", "ip6erspan", "vti", "vti6", "xfrm", "macsec", "hsr", "gtp", "bareudp", "can", "vcan", "rmnet", "ipoib", "dsa", "amt",
              "netdevsim", "nlmon", "team", "wwan", "virt_wifi", "batadv", "lowpan")


class Kinds(ReplayCase):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)

    def some(self, of, name=None):
        """Some of the attributes, in any order."""
        kinds = {kind for kind in of if self.random.random() < 0.7}
        for group in TOGETHER.get(name, ()):
            kinds |= group if kinds & group else set()
        kinds = sorted(kinds)
        self.random.shuffle(kinds)
        return [nl.attribute(kind, self.random.choice(SOME_OF[name, kind]) if (name, kind) in SOME_OF else self.value(of[kind])) for kind in kinds]

    def value(self, size):
        # Small numbers are those that have names.
        small = size in (1, 2, 4) and self.random.random() < 0.5
        return struct.pack("=I", self.random.randrange(8))[:size] if small else self.random.randbytes(size)

    def test_random_attributes(self):
        for name, of in KINDS.items():
            for number in range(ROUNDS):
                with self.subTest(name, seed=SEED, round=number):
                    links = [nl.lo(), *(nl.ethernet(index, f"l{index}", nl.kind_info(name, *self.some(of, name))) for index in range(2, 30))]
                    self.check(links, f'"info_kind":"{name}"')

    def test_random_attributes_of_ports_of_a_bond(self):
        for number in range(ROUNDS):
            with self.subTest(seed=SEED, round=number):
                links = [nl.lo(), *(nl.ethernet(index, f"p{index}", nl.kind_info("veth", port="bond", port_data=self.some(BOND_PORT))) for index in range(2, 30))]
                self.check(links, "info_slave_data")

    def test_the_name_alone(self):
        for name in NAME_ALONE:
            with self.subTest(name):
                ours, theirs = self.both([nl.lo(), nl.ethernet(2, "x0", nl.kind_info(name, nl.u32(250, 4)))])
                for key, inside in theirs[1]:
                    if key == "linkinfo":
                        inside[:] = [member for member in inside if member[0] != "info_data"]
                self.compare((ours, theirs), [f'"linkinfo":{{"info_kind":"{name}"}}'])

    def test_attributes_that_are_cut(self):
        """Of the kernel they never are; ours says what is whole, and does not end."""
        for name, of in {**KINDS, "bridge": {1: 4, 11: 8}, "vxlan": {1: 4, 16: 16}, "geneve": {1: 4, 7: 16}, "macvlan": {1: 4}}.items():
            for cut in range(4):
                links = [nl.lo(), nl.ethernet(2, "x0", nl.kind_info(name, *(nl.attribute(kind, bytes(size)[:cut]) for kind, size in of.items())))]
                self.assertEqual(len(parse(self.ours(links))), 2)


if __name__ == "__main__":
    unittest.main()
