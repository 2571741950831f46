"""The network of a container as data (GET /v1/network, its default parts) against the shell line that a person would run for it, and against net info."""

import contextlib
import json
import time

from bench import net_info, peers

PATH = "/v1/network?container={}"
BY_HAND = "ip -j -d -s addr; ip -j -d route show table all; ip -j rule; ip -j -s neigh; ss -Hltn; tc -j -s qdisc"
WANTED_RATE, ALLOWED_CPU = 20, 3
# Where nothing of TCP is in use the kernel's table of all connections is not gone through.
SERVER = """
import signal, socket
listener = socket.create_server(("127.0.0.1", 80))
kept = [(socket.create_connection(listener.getsockname()), listener.accept()) for _ in range(10)]
signal.pause()
"""


def by_service(service, container, callers):
    before = peers.process_cpu_s(service.pid)
    got = peers.load(port=service.port, path=PATH.format(container), connections=callers, seconds=net_info.SECONDS)
    return got["rate"], (peers.process_cpu_s(service.pid) - before) / got["requests"]


@contextlib.contextmanager
def serving(service, container, pid):
    """A program in the container's network that listens and has connections."""
    with peers.running("setpriv", "--pdeathsig", "KILL", "nsenter", "-t", pid, "-n", "python3", "-c", SERVER):
        end = time.monotonic() + peers.ANSWER_LIMIT_S
        while json.loads(service.request("GET", PATH.format(container))[2])["sockets"]["tcp"]["by_state"]["established"] < 20:
            if time.monotonic() > end:
                raise RuntimeError("the connections were not made")
            time.sleep(0.02)
        yield


def measure(service, container, pid, what):
    for callers in (1, net_info.CALLERS):
        hand_rate, hand_cpu = net_info.by_hand([pid], BY_HAND, callers)
        our_rate, our_cpu = by_service(service, container, callers)
        _, usual_cpu = net_info.by_service(service, [container], callers)
        ratio = our_rate / hand_rate
        peers.report(f"i network as data, {what}, rate, {callers} callers",
                     f"{our_rate:8.0f}/s against {hand_rate:6.0f}/s by hand: {ratio:.1f}x (target >= {WANTED_RATE}x)", ratio >= WANTED_RATE)
        peers.report(f"i network as data, {what}, CPU, {callers} callers",
                     f"{our_cpu * 1e3:8.3f} ms against {hand_cpu * 1e3:6.2f} ms by hand: 1/{hand_cpu / our_cpu:.1f}; {our_cpu / usual_cpu:.2f}x net info "
                     f"(target <= {ALLOWED_CPU}x)", our_cpu <= ALLOWED_CPU * usual_cpu)


def run():
    peers.needs("nsenter", "ip", "ss", "tc")
    with peers.Docker() as docker, peers.Service("--docker-host", docker.host) as service:
        container, pid = docker.container()
        status, _, body = service.request("GET", PATH.format(container))
        answer = json.loads(body)
        if status != 200 or answer["errors"] or answer["addr"][1]["ifname"] != "eth0":
            raise RuntimeError(f"not the answer that is measured: {status} {body[:500]}")
        measure(service, container, pid, "no sockets")
        with serving(service, container, pid):
            measure(service, container, pid, "with connections")
