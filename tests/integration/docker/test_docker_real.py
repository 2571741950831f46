"""The Docker routes against a real daemon: what it says itself on its socket is what callers must get."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import unittest
import uuid

from tests.support.service import HANG_LIMIT_S, Service
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOST = os.environ.get("NODESCOPE_TEST_DOCKER_HOST", "")
IMAGE = "busybox:local"
NET_INFO = "/processor/netInfoCollector"
PID_KEY = "collector.kubernetes.container.Pid"
# A daemon at work changes its answers all the time (uptimes, goroutines): tries until two of its own agree.
TRIES = 50


class Engine:
    """The daemon's own socket, without anything of ours in between."""

    class Connection(http.client.HTTPConnection):
        def __init__(self, path):
            super().__init__("docker", timeout=HANG_LIMIT_S)
            self.path = path

        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(self.path)

    def __init__(self, host):
        self.path = host.removeprefix("unix://")

    def call(self, method, path, body=None):
        with contextlib.closing(self.Connection(self.path)) as connection:
            headers = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, "/v1.41" + path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status >= 400:
                raise AssertionError(f"{method} {path}: {answer.status} {content!r}")
            return content

    def get(self, path):
        return json.loads(self.call("GET", path))

    def create(self, name, command, start=True, labels=None, **host_config):
        made = json.loads(self.call("POST", f"/containers/create?name={name}", {
            "Image": IMAGE, "Cmd": command, "Labels": labels or {}, "HostConfig": {"NetworkMode": "none", **host_config}}))
        if start:
            self.call("POST", f"/containers/{made['Id']}/start")
        return made["Id"]

    def remove(self, name):
        with contextlib.suppress(AssertionError):
            self.call("DELETE", f"/containers/{name}?force=1&v=1")

    def wait_for_state(self, name, *states):
        wait_until(lambda: self.get(f"/containers/{name}/json")["State"]["Status"] in states, f"{name} is one of {states}")


@unittest.skipUnless(HOST.startswith("unix://"), "needs a real dockerd: set NODESCOPE_TEST_DOCKER_HOST (tools/test-dockerd starts one)")
class DockerReal(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.engine = Engine(HOST)
        cls.prefix = f"nst-{uuid.uuid4().hex[:8]}-"
        cls.ids = {}
        sleeping = ["sleep", "100000"]
        cls.app, cls.sandbox = (f"k8s_{one}_web_{cls.prefix}ns_0b8f6a3e_0" for one in ("app", "POD"))
        for name in ("created", "running", "paused", "exited", "restarting"):
            cls.addClassCleanup(cls.engine.remove, cls.prefix + name)
        for name in (cls.app, cls.sandbox):
            cls.addClassCleanup(cls.engine.remove, name)
        cls.make("created", sleeping, start=False)
        cls.make("running", sleeping)
        cls.make("paused", sleeping)
        cls.engine.call("POST", f"/containers/{cls.ids['paused']}/pause")
        cls.make("exited", ["true"])
        cls.engine.wait_for_state(cls.ids["exited"], "exited")
        cls.make("restarting", ["false"], RestartPolicy={"Name": "always"})
        pod = {"io.kubernetes.pod.namespace": cls.prefix + "ns", "io.kubernetes.pod.name": "web"}
        for key, container, kind in (("pod-app", "app", "container"), ("pod-sandbox", "POD", "podsandbox")):
            labels = {**pod, "io.kubernetes.container.name": container, "io.kubernetes.docker.type": kind}
            cls.ids[key] = cls.engine.create(cls.app if container == "app" else cls.sandbox, sleeping, labels=labels)
        cls.service = cls.enterClassContext(Service("--docker-host", HOST))

    @classmethod
    def make(cls, name, command, **more):
        cls.ids[name] = cls.engine.create(cls.prefix + name, command, **more)

    def pid(self, name):
        return self.engine.get(f"/containers/{self.ids[name]}/json")["State"]["Pid"]

    def answered(self, path, parameters=None):
        status, _, body = self.service.process_route(path, parameters)
        self.assertEqual(status, 200, body)
        return body

    def refused(self, path, parameters):
        status, headers, body = self.service.process_route(path, parameters)
        self.assertEqual(status, 500, body)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        return body.decode()

    def agreed(self, ask, ours):
        """What the daemon says when it says the same before and after we have asked, and our answer in between."""
        for _ in range(TRIES):
            before = ask()
            answer = ours()
            if ask() == before:
                return before, answer
        self.fail("the daemon never said the same twice")

    def test_container_list_is_the_daemons_own_byte_for_byte(self):
        def raw():
            return self.engine.call("GET", "/containers/json?all=1").rstrip(b"\n")

        expected, first = self.agreed(raw, lambda: self.answered("/processor/containercollector"))
        self.assertEqual(first.rstrip(b"\n"), expected)
        expected, second = self.agreed(raw, lambda: self.answered("/processor/containerCollector"))
        answer = json.loads(second)
        self.assertEqual(list(answer), ["collector.kubernetes.container.list"])
        self.assertEqual(answer["collector.kubernetes.container.list"].encode(), expected)
        states = {one["Id"]: one["State"] for one in json.loads(expected)}
        for name in ("created", "running", "paused", "exited"):
            self.assertEqual(states[self.ids[name]], name)
        self.assertIn(states[self.ids["restarting"]], ("restarting", "running", "exited"))

    def test_docker_info_is_the_daemons_own(self):
        changing = ("NFd", "NGoroutines", "SystemTime", "NEventsListener", "Containers", "ContainersRunning", "ContainersStopped",
                    "ContainersPaused")

        def lasting(info):
            return {key: value for key, value in info.items() if key not in changing}

        raw = self.engine.get("/info")
        first = json.loads(self.answered("/processor/dockerinfocollector"))
        second = json.loads(self.answered("/processor/dockerInfoCollector"))
        self.assertEqual(list(first), ["docker.info"])
        self.assertEqual(list(second), ["collector.kubernetes.docker.info"])
        for text in (first["docker.info"], second["collector.kubernetes.docker.info"]):
            self.assertEqual(list(json.loads(text)), list(raw), "the same members in the same order")
            self.assertEqual(lasting(json.loads(text)), lasting(raw))

    def test_every_spelling_of_a_container_finds_its_process(self):
        full = self.ids["running"]
        name = self.prefix + "running"
        for spelled in (full, full[:12], full[:20], name, "/" + name, "docker://" + full):
            answer = json.loads(self.answered(NET_INFO, {"id": spelled}))
            self.assertEqual(answer[PID_KEY], str(self.pid("running")), spelled)

    def test_paused_container_answers(self):
        self.assertEqual(json.loads(self.answered(NET_INFO, {"id": self.ids["paused"]}))[PID_KEY], str(self.pid("paused")))

    def test_containers_without_process_are_told_apart_from_unknown_ones(self):
        for name in ("created", "exited"):
            self.assertIn("not running", self.refused(NET_INFO, {"id": self.ids[name]}))
        self.assertIn("No such container", self.refused(NET_INFO, {"id": self.prefix + "nobody"}))

    def test_prefix_that_is_too_short_is_refused(self):
        for length in (1, 6, 11):
            # The daemon would take it where it is unambiguous, and calls it ambiguous or unknown where not.
            self.refused(NET_INFO, {"id": self.ids["running"][:length]})

    def test_pod_labels_find_the_container(self):
        pod = {"pod.namespace": self.prefix + "ns", "pod.name": "web"}
        for parameters, name in (({**pod, "container": "app"}, "pod-app"), (pod, "pod-app"), ({**pod, "container": "POD"}, "pod-sandbox")):
            answer = json.loads(self.answered(NET_INFO, parameters))
            self.assertEqual(answer[PID_KEY], str(self.pid(name)))
        self.refused(NET_INFO, {**pod, "container": "other"})
        self.refused(NET_INFO, {**pod, "pod.name": "elsewhere"})

    def test_a_rename_shows_in_look_ups(self):
        before, after = self.prefix + "running", self.prefix + "renamed"

        def looked_up(name):
            return self.service.request("GET", f"/api/v2.0/spec/{name}?type=docker")[0]

        wait_until(lambda: looked_up(before) == 200, "it is named")
        self.engine.call("POST", f"/containers/{self.ids['running']}/rename?name={after}")
        self.addCleanup(self.engine.call, "POST", f"/containers/{self.ids['running']}/rename?name={before}")
        wait_until(lambda: looked_up(after) == 200, "the new name is known")
        self.assertEqual(looked_up(before), 500)
        _, _, body = self.service.request("GET", "/api/v2.0/spec?type=docker&recursive=true")
        aliases = [alias for versions in json.loads(body).values() for alias in versions["aliases"]]
        self.assertIn(after, aliases)
        self.assertNotIn(before, aliases)


if __name__ == "__main__":
    unittest.main()
