"""The text of links and addresses against `ip addr` of iproute2 6.1, byte for byte, in namespaces full of what there is: as bytes from
the reader alone, and as the service answers it."""

import codecs
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.service import Service
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("NODESCOPE_BINARY", ROOT / "build" / "nodescope")).parent
PRINT_NETWORK = BUILD / "tests" / "unit" / "print_network"
SECONDS = re.compile(rb"(?<= )(-?\d+)sec")
SECONDS_TEXT = re.compile(SECONDS.pattern.decode())
# Other than lifetimes, states change too (duplicate address detection ends): compare when the tool itself agrees with itself.
TRIES = 20

# Each byte that is not UTF-8 becomes one U+FFFD.
codecs.register_error("byte-by-byte", lambda error: ("\ufffd" * (error.end - error.start), error.end))


def expected(namespace, prefix=()):
    return subprocess.run([*prefix, "nsenter", f"--net=/proc/{namespace.pid}/ns/net", "ip", "addr"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True).stdout


def shown(namespace, prefix=()):
    return subprocess.run([*prefix, str(PRINT_NETWORK), str(namespace.pid)], stdout=subprocess.PIPE, check=True).stdout


def without_seconds(text):
    return SECONDS.sub(b"Nsec", text)


class IpAddr(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = Service()
        cls.addClassCleanup(cls.service.stop)

    def check(self, namespace, *wanted, prefix=()):
        """Ours equals the tool's; `wanted` must be in it, so that a namespace which lost its point is noticed."""
        for _ in range(TRIES):
            before, ours, after = expected(namespace, prefix), shown(namespace, prefix), expected(namespace, prefix)
            # The service runs where everybody can see it, not where `prefix` leads.
            answered = None if prefix else self.answered(namespace)
            last = expected(namespace, prefix)
            if without_seconds(before) == without_seconds(after) == without_seconds(last):
                break
        self.assertEqual(without_seconds(ours).decode("latin-1"), without_seconds(before).decode("latin-1"))
        if answered is not None:
            self.assertEqual(SECONDS_TEXT.sub("Nsec", answered), without_seconds(before).decode(errors="byte-by-byte"))
        for first, mine, last in zip(*(map(int, SECONDS.findall(text)) for text in (before, ours, after))):
            self.assertIn(mine, range(last, first + 1))
        for piece in wanted:
            self.assertIn(piece if isinstance(piece, bytes) else piece.encode(), ours)
        return ours

    def answered(self, namespace, service=None):
        status, _, body = (service or self.service).process_route("/processor/netInfoCollector", {"pid": str(namespace.pid)})
        self.assertEqual(status, 200, body)
        reply = json.loads(body)
        self.assertEqual(reply["collector.kubernetes.container.Pid"], str(namespace.pid))
        return reply["collector.kubernetes.container.ipaddr"]

    def test_new_namespace(self):
        self.check(self.zoo.add("new"), "lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN group default")

    def test_containers_on_a_bridge_and_their_node(self):
        node = zoo_module.add_node(self.zoo)
        containers = [zoo_module.add_container(self.zoo, f"c{i}", node, i) for i in (2, 3)]
        for container in containers:
            self.check(container, "eth0@if", "link-netnsid 0", "scope global eth0")
        self.check(node, "master br0", "link-netnsid 1")

    def test_ipv4_forms(self):
        ns = self.zoo.add("v4")
        ns.ip_batch([
            "link add d0 type bridge", "link set d0 up",
            "addr add 10.1.0.1/24 brd + dev d0", "addr add 10.1.0.2/24 dev d0", "addr add 10.1.0.3/24 dev d0 label d0:app",
            "addr add 10.2.0.1 peer 10.3.0.1/32 dev d0", "addr add 10.4.0.1/24 brd 10.4.0.255 dev d0 metric 300",
            "addr add 10.5.0.1/24 dev d0 scope link", "addr add 10.6.0.1/24 dev d0 scope host", "addr add 10.7.0.1/24 dev d0 scope site",
            "addr add 10.8.0.1/24 dev d0 scope 77", "addr add 10.9.0.1/24 dev d0 noprefixroute", "addr add 0.0.0.9/0 dev d0",
            "addr add 10.10.0.1/24 dev d0 valid_lft 3500 preferred_lft 2500", "addr add 10.11.0.1/31 dev d0",
            "addr add 239.1.1.1/32 dev d0 autojoin", "addr add local 10.12.0.1/24 anycast 10.12.0.9 dev d0",
        ])
        self.check(ns, "secondary d0:app", "peer 10.3.0.1/32", "metric 300", "scope site", "scope 77", "noprefixroute", "dynamic",
                   "autojoin", "preferred_lft 2", "brd 10.1.0.255")

    def test_ipv6_flags(self):
        ns = self.zoo.add("v6")
        ns.ip_batch(["link add one type veth peer name two", "link set lo up"])
        ns.sysctl("net/ipv6/conf/one/use_tempaddr", 2)
        ns.sysctl("net/ipv6/conf/one/optimistic_dad", 1)
        ns.sysctl("net/ipv6/conf/two/stable_secret", "2001:db8::5ec:e7")
        # Addresses stay tentative as long as duplicates are looked for.
        ns.sysctl("net/ipv6/conf/one/dad_transmits", 200)
        ns.ip_batch(["link set one up", "link set two up"])
        ns.ip_batch([
            "addr add 2001:db8:1::1/64 dev one", "addr add 2001:db8:2::1/64 dev one nodad", "addr add 2001:db8:3::1/64 dev one home nodad",
            "addr add 2001:db8:4::1/64 dev one mngtmpaddr", "addr add 2001:db8:5::1/64 dev one noprefixroute nodad",
            "addr add 2001:db8:6::1/64 dev one nodad valid_lft 4000 preferred_lft 0", "addr add 2001:db8:7::1/64 dev one optimistic",
            "addr add 2001:db8:8::1 peer 2001:db8:8::2/128 dev one nodad", "addr add 2001:db8:9::1/64 dev two nodad metric 7",
            "addr add 2001:db8:a::1/64 dev two nodad valid_lft 5000 preferred_lft 4000", "addr add fec0::1/64 dev two nodad",
            "addr add ::ffff:10.0.0.1/128 dev two nodad", "addr add ff15::7/128 dev two autojoin nodad",
        ])
        self.check(ns, "tentative", "nodad", "home", "mngtmpaddr", "noprefixroute", "deprecated", "optimistic", "temporary",
                   "stable-privacy", "dynamic", "scope site", "peer 2001:db8:8::2/128", "metric 7")

    def test_ipv6_duplicate(self):
        ns, other = self.zoo.add("v6dup"), self.zoo.add("v6dup-peer")
        zoo_module.veth(ns, "one", other, "two")
        other.ip_batch(["link set two up", "addr add 2001:db8::1/64 dev two nodad"])
        ns.ip_batch(["link set one up", "addr add 2001:db8::1/64 dev one"])
        wait_until(lambda: b"dadfailed" in expected(ns), "the address is found to be taken")
        self.check(ns, "dadfailed")

    def test_states(self):
        ns = self.zoo.add("states")
        ns.ip_batch([
            "link add up1 type veth peer name up2", "link set up1 up", "link set up2 up",
            "link add half1 type veth peer name half2", "link set half1 up",
            "link add down1 type veth peer name down2",
            "link add br0 type bridge", "link set br0 up", "link add br1 type bridge",
            "link set up1 promisc on", "link set up1 allmulticast on", "link set up2 arp off", "link set down1 multicast off",
            "link set up2 txqueuelen 0", "link set down2 txqueuelen 77", "link set down1 mtu 1234",
            "link set up1 dynamic on", "link set half2 address 0a:00:00:00:00:01", "link set br1 broadcast 01:02:03:04:05:06",
        ])
        # The kernel notices a link without its other end a moment later.
        wait_until(lambda: b"NO-CARRIER" in ns.run("ip", "addr") and b"LOWERLAYERDOWN" in ns.run("ip", "addr"), "the states are settled")
        self.check(ns, "NO-CARRIER", "M-DOWN", "state LOWERLAYERDOWN", "PROMISC", "ALLMULTI", "NOARP", "DYNAMIC", "mtu 1234")

    def test_kinds(self):
        zoo, ns, other = self.zoo, self.zoo.add("kinds"), self.zoo.add("kinds-other")
        ns.ip_batch(["link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up", "link add br0 type bridge"])
        for kind, command in {
            "vxlan": "link add vx type vxlan id 5 dstport 4789 dev v0", "macvlan": "link add mv link v0 type macvlan",
            "macvtap": "link add mt link v0 type macvtap", "ifb": "link add ifb7 type ifb", "dummy": "link add du type dummy",
            "vlan": "link add link v0 name v0.7 type vlan id 7", "bond": "link add bo type bond", "ipvlan": "link add iv link v0 type ipvlan",
            "ipip": "link add ti type ipip remote 10.0.0.2 local 10.0.0.1", "sit": "link add ts type sit remote 10.0.0.2 local 10.0.0.1",
            "gre": "link add tg type gre remote 10.0.0.2 local 10.0.0.1 ttl 4", "gretap": "link add tt type gretap remote 10.0.0.2",
            "ip6gre": "link add t6 type ip6gre remote fd00::2 local fd00::1", "vti": "link add tv type vti remote 10.0.0.2 local 10.0.0.1",
            "ip6tnl": "link add tn type ip6tnl remote fd00::2 local fd00::1", "wireguard": "link add wg type wireguard",
            "vrf": "link add vr type vrf table 9", "geneve": "link add ge type geneve id 4 remote 10.0.0.2", "vcan": "link add vc type vcan",
            "nlmon": "link add nm type nlmon", "xfrm": "link add xf type xfrm if_id 4", "netkit": "link add nk type netkit",
            "tun": "tuntap add mode tun tu", "tap": "tuntap add mode tap ta", "macsec": "link add ms link v0 type macsec",
        }.items():
            zoo.try_ip(ns, kind, command)
        # A lower link in another namespace.
        zoo_module.veth(ns, "far", other, "near")
        ns.ip("link set far up")
        zoo.try_ip(ns, "macvlan elsewhere", "link add link v0 name moved type macvlan")
        ns.ip(f"link set moved netns {other.pid}")
        for name in ("v1", "ta"):
            ns.ip(f"link set {name} master br0")
        for line in ns.run("ip", "-o", "link").splitlines():
            name = line.split()[1].rstrip(b":").split(b"@")[0]
            ns.run("ip", "link", "set", "dev", name, "up", check=False)
        print("kinds this kernel cannot make:", ", ".join(sorted(zoo.missing)), file=sys.stderr)
        self.check(ns, "mv@v0", "link/none", "POINTOPOINT", "master br0", "vx")
        self.check(other, "moved@if", "near@if")

    def test_names_are_bytes(self):
        ns = self.zoo.add("names")
        for index, name in enumerate((b"\x1b[31m\xff", b'"\\\'`$(x)', "пінг".encode(), b"-f", b"@NONE", b"a@b", b"if3",
                                      b"\x7f\x01\x02", b"aaaaaaaaaaaaaaa", b"<UP>", b",;|&*?")):
            ns.run("ip", "link", "add", "name", name, "type", "bridge")
            ns.run("ip", "addr", "add", f"10.99.{index}.1/24", "label", name if name.isalnum() else name[:7] + b":x", "dev", name, check=False)
        ns.ip("link add v1 type veth peer name v2")
        ns.run("ip", "link", "set", "v1", "master", b"\x1b[31m\xff")
        ns.run("ip", "link", "property", "add", "dev", "v1", "altname", b"\xfe\x1b]0;x\x07", "altname", b"%d" * 60, "altname", "x" * 127)
        ns.run("ip", "link", "set", "v2", "alias", b"line one\nline two")
        self.check(ns, b"\x1b[31m\xff", b"altname \xfe\x1b]0;x\x07", b"master \x1b[31m\xff")

    def test_names_of_namespaces(self):
        zoo = self.zoo
        ns, named, twice, unnamed = (zoo.add(name) for name in ("self", "named", "twice", "unnamed"))
        names = [zoo.publish(named, "one"), zoo.publish(twice, "b"), zoo.publish(twice, "a")]
        for index, other in enumerate((named, twice, unnamed)):
            zoo_module.veth(ns, f"v{index}", other, "eth0")
        text = self.check(ns, f"link-netns {names[0]}", "link-netnsid 2")
        self.assertTrue(any(f"link-netns {name}\n".encode() in text for name in names[1:]), text)
        self.check(named, "link-netnsid 0")
        zoo.publish(ns, "self")
        self.check(named, "-self")

    def test_names_of_the_own_namespace(self):
        # Ours is the namespace of the reader, as the node's is for a container. It is found in another way than others.
        reader, ns, other = (self.zoo.add(name) for name in ("reader", "inside", "another"))
        enter = ["nsenter", f"--net=/proc/{reader.pid}/ns/net"]
        zoo_module.veth(ns, "eth0", reader, "v0")
        self.zoo.publish(other, "other")
        self.check(ns, "link-netnsid 0", prefix=enter)
        name = self.zoo.publish(reader, "node")
        self.check(ns, f"link-netns {name}", prefix=enter)
        zoo_module.veth(ns, "eth1", other, "v1")
        self.check(ns, f"link-netns {name}", "-other\n", prefix=enter)

    def test_names_from_files(self):
        ns = self.zoo.add("files")
        ns.ip_batch(["link add da type bridge", "link add db type bridge", "link add dc type bridge", "link set da group 7", "link set db group 300",
                     "link set dc group 2147483647", "addr add 10.0.0.1/24 dev da scope 77", "addr add 10.0.1.1/24 dev db",
                     "addr add 10.0.2.1/24 dev da scope 78", "addr add 10.0.3.1/24 dev dc"])
        self.zoo.try_ip(ns, "protodown", "link add v type veth peer name w")
        protodown = self.zoo.try_ip(ns, "protodown", "link add link v name mac0 type macvlan") and \
            self.zoo.try_ip(ns, "protodown", "link set dev mac0 protodown on") and \
            self.zoo.try_ip(ns, "protodown reason", "link set dev mac0 protodown_reason 3 on") and \
            self.zoo.try_ip(ns, "protodown reason", "link set dev mac0 protodown_reason 5 on")
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            (folder / "group").write_text("# groups\n0\tdefault\n  0x7   seven # why\n300three\n\n300 trio\n-1 minus\n")
            (folder / "rt_scopes").write_text("77 mine\n0 everywhere\n")
            (folder / "protodown_reasons.d").mkdir()
            (folder / "protodown_reasons.d" / "r.conf").write_text("3 mlag\n")
            # Both run where this folder is /etc/iproute2, and nobody else sees that.
            prefix = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/iproute2 && exec "$@"', directory]
            text = self.check(ns, "group seven", "group trio", "group 2147483647", "scope mine", "scope everywhere", "scope 78", prefix=prefix)
            with Service(prefix=prefix) as service:
                self.assertEqual(self.answered(ns, service), text.decode())
            for broken in ("7 seven\nnonsense\n300 never\n", "0x7\n7 seven\n", "7\n seven\n", "+7 plus\n300\tx\ty\n", "0X7 x\n", "0x 7 x\n", "-0x7 x\n7 y\n", "0x-7 x\n7 y\n", "0xfffffffe x\n7 y\n"):
                (folder / "group").write_text(broken)
                with self.subTest(broken=broken):
                    self.check(ns, prefix=prefix)
        if protodown:
            self.check(ns, "protodown on protodown_reason <3,5>" if "protodown reason" not in self.zoo.missing else "protodown on ")
        else:
            print("not tested: protodown:", self.zoo.missing, file=sys.stderr)

    def test_xdp(self):
        ns = self.zoo.add("xdp")
        ns.ip_batch(["link add v type veth peer name w", "link add g type bridge"])
        try:
            program = self.zoo.hold(zoo_module.load_xdp_program())
        except OSError as failure:
            self.skipTest(f"the kernel loads no eBPF: {failure}")
        zoo_module.attach_xdp(ns, "g", program, 2)
        zoo_module.attach_xdp(ns, "v", program, 4)
        self.check(ns, "xdpgeneric/id:", "xdp/id:")

    def test_while_links_come_and_go(self):
        # Whatever state a reading meets, it ends well and shows whole lines.
        ns = self.zoo.add("churn")
        ns.ip_batch([f"link add br{i} type bridge" for i in range(60)])
        commands = [line for i in range(100) for line in (f"link add x{i} type bridge", f"addr add 10.0.0.{i}/24 dev x{i}", f"link del x{i}")]
        flapping = subprocess.Popen(["nsenter", f"--net=/proc/{ns.pid}/ns/net", "ip", "-batch", "-"], stdin=subprocess.PIPE)
        flapping.stdin.write("\n".join(commands).encode() + b"\n")
        flapping.stdin.close()
        try:
            readings = 0
            while flapping.poll() is None or readings < 10:
                text = shown(ns)
                readings += 1
                self.assertTrue(text.startswith(b"1: lo: <LOOPBACK> ") and text.endswith(b"\n"), text[-200:])
                self.assertIn(b"br59: ", text)
        finally:
            flapping.kill()
            flapping.wait()
        self.check(ns)

    def test_many(self):
        ns = self.zoo.add("many")
        ns.ip_batch([f"link add br{i} type bridge" for i in range(300)] +
                    [f"addr add 10.{i // 200}.{i % 200}.1/24 dev br{i % 7}" for i in range(3000)] +
                    [f"addr add fd00::{i:x}/64 dev br{i % 5} nodad" for i in range(500)])
        ns.ip_batch(f"link property add dev br8 altname {i:0120d}" for i in range(350))
        self.check(ns, "fd00::1f3/64", "br299")


if __name__ == "__main__":
    unittest.main()
