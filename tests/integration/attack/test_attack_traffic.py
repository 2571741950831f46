"""Callers who may ask send what is never read to its end, or ask for what they never read: it costs them, and root nothing."""

import json
import pathlib
import tempfile
import unittest

from tests.support import callers
from tests.support.fake_docker import FakeDocker, summary
from tests.support.hostile_cgroups import LONG_PATHS, handed_over
from tests.support.siege import HEALTH, MACHINE, MIB, Question, Siege

LIST = "/processor/containerCollector"
MOUNTS = "/processor/mountInfoCollector"
SHORT = Question("POST", MOUNTS, right=lambda body: "collector.system.mountinfo" in json.loads(body))
TOKEN = "t" * 40
# Of one user (--max-connections-per-peer), from several users of the node.
CONNECTIONS, USERS = 64, (65534, 65533, 65532)

# Keeps connections open that have sent all but the last byte of a body, as long as one may be, and begins again when they are closed.
NEVER_WHOLE = """
import selectors, socket, sys, time
port, token, count, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
head = f"POST /processor/mountInfoCollector HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer {token}\\r\\nContent-Length: {size}\\r\\n\\r\\n"
whole = head.encode() + b" " * (size - 1)
selector = selectors.DefaultSelector()
def begin():
    one = socket.create_connection(("127.0.0.1", port))
    one.setblocking(False)
    selector.register(one, selectors.EVENT_READ | selectors.EVENT_WRITE, [0])
def go_on(one, what, sent):
    if what & selectors.EVENT_WRITE:
        sent[0] += one.send(whole[sent[0]:sent[0] + 65536])
        if sent[0] == len(whole):
            selector.modify(one, selectors.EVENT_READ, sent)
    if what & selectors.EVENT_READ and not one.recv(65536):
        raise OSError
for _ in range(count):
    begin()
print("begun", flush=True)
while True:
    for key, what in selector.select(PAUSE):
        try:
            go_on(key.fileobj, what, key.data)
        except BlockingIOError:
            pass
        except OSError:
            selector.unregister(key.fileobj)
            key.fileobj.close()
    if time.monotonic() > again:
        again = time.monotonic() + PAUSE
        for _ in range(count - len(selector.get_map())):
            begin()
"""

# Asks on many connections, several times on each, reads nothing, and begins again when they are closed.
NEVER_READS = """
import select, socket, sys, time
port, token, count, method, path = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
ask = f"{method} {path} HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer {token}\\r\\nContent-Length: 0\\r\\n\\r\\n".encode()
poll = select.epoll()
held = {}
def begin():
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect(("127.0.0.1", port))
    one.sendall(ask * 20)
    held[one.fileno()] = one
    poll.register(one, select.EPOLLRDHUP)
for _ in range(count):
    begin()
print("begun", flush=True)
while True:
    for descriptor, _ in poll.poll(PAUSE):
        held.pop(descriptor).close()
    if time.monotonic() > again:
        again = time.monotonic() + PAUSE
        for _ in range(count - len(held)):
            begin()
"""
# Sends whole bodies, as long as one may be, reads the answers, and keeps the connections.
ALL_ANSWERED = """
import signal, socket, sys
port, token, count, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
head = f"POST /processor/mountInfoCollector HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer {token}\\r\\nContent-Length: {size}\\r\\n\\r\\n"
whole = head.encode() + b'{"x":"' + b"x" * (size - 8) + b'"}'
held = []
while len(held) < count:
    one = socket.create_connection(("127.0.0.1", port))
    try:
        one.sendall(whole)
        if one.recv(12) == b"HTTP/1.1 200":
            held.append(one)
    except OSError:
        pass
print("begun", flush=True)
signal.pause()
"""
# These attacks are about memory: a flood would only measure how the machine shares its processors.
PAUSE = "PAUSE, again = 0.5, 0\n"
NO_SECOND_TRY = "PAUSE, again = 1, float('inf')\n"


class AttackByTraffic(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-traffic-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        tokens = callers.write_secret(self.folder / "tokens", f"other:{TOKEN}\n")
        self.access = ("--auth", "local-peer,token-file", "--token-file", tokens)

    def test_bodies_that_never_end(self):
        # Ordinary ones, and one as long as the whole context of a diagnosis.
        long = Question("POST", MOUNTS, body=json.dumps({"earlier": "x" * (2 * MIB)}).encode(), right=SHORT.right)
        with Siege(self, *self.access, questions=(HEALTH, MACHINE, SHORT, long)) as siege:
            for uid in USERS:
                siege.attacker(PAUSE + NEVER_WHOLE, siege.service.port, TOKEN, CONNECTIONS, 4 * MIB, uid=uid)
            siege.wait_for_answers()

    def test_bodies_that_were_answered(self):
        # The budget is of those that arrive. What has been answered takes nothing.
        with Siege(self, *self.access, questions=(HEALTH, MACHINE, SHORT)) as siege:
            for uid in USERS:
                siege.attacker(ALL_ANSWERED, siege.service.port, TOKEN, CONNECTIONS, 4 * MIB, uid=uid)
            siege.wait_for_answers()

    def test_answers_that_are_never_read(self):
        daemon = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        daemon.containers = [{**summary(number), "Command": "x" * 20_000} for number in range(100)]
        with Siege(self, *self.access, "--docker-host", f"unix://{daemon.path}", "--max-reply", "2MiB", questions=(HEALTH, MACHINE)) as siege:
            for uid in USERS:
                siege.attacker(PAUSE + NEVER_READS, siege.service.port, TOKEN, CONNECTIONS, "POST", LIST, uid=uid)
            siege.wait_for_answers()

    def test_large_answers_that_are_never_read(self):
        cgroups = handed_over(self)
        metrics = Question("GET", "/metrics", right=lambda body: b"container_memory_usage_bytes{" in body)
        with Siege(self, *self.access, "--sample-idle", "1s") as siege:
            siege.attacker(LONG_PATHS, cgroups)
            for uid in USERS:
                siege.attacker(NO_SECOND_TRY + NEVER_READS, siege.service.port, TOKEN, CONNECTIONS, "GET", "/metrics", uid=uid)
            siege.wait_for_answers()
            # They hold all that answers may have, for as long as they like. Others get theirs nevertheless.
            siege.until(lambda: not siege.ask(metrics), "an answer for root", 10)
            for _ in range(3):
                self.assertIsNone(siege.ask(metrics))


if __name__ == "__main__":
    unittest.main()
