"""Connections cost their sender nothing, and places and queues are limited: a flood of them does not keep anybody else from asking."""

import http.client
import pathlib
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from tests.support import callers, namespace_zoo
from tests.support.namespace_zoo import Arena
from tests.support.service import HANG_LIMIT_S
from tests.support.siege import HEALTH, MACHINE, Siege

# Between the service and a client far away.
ROUND_TRIP_S = 0.3
P99_LIMIT_S = 0.25
TOKEN = "the-token-of-the-agent-0001"
QUESTIONS = 50
# Connections a second, and as many as are held at a time, which is more than the service has places.
RATE, HELD = 5_000, 2_000
# Within one round trip of root, who is far away, more than there are places.
NETWORK_RATE = 2_500

# Connects so often a second, each time from the next address of a network, says nothing, and lets go of the oldest beyond a number.
SILENT = """
import collections, ipaddress, select, socket, sys, time
target, port, network, rate, most = sys.argv[1], int(sys.argv[2]), ipaddress.ip_network(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
family = socket.AF_INET6 if network.version == 6 else socket.AF_INET
# So that neighbours do not follow each other: an odd factor meets every address once.
step = 0x9E3779B97F4A7C15 | 1
held = collections.deque()
begun, count = time.monotonic(), 0
while True:
    due = int((time.monotonic() - begun) * rate)
    while count < due:
        count += 1
        one = socket.socket(family)
        try:
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, 78, 1)
            one.bind((str(network[count * step % network.num_addresses]), 0))
            one.setblocking(False)
            one.connect_ex((target, port))
        except OSError:
            pass
        held.append(one)
        if len(held) > most:
            held.popleft().close()
        if count == most:
            print("begun", flush=True)
    select.select([], [], [], 0.001)
"""

# Connects and closes at once, without a pause, from addresses of loopback.
CLOSING = """
import itertools, socket, sys
port = int(sys.argv[1])
for number in itertools.count():
    one = socket.socket()
    try:
        one.bind((f"127.{1 + number % 8}.0.{1 + number % 250}", 0))
        one.connect(("127.0.0.1", port))
    except OSError:
        pass
    one.close()
    if number == 1000:
        print("begun", flush=True)
"""


class Distant(http.client.HTTPConnection):
    """A client over TLS whose every word takes a round trip."""

    def __init__(self, arena, source, trust, port):
        super().__init__("localhost", port, timeout=HANG_LIMIT_S)
        self._arena, self._source, self._trust = arena, source, trust

    def connect(self):
        plain = self._arena.connect(self._source, self.port)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._trust.wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=False)
        self.sock.setblocking(False)
        while True:
            try:
                self.sock.do_handshake()
                break
            except ssl.SSLWantReadError:
                select.select([self.sock], [], [], HANG_LIMIT_S)
                threading.Event().wait(ROUND_TRIP_S)
        self.sock.settimeout(HANG_LIMIT_S)

    def request(self, method, url, body=None, headers=None, **more):
        super().request(method, url, body, {**(headers or {}), **callers.bearer(TOKEN)}, **more)


class AttackByConnections(unittest.TestCase):
    """Of strangers on the network, who have as many addresses as they like, on a service with TLS and the default limits."""

    @classmethod
    def setUpClass(cls):
        why = namespace_zoo.why_impossible()
        if why:
            raise unittest.SkipTest(why)
        folder = tempfile.TemporaryDirectory(prefix="nodescope-connections-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.key, cls.certificate = cls.folder / "key.pem", cls.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", cls.key, "-out", cls.certificate],
                       check=True, capture_output=True)
        cls.tokens = callers.write_secret(cls.folder / "tokens", f"agent:{TOKEN}\n")

    def besiege(self, root, *networks):
        """Root asks from the address `root` while strangers connect from all of `networks`."""
        trust = callers.client_context(self.certificate)
        with Arena() as arena:
            address = arena.SERVICE_V6 if ":" in root else arena.SERVICE
            listen = f"[{address}]:0" if ":" in root else f"{address}:0"
            with Siege(self, "--auth", "token-file", "--token-file", self.tokens, "--tls-cert-file", str(self.certificate),
                       "--tls-key-file", str(self.key), listen=(listen,), prefix=arena.prefix, questions=(HEALTH, MACHINE),
                       ways=(lambda service: Distant(arena, root, trust, service.port),), p99_s=P99_LIMIT_S + ROUND_TRIP_S, least=QUESTIONS) as siege:
                for network in networks:
                    siege.attacker(SILENT, address, siege.service.port, network, NETWORK_RATE // len(networks), HELD, prefix=arena.prefix)
                siege.wait_for_answers()

    def test_from_thousands_of_networks(self):
        self.besiege("10.200.0.1", "10.16.0.0/12")

    def test_from_the_network_beside(self):
        self.besiege("10.200.0.1", "10.200.1.0/24", "10.200.2.0/24")

    def test_from_one_network_of_ipv6(self):
        self.besiege("2001:db8:200::1", "2001:db8:16:1::/64")

    def test_from_the_networks_of_a_site(self):
        self.besiege("2001:db8:200::1", "2001:db8:16::/48")


class AttackByArrivals(unittest.TestCase):
    """Of users of the node."""

    def test_connections_that_say_nothing(self):
        with Siege(self) as siege:
            siege.attacker(SILENT, "127.0.0.1", siege.service.port, "127.64.0.0/12", RATE, HELD)
            siege.wait_for_answers()

    def test_connections_that_are_closed_at_once(self):
        with Siege(self) as siege:
            for _ in range(2):
                siege.attacker(CLOSING, siege.service.port)
            siege.wait_for_answers()


if __name__ == "__main__":
    unittest.main()
