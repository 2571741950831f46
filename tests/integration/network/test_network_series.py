"""What --metrics-network shows of each network namespace, against the kernel's files there."""

import re
import unittest

from tests.support import docker_engine, namespace_zoo
from tests.support.network.parts import Program
from tests.support.service import Service
from tests.support.waiting import wait_until

FOREVER = ["sleep", "100000"]
TRACKING = "table inet t {\n chain c {\n type filter hook output priority 0;\n ct state new accept\n }\n}\n"
# A queue of one that is full, so that the third connection is refused and tried again; datagrams of both families that nobody reads.
TROUBLE = """
import socket
listener = socket.socket(); listener.bind(("127.0.0.1", 8080)); listener.listen(1)
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(2)]
late = socket.socket(); late.setblocking(False)
try:
    late.connect(("127.0.0.1", 8080))
except BlockingIOError:
    pass
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    lazy = socket.socket(family, socket.SOCK_DGRAM); kept.append(lazy)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1); lazy.bind((address, 9000))
    sender = socket.socket(family, socket.SOCK_DGRAM)
    for _ in range(50): sender.sendto(bytes(1000), (address, 9000))
"""
# Everything is still open, and nothing is sent any more.
QUIET = """
import socket
kept = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0), family=socket.AF_INET6)]
kept += [socket.create_connection(kept[0].getsockname()), kept[0].accept()[0]]
for family in socket.AF_INET, socket.AF_INET, socket.AF_INET6:
    kept.append(socket.socket(family, socket.SOCK_DGRAM)); kept[-1].bind(("", 0))
"""
CONNTRACK = {"entries": "count", "entries_limit": "max"}
COUNTED = {"insert_failed": "insert_failed", "dropped": "drop", "early_dropped": "early_drop"}


class Network:
    """A container's, as a namespace of the tests."""

    def __init__(self, pid):
        self.pid = pid

    run = namespace_zoo.Namespace.run
    sysctl = namespace_zoo.Namespace.sysctl

    @property
    def name(self):
        return f"container of process {self.pid}"

    def read(self, path):
        return self.run("sh", "-c", f"cat {path} 2>/dev/null || true").decode()

    def tables(self, name):
        """{"Tcp": {"OutSegs": 7, …}, …}"""
        lines = [line.split() for line in self.read(f"/proc/net/{name}").splitlines()]
        return {names[0].rstrip(":"): dict(zip(names[1:], map(int, values[1:]))) for names, values in zip(lines[::2], lines[1::2])}

    def sockstat(self, name):
        lines = [line.split() for line in self.read(f"/proc/net/{name}").splitlines()]
        return {words[0].rstrip(":"): dict(zip(words[1::2], map(int, words[2::2]))) for words in lines}

    def figures(self):
        """As the series have them, by what follows container_network_."""
        snmp, netstat = self.tables("snmp"), self.tables("netstat")["TcpExt"]
        udp6 = dict(line.split() for line in self.read("/proc/net/snmp6").splitlines())
        four, six = self.sockstat("sockstat"), self.sockstat("sockstat6")
        found = {
            "tcp_sent_segments_total": snmp["Tcp"]["OutSegs"], "tcp_retransmitted_segments_total": snmp["Tcp"]["RetransSegs"],
            "tcp_listen_overflows_total": netstat["ListenOverflows"], "tcp_listen_drops_total": netstat["ListenDrops"],
            "tcp_established_connections": snmp["Tcp"]["CurrEstab"], "tcp_time_wait_connections": four["TCP"]["tw"],
            "tcp_sockets": four["TCP"]["inuse"] + six["TCP6"]["inuse"], "udp_sockets": four["UDP"]["inuse"] + six["UDP6"]["inuse"],
            "udp_receive_buffer_errors_total": snmp["Udp"]["RcvbufErrors"] + int(udp6["Udp6RcvbufErrors"]),
            "udp_send_buffer_errors_total": snmp["Udp"]["SndbufErrors"] + int(udp6["Udp6SndbufErrors"]),
        }
        sysctls = {name: self.read(f"/proc/sys/net/netfilter/nf_conntrack_{file}") for name, file in CONNTRACK.items()}
        if all(sysctls.values()):
            names, *rows = [line.split() for line in self.read("/proc/net/stat/nf_conntrack").splitlines()]
            sums = {name: sum(int(row[at], 16) for row in rows) for at, name in enumerate(names)}
            found.update({f"conntrack_{name}": int(value) for name, value in sysctls.items()})
            found.update({f"conntrack_{name}_total": sums[column] for name, column in COUNTED.items()})
        return found


def series(text, labels):
    """{"conntrack_entries": 7, …} of a scrape: those of networks, which have no further labels, of one container."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        if not re.match("container_network_(conntrack|tcp|udp)_", name) or labels not in rest or "_state=" in rest:
            continue
        key = name.removeprefix("container_network_")
        if key in found:
            raise AssertionError(f"twice: {line}")
        found[key] = float(line.rpartition("} ")[2])
    return found


class NetworkSeries(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.needed()

    def serve(self, *flags, **how):
        service = Service("--docker-host", self.engine.host, *flags, **how)
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def scrape(self, service):
        status, _, body = service.request("GET", "/metrics")
        self.assertEqual(status, 200, body)
        return body.decode()

    def container(self, **host_config):
        made = self.engine.create(self, FOREVER, **host_config).start()
        made.network = Network(made.pid)
        return made

    def troubled(self):
        """A container in whose network something of each kind has gone wrong, and everything is quiet now."""
        made = self.container()
        made.network.sysctl("net/ipv6/conf/lo/disable_ipv6", 0)
        made.network.run("nft", "-f", "-", stdin=TRACKING.encode())
        with Program(made.network, TROUBLE):
            wait_until(lambda: made.network.figures()["tcp_retransmitted_segments_total"] > 0, "the third connection is tried again")
        quiet = Program(made.network, QUIET)
        self.addCleanup(quiet.close)
        return made

    def settled(self, service, container):
        """The figures of the kernel and those of a scrape, when nothing changed meanwhile."""
        seen = []

        def unchanged():
            before, text = container.network.figures(), self.scrape(service)
            seen[:] = [before, text]
            return before == container.network.figures()
        wait_until(unchanged, "the network is quiet")
        return seen

    def test_are_those_of_the_kernels_files(self):
        container = self.troubled()
        told, text = self.settled(self.serve("--metrics-network"), container)
        self.assertEqual(series(text, f'name="{container.name}"'), told)
        for name in ("tcp_listen_overflows_total", "tcp_listen_drops_total", "tcp_retransmitted_segments_total", "udp_receive_buffer_errors_total"):
            self.assertGreater(told[name], 0, name)
        self.assertEqual((told["tcp_established_connections"], told["udp_sockets"], told["tcp_sockets"]), (2, 3, 4))
        if "conntrack_entries" in told:
            self.assertGreater(told["conntrack_entries"], 0)
        self.assertIn("nodescope_network_scrape_error 0", text)
        self.assertIn('nodescope_scrape_left_out{what="networks"} 0', text)

    def test_are_there_once_for_each_network(self):
        one, other = self.container(), self.container()
        shares = self.container(NetworkMode=f"container:{one.id}")
        on_node = self.container(NetworkMode="host")
        text = self.scrape(self.serve("--metrics-network"))
        names = set(one.network.figures())
        for container in one, other:
            self.assertEqual(set(series(text, f'name="{container.name}"')), names)
        for container in shares, on_node:
            self.assertEqual(series(text, f'name="{container.name}"'), {})
        self.assertEqual(set(series(text, 'id="/"')), names)
        # The limit is the node's.
        self.assertEqual({series(text, label).get("conntrack_entries_limit") for label in ('id="/"', f'name="{one.name}"')},
                         {one.network.figures().get("conntrack_entries_limit")})

    def test_without_the_flag_there_are_none(self):
        container = self.container()
        text = self.scrape(self.serve())
        self.assertEqual(series(text, f'name="{container.name}"'), {})
        self.assertNotIn("networks", text)

    def test_a_group_that_is_switched_off_takes_them_along(self):
        container = self.container()
        text = self.scrape(self.serve("--metrics-network", "--metrics-disable", "network"))
        self.assertEqual(series(text, f'name="{container.name}"'), {})
        self.assertNotIn("container_network_node_interface_info", text)

    def test_states_are_counted_by_the_other_flag(self):
        """The same connections, told once in each of two ways."""
        container = self.troubled()
        _, text = self.settled(self.serve("--metrics-network", "--count-sockets"), container)
        states = {}
        for line in text.splitlines():
            found = re.match(rf'container_network_tcp6?_usage_total{{.*name="{container.name}".*tcp_state="(\w+)"}} (\d+)', line)
            if found:
                states[found[1]] = states.get(found[1], 0) + int(found[2])
        told = series(text, f'name="{container.name}"')
        self.assertEqual(states["established"] + states["closewait"], told["tcp_established_connections"])
        self.assertEqual(states["timewait"], told["tcp_time_wait_connections"])

    def test_what_may_not_be_read_is_said(self):
        """Statistics of conntrack need CAP_NET_ADMIN, all else does not."""
        container = self.troubled()
        told = container.network.figures()
        if "conntrack_entries" not in told:
            self.skipTest("this kernel has no nf_conntrack")
        service = self.serve("--metrics-network", prefix=("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"))
        text = self.scrape(service)
        denied = {f"conntrack_{name}_total" for name in COUNTED}
        self.assertEqual(set(series(text, f'name="{container.name}"')), set(told) - denied)
        self.assertIn("nodescope_network_scrape_error 1", text)


if __name__ == "__main__":
    unittest.main()
