"""Links of every kind, with what can be set of them."""

from tests.support.network.recipes.recipe import Recipe

# A bridge with one end of a pair as its port.
BRIDGE = """
ip link set v1 nomaster
ip link add br0 type bridge
ip link set v1 master br0
ip link set br0 up
"""


def bridges():
    yield Recipe("bridge: vlan filtering", """
ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 7
ip link set v1 master br0
ip link set br0 up
bridge vlan add dev v1 vid 10 pvid untagged
bridge vlan add dev v1 vid 20-30
bridge fdb add 02:00:00:00:00:01 dev v1 master static vlan 10
""", "'vlan_filtering', 1", "'vlan', 10")
    yield Recipe("bridge: 802.1ad and statistics of vlans", """
ip link add br0 type bridge vlan_protocol 802.1ad vlan_filtering 1 vlan_stats_enabled 1 vlan_stats_per_port 1
ip link set v1 master br0
ip link set br0 up
""", "'802.1ad'", "'vlan_stats_per_port', 1")
    yield Recipe("bridge: spanning tree", """
ip link add br0 type bridge stp_state 1 priority 4096 forward_delay 400 hello_time 300 max_age 700 ageing_time 12300 group_fwd_mask 8 \
    group_address 01:80:c2:00:00:0f no_linklocal_learn 1
ip link set v1 master br0
ip link set v1 type bridge_slave cost 77 priority 9
ip link set br0 up
""", "'stp_state', 1", "'no_linklocal_learn', 1")
    yield Recipe("bridge: multicast", """
ip link add br0 type bridge mcast_querier 1 mcast_igmp_version 3 mcast_mld_version 2 mcast_stats_enabled 1 mcast_router 2 mcast_hash_max 512 \
    mcast_last_member_count 3 mcast_startup_query_count 4 mcast_last_member_interval 200 mcast_membership_interval 9000
ip link set v1 master br0
ip link set v1 type bridge_slave mcast_fast_leave on mcast_router 2 mcast_flood off mcast_to_unicast on bcast_flood off
ip link set br0 up
bridge mdb add dev br0 port v1 grp 239.1.1.1 permanent
""", "'mcast_igmp_version', 3", "'fastleave', True")
    yield Recipe("bridge: what filters see", """
ip link add br0 type bridge nf_call_iptables 1 nf_call_ip6tables 1 nf_call_arptables 1
ip link set br0 up
""", "'nf_call_iptables', 1")
    yield Recipe("bridge: ports", BRIDGE + """
ip link set v1 type bridge_slave flood off learning off proxy_arp on proxy_arp_wifi on neigh_suppress on vlan_tunnel on locked on
ip link add v2 type veth peer name v3
ip link set v2 master br0
ip link set v2 type bridge_slave hairpin on root_block on isolated on backup_port v1
ip link set v2 up
""", "'neigh_suppress', True", "'backup_port'")
    yield Recipe("bridge: on a bridge's bridge", """
ip link add br0 type bridge
ip link add br1 type bridge
ip link add mv0 link br1 type macvlan mode bridge
ip link set mv0 master br0
ip link set br0 up
""", "'master', 'br0'")


def stacked():
    for mode in ("bridge", "private", "vepa", "passthru", "source"):
        yield Recipe(f"macvlan: {mode}", f"ip link add mv0 link v0 type macvlan mode {mode}\nip link set mv0 up\n", f"'mode', '{mode}'")
    yield Recipe("macvlan: sources", """
ip link add mv0 link v0 type macvlan mode source bcqueuelen 77
ip link set mv0 type macvlan macaddr add 02:00:00:00:00:01
ip link set mv0 type macvlan macaddr add 02:00:00:00:00:02
""", "'macaddr_count', 2", "'bcqueuelen', 77")
    yield Recipe("macvlan: its lower link elsewhere", "ip link add link v0 name mv0 netns $OTHER type macvlan mode bridge\n"
                 "nsenter --net=/proc/$OTHER/ns/net ip link add up0 type veth peer name up1\n"
                 "nsenter --net=/proc/$OTHER/ns/net ip link add link up0 name mv9 netns $$ type macvlan\n", "'link_netnsid'", "'link_index'")
    yield Recipe("macvtap", "ip link add link v0 name mt0 type macvtap mode private\nip link set mt0 up\n", "'macvtap'")
    for mode in ("l2", "l3", "l3s"):
        for flag in ("bridge", "private", "vepa"):
            yield Recipe(f"ipvlan: {mode} {flag}", f"ip link add iv0 link v0 type ipvlan mode {mode} {flag}\n", f"'{mode}'")
    yield Recipe("vlan", "ip link add link v0 name v0.7 type vlan id 7 ingress-qos-map 1:2 egress-qos-map 3:4 loose_binding on\n", "'id', 7")
    yield Recipe("vlan: in a vlan", "ip link add link v0 name v0.7 type vlan proto 802.1ad id 7\nip link add link v0.7 name q.8 type vlan id 8\n", "'802.1ad'")
    yield Recipe("vrf", "ip link add red type vrf table 10\nip link set red up\nip link set v0 master red\nip route add default via 10.0.0.9 table 10\n", "'vrf'")
    for mode in ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"):
        yield Recipe(f"bond: {mode}", f"ip link add bo0 type bond mode {mode} miimon 100\nip link set v1 down\nip link set v1 master bo0\n"
                     "ip link set bo0 up\n", f"'{mode}'")


def tunnels():
    yield Recipe("vxlan: to one", "ip link add vx0 type vxlan id 5 dstport 4789 local 10.0.0.1 remote 10.0.0.9 dev v0 ttl 9 tos inherit\nip link set vx0 up\n",
                 "'remote', '10.0.0.9'")
    yield Recipe("vxlan: to a group", "ip link add vx0 type vxlan id 6 dstport 8472 group 239.1.1.1 dev v0 nolearning ageing 77 maxaddress 99 "
                 "udpcsum srcport 4000 5000 rsc l2miss l3miss proxy\nip link set vx0 up\n", "'group', '239.1.1.1'", "'limit', 99")
    yield Recipe("vxlan: by IPv6", "ip link add vx0 type vxlan id 7 dstport 4789 local 2001:db8::1 remote 2001:db8::9 flowlabel 0x77 udp6zerocsumtx udp6zerocsumrx\n",
                 "'remote6', '2001:db8::9'")
    yield Recipe("vxlan: external", "ip link add vx0 type vxlan external dstport 4789 gbp\nip link set vx0 up\n", "'external', True")
    yield Recipe("vxlan: filtered by vni", "ip link add vx0 type vxlan external vnifilter dstport 4789\nip link set vx0 up\nbridge vni add dev vx0 vni 100-103\n",
                 "'vnifilter', True")
    yield Recipe("vxlan: gpe", "ip link add vx0 type vxlan external dstport 4790 gpe\n", "'gpe', True")
    yield Recipe("geneve", "ip link add ge0 type geneve id 4 remote 10.0.0.9 ttl 9 tos 8 dstport 6081 df set\n", "'geneve'")
    yield Recipe("geneve: external", "ip link add ge0 type geneve external\n", "'geneve'")
    for kind in ("ipip", "sit", "gre", "gretap"):
        yield Recipe(kind, f"ip link add tu0 type {kind} local 10.0.0.1 remote 10.0.0.9 ttl 9 tos inherit\nip link set tu0 up\n", f"'info_kind', '{kind}'")
        yield Recipe(f"{kind}: to any", f"ip link add tu0 type {kind} local 10.0.0.1\nip link set tu0 up\n", f"'info_kind', '{kind}'")
    yield Recipe("gre: keys", "ip link add tu0 type gre local 10.0.0.1 remote 10.0.0.9 ikey 5 okey 6 icsum ocsum iseq oseq nopmtudisc ttl 0\n", "'ikey'")
    yield Recipe("sit: 6rd", "ip link add tu0 type sit local 10.0.0.1 remote 10.0.0.9 isatap encap fou encap-sport 5555 encap-dport 6666\n", "'isatap'")
    yield Recipe("wireguard", "ip link add wg0 type wireguard\nip addr add 10.9.0.1/24 dev wg0\nip link set wg0 up\n", "'wireguard'")
    yield Recipe("tun", "ip tuntap add dev tu0 mode tun user 54321 group 54322\nip addr add 10.8.0.1 peer 10.8.0.2/32 dev tu0\nip link set tu0 up\n", "'type', 'tun'",
                 "'user', 54321")
    yield Recipe("tap", "ip tuntap add dev ta0 mode tap multi_queue vnet_hdr\nip link set ta0 up\n", "'multi_queue', True", "'vnet_hdr', True")


def settings():
    yield Recipe("link: names", """
ip link property add dev v0 altname another-name-that-is-longer-than-a-name-of-a-link-may-be altname second
ip link set v0 alias "some words about it"
ip link set v1 group 77
ip link set v1 alias x
""", "'ifalias', 'some words about it'", "'second'", "'group', '77'")
    yield Recipe("link: flags", """
ip link set v0 promisc on allmulticast on
ip link set v1 arp off
ip link set v1 multicast off
ip link set v0 txqueuelen 7
ip link set v1 mtu 68
ip link set v1 mode dormant
ip link set v0 trailers off
""", "'PROMISC'", "'txqlen', 7", "'NOARP'")
    yield Recipe("link: proto down", "ip link add mv0 link v0 type macvlan\nip link set mv0 protodown on\nip link set mv0 protodown_reason 0 on\n"
                 "ip link set mv0 protodown_reason 7 on\n",
                 "'proto_down', True")
    yield Recipe("link: identifiers of IPv6", """
ip link set v0 addrgenmode none
ip link set v1 addrgenmode random
ip link add v2 type veth peer name v3
ip link set v2 addrgenmode eui64
""")
    yield Recipe("link: queues", "ip link add q0 numtxqueues 4 numrxqueues 3 gso_max_size 30000 gso_max_segs 99 type veth peer name q1\nip link set q0 up\n",
                 "'num_tx_queues', 4", "'gso_max_segs', 99")
    yield Recipe("link: states", """
ip link add d0 type veth peer name d1
ip link set d0 up
ip link add link d0 name md type macvlan
ip link set v1 down
ip link add ifb0 type ifb
ip link set ifb0 up
""", "'NO-CARRIER'", "'LOWERLAYERDOWN'")
    yield Recipe("link: ends elsewhere", """
ip link add far0 type veth peer name r-$$ netns $OTHER
ip link set far0 up
ip link add far1 type veth peer name s-$$ netns $OTHER
""", "'link_netnsid'")
    yield Recipe("link: dummy", "ip link add du0 type dummy\nip addr add 10.96.0.1/32 dev du0\nip link set du0 up\n", "'dummy'")
    yield Recipe("link: nothing is up", "ip link add x0 type veth peer name x1\nip addr add 10.1.1.1/24 dev x0\n", "DOWN", base="")
    yield Recipe("link: three hundred", "for i in $(seq 300); do echo link add b$i type bridge; done | ip -batch -\n", "'b300'", base="")


RECIPES = (*bridges(), *stacked(), *tunnels(), *settings())
