"""Addresses and neighbours."""

from tests.support.network.recipes.recipe import Recipe


def addresses():
    yield Recipe("address: labels and scopes", """
ip addr add 10.1.0.1/24 dev v0 label v0:web
ip addr add 10.1.0.2/24 dev v0 label v0:db
ip addr add 10.2.0.1/24 dev v0 scope link
ip addr add 10.3.0.1/24 dev v0 scope host
ip addr add 10.4.0.1/24 dev v0 scope 77
""", "'label', 'v0:web'", "'scope', 'link'")
    yield Recipe("address: peers", "ip addr add 10.1.0.1 peer 10.1.0.2/32 dev v0\nip addr add 10.2.0.1 peer 10.3.0.0/16 dev v0\n"
                 "ip addr add 2001:db8:1::1 peer 2001:db8:2::1/64 dev v0\n", "'address', '10.1.0.2'")
    yield Recipe("address: broadcasts", "ip addr add 10.1.0.1/24 brd - dev v0\nip addr add 10.2.0.1/24 brd 10.2.0.7 dev v0\nip addr add 10.3.0.0/31 dev v0\n"
                 "ip addr add 10.4.0.1/32 dev lo\nip addr add 0.0.0.5/8 dev v1\n", "'broadcast', '10.2.0.7'")
    yield Recipe("address: lifetimes", """
ip addr add 10.1.0.1/24 dev v0 valid_lft 5000 preferred_lft 4000
ip addr add 10.2.0.1/24 dev v0 valid_lft 5000 preferred_lft 0
ip addr add 2001:db8:1::1/64 dev v0 nodad valid_lft 5000 preferred_lft 4000
ip addr add 2001:db8:2::1/64 dev v0 nodad valid_lft forever preferred_lft 0
""", "'deprecated', True", "'dynamic', True")
    yield Recipe("address: metrics and routes", "ip addr add 10.1.0.1/24 dev v0 metric 300\nip addr add 10.2.0.1/24 dev v0 noprefixroute\n"
                 "ip addr add 2001:db8:1::1/64 dev v0 nodad metric 77\nip addr add 2001:db8:2::1/64 dev v0 nodad noprefixroute\n", "'noprefixroute', True")
    yield Recipe("address: temporary", """
echo 2 > /proc/sys/net/ipv6/conf/v0/use_tempaddr
ip addr add 2001:db8:1::1/64 dev v0 nodad mngtmpaddr
ip addr add 2001:db8:2::1/64 dev v0 nodad mngtmpaddr valid_lft 5000 preferred_lft 4000
""", "'mngtmpaddr', True", "'temporary', True")
    yield Recipe("address: tentative", """
echo 100 > /proc/sys/net/ipv6/conf/v0/dad_transmits
ip addr add 2001:db8:1::1/64 dev v0
echo 1 > /proc/sys/net/ipv6/conf/v0/optimistic_dad 2>/dev/null || true
ip addr add 2001:db8:2::1/64 dev v0 optimistic || true
""", "'tentative', True")
    yield Recipe("address: of Mobile IPv6 and of groups", "ip addr add 2001:db8:1::1/64 dev v0 home nodad\nip addr add ff15::7/128 dev v0 autojoin nodad\n"
                 "ip addr add 239.1.1.1/32 dev v0 autojoin\n", "'autojoin', True", "'home', True")
    yield Recipe("address: IPv6 switched off", "echo 1 > /proc/sys/net/ipv6/conf/v0/disable_ipv6\n", "10.0.0.1")
    yield Recipe("address: secondary ones without their first", "echo 1 > /proc/sys/net/ipv4/conf/v0/promote_secondaries\n"
                 "ip addr add 10.0.0.2/24 dev v0\nip addr add 10.0.0.3/24 dev v0\nip addr del 10.0.0.1/24 dev v0\n", "'secondary', True")
    yield Recipe("address: a thousand", "for i in $(seq 0 999); do echo addr add 10.$((i / 250 + 1)).$((i % 250)).1/24 dev v$((i % 2)); done | ip -batch -\n",
                 "10.4.249.1")


def neighbours():
    yield Recipe("neighbour: states", "".join(
        f"ip neigh add 10.0.0.{20 + i} lladdr 02:00:00:00:00:{i:02x} dev v0 nud {state}\n"
        for i, state in enumerate(("permanent", "noarp", "stale", "reachable", "delay", "probe", "none"))) +
        "ip neigh add 2001:db8::20 lladdr 02:00:00:00:00:77 dev v0 nud noarp\n", "PERMANENT", "STALE")
    yield Recipe("neighbour: learned elsewhere", "ip neigh add 10.0.0.20 lladdr 02:00:00:00:00:01 dev v0 nud stale extern_learn\n"
                 "ip neigh add 2001:db8::20 lladdr 02:00:00:00:00:01 dev v0 nud reachable extern_learn router\n"
                 "ip neigh add 10.0.0.21 lladdr 02:00:00:00:00:02 dev v0 nud permanent protocol 77\n", "'extern_learn', None", "'protocol', '77'")
    yield Recipe("neighbour: for others", "ip neigh add proxy 10.0.0.50 dev v0\nip neigh add proxy 2001:db8::50 dev v0 router\n"
                 "ip neigh add proxy 10.0.0.51 dev v1 protocol static\n", "10.0.0.1")
    yield Recipe("neighbour: watched", "ip neigh add 10.0.0.60 dev v0 managed\n", "10.0.0.60")
    yield Recipe("neighbour: without an answer", "bash -c 'echo > /dev/udp/10.0.0.99/9' || true\n", "10.0.0.99")
    yield Recipe("neighbour: two thousand", "for i in $(seq 0 1999); do echo neigh add 10.7.$((i / 250)).$((i % 250)) "
                 "lladdr 02:00:00:00:00:01 dev v0 nud permanent; done | ip -batch -\n", "10.7.7.249")


def forwarding_entries():
    yield Recipe("fdb: of a bridge", """
ip link add br0 type bridge
ip link set v1 master br0
ip link set br0 up
bridge fdb add 02:00:00:00:00:01 dev v1 master static
bridge fdb add 02:00:00:00:00:02 dev v1 master dynamic
bridge fdb add 02:00:00:00:00:03 dev v1 master static sticky
bridge fdb add 02:00:00:00:00:04 dev v1 master extern_learn
bridge fdb add 02:00:00:00:00:05 dev v1 self
bridge fdb add 02:00:00:00:00:06 dev br0 local
bridge fdb add 02:00:00:00:00:07 dev br0 self
""", "'sticky'", "'extern_learn'")
    yield Recipe("fdb: ends of a vxlan", """
ip link add vx0 type vxlan id 5 dstport 4789
ip link set vx0 up
bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.9
bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.10
bridge fdb add 02:00:00:00:00:07 dev vx0 dst 10.0.0.9 port 100 vni 7 via v0
bridge fdb add 02:00:00:00:00:08 dev vx0 dst 10.0.0.9 dynamic extern_learn
""", "'dst', '10.0.0.9'", "'vni', 7")
    yield Recipe("fdb: ends of an external vxlan", "ip link add vx0 type vxlan external dstport 4789\nip link set vx0 up\n"
                 "bridge fdb add 02:00:00:00:00:07 dev vx0 dst 10.0.0.9 src_vni 100 vni 200\n", "'src_vni', 100")
    yield Recipe("fdb: nexthops of a vxlan", """
ip nexthop add id 15 via 10.0.0.99 fdb
ip nexthop add id 22 group 15 fdb
ip link add vx0 type vxlan id 5 dstport 4789
ip link set vx0 up
bridge fdb add 02:00:00:00:00:07 dev vx0 nhid 22
""", "'nhid', 22")
    yield Recipe("fdb: of a macvlan", "ip link add mv0 link v0 type macvlan mode passthru\nip link set mv0 up\nbridge fdb add 02:00:00:00:00:05 dev mv0\n", "02:00:00:00:00:05")


RECIPES = (*addresses(), *neighbours(), *forwarding_entries())
