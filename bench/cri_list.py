"""The container list of a containerd through the service against the two calls that it takes, over one connection straight to the socket."""

import json
import os
import subprocess

from bench import peers
from tests.support.cri import containerd

PODS = 10
SECONDS = 4
ROUNDS = 3
PATH = "/processor/containercollector"


def straight(socket):
    done = subprocess.run([peers.BUILD / "bench" / "raw_cri", socket, str(SECONDS)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run():
    peers.needs("containerd", "ctr", "busybox")
    if os.geteuid() != 0:
        raise peers.Skip("only root can start a containerd")
    with containerd.Containerd() as runtime, peers.Service("--runtime", "cri", "--cri-endpoint", runtime.endpoint) as service:
        for number in range(PODS):
            runtime.pod(f"bench-{number}").container("app")
        raw, ours = [], []
        for _ in range(ROUNDS):
            told = straight(runtime.socket)
            if told["containers"] != PODS:
                raise RuntimeError(f"not what is measured: {told}")
            raw.append(told["rate"])
            ours.append(peers.load(port=service.port, path=PATH, method="POST", body="{}", seconds=SECONDS)["rate"])
        raw, ours = (sorted(rates)[ROUNDS // 2] for rates in (raw, ours))
        peers.report("e container list of CRI, one caller", f"{ours:8.0f}/s against {raw:6.0f}/s straight to the socket: "
                     f"{100 * ours / raw:.0f} % (target >= 95 %)", ours / raw >= 0.95)
