"""What a scrape of /metrics costs on a node of 500 cgroups: CPU time of one, and the share of a core with one every 15 seconds.

The cgroups are what stands for containers, with a process each; no runtime names them. The first scrape, which finds everything, does not
count."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request

from bench import peers
from bench.cgroups import cgroups

CONTAINERS = 500
SCRAPES = 6
INTERVAL_S = 15
# Later than limits are read again (node_containers::spec_lifetime), as with every scrape of a server that comes each 15 seconds.
PAUSE_S = 5.2
TARGET = 0.003

SLEEPERS = f"""
import os, signal
for _ in range({CONTAINERS}):
    child = os.fork()
    if child == 0:
        signal.pause()
    print(child, flush=True)
print(flush=True)
signal.pause()
"""


@contextlib.contextmanager
def processes():
    """The PIDs of what stands for the containers."""
    parent = subprocess.Popen([sys.executable, "-c", SLEEPERS], stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield [int(line) for line in iter(lambda: parent.stdout.readline().strip(), "")]
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


def scrape(service):
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=peers.ANSWER_LIMIT_S) as reply:
        return reply.read()


def measure(flags):
    """CPU seconds of a scrape, and its text."""
    with peers.Service("--docker-host", "unix:///nonexistent", *flags) as service:
        text = scrape(service)
        before = peers.process_cpu_s(service.pid)
        for _ in range(SCRAPES):
            time.sleep(PAUSE_S)
            text = scrape(service)
        return (peers.process_cpu_s(service.pid) - before) / SCRAPES, text


def run():
    if os.geteuid() != 0:
        raise peers.Skip("only root can make cgroups")
    with processes() as pids, cgroups(pids):
        for flags in ("", "--metrics-cpu total", "--metrics-containers runtime --metrics-disable diskIO,pressure,tcp,udp"):
            cost, text = measure(flags.split())
            share = cost / INTERVAL_S
            series = sum(1 for line in text.splitlines() if line and not line.startswith(b"#"))
            peers.report(f"h {CONTAINERS} cgroups scraped every {INTERVAL_S} s {flags}".rstrip(),
                         f"{100 * share:6.2f} % of a core ({1000 * cost:.0f} ms for {series} series) (target < {100 * TARGET:.1f} %)",
                         None if flags else share < TARGET)
