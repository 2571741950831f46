"""A service under attack: in a memory cgroup as small as the unit's, asked by root all the while, measured to the end.

    siege = Siege(test, "--docker-host", ..., questions=[Question("GET", "/healthz")])
    with siege:
        siege.attacker("while True: ...")       # Python, run as uid 65534 without a right
        siege.until(lambda: ..., "what the attack reaches")
    # Leaving: every one of root's questions was answered right, p99 under the limit, the memory bounded, nothing left behind;
    # the figures are printed, the longest turn of the reactor among them.

Standard library only. Needs root and the memory controller."""

import dataclasses
import http.client
import itertools
import json
import math
import mmap
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tests.support.callers import NOBODY
from tests.support.own_cgroup import Cgroup
from tests.support.service import BINARY, HANG_LIMIT_S, SANITIZED, Service
from tests.support.waiting import wait_until

MIB = 1 << 20
# What systemd/nodescope.service and the chart give.
UNIT_MEMORY = 256 * MIB
# What the service itself may take at the worst that can be asked of it.
SERVICE_MEMORY = 128 * MIB
# How late root's answers may be while the attack runs.
P99_LIMIT_S = 0.25
# How long the reactor may think of one thing. What an attack can make it do, it makes it do again: the third longest turn is judged,
# because a machine that is shared charges a program now and then for what another did.
TURN_LIMIT_S = 0.02
# Between two of root's questions: enough of them for a p99, and time for the attacker.
PAUSE_S = 0.005
LEAST_QUESTIONS = 200
# The sandboxes of helpers are made when the first is started, and kept (core/process/sandbox.cpp).
KEPT = "anon_inode:[landlock-ruleset]"
KEPT_AT_MOST = 2
TURNS = pathlib.Path(BINARY).parent / "tests" / "unit" / "libreactor_turns.so"


@dataclasses.dataclass
class Question:
    method: str
    path: str
    body: bytes = None
    status: int = 200
    right: object = lambda body: True  # whether the body is the right one


HEALTH = Question("GET", "/healthz")
MACHINE = Question("GET", "/api/v2.0/machine", right=lambda body: json.loads(body)["num_cores"] > 0)


# The ways in which root asks, in turn: each gives an HTTP connection to the service.
def plainly(service):
    return http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_LIMIT_S)


def over_tls(trust):
    """`trust`: a context for clients."""
    return lambda service: http.client.HTTPSConnection("localhost", service.port, timeout=HANG_LIMIT_S, context=trust)


def over_unix(path):
    def connect(_):
        connection = http.client.HTTPConnection("localhost", timeout=HANG_LIMIT_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(HANG_LIMIT_S)
        connection.sock.connect(str(path))
        return connection
    return connect


class Siege:
    def __init__(self, test, *flags, questions=(HEALTH, MACHINE), memory=UNIT_MEMORY, service_memory=SERVICE_MEMORY, p99_s=P99_LIMIT_S,
                 turn_s=TURN_LIMIT_S, least=LEAST_QUESTIONS, ways=(plainly,), env=None, prefix=(), before=None, **more):
        self.ways = itertools.cycle(ways)
        self.least = least
        self.test, self.questions, self.p99_s, self.turn_s, self.service_memory = test, questions, p99_s, turn_s, service_memory
        self._flags, self._more, self._prefix, self._before = flags, more, prefix, before
        self._env = dict(env or {})
        self.group = Cgroup(test)
        self._limit_memory(memory)
        self._wrong, self._late_s, self._ended = [], [], threading.Event()
        self._attackers = []
        self._peak_bytes = 0
        folder = tempfile.TemporaryDirectory(prefix="nodescope-siege-")
        test.addCleanup(folder.cleanup)
        self._turns_file = pathlib.Path(folder.name) / "turns"
        self._turns_file.write_bytes(bytes(mmap.PAGESIZE))

    def _limit_memory(self, memory):
        name = "memory.max" if self.group.v2 else "memory.limit_in_bytes"
        self.group.file("memory", name).write_text(str(memory))

    # ---- life ----
    def __enter__(self):
        directories = [str(directory / "cgroup.procs") for directory in self.group.directories()]
        enter = ("sh", "-c", f'for f in {" ".join(directories)}; do echo $$ > "$f"; done; exec "$@"', "sh")
        if TURNS.exists() and not SANITIZED:
            self._env.update(LD_PRELOAD=str(TURNS), REACTOR_TURNS=str(self._turns_file))
        self.service = Service(*self._flags, prefix=(*enter, *self._prefix), env=self._env, **self._more)
        for question in self.questions:  # What is opened once and kept is opened now.
            self.ask(question)
        if self._before:
            self._before(self.service)
        self._forget_turns()
        self._descriptors = self._open_descriptors()
        self._agent = threading.Thread(target=self._ask_on, daemon=True)
        self._agent.start()
        return self

    def __exit__(self, exc_type, exc, traceback):
        code = None
        try:
            try:
                if exc_type is None:
                    wait_until(lambda: len(self._late_s) >= self.least or self._wrong, "root's questions")
            finally:
                self._ended.set()
                self._agent.join(HANG_LIMIT_S)
                self.end_attackers()
            if exc_type is None:
                self._judge(self.longest_turns_s())
        finally:
            code = self.service.stop()
        if exc_type is None:
            self.test.assertEqual(code, 0, self.service.log[-20:])
            self.test.assertEqual(self._processes(), [], "left behind in the service's cgroup")

    # ---- the attacker ----
    def attacker(self, program, *arguments, uid=NOBODY, prefix=(), stdin=None, wait=True):
        """Runs Python as `uid` without supplementary groups or capabilities, outside the service's cgroup, until the siege ends. With
        `wait` it has to print a line when its attack has begun."""
        drop = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
                "--no-new-privs") if uid else ()
        child = subprocess.Popen([*prefix, *drop, sys.executable, "-c", program, *map(str, arguments)], stdin=stdin,
                                 stdout=subprocess.PIPE, start_new_session=True, text=True, cwd="/")
        self._attackers.append(child)
        if wait and not child.stdout.readline():
            raise AssertionError(f"the attacker ended with {child.wait()}")
        return child

    def end_attackers(self):
        for child in self._attackers:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
            child.stdout.close()
        self._attackers.clear()

    def until(self, look, what, limit_s=HANG_LIMIT_S):
        """Waits for what the attack is to reach, and fails at once when the service ends."""
        def seen():
            self.test.assertIsNone(self.service.process.poll(), "the service has ended")
            return look()
        return wait_until(seen, what, limit_s)

    # ---- the agent ----
    @property
    def answered(self):
        return len(self._late_s)

    def wait_for_answers(self, more=None):
        """Until root has asked this often from now on."""
        target = self.answered + (more or self.least)
        # Root asks one question after the other, from far away in some: how late an answer may be is judged at the end.
        self.until(lambda: self.answered >= target or self._wrong, "root's questions", 3 * HANG_LIMIT_S)

    def ask(self, question):
        """Asks as root. What is wrong with the answer, or None."""
        # As the agent does: a connection for each question.
        connection = next(self.ways)(self.service)
        try:
            headers = {"Content-Length": str(len(question.body or b"{}"))} if question.method == "POST" else {}
            connection.request(question.method, question.path, body=(question.body or b"{}") if question.method == "POST" else None,
                               headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != question.status or not question.right(body):
                return f"{question.method} {question.path}: {answer.status} {body[:300]!r}"
            return None
        except (OSError, http.client.HTTPException, ValueError, KeyError) as failure:
            return f"{question.method} {question.path}: {failure!r}"
        finally:
            connection.close()

    def _ask_on(self):
        while not self._ended.is_set():
            for question in self.questions:
                began = time.monotonic()
                problem = self.ask(question)
                self._late_s.append(time.monotonic() - began)
                if problem:
                    self._wrong.append(problem)
            self._peak_bytes = max(self._peak_bytes, self.resident_bytes())
            self._ended.wait(PAUSE_S)

    # ---- measuring ----
    def resident_bytes(self):
        """The most the service itself has held so far; helpers are processes of their own."""
        try:
            text = pathlib.Path(f"/proc/{self.service.pid}/status").read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("VmHWM:")), 0)

    def _group_peak_bytes(self):
        """The most of the service, its helpers and what the kernel keeps for them, which it reclaims: up to the cgroup's limit."""
        file = self.group.file("memory", "memory.peak" if self.group.v2 else "memory.max_usage_in_bytes")
        return int(file.read_text()) if file.exists() else 0

    def _open_descriptors(self):
        """What they lead to, as proc(5) shows it."""
        shown = []
        for one in pathlib.Path(f"/proc/{self.service.pid}/fd").iterdir():
            try:
                shown.append(os.readlink(one))
            except FileNotFoundError:
                pass
        kept = shown.count(KEPT)
        return sorted(one for one in shown if one != KEPT or kept > KEPT_AT_MOST)

    def _processes(self):
        return self.group.file("memory", "cgroup.procs").read_text().split()

    def _forget_turns(self):
        with open(self._turns_file, "r+b") as file:
            file.write(bytes(32))

    def longest_turns_s(self):
        """(processor time of the three longest turns of the reactor so far, wall time of the longest); zeros where they are not measured."""
        *processor, wall = struct.unpack("=4Q", self._turns_file.read_bytes()[:32])
        return [one / 1e9 for one in processor], wall / 1e9

    def _judge(self, turns):
        test = self.test
        test.assertIsNone(self.service.process.poll(), "the service has ended")
        late = sorted(self._late_s)
        p99 = late[max(0, math.ceil(len(late) * 0.99) - 1)]
        print(f"{test.id()}: {len(late)} questions of root, {len(self._wrong)} wrong, p99 {p99 * 1e3:.1f} ms, most {late[-1] * 1e3:.1f} ms; "
              f"service {self._peak_bytes / MIB:.1f} MiB, its cgroup {self._group_peak_bytes() / MIB:.1f} MiB; longest turns "
              f"{', '.join(f'{one * 1e3:.1f}' for one in turns[0])} ms of CPU, {turns[1] * 1e3:.1f} ms of wall time",
              flush=True)
        test.assertEqual(self._wrong[:5], [], f"{len(self._wrong)} of {len(late)} questions of root")
        if not SANITIZED:
            test.assertLess(p99, self.p99_s)
            test.assertLess(self._peak_bytes, self.service_memory)
            test.assertLess(turns[0][-1], self.turn_s)
        # Connections of attackers that were killed are closed by the service in its own time, and its own to a daemon after 30 s.
        wait_until(lambda: len(self._open_descriptors()) <= len(self._descriptors), lambda: f"descriptors {self._open_descriptors()}, before the "
                   f"attack {self._descriptors}", 2 * HANG_LIMIT_S)
        wait_until(lambda: self._processes() == [str(self.service.pid)], lambda: f"processes of the cgroup: {self._processes()}")
