"""The JSON of links which a test kernel may not be able to make: messages composed from the kernel's definitions are written by us and,
by way of a library that plays them to it, by the real `ip -j -d -s addr` of iproute2 6.1."""

import os
import random
import struct
import unittest

from tests.support import netlink_messages as nl
from tests.support.network.replay import ReplayCase

SEED = int(os.environ.get("NODESCOPE_TEST_SEED", "1"))


def numbers(sizes):
    """Attributes from a list of (type, bytes of the number, value)."""
    forms = {1: "=B", 2: "=H", 4: "=I", 8: "=Q"}
    return [nl.attribute(kind, struct.pack(forms[size], value)) for kind, size, value in sizes]


class NetworkMessages(ReplayCase):
    def check_kind(self, name, data, *wanted, kind=nl.ETHER):
        self.check([nl.lo(), nl.link(2, kind, nl.UP, nl.usual("x0"), nl.kind_info(name, *data)),
                    nl.ethernet(3, "e0")], *wanted)

    def test_vlan(self):
        flags = nl.attribute(2, struct.pack("=II", 0x17, 0xFFFFFFFF))
        maps = [nl.nested(kind, nl.attribute(1, struct.pack("=II", 1, 2)), nl.attribute(1, struct.pack("=II", 3, 4))) for kind in (3, 4)]
        self.check_kind("vlan", [nl.u16(1, 7), nl.be16(5, 0x8100), flags, *maps], '"802.1Q"', "LOOSE_BINDING", "ingress_qos")
        self.check_kind("vlan", [nl.u16(1, 4095), nl.be16(5, 0x88A8), nl.attribute(2, struct.pack("=II", 0x100, 0))], "802.1ad", '"100"')
        self.check_kind("vlan", [nl.u16(1, 4)], '"802.1q"')
        self.check_kind("vlan", [nl.be16(5, 0x8100)], '"info_data":{}')

    def test_bond_and_ports(self):
        targets = nl.nested(8, *(nl.attribute(place, nl.ip4(f"10.0.0.{place}")) for place in range(3)))
        targets6 = nl.nested(31, nl.attribute(0, nl.ip6("fd00::1")), nl.attribute(1, nl.ip6("fd00::2")))
        aggregation = nl.nested(23, nl.u16(1, 5), nl.u16(2, 2), nl.u16(3, 9), nl.u16(4, 1), nl.attribute(5, b"\2\0\0\0\0\7"))
        for mode in range(8):
            data = [*numbers([(1, 1, mode), (2, 4, 3), (3, 4, 100), (4, 4, 200), (5, 4, 300), (6, 1, 1), (7, 4, 0), (9, 4, mode), (10, 4, mode % 3),
                              (11, 4, 3), (12, 1, mode % 4), (13, 1, mode % 4), (14, 1, mode), (15, 4, 1), (16, 1, 2), (17, 1, 0), (18, 4, 1), (19, 4, 1),
                              (20, 4, 1), (21, 1, mode % 3), (22, 1, mode % 4), (24, 2, 65535), (25, 2, 7), (27, 1, 1), (28, 4, 9), (29, 1, mode % 2),
                              (30, 1, 2)]), targets, targets6, aggregation, nl.attribute(26, b"\2\0\0\0\0\x09")]
            self.check_kind("bond", data, "arp_ip_target", "ns_ip6_target", "ad_info", '"active_slave":"e0"')
        for state in range(4):
            port = [*numbers([(1, 1, state), (2, 1, state + 1), (3, 4, 0xFFFFFFFF), (5, 2, 3), (6, 2, 4), (7, 1, 0x3D), (8, 2, 0xFF), (9, 4, 0xFFFFFFF0)]),
                    nl.attribute(4, b"\2\0\0\0\0\1")]
            self.check([nl.lo(), nl.link(2, nl.ETHER, nl.UP | nl.SLAVE, nl.usual("p0"), nl.kind_info("veth", port="bond", port_data=port))],
                       "info_slave_data", "ad_partner_oper_port_state_str")

    def test_tunnels_of_ip(self):
        ends = [nl.attribute(2, nl.ip4("10.0.0.1")), nl.attribute(3, nl.ip4("10.0.0.2"))]
        encap = numbers([(15, 2, 1), (16, 2, 7)]) + [nl.be16(17, 5555), nl.be16(18, 6666)]
        for protocol in (0, 4, 41, 137, 9):
            self.check_kind("ipip", [*ends, nl.u32(1, 3), nl.u8(4, 64), nl.u8(5, 8), nl.u8(9, protocol), nl.u8(10, 1), *encap, nl.u32(20, 77)],
                            '"remote":"10.0.0.2"', '"encap"', '"fwmark":"0x4d"', kind=nl.TUNNEL)
        self.check_kind("ipip", [nl.u8(9, 4), nl.attribute(19, b"")], '"external":true', '"remote":"any"', kind=nl.TUNNEL)
        self.check_kind("sit", [*ends, nl.u16(8, 1), nl.attribute(11, nl.ip6("2002::")), nl.attribute(12, nl.ip4("10.1.0.0")), nl.u16(13, 16), nl.u16(14, 8)],
                        "relay_prefix", "isatap", kind=nl.SIT)
        ends = [nl.attribute(6, nl.ip4("10.0.0.1")), nl.attribute(7, nl.ip4("0.0.0.0"))]
        for kind in ("gre", "gretap", "erspan"):
            self.check_kind(kind, [*ends, nl.u32(1, 3), nl.u16(2, 0x0070 | 0x0020), nl.u16(3, 0x00B0), nl.attribute(4, nl.ip4("0.0.0.7")),
                                   nl.attribute(5, nl.ip4("0.0.0.0")), nl.u8(8, 9), nl.u8(9, 4), nl.u8(10, 0), nl.u8(19, 1), nl.u32(20, 5), nl.u32(21, 3),
                                   nl.u8(22, 2), nl.u8(23, 1), nl.u16(24, 0x30), *numbers([(14, 2, 2), (15, 2, 1)]), nl.be16(16, 1), nl.be16(17, 2)],
                            "pmtudisc", "erspan_dir")

    def test_other_kinds(self):
        for mode in range(4):
            self.check_kind("ipvlan", [nl.u16(1, mode), nl.u16(2, mode)], '"mode"')
        self.check_kind("vrf", [nl.u32(1, 77)], '"table":77')
        self.check([nl.lo(), nl.link(2, nl.ETHER, nl.UP, nl.usual("p0"), nl.kind_info(None, port="vrf", port_data=[nl.u32(1, 9)]))], '"info_slave_kind":"vrf"')
        geneve = [nl.u32(1, 4), nl.attribute(2, nl.ip4("10.0.0.2")), nl.u8(3, 9), nl.u8(4, 1), nl.be16(5, 6081), nl.u8(8, 1), nl.u8(9, 0), nl.u8(10, 1),
                  nl.attribute(11, struct.pack(">I", 77)), nl.u8(13, 2)]
        self.check_kind("geneve", geneve, '"label":"0x4d"', '"df":"inherit"')
        self.check_kind("geneve", [nl.attribute(6, b""), nl.attribute(7, nl.ip6("fd00::2")), nl.u8(12, 1)], '"external":true', "remote6")
        for name in ("veth", "dummy", "ifb", "wireguard", "netkit", "unheard-of"):
            self.check_kind(name, [nl.u32(1, 4)], f'"info_kind":"{name}"')
        self.check_kind("tun", [nl.u8(3, 1), nl.u8(4, 0), nl.u8(5, 1), nl.u8(6, 1), nl.u8(7, 1), nl.u32(8, 4), nl.u32(9, 1)], "numqueues", kind=nl.NONE)
        self.check_kind("tun", [nl.u8(3, 9)], "UNKNOWN:9", kind=nl.NONE)

    def test_other_fields(self):
        stats = nl.attribute(23, struct.pack("=25Q", *range(1000, 1025)))
        short = nl.attribute(7, struct.pack("=23I", *range(2000, 2023)))
        links = [
            nl.lo(), nl.ethernet(2, "n0", stats, short), nl.ethernet(3, "n1", short), nl.ethernet(4, "s0", state=7), nl.ethernet(5, "q0", qlen=0xFFFFFFFF),
            nl.ethernet(6, "f0", flags=0xFFFFFFFF), nl.ethernet(7, "f1", flags=0x80000), nl.ethernet(8, "g0", group=4000000000),
            nl.ethernet(9, "d0", nl.u32(nl.LINK, 0)), nl.ethernet(10, "d1", nl.u32(nl.LINK, 7)), nl.ethernet(11, "d2", nl.u32(nl.LINK, 99), nl.u32(nl.LINK_NETNSID, 0xFFFFFFFF)),
            nl.ethernet(12, "p0", nl.u8(nl.PROTO_DOWN, 1), nl.nested(nl.PROTO_DOWN_REASON, nl.u32(2, 0x1A5))), nl.link(13, nl.NONE, 0, nl.usual("p2"), nl.u8(nl.PROTO_DOWN, 1)),
            *(nl.ethernet(20 + event, f"e{event}", nl.u32(44, event)) for event in range(8)),
            nl.ethernet(30, "h0", nl.attribute(34, b"\1\2\xff"), nl.attribute(36, b"\xab\xcd"), nl.text(38, "port7"), nl.text(56, "pci0"), nl.text(57, "0000:00:01.0")),
            nl.ethernet(31, "bad name"), nl.ethernet(32, ""), nl.ethernet(33, "x" * 15), nl.link(34, nl.ETHER, 0, nl.usual("first"), nl.text(nl.IFNAME, "second")),
            nl.tunnel(35, "tunl0", nl.TUNNEL, bytes(4), bytes(4)), nl.link(36, nl.RAWIP, nl.NOARP, nl.usual("rmnet0")),
            nl.ethernet(37, "a0", nl.text(nl.IFALIAS, b'\x01"\\'), nl.nested(nl.PROP_LIST, nl.text(nl.ALT_IFNAME, "one"), nl.text(1, "no"), nl.text(nl.ALT_IFNAME, b"\x1b\xff"))),
        ]
        self.check(links, "stats64", '"stats":', "operstate_index", "proto_down_reason", "phys_port_id", "parentdev", "{}", "link_pointtopoint", '"link":null')

    def check_queues(self, queues, *wanted):
        self.compare(self.both_of_queues([nl.lo(), nl.ethernet(2, "e0")], queues), wanted)

    def test_queueing_disciplines(self):
        basic = nl.attribute(1, struct.pack("=QII", 5000, 7, 0))
        queue = nl.attribute(3, struct.pack("=5I", 1, 2, 3, 4, 5))
        for statistics in ([basic, queue], [basic, queue, nl.attribute(2, struct.pack("=II", 6, 7))], [basic, queue, nl.u64(8, 1 << 33)],
                           [basic, queue, nl.attribute(5, struct.pack("=QQ", 1 << 40, 9)), nl.attribute(2, struct.pack("=II", 6, 7))]):
            self.check_queues([nl.queue_discipline(2, "mq", 0, 0xFFFFFFFF, 2, nl.nested(7, *statistics)),
                               nl.queue_discipline(2, "pfifo", 0x80010000, 0x00010001, 1, nl.nested(7, *statistics), nl.u8(12, 1), nl.u32(13, 5), nl.u32(14, 6))],
                              '"parent":"1:1"', '"offloaded":true', '"ingress_block":5')
        options = [nl.u32(kind, 1000 + kind) for kind in range(1, 12)] + [nl.u8(10, 1), nl.u8(11, 2)]
        counted = nl.attribute(4, struct.pack("=10I", 0, *range(1, 10)))
        self.check_queues([nl.queue_discipline(2, "fq_codel", 0, 0x00050001, 1, nl.nested(2, *options[:9], nl.u8(10, 3), nl.u8(11, 4)),
                                               nl.nested(7, basic, queue, counted))], "drop_batch", "drop_overmemory", "ce_threshold_mask")
        options = [nl.u32(kind, value) for kind, value in ((1, 10000), (2, 100), (3, 3028), (4, 15140), (5, 0), (6, 5), (7, 1 << 30), (8, 10), (9, 40000), (10, 1023),
                                                           (11, 68750), (12, 99), (13, 10000), (14, 10000000))] + [nl.u8(15, 0)]
        counted = nl.attribute(4, struct.pack("=7Qq4I3Q", *range(1, 8), 8, *range(9, 13), *range(13, 16)))
        self.check_queues([nl.queue_discipline(2, "fq", 0, 0xFFFFFFFF, 2, nl.nested(2, *options), nl.nested(7, basic, queue, counted)),
                           nl.queue_discipline(2, "fq", 0, 0xFFFFFFFF, 2, nl.nested(2, nl.u8(15, 1), nl.u32(7, 0xFFFFFFFF)), nl.nested(7, basic, queue))],
                          "horizon_cap", "horizon_drop", "next_packet_delay", "maxrate")

    def test_random_attributes_of_kinds(self):
        # Sizes are those of the kernel, which iproute2 does not check; values are any. Those whose texts are lists stand above.
        chosen = random.Random(SEED)
        sizes = {
            "bridge": {1: 4, 2: 4, 3: 4, 4: 4, 5: 4, 6: 2, 7: 1, 8: 2, 9: 2, 10: 8, 11: 8, 12: 2, 13: 4, 14: 1, 15: 1, 16: 8, 17: 8, 18: 8, 19: 8, 20: 6, 22: 1,
                       23: 1, 24: 1, 25: 1, 26: 4, 27: 4, 28: 4, 29: 4, 30: 8, 31: 8, 32: 8, 33: 8, 34: 8, 35: 8, 36: 1, 37: 1, 38: 1, 39: 2, 41: 1, 42: 1,
                       43: 1, 44: 1, 45: 1, 46: 8},
            "vxlan": {1: 4, 2: 4, 3: 4, 4: 4, 5: 1, 6: 1, 7: 1, 8: 4, 9: 4, 10: 4, 11: 1, 12: 1, 13: 1, 14: 1, 15: 2, 16: 16, 17: 16, 18: 1, 19: 1, 20: 1, 21: 1,
                      22: 1, 23: 0, 25: 1, 26: 4, 27: 0, 28: 1, 29: 1, 30: 1},
            "macvlan": {1: 4, 2: 2, 7: 4, 8: 4},
            "geneve": {1: 4, 2: 4, 3: 1, 4: 1, 5: 2, 6: 0, 7: 16, 8: 1, 9: 1, 10: 1, 11: 4, 12: 1, 13: 1, 14: 0},
        }
        port = {1: 1, 2: 2, 3: 4, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 13: 8, 14: 8, 15: 2, 16: 2, 17: 2, 18: 2, 19: 1, 20: 1, 21: 8,
                22: 8, 23: 8, 25: 1, 27: 1, 28: 1, 29: 1, 30: 1, 31: 2, 32: 1, 33: 1, 34: 4, 39: 1}

        def some(of):
            # iproute2 reads a bridge's own id where there is that of the root.
            kinds = [kind for kind in of if chosen.random() < 0.7 or (of[kind] == 8 and kind == 11)]
            chosen.shuffle(kinds)
            # Timers of 64 bits overflow what iproute2 makes of them.
            return [nl.attribute(kind, chosen.randbytes(of[kind]) if of[kind] != 8 or kind in (10, 11, 13, 14, 46) else struct.pack("=Q", chosen.getrandbits(24)))
                    for kind in kinds]

        for round_number in range(10):
            with self.subTest(seed=SEED, round=round_number):
                links = [nl.lo()]
                for name, of in sizes.items():
                    for _ in range(10):
                        index = len(links) + 1
                        links.append(nl.ethernet(index, f"l{index}", nl.kind_info(name, *some(of), port="bridge", port_data=some(port))))
                self.check(links)


if __name__ == "__main__":
    unittest.main()
