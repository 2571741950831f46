"""What every measurement needs: the release binary, a dockerd with containers, processes to compare with, CPU times, one line each.

Whatever is started here ends with the `with` block it belongs to: within a limit, also after a failure or a signal (bench/run turns
that into an exception), and nothing that is left holds on to the output of the script."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from tests.support import service

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("NODESCOPE_BENCH_BUILD", ROOT / "build-release"))
BINARY = os.environ.get("NODESCOPE_BINARY", str(BUILD / "nodescope"))
TEST_DOCKERD = ROOT / "tools" / "test-dockerd"
TICKS = os.sysconf("SC_CLK_TCK")
# How long a process may take to end when asked, before it is killed; and what `test-dockerd stop` needs at the very most.
END_LIMIT_S = 30
DOCKERD_STOP_LIMIT_S = 150
# Longer than any request to dockerd takes on a busy machine, and than a load goes on after its time.
ANSWER_LIMIT_S = 60
# What ends bench/run.
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
missed = []


class Skip(Exception):
    """The peer is not on this machine."""


def report(name, text, met):
    """One line per target. `met` None means there is none to meet."""
    print(f"{name:<38} {text}" + ("" if met is None else "  ok" if met else "  MISSED"), flush=True)
    if met is False:
        missed.append(name)


def load(**options):
    """Runs bench/load; returns what it printed."""
    arguments = [str(BUILD / "bench" / "load")]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            arguments += ["--" + name.replace("_", "-"), str(one)]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=options.get("seconds", 0) + ANSWER_LIMIT_S)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def process_cpu_s(pid):
    """User and system time of a process and of the children it has waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def children_cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


class Service(service.Service):
    """The daemon with its log in a file: the tests' reader of every line would take the second core."""

    binary = BINARY
    checks_answers = False

    def __init__(self, *flags):
        self._log_folder = tempfile.TemporaryDirectory()
        port = free_port()
        self.addresses = [f"127.0.0.1:{port}"]
        self.log = []
        self.expect_clean_exit = True
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("NODESCOPE_", "DOCKER_", "KUBERNETES_"))}
        with open(pathlib.Path(self._log_folder.name, "log"), "wb") as log:
            self.process = subprocess.Popen([self.binary, "serve", "--log-format", "json", "--listen", self.addresses[0], *flags],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        try:
            wait_for_port(port)
        except BaseException:
            self.stop()
            raise

    def stop(self, signal_number=signal.SIGTERM):
        try:
            return end(self.process, signal_number)
        finally:
            self._log_folder.cleanup()


def end(process, signal_number=signal.SIGTERM):
    """Asks a process to end, and kills it when it does not; its exit code."""
    try:
        process.send_signal(signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=END_LIMIT_S)
    finally:
        process.kill()
        process.wait()
    return process.returncode


@contextlib.contextmanager
def running(*arguments, **options):
    process = subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        end(process)


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")


@contextlib.contextmanager
def stops_held_back():
    """A signal that comes in here is delivered afterwards. Its exception inside subprocess.run would kill what is waited for."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="nsb-", dir="/tmp")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Docker:
    """A dockerd of our own with containers in it; a context manager."""

    def __enter__(self):
        if os.geteuid() != 0:
            raise Skip("only root can start a dockerd")
        self.outer = tempfile.mkdtemp(prefix="nsb-", dir="/tmp")
        self.dir = f"{self.outer}/d"
        self.socket = f"{self.dir}/docker.sock"
        self.host = f"unix://{self.socket}"
        try:
            subprocess.run([TEST_DOCKERD, "start", self.dir], check=True, stdout=subprocess.DEVNULL)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with stops_held_back():
            # In a session of its own: an interrupt from the terminal reaches all of ours, and must not end what cleans up after it.
            subprocess.run([TEST_DOCKERD, "stop", self.dir], check=True, start_new_session=True, timeout=DOCKERD_STOP_LIMIT_S)
            shutil.rmtree(self.outer, ignore_errors=True)

    def request(self, method, path, body=None):
        arguments = ["curl", "-sSf", "--max-time", str(ANSWER_LIMIT_S), "--unix-socket", self.socket, "-X", method, f"http://docker{path}"]
        if body is not None:
            arguments += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        text = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        return json.loads(text) if text else None

    def container(self, network="bridge"):
        """Starts one; its id and PID."""
        made = self.request("POST", "/containers/create", {
            "Image": "busybox:local", "Cmd": ["sleep", "100000"], "HostConfig": {"NetworkMode": network}})
        self.request("POST", f"/containers/{made['Id']}/start")
        return made["Id"], self.request("GET", f"/containers/{made['Id']}/json")["State"]["Pid"]

    def network(self, name):
        self.request("POST", "/networks/create", {"Name": name})
        return name
