"""A namespace with 100,000 TCP sockets: what counting them by state costs (GET /v1/network?parts=sockets) against a raw dump of them."""

import contextlib
import json
import subprocess

from bench import peers

SOCKETS = 100_000
TIMES = 10
ALLOWED = 2
# Connections to itself, in processes of 4,000 sockets: a process may have few more.
HOLDER = """
import os, signal, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
each = 4000
for child in range(int(sys.argv[1]) // each):
    ready, told = os.pipe()
    if os.fork() == 0:
        import ctypes, resource
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        listener = socket.create_server((f"127.1.{child}.1", 80), backlog=64)
        kept = []
        for _ in range(each // 2):
            kept.append(socket.create_connection(listener.getsockname()))
            kept.append(listener.accept()[0])
        if sys.argv[2] == "connections":
            listener.close()
        os.write(told, b"1")
        signal.pause()
    os.close(told)
    assert os.read(ready, 1) == b"1"
print("ready", flush=True)
signal.pause()
"""


@contextlib.contextmanager
def holder(kind):
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "python3", "-c", HOLDER, str(SOCKETS), kind], stdout=subprocess.PIPE)
    try:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the sockets were not made")
        yield process
    finally:
        peers.end(process)
        process.stdout.close()


def measure(kind, allowed):
    with holder(kind) as process, peers.Service() as service:
        path = f"/v1/network?pid={process.pid}&parts=sockets"
        raw = json.loads(subprocess.run([peers.BUILD / "bench" / "raw_sockets", str(process.pid), str(TIMES)], check=True,
                                        capture_output=True, text=True).stdout)
        _, _, body = service.request("GET", path)
        seen = sum(json.loads(body)["sockets"]["tcp"]["by_state"].values())
        if seen != raw["sockets"] or seen < SOCKETS:
            raise RuntimeError(f"{seen} and {raw['sockets']} of {SOCKETS} sockets were seen")
        before = peers.process_cpu_s(service.pid)
        for _ in range(TIMES):
            service.request("GET", path)
        ours = (peers.process_cpu_s(service.pid) - before) / TIMES * 1e6
        ratio = ours / raw["cpu_us"]
        peers.report(f"i {seen} sockets ({kind}) by state, CPU",
                     f"{ours / 1e3:8.2f} ms against {raw['cpu_us'] / 1e3:6.2f} ms of a raw dump: {ratio:.2f}x" +
                     (f" (target <= {allowed}x)" if allowed else ""), ratio <= allowed if allowed else None)


def run():
    peers.needs("ip", "unshare", "setpriv")
    measure("connections", ALLOWED)
    # All descriptors of their processes are looked at to find out who listens.
    measure("connections and listeners", None)
