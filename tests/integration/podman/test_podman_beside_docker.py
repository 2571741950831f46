"""A node with Docker and Podman, with Podman in Docker's place, and with several engines: who is asked, and what is said."""

import json
import os
import pathlib
import tempfile
import unittest

from tests.support.cri.fake_cri import FakeCri
from tests.support.cri.several_runtimes import FIRST_LIST, INFO, LIST, LIST_KEY, NET_INFO, AsksProcessors
from tests.support.fake_docker import FakeDocker, container_id, inspection, summary
from tests.support.service import Service
from tests.support.waiting import wait_until

DOCKER_INFO, RUNTIME_INFO, PODMAN_INFO = (f"collector.kubernetes.{one}.info" for one in ("docker", "runtime", "podman"))
NOTHING = "unix:///nonexistent"


class Engines(AsksProcessors, unittest.TestCase):
    def setUp(self):
        for socket in ("containerd/containerd.sock", "crio/crio.sock", "cri-dockerd.sock"):
            if os.path.exists(f"/run/{socket}"):
                self.skipTest("a runtime of the machine would be asked as well")
        folder = tempfile.TemporaryDirectory(prefix="nodescope-engines-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def engine(self, name, numbers, **more):
        engine = FakeDocker(self.folder / name, **more)
        engine.containers = [summary(number) for number in numbers]
        engine.information = {"ServerVersion": engine.engine, "Name": name, "HttpProxy": "http://user:secret@proxy"}
        return self.started(engine)

    def service(self, *flags, docker=None, podman=None, **more):
        at = [f"unix://{one.path}" if one else NOTHING for one in (docker, podman)]
        places = "--podman-root", str(self.folder / "root"), "--podman-runroot", str(self.folder / "run")
        return self.started(Service("--runtime", "auto", "--docker-host", at[0], "--podman-host", at[1], *places,
                                    *flags, **more))


class BesideDocker(Engines):
    def test_both_are_listed_and_both_say_what_they_are(self):
        docker, podman = self.engine("docker", [1, 2]), self.engine("podman", [3], podman="4.3.1")
        service = self.service(docker=docker, podman=podman)
        self.assertEqual(self.ids(service), [container_id(1), container_id(2), container_id(3)])
        self.assertEqual([one["Id"] for one in self.answer(service, FIRST_LIST)], self.ids(service))
        answer = self.answer(service, INFO)
        self.assertEqual(json.loads(answer[DOCKER_INFO]), docker.information, "as it is")
        info = json.loads(answer[RUNTIME_INFO])
        self.assertEqual((info["runtimeName"], info["runtimeVersion"], info["endpoint"]), ("podman", "4.3.1", f"unix://{podman.path}"))
        self.assertNotIn("secret", answer[RUNTIME_INFO])
        self.assertFalse({DOCKER_INFO + ".error", RUNTIME_INFO + ".error"} & set(answer))

    def test_one_of_them_fails(self):
        docker, podman = self.engine("docker", [1]), self.engine("podman", [3], podman="4.3.1")
        service = self.service(docker=docker, podman=podman)
        podman.faults["/containers/json"] = "engine-error"
        answer = self.answer(service, LIST)
        self.assertEqual([one["Id"] for one in json.loads(answer[LIST_KEY])], [container_id(1)])
        self.assertIn("podman: GET /containers/json: the daemon answered 500: the storage driver is unwell", answer[LIST_KEY + ".error"])
        self.assertIn("podman: GET /containers/json", self.refusal(service, FIRST_LIST))
        docker.faults["/containers/json"] = "engine-error"
        self.assertIn("docker: GET /containers/json", self.refusal(service, LIST))

    def test_lists_that_are_null_or_have_nulls(self):
        docker, podman = self.engine("docker", [1]), self.engine("podman", [], podman="4.3.1")
        service = self.service(docker=docker, podman=podman)
        podman.raw_list = b"null\n"
        self.assertEqual(self.ids(service), [container_id(1)])
        docker.raw_list = b"[ ]"
        self.assertEqual(self.ids(service), [])
        one = summary(3)
        one.update(Ports=None, Labels=None, Mounts=None, HostConfig=None, NetworkSettings={"Networks": None})
        podman.raw_list = json.dumps([one]).encode()
        self.assertEqual(self.answer(service, LIST)[LIST_KEY], json.dumps([one]), "byte for byte")

    def test_a_scheme_says_which_is_meant(self):
        docker, podman = self.engine("docker", []), self.engine("podman", [], podman="4.3.1")
        service = self.service(docker=docker, podman=podman)
        for number, engine in ((1, docker), (2, podman)):
            engine.inspections["web"] = inspection(number, "web", state="exited")
            for spelling in ("web", container_id(number)):
                engine.inspections[spelling] = engine.inspections["web"]
        refused = self.refusal(service, NET_INFO, id="web")
        self.assertIn(f"two containers fit: {container_id(1)} of docker and {container_id(2)} of podman", refused)
        for scheme, number in (("docker", 1), ("podman", 2)):
            self.assertIn(f"web ({container_id(number)[:12]}) is exited", self.refusal(service, NET_INFO, id=f"{scheme}://web"))

    def test_podman_in_dockers_place(self):
        """Its package for Docker's command makes it answer there."""
        podman = self.engine("docker.sock", [3], podman="5.2.0")
        podman.inspections["web"] = inspection(3, "web", pid=os.getpid())
        service = self.service(docker=podman)
        self.assertEqual(self.ids(service), [container_id(3)])
        answer = self.answer(service, INFO)
        self.assertNotIn(DOCKER_INFO, answer)
        self.assertEqual(json.loads(answer[RUNTIME_INFO])["runtimeName"], "podman")
        self.assertEqual(answer[DOCKER_INFO + ".error"], f"It is Podman that answers at unix://{podman.path}, not Docker. "
                                                         f"This node's container runtime is podman 5.2.0 at unix://{podman.path}.")

    def test_one_socket_by_two_names_is_asked_once(self):
        (self.folder / "podman").mkdir()
        podman = self.engine("podman/podman.sock", [3], podman="4.3.1")
        (self.folder / "docker.sock").symlink_to(podman.path)
        service = self.started(Service("--runtime", "auto", "--docker-host", f"unix://{self.folder}/docker.sock", "--podman-runroot",
                                       str(self.folder / "run"), env={"XDG_RUNTIME_DIR": str(self.folder)}))
        self.assertEqual(self.ids(service), [container_id(3)])
        for number in range(3):
            self.assertEqual(self.ids(service), [container_id(3)], number)

    def test_beside_a_runtime_with_cri(self):
        podman = self.engine("podman", [3], podman="4.3.1")
        cri = self.started(FakeCri(lambda call: call.answer({1: {1: {1: "RuntimeReady", 2: True}}} if call.method == "Status" else b"")))
        service = self.started(Service("--runtime", "auto", "--cri-endpoint", cri.endpoint, "--docker-host", NOTHING, "--podman-host",
                                       f"unix://{podman.path}", "--podman-runroot", str(self.folder / "run")))
        answer = self.answer(service, INFO)
        self.assertEqual(json.loads(answer[RUNTIME_INFO])["runtimeName"], "containerd")
        self.assertEqual(json.loads(answer[PODMAN_INFO])["runtimeName"], "podman")
        self.assertIn("This node's container runtime is containerd", answer[DOCKER_INFO + ".error"])
        podman.faults["/info"] = "engine-error"
        wait_until(lambda: PODMAN_INFO not in self.answer(service, INFO), "what it said is old")
        answer = self.answer(service, INFO)
        self.assertIn("podman: GET /info: the daemon answered 500", answer[PODMAN_INFO + ".error"])

    def test_nobody_is_there(self):
        service = self.started(Service("--runtime", "podman", "--podman-host", NOTHING, "--podman-runroot", str(self.folder / "run")))
        self.assertIn("Cannot connect to Podman at unix:///nonexistent. Does its service run (podman.socket)?", self.refusal(service, LIST))


class Versions(Engines):
    """The versions of the Engine API, from the oldest to one that does not exist yet."""

    def test_the_lower_of_both_newest_is_spoken(self):
        for engine, spoken in (("1.24", "1.24"), ("1.41", "1.41"), ("1.44", "1.44"), ("1.52", "1.52"), ("1.56", "1.56"), ("1.70", "1.56")):
            with self.subTest(engine):
                docker = self.engine("docker", [1], version=engine, oldest=min(engine, "1.44"))
                self.assertEqual(self.ids(self.service(docker=docker)), [container_id(1)])
                self.assertEqual(docker.requests[-1], f"GET /v{spoken}/containers/json?all=1 HTTP/1.1")

    def test_an_engine_that_is_too_old(self):
        docker = self.engine("docker", [1], version="1.23")
        self.assertIn("docker: the daemon speaks API version 1.23 at most; 1.24 is needed", self.refusal(self.service(docker=docker), LIST))

    def test_an_engine_that_is_too_new(self):
        docker = self.engine("docker", [1], version="1.70", oldest="1.60")
        self.assertIn("docker: the daemon wants API version 1.60 or newer (its MinAPIVersion); 1.56 is the newest that this service speaks",
                      self.refusal(self.service(docker=docker), LIST))


if __name__ == "__main__":
    unittest.main()
