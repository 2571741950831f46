"""What is counted for a sample only where the configuration asks for it: the real binary, the kernel's own cgroups, no runtime."""

import os
import pathlib
import unittest

from tests.support.own_cgroup import Cgroup
from tests.support.service import Service


class Counts(unittest.TestCase):
    """--count-sockets and --count-descriptors, against what /proc shows of a process that holds its own."""

    PROGRAM = """
import os, socket
held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)] + [open('/dev/null') for _ in range(5)]
listener = socket.create_server(('127.0.0.1', 0))
print('up', flush=True)
sys.stdin.readline()
"""

    def serve(self, *flags):
        service = Service("--docker-host", "unix:///no-docker.sock", *flags)
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def sample(self, service, path):
        status, _, body = service.request("GET", f"/api/v2.1/{path}?count=1&max_age=0")
        self.assertEqual(status, 200, body)

    def metrics(self, service, path):
        lines = service.request("GET", "/metrics")[2].decode().splitlines()
        return [line for line in lines if f'id="{path}"' in line]

    def value(self, lines, name):
        found = [line for line in lines if line.startswith(name + "{")]
        self.assertEqual(len(found), 1, lines)
        return float(found[0].rpartition("} ")[2].split(" ")[0])

    def test_descriptors_are_those_of_proc(self):
        service = self.serve("--count-descriptors")
        group = Cgroup(self)
        child = group.run(self.PROGRAM)
        self.sample(service, "stats" + group.path)
        lines = self.metrics(service, group.path)
        links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{child.pid}/fd")]
        self.assertEqual(self.value(lines, "container_file_descriptors"), len(links))
        self.assertEqual(self.value(lines, "container_sockets"), sum(link.startswith("socket:") for link in links))
        self.assertEqual(self.value(lines, "container_processes"), 1)

    def test_sockets_are_those_of_the_network_namespace(self):
        service = self.serve("--count-sockets")
        group = Cgroup(self)
        group.run(self.PROGRAM)
        self.sample(service, "machinestats")
        lines = [line for line in self.metrics(service, "/") if '"listen"' in line]
        # The kernel's own table: 0A is the state of a listener. Others on the node come and go meanwhile.
        listening = sum(line.split()[3] == "0A" for line in pathlib.Path("/proc/1/net/tcp").read_text().splitlines()[1:])
        self.assertGreater(listening, 0)
        self.assertAlmostEqual(self.value(lines, "container_network_tcp_usage_total"), listening, delta=8)

    def test_neither_is_counted_unless_asked_for(self):
        service = self.serve()
        group = Cgroup(self)
        group.run(self.PROGRAM)
        self.sample(service, "stats" + group.path)
        names = {line.partition("{")[0] for line in self.metrics(service, group.path)}
        self.assertIn("container_threads", names)
        for name in ("container_file_descriptors", "container_sockets", "container_processes", "container_network_tcp_usage_total"):
            self.assertNotIn(name, names)


if __name__ == "__main__":
    unittest.main()
