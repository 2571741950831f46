"""The container list through the service against one connection kept open straight to the daemon's socket."""

from bench import peers

CONTAINERS = 20
SECONDS = 4
ROUNDS = 3
PATH = "/processor/containercollector"


def run():
    peers.needs("curl")
    with peers.Docker() as docker, peers.Service("--docker-host", docker.host) as service:
        for _ in range(CONTAINERS):
            docker.container()
        straight, ours, many = [], [], []
        for _ in range(ROUNDS):
            straight.append(peers.load(unix=docker.socket, path="/v1.41/containers/json?all=1", seconds=SECONDS)["rate"])
            ours.append(peers.load(port=service.port, path=PATH, method="POST", body="{}", seconds=SECONDS)["rate"])
            many.append(peers.load(port=service.port, path=PATH, method="POST", body="{}", connections=64, seconds=SECONDS)["rate"])
        straight, ours, many = (sorted(rates)[ROUNDS // 2] for rates in (straight, ours, many))
        peers.report("d container list, one caller", f"{ours:8.0f}/s against {straight:6.0f}/s straight to the socket: "
                     f"{100 * ours / straight:.0f} % (target >= 90 %)", ours / straight >= 0.9)
        peers.report("d container list, 64 callers", f"{many:8.0f}/s against {straight:6.0f}/s of one straight: "
                     f"{many / straight:.1f}x (target >= 5x)", many / straight >= 5)
