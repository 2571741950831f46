"""Composes netlink messages from the kernel's definitions (linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h), for links and addresses
which the running kernel cannot make."""

import socket
import struct

# IFLA_*
ADDRESS, BROADCAST, IFNAME, MTU, LINK, QDISC, MASTER, TXQLEN, OPERSTATE, LINKMODE, LINKINFO = 1, 2, 3, 4, 5, 6, 10, 13, 16, 17, 18
IFALIAS, GROUP, LINK_NETNSID, PROTO_DOWN, XDP, PROP_LIST, ALT_IFNAME = 20, 27, 37, 39, 43, 52, 53
PERM_ADDRESS, PROTO_DOWN_REASON = 54, 55
# IFF_*
UP, BROADCAST_FLAG, LOOPBACK, POINTOPOINT, RUNNING, NOARP, MASTER_FLAG, SLAVE, MULTICAST, LOWER_UP = (
    0x1, 0x2, 0x8, 0x10, 0x40, 0x80, 0x400, 0x800, 0x1000, 0x10000)
# ARPHRD_*
NETROM, ETHER, AX25, INFINIBAND, CAN, ROSE, PPP, RAWIP, TUNNEL, TUNNEL6, LOOPBACK_TYPE, SIT, IPGRE, IP6GRE, NETLINK, NONE = (
    0, 1, 3, 32, 280, 270, 512, 519, 768, 769, 772, 776, 778, 823, 824, 0xFFFE)
# IFA_*
IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_ANYCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_RT_PRIORITY, IFA_PROTO = 1, 2, 3, 4, 5, 6, 8, 9, 11
FOREVER = 0xFFFFFFFF


def attribute(kind, payload):
    return struct.pack("=HH", len(payload) + 4, kind) + payload + b"\0" * (-len(payload) % 4)


def u8(kind, value):
    return attribute(kind, struct.pack("=B", value))


def u16(kind, value):
    return attribute(kind, struct.pack("=H", value & 0xFFFF))


def be16(kind, value):
    return attribute(kind, struct.pack(">H", value))


def u64(kind, value):
    return attribute(kind, struct.pack("=Q", value))


def u32(kind, value):
    return attribute(kind, struct.pack("=I", value & 0xFFFFFFFF))


def text(kind, value):
    return attribute(kind, (value if isinstance(value, bytes) else value.encode()) + b"\0")


def nested(kind, *attributes):
    return attribute(kind | 0x8000, b"".join(attributes))


def _message(kind, body):
    message = struct.pack("=IHHII", 16 + len(body), kind, 2, 0, 0) + body  # NLM_F_MULTI
    return message + b"\0" * (-len(message) % 4)


def link(index, kind, flags, *attributes):
    """RTM_NEWLINK"""
    return _message(16, struct.pack("=BBHiII", 0, 0, kind, index, flags, 0) + b"".join(attributes))


def address(index, family, prefix, scope, flags, *attributes):
    """RTM_NEWADDR; `flags` are the 8 bits of the header."""
    return _message(20, struct.pack("=BBBBI", family, prefix, flags, scope, index) + b"".join(attributes))


def queue_discipline(index, kind, handle, parent, references, *attributes):
    """RTM_NEWQDISC"""
    return _message(36, struct.pack("=BBHiIII", 0, 0, 0, index, handle, parent, references) + text(1, kind) + b"".join(attributes))


def lifetime(preferred, valid):
    return attribute(IFA_CACHEINFO, struct.pack("=IIII", preferred, valid, 100, 200))


def ip4(value):
    return socket.inet_aton(value)


def ip6(value):
    return socket.inet_pton(socket.AF_INET6, value)


def usual(name, mtu=1500, qdisc="noqueue", state=6, group=0, qlen=1000):
    """The attributes that each link of the kernel has."""
    return text(IFNAME, name) + u32(TXQLEN, qlen) + u8(OPERSTATE, state) + u8(LINKMODE, 0) + u32(MTU, mtu) + u32(GROUP, group) + text(QDISC, qdisc)


def lo():
    return link(1, LOOPBACK_TYPE, LOOPBACK | UP | RUNNING | LOWER_UP, usual("lo", 65536, state=0), attribute(ADDRESS, bytes(6)),
                attribute(BROADCAST, bytes(6)))


def ethernet(index, name, *more, flags=UP | RUNNING | LOWER_UP | BROADCAST_FLAG | MULTICAST, address_bytes=None, **other):
    return link(index, ETHER, flags, usual(name, **other), attribute(ADDRESS, address_bytes or bytes((2, 0, 0, 0, index >> 8 & 0xFF, index & 0xFF))),
                attribute(BROADCAST, b"\xff" * 6), *more)


def kind_info(name, *data, port=None, port_data=()):
    """IFLA_LINKINFO: the kind of a link with its own attributes, and of its place in a master."""
    parts = [text(1, name)] if name else []
    if data:
        parts.append(nested(2, *data))
    if port:
        parts += [text(4, port), nested(5, *port_data)]
    return nested(LINKINFO, *parts)


def tunnel(index, name, kind, local, remote, *more):
    return link(index, kind, POINTOPOINT | NOARP | UP | RUNNING | LOWER_UP, usual(name, 1480, state=0), u32(LINK, 0), attribute(ADDRESS, local),
                attribute(BROADCAST, remote), *more)
