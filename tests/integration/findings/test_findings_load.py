"""GET /v1/findings about load: what is full, and what goes wrong faster than it may. Each rule has a network where it speaks and no other
does."""

import json
import os
import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.support.network.findings import UNCHECKED, FindingsCase, add_dual_container
from tests.support.network.parts import Program
from tests.support.waiting import wait_until

# Nobody accepts: two connections fill a queue of one.
FULL_LISTENER = """
import socket
listener = socket.socket(); listener.bind(("127.0.0.1", 8080)); listener.listen(1)
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(2)]
late = socket.socket(); late.setblocking(False)
try:
    late.connect(("127.0.0.1", 8080))
except BlockingIOError:
    pass
"""
# As many connections to one port as an argument says; each is accepted.
CONNECTIONS = """
import socket, sys
listener = socket.socket(%(family)s); listener.bind((%(bound)r, 8080)); listener.listen(100)
kept = []
for _ in range(int(sys.argv[1])):
    kept.append(socket.create_connection((%(to)r, 8080)))
    kept.append(listener.accept()[0])
"""
# Data on each of them.
SENDING = """
import sys
def send():
    for one in kept: one.send(b"x" * 100)
"""
# A TUN device whose queue nobody reads, and datagrams into it.
TUN = """
import fcntl, socket, struct, subprocess
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", b"tun7", 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
for words in ("link set tun7 up txqueuelen 5", "addr add 10.77.0.1/24 dev tun7"):
    subprocess.run(["ip", *words.split()], check=True)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def flood():
    for _ in range(200): sender.sendto(b"x", ("10.77.0.2", 9))
"""
# Datagrams to as many ports as an argument says: for each an entry of conntrack.
MANY_FLOWS = """
import socket, sys
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sender.bind(("127.0.0.1", 0))
for flow in range(int(sys.argv[1])):
    sender.sendto(b"", ("127.0.%d.2" % (flow >> 15), 1 + (flow & 0x7fff)))
"""
# Does it once for each line it reads.
ON_LINE = """
import sys
print("ready", flush=True)
for _ in sys.stdin:
    %s()
    print("done", flush=True)
"""


class Told(Program):
    """Does one thing more whenever it is told to."""

    def __init__(self, namespace, code, what, *arguments):
        super().__init__(namespace, code + ON_LINE % what, *arguments)

    def again(self):
        self.write(b"\n")
        assert self.line() == b"done\n"


class Load(FindingsCase):
    def healthy(self, index=2):
        made = add_dual_container(self.zoo, f"load{index}", self.node, index)
        self.assertEqual(self.look(made), [])
        return made

    def only(self, namespace, rule, **seen):
        found = self.look(namespace)
        self.assertEqual([one["rule"] for one in found], [rule], found)
        self.assertEqual({key: found[0]["evidence"].get(key) for key in seen}, seen)
        return found[0]

    def without_interval(self, namespace, service=None):
        status, _, body = (service or self.service).request("GET", f"/v1/findings?pid={namespace.pid}")
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def program(self, *arguments, kind=Program):
        return self.zoo.hold(kind(*arguments))

    def test_a_listener_that_nobody_serves(self):
        ns = self.healthy()
        self.program(ns, "import socket; s = socket.socket(); s.bind(('127.0.0.1', 8081)); s.listen(0)")
        self.assertEqual(self.look(ns), [])
        self.program(ns, FULL_LISTENER)
        found = self.only(ns, "listen-overflow", listener="127.0.0.1:8080", queue=2, queue_limit=1)
        inode = next(line.split()[9] for line in ns.run("cat", "/proc/net/tcp").decode().splitlines() if "0100007F:1F90 00000000:0000 0A" in line)
        self.assertEqual(found["evidence"]["inode"], int(inode))

    def test_connections_that_a_full_queue_has_dropped(self):
        """Compared with what the question before has read, a second earlier."""
        ns = self.healthy()
        reply = self.without_interval(ns)
        self.assertEqual([name for name in ("retransmits", "drops") if "two readings" in reply["not_checked"].get(name, "")], ["retransmits", "drops"])
        self.assertEqual(list(reply["notes"]), ["conntrack-full", "neighbour-overflow", "listen-overflow"])
        with Program(ns, FULL_LISTENER):
            pass
        # Its queue is gone, and what was dropped is still counted.
        wait_until(lambda: self.without_interval(ns)["not_checked"] == UNCHECKED, "the first reading is a second old")
        found = self.without_interval(ns)["findings"]
        self.assertEqual([one["rule"] for one in found], ["listen-overflow"], found)
        counted = dict(zip(*(line.split() for line in ns.run("cat", "/proc/net/netstat").decode().splitlines()[:2])))
        self.assertEqual(found[0]["evidence"]["listen_overflows"], int(counted["ListenOverflows"]))
        self.assertEqual(found[0]["evidence"]["listen_drops"], int(counted["ListenDrops"]))

    def test_ports_towards_one_destination(self):
        forms = (("socket.AF_INET", "127.0.0.1", "127.0.0.1", "127.0.0.1:8080"), ("socket.AF_INET6", "::1", "::1", "[::1]:8080"),
                 ("socket.AF_INET6", "::", "127.0.0.1", "127.0.0.1:8080"))
        for index, (family, bound, to, shown) in enumerate(forms, 2):
            with self.subTest(family=family, to=to):
                ns = self.healthy(index)
                ns.sysctl("net/ipv4/ip_local_port_range", "'40001 40020'")
                code = CONNECTIONS % {"family": family, "bound": bound, "to": to}
                with Program(ns, code, 18):
                    self.assertEqual(self.look(ns), [])
                ns = self.healthy(index + 10)
                ns.sysctl("net/ipv4/ip_local_port_range", "'40001 40020'")
                with Program(ns, code, 19):
                    self.only(ns, "ports-exhausted", destination=shown, source=to, ports=19, range="40001-40020")

    def test_accepted_connections_use_no_ports(self):
        ns = self.healthy()
        ns.sysctl("net/ipv4/ip_local_port_range", "'8071 8090'")
        ns.ip("addr add 127.0.0.2/8 dev lo")
        self.program(ns, """
import socket
listener = socket.socket(); listener.bind(("127.0.0.1", 8080)); listener.listen(100)
kept = []
for port in range(30000, 30040):
    one = socket.socket(); one.bind(("127.0.0.2", port)); one.connect(("127.0.0.1", 8080))
    kept += [one, listener.accept()[0]]
""")
        self.assertEqual(self.look(ns), [])

    def test_segments_that_are_lost(self):
        ns = self.healthy()
        program = self.program(ns, CONNECTIONS % {"family": "socket.AF_INET", "bound": "127.0.0.1", "to": "127.0.0.1"} + SENDING, "send", 20,
                               kind=Told)
        self.assertEqual(self.look(ns), [])
        ns.run("nft", "-f", "-", stdin=b"table ip lossy { chain c { type filter hook input priority 0; ip length > 100 ip protocol tcp drop; }; }\n")

        def retransmitted():
            names, values = (line.split() for line in ns.run("cat", "/proc/net/snmp").decode().splitlines() if line.startswith("Tcp:"))
            return int(dict(zip(names, values))["RetransSegs"])

        self.without_interval(ns)
        program.again()
        wait_until(lambda: retransmitted() >= 20, "TCP has sent again")
        wait_until(lambda: "retransmits" in self.without_interval(ns)["checked"], "the first reading is a second old")
        found = self.without_interval(ns)["findings"]
        self.assertEqual([one["rule"] for one in found], ["retransmits"], found)
        self.assertGreaterEqual(found[0]["evidence"]["retransmitted"], 10)

    def test_a_device_that_nobody_reads(self):
        if not os.path.exists("/dev/net/tun"):
            self.skipTest("this kernel has no TUN devices")
        ns = self.healthy()
        program = self.program(ns, TUN, "flood", kind=Told)
        self.assertEqual(self.look(ns), [])
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.service.request, "GET", f"/v1/findings?pid={ns.pid}&interval=1s")
            while not asked.done():
                program.again()
        found = json.loads(asked.result()[2])["findings"]
        self.assertEqual([(one["rule"], one["subject"]["ifname"]) for one in found], [("drops", "tun7")], found)
        self.assertEqual((found[0]["evidence"]["direction"], found[0]["evidence"]["seconds"]), ("sent", 1))
        dropped = json.loads(ns.run("ip", "-j", "-s", "link", "show", "tun7"))[0]["stats64"]["tx"]["dropped"]
        self.assertLessEqual(found[0]["evidence"]["dropped"], dropped)
        self.assertGreaterEqual(found[0]["evidence"]["dropped"], 190)

    def test_a_table_of_connections_that_is_nearly_full(self):
        ns = self.healthy()
        ns.run("nft", "-f", "-", stdin=b"table ip t { chain c { type filter hook output priority 0; ct state new accept; }; }\n")
        count = ns.run("sh", "-c", "cat /proc/sys/net/netfilter/nf_conntrack_max || true").decode()
        if not count:
            self.skipTest("this kernel has no nf_conntrack")
        ns.sysctl("net/netfilter/nf_conntrack_udp_timeout", 600)
        most = int(count)
        with Program(ns, MANY_FLOWS, most * 80 // 100):
            self.assertEqual(self.look(ns), [])
        with Program(ns, MANY_FLOWS, most * 13 // 100):
            found = self.only(ns, "conntrack-full", max=most)
        self.assertGreater(found["evidence"]["count"], most * 9 // 10)


if __name__ == "__main__":
    unittest.main()
