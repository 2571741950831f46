"""cAdvisor's API and /metrics on a node of containerd: the real binary asks a real containerd with CRI, without Kubernetes."""

import json
import os
import pathlib
import re
import tempfile
import time
import unittest

from tests.support.cri.containerd import IMAGE, POD, Containerd
from tests.support.fake_docker import FakeDocker
from tests.support.service import Service
from tests.support.waiting import wait_until

LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:{(.*)})? (\S+)(?: (\d+))?")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
IDENTITY = {"id", "name", "image", "namespace", "pod", "container"}


def series(text, family):
    """The labels of each series of a family."""
    found = []
    for line in text.splitlines():
        if (parts := LINE.fullmatch(line)) and parts[1] == family:
            found.append(dict(LABEL.findall(parts[2] or "")))
    return found


class OnContainerd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can start a containerd")
        cls.daemon = cls.enterClassContext(Containerd(network=True))
        # Its author may write what is the kubelet's to say.
        cls.pod = cls.daemon.pod("web", "shop", network=POD, labels={"io.kubernetes.container.name": "forged"})
        cls.app, cls.side = cls.pod.container("app"), cls.pod.container("side", attempt=2)
        cls.node_pod = cls.daemon.pod("agent", "kube-system")
        cls.agent = cls.node_pod.container("agent")
        cls.service = cls.enterClassContext(cls.serve("--container-env", "PATH"))
        cls.wait_until_named(cls.service)

    @classmethod
    def enterClassContext(cls, context):  # pylint: disable=invalid-name,arguments-differ
        """As unittest's of Python 3.11, for older ones."""
        entered = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        return entered

    @classmethod
    def serve(cls, *flags, runtime="cri"):
        return Service("--runtime", runtime, "--cri-endpoint", cls.daemon.endpoint, *flags)

    @classmethod
    def wait_until_named(cls, service):
        ours = (cls.app, cls.side, cls.agent, cls.pod.id, cls.node_pod.id)

        def named():
            _, _, body = service.request("GET", "/api/v2.0/spec?type=containerd&recursive=true")
            return sum("namespace" in one for path, one in json.loads(body).items() if path.rsplit("/", 1)[1] in ours)

        wait_until(lambda: named() == len(ours), "containerd has been heard about all of them")

    def answer(self, path, service=None):
        status, _, body = (service or self.service).request("GET", "/api/" + path)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def only(self, path, service=None):
        (one,) = self.answer(path, service).values()
        return one

    def refusal(self, path, service=None):
        status, _, body = (service or self.service).request("GET", "/api/" + path)
        self.assertEqual(status, 500, body)
        return body.decode()

    def path_of(self, container, pod=None):
        return f"{(pod or self.pod).cgroup}/{container}"


class TestLookup(OnContainerd):
    def test_by_id_and_name_and_path(self):
        path = self.path_of(self.app)
        for way in (f"{self.app}?type=containerd", f"{self.app[:12]}?type=containerd", f"{self.pod.kubelet_name('app')}?type=containerd",
                    "k8s_app_web_shop?type=containerd", path.lstrip("/")):
            with self.subTest(way):
                self.assertEqual(list(self.answer("v2.0/spec/" + way)), [path])

    def test_all_of_a_runtime(self):
        found = self.answer("v2.0/spec?type=containerd&recursive=true")
        ours = {path for path in found if "/nodescope-test-" in path and (self.pod.uid in path or self.node_pod.uid in path)}
        self.assertEqual(ours, {self.path_of(one) for one in (self.app, self.side, self.pod.id)} |
                         {self.path_of(one, self.node_pod) for one in (self.agent, self.node_pod.id)})

    def test_other_runtimes_do_not_have_it(self):
        self.assertEqual(self.refusal(f"v2.0/spec/{self.app}?type=docker"), f'unable to find Docker container "{self.app}"\n')
        for other in ("podman", "crio"):
            self.assertEqual(self.refusal(f"v2.0/spec/{self.app}?type={other}"),
                             f'unable to find container "{self.app}" in "{other}" namespace\n')
            self.assertNotIn(self.path_of(self.app), self.answer(f"v2.0/spec?type={other}&recursive=true"))
        self.assertEqual(self.refusal(f"v2.0/spec/{self.app}?type=cri"), "unknown 'type' \"cri\"\n")


class TestApi(OnContainerd):
    def test_spec(self):
        spec = self.only(f"v2.0/spec/{self.app}?type=containerd")
        self.assertEqual(spec["aliases"], [self.app, self.path_of(self.app), self.pod.kubelet_name("app")])
        self.assertEqual(spec["namespace"], "containerd")
        self.assertEqual(spec["image"], IMAGE)
        self.assertEqual(spec["labels"], {
            "io.kubernetes.pod.name": "web", "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": self.pod.uid,
            "io.kubernetes.container.name": "app", "io.cri-containerd.kind": "container"})
        self.assertEqual(spec["envs"], {"path": "/bin"})
        created = self.pod.status(self.app)[0][4][0] / 1e9
        self.assertRegex(spec["creation_time"], time.strftime("^%Y-%m-%dT%H:%M:%S", time.gmtime(created)))
        self.assertTrue(spec["has_cpu"] and spec["has_memory"])
        self.assertFalse(spec["has_network"], "that is its sandbox's")
        self.assertEqual(self.only(f"v2.1/spec/{self.app}?type=containerd"), spec)

    def test_spec_of_a_restarted_container(self):
        self.assertEqual(self.only(f"v2.0/spec/{self.side}?type=containerd")["labels"]["restartcount"], "2")

    def test_spec_of_a_sandbox(self):
        spec = self.only(f"v2.0/spec/{self.pod.id}?type=containerd")
        self.assertEqual(spec["aliases"][0], self.pod.id)
        self.assertEqual(spec["image"], IMAGE)
        self.assertEqual(spec["labels"], {
            "app": "web", "io.kubernetes.pod.name": "web", "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": self.pod.uid,
            "io.cri-containerd.kind": "sandbox"})
        self.assertTrue(spec["has_network"])

    def interfaces(self, container, version):
        stats = self.only(f"{version}/stats/{container}?type=containerd&count=1&max_age=0s")
        (sample,) = stats["stats"] if version == "v2.1" else stats
        network = sample.get("network")
        return None if network is None else {one["name"] for one in network.get("interfaces", [])}

    def test_the_network_of_a_pod_is_its_sandboxes_alone(self):
        self.assertEqual(self.interfaces(self.pod.id, "v2.1"), {"eth0"})
        self.assertEqual(self.interfaces(self.pod.id, "v2.0"), {"eth0"})
        for container in (self.app, self.side):
            self.assertIsNone(self.interfaces(container, "v2.1"))
            self.assertEqual(self.interfaces(container, "v2.0"), set())

    def test_stats(self):
        (sample,) = self.only(f"v2.1/stats/{self.app}?type=containerd&count=1")["stats"]
        self.assertGreater(sample["cpu"]["usage"]["total"], 0)
        self.assertGreater(sample["memory"]["usage"], 0)
        self.assertIn(self.path_of(self.app), self.answer("v2.1/stats?recursive=true&count=1"))
        (machine,) = self.answer("v2.1/machinestats?count=1")
        self.assertGreater(machine["memory"]["usage"], 0)

    def test_the_other_requests(self):
        summary = self.only(f"v2.0/summary/{self.app}?type=containerd")
        self.assertIn("minute_usage", summary)
        self.assertEqual(self.answer(f"v2.0/appmetrics/{self.app}?type=containerd"), {"/" + self.app: {}})
        commands = [one["cmd"] for one in self.answer(f"v2.0/ps/{self.app}?type=containerd")]
        self.assertEqual(len(commands), 1, commands)
        attributes = self.answer("v2.0/attributes")
        self.assertEqual((attributes["docker_version"], attributes["docker_api_version"]), ("Unknown", "Unknown"), "there is no Docker")
        self.assertGreater(self.answer("v2.0/machine")["num_cores"], 0)
        self.assertTrue(self.answer("v2.0/storage"))
        self.assertTrue(self.answer("v2.0/version"))
        self.assertEqual(self.refusal("v1.3/containers"), 'unsupported API version "v1.3"\n')

    def events(self, kind, path):
        asked = f"v2.0/events{path}?{kind}_events=true&max_events=1000"
        return self.answer(asked)

    def test_events(self):
        pod = self.daemon.pod("short", "shop")
        self.addCleanup(pod.remove)
        container = pod.container("app")
        path = self.path_of(container, pod)
        wait_until(lambda: self.events("creation", path), "its creation is an event")
        self.daemon.call("StopContainer", {1: container, 2: 0})
        wait_until(lambda: self.events("deletion", path), "its end is an event")
        (end,) = self.events("deletion", path)
        self.assertEqual(end["event_data"]["container_deletion"]["exit_code"], 137)
        text = self.service.request("GET", "/metrics")[2].decode()
        (ended,) = [one for one in series(text, "container_last_exit_code") if one["pod"] == "short"]
        self.assertEqual((ended["namespace"], ended["container"], ended["image"], ended["name"]), ("shop", "app", IMAGE, container))
        (line,) = [one for one in text.splitlines() if one.startswith("container_last_exit_code{") and f'name="{container}"' in one]
        self.assertEqual(line.rpartition("} ")[2], "137")


class TestMetrics(OnContainerd):
    def metrics(self, service):
        status, _, body = service.request("GET", "/metrics?max_age=0s")
        self.assertEqual(status, 200)
        return body.decode()

    def test_labels_of_cadvisor(self):
        text = self.metrics(self.service)
        found = {one["id"]: one for one in series(text, "container_memory_usage_bytes")}
        app = found[self.path_of(self.app)]
        self.assertEqual(app["name"], self.app)
        self.assertEqual(app["image"], IMAGE)
        self.assertEqual(app["container_label_io_kubernetes_pod_name"], "web")
        self.assertEqual(app["container_label_io_cri_containerd_kind"], "container")
        self.assertNotIn("container_label_vendor", app, "an image's own labels are not in CRI")
        self.assertNotIn("pod", app)

    def test_labels_of_the_kubelet(self):
        with self.serve("--metrics-container-labels", "kubernetes") as service:
            self.wait_until_named(service)
            text = self.metrics(service)
        found = {}
        for one in series(text, "container_memory_usage_bytes"):
            self.assertEqual(set(one), IDENTITY)
            found[one["id"]] = {key: one[key] for key in ("name", "image", "namespace", "pod", "container")}
        names = {"namespace": "shop", "pod": "web"}
        nobody = dict.fromkeys(("name", "image", "namespace", "pod", "container"), "")
        self.assertEqual(found[self.path_of(self.app)], {**names, "name": self.app, "image": IMAGE, "container": "app"})
        self.assertEqual(found[self.path_of(self.side)], {**names, "name": self.side, "image": IMAGE, "container": "side"})
        self.assertEqual(found[self.path_of(self.pod.id)], {**names, "name": self.pod.id, "image": IMAGE, "container": ""})
        self.assertEqual(found[self.pod.cgroup], {**nobody, **names}, "the pod as a whole")
        self.assertEqual(found[self.pod.cgroup.rsplit("/", 1)[0]], nobody)
        self.assertEqual(found["/"], nobody)
        for path in found:
            self.assertTrue(path == "/" or "kubepods" in path or path.endswith("/kubelet.service"), path)
        self.network_is_there_once(text)
        cpu = [one["cpu"] for one in series(text, "container_cpu_usage_seconds_total")]
        self.assertEqual(set(cpu), {"total"})
        self.assertNotIn("container_label_", text)

    def network_is_there_once(self, text):
        of_the_pod = [one for one in series(text, "container_network_receive_bytes_total") if one["pod"] == "web"]
        self.assertEqual([(one["id"], one["interface"], one["container"]) for one in of_the_pod],
                         [(self.path_of(self.pod.id), "eth0", "")])


class TestAway(OnContainerd):
    """The last in the file: it stops the daemon for a while."""

    def test_a_stopped_daemon(self):
        with self.serve("--timeout-cri", "1s") as known, tempfile.TemporaryDirectory() as folder:
            self.wait_until_named(known)
            docker = pathlib.Path(folder, "docker.sock")
            self.daemon.stop_answering()
            self.addCleanup(self.daemon.answer_again)

            def known_ones():
                spec = self.only(f"v2.0/spec/{self.pod.kubelet_name('app')}?type=containerd", known)
                self.assertEqual(spec["namespace"], "containerd", "what it was called last")
                self.assertEqual(self.interfaces_of(self.pod.id, known), {"eth0"})

            self.assert_costs_no_question(known_ones)
            self.node_with_docker_too(docker)
            with self.serve() as fresh:
                self.only("v2.0/spec" + self.path_of(self.app), fresh)

                def one_that_was_asked_for():
                    spec = self.only("v2.0/spec" + self.path_of(self.app), fresh)
                    self.assertEqual(spec["aliases"], [self.app], "which is all that the kernel knows")
                    self.only(f"v2.1/stats/{self.app[:12]}?type=containerd&count=1", fresh)

                self.assert_costs_no_question(one_that_was_asked_for)
                self.daemon.answer_again()
                self.wait_until_named(fresh)

    def assert_costs_no_question(self, ask):
        """A question would take its deadline, every time. The least of three counts: a busy machine only adds."""
        took = []
        for _ in range(3):
            began = time.monotonic()
            ask()
            took.append(time.monotonic() - began)
        self.assertLess(min(took), 0.5)

    def interfaces_of(self, container, service):
        (sample,) = self.only(f"v2.1/stats/{container}?type=containerd&count=1&max_age=0s", service)["stats"]
        return {one["name"] for one in sample["network"]["interfaces"]}

    def node_with_docker_too(self, socket):
        """containerd is stopped; Docker has nothing to say of its containers."""
        with FakeDocker(socket), self.serve("--docker-host", f"unix://{socket}", runtime="auto") as service:
            self.only("v2.0/spec" + self.path_of(self.app), service)
            self.assert_costs_no_question(lambda: self.only(f"v2.0/spec/{self.app}?type=containerd", service))

    def test_a_silent_docker_hides_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            socket = pathlib.Path(folder, "docker.sock")
            with FakeDocker(socket) as docker:
                docker.faults = {f"/containers/{one}/json": "silent" for one in (self.app, self.side, self.agent, self.pod.id, self.node_pod.id)}
                with self.serve("--docker-host", f"unix://{socket}", runtime="auto") as service:
                    spec = self.only(f"v2.0/spec/{self.app}?type=containerd", service)
                    self.assertEqual(spec["namespace"], "containerd", "though Docker has not answered")


if __name__ == "__main__":
    unittest.main()
