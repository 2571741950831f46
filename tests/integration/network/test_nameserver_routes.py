"""The part `resolver` of /v1/network: whether a route leads to each nameserver, as `ip route get` says."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.service import Service

SERVERS = ["10.240.0.1", "192.0.2.53", "127.1", "10.9.0.53", "2001:db8:240::53", "2001:db8:1::53", "fe80::53%eth0"]


class NameserverRoutes(zoo_module.ZooCase):
    def process_with(self, namespace, text):
        """A process of that network whose /etc/resolv.conf has this text: a file over its own, in mounts of its own."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        file = pathlib.Path(directory.name, "resolv.conf")
        file.write_text(text)
        mounted = f"mount --bind {file} $(readlink -f /etc/resolv.conf) && echo ready && exec sleep infinity"
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/proc/{namespace.pid}/ns/net", "unshare", "-m",
                                    "--propagation", "private", "sh", "-c", mounted], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process.pid

    def test_routes(self):
        if not os.path.exists("/etc/resolv.conf"):
            self.skipTest("there is no /etc/resolv.conf to put another one over")
        node = zoo_module.add_node(self.zoo)
        container = zoo_module.add_container(self.zoo, "c2", node, 2)
        container.ip_batch(["addr add 2001:db8:240::2/64 dev eth0 nodad", "route del default", "route add 192.0.2.0/24 via 10.240.0.1",
                            "route add blackhole 10.9.0.0/16"])
        pid = self.process_with(container, "".join(f"nameserver {one}\n" for one in SERVERS))
        with Service() as service:
            status, _, body = service.request("GET", f"/v1/network?pid={pid}&parts=resolver")
        self.assertEqual(status, 200, body)
        ours = {one["address"]: one["route"] for one in json.loads(body)["resolver"]["nameservers"]}
        expected = {}
        for one in SERVERS[:-1]:
            done = subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "route", "get", "127.0.0.1" if one == "127.1" else one],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            expected[one] = done.returncode == 0
        self.assertEqual(ours, {**expected, SERVERS[-1]: None})
        self.assertEqual((ours["192.0.2.53"], ours["10.9.0.53"], ours["2001:db8:1::53"]), (True, False, False))


if __name__ == "__main__":
    unittest.main()
