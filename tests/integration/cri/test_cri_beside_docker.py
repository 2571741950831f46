"""A node with Docker and a runtime with CRI, with one of them, and with none: who is asked, and what is said."""

import hashlib
import json
import os
import pathlib
import tempfile
import unittest

from tests.support.cri.fake_cri import FakeCri
from tests.support.cri.several_runtimes import FIRST_LIST, INFO, LIST, LIST_KEY, NET_INFO, AsksProcessors
from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service

DOCKER_INFO, RUNTIME_INFO = "collector.kubernetes.docker.info", "collector.kubernetes.runtime.info"
ID, SANDBOX = "ab" * 32, "cd" * 32
CONTAINER = {1: ID, 2: SANDBOX, 3: {1: "app"}, 4: {1: "web:1"}, 6: 1, 7: 10 ** 18}


def one_container(call):
    """One that runs, with a process number that is nobody's container."""
    if call.method == "ListContainers":
        call.answer({1: CONTAINER})
    elif call.method == "ContainerStatus" and call.request[1][0].decode() == ID:
        call.answer({1: {1: ID, 2: {1: "app"}, 3: 1, 4: 10 ** 18}, 2: {"info": json.dumps({"pid": os.getpid()})}})
    elif call.method in ("ContainerStatus", "PodSandboxStatus"):
        call.refuse(5, "not found")
    elif call.method == "Status":
        call.answer({1: {1: {1: "RuntimeReady", 2: True}}})
    else:
        call.answer(b"")


class BesideDocker(AsksProcessors, unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-runtimes-")
        self.addCleanup(folder.cleanup)
        self.socket = str(pathlib.Path(folder.name, "docker.sock"))

    def run_with(self, docker=True, cri=one_container, flags=("--runtime", "auto"), **peer):
        self.docker = self.started(FakeDocker(self.socket)) if docker else None
        self.cri = self.started(FakeCri(cri, **peer)) if cri else None
        endpoint = ("--cri-endpoint", self.cri.endpoint) if cri else ()
        return self.started(Service("--docker-host", f"unix://{self.socket}", "--timeout-cri", "1s", "--timeout-docker", "1s", *endpoint,
                                    *flags))

    def test_both_are_listed(self):
        service = self.run_with()
        self.assertEqual(self.ids(service), [container_id(1), container_id(2), ID])
        self.assertEqual([one["Id"] for one in self.answer(service, FIRST_LIST)], [container_id(1), container_id(2), ID])

    def test_dockers_bytes_stay_where_the_other_has_nothing(self):
        service = self.run_with(cri=lambda call: call.answer(b""))
        self.docker.raw_list = b'[{"Id" : "x",  "New": 1.50}]'
        self.assertEqual(self.answer(service, LIST)[LIST_KEY], '[{"Id" : "x",  "New": 1.50}]')

    def test_a_docker_without_containers(self):
        service = self.run_with()
        self.docker.containers = []
        self.assertEqual(self.ids(service), [ID])

    def test_cri_dockerd_lists_dockers(self):
        service = self.run_with(name="docker")
        self.assertEqual(self.ids(service), [container_id(1), container_id(2)])

    def test_a_daemon_without_cri_is_none(self):
        service = self.run_with(services=())
        self.assertEqual(self.answer(service, LIST).keys(), {LIST_KEY})
        self.assertEqual(self.answer(service, INFO).keys(), {DOCKER_INFO})
        self.assertIn("No such container", self.refusal(service, NET_INFO, id="nosuch"))

    def test_both_say_what_they_are(self):
        answer = self.answer(self.run_with(), INFO)
        self.assertEqual(answer.keys(), {DOCKER_INFO, RUNTIME_INFO})
        self.assertEqual(json.loads(answer[RUNTIME_INFO])["runtimeName"], "containerd")

    def test_half_a_list_says_so(self):
        service = self.run_with(cri=lambda call: None)
        answer = self.answer(service, LIST)
        self.assertEqual(len(json.loads(answer[LIST_KEY])), 2)
        self.assertIn("cri: ListContainers: ", answer[LIST_KEY + ".error"])
        self.assertIn("no answer within 1s", self.refusal(service, FIRST_LIST))

    def test_a_stuck_docker_leaves_the_other(self):
        service = self.run_with()
        self.docker.faults["/containers/json"] = self.docker.faults["/info"] = "silent"
        answer = self.answer(service, LIST)
        self.assertEqual([one["Id"] for one in json.loads(answer[LIST_KEY])], [ID])
        self.assertIn("docker: GET /containers/json: no response header within 1s", answer[LIST_KEY + ".error"])
        info = self.answer(service, INFO)
        self.assertIn("within 1s This node's container runtime is containerd 1.7.0 at ", info[DOCKER_INFO + ".error"])

    def test_one_beginning_of_two_ids_names_both(self):
        """Twelve digits, of which each runtime has one container: by what they say, and by the kernel where they say nothing."""
        start = hashlib.sha256(str(own_container_number()).encode()).hexdigest()[:12]
        of_docker, of_cri = start + "a" * 52, start + "b" * 52

        def script(call):
            if call.method == "ListContainers":
                call.answer({1: {1: of_cri, 2: SANDBOX, 3: {1: "app"}, 4: {1: "web:1"}, 6: 1, 7: 10 ** 18}})
            elif call.method == "ContainerStatus":
                call.answer({1: {1: of_cri, 2: {1: "app"}, 3: 1, 4: 10 ** 18}, 2: {"info": json.dumps({"pid": pids[of_cri]})}})
            else:
                call.answer(b"")

        pids = {}
        for full_id in (of_docker, of_cri):
            pids[full_id] = Cgroup(self, f"/{full_id}").run("print(1, flush=True); sys.stdin.readline()").pid
        service = self.run_with(cri=script)
        known = {**inspection(1, "web", pid=pids[of_docker]), "Id": of_docker}
        self.docker.inspections = {start: known, of_docker: known}
        self.assertEqual(self.refusal(service, NET_INFO, id=start).strip(),
                         f"two containers fit: {of_docker} of docker and {of_cri} of cri; give the runtime with it, such as docker://")
        for reference, full_id in (("docker://" + start, of_docker), ("containerd://" + start, of_cri), (of_docker, of_docker)):
            self.assertEqual(self.answer(service, NET_INFO, id=reference)["collector.kubernetes.container.Id"], full_id)
        self.docker.faults[f"/containers/{start}/json"] = "silent"
        self.cri.script = lambda call: None
        self.assertEqual(self.refusal(service, NET_INFO, id=start).strip(),
                         f"{start} is the beginning of more than one container's id: {of_docker} and {of_cri}")

    def test_net_info_is_of_the_one_that_has_it(self):
        service = self.run_with()
        self.assertIn("container changed", self.refusal(service, NET_INFO, id=ID), "CRI's, whose process is not the container's")
        self.assertIn("container changed", self.refusal(service, NET_INFO, id="containerd://" + ID))
        self.assertFalse([line for line in self.docker.requests if ID in line and line.count("containerd")])

    def test_without_docker(self):
        service = self.run_with(docker=False)
        self.assertEqual(self.ids(service), [ID])
        self.assertIn('there is no container "nosuch"', self.refusal(service, NET_INFO, id="nosuch"), "and nothing of Docker")
        answer = self.answer(service, INFO)
        self.assertEqual(answer.keys(), {DOCKER_INFO + ".error", RUNTIME_INFO})
        self.assertIn(f"Cannot connect to the Docker daemon at unix://{self.socket}.", answer[DOCKER_INFO + ".error"])

    def test_without_both(self):
        service = self.run_with(docker=False, cri=None, flags=("--runtime", "auto", "--root", "/nonexistent", "--auth", "none"))
        for path, parameters in ((LIST, {}), (INFO, {}), (NET_INFO, {"id": "web"})):
            self.assertIn("Cannot connect to the Docker daemon", self.refusal(service, path, **parameters))

    def test_only_docker(self):
        service = self.run_with(flags=("--runtime", "docker"))
        self.assertEqual(self.ids(service), [container_id(1), container_id(2)])
        self.assertEqual(self.answer(service, INFO).keys(), {DOCKER_INFO})
        self.assertEqual(self.cri.calls, [])

    def test_only_cri(self):
        service = self.run_with(flags=("--runtime", "cri"))
        self.assertEqual(self.ids(service), [ID])
        self.assertIn("Docker is not asked on this node.", self.answer(service, INFO)[DOCKER_INFO + ".error"])
        self.assertEqual(self.docker.requests, [])
        self.assertEqual(service.request("GET", "/metrics")[0], 200)
        self.assertEqual(service.request("GET", "/status")[0], 200)

    def test_an_endpoint_that_does_not_exist_yet(self):
        folder = pathlib.Path(self.socket).parent
        service = self.started(Service("--runtime", "auto", "--docker-host", f"unix://{self.socket}", "--root", str(folder), "--auth", "none"))
        self.refusal(service, LIST)
        (folder / "run/containerd").mkdir(parents=True)
        peer = self.started(FakeCri(one_container))
        os.link(peer.path, folder / "run/containerd/containerd.sock")  # a symbolic one would lead elsewhere below the root
        self.assertEqual(self.ids(service), [ID])


if __name__ == "__main__":
    unittest.main()
