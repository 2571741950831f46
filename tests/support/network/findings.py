"""What the tests of /v1/findings share."""

import json

from tests.support import namespace_zoo as zoo_module
from tests.support.network.findings_figure import Figure
from tests.support.service import Service

RULES = ["link-down", "peer-down", "peer-unattached", "bridge-down", "no-carrier", "no-default-route", "blackhole-default", "gateway-not-on-link",
         "gateway-unanswered", "duplicate-address", "duplicate-mac", "mtu-mismatch", "forwarding-off", "forward-policy-drop", "bridge-nf-off",
         "two-iptables-backends", "reverse-path-filter", "shadowed-route", "unused-table", "conntrack-full", "neighbour-overflow", "listen-overflow",
         "ports-exhausted", "retransmits", "drops", "hung-tasks", "resolver-unreachable", "resolver-limits",
         "loopback-only-listener", "runtime-disagrees"]
# Of a process nobody knows a container.
UNCHECKED = {"hung-tasks": "its tasks are looked at where a container is asked about",
             **dict.fromkeys(("loopback-only-listener", "runtime-disagrees"), "its runtime is asked where a container is asked about")}
CHECKED = [name for name in RULES if name not in UNCHECKED]
# So that rules about rates have two readings.
INTERVAL = "interval=10ms"


def add_dual_container(zoo, name, node, index):
    made = zoo_module.add_container(zoo, name, node, index)
    made.ip_batch([f"addr add 2001:db8:240::{index}/64 dev eth0 nodad", "route add default via 2001:db8:240::1"])
    return made


def add_forwarding_node(zoo):
    """A node of both families that passes packets on, whatever the machine does. It and those that are added later have no nameserver: the
    machine's own has nothing to do with these networks."""
    zoo.nameserver = ""
    node = zoo_module.add_node(zoo)
    node.ip_batch(["addr add 2001:db8:240::1/64 dev br0 nodad"])
    node.sysctl("net/ipv4/ip_forward", 1)
    node.sysctl("net/ipv6/conf/all/forwarding", 1)
    for link in ("all", "default", "br0"):
        node.sysctl(f"net/ipv4/conf/{link}/rp_filter", 0)
    return node


def send_somewhere(namespace, address="192.0.2.1"):
    """A datagram, so that the kernel asks for the next hop."""
    namespace.run("bash", "-c", f"echo > /dev/udp/{address}/9")


class FindingsCase(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.figure = Figure()
        cls.addClassCleanup(cls.figure.print, cls.__name__)
        cls.service = Service()
        cls.addClassCleanup(cls.service.stop)

    def setUp(self):
        super().setUp()
        self.node = add_forwarding_node(self.zoo)

    def answer(self, query, service=None):
        status, _, body = (service or self.service).request("GET", f"/v1/findings?{query}&{INTERVAL}")
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def look(self, namespace, service=None, expected=None):
        """The findings, in a namespace of which everything could be read. With the rules that have to speak the figure counts it."""
        reply = self.answer(f"pid={namespace.pid}", service)
        if expected is not None:
            self.figure.count(reply, *expected)
        self.assertEqual(list(reply), ["findings", "checked", "not_checked", "notes"])
        self.assertEqual((reply["checked"], reply["not_checked"], reply["notes"]), (CHECKED, UNCHECKED, {}))
        return reply["findings"]

    def names(self, namespace):
        return [one["rule"] for one in self.look(namespace)]
