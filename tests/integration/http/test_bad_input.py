"""What each bad input is answered with: the table of docs/api.md, row by row, and that nothing of it reaches a backend."""

import unittest

from tests.support.service import Service
from tests.support.waiting import wait_until

NET_INFO = "/processor/netInfoCollector"
LIST = "/processor/containerCollector"
POD = "/processor/podDetailCollector"
NOT_AN_OBJECT = b"the request body must be a JSON object of strings: "
NO_DOCKER = "unix:///nonexistent/docker.sock"

# path, body, status, how the answer begins
BODIES = [
    (NET_INFO, b"[]", 500, NOT_AN_OBJECT + b"it is an array"),
    (NET_INFO, b"null", 500, NOT_AN_OBJECT + b"it is null"),
    (NET_INFO, b"7", 500, NOT_AN_OBJECT + b"it is a number"),
    (NET_INFO, b'"id"', 500, NOT_AN_OBJECT + b"it is a string"),
    (NET_INFO, b"{", 500, NOT_AN_OBJECT + b"incomplete JSON at byte 1"),
    (NET_INFO, b"id=web", 500, NOT_AN_OBJECT),
    (NET_INFO, b'{"id":"a"}x', 500, NOT_AN_OBJECT + b"extra data"),
    (NET_INFO, b'{"id":"a","id":"b"}', 500, NOT_AN_OBJECT + b'the key "id" stands twice'),
    (NET_INFO, b'{"id":{"x":1}}', 500, NOT_AN_OBJECT + b'the value of "id" must be a string'),
    (NET_INFO, b'{"id":["x"]}', 500, NOT_AN_OBJECT + b'the value of "id" must be a string'),
    (NET_INFO, b'{"id":null}', 500, NOT_AN_OBJECT + b'the value of "id" must be a string'),
    (NET_INFO, b'{"id":"\xff"}', 500, NOT_AN_OBJECT),
    (NET_INFO, b"[" * 1_000_000, 500, NOT_AN_OBJECT),
    (NET_INFO, b'{"a":' * 13_000, 500, NOT_AN_OBJECT),
    (NET_INFO, b"{" + b",".join(b'"%d":0' % i for i in range(4_097)) + b"}", 500, NOT_AN_OBJECT + b"it has more than 4096 keys"),
    (NET_INFO, b"{}", 500, b"net info: the body names no target"),
    (NET_INFO, b"", 500, b"net info: the body names no target"),
    (NET_INFO, b'{"id":""}', 500, b"net info: the body names no target"),
    (NET_INFO, b'{"id":"../../x"}', 500, b'"../../x" is not a container id or name'),
    (NET_INFO, b'{"id":"a?b=c"}', 500, b'"a?b=c" is not a container id or name'),
    (NET_INFO, b'{"id":"a\\r\\nX: y"}', 500, b'"a\\r\\nX: y" is not a container id or name'),
    (NET_INFO, b'{"id":"\\u0000"}', 500, b'"\\x00" is not a container id or name'),
    (NET_INFO, b'{"id":"web"}', 500, b"Cannot connect to the Docker daemon at unix:///nonexistent/docker.sock. Is the docker daemon running?"),
    (NET_INFO, b'{"pid":"0"}', 500, b'"0" is not a process number'),
    (NET_INFO, b'{"pid":"-1"}', 500, b'"-1" is not a process number'),
    (NET_INFO, b'{"pid":"1x"}', 500, b'"1x" is not a process number'),
    (NET_INFO, b'{"pid":"4194305"}', 500, b'"4194305" is not a process number'),
    (NET_INFO, b'{"pid":"self"}', 500, b'"self" is not a process number'),
    (NET_INFO, b'{"pid":"4194304"}', 500, b"process 4194304: no /proc/4194304"),
    (NET_INFO, b'{"pod.namespace":"default"}', 500, b"pod.name is missing or empty"),
    (NET_INFO, b'{"pod.namespace":"default","pod.name":"a/b"}', 500, b'pod.name "a/b" is not a Kubernetes pod name'),
    (POD, b"{}", 500, b"pod.namespace is missing or empty"),
    (POD, b'{"pod.namespace":"UPPER","pod.name":"x"}', 500, b'pod.namespace "UPPER" is not a Kubernetes namespace name'),
    (POD, b'{"pod.namespace":"default","pod.name":"..%2f"}', 500, b'pod.name "..%2f" is not a Kubernetes pod name'),
    (POD, b'{"pod.namespace":"default","pod.name":"x"}', 500, b"kubernetes: not configured: give --kubeconfig"),
    ("/processor/podListCollector", b"{}", 500, b"kubernetes: not configured: give --kubeconfig"),
    (LIST, b'{"node":"other"}', 421, b'the request is for node "other", this is node "this-node"'),
    (LIST, b'{"node":"this-node"}', 500, b"Cannot connect to the Docker daemon at unix:///nonexistent/docker.sock. Is the docker daemon running?"),
    ("/processor/dockerInfoCollector", b"", 500, b"Cannot connect to the Docker daemon at unix:///nonexistent/docker.sock."),
    ("/processor/dockerdGoroutineCollector", b"{}", 422, b"dockerd goroutine dump: "),
    ("/processor/containerdGoroutineCollector", b"{}", 422, b"containerd goroutine dump: "),
]


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service("--docker-host", NO_DOCKER, "--node-name", "this-node")

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    def test_each_body_has_its_sentence(self):
        for path, body, status, beginning in BODIES:
            with self.subTest(path=path, body=body[:60]):
                got, headers, text = self.service.request("POST", path, body=body)
                self.assertEqual(status, got, text)
                self.assertTrue(text.startswith(beginning), text)
                self.assertEqual("text/plain; charset=utf-8", headers["Content-Type"])
                self.assertEqual(1, text.count(b"\n"))
                self.assertTrue(text.endswith(b"\n"))
                text.decode("utf-8")
                self.assertFalse(set(text[:-1]) & set(range(32)))

    def test_unused_keys_may_hold_anything(self):
        earlier = '{"collector.x":{"deep":[1,2,{"y":null}]},"task.uid":"u","n":null,"container":"c","node":"this-node"}'
        status, _, text = self.service.request("POST", LIST, body=earlier)
        self.assertEqual(500, status)
        self.assertIn(b"Cannot connect to the Docker daemon", text)

    def test_every_processor_route_says_which_method_it_wants(self):
        for name in ("containercollector", "containerCollector", "dockerinfocollector", "dockerInfoCollector", "podDetailCollector",
                     "poddetailcollector", "netInfoCollector", "netinfoCollector", "netinfocollector", "podListCollector",
                     "networkDiagnoser", "networkdiagnoser", "processCollector", "mountInfoCollector", "dockerdGoroutineCollector", "containerdGoroutineCollector"):
            for method in ("GET", "PUT", "DELETE"):
                status, headers, text = self.service.request(method, f"/processor/{name}")
                self.assertEqual((405, "POST", f"method {method} is not supported"), (status, headers["Allow"], text.decode().strip()), name)

    def test_content_type(self):
        for kind, status in (("application/json", 500), ("application/json; charset=utf-8", 500), ("text/plain", 415),
                             ("application/x-www-form-urlencoded", 415)):
            got, _, _ = self.service.request("POST", LIST, body=b"{}", headers={"Content-Type": kind})
            self.assertEqual(status, got, kind)

    def test_the_log_holds_one_line_a_request_and_no_forged_one(self):
        with Service("--docker-host", NO_DOCKER) as service:
            for _ in range(20):
                service.request("POST", NET_INFO, body=b'{"id":"a\\nforged"}')
            service.request("GET", "/metrics")

            def paths():
                return [event["path"] for event in list(service.log) if event.get("message") == "request"]

            wait_until(lambda: "/metrics" in paths(), "the line of the last request")
            self.assertEqual(paths().count(NET_INFO), 20)
            self.assertFalse([event for event in service.log if "level" not in event])


class StartUp(unittest.TestCase):
    def test_a_bad_configuration_is_named(self):
        for flags, said in ((("--docker-host", "ssh://x"), "ssh://x"), (("--docker-host", "http://x"), "http://x"),
                            (("--timeout-docker", "5"), "not a duration"), (("--timeout-docker", "0s"), "not a duration"),
                            (("--max-reply", "3MiB"), "max-reply"), (("--nonsense", "1"), "nonsense"),
                            (("--pod-source", "etcd"), "pod-source"), (("--kubeconfig", "/nonexistent"), "/nonexistent"),
                            (("--listen", "0.0.0.0:0"), "0.0.0.0:0"), (("--listen", "nonsense"), "nonsense")):
            with self.subTest(flags=flags), self.assertRaises(RuntimeError) as failed:
                with Service(*flags):
                    pass
            self.assertIn("ended with 1", str(failed.exception))
            self.assertIn(said, str(failed.exception))


if __name__ == "__main__":
    unittest.main()
