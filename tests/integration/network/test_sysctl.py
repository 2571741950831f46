"""Settings of a namespace against /proc/sys/net, read there by `cat`."""

import unittest

from tests.support import namespace_zoo
from tests.support.network import parts as network_parts

PER_LINK = {"ipv4": ("forwarding", "rp_filter", "proxy_arp", "arp_ignore", "accept_local", "route_localnet"), "ipv6": ("forwarding", "disable_ipv6")}


def leaves(what, path=""):
    """All files of the part, by their path below /proc/sys/net."""
    for name, value in what.items():
        inner = f"{path}/{name}" if path else name
        if isinstance(value, dict):
            yield from leaves(value, inner)
        else:
            yield inner, value


class Sysctl(namespace_zoo.ZooCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.namespace = self.zoo.add("sysctl")

    def numbers(self, path):
        """What the file holds; null where it is not there."""
        text = self.namespace.run("cat", f"/proc/sys/net/{path}", check=False).split()
        if not text:
            return None
        return int(text[0]) if len(text) == 1 else [int(word) for word in text]

    def check(self, namespace):
        shown = network_parts.read(namespace.pid, "sysctl")
        self.assertEqual(shown["errors"], {})
        ours = dict(leaves(shown["sysctl"]))
        self.assertEqual(ours, {path: self.numbers(path) for path in ours})
        missing = [path for path, value in ours.items() if value is None]
        note = shown["notes"].get("sysctl", "")
        self.assertEqual(sorted(note.removeprefix("not in this namespace: ").split(", ")) if note else [], sorted(missing))
        return shown["sysctl"]

    def test_each_is_the_namespaces_own(self):
        self.namespace.ip("link add br0 type bridge")
        namespace_zoo.veth(self.namespace, "veth.1", self.zoo.add("other"), "eth0")
        links = ("lo", "br0", "veth.1")
        # All other than they were, and as far as possible other than each other.
        for number, link in enumerate(("all", "default", *links)):
            for family, names in PER_LINK.items():
                for place, name in enumerate(names):
                    self.namespace.sysctl(f"net/{family}/conf/{link}/{name}", (number + place) % 2)
            self.namespace.sysctl(f"net/ipv4/conf/{link}/rp_filter", number % 3)
            self.namespace.sysctl(f"net/ipv4/conf/{link}/arp_ignore", number)
        for path, value in (("ipv4/ip_local_port_range", "'20000 30001'"), ("core/somaxconn", 77), ("ipv4/tcp_max_syn_backlog", 78),
                            ("bridge/bridge-nf-call-iptables", 0), ("ipv4/ip_forward", 1)):
            self.namespace.run("sh", "-c", f"test ! -e /proc/sys/net/{path} || echo {value} > /proc/sys/net/{path}")
        ours = self.check(self.namespace)
        self.assertEqual(set(ours["ipv4"]["conf"]), {"all", "default", *links})
        self.assertEqual(set(ours["ipv6"]["conf"]), {"all", "default", *links})
        self.assertEqual([ours["ipv4"]["conf"][link]["arp_ignore"] for link in ("all", "default", *links)], [0, 1, 2, 3, 4])
        self.assertEqual(ours["ipv4"]["ip_local_port_range"], [20000, 30001])
        self.assertEqual(ours["core"]["somaxconn"], 77)

    def test_a_link_without_ipv6_has_nothing_of_it(self):
        self.namespace.ip("link add small type bridge")
        self.namespace.ip("link set small mtu 1000")
        ours = self.check(self.namespace)
        self.assertIn("small", ours["ipv4"]["conf"])
        self.assertNotIn("small", ours["ipv6"]["conf"])

    def test_the_nodes_own(self):
        """Some are in the node's namespace alone."""
        ours = network_parts.read("self", "sysctl")
        for path, value in leaves(ours["sysctl"]):
            try:
                with open(f"/proc/sys/net/{path}", encoding="ascii") as file:
                    words = [int(word) for word in file.read().split()]
            except FileNotFoundError:
                words = [None]
            self.assertEqual(value, words[0] if len(words) == 1 else words, path)

    def test_a_link_may_be_called_as_it_likes(self):
        name = b'a"\\\x1b\xff,'
        self.namespace.ip(b"link add " + name + b" type bridge")
        shown = network_parts.read(self.namespace.pid, "sysctl")
        self.assertIn('a"\\\x1b\ufffd,', shown["sysctl"]["ipv4"]["conf"])


if __name__ == "__main__":
    unittest.main()
