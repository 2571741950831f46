"""All of it at once: whoever may ask asks for all that is large and reads none of it, others hold what they can of connections and handshakes,
and what is asked about (cgroups, containers, networks, events) is as large as others can make it."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests.integration.attack.test_attack_large_network import LARGE as LARGE_NETWORK
from tests.support import callers
from tests.support.fake_docker import container_id
from tests.support.hostile_cgroups import COMING_AND_GOING, MANY_CGROUPS, handed_over
from tests.support.large_docker import LargeDocker
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.siege import HEALTH, MACHINE, Question, Siege, over_tls, over_unix
from tests.support.waiting import wait_until

TOKEN = "t" * 40
MOUNTS = "/processor/mountInfoCollector"
# Of one user, who may have 64 (--max-connections-per-peer): nine users have nearly all the connections there are.
CONNECTIONS = 56
ADMITTED = 65526
CONTAINERS = 60
# Of these, how many fill their networks with all that the kernel takes.
LARGE_NETWORKS = 3
# Routes of which the kernel writes more than twice 256 KiB.
LONG_LIST = 10_000

# Each of many threads holds one connection, as its role says, until the service ends it, and begins again.
ATTACK = """
import itertools, json, select, socket, ssl, sys, threading
port, token, role, count, targets = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:]
threading.stack_size(256 << 10)
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
PAUSE, BODY = 0.5, 4 << 20
pause = threading.Event()

def plain():
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.settimeout(10)
    one.connect(("127.0.0.1", port))
    return one

def head(method, path, length):
    return (f"{method} {path} HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer {token}\\r\\n"
            f"Content-Length: {length}\\r\\n\\r\\n").encode()

def until_closed(one):
    poll = select.poll()
    poll.register(one.fileno(), select.POLLRDHUP)
    poll.poll()

def bodies(target):
    with context.wrap_socket(plain()) as one:
        one.sendall(head("POST", target, BODY))
        for _ in range(BODY // 65536 - 1):
            one.sendall(b" " * 65536)
        one.sendall(b" " * 65535)
        until_closed(one)

def answers(target):
    method, path, *body = target.split(" ", 2)
    body = body[0].encode() if body else b""
    with context.wrap_socket(plain()) as one:
        one.sendall((head(method, path, len(body)) + body) * 8)
        until_closed(one)

def handshakes(target):
    with plain() as one:
        # A record as long as one may be, without its last byte.
        one.sendall(b"\\x16\\x03\\x01\\x40\\x00" + bytes(16383))
        until_closed(one)

def greeted(target):
    # The server has answered, and waits for the rest of the handshake.
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    with plain() as one:
        one.sendall(outgoing.read())
        until_closed(one)

def hold(target):
    while True:
        try:
            globals()[role](target)
        except OSError:
            pass
        pause.wait(PAUSE)

for _, target in zip(range(count), itertools.cycle(targets)):
    threading.Thread(target=hold, args=(target,)).start()
print("begun", flush=True)
"""
LARGE = ("GET /metrics", "GET /api/v2.0/stats?recursive=true&count=-1", "GET /api/v2.0/spec?recursive=true", "GET /api/v2.0/summary?recursive=true")
LISTS = ("POST /processor/containerCollector {}", "POST /processor/processCollector {}", "GET /api/v2.0/ps",
         "GET /api/v2.0/events?all_events=true&subcontainers=true&max_events=-1", "GET /api/v2.0/stats?recursive=true&count=-1&max_age=1ms")
STREAMS = ("GET /api/v2.0/events?stream=true&all_events=true&subcontainers=true",)


class AttackByEverything(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-everything-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        key, self.certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate], check=True,
                       capture_output=True)
        tokens = callers.write_secret(self.folder / "tokens", f"other:{TOKEN}\n")
        self.flags = ("--tls-cert-file", str(self.certificate), "--tls-key-file", str(key), "--auth", "local-peer,token-file", "--token-file", tokens,
                      "--local-peer-uid", "0", "--local-peer-uid", str(ADMITTED), "--sample-idle", "1s", "--max-reply", "2MiB")

    def containers(self):
        """Their numbers, with a process in the cgroup of each, as a runtime has them."""
        pids, large = {}, []
        for index in range(CONTAINERS):
            number = own_container_number()
            group = Cgroup(self, f"/{container_id(number)}")
            is_large = index < LARGE_NETWORKS
            child = subprocess.Popen([sys.executable, "-c", LARGE_NETWORK] if is_large else ["sleep", "1000"], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
            self.addCleanup(child.communicate)
            self.addCleanup(child.kill)
            if is_large:
                large.append(child)
            for directory in group.directories():
                (directory / "cgroup.procs").write_text(str(child.pid))
            pids[number] = child.pid
        for child in large:
            self.assertEqual(child.stdout.readline(), b"ready\n")
        return pids

    def roles(self, docker):
        inspects = [f'POST /processor/netInfoCollector {json.dumps({"id": one})}' for one in docker.ids]
        networks = [f"GET /v1/{path}?container={one}{more}" for one in docker.ids[:LARGE_NETWORKS]
                    for path, more in (("network", ""), ("findings", ""), ("path", "&to=11.0.0.1"), ("network", "&parts=sockets_all,route,neigh,fdb"))]
        networks += ["GET /v1/topology", "GET /v1/findings?all"]
        return {65534: ("bodies", MOUNTS), 65533: ("answers", *LARGE), 65532: ("answers", *LISTS), 65531: ("answers", *inspects),
                65530: ("answers", *STREAMS), 65529: ("handshakes", "-"), 65528: ("greeted", "-"), 65527: ("answers", *networks),
                ADMITTED: ("answers", *LARGE, *LISTS)}

    def test_everything_at_once(self):
        path = self.folder / "socket"
        docker = self.enterContext(LargeDocker(self.folder / "docker.sock", self.containers()))
        many, short_lives = handed_over(self), handed_over(self)
        siege = Siege(self, *self.flags, "--docker-host", f"unix://{docker.path}", listen=("127.0.0.1:0", f"unix:{path}"),
                      questions=(HEALTH, MACHINE), ways=(over_tls(callers.client_context(self.certificate)), over_unix(path)))
        with siege:
            siege.attacker(MANY_CGROUPS, many)
            siege.attacker(COMING_AND_GOING, short_lives)
            for uid, (role, *targets) in self.roles(docker).items():
                siege.attacker(ATTACK, siege.service.port, TOKEN, role, CONNECTIONS, *targets, uid=uid)
            siege.wait_for_answers(500)
            siege.end_attackers()
            # What it took is given back: a list is read as far as it ever is, which is far beyond what is read without a look at the memory.
            long = Question("GET", f"/v1/network?container={docker.ids[0]}&parts=route",
                            right=lambda body: len(json.loads(body)["route"]) > LONG_LIST)
            wait_until(lambda: not siege.ask(long), "a list of more than 256 KiB")


if __name__ == "__main__":
    unittest.main()
