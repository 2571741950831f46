"""cAdvisor's API and /metrics on a node of CRI-O, which is not in Debian: its answers in the shapes that it documents, of cgroups that are real.
Its sandboxes have a cgroup and no process (drop_infra_ctr, its default)."""

import json
import unittest
import uuid

from tests.support.cri.fake_cri import FakeCri
from tests.support.fake_docker import container_id
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service
from tests.support.waiting import wait_until

IMAGE, PAUSE = "quay.io/shop/web:1", "registry.k8s.io/pause:3.10"
# It waits in a network of its own, which has one interface.
IN_ITS_NETWORK = """
import ctypes, subprocess
assert ctypes.CDLL(None).unshare(0x40000000) == 0
subprocess.run(["ip", "link", "add", "eth0", "type", "bridge"], check=True)
print("ready", flush=True)
sys.stdin.readline()
"""


class OnCrio(unittest.TestCase):
    def setUp(self):
        self.uid = str(uuid.uuid4())
        self.sandbox, self.app = container_id(own_container_number()), container_id(own_container_number())
        root = Cgroup(self)
        pod = root.below(self, "kubepods").below(self, "burstable").below(self, f"pod{self.uid}")
        self.pod_path = pod.path
        self.of_sandbox = pod.below(self, f"crio-{self.sandbox}")
        self.of_app = pod.below(self, f"crio-{self.app}")
        self.process = None
        self.labels = {"io.kubernetes.pod.name": "web", "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": self.uid}
        daemon = FakeCri(self.answer, name="cri-o")
        self.addCleanup(daemon.__exit__)
        self.endpoint = daemon.endpoint

    def container(self):
        return {1: self.app, 2: self.sandbox, 3: {1: "app", 2: 0}, 4: {1: IMAGE}, 5: IMAGE, 6: 1 if self.process else 0, 7: 10 ** 18,
                8: {**self.labels, "io.kubernetes.container.name": "app"}}

    def answer(self, call):
        wanted = call.request[1][0].decode() if 1 in call.request else ""
        pid = self.process.pid if self.process else 0
        if call.method == "ListContainers":
            call.answer({1: self.container()})
        elif call.method == "ContainerStatus" and wanted == self.app:
            listed = self.container()
            call.answer({1: {1: self.app, 2: listed[3], 3: listed[6], 4: 10 ** 18, 5: 10 ** 18, 8: {1: IMAGE}, 9: IMAGE, 12: listed[8]},
                         2: {"info": json.dumps({"sandboxID": self.sandbox, "pid": pid, "runtimeSpec": {}, "privileged": False})}})
        elif call.method == "PodSandboxStatus" and wanted == self.sandbox:
            call.answer({1: {1: self.sandbox, 2: {1: "web", 2: self.uid, 3: "shop", 4: 0}, 3: 0, 4: 10 ** 18, 7: self.labels},
                         2: {"info": json.dumps({"image": PAUSE, "pid": 0, "runtimeSpec": {}})}})
        elif call.method in ("ContainerStatus", "PodSandboxStatus"):
            call.refuse(5, "not found")
        else:
            call.answer(b"")

    def serve(self, *flags):
        service = Service("--runtime", "cri", "--cri-endpoint", self.endpoint, *flags)
        service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def only(self, service, path):
        status, _, body = service.request("GET", "/api/" + path)
        self.assertEqual(status, 200, body)
        (one,) = json.loads(body).values()
        return one

    def start(self):
        self.process = self.of_app.run(IN_ITS_NETWORK)

    def interfaces(self, service, container):
        (sample,) = self.only(service, f"v2.1/stats/{container}?type=crio&count=1&max_age=0s")["stats"]
        return [one["name"] for one in sample.get("network", {}).get("interfaces", [])]

    def test_names(self):
        self.start()
        service = self.serve()
        app = self.only(service, f"v2.0/spec/k8s_app_web_shop_{self.uid}_0?type=cri-o")
        self.assertEqual(app["aliases"], [f"k8s_app_web_shop_{self.uid}_0", self.app])
        self.assertEqual((app["namespace"], app["image"]), ("crio", IMAGE))
        self.assertEqual(app["labels"]["io.kubernetes.container.name"], "app")
        self.assertFalse(app["has_network"] or app["has_filesystem"])
        sandbox = self.only(service, f"v2.0/spec/{self.sandbox}?type=crio")
        self.assertEqual(sandbox["aliases"], [f"k8s_POD_web_shop_{self.uid}_0", self.sandbox])
        self.assertEqual(sandbox["image"], PAUSE)
        self.assertEqual(sandbox["labels"]["io.kubernetes.container.name"], "POD", "as CRI-O labels it")

    def test_the_network_is_that_of_a_process_in_it(self):
        self.start()
        service = self.serve()
        self.assertEqual(self.interfaces(service, self.sandbox), ["eth0"])
        self.assertEqual(self.interfaces(service, self.app), [])

    def test_a_sandbox_that_was_there_before_its_containers(self):
        service = self.serve()
        self.assertEqual(self.interfaces(service, self.sandbox), [])
        self.start()
        wait_until(lambda: self.interfaces(service, self.sandbox) == ["eth0"], "the network of the sandbox is found")

    def test_labels_of_the_kubelet(self):
        self.start()
        service = self.serve("--metrics-container-labels", "kubernetes")
        self.only(service, f"v2.0/spec/{self.app}?type=crio")
        _, _, body = service.request("GET", "/metrics?max_age=0s")
        lines = [line for line in body.decode().splitlines() if self.uid in line]
        network = [line for line in lines if line.startswith("container_network_receive_bytes_total{")]
        self.assertEqual(len(network), 1, network)
        self.assertIn(f'{{container="POD",id="{self.of_sandbox.path}",image="{PAUSE}",interface="eth0",'
                      f'name="k8s_POD_web_shop_{self.uid}_0",namespace="shop",pod="web"}}', network[0])
        (start,) = [line for line in lines if line.startswith("container_start_time_seconds{") and self.of_app.path in line]
        self.assertIn(f'{{container="app",id="{self.of_app.path}",image="{IMAGE}",name="k8s_app_web_shop_{self.uid}_0",namespace="shop",'
                      'pod="web"}', start)
        of_pod = [line for line in lines if f'id="{self.pod_path}"' in line and line.startswith("container_start_time_seconds{")]
        self.assertIn('{container="",', of_pod[0])
        self.assertIn('image="",name="",namespace="shop",pod="web"}', of_pod[0])


if __name__ == "__main__":
    unittest.main()
