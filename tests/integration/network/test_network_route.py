"""GET /v1/network itself: whose network, which parts, what failures look like, and that answers stay within their size."""

import json
import os
import subprocess
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network.docker_case import DockerCase
from tests.support.service import Service

DEFAULT_PARTS = ["addr", "route", "route6", "rule", "rule6", "neigh", "nexthop", "peers", "qdisc"]


class NetworkRoute(zoo_module.ZooCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = Service()
        cls.addClassCleanup(cls.service.stop)

    def get(self, query, method="GET", service=None):
        status, headers, body = (service or self.service).request(method, "/v1/network" + query)
        return status, headers, body

    def answer(self, query, service=None):
        status, _, body = self.get(query, service=service)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def failure(self, query, status):
        got, headers, body = self.get(query)
        self.assertEqual(got, status, body)
        self.assertEqual({key.lower(): value for key, value in dict(headers).items()}["content-type"], "application/json")
        error = json.loads(body)["error"]
        self.assertEqual(list(error), ["kind", "message"])
        return error["message"]

    def test_a_process(self):
        ns = self.zoo.add("one")
        reply = self.answer(f"?pid={ns.pid}")
        self.assertEqual(list(reply)[0], "target")
        self.assertEqual([part for part in reply if part in DEFAULT_PARTS], DEFAULT_PARTS)
        self.assertEqual(list(reply)[-2:], ["errors", "notes"])
        self.assertNotIn("fdb", reply)
        self.assertEqual(reply["target"], {
            "container": None, "pid": ns.pid, "netns": os.stat(f"/proc/{ns.pid}/ns/net").st_ino, "host_network": False, "verified": True,
            "resolved_by": None})
        self.assertEqual([link["ifname"] for link in reply["addr"]], ["lo"])

    def test_the_node(self):
        # Where process 1 may not be looked at, also by root, the service is on the node's network.
        process = 1
        try:
            os.stat("/proc/1/ns/net")
        except PermissionError:
            process = self.service.pid
        reply = self.answer("?node&parts=rule")
        self.assertEqual((reply["target"]["pid"], reply["target"]["host_network"]), (process, True))
        self.assertEqual(set(reply), {"target", "rule", "errors", "notes"})
        if process != 1:
            self.assertIn("it is the network of this service: ", reply["notes"]["target"])
        self.assertEqual(reply["rule"], json.loads(subprocess.run(
            ["nsenter", f"--net=/proc/{process}/ns/net", "ip", "-j", "-d", "rule"], stdout=subprocess.PIPE, check=True).stdout))

    def test_head(self):
        status, headers, body = self.get(f"?pid={os.getpid()}&parts=rule", "HEAD")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(headers["Content-Length"]), 100)
        self.assertEqual(self.get("?node", "POST")[0], 405)

    def test_bad_parameters(self):
        for query in ("", "?", "?parts=addr", "?pid=1&node", "?container=a&pid=1", "?pid=x", "?pid=-1", "?pod=web", "?node=yes", "?node&color=red",
                      "?node&node", "?node&parts=", "?node&parts=addr,nothing", "?container="):
            with self.subTest(query=query):
                self.failure(query, 400)
        self.assertIn("the parts are addr, route", self.failure("?node&parts=%1b", 400))

    def test_what_is_not_there(self):
        self.assertIn("process", self.failure("?pid=4194303", 404))

    def test_only_the_parts_asked_for_are_read(self):
        ns = self.zoo.add("watched")
        ns.ip("link set lo up")
        self.assertEqual(set(self.answer(f"?pid={ns.pid}&parts=neigh,addr,addr")), {"target", "addr", "neigh", "errors", "notes"})

    def test_long_lists_are_cut_and_short_ones_stay(self):
        ns = self.zoo.add("large")
        ns.add_many_routes(15000)
        status, _, body = self.get(f"?pid={ns.pid}")
        self.assertEqual(status, 200)
        self.assertLessEqual(len(body), 1 << 20)
        reply = json.loads(body)
        self.assertIn("route", reply["notes"])
        self.assertRegex(reply["notes"]["route"], r"^cut after \d+ (of \d+ elements|routes)")
        self.assertGreater(len(reply["route"]), 5000)
        self.assertEqual(len(reply["addr"]), 1)
        self.assertEqual(len(reply["rule"]), 3)
        self.assertEqual(reply["errors"], {})


class NetworkOfContainers(DockerCase):
    def get(self, query):
        status, _, body = self.service.request("GET", f"/v1/network?{query}")
        return status, json.loads(body)

    def test_every_way_to_name_a_container(self):
        container = self.engine.create(self, ["sleep", "100000"]).start()
        pid = container.pid
        shown = json.loads(subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-j", "-d", "route", "show", "table", "all"],
                                          stdout=subprocess.PIPE, check=True).stdout)
        for reference in (container.id, container.id[:12], container.name, "docker://" + container.id):
            with self.subTest(reference):
                status, reply = self.get(f"container={reference}&parts=route")
                self.assertEqual(status, 200, reply)
                self.assertEqual(reply["target"]["container"], {"id": container.id, "name": container.name, "runtime": "docker", "pod": None})
                self.assertEqual({key: reply["target"][key] for key in ("pid", "netns", "host_network", "verified")}, {
                    "pid": pid, "netns": os.stat(f"/proc/{pid}/ns/net").st_ino, "host_network": False, "verified": True})
                # Whoever was faster.
                self.assertIn(reply["target"]["resolved_by"], ("docker", "kernel"))
                self.assertEqual(reply["route"], shown)
                self.assertEqual(reply["errors"], {})

    def test_what_cannot_answer(self):
        container = self.engine.create(self, ["true"])
        status, reply = self.get(f"container={container.id}")
        self.assertEqual((status, reply["error"]["kind"]), (409, "conflict"))
        self.assertIn("not running", reply["error"]["message"])
        status, reply = self.get("container=nobody-has-this-name")
        self.assertEqual((status, reply["error"]["kind"]), (404, "gone"))
        status, reply = self.get("pod=default/nobody")
        self.assertEqual(status, 404, reply)


if __name__ == "__main__":
    unittest.main()
