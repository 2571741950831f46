"""The wiring of a node with 100 containers on 5 bridges (GET /v1/topology): what one answer costs, and what it costs with --metrics-network,
where the same look also reads the figures of each network for /metrics."""

import json
import time

from bench import cgroups, peers
from tests.support import namespace_zoo

BRIDGES, CONTAINERS, ANSWERS = 5, 100, 100
ALLOWED_CPU_S = 0.05
ALLOWED_WITH_FIGURES_CPU_S = 0.1


def wire(zoo):
    """A namespace that plays the node, and those of the containers."""
    node = zoo.add("node")
    containers = [zoo.add(f"c{number}") for number in range(CONTAINERS)]
    lines = ["link set lo up"]
    lines += [f"link add br{number} type bridge" for number in range(BRIDGES)]
    lines += [f"link set br{number} up" for number in range(BRIDGES)]
    for number, container in enumerate(containers):
        lines += [f"link add veth{number} type veth peer name eth0 netns {container.pid}", f"link set veth{number} master br{number % BRIDGES} up"]
    node.ip_batch(lines)
    for number, container in enumerate(containers):
        container.ip_batch(["link set lo up", "link set eth0 up", f"addr add 10.{number % BRIDGES}.0.{number + 2}/16 dev eth0"])
    return node, containers


def check(body):
    answer = json.loads(body)
    kinds = [edge["kind"] for edge in answer["edges"]]
    inside = sum(namespace["kind"] == "container" for namespace in answer["namespaces"])
    if inside < CONTAINERS or kinds.count("veth") < CONTAINERS or kinds.count("bridge_port") < CONTAINERS:
        raise RuntimeError(f"not the answer that is measured: {inside} namespaces, {len(kinds)} edges, {answer['notes']}")


def measure(service, what, allowed_cpu_s):
    def ask():
        status, _, body = service.request("GET", "/v1/topology")
        if status != 200:
            raise RuntimeError(f"{status} {body[:500]}")
        return body

    check(ask())
    before, began = peers.process_cpu_s(service.pid), time.monotonic()
    for _ in range(ANSWERS):
        body = ask()
    each = (peers.process_cpu_s(service.pid) - before) / ANSWERS
    peers.report(f"i wiring of 100 containers on 5 bridges{what}",
                 f"{each * 1e3:6.2f} ms of CPU, {(time.monotonic() - began) / ANSWERS * 1e3:6.2f} ms, {len(body) / 1024:.0f} KiB "
                 f"(target <= {allowed_cpu_s * 1e3:.0f} ms of CPU)", each <= allowed_cpu_s)


def run():
    peers.needs("nsenter", "ip", "unshare", "setpriv")
    with namespace_zoo.Zoo() as zoo:
        node, containers = wire(zoo)
        with cgroups.cgroups([container.pid for container in containers]), namespace_zoo.inside(node):
            for flags, what, allowed_cpu_s in ((), "", ALLOWED_CPU_S), (("--metrics-network",), ", with figures of each network", ALLOWED_WITH_FIGURES_CPU_S):
                with peers.Service("--docker-host", "unix:///nonexistent/docker.sock", *flags) as service:
                    measure(service, what, allowed_cpu_s)
