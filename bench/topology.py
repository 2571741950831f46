"""The wiring of a node with 100 containers on 5 bridges (GET /v1/topology): what one answer costs."""

import json
import time

from bench import cgroups, peers
from tests.support import namespace_zoo

BRIDGES, CONTAINERS, ANSWERS = 5, 100, 100
ALLOWED_CPU_S = 0.05


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


def measure(service):
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
    peers.report("i wiring of 100 containers on 5 bridges",
                 f"{each * 1e3:6.2f} ms of CPU, {(time.monotonic() - began) / ANSWERS * 1e3:6.2f} ms, {len(body) / 1024:.0f} KiB "
                 f"(target <= {ALLOWED_CPU_S * 1e3:.0f} ms of CPU)", each <= ALLOWED_CPU_S)


def run():
    peers.needs("nsenter", "ip", "unshare", "setpriv")
    with namespace_zoo.Zoo() as zoo:
        node, containers = wire(zoo)
        with cgroups.cgroups([container.pid for container in containers]), namespace_zoo.inside(node), \
                peers.Service("--docker-host", "unix:///nonexistent/docker.sock") as service:
            measure(service)
