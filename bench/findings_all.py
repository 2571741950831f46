"""What is wrong with all networks of a node (GET /v1/findings?all): the CPU that one answer costs, and how long /healthz takes meanwhile."""

import json
import threading
import time

from bench import peers

PATH = "/v1/findings?all"
CONTAINERS, BRIDGES, ANSWERS = 100, 5, 20
WANTED_CPU_MS, WANTED_P99_MS = 150, 5


def ask(service):
    status, _, body = service.request("GET", PATH)
    answer = json.loads(body)
    if status != 200 or answer["containers"] < CONTAINERS or answer["not_looked_at"]:
        raise RuntimeError(f"not the answer that is measured: {status} {body[:500]}")


def cpu_of_an_answer(service):
    ask(service)
    before, began = peers.process_cpu_s(service.pid), time.monotonic()
    for _ in range(ANSWERS):
        ask(service)
    return (peers.process_cpu_s(service.pid) - before) / ANSWERS, (time.monotonic() - began) / ANSWERS


def health_meanwhile(service):
    over = threading.Event()

    def go_on():
        while not over.is_set():
            ask(service)

    asker = threading.Thread(target=go_on)
    asker.start()
    try:
        return peers.load(port=service.port, path="/healthz", connections=1, seconds=5)["p99_us"] / 1e3
    finally:
        over.set()
        asker.join()


def run():
    with peers.Docker() as docker, peers.Service("--docker-host", docker.host) as service:
        for bridge in range(BRIDGES):
            network = docker.network(f"all-{bridge}")
            for _ in range(CONTAINERS // BRIDGES):
                docker.container(network)
        cpu, lasts = cpu_of_an_answer(service)
        peers.report(f"i findings of all, CPU, {CONTAINERS} containers",
                     f"{cpu * 1e3:8.1f} ms an answer, which takes {lasts * 1e3:.0f} ms (target <= {WANTED_CPU_MS} ms)", cpu * 1e3 <= WANTED_CPU_MS)
        p99 = health_meanwhile(service)
        peers.report("i findings of all, /healthz meanwhile", f"{p99:8.2f} ms p99 (target <= {WANTED_P99_MS} ms)", p99 <= WANTED_P99_MS)
