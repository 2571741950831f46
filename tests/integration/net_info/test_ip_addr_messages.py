"""The text of links which a test kernel may not be able to make: messages composed from the kernel's definitions are shown by us and, by
way of a library that plays them to it, by the real `ip addr` of iproute2 6.1. Recorded dumps of real namespaces go the same way."""

import os
import pathlib
import random
import subprocess
import tempfile
import unittest

from tests.support import namespace_zoo
from tests.support import netlink_messages as nl

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("NODESCOPE_BINARY", ROOT / "build" / "nodescope")).parent / "tests" / "unit"
SEED = int(os.environ.get("NODESCOPE_TEST_SEED", "1"))


class IpAddrMessages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        reason = namespace_zoo.why_impossible()
        if reason:
            raise unittest.SkipTest(reason)

    def check(self, links, addresses, *wanted):
        with tempfile.TemporaryDirectory() as directory:
            files = []
            for name, messages in (("links", links), ("addresses", addresses)):
                files.append(os.path.join(directory, name))
                with open(files[-1], "wb") as file:
                    file.write(b"".join(messages))
            # An empty namespace, so that the kernel's own links cannot stand in for missing ones.
            real = subprocess.run(["unshare", "-n", "ip", "addr"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, env={
                **os.environ, "REPLAY_LINKS": files[0], "REPLAY_ADDRESSES": files[1], "LD_PRELOAD": str(BUILD / "libreplayed_kernel.so")})
            ours = subprocess.run([str(BUILD / "print_network"), "--messages", *files], stdout=subprocess.PIPE, check=True)
        self.assertEqual(ours.stdout.decode("latin-1"), real.stdout.decode("latin-1"))
        for piece in wanted:
            self.assertIn(piece, ours.stdout.decode("latin-1"))

    def test_recorded_namespaces(self):
        for folder in sorted((ROOT / "tests" / "fixtures" / "netns").iterdir()):
            if (folder / "link.bin").exists() and (folder / "addr.bin").exists():
                with self.subTest(folder=folder.name):
                    self.check([(folder / "link.bin").read_bytes()], [(folder / "addr.bin").read_bytes()])

    def test_stacked_links(self):
        slave = nl.UP | nl.RUNNING | nl.LOWER_UP | nl.BROADCAST_FLAG | nl.MULTICAST | nl.SLAVE
        links = [
            nl.lo(),
            nl.ethernet(2, "eth0", nl.u32(nl.MASTER, 4), nl.attribute(nl.PERM_ADDRESS, b"\2\0\0\0\0\2"), flags=slave, qdisc="mq"),
            nl.ethernet(3, "eth1", nl.u32(nl.MASTER, 4), nl.attribute(nl.PERM_ADDRESS, b"\2\0\0\0\0\x33"), flags=slave, qdisc="mq"),
            nl.ethernet(4, "bond0", flags=slave & ~nl.SLAVE | nl.MASTER_FLAG),
            nl.ethernet(5, "bond0.7", nl.u32(nl.LINK, 4), state=6),
            nl.ethernet(6, "vlan9", nl.u32(nl.LINK, 7), flags=nl.UP | nl.BROADCAST_FLAG, state=3),
            nl.ethernet(7, "eth2", flags=nl.BROADCAST_FLAG, state=2),
            nl.ethernet(8, "ipvl0", nl.u32(nl.LINK, 2), nl.u32(nl.LINK_NETNSID, 0)),
            nl.ethernet(9, "ipvl1", nl.u32(nl.LINK, 2), nl.u32(nl.LINK_NETNSID, 0xFFFFFFFF)),
            nl.ethernet(10, "dummy0", flags=nl.UP | nl.RUNNING | nl.LOWER_UP | nl.BROADCAST_FLAG | nl.NOARP, state=0),
            nl.ethernet(11, "gone", nl.u32(nl.LINK, 99), nl.u32(nl.MASTER, 98)),
            nl.ethernet(12, "vrf-a", flags=nl.NOARP | nl.MASTER_FLAG | nl.UP | nl.RUNNING | nl.LOWER_UP, mtu=65575),
        ]
        self.check(links, [], "master bond0", "permaddr 02:00:00:00:00:33", "bond0.7@bond0", "vlan9@eth2", "M-DOWN", "ipvl0@if2", "link-netnsid 0",
                   "link-netnsid unknown", "gone@if99", "master if98", "<NO-CARRIER,")

    def test_tunnels(self):
        ip4, ip6 = nl.ip4, nl.ip6
        links = [
            nl.lo(),
            nl.tunnel(2, "tunl0", nl.TUNNEL, bytes(4), bytes(4)), nl.tunnel(3, "ipip1", nl.TUNNEL, ip4("10.0.0.1"), ip4("10.0.0.2")),
            nl.tunnel(4, "sit1", nl.SIT, ip4("10.0.0.1"), ip4("10.0.0.2")), nl.tunnel(5, "gre1", nl.IPGRE, ip4("10.0.0.1"), ip4("10.0.0.2")),
            nl.tunnel(6, "ip6tnl1", nl.TUNNEL6, ip6("fd00::1"), ip6("fd00::2"), nl.attribute(nl.PERM_ADDRESS, ip6("fe80::1"))),
            nl.tunnel(7, "ip6gre1", nl.IP6GRE, ip6("fd00::1"), ip6("::")), nl.tunnel(8, "vti1", nl.TUNNEL, ip4("10.0.0.1"), bytes(4)),
            nl.link(9, nl.IPGRE, nl.UP | nl.BROADCAST_FLAG, nl.usual("gre2"), nl.u32(nl.LINK, 0), nl.attribute(nl.ADDRESS, ip4("10.0.0.1")),
                    nl.attribute(nl.BROADCAST, ip4("224.66.66.66"))),
            nl.link(10, nl.NONE, nl.POINTOPOINT | nl.NOARP | nl.UP | nl.LOWER_UP | nl.RUNNING, nl.usual("wg0", 1420, state=0)),
            nl.link(11, nl.NONE, nl.POINTOPOINT | nl.NOARP, nl.usual("xfrm0", qlen=0), nl.u32(nl.LINK, 1)),
            nl.link(12, nl.CAN, nl.NOARP | nl.UP | 0x40000 | nl.RUNNING, nl.usual("vcan0", 72)),
            nl.link(13, nl.RAWIP, nl.NOARP, nl.usual("rmnet0")), nl.link(14, nl.PPP, nl.POINTOPOINT | nl.NOARP, nl.usual("ppp0")),
            nl.link(15, nl.INFINIBAND, nl.BROADCAST_FLAG, nl.usual("ib0"), nl.attribute(nl.ADDRESS, bytes(range(20))), nl.attribute(nl.BROADCAST, b"\xff" * 20)),
            nl.link(16, nl.AX25, 0, nl.usual("ax0"), nl.attribute(nl.ADDRESS, bytes.fromhex("98929caab04002")),
                    nl.attribute(nl.BROADCAST, bytes.fromhex("a2a6a84040407e"))),
            nl.link(17, nl.NETROM, 0, nl.usual("nr0"), nl.attribute(nl.ADDRESS, bytes(7))),
            nl.link(18, nl.ROSE, 0, nl.usual("rose0"), nl.attribute(nl.ADDRESS, bytes.fromhex("208012345f"))),
            nl.link(19, nl.ETHER, 0, nl.usual("long0"), nl.attribute(nl.ADDRESS, bytes(range(32)))),
            nl.link(20, nl.NETLINK, nl.NOARP, nl.usual("nlmon0")),
            nl.link(21, nl.ETHER, 0, nl.text(nl.IFNAME, "bare")),
        ]
        self.check(links, [], "link/ipip 10.0.0.1 peer 10.0.0.2", "link/sit", "link/gre 10.0.0.1 brd 224.66.66.66", "link/tunnel6 fd00::1 peer fd00::2",
                   "@NONE", "link/[519]", "link/none \n", "LINUX-1", "ECHO", "link/rose 2080")

    def test_other_fields(self):
        links = [
            nl.lo(),
            nl.ethernet(2, "p0", nl.u8(nl.PROTO_DOWN, 1), nl.nested(nl.PROTO_DOWN_REASON, nl.u32(2, 0x1A5))),
            nl.ethernet(3, "p1", nl.u8(nl.PROTO_DOWN, 0), nl.nested(nl.PROTO_DOWN_REASON, nl.u32(2, 1))),
            nl.link(4, nl.NONE, 0, nl.usual("p2"), nl.u8(nl.PROTO_DOWN, 1), nl.nested(nl.PROTO_DOWN_REASON, nl.u32(2, 3))),
            nl.ethernet(5, "s0", state=7), nl.ethernet(6, "s1", state=200), nl.ethernet(7, "q0", qlen=0xFFFFFFFF),
            nl.ethernet(8, "f0", flags=0xFFFFFFFF), nl.ethernet(9, "f1", flags=0x80000), nl.ethernet(10, "f2", flags=0), nl.ethernet(11, "f3", flags=1),
            nl.ethernet(12, "g0", group=4000000000), nl.ethernet(13, "self", nl.u32(nl.LINK, 13)),
            nl.ethernet(14, "m0", nl.u32(nl.MASTER, 0)),
            nl.ethernet(15, "a0", nl.nested(nl.PROP_LIST, nl.text(nl.ALT_IFNAME, "one"), nl.text(1, "no"), nl.text(nl.ALT_IFNAME, b"\x1b\xff"))),
            *(nl.ethernet(20 + mode, f"x{mode}", nl.nested(nl.XDP, nl.u8(2, mode), nl.u32(4, 7 * mode), nl.u32(5, 8))) for mode in range(7)),
            nl.ethernet(30, "x", nl.nested(nl.XDP, nl.u8(2, 1))),
            nl.ethernet(31, "bad name"), nl.ethernet(32, "bad/name"), nl.ethernet(33, ""), nl.ethernet(34, "x" * 16), nl.ethernet(35, "x" * 15),
            nl.link(36, nl.ETHER, 0, nl.usual("first"), nl.text(nl.IFNAME, "second"), nl.u32(nl.MTU, 7)),
        ]
        addresses = [nl.address(31, 2, 8, 0, 0x80, nl.attribute(nl.IFA_LOCAL, bytes(4))), nl.address(35, 2, 8, 0, 0x80, nl.attribute(nl.IFA_LOCAL, bytes(4)))]
        self.check(links, addresses, "protodown on protodown_reason <0,2,5,7>", "state 0x7", "self@self", "xdp[5]", "xdpoffload/id:21", "xdpmulti/id:28")

    def test_addresses(self):
        forever = nl.lifetime(nl.FOREVER, nl.FOREVER)

        def v4(scope, flags, *more):
            return nl.address(1, 2, 24, scope, flags & 0xFF, nl.attribute(nl.IFA_ADDRESS, nl.ip4("10.0.0.1")), nl.attribute(nl.IFA_LOCAL, nl.ip4("10.0.0.2")),
                              nl.u32(nl.IFA_FLAGS, flags), *more)

        def v6(flags, *more):
            return nl.address(1, 10, 64, 0, flags & 0xFF, nl.attribute(nl.IFA_ADDRESS, nl.ip6("2001:db8::1")), nl.u32(nl.IFA_FLAGS, flags), *more)

        addresses = [
            v4(0, 0x80, forever), v4(254, 0x81, nl.text(nl.IFA_LABEL, "lo:x"), forever), v4(77, 0, nl.attribute(nl.IFA_ANYCAST, nl.ip4("10.0.0.9"))),
            v4(255, 0x80, nl.u32(nl.IFA_RT_PRIORITY, 0xFFFFFFFF), nl.attribute(nl.IFA_BROADCAST, nl.ip4("10.0.0.255")), nl.u8(nl.IFA_PROTO, 1)),
            *(v6(1 << bit, forever) for bit in range(32)), v6(0xFFFFFFFF, nl.lifetime(5, 10)), v6(0, nl.lifetime(0xFFFFFFF0, 0xFFFFFFF0)),
            v6(0x20, nl.lifetime(0xFFFFFFF0, 10)), v6(0x80, nl.u8(nl.IFA_PROTO, 2), forever),
            nl.address(1, 10, 128, 253, 0x80, nl.attribute(nl.IFA_LOCAL, nl.ip6("::1"))), nl.address(1, 2, 0, 0, 0x80),
            nl.address(1, 35, 6, 0, 0x80, nl.attribute(nl.IFA_LOCAL, b"\x10")), nl.address(1, 45, 8, 0, 0x80, nl.attribute(nl.IFA_LOCAL, b"\x09")),
            nl.address(1, 28, 20, 0, 0x80), nl.address(1, 7, 20, 0, 0x80), nl.address(1, 17, 20, 0, 0x80), nl.address(7, 2, 8, 0, 0x80),
        ]
        self.check([nl.lo()], addresses, "temporary", "secondary", "stable-privacy", "flags 1000", "preferred_lft -16sec", "4294967280sec", "scope 77",
                   "metric 4294967295", "family 35 ???/6")

    def test_random_messages(self):
        chosen = random.Random(SEED)
        name_bytes = [bytes((c,)) for c in range(1, 256) if bytes((c,)) not in b"/: \t\n\v\f\r\xa0"]
        types = (nl.ETHER, nl.NONE, nl.TUNNEL, nl.SIT, nl.IPGRE, nl.TUNNEL6, nl.IP6GRE, nl.AX25, nl.NETROM, nl.ROSE, nl.LOOPBACK_TYPE, nl.RAWIP, 787, 799, 65535)

        def name(limit=15):
            return b"".join(chosen.choices(name_bytes, k=chosen.randint(1, limit)))

        def some_link(index):
            parts = [nl.text(nl.IFNAME, name())]
            options = [
                lambda: nl.u32(nl.MTU, chosen.getrandbits(32)), lambda: nl.text(nl.QDISC, name()), lambda: nl.u32(nl.MASTER, chosen.randint(0, 45)),
                lambda: nl.u8(nl.OPERSTATE, chosen.randint(0, 9)), lambda: nl.u32(nl.GROUP, chosen.choice((0, 1, 7, 2**31, 2**32 - 1))),
                lambda: nl.u32(nl.TXQLEN, chosen.choice((0, 1, 1000, 2**32 - 1))),
                lambda: nl.attribute(nl.ADDRESS, chosen.randbytes(chosen.choice((1, 4, 5, 6, 7, 8, 16, 20, 21, 22, 32)))),
                lambda: nl.attribute(nl.BROADCAST, chosen.randbytes(chosen.choice((1, 4, 5, 6, 7, 8, 16, 20, 32)))),
                lambda: nl.attribute(nl.PERM_ADDRESS, chosen.randbytes(chosen.choice((4, 6, 16)))),
                lambda: nl.u32(nl.LINK, chosen.randint(0, 45)), lambda: nl.u32(nl.LINK_NETNSID, chosen.choice((0, 3, 2**32 - 1))),
                lambda: nl.u8(nl.PROTO_DOWN, chosen.randint(0, 2)), lambda: nl.nested(nl.PROTO_DOWN_REASON, nl.u32(2, chosen.getrandbits(32))),
                lambda: nl.nested(nl.XDP, nl.u8(2, chosen.randint(0, 6)), nl.u32(4, chosen.randint(0, 3))),
                lambda: nl.nested(nl.PROP_LIST, *(nl.text(nl.ALT_IFNAME, name(127)) for _ in range(chosen.randint(0, 4)))),
                lambda: nl.text(nl.IFALIAS, name(200)), lambda: nl.attribute(chosen.randint(56, 80), chosen.randbytes(chosen.randint(0, 40))),
            ]
            parts += [make() for make in options if chosen.random() < 0.6]
            chosen.shuffle(parts)
            flags = chosen.getrandbits(32) & chosen.getrandbits(32) if chosen.random() < 0.5 else 1 << chosen.randint(0, 31)
            return nl.link(index, chosen.choice(types), flags, *parts)

        def some_address():
            family = chosen.choice((2, 2, 10, 10, 10, 35))
            size = {2: 4, 10: 16}.get(family, 16)
            value = chosen.choice((bytes(size), chosen.randbytes(size), b"\0" * (size - 4) + chosen.randbytes(4)))
            parts = [nl.attribute(nl.IFA_ADDRESS, value)] if chosen.random() < 0.8 else []
            options = [
                lambda: nl.attribute(nl.IFA_LOCAL, chosen.choice((value, chosen.randbytes(size)))), lambda: nl.text(nl.IFA_LABEL, name()),
                lambda: nl.attribute(nl.IFA_BROADCAST, chosen.randbytes(size)), lambda: nl.attribute(nl.IFA_ANYCAST, chosen.randbytes(size)),
                lambda: nl.u32(nl.IFA_FLAGS, chosen.getrandbits(32) & chosen.getrandbits(32)), lambda: nl.u32(nl.IFA_RT_PRIORITY, chosen.getrandbits(32)),
                lambda: nl.lifetime(chosen.choice((0, 7, 2**31, nl.FOREVER)), chosen.choice((0, 7, 2**31, nl.FOREVER))),
            ]
            parts += [make() for make in options if chosen.random() < 0.6]
            chosen.shuffle(parts)
            return nl.address(chosen.randint(1, 45), family, chosen.randint(0, 255), chosen.choice((0, 77, 200, 253, 254, 255)), chosen.getrandbits(8), *parts)

        for round_number in range(10):
            with self.subTest(seed=SEED, round=round_number):
                self.check([nl.lo()] + [some_link(index) for index in range(2, 42)], [some_address() for _ in range(200)])


if __name__ == "__main__":
    unittest.main()
