"""Containers of a real dockerd that is stopped (SIGSTOP) or not there: the kernel knows which processes they are."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

from tests.support import docker_engine
from tests.support import namespace_zoo
from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service
from tests.support.waiting import wait_until

PATH = "/processor/netInfoCollector"
KEY = "collector.kubernetes.container."
FOREVER = ["sleep", "100000"]
NOWHERE = "unix:///nowhere/docker.sock"
CANNOT_CONNECT = f"Cannot connect to the Docker daemon at {NOWHERE}. Is the docker daemon running?"


def namespace_of(pid):
    return str(os.stat(f"/proc/{pid}/ns/net").st_ino)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        reason = namespace_zoo.why_impossible()
        if reason:
            self.skipTest(reason)
        self.engine = docker_engine.from_environment()
        if self.engine is None:
            self.skipTest("NODESCOPE_TEST_DOCKER_HOST names no Docker daemon")
        self.daemon = int((pathlib.Path(self.engine.path).parent / "docker.pid").read_text())

    def serve(self, *flags):
        service = Service(*flags)
        self.addCleanup(service.__exit__, None, None, None)
        return service

    def running(self, command=None, **host_config):
        return self.engine.create(self, command or FOREVER, **host_config).start()

    def stop_daemon(self):
        # Cleanups run last one first: the daemon goes on before anything else of it is needed.
        self.addCleanup(os.kill, self.daemon, signal.SIGCONT)
        os.kill(self.daemon, signal.SIGSTOP)
        stat = pathlib.Path(f"/proc/{self.daemon}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "dockerd is stopped")

    def answer(self, service, reference):
        status, _, body = service.process_route(PATH, {"id": reference})
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def refusal(self, service, reference):
        status, _, body = service.process_route(PATH, {"id": reference})
        self.assertEqual(status, 500, body)
        return body.decode()

    def assert_by_kernel(self, answer, container_id, pid):
        self.assertEqual(answer[KEY + "ResolvedBy"], "kernel")
        self.assertEqual((answer[KEY + "Id"], answer[KEY + "Pid"]), (container_id, str(pid)))
        self.assertEqual(answer[KEY + "NetNamespace"], namespace_of(pid))
        self.assertIn(KEY + "ipaddr", answer)


class WithoutDocker(Case):
    def test_an_id_is_found_by_its_cgroup(self):
        container = self.running()
        service = self.serve("--docker-host", NOWHERE)
        for reference in (container.id, container.id[:12], "docker://" + container.id):
            with self.subTest(reference):
                answer = self.answer(service, reference)
                self.assert_by_kernel(answer, container.id, container.pid)
                self.assertEqual(json.loads(answer[KEY + "Errors"]), {"runtime": CANNOT_CONNECT})
                self.assertNotIn(KEY + "Name", answer)

    def test_a_name_is_not(self):
        container = self.running()
        service = self.serve("--docker-host", NOWHERE)
        for reference in (container.name, "0" * 64, container.id[:11]):
            with self.subTest(reference):
                self.assertIn(CANNOT_CONNECT, self.refusal(service, reference))

    def test_a_process_that_was_started_later_is_not_the_first(self):
        container = self.running()
        started = self.engine.call("POST", f"/containers/{container.id}/exec", {"Cmd": FOREVER})
        self.engine.call("POST", f"/exec/{started['Id']}/start", {"Detach": True})
        wait_until(lambda: len(self.engine.call("GET", f"/containers/{container.id}/top")["Processes"]) == 2, "the second process is there")
        self.assert_by_kernel(self.answer(self.serve("--docker-host", NOWHERE), container.id), container.id, container.pid)

    def test_containers_that_share_namespaces_and_a_paused_one(self):
        service = self.serve("--docker-host", NOWHERE)
        owner = self.running()
        guest = self.running(PidMode=f"container:{owner.id}", NetworkMode=f"container:{owner.id}")
        of_node = self.running(PidMode="host", NetworkMode="host")
        for container in (owner, guest, of_node):
            self.assert_by_kernel(self.answer(service, container.id), container.id, container.pid)
        self.assertEqual(self.answer(service, of_node.id)[KEY + "HostNetwork"], "true")
        owner.pause()
        self.addCleanup(owner.unpause)
        self.assert_by_kernel(self.answer(service, owner.id), owner.id, owner.pid)


class StoppedDockerd(Case):
    # A question to Docker about a container would take a minute: an answer within a second proves that nobody waited for one.
    SLOW = ("--timeout-docker", "1m")
    SOON = {"X-Request-Timeout": "1s"}

    def ask(self, service, reference):
        status, _, body = service.process_route(PATH, {"id": reference}, headers=self.SOON)
        return json.loads(body) if status == 200 else body.decode()

    def errors(self, answer):
        return json.loads(answer.get(KEY + "Errors", "{}"))

    def test_an_id_is_answered_by_the_kernel(self):
        container = self.running()
        pid = container.pid
        service = self.serve("--docker-host", self.engine.host, *self.SLOW)
        self.stop_daemon()
        for reference in (container.id, container.id[:12], "docker://" + container.id, container.id):
            answer = self.ask(service, reference)
            self.assert_by_kernel(answer, container.id, pid)
            self.assertRegex(self.errors(answer)["runtime"], "^docker: asked about the container [0-9]+ms ago, no answer yet$")

    def test_a_name_is_what_it_was_last_heard_to_mean(self):
        container = self.running()
        pid = container.pid
        service = self.serve("--docker-host", self.engine.host, "--timeout-docker", "100ms")
        self.assertEqual(self.answer(service, container.name)[KEY + "ResolvedBy"], "docker")
        self.stop_daemon()
        wait_until(lambda: "runtime" in self.errors(self.answer(service, container.name)), "the name is old and Docker does not say it again")
        for _ in range(10):
            answer = self.answer(service, container.name)
            self.assert_by_kernel(answer, container.id, pid)
            self.assertEqual(answer[KEY + "Name"], container.name)
            self.assertIn("docker", self.errors(answer)["runtime"])

    def test_after_three_misses_one_question_is_open_and_the_others_are_answered_at_once(self):
        containers = [self.running() for _ in range(2)]
        service = self.serve("--docker-host", self.engine.host, "--timeout-docker", "100ms")
        self.stop_daemon()
        told = set()

        def silence_is_known():
            told.update(self.errors(self.answer(service, one.id)).get("runtime", "") for one in containers)
            return any("has not answered the last 3 questions in time, and is asked one at a time" in text for text in told)

        wait_until(silence_is_known, "others are told that Docker is silent")
        os.kill(self.daemon, signal.SIGCONT)
        wait_until(lambda: self.answer(service, containers[0].id).get(KEY + "Name") == containers[0].name, "its name is told")
        self.assertNotIn(KEY + "Errors", self.answer(service, containers[0].id))

    def test_what_the_runtime_knows_is_by_the_runtime(self):
        container = self.running()
        answer = self.answer(self.serve("--docker-host", self.engine.host), container.id)
        self.assertEqual((answer[KEY + "ResolvedBy"], answer[KEY + "Name"]), ("docker", container.name))
        self.assertNotIn(KEY + "Errors", answer)


class Known(Case):
    """What was found before is proved by the kernel, and no runtime is asked."""

    def test_a_rename_shows(self):
        container = self.running()
        service = self.serve("--docker-host", self.engine.host)
        self.assertEqual(self.answer(service, container.id)[KEY + "Name"], container.name)
        renamed = container.name + "-renamed"
        self.engine.call("POST", f"/containers/{container.id}/rename?name={renamed}")
        wait_until(lambda: self.answer(service, container.id)[KEY + "Name"] == renamed, "the new name is shown")
        self.assertEqual(self.answer(service, renamed)[KEY + "Id"], container.id)
        wait_until(lambda: service.process_route(PATH, {"id": container.name})[0] == 500, "the old name is nobody's")

    def test_a_restart_is_noticed_at_once(self):
        container = self.running()
        service = self.serve("--docker-host", self.engine.host)
        for _ in range(3):
            for reference in (container.id, container.name, container.id[:12]):
                answer = self.answer(service, reference)
                self.assertEqual((answer[KEY + "Pid"], answer[KEY + "NetNamespace"]), (str(container.pid), namespace_of(container.pid)))
            container.restart()

    def test_it_makes_no_call(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-")
        self.addCleanup(folder.cleanup)
        number = own_container_number()
        group = Cgroup(self, f"/{container_id(number)}")
        child = group.run("print(1, flush=True); sys.stdin.readline()")
        with FakeDocker(pathlib.Path(folder.name) / "docker.sock") as docker:
            docker.inspections[container_id(number)] = inspection(number, "web", pid=child.pid)
            service = self.serve("--docker-host", f"unix://{docker.path}")
            self.assertEqual(self.answer(service, container_id(number))[KEY + "ResolvedBy"], "docker")
            asked = len(docker.requests)
            for _ in range(20):
                answer = self.answer(service, container_id(number))
                self.assertEqual((answer[KEY + "ResolvedBy"], answer[KEY + "Pid"], answer[KEY + "Name"]), ("kernel", str(child.pid), "web"))
            # Its name may have been asked for again, if this took more than four seconds.
            self.assertLess(len(docker.requests) - asked, 20)


if __name__ == "__main__":
    unittest.main()
