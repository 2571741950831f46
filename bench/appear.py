"""500 containers that appear at once, with every runtime dead: how long after its first process one is answerable by its id. Some of them are
asked for from that moment on; who asks for all of them in a row waits for the others' answers, not for the containers."""

import http.client
import json
import os
import pathlib
import subprocess
import threading
import time

from bench import cgroups, peers

CONTAINERS = 500
ASKED_FOR_EACH = 25
LIMIT_S = 10
PATH = "/processor/netInfoCollector"


def ids():
    number = os.getpid() * 1000
    return [f"{number + at:064x}" for at in range(CONTAINERS)]


def answered(connection, one):
    connection.request("POST", PATH, json.dumps({"id": one}), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    return answer.status == 200 and b"ipaddr" in body


def ask(port, wanted, began, took):
    """Each of them again and again, from the moment on when its first process is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    for one in wanted:
        while one not in began:
            time.sleep(0.0005)
        while not answered(connection, one):
            if time.monotonic() - began[one] > LIMIT_S:
                raise RuntimeError(f"{one} is not found")
        took.append(time.monotonic() - began[one])


def make(all_ids, processes, began):
    """Their cgroups first, as a runtime does; then their processes, one after the other."""
    parents = [path for path in (cgroups.CGROUP / name for name in cgroups.COUNTING) if path.is_dir()] or [cgroups.CGROUP]
    made = []
    for parent in parents:
        top = parent / "nodescope-bench"
        top.mkdir()
        made.append(top)
        for one in all_ids:
            (top / one).mkdir()
            made.append(top / one)
    for one, process in zip(all_ids, processes):
        for parent in parents:
            if parent.name != "cpuset":
                (parent / "nodescope-bench" / one / "cgroup.procs").write_text(str(process.pid))
        began[one] = time.monotonic()
    return made


def run():
    if os.geteuid() != 0:
        raise peers.Skip("only root can make cgroups")
    all_ids, began, took = ids(), {}, []
    processes = [subprocess.Popen(["sleep", "100000"], stdout=subprocess.DEVNULL) for _ in all_ids]
    made = []
    try:
        with peers.Service("--docker-host", "unix:///nonexistent", "--cri-endpoint", "unix:///nonexistent") as service:
            wanted = all_ids[::ASKED_FOR_EACH]
            asker = threading.Thread(target=ask, args=(service.port, wanted, began, took))
            asker.start()
            made = make(all_ids, processes, began)
            asker.join()
        took.sort()
        if len(took) != len(wanted):
            raise RuntimeError(f"{len(took)} of {len(wanted)} were answered")
        peers.report("f 500 containers at once, by id", f"{took[-1] * 1e3:8.1f} ms after its first process at most, "
                     f"median {took[len(took) // 2] * 1e3:.1f} ms of {len(wanted)} (target < 100 ms)", took[-1] < 0.1)
    finally:
        for one in processes:
            one.kill()
            one.wait()
        for path in reversed(made or [path for parent in cgroups.CGROUP.iterdir() for path in parent.glob("nodescope-bench*")]):
            cgroups.remove(pathlib.Path(path))
