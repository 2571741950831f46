"""A real dockerd that stands still (SIGSTOP) in the middle of its life: every route there is answers all the same, each part within its
own deadline, and what only the kernel must be asked for is complete."""

import json
import os
import pathlib
import signal
import unittest

from tests.support import docker_engine
from tests.support.callers import route_table
from tests.support.service import Service
from tests.support.waiting import wait_until

# Docker itself must be asked for these: their answer is the sentence that names the phase it died in.
NEED_DOCKER = ("containercollector", "containerCollector", "dockerinfocollector", "dockerInfoCollector")
# Not configured here, or in need of a target: refused, which is an answer.
REFUSED = ("poddetailcollector", "podDetailCollector", "podListCollector", "GoroutineCollector", "netInfoCollector", "netinfoCollector",
           "netinfocollector", "networkDiagnoser", "networkdiagnoser")
# They lead to others.
ELSEWHERE = ("/", "/ui", "/api", "/api/")


def wait_until_stopped(pid):
    """Threads of a Go program stop one by one after SIGSTOP."""
    stat = pathlib.Path(f"/proc/{pid}/stat")
    wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "dockerd is stopped")


class Case(unittest.TestCase):
    docker_limit = "500ms"

    def setUp(self):
        engine = docker_engine.from_environment()
        if engine is None:
            self.skipTest("NODESCOPE_TEST_DOCKER_HOST names no dockerd")
        self.daemon = int((pathlib.Path(engine.path).parent / "docker.pid").read_text())
        self.container = engine.create(self, ["sleep", "1000"], labels={"app": "x"}).start()
        self.init = self.container.inspect()["State"]["Pid"]
        self.service = Service("--docker-host", engine.host, "--timeout-docker", self.docker_limit, "--timeout-request", "20s")
        self.addCleanup(self.service.__exit__, None, None, None)

    def stop_daemon(self):
        # Cleanups run last one first: the daemon goes on before anything else of it is needed.
        self.addCleanup(os.kill, self.daemon, signal.SIGCONT)
        os.kill(self.daemon, signal.SIGSTOP)
        wait_until_stopped(self.daemon)


class StoppedDockerd(Case):
    def routes(self):
        for method, path, _ in route_table():
            # Whose network is not said by the path.
            whose = {"/v1/network": "?node", "/v1/findings": "?node", "/v1/path": "?node&to=127.0.0.1"}.get(path, "")
            yield "GET" if method == "ANY" else method, path + whose

    def ask(self, method, path):
        return self.service.request(method, path, body="{}" if method == "POST" else None)

    def assert_answer(self, method, path):
        status, _, body = self.ask(method, path)
        text = body.decode()
        # The inner deadline speaks, never the whole request's.
        self.assertNotEqual(status, 504, (path, text[:300]))
        if status == 500:
            self.assertNotIn("within 20s", text, path)
        if path.endswith(NEED_DOCKER):
            self.assertEqual(status, 500, (path, text[:300]))
            self.assertRegex(text, r"docker: GET /\S+: (no response header within 500ms|not asked again yet)", path)
        elif path.endswith(REFUSED):
            self.assertIn(status, (400, 422, 500), (path, text[:300]))
            self.assertTrue(text.strip(), path)
        elif path in ELSEWHERE:
            self.assertIn(status, (301, 400), (path, text[:300]))
        else:
            self.assertEqual(status, 200, (path, text[:300]))
        return text

    def test_every_route_answers(self):
        before = {path: self.ask(method, path)[0] for method, path in self.routes()}
        self.stop_daemon()
        for _ in range(2):  # the second time nothing is new any more
            for method, path in self.routes():
                with self.subTest(path=path):
                    self.assert_answer(method, path)
        self.assertEqual(before["/processor/containercollector"], 200)

    def test_every_route_answers_though_the_daemon_never_did(self):
        self.stop_daemon()
        for method, path in self.routes():
            with self.subTest(path=path):
                self.assert_answer(method, path)

    def test_it_is_told_in_status_and_metrics_alone(self):
        """A probe that asked Docker would restart the one tool that could say what is wrong."""
        def docker_is_up():
            return json.loads(self.ask("GET", "/status")[2])["backends"]["docker"]["up"]

        self.assertEqual(self.ask("POST", "/processor/containerCollector")[0], 200)
        self.assertIs(docker_is_up(), True)
        self.stop_daemon()
        self.assertIs(docker_is_up(), True, "nobody has asked since")
        self.assertEqual(self.ask("POST", "/processor/containerCollector")[0], 500)
        self.assertIs(docker_is_up(), False)
        self.assertIn(b'\nnodescope_backend_up{backend="docker"} 0\n', self.ask("GET", "/metrics")[2])
        self.assertEqual([self.ask("GET", path)[0] for path in ("/healthz", "/readyz")], [200, 200])

    def test_the_kernels_part_is_complete(self):
        self.stop_daemon()
        listed = {one["pid"]: one for one in json.loads(self.assert_answer("GET", "/api/v2.0/ps"))}
        self.assertEqual(listed[self.init]["cmd"], "sleep")
        self.assertIn(self.container.id, listed[self.init]["cgroup_path"])
        self.assertGreater(json.loads(self.assert_answer("GET", "/api/v2.0/machine"))["num_cores"], 0)
        attributes = json.loads(self.assert_answer("GET", "/api/v2.0/attributes"))
        self.assertEqual(attributes["docker_version"], "Unknown")

    def test_the_daemon_is_heard_again_when_it_goes_on(self):
        self.stop_daemon()
        self.assert_answer("GET", "/api/v2.0/attributes")
        self.assert_answer("POST", "/processor/containercollector")
        os.kill(self.daemon, signal.SIGCONT)
        status, _, body = self.ask("POST", "/processor/containercollector")
        self.assertEqual(status, 200, body)
        self.assertIn(self.container.id, body.decode())


class Cadvisor(Case):
    """What cAdvisor's API answers of containers is the kernel's to tell. A question to Docker about one ends after 5 s, the request after 4, so
    an answer proves that nobody waited for one."""

    docker_limit = "1m"

    def get(self, path):
        return self.service.request("GET", path, headers={"X-Request-Timeout": "4s"})

    def answer(self, path):
        status, _, body = self.get("/api/" + path)
        self.assertEqual(status, 200, (path, body[:300]))
        return json.loads(body)

    def path_of_container(self):
        found = [path for path in self.answer("v2.0/spec?recursive=true") if self.container.id in path]
        self.assertEqual(len(found), 1)
        return found[0]

    def assert_all_about(self, path, asked, known):
        """Every request about one container, however it is asked for."""
        target, _, options = asked.partition("?")
        options = f"&{options}" if options else ""
        for version in ("v2.0", "v2.1"):
            with self.subTest(asked=asked, version=version):
                found = self.answer(f"{version}/stats{target}?count=1&max_age=0s{options}")[path]
                (sample,) = found["stats"] if version == "v2.1" else found
                self.assertGreater(sample["cpu"]["usage"]["total"], 0)
                self.assertGreater(sample["memory"]["usage"], 0)
                spec = self.answer(f"{version}/spec{target}?count=1{options}")[path]
                self.assertGreater(spec["memory"]["limit"], 0)
                if known:
                    self.assertEqual((spec["labels"], spec["image"]), ({"app": "x"}, "busybox:local"))
                    self.assertEqual(spec["aliases"], [self.container.name, self.container.id])
                    self.assertTrue(found["spec"]["has_network"] if version == "v2.1" else sample["has_network"])
                summary = self.answer(f"{version}/summary{target}?count=1{options}")[path]
                self.assertGreater(summary["latest_usage"]["memory"], 0)
                rows = self.answer(f"{version}/ps{target}?count=1{options}")
                self.assertEqual([row["pid"] for row in rows], [self.init])
                self.assertEqual(list(self.answer(f"{version}/appmetrics{target}?count=1{options}").values()), [{}])

    def assert_the_node(self, path):
        for version in ("v2.0", "v2.1"):
            for request in ("version", "attributes", "machine", "storage", "ps", "spec", "summary", "events?all_events=true"):
                with self.subTest(request=request, version=version):
                    self.assertTrue(self.answer(f"{version}/{request}") or request.startswith("events"))
            self.assertIn(path, self.answer(f"{version}/stats?recursive=true&count=1&max_age=0s"))
            self.assertIn(path, self.answer(f"{version}/stats?type=docker&recursive=true&count=1&max_age=0s"))
        self.assertGreater(self.answer("v2.1/machinestats?count=1&max_age=0s")[0]["cpu"]["usage"]["total"], 0)
        created = self.answer("v2.0/events?creation_events=true&subcontainers=true&max_events=-1")
        self.assertIn(path, [one["container_name"] for one in created])
        status, _, body = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("\ncontainer_scrape_error 0\n", body.decode())
        self.assertRegex(body.decode(), r'\ncontainer_memory_usage_bytes\{[^}]*id="' + path)

    def test_what_was_known_before_stays_known(self):
        for _ in range(200):
            status, _, body = self.get(f"/api/v2.0/spec/{self.container.name}?type=docker")
            if status == 200 and b'"image"' in body:
                break
        path = self.path_of_container()
        self.stop_daemon()
        for asked in (path, f"/{self.container.name}?type=docker", f"/{self.container.id}?type=docker", f"/{self.container.id[:12]}?type=docker"):
            self.assert_all_about(path, asked, known=True)
        self.assert_the_node(path)

    def test_what_nobody_could_ask_about_is_known_by_its_path_and_id(self):
        self.stop_daemon()
        path = self.path_of_container()
        for asked in (path, f"/{self.container.id}?type=docker", f"/{self.container.id[:12]}?type=docker"):
            self.assert_all_about(path, asked, known=False)
        self.assert_the_node(path)
        for request in ("stats", "spec", "summary", "appmetrics"):
            status, _, body = self.get(f"/api/v2.0/{request}/{self.container.name}?type=docker")
            self.assertEqual((status, body.decode()), (500, f'unable to find Docker container "{self.container.name}"\n'))
        # The name comes with the daemon, after the rest that it was given.
        os.kill(self.daemon, signal.SIGCONT)
        wait_until(lambda: self.get(f"/api/v2.0/spec/{self.container.name}?type=docker")[0] == 200, "its name is known")
        self.assert_all_about(path, f"/{self.container.name}?type=docker", known=True)


if __name__ == "__main__":
    unittest.main()
