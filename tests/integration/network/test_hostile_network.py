"""What a container can put into its network and its files: answers of the service stay valid, short, in time, and say what is not in them."""

import collections
import json
import os
import pathlib
import shutil
import tempfile
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network import parts as network_parts
from tests.support.network.everything import all_parts
from tests.support.network.oracle import BYTE_BY_BYTE
from tests.support.network.rooted import Rooted
from tests.support.service import Service

REPLY_BYTES = 1 << 20
# Whatever the kernel takes for a name: all but '/', ':' and what Latin-1 has for white space.
NAMES = (b"\x1b[31m\xff", b'"\\\'`$(x)', "пінг".encode(), b"\x7f\x01\x02\x7f", b"<UP>", b"-f", b"\xed\xbf\xbf", b"\xc0\x80'--", b"{}[],", b"\x1b]0;x\x07")


def as_json(name):
    """Each byte that is not UTF-8 is one U+FFFD."""
    return name.decode(errors=BYTE_BY_BYTE)


class Hostile(zoo_module.ZooCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.service = self.enterContext(Service())
        self.namespace = self.zoo.add("hostile")

    def get(self, path):
        """What is answered; strictly valid JSON of at most the allowed bytes. The service goes on answering others."""
        status, _, body = self.service.request("GET", path)
        self.assertEqual(status, 200, body[:1000])
        self.assertLessEqual(len(body), REPLY_BYTES)
        self.assertEqual(self.service.request("GET", "/healthz")[0], 200)
        return json.loads(body.decode("utf-8", "strict"), strict=True)

    def network(self, *parts, pid=None):
        return self.get(f"/v1/network?pid={pid or self.namespace.pid}&parts={','.join(parts or all_parts(self.service))}")

    def findings(self):
        return self.get(f"/v1/findings?pid={self.namespace.pid}")["findings"]


class HostileNetworks(Hostile):
    """What it puts into its network."""

    def test_names(self):
        ns = self.namespace
        ns.ip_batch(["link set lo up", "link add v0 type veth peer name v1"])
        for number, name in enumerate(NAMES):
            ns.run("ip", "link", "add", "name", name, "type", "bridge")
            ns.run("ip", "addr", "add", f"10.{number}.0.1/24", "dev", name)
            ns.run("ip", "link", "property", "add", "dev", "v0", "altname", name + b"?" * 40)
        ns.run("ip", "link", "set", "v0", "alias", b"line one\nline \"two\"\r\n\x00".rstrip(b"\0") + b"\x1b\xff" * 100)
        ns.run("ip", "rule", "add", "iif", b"\x1b\"\xff\x02", "table", "77")
        network, wanted = self.network(), sorted(map(as_json, NAMES))
        self.assertEqual(network["errors"], {})
        self.assertEqual(sorted(link["ifname"] for link in network["addr"] if link["ifname"] not in ("lo", "v0", "v1")), wanted)
        v0 = next(link for link in network["addr"] if link["ifname"] == "v0")
        self.assertEqual(sorted(name.rstrip("?") for name in v0["altnames"]), wanted)
        self.assertEqual(v0["ifalias"], 'line one\nline "two"\r\n' + "\x1b\ufffd" * 100)
        self.assertIn('\x1b"\ufffd\x02', {rule.get("iif") for rule in network["rule"]})
        self.assertLessEqual(set(wanted), set(network["sysctl"]["ipv4"]["conf"]))
        found = [one for one in self.findings() if one["rule"] == "link-down"]
        self.assertEqual(sorted(one["subject"]["ifname"] for one in found), wanted)
        for one in found:
            self.assertTrue(one["summary"].startswith(one["subject"]["ifname"] + " has the address"), one["summary"])

    def test_ten_thousand_neighbours(self):
        ns = self.namespace
        ns.ip_batch(["link set lo up", "link add br0 type bridge", "link set br0 up", "addr add 10.0.0.1/8 dev br0"])
        ns.ip_batch(f"neigh add 10.2.{i // 250}.{i % 250} lladdr 02:00:00:00:00:01 dev br0 nud permanent" for i in range(10_000))
        network = self.network("neigh")
        self.assertRegex(network["notes"]["neigh"], r"^cut after \d+")
        self.assertGreater(len(network["neigh"]), 3000)
        shown = json.loads(ns.run("ip", "-j", "-d", "neigh"))[:len(network["neigh"])]
        self.assertEqual([one["dst"] for one in network["neigh"]], [one["dst"] for one in shown])
        # Beside the others they are cut, and no other part is.
        network = self.network()
        self.assertEqual(network["errors"], {})
        self.assertIn("cut after", network["notes"]["neigh"])
        self.assertEqual(len(network["addr"]), 2)
        self.assertEqual([one["rule"] for one in self.findings() if one["rule"].startswith("gateway")], [])

    def test_a_hundred_thousand_sockets(self):
        ns = self.namespace
        ns.ip("link set lo up")
        with network_parts.Program(ns, network_parts.MANY_LISTENERS, 100_000):
            network = self.network()
            self.findings()
        self.assertEqual(network["errors"], {})
        self.assertEqual(network["sockets"]["tcp"]["by_state"]["listen"], 100_000)
        self.assertIn("of 100000 listeners are listed", network["notes"]["sockets"])
        self.assertIn("sockets_all", network["notes"])
        self.assertGreater(len(network["sockets_all"]), 1000)

    def test_sets_of_fifty_thousand_elements(self):
        ns = self.namespace
        ns.run("nft", "-f", "-", stdin="\n".join([
            "add table inet t", "add set inet t many { type ipv4_addr; }", "add map inet t much { type ipv4_addr : ipv4_addr; }",
            "add chain inet t in { type filter hook input priority 0; }", "add rule inet t in ip saddr @many drop",
            "add element inet t many { " + ", ".join(f"10.{i >> 8}.{i & 255}.1" for i in range(50_000)) + " }",
            "add element inet t much { " + ", ".join(f"10.{i >> 8}.{i & 255}.1 : 10.0.0.1" for i in range(50_000)) + " }",
            "add rule inet t in ip saddr { " + ", ".join(f"10.{i >> 8}.{i & 255}.2" for i in range(50_000)) + " } drop"]).encode())
        network = self.network()
        # The program that shows them all has its own limit of memory.
        self.assertLessEqual(set(network["errors"]), {"netfilter_text"})
        self.assertEqual([(table["name"], table["chains"], table["rules"]) for table in network["netfilter"]["nft"]], [("t", 1, 2)])
        self.assertNotIn("netfilter", network["notes"])
        self.findings()

    def test_many_of_everything(self):
        ns = self.namespace
        ns.ip_batch(["link set lo up", *(f"link add b{i} type bridge" for i in range(500)), "link set b0 up",
                     *(f"addr add 10.{i >> 8}.{i & 255}.1/24 dev b{i % 500}" for i in range(3000)), *(f"rule add from 10.0.{i & 255}.1 table {i}" for i in range(1, 2000)),
                     *(f"route add 192.0.2.0/24 dev b0 table {i}" for i in range(1000, 6000)), *(f"nexthop add id {i} blackhole" for i in range(1, 2000))])
        network = self.network()
        self.assertEqual(network["errors"], {})
        self.assertEqual(sorted(part for part in network["notes"] if "cut after" in network["notes"][part]),
                         sorted(part for part in network if isinstance(network[part], list) and "cut after" in network["notes"].get(part, "")))
        self.assertTrue(any("cut after" in note for note in network["notes"].values()))
        # Of each rule the first ones.
        self.assertEqual(max(collections.Counter(one["rule"] for one in self.findings()).values()), 100)


class HostileResolvers(Hostile):
    """What a container makes of its resolver's files, which the service reads for it."""

    def setUp(self):
        super().setUp()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="nodescope-hostile-"))
        self.addCleanup(shutil.rmtree, folder)
        self.container = Rooted(folder / "root", self.namespace)
        self.addCleanup(self.container.close)
        self.etc = self.container.root / "etc"
        (self.etc / "hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
        self.conf = self.etc / "resolv.conf"

    def resolver(self):
        network = self.network(pid=self.container.pid)
        # Whatever its files are, the rest is there.
        self.assertEqual((network["addr"][0]["ifname"], network["errors"]), ("lo", {}))
        return network["resolver"], network["notes"].get("resolver", "")

    def not_checked(self):
        return self.get(f"/v1/findings?pid={self.container.pid}")["not_checked"].get("resolver-limits", "")

    def test_a_pipe(self):
        os.mkfifo(self.conf)
        resolver, note = self.resolver()
        self.assertIsNone(resolver["nameservers"])
        self.assertEqual(note, "/etc/resolv.conf in the container is no plain file")
        self.assertEqual(self.not_checked(), note)

    def test_a_link_out_of_the_container(self):
        outside = self.container.root.parent / "outside"
        outside.write_text("nameserver 10.66.66.66\n", encoding="ascii")
        for target in (outside, "../../outside", f"/proc/self/root{outside}"):
            self.conf.unlink(missing_ok=True)
            self.conf.symlink_to(target)
            resolver, note = self.resolver()
            self.assertIsNone(resolver["nameservers"])
            self.assertIn("/etc/resolv.conf in the container: No such file", note)
            self.assertEqual(self.not_checked(), "")

    def test_links_in_a_circle(self):
        self.conf.symlink_to("resolv.conf")
        resolver, note = self.resolver()
        self.assertIsNone(resolver["nameservers"])
        self.assertIn("/etc/resolv.conf in the container: ", note)
        self.assertIn("/etc/resolv.conf in the container: ", self.not_checked())

    def test_a_hundred_megabytes(self):
        with open(self.conf, "wb") as file:
            file.write(b"nameserver 10.0.0.1\n" * (5 << 20))
        resolver, note = self.resolver()
        self.assertGreater(len(resolver["nameservers"]), 100)
        self.assertEqual({one["address"] for one in resolver["nameservers"]}, {"10.0.0.1"})
        self.assertIn("/etc/resolv.conf is longer than 65536 bytes", note)
        self.assertEqual(self.not_checked(), "/etc/resolv.conf is longer than 65536 bytes")

    def test_bytes_that_are_no_text(self):
        self.conf.write_bytes(b"nameserver \x1b\xff\x00\"\nsearch \x07\"\\ \xed\xa0\x80\noptions \x1b\n" + bytes(range(256)) * 100)
        resolver, _ = self.resolver()
        self.assertIn('\x07"\\', resolver["search"])
        self.assertEqual(self.not_checked(), "")


if __name__ == "__main__":
    unittest.main()
