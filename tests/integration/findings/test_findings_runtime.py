"""The rules about what runtimes say they have set up, against what is there: a real Docker, and a real containerd with CNI."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import uuid

from tests.support import namespace_zoo as zoo_module
from tests.support.cri.containerd import POD, Containerd
from tests.support.network import cni
from tests.support.network.docker_case import DockerCase
from tests.support.network.findings import INTERVAL, RULES
from tests.support.network.own_node import OwnNode
from tests.support.service import Service
from tests.support.silent_peer import SilentPeer
from tests.support.waiting import wait_until

RULE, PORTS = "runtime-disagrees", "loopback-only-listener"


class WhatDockerSays(DockerCase):
    def answer(self, container, service=None):
        return self.findings(f"container={container.id}&{INTERVAL}", service)

    def only(self, container, rule=RULE):
        """The one finding of an answer in which all rules were asked."""
        reply = self.answer(container)
        self.assertEqual((reply["checked"], reply["not_checked"]), (RULES, {}))
        self.assertEqual([one["rule"] for one in reply["findings"]], [rule], reply["findings"])
        return reply["findings"][0]

    def ip(self, container, *commands):
        for command in commands:
            subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", *command.split()], check=True)

    def endpoint(self, container, network="bridge"):
        return self.engine.call("GET", f"/containers/{container.id}/json")["NetworkSettings"]["Networks"][network]

    def assert_healthy(self, container):
        reply = self.answer(container)
        # A node that passes no packets of IPv6 on, as machines for tests are, is another rule's.
        findings = [one for one in reply["findings"] if one["rule"] != "forwarding-off"]
        self.assertEqual((findings, reply["not_checked"]), ([], {}))

    def test_what_is_as_docker_says(self):
        name = f"runtime-{os.getpid()}"
        network = self.engine.call("POST", "/networks/create", {
            "Name": name, "EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "10.213.7.0/24"}, {"Subnet": "2001:db8:213:7::/64"}]}})["Id"]
        self.addCleanup(self.engine.call, "DELETE", f"/networks/{network}")
        for mode in ("bridge", "none", name):
            with self.subTest(mode):
                self.assert_healthy(self.container(NetworkMode=mode))
        first = self.container()
        self.assert_healthy(self.container(NetworkMode=f"container:{first.id}"))
        # In a second network as well.
        self.engine.call("POST", f"/networks/{network}/connect", {"Container": first.id})
        self.addCleanup(self.engine.call, "POST", f"/networks/{network}/disconnect", {"Container": first.id, "Force": True})
        self.assert_healthy(first)

    def test_another_address(self):
        container = self.container()
        self.assert_healthy(container)
        said = self.endpoint(container)
        address = f"{said['IPAddress']}/{said['IPPrefixLen']}"
        other = said["Gateway"].rsplit(".", 1)[0] + ".231/" + str(said["IPPrefixLen"])
        self.ip(container, f"addr del {address} dev eth0", f"addr add {other} dev eth0", f"route replace default via {said['Gateway']}")
        found = self.only(container)
        self.assertEqual(found["evidence"], {"runtime": "docker", "network": "bridge", "said": address, "there": other})
        self.assertEqual(found["subject"]["container"]["id"], container.id)

    def test_another_prefix(self):
        container = self.container()
        said = self.endpoint(container)
        address = said["IPAddress"]
        other = said["IPPrefixLen"] - 1
        self.ip(container, f"addr del {address}/{said['IPPrefixLen']} dev eth0", f"addr add {address}/{other} dev eth0",
                f"route replace default via {said['Gateway']}")
        found = self.only(container)
        self.assertEqual(found["subject"]["ifname"], "eth0")
        self.assertEqual(found["evidence"], {"runtime": "docker", "network": "bridge", "said": f"{address}/{said['IPPrefixLen']}",
                                             "there": f"{address}/{other}"})

    def test_another_gateway(self):
        container = self.container()
        said = self.endpoint(container)["Gateway"]
        other = said.rsplit(".", 1)[0] + ".254"
        self.ip(container, f"route replace default via {other}")
        found = self.only(container)
        self.assertEqual(found["evidence"], {"runtime": "docker", "network": "bridge", "said": said, "there": other})

    def test_a_first_process_that_has_left_its_network(self):
        container = self.container(("unshare", "-n", "sleep", "100000"), CapAdd=["SYS_ADMIN"])
        shown = json.loads(self.service.request("GET", f"/v1/network?container={container.id}&parts=addr")[2])["target"]["netns"]
        inode = os.stat(f"/proc/{container.pid}/ns/net").st_ino
        found = [one for one in self.answer(container)["findings"] if "pid" in one["evidence"]]
        self.assertEqual([one["evidence"]["there"] for one in found], [inode])
        self.assertEqual(found[0]["evidence"]["pid"], container.pid)
        self.assertIn(shown, (inode, found[0]["evidence"]["said"]))

    def test_what_is_no_container_of_docker(self):
        ns = self.zoo.add("process")
        ns.ip("link set lo up")
        reply = json.loads(self.service.request("GET", f"/v1/findings?pid={ns.pid}")[2])
        for rule in (RULE, PORTS):
            self.assertEqual(reply["not_checked"][rule], "its runtime is asked where a container is asked about")
        self.assertEqual(reply["findings"], [])

    def test_a_runtime_that_is_away_or_hangs(self):
        container = self.container()
        self.ip(container, "link set lo down")
        with SilentPeer() as silent:
            for host in ("unix:///nonexistent/docker.sock", silent.endpoint):
                with self.subTest(host), Service("--docker-host", host) as service:
                    reply = self.answer(container, service)
                    self.assertEqual([one["rule"] for one in reply["findings"]], ["link-down"])
                    self.assertEqual(list(reply["not_checked"]), [PORTS, RULE])
                    for rule in (PORTS, RULE):
                        self.assertRegex(reply["not_checked"][rule], "docker|Docker")
                    self.assertEqual(reply["checked"], [one for one in RULES if one not in (PORTS, RULE)])

    def test_switched_off_nobody_is_asked(self):
        container = self.container()
        self.ip(container, "route replace default via " + self.endpoint(container)["Gateway"].rsplit(".", 1)[0] + ".254")
        with Service("--docker-host", self.engine.host, "--finding-off", RULE) as service:
            self.assertEqual(self.answer(container, service)["findings"], [])

    def published(self, listens, **options):
        """A container that publishes port 80, and what it listens on once it does."""
        container = self.container(listens, ExposedPorts={"80/tcp": {}}, PortBindings={"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}, **options)
        address = listens[listens.index("-p") + 1] if "-p" in listens else None
        if address is not None:
            wait_until(lambda: self.listens(container, int(address.rsplit(":", 1)[-1])), "the container listens")
        return container

    @staticmethod
    def listens(container, port):
        tables = [pathlib.Path(f"/proc/{container.pid}/net/{name}").read_text(encoding="ascii").splitlines()[1:] for name in ("tcp", "tcp6")]
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for table in tables for line in table)

    def test_a_published_port_that_others_reach(self):
        for address in ("80", "0.0.0.0:80"):
            with self.subTest(address):
                self.assert_healthy(self.published(("httpd", "-f", "-p", address)))

    def test_a_published_port_on_loopback_alone(self):
        container = self.published(("httpd", "-f", "-p", "127.0.0.1:80"))
        found = self.only(container, PORTS)
        self.assertEqual(found["evidence"], {"runtime": "docker", "port": 80, "listener": "127.0.0.1:80"})
        self.assertEqual(found["subject"]["container"]["name"], container.name)

    def test_a_published_port_where_nobody_listens(self):
        container = self.published(("httpd", "-f", "-p", "8080"))
        self.assertEqual(self.only(container, PORTS)["evidence"], {"runtime": "docker", "port": 80, "listener": ""})


class WhatContainerdSays(zoo_module.ZooCase):
    """With a plugin of the test, called by containerd, whose libcni keeps what it has answered."""

    def setUp(self):
        super().setUp()
        daemon = Containerd(network=True)
        self.daemon = daemon.__enter__()  # pylint: disable=unnecessary-dunder-call
        self.addCleanup(daemon.__exit__)
        self.service = Service("--runtime", "cri", "--cri-endpoint", daemon.endpoint)
        self.addCleanup(self.service.stop)

    def findings(self, container):
        status, _, body = self.service.request("GET", f"/v1/findings?container={container}&{INTERVAL}")
        self.assertEqual(status, 200, body)
        reply = json.loads(body)
        self.assertIn(RULE, reply["checked"], reply["not_checked"])
        # The test's plugin makes no routes.
        return [one for one in reply["findings"] if one["rule"] in (RULE, PORTS)]

    def test_another_address(self):
        self.check(runtime="cni", network="nodescope-test")

    def test_another_address_where_nothing_of_the_plugins_is_kept(self):
        self.check(runtime="containerd", network="pod")

    def test_a_port_of_a_pod_on_loopback_alone(self):
        pod = self.daemon.pod("web", network=POD)
        ports = {"io.kubernetes.container.ports": '[{"containerPort":80,"protocol":"TCP"},{"containerPort":81,"protocol":"TCP"}]'}
        app = pod.container("app", ("httpd", "-f", "-p", "127.0.0.1:80"), annotations=ports)
        other = pod.container("other", ("httpd", "-f", "-p", "81"))
        for container, port in ((app, 80), (other, 81)):
            network = pathlib.Path(f"/proc/{pod.status(container)[1]['pid']}/net/tcp")
            network6 = network.with_name("tcp6")
            wait_until(lambda at=network, at6=network6, to=port: f":{to:04X} " in at.read_text() + at6.read_text(), "the container listens")
        (found,) = self.findings(app)
        self.assertEqual((found["rule"], found["evidence"]), (PORTS, {"runtime": "containerd", "port": 80, "listener": "127.0.0.1:80"}))
        self.assertEqual(self.findings(other), [])

    def check(self, **who):
        pod = self.daemon.pod("web", network=POD)
        app = pod.container("app")
        if who["runtime"] != "cni":
            for kept in pathlib.Path("/var/lib/cni/results").glob(f"*{pod.id}*"):
                kept.unlink()
        self.assertEqual(self.findings(app), [])
        inside = ["nsenter", f"--net=/proc/{pod.status(app)[1]['pid']}/ns/net", "ip"]
        for command in ("addr del 10.123.45.6/24 dev eth0", "addr add 10.123.45.66/24 dev eth0"):
            subprocess.run([*inside, *command.split()], check=True)
        for container in (app, pod.id):
            (found,) = self.findings(container)
            self.assertEqual((found["rule"], found["subject"]["container"]["id"]), (RULE, container))
            self.assertEqual(found["evidence"], {**who, "said": "10.123.45.6", "there": "10.123.45.66/24"})


class WhatPluginsSaid(zoo_module.ZooCase):
    """The plugins of Debian; what they answer is kept as libcni keeps it (libcni/api.go)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cni.needed()

    def setUp(self):
        super().setUp()
        self.own = OwnNode(self.zoo)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-cni-")))
        plugin = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "ipam": cni.host_local(folder, "10.88.0.0/16")}
        self.pod = cni.Pod(self.zoo, self.own.network, "pod", [plugin], nameserver="198.51.100.1")
        self.service = self.own.start_service(self)

    def keep(self, **more):
        path = f"/run/netns/{self.zoo.publish(self.pod.network, 'pod')}"
        for one in self.pod.result["interfaces"]:
            if "sandbox" in one:
                one["sandbox"] = path
        folder = pathlib.Path("/var/lib/cni/results")
        folder.mkdir(parents=True, exist_ok=True)
        identity = uuid.uuid4().hex
        kept = folder / f"pods-{identity}-eth0"
        self.addCleanup(kept.unlink)
        kept.write_text(json.dumps({"kind": "cniCacheV1", "containerId": identity, "config": "", "ifName": "eth0", "networkName": "pods",
                                    "result": self.pod.result, **more}))

    def answer(self):
        status, _, body = self.service.request("GET", f"/v1/findings?pid={self.pod.network.pid}&{INTERVAL}")
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_an_address_and_a_gateway(self):
        self.assertIn(RULE, self.answer()["not_checked"])
        self.keep()
        reply = self.answer()
        self.assertEqual((reply["findings"], [one for one in (RULE, PORTS) if one not in reply["checked"]]), ([], []))
        (said,) = self.pod.result["ips"]
        network = self.pod.network
        network.ip_batch([f"addr del {said['address']} dev eth0", "addr add 10.88.7.7/16 dev eth0", f"route replace default via {said['gateway']}"])
        (found,) = self.answer()["findings"]
        self.assertEqual((found["rule"], found["evidence"]), (
            RULE, {"runtime": "cni", "network": "pods", "said": said["address"].split("/")[0], "there": "10.88.7.7/16"}))
        network.ip_batch([f"addr add {said['address']} dev eth0", "route replace default via 10.88.0.99"])
        (found,) = self.answer()["findings"]
        self.assertEqual((found["rule"], found["evidence"]), (
            RULE, {"runtime": "cni", "network": "pods", "said": said["gateway"], "there": "10.88.0.99"}))

    def test_a_port_that_portmap_leads_to(self):
        self.keep(capabilityArgs={"portMappings": [{"hostPort": 8077, "containerPort": 80, "protocol": "tcp"}]})
        (found,) = self.answer()["findings"]
        self.assertEqual((found["rule"], found["evidence"]), (PORTS, {"runtime": "cni", "port": 80, "listener": ""}))


if __name__ == "__main__":
    unittest.main()
