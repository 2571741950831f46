"""Routes, nexthops and rules."""

from tests.support.network.recipes.recipe import Recipe


def routes():
    yield Recipe("route: metrics", """
ip route add 10.6.0.0/16 via 10.0.0.3 mtu 1400 advmss 1300 window 7000 rtt 80ms rttvar 40ms ssthresh 9 cwnd 5 hoplimit 9 initcwnd 20 initrwnd 30 \
    quickack 1 congctl cubic reordering 4 rto_min 30ms
ip route add 10.7.0.0/16 via 10.0.0.3 mtu lock 1400 advmss lock 1300 features ecn congctl lock cubic fastopen_no_cookie 1
ip route add 2001:db8:6::/48 via 2001:db8::2 mtu 1300 hoplimit 77 initcwnd 9 rtt 3s
""", "'advmss', 1300", "'congestion', 'cubic'")
    yield Recipe("route: several ways", """
ip route add 10.1.0.0/16 nexthop via 10.0.0.4 weight 3 nexthop via 10.0.0.5 dev v0 onlink nexthop dev v1 weight 256
ip route add 10.2.0.0/16 nexthop via inet6 2001:db8::9 dev v0 nexthop via 10.0.0.5 realm 7
ip route add 2001:db8:1::/48 nexthop via 2001:db8::3 weight 2 nexthop via 2001:db8::4 nexthop via fe80::5 dev v1
""", "'weight', 256", "'via'")
    yield Recipe("route: types", "".join(
        f"ip route add {kind} 10.{index}.0.0/16\nip route add {kind} 2001:db8:{index}::/48 metric {index}\n"
        for index, kind in enumerate(("blackhole", "unreachable", "prohibit", "throw"), 1)) +
        "ip route add local 10.5.0.0/16 dev lo\nip route add broadcast 10.6.0.255 dev v0\nip route add multicast 239.0.0.0/8 dev v0\n"
        "ip route add local 2001:db8:5::/48 dev lo\nip route add anycast 2001:db8:6::1 dev v0 || true\n", "'type', 'prohibit'", "'type', 'broadcast'")
    yield Recipe("route: many tables", "for i in $(seq 300); do echo route add 10.1.0.0/24 via 10.0.0.9 table $((i * 1000)); echo route add 2001:db8:1::/64 dev v0 table $i; "
                 "done | ip -batch -\n", "'table', '300000'")
    yield Recipe("route: preferences", """
ip route add default via 10.0.0.9
ip route add default via 10.0.0.10 metric 100
ip route add default via 10.0.0.11 metric 4294967295
ip route add 10.8.0.0/16 tos 0x10 via 10.0.0.3
ip route append 10.8.0.0/16 via 10.0.0.4
ip route prepend 10.8.0.0/16 via 10.0.0.5
ip route add default via fe80::1 dev v0 pref high
ip route add default via fe80::2 dev v0 pref low metric 5 expires 4000
""", "'metric', 4294967295", "'pref', 'high'", "'tos'")
    yield Recipe("route: whose it is", """
ip route add 10.1.0.0/16 via 10.0.0.2 proto static src 10.0.0.1
ip route add 10.2.0.0/16 via 10.0.0.2 proto bird scope 5
ip route add 10.3.0.0/16 via 10.99.0.1 dev v0 onlink proto 77 realm 3/4
ip route add 10.4.0.1 dev v0 scope link
ip route add 10.5.0.0/16 via inet6 2001:db8::9 dev v0
ip route add 2001:db8:1::/48 via 2001:db8::2 proto ra src 2001:db8::1
ip route add 2001:db8:4::/48 from 2001:db8:9::/48 via 2001:db8::2
""", "'protocol', 'bird'", "'flow'", "'from'")
    yield Recipe("route: ways that are down", """
ip link add d0 type veth peer name d1
ip link set d0 up
ip addr add 10.20.0.1/24 dev d0
echo 1 > /proc/sys/net/ipv4/conf/d0/ignore_routes_with_linkdown
ip route add 10.21.0.0/16 nexthop via 10.20.0.9 nexthop via 10.0.0.9
ip addr add 2001:db8:20::1/64 dev d0 nodad
""", "'linkdown'", "'dead'")
    yield Recipe("route: five thousand", "for i in $(seq 0 4999); do echo route add 10.$((i / 250 + 1)).$((i % 250)).0/24 via 10.0.0.9; done | ip -batch -\n", "10.20.249.0/24")
    yield Recipe("route: as Calico, Cilium and Flannel have them", """
ip route add 169.254.1.1 dev v0 scope link
ip route add 10.244.1.5 dev v1
ip route add blackhole 10.244.2.64/26 proto 80
ip route add 10.244.3.0/24 via 10.244.3.0 dev v0 onlink
ip route add 10.0.1.90 dev v0 scope link
ip route add fd00::90 dev v0 metric 1024
ip route add default via fd00::90 dev v0
""", "'protocol', '80'")


def encapsulations():
    yield Recipe("encapsulation: ip", "ip route add 10.1.0.0/16 encap ip id 5 dst 10.0.0.9 ttl 7 tos 8 dev v0\n"
                 "ip route add 10.2.0.0/16 encap ip6 id 6 dst 2001:db8::9 src 2001:db8::1 hoplimit 9 tc 4 dev v0\n", "'encap', 'ip'", "'encap', 'ip6'")
    yield Recipe("encapsulation: segments", "ip route add 2001:db8:5::/64 encap seg6 mode encap segs 2001:db8::2,2001:db8::3 dev v0\n"
                 "ip route add 2001:db8:6::/64 encap seg6 mode inline segs 2001:db8::2 dev v0\n", "'encap', 'seg6'")
    yield Recipe("encapsulation: ends of segments", "ip route add 2001:db8:6::/64 encap seg6local action End dev v0\n"
                 "ip route add 2001:db8:7::/64 encap seg6local action End.X nh6 2001:db8::9 dev v0\n"
                 "ip route add 2001:db8:8::/64 encap seg6local action End.DX4 nh4 10.0.0.9 dev v0\n", "'encap', 'seg6local'")
    yield Recipe("encapsulation: ends of segments that name links and tables", "ip route add 2001:db8:6::/64 encap seg6local action End.T table 77 dev v0\n"
                 "ip route add 2001:db8:7::/64 encap seg6local action End.DX2 oif v1 dev v0\n"
                 "ip route add 2001:db8:8::/64 encap seg6local action End.B6 srh segs 2001:db8::2,2001:db8::3 dev v0\n", "'encap', 'seg6local'")
    yield Recipe("encapsulation: of some of several ways", "ip route add 10.1.0.0/16 nexthop encap ip id 5 dst 10.0.0.9 dev v0 weight 3 nexthop via 10.0.0.7 dev v0\n",
                 "'encap', 'ip'", "'weight', 3")
    yield Recipe("encapsulation: mpls", "ip route add 10.2.0.0/16 encap mpls 20/30 ttl 9 via 10.0.0.2\n", "'encap', 'mpls'")


def nexthops():
    yield Recipe("nexthop: each kind", """
ip nexthop add id 10 via 10.0.0.7 dev v0
ip nexthop add id 11 dev v0 proto static
ip nexthop add id 12 blackhole
ip nexthop add id 13 via 2001:db8::7 dev v0
ip nexthop add id 14 via 10.9.9.9 dev v0 onlink
ip nexthop add id 15 via 10.0.0.99 fdb
ip -6 nexthop add id 16 blackhole
ip route add 10.1.0.0/16 nhid 10
ip route add 10.2.0.0/16 nhid 12
ip route add 2001:db8:1::/48 nhid 13
""", "'blackhole', None", "'fdb', None")
    yield Recipe("nexthop: groups", """
ip nexthop add id 10 via 10.0.0.7 dev v0
ip nexthop add id 11 via 10.0.0.8 dev v0
ip nexthop add id 20 group 10,3/11
ip nexthop add id 21 group 10/11,5 type resilient buckets 8 idle_timer 60 unbalanced_timer 300
ip route add 10.1.0.0/16 nhid 20
ip route add 10.2.0.0/16 nhid 21
""", "'resilient_args'", "'group'")
    yield Recipe("nexthop: alone", """
ip nexthop add id 10 via 10.0.0.7 dev v0
ip nexthop add id 20 group 10
echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode
ip route add 10.1.0.0/16 nhid 20
ip route add 10.3.0.0/16 nhid 10 metric 5 proto static
""", "'nhid', 20")
    yield Recipe("nexthop: with an encapsulation", "ip nexthop add id 2 encap ip id 5 dst 10.0.0.9 dev v0\nip route add 10.1.0.0/16 nhid 2\n", "'encap', 'ip'")
    yield Recipe("nexthop: five hundred", "for i in $(seq 500); do echo nexthop add id $i via 10.0.0.$((i % 250 + 2)) dev v0; done | ip -batch -\n", "'id', 500")


def rules():
    yield Recipe("rule: by address", """
ip rule add pref 100 from 10.0.0.0/8 table 77
ip rule add pref 101 to 10.0.0.1 table main
ip rule add pref 102 not from 10.1.0.1 table 9
ip rule add pref 103 from 0/1 to 0/2 table 100000
ip -6 rule add pref 100 from 2001:db8::/32 table 77
ip -6 rule add pref 101 not to 2001:db8::1 table 78
""", "'not', None")
    yield Recipe("rule: by mark and interface", """
ip rule add pref 102 fwmark 1 table 9
ip rule add pref 103 fwmark 0x10/0xff table 9
ip rule add pref 104 iif v0 oif v1 table local
ip rule add pref 105 iif gone oif none table 9
ip rule add pref 106 l3mdev || true
ip -6 rule add pref 103 fwmark 0x80000/0xff0000 iif v0 table 52
""", "'fwmask'", "detached")
    yield Recipe("rule: by what is in the packet", """
ip rule add pref 105 tos 0x10 table 9
ip rule add pref 106 uidrange 100-200 table 9
ip rule add pref 107 ipproto tcp sport 80 dport 100-200 table 9
ip rule add pref 108 ipproto 255 table 9
ip rule add pref 120 tun_id 4 table 9
ip -6 rule add pref 101 ipproto udp dport 53 table 9
ip -6 rule add pref 102 ipproto ipv6-icmp table 9
""", "'ipproto', 'tcp'", "uid_start")
    yield Recipe("rule: what they do", """
ip rule add pref 109 blackhole
ip rule add pref 110 unreachable
ip rule add pref 111 prohibit
ip rule add pref 112 nop
ip rule add pref 113 goto 32766
ip rule add pref 114 goto 400
ip rule add pref 115 table 9 suppress_prefixlength 8
ip rule add pref 116 table 9 suppress_ifgroup 4
ip rule add pref 117 table 9 realms 3/4
ip rule add pref 119 table 9 protocol static
ip -6 rule add pref 102 prohibit
""", "'goto', 32766", "unresolved", "suppress_prefixlen")
    yield Recipe("rule: none is left", "ip rule flush\nip -6 rule flush\nip rule del pref 0\nip -6 rule del pref 0\n")
    yield Recipe("rule: a thousand", "for i in $(seq 1000); do echo rule add pref $i from 10.0.0.$((i % 250)) fwmark $i table $i; done | ip -batch -\n", "'priority', 1000")
    yield Recipe("rule: a tunnel for everything", """
ip route add default dev v1 table 51820
ip rule add not fwmark 51820 lookup 51820 priority 32764
ip rule add lookup main suppress_prefixlength 0 priority 32763
ip rule add fwmark 0x1 lookup 133
ip route add local default dev lo table 133
""", "51820")


RECIPES = (*routes(), *encapsulations(), *nexthops(), *rules())
