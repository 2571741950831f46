"""What two services see of one node, side by side: every route that reads what rights are needed for. Standard library only."""

import json
import re
import urllib.request

from tests.support.service import HANG_LIMIT_S

# Which series there are, and not their values; the service's own differ with how it runs.
OWN = re.compile(r"(nodescope|process|cadvisor)_")
SERIES = re.compile(r"^(\w+)\{(.*)\} \S+$", re.M)
# Where something may be there for one look alone.
PASSING = ("network devices", "processes", "processes of cAdvisor", "series")
NET_INFO = ("ipaddr", "Route", "Route6", "Nat", "Nat6", "Errors")


def series_of(text):
    """{(family, labels)}, without those of cgroups that come and go with whoever asks."""
    return {(family, labels) for family, labels in SERIES.findall(text) if not OWN.match(family)}


def rows(listed, *keys):
    return {tuple(one.get(key) for key in keys) for one in listed}


class View:
    """What one service shows. `get(path)` and `post(path, object)` give texts."""

    def __init__(self, get, post):
        self.get, self.post = get, post

    def json(self, path):
        return json.loads(self.get(path))

    def read(self, container):
        """{what: what is shown of it}; each a set, a dict or a text that is the same wherever nothing is hidden."""
        network = json.loads(self.post("/processor/netInfoCollector", {"id": container}))
        network = {key: network.get(f"collector.kubernetes.container.{key}") for key in NET_INFO}
        # Counters of packets, which who asks over this network moves.
        network["Nat"] = re.sub(r"\[\d+:\d+\]|(?m:^#.*$)", "", network["Nat"] or "")
        processes = json.loads(json.loads(self.post("/processor/processCollector", {}))["collector.system.process.list"])
        containers = json.loads(self.post("/processor/containerCollector", {}))
        machine = self.json("/api/v2.0/machine")
        return {
            # The rest moves: how long it has been up, and the order of its mounts.
            "containers": {one["Id"]: (one["Names"], one["State"]) for one in json.loads(containers["collector.kubernetes.container.list"])},
            "network": network,
            "processes": {(one["pid"], one["ppid"], tuple(one["command"])) for one in processes if not one["command"][0].startswith("[kworker")},
            "processes of cAdvisor": {one for one in rows(self.json("/api/v2.0/ps/"), "pid", "user", "cmd") if not one[2].startswith("kworker")},
            "mounts": set(json.loads(self.post("/processor/mountInfoCollector", {}))["collector.system.mountinfo"].splitlines()),
            "storage": rows(self.json("/api/v2.0/storage"), "mountpoint", "device", "capacity"),
            "machine": {key: value for key, value in machine.items() if key not in ("timestamp", "cpu_frequency_khz", "network_devices")},
            "network devices": {one["name"] for one in machine["network_devices"]},
            "cgroups": set(self.json("/api/v2.0/spec?recursive=true")),
            "spec": {name: {key: value for key, value in one.items() if key != "creation_time"}
                     for name, one in self.json(f"/api/v2.0/spec/{container}?type=docker").items()},
            "series": series_of(self.get("/metrics")),
        }


def view_of(port):
    """Of a service on the loopback of this machine."""
    def ask(path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=HANG_LIMIT_S) as answer:
            return answer.read().decode()
    return View(ask, lambda path, parameters: ask(path, json.dumps(parameters).encode()))


def differences(view, whole, container):
    before, seen, after = whole.read(container), view.read(container), whole.read(container)
    found = {}
    for what, shown in seen.items():
        if isinstance(shown, set):
            different = before[what] & after[what] - shown
            if what not in PASSING:
                different |= shown - before[what] - after[what]
        else:
            different = {key: (shown.get(key), after[what].get(key)) for key in {**shown, **after[what]}
                         if shown.get(key) not in (before[what].get(key), after[what].get(key))}
        if different:
            found[what] = different
    return found


def lacking(view, whole, container):
    """{what: what `view` does not show, or shows otherwise, of what `whole` shows}. What changes on the node between two looks is not
    told: three times the same is."""
    found = differences(view, whole, container)
    for _ in range(2):
        if not found:
            break
        again = differences(view, whole, container)
        found = {what: {one for one in found[what] if one in again[what]} if isinstance(found[what], set) else
                 {key: value for key, value in again[what].items() if key in found[what]} for what in found if what in again}
        found = {what: different for what, different in found.items() if different}
    return found
