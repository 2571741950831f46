"""GET /v1/findings about a container's resolv.conf: more in it than resolvers use, and nameservers that no route leads to."""

import ctypes
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.docker_case import DockerCase
from tests.support.network.findings import FindingsCase, add_dual_container
from tests.support.network.rooted import Rooted
from tests.support.service import Service

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2
NAMES = ["resolver-unreachable", "resolver-limits"]


class Resolver(FindingsCase):
    def container(self, text, *commands):
        made = add_dual_container(self.zoo, "resolver", self.node, 2)
        made.ip_batch(commands)
        pathlib.Path(f"/proc/{made.pid}/root/etc/resolv.conf").write_text(text, encoding="ascii")
        return made

    def evidence(self, namespace, rule, count):
        found = self.look(namespace, expected=[rule] * count)
        self.assertEqual([one["rule"] for one in found], [rule] * count, found)
        return [one["evidence"] for one in found]

    def test_nameservers_that_are_reached(self):
        made = self.container("nameserver 10.240.0.1\nnameserver 192.0.2.53\nnameserver 2001:db8:53::1\nsearch a b c\noptions ndots:5\n")
        self.assertEqual(self.look(made, expected=[]), [])

    def test_no_route_to_a_nameserver(self):
        made = self.container("nameserver 192.0.2.53\nnameserver 10.240.0.1\nnameserver 2001:db8:53::1\n",
                              "route add unreachable 192.0.2.0/24", "route add unreachable 2001:db8:53::/48")
        for address in ("192.0.2.53", "2001:db8:53::1"):
            self.assertNotEqual(subprocess.run(["nsenter", f"--net=/proc/{made.pid}/ns/net", "ip", "route", "get", address],
                                               stderr=subprocess.DEVNULL, check=False).returncode, 0)
        self.assertEqual(self.evidence(made, "resolver-unreachable", 2),
                         [{"nameserver": "192.0.2.53", "place": 1, "nameservers": 3}, {"nameserver": "2001:db8:53::1", "place": 3, "nameservers": 3}])

    def test_a_fourth_nameserver_that_is_not_asked(self):
        made = self.container("".join(f"nameserver 10.240.0.{i}\n" for i in (1, 7, 8)) + "nameserver 192.0.2.53\n",
                              "route add unreachable 192.0.2.0/24")
        self.assertEqual(self.evidence(made, "resolver-limits", 1), [{"nameservers": 4, "limit": 3, "not_asked": "192.0.2.53"}])

    def test_a_long_search_list(self):
        made = self.container("search " + " ".join(f"d{i}.example" for i in range(7)) + "\n")
        self.assertEqual(self.evidence(made, "resolver-limits", 1),
                         [{"domains": 7, "domains_limit": 6, "characters": 76, "characters_limit": 256}])

    def test_a_network_that_is_meant_to_reach_nobody(self):
        made = self.zoo.add("none", nameserver="192.0.2.53")
        made.ip("link set lo up")
        self.assertEqual(self.look(made, expected=[]), [])


class HangingFiles(zoo_module.ZooCase):
    """The directory that the file is in is of a file system that nobody serves: whoever opens the file waits in the kernel."""

    def setUp(self):
        super().setUp()
        try:
            fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as failure:
            self.skipTest(f"cannot make a filesystem that hangs: /dev/fuse: {failure.strerror}")
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-resolver-")))
        self.hung = Rooted(folder / "root", self.zoo.add("hung"))
        self.addCleanup(self.hung.close)
        place = folder / "root" / "etc"
        options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
        if LIBC.mount(b"nodescope-test", bytes(place), b"fuse", 0, options) != 0:
            os.close(fuse)
            self.skipTest(f"cannot make a filesystem that hangs: mount: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(LIBC.umount2, bytes(place), MNT_DETACH)
        self.addCleanup(os.close, fuse)  # first of the two: whoever waits is told that nobody will answer

    def not_checked(self, service, namespace):
        status, _, body = service.request("GET", f"/v1/findings?pid={namespace.pid}&interval=10ms")
        self.assertEqual(status, 200, body)
        reply = json.loads(body)
        self.assertIn("link-down", reply["checked"])
        return [reply["not_checked"].get(name) for name in NAMES]

    def test_one_reader_is_lost_and_the_others_are_answered(self):
        other = self.zoo.add("other", nameserver="")
        with Service() as service:  # leaving it checks that it ends, and with 0
            self.assertEqual(self.not_checked(service, self.hung), ["/etc/resolv.conf: not finished within 500ms"] * 2)
            for _ in range(4):
                self.assertEqual(self.not_checked(service, self.hung), ["/etc/resolv.conf: an earlier reading of it hangs"] * 2)
                self.assertEqual(self.not_checked(service, other), [None, None])
        self.assertIn("a worker hangs in the kernel: leaving it behind", [line["message"] for line in service.log])


class FilesOfContainers(DockerCase):
    def found(self, query, container):
        return {one["rule"]: one for one in self.findings(query)["findings"] if (one["subject"]["container"] or {}).get("id") == container.id}

    def test_one_and_all(self):
        servers = ["192.0.2.53", "10.1.0.1", "10.1.0.2", "10.1.0.3"]
        container = self.container(Dns=servers)
        subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "route", "add", "unreachable", "192.0.2.53"], check=True)
        one = self.found(f"container={container.id}&interval=10ms", container)
        self.assertEqual(sorted(one), sorted(NAMES))
        self.assertEqual((one[NAMES[0]]["evidence"]["nameserver"], one[NAMES[1]]["evidence"]["nameservers"]), ("192.0.2.53", 4))
        self.assertEqual(self.found(f"container={container.id}", container), one)
        self.assertEqual(self.found("all", container), one)
        self.assertEqual(self.found("all&severity=error", container), {})

    def test_in_the_network_of_the_node_they_are_the_containers(self):
        # Docker copies the node's file there; this one's is its own.
        container = self.container(NetworkMode="host", Dns=[f"10.1.0.{i}" for i in range(1, 5)])
        self.assertEqual(list(self.found(f"container={container.id}", container)), ["resolver-limits"])


if __name__ == "__main__":
    unittest.main()
