"""From start to the first 200, and what the service costs when nobody asks."""

import http.client
import pathlib
import re
import signal
import statistics
import subprocess
import time

from bench import peers

STARTS = 10
IDLE_SECONDS = 5


def first_answer_ms():
    port = peers.free_port()
    began = time.monotonic()
    with peers.running(peers.BINARY, "serve", "--listen", f"127.0.0.1:{port}", stderr=subprocess.DEVNULL):
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return 1e3 * (time.monotonic() - began)
            except ConnectionRefusedError:
                if time.monotonic() - began > 10:
                    raise
            finally:
                connection.close()
            time.sleep(0.0005)


def run():
    took = statistics.median(first_answer_ms() for _ in range(STARTS))
    peers.report("e start to the first 200", f"{took:8.1f} ms, median of {STARTS} (target < 50 ms)", took < 50)
    with peers.Service() as service:
        service.request("GET", "/healthz")
        rss = int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{service.pid}/status").read_text()).group(1)) / 1024
        peers.report("e idle memory", f"{rss:8.1f} MiB (target < 15 MiB)", rss < 15)

        def on_cpu_ns():
            return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{service.pid}/task").iterdir())

        ticks, spent = peers.process_cpu_s(service.pid), on_cpu_ns()
        time.sleep(IDLE_SECONDS)
        ticks, spent = peers.process_cpu_s(service.pid) - ticks, on_cpu_ns() - spent
        peers.report("e CPU while idle", f"{ticks * 1e3:8.0f} ms in {IDLE_SECONDS} s by the kernel's ticks, {spent / 1e6:.3f} ms on a CPU "
                     "(target 0)", ticks == 0)
        service.stop(signal.SIGTERM)
