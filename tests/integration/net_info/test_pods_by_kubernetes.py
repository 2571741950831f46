"""A pod's network while no container runtime answers: the API server or the kubelet knows the ids of its containers, and the kernel
their processes."""

import hashlib
import json
import pathlib
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker
from tests.support.fake_kubernetes import Certificates, FakeKubernetes, write_kubeconfig
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service

PATH = "/processor/netInfoCollector"
KEY = "collector.kubernetes.container."
NODE = "node-a"
TOKEN = "planted-token"
WAIT = "print(1, flush=True); sys.stdin.readline()"
NOWHERE = "unix:///nowhere/docker.sock"


def status(name, container_id, state="running"):
    return {"name": name, "containerID": container_id, "state": {state: {"startedAt": "2026-01-01T00:00:00Z"}}}


class PodsByKubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-kubernetes-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificates = Certificates(folder.name)
        cls.authority = cls.certificates.authority("cluster-ca")
        cls.server = cls.certificates.issue(cls.authority, "server", f"IP:127.0.0.1,DNS:localhost,DNS:{NODE}")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-")))
        self.api = self.enterContext(FakeKubernetes(*self.server, tokens=[TOKEN]))
        self.container_id = hashlib.sha256(str(own_container_number()).encode()).hexdigest()
        self.group = Cgroup(self, f"/kubepods-{self.container_id}")
        self.pod_has(status("app", f"containerd://{self.container_id}"))

    def pod_has(self, *statuses, node=NODE):
        pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "till", "namespace": "shop", "uid": "u"},
               "spec": {"nodeName": node}, "status": {"containerStatuses": list(statuses)}}
        self.api.pods = [json.dumps(pod).encode()]

    def serve(self, host=NOWHERE, *flags):
        kubeconfig = write_kubeconfig(self.folder / "config", self.api.url, self.authority, {"token": TOKEN})
        return self.enterContext(Service("--docker-host", host, "--kubeconfig", kubeconfig, "--node-name", NODE, "--pod-source", "apiserver",
                                         *flags))

    def ask(self, service, **more):
        answer = service.process_route(PATH, {"pod.namespace": "shop", "pod.name": "till", **more})
        return answer[0], answer[2].decode()

    def found(self, service, **more):
        code, body = self.ask(service, **more)
        self.assertEqual(code, 200, body)
        return json.loads(body)

    def test_the_kernel_has_the_process_of_the_id(self):
        first = self.group.run(WAIT)
        service = self.serve()
        for more in ({}, {"container": "app"}):
            answer = self.found(service, **more)
            self.assertEqual((answer[KEY + "ResolvedBy"], answer[KEY + "Pid"], answer[KEY + "Id"]),
                             ("kubernetes", str(first.pid), self.container_id))
            self.assertIn("Cannot connect to the Docker daemon", json.loads(answer[KEY + "Errors"])["runtime"])
        asked = len(self.api.requests)
        self.assertEqual(self.found(service)[KEY + "ResolvedBy"], "kernel", "it is known by now")
        self.assertEqual(len(self.api.requests), asked)

    def test_any_container_of_it_that_runs(self):
        first = self.group.run(WAIT)
        self.pod_has(status("ended", "containerd://" + "0" * 64, "terminated"), status("app", f"containerd://{self.container_id}"))
        service = self.serve()
        self.assertEqual(self.found(service)[KEY + "Pid"], str(first.pid))
        code, body = self.ask(service, container="ended")
        self.assertEqual(code, 500)
        self.assertIn("kubernetes: pod shop/till has no running container named ended on this node; Cannot connect", body)

    def test_a_pod_of_another_node_is_not_here(self):
        self.group.run(WAIT)
        self.pod_has(status("app", f"containerd://{self.container_id}"), node="node-b")
        code, body = self.ask(self.serve())
        self.assertEqual(code, 500)
        self.assertIn("pod shop/till is not on this node (node-a)", body)

    def test_an_id_that_is_nowhere_is_an_error(self):
        code, body = self.ask(self.serve())
        self.assertEqual(code, 500)
        self.assertIn("container is not running: no process is in its cgroup", body)
        self.pod_has(status("app", "containerd://" + "f" * 64))
        code, body = self.ask(self.serve())
        self.assertEqual((code, "no cgroup of this node is that of a container" in body), (500, True), body)

    def test_kubernetes_is_asked_only_where_no_runtime_answers(self):
        self.group.run(WAIT)
        docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        service = self.serve(f"unix://{docker.path}", "--timeout-docker", "30s")
        code, body = self.ask(service)
        self.assertEqual((code, body.strip()), (500, "docker: pod shop/till has no running container on this node"))
        self.assertEqual(self.api.requests, [])
        docker.faults["/containers/json"] = "silent"
        code, body = self.ask(service)
        self.assertEqual((code, json.loads(body)[KEY + "ResolvedBy"]), (200, "kubernetes"))

    def test_without_both_the_runtime_speaks(self):
        self.group.run(WAIT)
        self.api.fault = 500
        code, body = self.ask(self.serve())
        self.assertEqual(code, 500)
        self.assertIn("Cannot connect to the Docker daemon", body)


if __name__ == "__main__":
    unittest.main()
