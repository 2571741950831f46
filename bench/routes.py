"""10,000 routes in one namespace: the whole answer against a bare netlink dump, and whether others have to wait meanwhile."""

import json
import pathlib
import subprocess
import time

from bench import peers

ROUTES = 10000
SECONDS = 4


def make_namespace(pid):
    lines = ["link set lo up", "link add d0 type veth peer name d1", "link set d1 up", "addr add 10.0.0.1/24 dev d0",
             "link set d0 up"]
    for number in range(ROUTES):
        lines.append(f"route add 172.{16 + number // 4096}.{number // 16 % 256}.{number % 16 * 16}/28 via 10.0.0.2")
    subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def run():
    peers.needs("nsenter", "ip", "unshare")
    with peers.running("unshare", "-n", "sleep", "100000") as holder:
        own = pathlib.Path("/proc/self/ns/net").readlink()
        while pathlib.Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
            time.sleep(0.01)
        make_namespace(holder.pid)
        raw = json.loads(subprocess.run([peers.BUILD / "bench" / "raw_dump", str(holder.pid), "200"], check=True, capture_output=True,
                                        text=True).stdout)
        with peers.Service() as service:
            body = json.dumps({"pid": str(holder.pid)})
            status, _, answer = service.request("POST", "/processor/netInfoCollector", body)
            answer = json.loads(answer)
            seen = answer["collector.kubernetes.container.Route"].count("\n")
            if status != 200 or seen < ROUTES:
                raise RuntimeError(f"not the answer that is measured: {status}, {seen} lines, "
                                   f"{answer.get('collector.kubernetes.container.Errors')}")
            options = {"port": service.port, "path": "/processor/netInfoCollector", "method": "POST", "body": [body], "seconds": SECONDS}
            ours = peers.load(**options)
            ratio = ours["mean_us"] / raw["us"]
            peers.report("b 10,000 routes", f"{ours['mean_us'] / 1e3:8.2f} ms against {raw['us'] / 1e3:6.2f} ms of a raw dump "
                         f"({raw['routes']} routes): {ratio:.1f}x (target <= 4x)", ratio <= 4)

            # The same load again, two callers, while somebody asks for /healthz 500 times a second.
            words = [str(peers.BUILD / "bench" / "load"), "--port", str(service.port), "--path", options["path"], "--method", "POST",
                     "--body", body, "--connections", "2", "--seconds", str(SECONDS + 1)]
            with peers.running(*words):
                probe = peers.load(port=service.port, path="/healthz", pause_us=2000, seconds=SECONDS)
            peers.report("b /healthz meanwhile, p99", f"{probe['p99_us'] / 1e3:8.2f} ms, median {probe['p50_us'] / 1e3:.2f} ms "
                         f"(target < 5 ms)", probe["p99_us"] < 5000)
