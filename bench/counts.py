"""What --count-sockets and --count-descriptors cost: CPU time of sampling once a second without them, with one, and with the other.

The node is 100 cgroups with a process each, half of them in network namespaces of their own. CPU time is compared, in turns and
with the same processes, so that a busy machine disturbs all alike."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request

from bench import peers
from bench.cgroups import cgroups

CONTAINERS = 100
# What each of their processes holds: sockets in its network namespace, and files.
SOCKETS = 10
FILES = 40
ROUNDS = 4
SECONDS = 15
# Enough for the sampler to have found all containers and opened its files.
WARM_UP_S = 3
EVERYTHING = "/api/v2.0/stats/?recursive=true&count=1"
VARIANTS = ("", "--count-sockets", "--count-descriptors")
# A count that costs less is on by default (docs/operations.md, "Sampling").
CHEAP = 0.01

HOLDER = f"""
import ctypes, os, signal, socket, sys
CLONE_NEWNET = 0x40000000  # sched.h
for number in range({CONTAINERS}):
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        if number % 2 and ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            os._exit(1)
        held = [socket.create_server(("", 0)) for _ in range({SOCKETS})] + [open("/dev/null") for _ in range({FILES})]
        os.write(told, b"1")
        signal.pause()
    os.close(told)
    if not os.read(ready, 1):
        sys.exit("no network namespace")
    os.close(ready)
    print(child, flush=True)
print(flush=True)
signal.pause()
"""


@contextlib.contextmanager
def processes():
    """The PIDs of what stands for the containers."""
    parent = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        pids = [int(line) for line in iter(lambda: parent.stdout.readline().strip(), "")]
        if len(pids) < CONTAINERS:
            raise peers.Skip(parent.stderr.read().strip())
        yield pids
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


def share_of_a_core(flags):
    """While nobody asks: the samples alone."""
    with peers.Service("--docker-host", "unix:///nonexistent", "--sample-interval", "1s", *flags) as service:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}{EVERYTHING}", timeout=peers.ANSWER_LIMIT_S) as reply:
            reply.read()
        time.sleep(WARM_UP_S)
        before, began = peers.process_cpu_s(service.pid), time.monotonic()
        time.sleep(SECONDS)
        return (peers.process_cpu_s(service.pid) - before) / (time.monotonic() - began)


def run():
    if os.geteuid() != 0:
        raise peers.Skip("only root can make cgroups and network namespaces")
    shares = {variant: [] for variant in VARIANTS}
    with processes() as pids, cgroups(pids):
        for _ in range(ROUNDS):
            for variant, all_of_it in shares.items():
                all_of_it.append(share_of_a_core(variant.split()))
    plain, *counted = (sum(all_of_it) / ROUNDS for all_of_it in shares.values())
    peers.report(f"g {CONTAINERS} containers", f"{100 * plain:6.2f} % of a core", None)
    for variant, share in zip(VARIANTS[1:], counted):
        cost = share - plain
        peers.report(f"g … with {variant}", f"{100 * share:6.2f} % of a core: {share / plain:.2f}x, {100 * cost:.2f} % more, "
                     f"{'less' if cost < CHEAP else 'not less'} than the {100 * CHEAP:.0f} % for a default", None)
