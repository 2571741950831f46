"""The parts of /v1/network against iproute2 6.1, ss, nft and iptables in the same namespaces: equal once both are read, the order of keys included."""

import sys
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.oracle import ALL, NetworkOracle
from tests.support.service import Service
from tests.support.waiting import wait_until


class NetworkOracles(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = Service()
        cls.addClassCleanup(cls.service.stop)
        cls.oracle = NetworkOracle(cls.service)
        cls.addClassCleanup(lambda: print(f"\n{cls.oracle.table()}", file=sys.stderr))

    def check(self, namespace, *wanted, parts=ALL):
        """`wanted` must be in the answer, so that a namespace which lost its point is noticed."""
        answer = self.oracle.check(self, namespace, *parts)
        text = repr(answer)
        for piece in wanted:
            self.assertTrue(piece in text, f"the namespace has lost its point: {piece}")
        return answer

    def test_new_namespace(self):
        self.check(self.zoo.add("new"), "LOOPBACK", "DOWN")

    def test_containers_on_a_bridge_and_their_node(self):
        node = zoo_module.add_node(self.zoo)
        containers = [zoo_module.add_container(self.zoo, f"c{i}", node, i) for i in (2, 3)]
        containers[0].ip("neigh add 10.240.0.3 lladdr 02:42:a0:f0:00:03 dev eth0 nud stale")
        for container in containers:
            self.check(container, "link_netnsid", "'info_kind', 'veth'", "default")
        self.check(node, "'master', 'br0'", "info_slave_data", "forwarding")

    def test_addresses(self):
        ns = self.zoo.add("addresses")
        ns.ip_batch([
            "link set lo up", "link add d0 type bridge", "link set d0 up",
            "addr add 10.1.0.1/24 brd + dev d0", "addr add 10.1.0.3/24 dev d0 label d0:app", "addr add 10.2.0.1 peer 10.3.0.1/32 dev d0",
            "addr add 10.4.0.1/24 dev d0 metric 300", "addr add 10.8.0.1/24 dev d0 scope 77", "addr add 10.9.0.1/24 dev d0 noprefixroute",
            "addr add 10.10.0.1/24 dev d0 valid_lft 3000 preferred_lft 2000",
            "addr add 2001:db8:2::1/64 dev d0 nodad", "addr add 2001:db8:4::1/64 dev d0 mngtmpaddr", "addr add 2001:db8:5::1/64 dev d0 home nodad",
            "addr add 2001:db8:6::1/64 dev d0 nodad valid_lft 4000 preferred_lft 0", "addr add ff15::7/128 dev d0 autojoin nodad",
        ])
        self.check(ns, "secondary", "deprecated", "autojoin", "'label', 'd0:app'", "'metric', 300", "dynamic", "mngtmpaddr")

    def test_link_states(self):
        ns = self.zoo.add("states")
        ns.ip_batch([
            "link add up1 type veth peer name up2", "link set up1 up", "link set up2 up", "link add half1 type veth peer name half2",
            "link set half1 up", "link add down1 type veth peer name down2", "link add br0 type bridge", "link set br0 up",
            "link set up1 promisc on", "link set up1 allmulticast on", "link set up2 arp off", "link set down1 multicast off",
            "link set up2 txqueuelen 0", "link set down2 txqueuelen 77", "link set down1 mtu 1234", "link set up1 dynamic on",
            "link set down2 alias two_words", "link property add dev down1 altname other altname another", "link set half2 group 7",
        ])
        wait_until(lambda: b"LOWERLAYERDOWN" in ns.run("ip", "addr"), "the states are settled")
        self.check(ns, "NO-CARRIER", "M-DOWN", "PROMISC", "ifalias", "altnames")

    def test_kinds(self):
        zoo, ns, other = self.zoo, self.zoo.add("kinds"), self.zoo.add("kinds-other")
        ns.ip_batch(["link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
                     "link add br0 type bridge stp_state 1 mcast_querier 1"])
        for kind, command in {
            "vxlan": "link add vx type vxlan id 5 dstport 4789 dev v0 remote 10.0.0.9 local 10.0.0.1 ttl 9 tos 8 srcport 100 200 l2miss l3miss proxy",
            "vxlan6": "link add vx6 type vxlan id 6 dstport 4790 group ff05::7 dev v0 flowlabel 77 df set ttl inherit nolearning",
            "vxlan external": "link add vxe type vxlan external dstport 4791", "vxlan gbp": "link add vxg type vxlan id 7 dstport 4792 gbp maxaddress 9 ageing 0",
            "macvlan": "link add mv link v0 type macvlan mode bridge", "macvlan source": "link add ms link v0 type macvlan mode source",
            "macvlan private": "link add mp link v0 type macvlan mode private nodst", "macvtap": "link add mt link v0 type macvtap",
            "ifb": "link add ifb7 type ifb", "dummy": "link add du type dummy", "vlan": "link add link v0 name v0.7 type vlan id 7",
            "bond": "link add bo type bond", "ipvlan": "link add iv link v0 type ipvlan", "wireguard": "link add wg type wireguard",
            "vrf": "link add vr type vrf table 9", "geneve": "link add ge type geneve id 4 remote 10.0.0.2",
            "ipip": "link add ti type ipip remote 10.0.0.2 local 10.0.0.1", "tun": "tuntap add mode tun tu", "tap": "tuntap add mode tap ta multi_queue",
        }.items():
            zoo.try_ip(ns, kind, command)
        zoo.try_ip(ns, "macvlan source addresses", "link set ms type macvlan macaddr add 02:00:00:00:00:01")
        zoo_module.veth(ns, "far", other, "near")
        zoo.try_ip(ns, "macvlan elsewhere", "link add link v0 name moved type macvlan")
        ns.ip(f"link set moved netns {other.pid}")
        for name in ("v1", "ta", "vx"):
            ns.ip(f"link set {name} master br0")
        ns.ip_batch(["link set v1 type bridge_slave hairpin on isolated on guard on cost 9 group_fwd_mask 0x4004 learning off",
                     "link set ta type bridge_slave backup_port v1"])
        for line in ns.run("ip", "-o", "link").splitlines():
            name = line.split()[1].rstrip(b":").split(b"@")[0]
            ns.run("ip", "link", "set", "dev", name, "up", check=False)
        print("kinds this kernel cannot make:", ", ".join(sorted(zoo.missing)), file=sys.stderr)
        self.check(ns, "'info_kind', 'vxlan'", "'info_kind', 'macvlan'", "group_fwd_mask_str", "'type', 'tap'", "port_range", "macaddr_data", "backup_port")
        self.check(other, "link_index", "link_netnsid")

    def test_routes(self):
        ns = self.zoo.add("routes")
        ns.ip_batch([
            "link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up", "addr add 10.0.0.1/24 dev v0",
            "addr add 2001:db8::1/64 dev v0 nodad", "route add default via 10.0.0.254", "route add 10.1.0.0/16 via 10.0.0.2 dev v0 proto static metric 50 src 10.0.0.1",
            "route add blackhole 10.2.0.0/16", "route add unreachable 10.3.0.0/16", "route add prohibit 10.4.0.0/16 table 77", "route add throw 10.5.0.0/16 table 1000",
            "route add 10.6.0.0/16 via 10.0.0.3 mtu 1400 advmss 1300 window 7000 rtt 80ms rttvar 40ms hoplimit 9 initcwnd 20 quickack 1 congctl cubic",
            "route add 10.7.0.0/16 via 10.0.0.3 mtu lock 1400 features ecn rto_min 30ms", "route add 10.8.0.0/16 tos 0x10 via 10.0.0.3",
            "route add 10.9.0.0/16 nexthop via 10.0.0.4 weight 3 nexthop via 10.0.0.5 dev v0 onlink", "route add 10.10.0.1 dev v0 scope link",
            "route add 10.11.0.0/16 via inet6 2001:db8::9 dev v0", "route add 10.12.0.0/16 via 10.99.0.1 dev v0 onlink proto 77 realm 3/4",
            "route add multicast 239.0.0.0/8 dev v0", "route add local 10.13.0.0/16 dev lo", "route add broadcast 10.14.0.255 dev v0",
            "route add 2001:db8:1::/48 via 2001:db8::2", "route add default via fe80::1 dev v0 pref high expires 4000", "route add unreachable 2001:db8:2::/48",
            "route add 2001:db8:3::/48 nexthop via 2001:db8::3 weight 2 nexthop via 2001:db8::4", "route add 2001:db8:5::1 dev v0 table 9 metric 7",
            "route add 2001:db8:4::/48 from 2001:db8:9::/48 via 2001:db8::2",
        ])
        ns.ip("link add down1 type veth peer name down2")
        ns.ip_batch(["link set down1 up", "addr add 10.20.0.1/24 dev down1"])
        self.check(ns, "linkdown", "onlink", "'via'", "nexthops", "metrics", "'flow'", "expires", "'pref', 'high'", "blackhole", "'tos'", "congestion")
        self.check(ns, "expires", parts=("route6",))

    def test_nexthop_objects(self):
        ns = self.zoo.add("nexthops")
        ns.ip_batch(["link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up", "addr add 10.0.0.1/24 dev v0",
                     "addr add 2001:db8::1/64 dev v0 nodad"])
        if not self.zoo.try_ip(ns, "nexthop objects", "nexthop add id 10 via 10.0.0.7 dev v0"):
            self.skipTest("this kernel has no nexthop objects")
        ns.ip_batch([
            "nexthop add id 11 via 10.0.0.8 dev v0 proto static", "nexthop add id 12 dev v0", "nexthop add id 13 blackhole",
            "nexthop add id 14 via 2001:db8::7 dev v0", "nexthop add id 15 via 10.0.0.99 fdb", "nexthop add id 16 via 10.9.9.9 dev v0 onlink",
            "nexthop add id 20 group 10,3/11", "nexthop add id 21 group 10/11,5 type resilient buckets 8 idle_timer 60 unbalanced_timer 300",
            "nexthop add id 22 group 15 fdb",
            "route add 10.1.0.0/16 nhid 10", "route add 10.2.0.0/16 nhid 20", "route add 10.3.0.0/16 nhid 13", "route add 2001:db8:1::/48 nhid 14",
        ])
        self.check(ns, "nh_info", "resilient_args", "'group'", "'blackhole', None", "'fdb', None")
        ns.sysctl("net/ipv4/nexthop_compat_mode", 0)
        self.check(ns, "nh_info")

    def test_rules(self):
        ns = self.zoo.add("rules")
        ns.ip("link set lo up")
        for kind, command in {str(i): line for i, line in enumerate((
            "rule add pref 100 from 10.0.0.0/8 table 77", "rule add pref 101 to 10.0.0.1 table main", "rule add pref 102 fwmark 1 table 9",
            "rule add pref 103 fwmark 0x10/0xff table 9", "rule add pref 104 iif lo oif eth9 table local", "rule add pref 105 not from 10.1.0.1 tos 0x10 table 9",
            "rule add pref 106 uidrange 100-200 table 9", "rule add pref 107 ipproto tcp sport 80 dport 100-200 table 9", "rule add pref 108 ipproto 255 table 9",
            "rule add pref 109 blackhole", "rule add pref 110 unreachable", "rule add pref 111 prohibit", "rule add pref 112 nop", "rule add pref 113 goto 32766",
            "rule add pref 114 goto 400", "rule add pref 115 table 9 suppress_prefixlength 8", "rule add pref 116 table 9 suppress_ifgroup 4",
            "rule add pref 117 table 9 realms 3/4", "rule add pref 118 l3mdev", "rule add pref 119 table 9 protocol static", "rule add pref 120 tun_id 4 table 9",
            "rule add pref 121 from 0/1 to 0/2 table 100000", "rule add pref 122 fwmark 0/1 table 9", "-6 rule add pref 100 from 2001:db8::/32 table 77",
            "-6 rule add pref 101 to 2001:db8::1 dport 53 ipproto udp table 9", "-6 rule add pref 102 blackhole", "-6 rule del pref 32766",
        ))}.items():
            self.zoo.try_ip(ns, kind + " " + command, command)
        print("rules this kernel cannot make:", ", ".join(sorted(self.zoo.missing)), file=sys.stderr)
        self.check(ns, "'ipproto', 'tcp'", "uid_start", "'goto', 32766", "fwmask", "'not', None", "detached", "unresolved", "'src', 'all'", "suppress_prefixlen")

    def test_neighbours(self):
        ns = self.zoo.add("neighbours")
        ns.ip_batch([
            "link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up", "addr add 10.0.0.1/24 dev v0",
            "addr add 2001:db8::1/64 dev v0 nodad",
            *(f"neigh add 10.0.0.{20 + i} lladdr 02:00:00:00:00:{i:02x} dev v0 nud {state}"
              for i, state in enumerate(("permanent", "reachable", "stale", "noarp", "probe", "delay"))),
            "neigh add 2001:db8::20 lladdr 02:00:00:00:00:77 dev v0 nud permanent router", "neigh add 10.0.0.40 lladdr 02:00:00:00:00:78 dev v0 nud stale extern_learn",
            "neigh add 10.0.0.41 lladdr 02:00:00:00:00:79 dev v0 nud permanent protocol static", "neigh add proxy 10.0.0.50 dev v0",
        ])
        self.check(ns, "PERMANENT", "STALE", "'router', None", "extern_learn", "'protocol', 'static'")

    def test_forwarding_tables(self):
        ns = self.zoo.add("fdb")
        ns.ip_batch(["link set lo up", "link add br0 type bridge", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
                     "link set v0 master br0", "link set br0 up"])
        for command in ("bridge fdb add 02:00:00:00:00:01 dev v0 master static", "bridge fdb add 02:00:00:00:00:02 dev v0 master dynamic",
                        "bridge fdb add 02:00:00:00:00:03 dev v0 master static sticky", "bridge fdb add 02:00:00:00:00:04 dev v0 master extern_learn",
                        "bridge fdb add 02:00:00:00:00:05 dev v0 self", "bridge fdb add 02:00:00:00:00:06 dev br0 local"):
            ns.run(*command.split())
        if self.zoo.try_ip(ns, "vxlan", "link add vx type vxlan id 5 dstport 4789"):
            ns.ip("link set vx up")
            ns.run(*"bridge fdb append 02:00:00:00:00:07 dev vx dst 10.0.0.9 port 100 vni 7 via v1".split())
            ns.run(*"bridge fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.10".split())
        self.check(ns, "sticky", "extern_learn", "'state', 'static'", "viaIf", "'vni', 7")

    def test_queueing_disciplines(self):
        ns = self.zoo.add("qdisc")
        ns.ip_batch([line for i in range(9) for line in (f"link add v{i} numtxqueues 4 type veth peer name w{i}", f"link set v{i} up", f"link set w{i} up")])
        missing = []
        for index, command in enumerate((
                "root pfifo limit 77", "root bfifo limit 4000", "root handle 7: pfifo_fast", "root tbf rate 1mbit burst 10k latency 50ms",
                "root tbf rate 8gbit burst 2m limit 3m peakrate 9gbit minburst 1600", "root handle 1: htb default 12 r2q 20", "clsact", "root fq_codel limit 99 ecn", "root fq")):
            try:
                ns.run("tc", "qdisc", "replace", "dev", f"v{index}", *command.split())
            except RuntimeError:
                missing.append(command)
        for command in ("tc class add dev v5 parent 1: classid 1:12 htb rate 1mbit", "tc qdisc add dev v5 parent 1:12 handle 20: pfifo",
                        "tc qdisc replace dev v6 root handle 5: mq"):
            ns.run(*command.split())
        print("disciplines this kernel cannot make:", missing, file=sys.stderr)
        self.check(ns, "'parent'", "'priomap'", "'burst'", "'kind', 'clsact'", "'limit', 77", "'kind', 'mq'")

    def test_names_are_bytes(self):
        ns = self.zoo.add("names")
        for name in (b"\x1b[31m\xff", b'"\\\'`$(x)', "пінг".encode(), b"-f", b"a@b", b"\x7f\x01\x02", b"<UP>"):
            ns.run("ip", "link", "add", "name", name, "type", "bridge")
            ns.run("ip", "link", "set", "dev", name, "up")
        ns.ip("link add v1 type veth peer name v2")
        ns.run("ip", "link", "property", "add", "dev", "v1", "altname", b"\xfe\x1b]0;x\x07")
        ns.run("ip", "link", "set", "v2", "alias", b"line one\nline two")
        self.check(ns, "\ufffd", "line one")

    def test_many(self):
        ns = self.zoo.add("many")
        ns.ip_batch([f"link add br{i} type bridge" for i in range(100)] + ["link set br0 up"] +
                    [f"addr add 10.{i // 200}.{i % 200}.1/24 dev br{i % 7}" for i in range(500)] +
                    [f"neigh add 10.0.0.{i} lladdr 02:00:00:00:00:{i:02x} dev br0 nud permanent" for i in range(2, 250)])
        self.check(ns, "br99", "10.0.0.249")


if __name__ == "__main__":
    unittest.main()
