"""The texts of the routing tables against net-tools 2.10's `route` and `route -6`, byte for byte, in namespaces full of what there is."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support import service as service_module

ROOT = pathlib.Path(__file__).resolve().parents[3]
PREFIX = "collector.kubernetes.container."
HEADING = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
NETWORKS = "default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n"
HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff00::0 ip6-mcastprefix\n"
# Addresses and routes settle for a moment (duplicate address detection): compare when the tool itself agrees with itself.
TRIES = 20

# net-tools has no place for them either.
WHAT_IT_CANNOT_SHOW = r"^(routes (with more hops than the one shown|through a gateway of IPv6, not shown): \d+(, |$))*(rules .*tables 77)?$"

class Routes(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        reason = zoo_module.why_impossible()
        if reason:
            raise unittest.SkipTest(reason)
        if shutil.which("route") is None:
            raise unittest.SkipTest("net-tools' route is not installed")
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.files = pathlib.Path(directory.name)
        cls.write_names(HOSTS, NETWORKS)
        # `route` asks name servers otherwise, from inside the namespace, for minutes.
        (cls.files / "nsswitch.conf").write_text("hosts: files\nnetworks: files\n")
        # Service and tool both run where these files are in /etc, and nobody else sees that.
        script = 'for f in hosts networks nsswitch.conf; do mount --bind "$0/$f" /etc/$f || exit 9; done; exec "$@"'
        cls.with_files = ["unshare", "-m", "sh", "-c", script, str(cls.files)]
        cls.service = service_module.Service("--max-reply", "2MiB", prefix=cls.with_files)
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def setUp(self):
        self.zoo = zoo_module.Zoo()
        self.addCleanup(self.zoo.close)
        self.write_names(HOSTS, NETWORKS)

    @classmethod
    def write_names(cls, hosts, networks):
        for name, text in (("hosts", hosts), ("networks", networks)):
            (cls.files / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def expected(self, namespace, *flags):
        done = subprocess.run([*self.with_files, "nsenter", f"--net=/proc/{namespace.pid}/ns/net", "route", *flags],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
        # Where there is no table yet `route` prints the heading and fails, because /proc/net/route is empty.
        self.assertIn(done.returncode, (0, 1), done.stderr)
        # Invalid UTF-8 cannot be in a JSON text.
        return done.stdout.decode("utf-8", "replace")

    def ask(self, namespace, key):
        """The text, and what the service says about it."""
        status, _, body = self.service.process_route("/processor/netInfoCollector", {"pid": str(namespace.pid)})
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        self.assertIn(PREFIX + key, answer, answer.get(PREFIX + "Errors"))
        return answer[PREFIX + key], json.loads(answer.get(PREFIX + "Errors", "{}")).get(key)

    def shown(self, namespace, key):
        text, said = self.ask(namespace, key)
        self.assertRegex(said or "", WHAT_IT_CANNOT_SHOW)
        return text

    def compare(self, namespace, key, flags, wanted):
        for _ in range(TRIES):
            before, ours, after = self.expected(namespace, *flags), self.shown(namespace, key), self.expected(namespace, *flags)
            if before == after:
                break
        self.assertEqual(ours, before)
        for piece in wanted:
            self.assertIn(piece, ours)
        return ours

    def check(self, namespace, *wanted):
        """Ours equals the tool's; `wanted` must be in it, so that a namespace which lost its point is noticed."""
        return self.compare(namespace, "Route", (), wanted)

    def check6(self, namespace, *wanted):
        return self.compare(namespace, "Route6", ("-6",), wanted)

    def pair(self, name):
        """A namespace with a veth pair d0, d1, both up."""
        ns = self.zoo.add(name)
        ns.ip_batch(["link set lo up", "link add d0 type veth peer name d1", "link set d0 up", "link set d1 up", "addr add 10.9.0.2/24 dev d0"])
        return ns

    @staticmethod
    def add_routes6(namespace, routes):
        namespace.run("ip", "-6", "-batch", "-", stdin="".join(f"route add {route}\n" for route in routes).encode())

    # ---- IPv4 ----

    def test_new_namespace(self):
        self.assertEqual(self.check(self.zoo.add("new")), HEADING)

    def test_containers_on_a_bridge_and_their_node(self):
        node = zoo_module.add_node(self.zoo)
        container = zoo_module.add_container(self.zoo, "c2", node, 2)
        self.check(container, "default         10.240.0.1      0.0.0.0         UG    0      0        0 eth0\n")
        self.check(node, " br0\n")

    def test_kinds_of_routes(self):
        ns = self.pair("kinds")
        ns.ip_batch(f"route add {route}" for route in (
            "default via 10.9.0.1", "default via 10.9.0.1 metric 10", "0.0.0.0/1 dev d0", "128.0.0.0/1 dev d0", "0.0.0.0/8 via 10.9.0.7", "0.0.0.0/32 dev d0",
            "unreachable 10.1.0.0/16", "prohibit 10.2.0.1", "prohibit 10.2.0.0/24 metric 9", "unreachable default metric 4278198272",
            "blackhole 10.3.0.0/16", "throw 10.4.0.0/16",
            "10.5.0.0/16 nexthop via 10.9.0.1 nexthop via 10.9.0.3 weight 9", "10.5.1.0/24 nexthop dev d1 nexthop via 10.9.0.3",
            "10.5.2.0/24 nexthop via inet6 fe80::7 dev d0 nexthop via 10.9.0.3",
            "10.6.0.0/16 via 8.8.8.8 dev d0 onlink", "10.7.0.0/16 via 127.0.0.1", "10.8.0.0/16 via inet6 fe80::1 dev d0",
            "10.8.1.1 via inet6 fe80::1 dev d0", "local 10.20.0.0/16 dev lo table main", "broadcast 10.21.0.0/16 dev d0 table main",
            "multicast 224.0.0.0/4 dev d0 table main", "10.22.0.0/16 dev d0 advmss 1200 window 1000 rtt 5000 mtu lock 1400",
            "255.255.255.255 dev d0", "10.23.0.0/16 dev d0 metric 2147483648", "10.23.0.0/16 dev d1 metric 2147483647",
            "10.23.0.0/16 dev d0 tos 0x10", "10.24.0.0/16 dev d0 table 77", "10.25.0.0/16 dev d0 scope host src 10.9.0.2 realm 4"))
        ns.ip_batch(["route append 10.22.0.0/16 dev d1", "route append default dev d1"])
        text = self.check(ns, "10.1.0.0        -               255.255.0.0     !     0      -        0 -\n", "255.255.255.255 !H ",
                          "10.3.0.0        0.0.0.0         255.255.0.0     U     0      0        0 *\n", "U     -2147483648 0 ",
                          "0.0.0.0         10.9.0.7        255.0.0.0       UG ", "localhost       255.255.0.0     UG ",
                          "10.8.0.0        0.0.0.0         255.255.0.0     UG ", "10.5.0.0        10.9.0.1 ", "!     -16769024 -")
        self.assertNotIn("10.21.0.0", text)
        self.assertNotIn("224.0.0.0", text)
        self.assertNotIn("10.24.0.0", text)
        # With a rule of its own the kernel stops keeping the local and the main table in one trie.
        ns.ip("rule add from 10.0.0.0/8 lookup 77")
        self.check(ns)

    def test_same_destination_on_several_interfaces(self):
        ns = self.pair("same")
        ns.ip_batch(["addr add 10.9.0.3/24 dev d1", "route append 10.40.0.0/16 dev d0", "route append 10.40.0.0/16 dev d1",
                     "route append 10.40.0.0/16 via 10.9.0.1", "route add 10.40.0.0/16 dev d1 metric 7"])
        text = self.check(ns)
        self.assertEqual(text.count("\n10.40.0.0 "), 4)
        self.assertEqual(text.count("\n10.9.0.0 "), 2)

    def test_nexthop_objects(self):
        ns = self.pair("nexthops")
        try:
            ns.ip_batch(["nexthop add id 1 blackhole", "nexthop add id 2 via 10.9.0.5 dev d0", "nexthop add id 3 dev d1",
                         "nexthop add id 4 via fe80::1 dev d0", "nexthop add id 10 group 3/2"])
        except RuntimeError as failure:
            self.skipTest(f"the kernel has no nexthop objects: {failure}")
        ns.ip_batch(f"route add 10.3{i}.0.0/16 nhid {i}" for i in (1, 2, 3, 4))
        ns.ip("route add 10.39.0.0/16 nhid 10")
        compatible = self.check(ns, "10.32.0.0       10.9.0.5        255.255.0.0     UG ", "10.31.0.0       0.0.0.0         255.255.0.0     U     0      0        0 lo\n")
        ns.sysctl("net/ipv4/nexthop_compat_mode", 0)
        self.assertEqual(self.check(ns), compatible)

    def test_encapsulation(self):
        """One encapsulation that libnl's caches do not know makes them fail as a whole."""
        ns = self.pair("encap")
        made = 0
        for kind, command in {"ip": "route add 10.50.0.0/16 encap ip id 7 dst 10.9.0.9 dev d0",
                              "mpls": "route add 10.51.0.0/16 encap mpls 100 via 10.9.0.9",
                              "seg6": "route add 10.52.0.0/16 encap seg6 mode encap segs fc00::1 dev d0"}.items():
            made += self.zoo.try_ip(ns, f"encap {kind}", command)
        ns.ip("route add 10.53.0.0/16 dev d0")
        self.check(ns, "10.53.0.0")
        if not made:
            self.skipTest(f"the kernel makes none of them: {self.zoo.missing}")

    def test_names(self):
        hosts = (b"\n# comment\n   \t\n127.0.0.1\tlocalhost\n10.9.0.1 first-name alias\n10.9.0.1 second\n::ffff:10.9.0.3 mapped\n"
                 b"10.9.0.4\n10.9.0.5 # nothing\n  10.9.0.6\x0bvertical\r\n010.9.0.7 octal\n10.9.0.8 a-name-of-many-letters.example.org\n"
                 b"10.9.0.9 cut\0off\n10.9.0.10 caf\xc3\xa9\xff\n10.60.1.1 host-route\n10.60.2.0 not-for-networks\n10.9.0.11 last")
        networks = (b"default 0.0.0.0\nloopback 127\nlink-local 169.254.0.0 alias\n10.61.0.0 backwards\nlab 10.60.3.0 # c\nlab2 10.60.3.0\n"
                    b"short 10.62\nhexa 0x0a.0x3f.0.0\nnot-for-hosts 10.60.1.1\n#no 10.64.0.0\nzero\nlong-name-of-a-network 10.65.0.0\nbad 10.66.0.0.0\n")
        self.write_names(hosts, networks)
        ns = self.pair("names")
        ns.ip_batch([f"route add 10.70.{i}.0/24 via 10.9.0.{i}" for i in (1, *range(3, 12))] +
                    [f"route add {to} dev d0" for to in ("10.60.1.1", "10.60.2.0/24", "10.60.2.0/32", "10.60.3.0/24", "10.60.3.0/28", "10.60.3.0/32",
                                                         "10.61.0.0/16", "10.62.0.0/16", "10.63.0.0/16", "10.64.0.0/16", "10.65.0.0/16",
                                                         "10.66.0.0/16", "127.0.0.0/24", "127.0.0.1/32", "169.254.0.0/16", "0.0.0.0/4")])
        self.check(ns, "first-name ", "mapped ", "vertical ", "a-name-of-many- ", "host-route ", "lab ", "short ", "hexa ", "long-name-of-a-  ".rstrip(),
                   "loopback ", "link-local ", "\n0.0.0.0         0.0.0.0         240.0.0.0 ", "caf\u00e9\ufffd ")
        self.write_names("::1 six\n127.0.0.1 four\n", "")
        self.check(ns, "\nsix ")
        self.write_names("", "")
        self.assertNotIn("six", self.check(ns))

    def test_interface_names_are_bytes(self):
        ns = self.zoo.add("bytes")
        for index, name in enumerate((b"\x1b[31m\xff", b'"\\\'`$(x)', "пінг".encode(), b"*", b"-", b"aaaaaaaaaaaaaaa")):
            ns.run("ip", "link", "add", "name", name, "type", "bridge")
            ns.run("ip", "link", "set", "dev", name, "up")
            ns.run("ip", "route", "add", f"10.{index}.0.0/16", "dev", name)
            ns.run("ip", "-6", "route", "add", f"fd00:{index}::/32", "dev", name)
        self.check(ns, " \x1b[31m\ufffd\n", " *\n")
        self.check6(ns, " \x1b[31m\ufffd\n")

    def test_ten_thousand_routes(self):
        ns = self.pair("many")
        ns.ip_batch(f"route add 10.{100 + i // 2500}.{i // 10 % 250}.{i % 10 * 16}/28 via 10.9.0.{3 + i % 200}" for i in range(10000))
        self.assertEqual(self.check(ns).count("\n"), 10000 + 2 + 1)

    def test_fifty_thousand_routes(self):
        """Survived, with the limit said."""
        ns = self.pair("flood")
        ns.ip_batch(f"route add 11.{i // 65536}.{i // 256 % 256}.{i % 256}/32 dev d0" for i in range(50000))
        text, said = self.ask(ns, "Route")
        self.assertIn("cut after 20000 routes: there are more", said)
        # There is nothing with a name in it, and looking for names takes `route` a minute.
        self.assertTrue(self.expected(ns, "-n").startswith(text))
        # 1.6 MB of text and the answer's own limit may cut further.
        self.assertGreater(text.count("\n"), 10000)

    def test_changing_tables(self):
        """Whatever happens meanwhile, whole lines of routes that exist."""
        ns = self.pair("flapping")
        flapping = subprocess.Popen(
            ["nsenter", f"--net=/proc/{ns.pid}/ns/net", "sh", "-c",
             'while :; do for i in 1 2 3 4; do echo "link add f$i type veth peer name g$i"; echo "link set f$i up"; echo "route add 10.77.$i.0/24 dev f$i"; done | ip -b -;'
             ' for i in 1 2 3 4; do ip link del f$i; done; done'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                text, said = self.ask(ns, "Route")
                self.assertIn(said, (None, "changed while it was read"))
                for line in text.removeprefix(HEADING).splitlines():
                    self.assertRegex(line, r"^10\.(9\.0|77\.[1-4])\.0 +0\.0\.0\.0 +255\.255\.255\.0 +U +0 +0 +0 ([df]\d|if\d+)$")
                if said is None:
                    self.assertNotRegex(text, r" if\d+\n")
        finally:
            flapping.kill()
            flapping.wait()

    # ---- IPv6 ----

    def test_new_namespace_6(self):
        self.check6(self.zoo.add("new6"), "Kernel IPv6 routing table\n")

    def test_kinds_of_routes_6(self):
        ns = self.pair("kinds6")
        ns.ip_batch(["addr add 2001:db8:1::1/64 dev d0 nodad", "addr add ::ffff:10.0.0.1/128 dev d1 nodad",
                     "addr add 2001:db8:1111:2222:3333:4444:5555:6666/128 dev d0 nodad"])
        self.add_routes6(ns, (
            "default via 2001:db8:1::7", "default via fe80::1 dev d1 metric 5", "2001:db8:2::/48 dev d0 metric 4294967295", "2001:db8:3::/48 via fe80::2 dev d0 onlink",
            "unreachable 2001:db8:4::/48", "prohibit 2001:db8:5::/48", "blackhole 2001:db8:6::/48", "throw 2001:db8:7::1",
            "2001:db8:8::/48 nexthop via 2001:db8:1::8 nexthop via 2001:db8:1::9", "2001:db8:9::/48 dev d1 table 77",
            "2001:db8:a::/48 dev d0 expires 3000", "local 2001:db8:b::/48 dev lo", "::1.2.3.4/128 dev d0", "2000::/3 dev d1",
            "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff via 2001:db8:1:0:aaaa:bbbb:cccc:dddd"))
        self.check6(ns, "localhost/128 ", "ip6-mcastprefix/8 ", "2001:db8:1111:2222:3333:4444:5555:6666/128 [::] ", " !n ", " UG ", "\n10.0.0.1/128 ", "-1 ")

    def test_names_6(self):
        self.write_names("10.0.0.1 four\n::ffff:10.0.0.2 mapped\n2001:db8:1::7 gate.example\n2001:db8:2::0 net2\n::1\nfe80::0 linklocal\n" + f"2001:db8:3::0 {'n' * 127}\n" +
                         f"2001:db8:4::0 {'n' * 128}\n2001:db8:5::0 {'n' * 125}\n", NETWORKS)
        ns = self.pair("names6")
        ns.ip_batch(["addr add 2001:db8:1::1/64 dev d0 nodad", "addr add ::ffff:10.0.0.1/128 dev d1 nodad",
                     "addr add ::ffff:10.0.0.2/128 dev d1 nodad"])
        self.add_routes6(ns, ["default via 2001:db8:1::7"] + [f"2001:db8:{i}::/48 dev d0" for i in (2, 3, 4, 5)])
        self.check6(ns, "gate.example ", "\nnet2/48 ", "\n10.0.0.1/128 ", "\nmapped/128 ", "\nlinklocal/64 ")

    def test_disabled_6(self):
        ns = self.zoo.add("disabled6")
        ns.sysctl("net/ipv6/conf/all/disable_ipv6", 1)
        ns.ip("link set lo up")
        self.check6(ns)

    def test_many_6(self):
        ns = self.pair("many6")
        self.add_routes6(ns, (f"fd00:{i:x}::/32 dev d0" for i in range(3000)))
        self.assertGreater(self.check6(ns).count("\n"), 3000)


if __name__ == "__main__":
    unittest.main()
