"""A node of a test's own: a network with a way out, the service in it, and a dockerd in it that may do there what it likes.

    node = OwnNode(zoo)                       # node.network, a namespace; node.router, what it has its default routes through
    engine = node.start_docker(test)          # with filters, forwarding and masquerading, as people run it
    service = node.start_service(test, "--docker-host", engine.host)"""

import http.client
import pathlib
import socket
import subprocess
import tempfile

from tests.support import docker_engine
from tests.support import namespace_zoo as zoo_module
from tests.support.service import ROOT, Service

TEST_DOCKERD = str(ROOT / "tools" / "test-dockerd")
# What tools/test-dockerd switches off for the sake of the machine.
AS_USUAL = ("--iptables=true", "--ip-forward=true", "--ip-masq=true")


def without_waiting(namespace):
    """Addresses of IPv6 answer at once, and are not looked for at others for a second or two first."""
    for scope in ("all", "default"):
        namespace.sysctl(f"net/ipv6/conf/{scope}/accept_dad", 0)


class InnerService(Service):
    """A service in another network namespace. It is asked over a Unix socket, so no packet goes through that network for it."""

    def __init__(self, namespace, path, *flags, **more):
        self._path = path
        super().__init__(*flags, listen=(f"unix:{path}",), prefix=("nsenter", f"--net=/proc/{namespace.pid}/ns/net"), **more)

    def connection(self, timeout):
        made = http.client.HTTPConnection("localhost", timeout=timeout)
        made.sock = socket.socket(socket.AF_UNIX)
        made.sock.settimeout(timeout)
        made.sock.connect(self._path)
        return made


class OwnNode:
    def __init__(self, zoo):
        self.network, self.router = zoo.add("node"), zoo.add("router")
        for one in (self.network, self.router):
            without_waiting(one)
        zoo_module.veth(self.network, "uplink", self.router, "port")
        self.router.ip_batch(["link set lo up", "link set port up", "addr add 198.51.100.1/24 dev port", "addr add 2001:db8:51::1/64 dev port nodad",
                              "route add 10.0.0.0/8 via 198.51.100.2", "route add fd00::/8 via 2001:db8:51::2"])
        self.network.ip_batch(["link set lo up", "link set uplink up", "addr add 198.51.100.2/24 dev uplink", "route add default via 198.51.100.1",
                               "addr add 2001:db8:51::2/64 dev uplink nodad", "route add default via 2001:db8:51::1"])
        for path in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
            self.network.sysctl(path, 1)

    def start_docker(self, test):
        folder = tempfile.mkdtemp(prefix="nodescope-own-")
        folder_of_docker = str(pathlib.Path(folder) / "d")
        test.addCleanup(pathlib.Path(folder).rmdir)
        inside = ("nsenter", f"--net=/proc/{self.network.pid}/ns/net")
        test.addCleanup(subprocess.run, [*inside, TEST_DOCKERD, "stop", folder_of_docker], check=True)
        subprocess.run([*inside, TEST_DOCKERD, "start", folder_of_docker, *AS_USUAL], stdout=subprocess.DEVNULL, check=True)
        return docker_engine.Engine(f"{folder_of_docker}/docker.sock")

    def start_service(self, test, *flags):
        folder = test.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-inner-"))
        return test.enterContext(InnerService(self.network, f"{folder}/socket", *flags))
