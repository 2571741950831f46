"""The processors on a node of containerd: the real binary asks a real containerd with CRI, without Kubernetes."""

import json
import os
import re
import subprocess
import time
import unittest

from tests.support.cri.containerd import IMAGE, Containerd
from tests.support.service import Service
from tests.support.waiting import wait_until

LIST = "collector.kubernetes.container.list"
DOCKER_INFO = "collector.kubernetes.docker.info"
RUNTIME_INFO = "collector.kubernetes.runtime.info"
PID = "collector.kubernetes.container.Pid"
PORTS = '[{"name":"web","hostPort":8080,"containerPort":80,"protocol":"TCP"},{"containerPort":53,"protocol":"UDP"}]'
FIELDS = ["Id", "Names", "Image", "ImageID", "Command", "Created", "Ports", "Labels", "State", "Status", "HostConfig", "NetworkSettings",
          "Mounts"]


class OnContainerd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can start a containerd")
        cls.daemon = cls.enterClassContext(Containerd())
        cls.pod = cls.daemon.pod("web", annotations={"note": "of the pod"})
        cls.app = cls.pod.container("app", annotations={"io.kubernetes.container.ports": PORTS}, mounts=[("/srv", "/data", True)])
        cls.side = cls.pod.container("side", ["sh", "-c", "sleep 100000"])
        cls.other = cls.daemon.pod("single", "kube-system")
        cls.only = cls.other.container("app")
        cls.crashed = cls.other.container("crash", ["sh", "-c", "exit 3"])
        cls.made = cls.other.container("made", start=False)
        wait_until(lambda: cls.pod.status(cls.crashed)[0].get(3) == [2], "the container has ended")
        cls.service = cls.enterClassContext(Service("--runtime", "cri", "--cri-endpoint", cls.daemon.endpoint))

    @classmethod
    def enterClassContext(cls, context):  # pylint: disable=invalid-name,arguments-differ
        """As unittest's of Python 3.11, for older ones."""
        entered = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        return entered

    def asked(self, path, **parameters):
        status, _, body = self.service.process_route(path, {key.replace("_", "."): value for key, value in parameters.items()})
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def refused(self, path, **parameters):
        status, _, body = self.service.process_route(path, {key.replace("_", "."): value for key, value in parameters.items()})
        self.assertEqual(status, 500, body)
        return body.decode()

    def real_pid(self, container):
        return str(self.pod.status(container)[1]["pid"])


class TestNetInfo(OnContainerd):
    def test_by_id_with_and_without_scheme(self):
        for spelling in (self.app, self.app[:12], "containerd://" + self.app, "/" + self.app):
            with self.subTest(spelling):
                answer = self.asked("/processor/netInfoCollector", id=spelling)
                self.assertEqual(answer[PID], self.real_pid(self.app))
                ip = subprocess.run(["ip", "addr", "show", "lo"], capture_output=True, text=True, check=True).stdout
                self.assertIn(ip.splitlines()[0].split(": ", 1)[1], answer["collector.kubernetes.container.ipaddr"])

    def test_by_names(self):
        kubelet_name = self.pod.kubelet_name("app")
        self.assertEqual(self.asked("/processor/netInfoCollector", id=kubelet_name)[PID], self.real_pid(self.app))
        self.assertEqual(self.asked("/processor/netInfoCollector", id="side")[PID], self.real_pid(self.side), "only one has it")
        self.assertIn('"app" means 2 containers', self.refused("/processor/netInfoCollector", id="app"))

    def test_by_the_id_of_a_sandbox(self):
        answer = self.asked("/processor/netInfoCollector", id=self.pod.id)
        self.assertNotIn(answer[PID], ("0", self.real_pid(self.app)))
        with open(f"/proc/{answer[PID]}/cgroup", encoding="ascii") as cgroup:
            self.assertIn(self.pod.id, cgroup.read())

    def test_by_pod(self):
        by_pod = self.asked("/processor/netInfoCollector", pod_namespace="default", pod_name="web")
        by_sandbox = self.asked("/processor/netInfoCollector", id=self.pod.id)
        self.assertEqual(by_pod[PID], by_sandbox[PID], "several containers: their sandbox")
        only = self.asked("/processor/netInfoCollector", pod_namespace="kube-system", pod_name="single")
        self.assertEqual(only[PID], self.real_pid(self.only), "one that runs")

    def test_by_container_of_a_pod(self):
        for name, container in (("app", self.app), ("side", self.side)):
            answer = self.asked("/processor/netInfoCollector", pod_namespace="default", pod_name="web", container=name)
            self.assertEqual(answer[PID], self.real_pid(container))

    def test_what_is_not_there(self):
        self.assertIn('there is no container "nosuch"', self.refused("/processor/netInfoCollector", id="nosuch"))
        self.assertIn("not found", self.refused("/processor/netInfoCollector", id="f" * 64))
        self.assertIn("pod default/gone has no running sandbox",
                      self.refused("/processor/netInfoCollector", pod_namespace="default", pod_name="gone"))
        self.assertIn("no running container named crash",
                      self.refused("/processor/netInfoCollector", pod_namespace="kube-system", pod_name="single", container="crash"))

    def test_what_does_not_run(self):
        for container, state in ((self.crashed, "exited"), (self.made, "created")):
            self.assertRegex(self.refused("/processor/netInfoCollector", id=container), f"container is not running: .* is {state}")


class TestContainerList(OnContainerd):
    def list(self):
        return {one["Id"]: one for one in json.loads(self.asked("/processor/containerCollector")[LIST])}

    def test_has_everything_in_dockers_shape(self):
        found = self.list()
        self.assertEqual(set(found), {self.app, self.side, self.only, self.crashed, self.made, self.pod.id, self.other.id})
        for one in found.values():
            self.assertEqual(list(one), FIELDS)

    def test_a_container(self):
        one = self.list()[self.app]
        self.assertEqual(one["Names"], ["/" + self.pod.kubelet_name("app")])
        self.assertEqual(one["Image"], IMAGE)
        self.assertRegex(one["ImageID"], "^sha256:[0-9a-f]{64}$")
        self.assertEqual(one["Command"], "/bin/busybox sleep 100000")
        self.assertLess(abs(time.time() - one["Created"]), 300)
        self.assertEqual(one["Ports"], [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
                                        {"PrivatePort": 53, "Type": "udp"}])
        self.assertEqual(one["State"], "running")
        self.assertRegex(one["Status"], r"^Up (Less than a second|1 second|\d+ seconds|About a minute|\d+ minutes)$")
        self.assertEqual(one["HostConfig"], {"NetworkMode": "container:" + self.pod.id})
        self.assertEqual(one["NetworkSettings"], {"Networks": {}})
        self.assertEqual(one["Mounts"], [{"Type": "bind", "Source": "/srv", "Destination": "/data", "Mode": "", "RW": False,
                                          "Propagation": "rprivate"}])
        labels = one["Labels"]
        self.assertEqual(labels["io.kubernetes.pod.name"], "web")
        self.assertEqual(labels["io.kubernetes.container.name"], "app")
        self.assertEqual(labels["io.kubernetes.docker.type"], "container")
        self.assertEqual(labels["io.kubernetes.sandbox.id"], self.pod.id)
        self.assertEqual(labels["annotation.io.kubernetes.container.ports"], PORTS)

    def test_states_in_dockers_words(self):
        found = self.list()
        self.assertEqual(found[self.crashed]["State"], "exited")
        self.assertRegex(found[self.crashed]["Status"], r"^Exited \(3\) .+ ago$")
        self.assertEqual(found[self.crashed]["Command"], "/bin/busybox sh -c 'exit 3'")
        self.assertEqual(found[self.made]["State"], "created")
        self.assertEqual(found[self.made]["Status"], "Created")

    def test_a_sandbox(self):
        one = self.list()[self.pod.id]
        self.assertEqual(one["Names"], ["/" + self.pod.kubelet_name("POD")])
        self.assertEqual(one["HostConfig"], {"NetworkMode": "host"})
        self.assertEqual(one["Labels"]["io.kubernetes.docker.type"], "podsandbox")
        self.assertEqual(one["Labels"]["annotation.note"], "of the pod")
        self.assertEqual(one["Image"], IMAGE)
        self.assertTrue(one["Status"].startswith("Up "), one)

    def test_the_first_generation_gets_the_array(self):
        self.assertEqual({one["Id"] for one in self.asked("/processor/containercollector")}, set(self.list()))

    def test_what_ends_is_seen(self):
        pod = self.daemon.pod("short")
        self.addCleanup(pod.remove)
        container = pod.container("app")
        self.assertEqual(self.list()[container]["State"], "running")
        self.daemon.call("StopContainer", {1: container, 2: 0})
        one = self.list()[container]
        self.assertEqual(one["State"], "exited")
        self.assertRegex(one["Status"], r"^Exited \(137\) .+ ago$")
        self.daemon.call("RemoveContainer", {1: container})
        self.assertNotIn(container, self.list())


class TestInfo(OnContainerd):
    def test_says_what_runtime_there_is(self):
        answer = self.asked("/processor/dockerInfoCollector")
        self.assertNotIn(DOCKER_INFO, answer, "this key is Docker's")
        info = json.loads(answer[RUNTIME_INFO])
        self.assertEqual(info["runtimeName"], "containerd")
        self.assertEqual(info["runtimeApiVersion"], "v1")
        self.assertEqual(info["endpoint"], self.daemon.endpoint)
        conditions = {one["type"]: one for one in info["conditions"]}
        self.assertTrue(conditions["RuntimeReady"]["status"])
        self.assertEqual(conditions["NetworkReady"]["reason"], "NetworkPluginNotReady")
        self.assertEqual(info["config"]["containerd"]["snapshotter"], "native")
        self.assertNotIn("registry", info["config"], "it may hold passwords")
        self.assertRegex(answer[DOCKER_INFO + ".error"], re.escape(f"This node's container runtime is containerd {info['runtimeVersion']} at "
                                                                   f"{self.daemon.endpoint}."))

    def test_the_first_generation(self):
        answer = self.asked("/processor/dockerinfocollector")
        self.assertEqual(json.loads(answer["runtime.info"])["runtimeName"], "containerd")
        self.assertNotIn("docker.info", answer)


class TestAwayAndBack(OnContainerd):
    """The last in the file: it stops the daemon for a while."""

    def test_a_stopped_daemon_costs_a_deadline_and_nothing_else(self):
        with Service("--runtime", "cri", "--cri-endpoint", self.daemon.endpoint, "--timeout-cri", "1s") as service:
            self.assertEqual(service.process_route("/processor/containerCollector")[0], 200)
            self.daemon.stop_answering()
            self.addCleanup(self.daemon.answer_again)
            began = time.monotonic()
            status, _, body = service.process_route("/processor/containerCollector")
            self.assertLess(time.monotonic() - began, 5, "one deadline: the default is 10 s")
            self.assertEqual(status, 500)
            self.assertIn(b"no answer within 1s", body)
            self.assertEqual(service.request("GET", "/healthz")[0], 200)
            self.daemon.answer_again()
            self.assertEqual(service.process_route("/processor/containerCollector")[0], 200)


if __name__ == "__main__":
    unittest.main()
