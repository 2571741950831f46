"""cAdvisor's job: what sampling containers once a second costs, and how fast the answers are, against a real cAdvisor.

The peer is the program `cadvisor` on PATH, or NODESCOPE_BENCH_CADVISOR; without it the figures are ours alone. Both sample every cgroup of the
node, in turns of their own so that neither runs while the other is measured."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.request

from bench import peers
from bench.cgroups import cgroups

CONTAINERS = 100
MANY = 500
SECONDS = 30
ASK_SECONDS = 3
SAMPLES = 60
# What a request costs when there is nothing to look up: two wake-ups and the loopback. No answer costs less.
FLOOR = "/healthz"


def peer_program():
    return os.environ.get("NODESCOPE_BENCH_CADVISOR") or shutil.which("cadvisor")


def rss_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1000


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as reply:
        return json.load(reply)


def wait_for_containers(port, count):
    """Until `count` Docker containers have a sample each."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if len(ask(port, "/api/v2.0/stats/?type=docker&recursive=true&count=1")) >= count:
                return
        time.sleep(0.5)
    raise RuntimeError(f"port {port} does not know {count} containers")


def sampling(pid):
    """Share of a core over SECONDS in which nobody asks, and RSS after it."""
    before, began = peers.process_cpu_s(pid), time.monotonic()
    time.sleep(SECONDS)
    return (peers.process_cpu_s(pid) - before) / (time.monotonic() - began), rss_mb(pid)


def wait_for_samples(port, one):
    """Until the ring of container `one` holds SAMPLES."""
    end = time.monotonic() + 2 * SAMPLES
    while time.monotonic() < end:
        (samples,) = ask(port, f"/api/v2.0/stats/{one}?type=docker&count={SAMPLES}").values()
        if len(samples) >= SAMPLES:
            return
        time.sleep(1)
    raise RuntimeError(f"port {port} keeps fewer than {SAMPLES} samples")


def median_us(port, path):
    return peers.load(port=port, path=path, connections=1, seconds=ASK_SECONDS)["p50_us"]


def everything(pid, port, one):
    """All figures of one side; the first answers are not measured."""
    wait_for_containers(port, CONTAINERS)
    wait_for_samples(port, one)
    share, rss = sampling(pid)
    asked = {
        "stats, 60 samples": f"/api/v2.0/stats/{one}?type=docker&count={SAMPLES}",
        "spec": f"/api/v2.0/spec/{one}?type=docker",
        "machine": "/api/v2.0/machine",
        "stats, recursive": f"/api/v2.0/stats/docker?recursive=true&count={SAMPLES}",
        FLOOR: "/healthz",
    }
    return share, rss, {name: median_us(port, path) for name, path in asked.items()}


@contextlib.contextmanager
def cadvisor(program, docker):
    port = peers.free_port()
    with peers.running(program, "-listen_ip", "127.0.0.1", "-port", port, "-docker", docker.host, "-housekeeping_interval", "1s",
                       "-allow_dynamic_housekeeping=false", stderr=subprocess.DEVNULL) as process:
        # It first asks for a cloud's metadata, which nobody answers.
        peers.wait_for_port(port, seconds=60)
        yield process.pid, port


@contextlib.contextmanager
def sleepers(count):
    """That many processes that do nothing; their PIDs."""
    shell = subprocess.Popen(["sh", "-c", f"for i in $(seq {count}); do sleep 100000 & echo $!; done; echo; wait"], stdout=subprocess.PIPE,
                             text=True, start_new_session=True)
    try:
        yield [int(line) for line in iter(lambda: shell.stdout.readline().strip(), "")]
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()


def compare(name, unit, ours, theirs, limit):
    if theirs is None:
        peers.report(name, f"{ours:9.2f} {unit}", None)
        return
    ratio = ours / theirs
    peers.report(name, f"{ours:9.2f} {unit} against {theirs:9.2f} {unit}: 1/{1 / ratio:.1f} (target <= 1/{1 / limit:.0f})", ratio <= limit)


def run():
    program = peer_program()
    with peers.Docker() as docker:
        one = [docker.container() for _ in range(CONTAINERS)][0][0]
        with peers.Service("--docker-host", docker.host) as service:
            share, rss, times = everything(service.pid, service.port, one)
        their_share, their_rss, their_times = None, None, {}
        if program:
            with cadvisor(program, docker) as (pid, port):
                their_share, their_rss, their_times = everything(pid, port, one)
        else:
            peers.report("f cAdvisor", "skipped: there is no program cadvisor", None)
        compare("f 100 containers, CPU", "% of a core", 100 * share, their_share and 100 * their_share, 1 / 6)
        compare("f 100 containers, RSS", "MB", rss, their_rss, 1 / 4)
        theirs = f" against {their_times[FLOOR]:9.2f} µs" if program else ""
        peers.report("f the floor: /healthz, p50", f"{times.pop(FLOOR):9.2f} µs{theirs}", None)
        for name, took in times.items():
            compare(f"f {name}, p50", "µs", took, their_times.get(name), 1 / 3 if "recursive" in name else 1 / 2)
    with sleepers(MANY) as pids, cgroups(pids), peers.Service("--docker-host", "unix:///nonexistent") as service:
        ask(service.port, "/api/v2.0/stats/?recursive=true&count=1")
        share, rss = sampling(service.pid)
        peers.report(f"f {MANY} cgroups", f"{100 * share:9.2f} % of a core (target < 5 %), {rss:.1f} MB", share < 0.05)
