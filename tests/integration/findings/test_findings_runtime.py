"""The rule runtime-disagrees: what a real Docker says of its containers, against what is there."""

import json
import os
import subprocess
import unittest

from tests.support import docker_engine
from tests.support import namespace_zoo as zoo_module
from tests.support.network.findings import RULES
from tests.support.service import Service
from tests.support.silent_peer import SilentPeer

RULE = "runtime-disagrees"


class WhatDockerSays(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = docker_engine.needed()
        cls.service = Service("--docker-host", cls.engine.host)
        cls.addClassCleanup(cls.service.stop)

    def answer(self, container, service=None):
        status, _, body = (service or self.service).request("GET", f"/v1/findings?container={container.id}")
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def only(self, container):
        """The one finding of an answer in which all rules were asked."""
        reply = self.answer(container)
        self.assertEqual((reply["checked"], reply["not_checked"]), (RULES, {}))
        self.assertEqual([one["rule"] for one in reply["findings"]], [RULE], reply["findings"])
        return reply["findings"][0]

    def container(self, command=("sleep", "100000"), **options):
        return self.engine.create(self, list(command), **options).start()

    def ip(self, container, *commands):
        for command in commands:
            subprocess.run(["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", *command.split()], check=True)

    def endpoint(self, container, network="bridge"):
        return self.engine.call("GET", f"/containers/{container.id}/json")["NetworkSettings"]["Networks"][network]

    def assert_healthy(self, container):
        reply = self.answer(container)
        self.assertEqual((reply["findings"], reply["not_checked"]), ([], {}))

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
        container = self.container(("unshare", "-n", "sleep", "100000"), Privileged=True)
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
        self.assertIn(RULE, reply["checked"])
        self.assertEqual(reply["findings"], [])

    def test_a_runtime_that_is_away_or_hangs(self):
        container = self.container()
        self.ip(container, "link set lo down")
        with SilentPeer() as silent:
            for host in ("unix:///nonexistent/docker.sock", silent.endpoint):
                with self.subTest(host), Service("--docker-host", host) as service:
                    reply = self.answer(container, service)
                    self.assertEqual([one["rule"] for one in reply["findings"]], ["link-down"])
                    self.assertEqual(list(reply["not_checked"]), [RULE])
                    self.assertRegex(reply["not_checked"][RULE], "docker|Docker")
                    self.assertEqual(reply["checked"], [one for one in RULES if one != RULE])

    def test_switched_off_nobody_is_asked(self):
        container = self.container()
        self.ip(container, "route replace default via " + self.endpoint(container)["Gateway"].rsplit(".", 1)[0] + ".254")
        with Service("--docker-host", self.engine.host, "--finding-off", RULE) as service:
            self.assertEqual(self.answer(container, service)["findings"], [])
        reply = json.loads(self.service.request("GET", f"/v1/findings?container={container.id}&severity=error")[2])
        self.assertEqual(reply["findings"], [])


if __name__ == "__main__":
    unittest.main()
