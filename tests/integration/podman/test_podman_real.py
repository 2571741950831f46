"""A node of Podman: the real binary asks a real Podman, with and without its service. Docker's routes and cAdvisor's answer of its containers
as they do of others."""

import json
import os
import subprocess
import unittest

from tests.support.podman import IMAGE, Podman
from tests.support.service import Service
from tests.support.waiting import wait_until

LIST, NET_INFO, INFO = "/processor/containerCollector", "/processor/netInfoCollector", "/processor/dockerInfoCollector"
LIST_KEY = "collector.kubernetes.container.list"
DOCKER_INFO, RUNTIME_INFO = "collector.kubernetes.docker.info", "collector.kubernetes.runtime.info"
NET = "collector.kubernetes.container."


class OnPodman(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can have a Podman of its own")
        cls.podman = cls.enterClassContext(Podman())
        cls.podman.start_service()
        cls.web = cls.podman.run("web", "--label", "tier=front", "--env", "COLOUR=red", "--cpu-shares", "512")
        cls.node = cls.podman.run("on-the-node", network="host")
        cls.podman.call("pod", "create", "--name", "both", "--network", "none", "--infra-image", IMAGE, "--infra-command", "sleep 100000",
                        "--infra-name", "both-infra")
        cls.member = cls.podman.call("run", "--detach", "--name", "member", "--pod", "both", IMAGE, "sleep", "100000")
        cls.infra = cls.podman.inspect("both-infra")["Id"]
        cls.ended = cls.podman.run("ended", command=("false",))
        wait_until(lambda: cls.podman.inspect("ended")["State"]["Status"] == "exited", "the container has ended")

    @classmethod
    def enterClassContext(cls, context):  # pylint: disable=invalid-name,arguments-differ
        """As unittest's of Python 3.11, for older ones."""
        entered = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        return entered

    @classmethod
    def all(cls):
        return {cls.web, cls.node, cls.member, cls.infra, cls.ended}

    def answer(self, path, **parameters):
        status, _, body = self.service.process_route(path, parameters)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def refusal(self, path, **parameters):
        status, _, body = self.service.process_route(path, parameters)
        self.assertEqual(status, 500, body)
        return body.decode()

    def listed(self):
        return {one["Id"]: one for one in json.loads(self.answer(LIST)[LIST_KEY])}

    def get(self, path):
        status, _, body = self.service.request("GET", path)
        self.assertEqual(status, 200, body)
        return body.decode()

    def specs(self):
        """Of the containers that are named: path and spec by name."""
        found = json.loads(self.get("/api/v2.0/spec?recursive=true"))
        return {spec["aliases"][0]: (path, spec) for path, spec in found.items() if spec.get("namespace") == "podman"}

    def series(self, family):
        """Names of containers that have some."""
        lines = [line for line in self.get("/metrics").splitlines() if line.startswith(family + "{")]
        return {line.split(',name="')[1].split('"')[0] for line in lines if ',name="' in line}

    def assert_network_of(self, answer, name):
        pid = self.podman.pid(name)
        self.assertEqual(answer[NET + "Pid"], pid)
        shown = subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "addr"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(answer[NET + "ipaddr"], shown)
        self.assertNotIn(NET + "Verified", answer)


class TestWithItsService(OnPodman):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.enterClassContext(Service("--runtime", "podman", "--podman-host", cls.podman.host, "--container-env", "COLOUR",
                                                    "--metrics-container-labels", "all"))

    def test_net_info(self):
        for spelling in (self.web, self.web[:12], "podman://" + self.web, "web", "/web"):
            with self.subTest(spelling):
                answer = self.answer(NET_INFO, id=spelling)
                self.assert_network_of(answer, "web")
                self.assertEqual(answer[NET + "Id"], self.web)
                self.assertEqual(answer[NET + "Name"], "web")
                self.assertIn(answer[NET + "ResolvedBy"], ("podman", "kernel"), "it is known after the first answer")
                self.assertNotIn(NET + "Errors", answer)
        with Service("--runtime", "podman", "--podman-host", self.podman.host) as service:
            answer = json.loads(service.process_route(NET_INFO, {"id": "web"})[2])
            self.assertEqual(answer[NET + "ResolvedBy"], "podman")

    def test_net_info_of_the_others(self):
        self.assertEqual(self.answer(NET_INFO, id="on-the-node")[NET + "HostNetwork"], "true")
        member, infra = self.answer(NET_INFO, id="member"), self.answer(NET_INFO, id=self.infra)
        self.assertEqual(member[NET + "NetNamespace"], infra[NET + "NetNamespace"])
        self.assert_network_of(member, "member")
        self.assertIn("container is not running: ended", self.refusal(NET_INFO, id="ended"))
        self.assertIn('no container with name or ID \\"nosuch\\"', json.dumps(self.refusal(NET_INFO, id="nosuch")))

    def test_list(self):
        listed = self.listed()
        self.assertEqual(set(listed), self.all())
        self.assertEqual(listed[self.web]["Names"], ["/web"])
        self.assertEqual(listed[self.web]["Image"], IMAGE)
        self.assertEqual(listed[self.web]["Labels"], {"tier": "front"})
        self.assertEqual(listed[self.ended]["State"], "exited")
        array = json.loads(self.service.process_route("/processor/containercollector")[2])
        self.assertEqual({one["Id"] for one in array}, self.all())

    def test_info(self):
        answer = self.answer(INFO)
        self.assertNotIn(DOCKER_INFO, answer, "this key is Docker's")
        info = json.loads(answer[RUNTIME_INFO])
        version = self.podman.call("version", "--format", "{{.Client.Version}}")
        self.assertEqual((info["runtimeName"], info["runtimeVersion"], info["endpoint"]), ("podman", version, self.podman.host))
        self.assertEqual(info["runtimeApiVersion"], "1.41")
        self.assertEqual(info["config"]["DockerRootDir"], str(self.podman.root))
        self.assertNotIn("RegistryConfig", info["config"], "it may hold passwords")
        self.assertIn(f"This node's container runtime is podman {version} at {self.podman.host}.", answer[DOCKER_INFO + ".error"])

    def test_a_rename_shows(self):
        container = self.podman.run("before")
        self.addCleanup(self.podman.call, "rm", "--force", "--time", "0", container)
        wait_until(lambda: self.answer(NET_INFO, id=container).get(NET + "Name") == "before", "its name shows")
        self.podman.call("rename", "before", "after")
        wait_until(lambda: self.answer(NET_INFO, id=container).get(NET + "Name") == "after", "the new name shows")


class TestCadvisor(OnPodman):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.enterClassContext(Service("--runtime", "podman", "--podman-host", cls.podman.host, "--container-env", "COLOUR"))

    def test_spec(self):
        path, spec = wait_until(lambda: self.specs().get("web"), "it is named")
        self.assertTrue(path.endswith(f"/libpod-{self.web}"), path)
        self.assertEqual(spec["aliases"], ["web", self.web])
        self.assertEqual(spec["labels"], {"tier": "front"})
        self.assertEqual(spec["envs"], {"colour": "red"})
        self.assertEqual(spec["image"], IMAGE)
        self.assertEqual(spec["cpu"]["limit"], 512)
        has_network = {name: one["has_network"] for name, (_, one) in self.specs().items()}
        self.assertEqual(has_network, {"web": True, "on-the-node": False, "member": False, "both-infra": True})

    def test_what_is_measured(self):
        path, _ = wait_until(lambda: self.specs().get("web"), "it is named")
        (stats,) = json.loads(self.get(f"/api/v2.1/stats{path}?count=1")).values()
        self.assertGreater(stats["stats"][0]["memory"]["usage"], 0)
        (summary,) = json.loads(self.get(f"/api/v2.0/summary{path}")).values()
        self.assertGreater(summary["latest_usage"]["memory"], 0)
        processes = json.loads(self.get(f"/api/v2.0/ps{path}"))
        self.assertEqual([str(one["pid"]) for one in processes], [self.podman.pid("web")])

    def test_no_monitor_is_a_container(self):
        wait_until(lambda: len(self.specs()) == 4, "all are named")
        self.assertEqual({path.rsplit("/", 1)[1] for path, _ in self.specs().values()}, {f"libpod-{one}" for one in self.all() - {self.ended}})

    def test_metrics(self):
        wait_until(lambda: "web" in self.series("container_memory_usage_bytes"), "it is named")
        self.assertLessEqual({"web", "member", "both-infra", "on-the-node"}, self.series("container_memory_usage_bytes"))
        of_network = self.series("container_network_receive_bytes_total")
        self.assertNotIn("member", of_network, "a pod's figures are its infra container's, once")
        self.assertNotIn("on-the-node", of_network, "the node's figures are those of /")
        up = [line for line in self.get("/metrics").splitlines() if line.startswith('nodescope_backend_up{backend="podman"}')]
        self.assertEqual(up, ['nodescope_backend_up{backend="podman"} 1'])

    def test_the_rest(self):
        for path in ("v2.0/version", "v2.0/machine", "v2.0/attributes", "v2.0/storage", "v2.0/events", "v2.1/machinestats?count=1",
                     "v2.0/stats?recursive=true&count=1"):
            with self.subTest(path):
                self.get("/api/" + path)


class TestWithoutItsService(OnPodman):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.podman.stop_service()
        cls.service = cls.enterClassContext(Service("--runtime", "podman", "--podman-host", "unix:///nonexistent", *cls.podman.places))

    def test_net_info(self):
        for spelling in ("web", self.web, self.web[:12], "podman://" + self.web):
            with self.subTest(spelling):
                answer = self.answer(NET_INFO, id=spelling)
                self.assert_network_of(answer, "web")
                self.assertEqual(answer[NET + "Name"], "web")
        self.assertIn("container is not running: ended", self.refusal(NET_INFO, id="ended"))
        member, infra = self.answer(NET_INFO, id="member"), self.answer(NET_INFO, id="both-infra")
        self.assertEqual(member[NET + "NetNamespace"], infra[NET + "NetNamespace"])

    def test_list(self):
        listed = self.listed()
        self.assertEqual(set(listed), self.all())
        one = listed[self.web]
        self.assertEqual((one["Names"], one["Image"], one["State"], one["Command"]), (["/web"], IMAGE, "running", "sleep 100000"))
        self.assertRegex(one["Status"], "^Up ")
        self.assertEqual(listed[self.node]["HostConfig"], {"NetworkMode": "host"})
        self.assertEqual(listed[self.ended]["State"], "exited")

    def test_names_in_cadvisor(self):
        _, spec = wait_until(lambda: self.specs().get("web"), "it is named")
        self.assertEqual(spec["image"], IMAGE)
        has_network = {name: one["has_network"] for name, (_, one) in self.specs().items()}
        self.assertEqual(has_network, {"web": True, "on-the-node": False, "member": False, "both-infra": True})
        self.assertLessEqual({"web", "member"}, self.series("container_memory_usage_bytes"))

    def test_a_rename_shows(self):
        container = self.podman.run("old")
        self.addCleanup(self.podman.call, "rm", "--force", "--time", "0", container)
        wait_until(lambda: self.answer(NET_INFO, id=container).get(NET + "Name") == "old", "its name shows")
        self.podman.call("rename", "old", "new")
        wait_until(lambda: self.answer(NET_INFO, id=container).get(NET + "Name") == "new", "the new name shows")


class TestFoundAndSilent(OnPodman):
    """Nothing is configured: the socket of the user is found. The last in the file: it stops the service for a while."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if os.path.exists("/run/podman/podman.sock") or os.path.exists("/var/run/docker.sock"):
            raise unittest.SkipTest("an engine of the machine listens where ours would be looked for")
        cls.service = cls.enterClassContext(Service("--runtime", "auto", "--timeout-docker", "1s", *cls.podman.places,
                                                    env={"XDG_RUNTIME_DIR": str(cls.podman.folder)}))

    def test_it_is_found_and_the_log_says_so(self):
        self.assertEqual(set(self.listed()), self.all())
        said = [event for event in self.service.log if event["message"] == "docker API version negotiated"]
        self.assertEqual([(event["endpoint"], event["is"], event["version"]) for event in said], [(self.podman.host, "podman", "1.41")])

    def test_silence_costs_no_answer(self):
        known, fresh = self.podman.run("known"), self.podman.run("fresh")
        for name in ("known", "fresh"):
            self.addCleanup(self.podman.call, "rm", "--force", "--time", "0", name)
        self.answer(NET_INFO, id=known)
        self.podman.stop_answering()
        try:
            for container in (known, fresh):
                answer = self.answer(NET_INFO, id=container)
                self.assertEqual((answer[NET + "ResolvedBy"], answer[NET + "Id"]), ("kernel", container))
            self.assertEqual(self.answer(NET_INFO, id="fresh")[NET + "Id"], fresh, "by its name, from the files or from before")
            self.assertEqual(self.service.request("GET", "/healthz")[0], 200)
        finally:
            self.podman.answer_again()
        wait_until(lambda: self.answer(NET_INFO, id=fresh).get(NET + "Name") == "fresh", "its name is there again")


class TestRootless(unittest.TestCase):
    """Of a user who is not root, and whose containers have no cgroup of their own where nothing has given that user one."""

    def test_the_service_of_a_user(self):
        if os.geteuid() != 0:
            self.skipTest("only root can have a Podman of another user")
        with Podman(user="nobody") as podman:
            container = podman.run("web", "--label", "tier=front")
            podman.start_service()
            with Service("--runtime", "podman", "--podman-host", podman.host, *podman.places) as service:
                status, _, body = service.process_route(LIST)
                self.assertEqual(status, 200, body)
                (one,) = json.loads(json.loads(body)[LIST_KEY])
                self.assertEqual((one["Id"], one["Names"], one["Labels"]), (container, ["/web"], {"tier": "front"}))
                status, _, body = service.process_route(NET_INFO, {"id": "web"})
                self.assertEqual(status, 200, body)
                answer = json.loads(body)
                self.assertEqual(answer[NET + "Pid"], podman.pid("web"))
                self.assertEqual((answer[NET + "Id"], answer[NET + "HostNetwork"]), (container, "false"))
                self.assertIn("1: lo:", answer[NET + "ipaddr"])
                info = json.loads(json.loads(service.process_route(INFO)[2])[RUNTIME_INFO])
                self.assertTrue(info["config"]["Rootless"])
                podman.stop_service()
                status, _, body = service.process_route(NET_INFO, {"id": "nosuch"})
                self.assertEqual(status, 500)
                self.assertIn(b"belongs to uid 65534, who could change it", body)


if __name__ == "__main__":
    unittest.main()
