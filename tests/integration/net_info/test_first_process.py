"""The first process of a container is odd, or what its runtime says of it is wrong: the network is the container's all the same.
The kernel is the real one; the runtime is a fake."""

import ctypes
import datetime
import hashlib
import json
import os
import pathlib
import signal
import tempfile
import unittest

from tests.support import namespace_zoo
from tests.support.cri.fake_cri import FakeCri
from tests.support.fake_docker import FakeDocker, container_id, inspection
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service
from tests.support.waiting import wait_until

PATH = "/processor/netInfoCollector"
KEY = "collector.kubernetes.container."
NOWHERE = "unix:///nowhere/docker.sock"
REAL, OTHER = "192.0.2.1/32", "192.0.2.66/32"

PRELUDE = """
import ctypes, os, platform, signal, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def network(address):
    assert libc.unshare(0x40000000) == 0
    subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
"""
PLAIN = PRELUDE + f"network('{REAL}'); print(1, flush=True); sys.stdin.readline()"
PLAIN_OTHER = PRELUDE + f"network('{OTHER}'); print(1, flush=True); sys.stdin.readline()"
# exit(2), not exit_group(2): the first thread ends, and the process goes on in the other.
WITHOUT_FIRST_THREAD = PRELUDE + f"""
network('{REAL}')
threading.Thread(target=sys.stdin.readline).start()
print(1, flush=True)
libc.syscall({{"x86_64": 60, "aarch64": 93}}[platform.machine()], 0)
"""
# A first process of a process namespace, and one that it started.
PROCESS_NAMESPACE = PRELUDE + f"""
network('{REAL}')
assert libc.unshare(0x20000000) == 0
ready, done = os.pipe()
first = os.fork()
if first == 0:
    if os.fork() == 0:
        os.write(done, b"x")
    signal.pause()
os.read(ready, 1)
print(first, flush=True)
sys.stdin.readline()
"""
PTRACE_SEIZE, PTRACE_DETACH, PTRACE_O_TRACEEXIT, WALL = 0x4206, 17, 0x40, 0x40000000


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        reason = namespace_zoo.why_impossible()
        if reason:
            self.skipTest(reason)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nodescope-")))
        self.docker = self.enterContext(FakeDocker(self.folder / "docker.sock"))
        self.number = own_container_number()
        # Not container_id(): its beginning is everybody's.
        self.known_id = hashlib.sha256(str(self.number).encode()).hexdigest()

    def cgroup(self, path=None):
        group = Cgroup(self, path or f"/{self.known_id}")
        self.addCleanup(self.end_all, group)
        return group

    @staticmethod
    def members(group):
        return [int(pid) for pid in group.file("memory", "cgroup.procs").read_text().split()]

    def end_all(self, group):
        if group.file("memory", "").is_dir():
            for pid in self.members(group):
                os.kill(pid, signal.SIGKILL)

    def docker_says(self, pid, **more):
        self.docker.inspections = {self.known_id: {**inspection(self.number, "web", pid=pid), "Id": self.known_id, **more}}

    def serve(self, host=None, *flags):
        return self.enterContext(Service("--docker-host", host or f"unix://{self.docker.path}", *flags))

    def answer(self, service, reference=None):
        status, _, body = service.process_route(PATH, {"id": reference or self.known_id})
        self.assertEqual(status, 200, body[:300])
        return json.loads(body)

    def refusal(self, service, reference=None):
        status, _, body = service.process_route(PATH, {"id": reference or self.known_id})
        self.assertEqual(status, 500, body[:300])
        return body.decode()

    def errors(self, answer):
        return json.loads(answer.get(KEY + "Errors", "{}"))

    def shows(self, answer, pid, by, address=REAL):
        self.assertEqual((answer[KEY + "ResolvedBy"], answer[KEY + "Pid"], answer[KEY + "Id"]), (by, str(pid), self.known_id))
        self.assertIn(f"inet {address}", answer[KEY + "ipaddr"])
        return self.errors(answer)


class TestOddFirstProcesses(Case):
    def test_its_first_thread_has_ended(self):
        first = self.cgroup().run(WITHOUT_FIRST_THREAD)
        stat = pathlib.Path(f"/proc/{first.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z", "the first thread has ended")
        self.docker_says(first.pid)
        for host, by in ((None, "docker"), (NOWHERE, "kernel")):
            with self.subTest(by):
                service = self.serve(host)
                said = self.shows(self.answer(service), first.pid, by)
                self.assertEqual(said["NetNamespace"], f"the first thread of process {first.pid} has ended: the network is that of another "
                                                       "of its threads")
                self.assertIn("Route", "".join(self.answer(service)), "the other parts too")
                self.assertNotIn("Verified", "".join(self.answer(service)))

    def hang_in_exit(self):
        """A first process that has been killed and waits for one that does not end, as one in a dead NFS mount: its number, the other's."""
        group = self.group = self.cgroup()
        runtime = group.run(PROCESS_NAMESPACE)
        first, = (pid for pid in self.members(group) if pathlib.Path(f"/proc/{pid}/stat").read_text().split()[3] == str(runtime.pid))
        other, = (pid for pid in self.members(group) if pid not in (first, runtime.pid))
        for directory in group.directories():
            (directory.parent / "cgroup.procs").write_text(str(runtime.pid))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.assertEqual(libc.ptrace(PTRACE_SEIZE, other, None, PTRACE_O_TRACEEXIT), 0, os.strerror(ctypes.get_errno()))
        os.kill(first, signal.SIGKILL)
        os.waitpid(other, WALL)
        self.addCleanup(libc.ptrace, PTRACE_DETACH, other, None, None)
        wait_until(lambda: not pathlib.Path(f"/proc/{first}/ns/net").exists(), "the first process has no namespaces any more")
        return first, other

    def test_it_hangs_in_exit(self):
        first, other = self.hang_in_exit()
        self.docker_says(first)
        said = self.shows(self.answer(self.serve()), other, "kernel")
        self.assertIn("what docker says of its process is not so: ", said["runtime"])
        self.shows(self.answer(self.serve(NOWHERE)), other, "kernel")

    def test_it_hangs_in_exit_and_no_other_process_is_there(self):
        first, other = self.hang_in_exit()
        for directory in self.group.directories():
            (directory.parent / "cgroup.procs").write_text(str(other))
        # Some kernels show it in no cgroup any more: then the time at which it began says whose it is.
        ticks = int(pathlib.Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[19])
        age_s = float(pathlib.Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
        began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age_s)
        self.docker_says(first, State={"Status": "running", "Pid": first, "StartedAt": began.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
        self.assertRegex(self.refusal(self.serve()), f"process {first}: the process is exiting and has no network any more")

    def test_it_begins_to_hang_after_it_was_found(self):
        group = self.cgroup()
        first = group.run(PLAIN)
        later = group.run(PLAIN)
        self.docker_says(first.pid)
        service = self.serve()
        self.shows(self.answer(service), first.pid, "docker")
        first.kill()
        first.wait()
        self.shows(self.answer(service), later.pid, "kernel")


class TestWrongNumbers(Case):
    """A runtime in a process namespace of its own, or a hostile one: what it says of processes is never believed."""

    def wrong_numbers(self):
        stranger = Cgroup(self, f"/{container_id(own_container_number())}").run(PLAIN_OTHER)
        yield 0, "container is not running: web .* has process number 0"
        yield 1, "container is not running: web .* has process number 1"
        yield os.getpid(), "container changed: web .*: process [0-9]+ (is in no container's cgroup|began at )"
        yield stranger.pid, "container changed: web .*: process [0-9]+ belongs to another container"
        yield 4194304, "container changed: web .*: process 4194304: no /proc/4194304"

    def test_the_kernel_knows_better(self):
        first = self.cgroup().run(PLAIN)
        service = self.serve()
        for number, why in self.wrong_numbers():
            with self.subTest(number):
                self.docker_says(number)
                said = self.shows(self.answer(service), first.pid, "kernel")
                self.assertRegex(said["runtime"], f"^what docker says of its process is not so: {why}")
                self.assertEqual(self.answer(service)[KEY + "Name"], "web")

    def test_without_a_cgroup_it_is_an_error(self):
        service = self.serve()
        for number, why in self.wrong_numbers():
            with self.subTest(number):
                self.docker_says(number)
                self.assertRegex(self.refusal(service), f"^{why}")

    def test_the_same_of_cri(self):
        number = [0]

        def script(call):
            if call.method == "ContainerStatus":
                call.answer({1: {1: self.known_id, 2: {1: "app"}, 3: 1, 4: 10 ** 18}, 2: {"info": json.dumps({"pid": number[0]})}})
            else:
                call.answer(b"")

        first = self.cgroup().run(PLAIN)
        cri = self.enterContext(FakeCri(script))
        service = self.enterContext(Service("--runtime", "cri", "--cri-endpoint", cri.endpoint))
        for number[0], why in self.wrong_numbers():
            with self.subTest(number[0]):
                said = self.shows(self.answer(service), first.pid, "kernel")
                self.assertRegex(said["runtime"], f"^what containerd says of its process is not so: {why}".replace("web", "app"))

    def test_what_does_not_run_stays_so(self):
        self.cgroup().run(PLAIN)
        self.docker_says(0, State={"Status": "exited", "Pid": 0})
        self.assertRegex(self.refusal(self.serve()), "^container is not running: web .* is exited")


class TestSeveralCgroups(Case):
    """More than one cgroup has the id in its name, and each has a process."""

    def check(self, real, kind="docker"):
        """Net info by the kernel alone, and cAdvisor's API."""
        first = real.run(PLAIN)
        service = self.serve(NOWHERE)
        self.shows(self.answer(service), first.pid, "kernel")
        status, _, body = service.request("GET", f"/api/v2.0/spec/{self.known_id}?type={kind}")
        self.assertEqual((status, list(json.loads(body))), (200, [real.path]), body[:300])

    def test_the_unit_of_a_health_check(self):
        top = self.cgroup(f"/nodescope-test-{self.number}")
        # An older one too: Podman's timer may be there before a container that is started again.
        self.cgroup(f"{top.path}/{self.known_id}-0a1b2c3d.service").run(PLAIN_OTHER)
        real = self.cgroup(f"{top.path}/libpod-{self.known_id}.scope")
        self.cgroup(f"{top.path}/{self.known_id}.service").run(PLAIN_OTHER)
        self.check(real, "podman")

    def test_a_copy_inside_another_container_and_one_inside_itself(self):
        outer = self.cgroup(f"/{container_id(own_container_number())}")
        self.cgroup(f"{outer.path}/{self.known_id}").run(PLAIN_OTHER)
        real = self.cgroup()
        docker = self.cgroup(f"{real.path}/docker")
        self.cgroup(f"{docker.path}/{self.known_id}").run(PLAIN_OTHER)
        self.check(real)

    def test_a_nested_container_is_itself(self):
        outer = self.cgroup(f"/docker-{container_id(own_container_number())}.scope")
        outer.run(PLAIN_OTHER)
        kubelet = self.cgroup(f"{outer.path}/kubelet.slice")
        self.check(self.cgroup(f"{kubelet.path}/cri-containerd-{self.known_id}.scope"), "containerd")


class TestRootlessEngines(Case):
    """Their cgroups are in a subtree of a user, who can give any name there."""

    USER = 65534
    NOTE = "user 65534 can have made the cgroup: only its name says that it is this container"

    def users(self):
        group = self.cgroup(f"/nodescope-test-{self.number}")
        for directory in group.directories():
            os.chown(directory, self.USER, self.USER)
        return group

    def in_subtree(self, top, name):
        group = self.cgroup(f"{top.path}/{name}")
        for directory in group.directories():
            os.chown(directory, self.USER, self.USER)
        return group

    def test_one_is_found_and_not_verified(self):
        for form in (f"docker-{self.known_id}.scope", f"libpod-{self.known_id}.scope"):
            with self.subTest(form):
                top = self.users()
                group = self.in_subtree(top, form)
                first = group.run(PLAIN)
                service = self.serve(NOWHERE)
                for reference in (self.known_id, self.known_id[:12], self.known_id):
                    answer = self.answer(service, reference)
                    self.assertEqual(self.shows(answer, first.pid, "kernel")["NetNamespace"], self.NOTE)
                    self.assertEqual(answer[KEY + "Verified"], "false")
                group.remove()
                top.remove()

    def test_two_are_none(self):
        top = self.users()
        for form in (f"docker-{self.known_id}.scope", f"libpod-{self.known_id}.scope"):
            self.in_subtree(top, form).run(PLAIN_OTHER)
        self.assertIn("is in the names of cgroups that others than root can have made", self.refusal(self.serve(NOWHERE)))

    def test_the_systems_goes_first(self):
        self.in_subtree(self.users(), f"libpod-{self.known_id}.scope").run(PLAIN_OTHER)
        first = self.cgroup().run(PLAIN)
        self.assertNotIn("NetNamespace", self.shows(self.answer(self.serve(NOWHERE)), first.pid, "kernel"))

    def test_a_runtime_that_has_it_elsewhere_is_not_overruled(self):
        self.in_subtree(self.users(), f"libpod-{self.known_id}.scope").run(PLAIN_OTHER)
        self.docker_says(4194304)
        self.assertIn("container changed: web", self.refusal(self.serve()))


class TestRuntimeThatIsGone(Case):
    def test_a_name_is_what_it_last_meant_while_the_kernel_proves_it(self):
        group = self.cgroup()
        first = group.run(PLAIN)
        self.docker_says(first.pid)
        with FakeDocker(self.folder / "other.sock") as docker:
            docker.inspections = {one: self.docker.inspections[self.known_id] for one in ("web", self.known_id)}
            service = self.serve(f"unix://{docker.path}")
            self.shows(self.answer(service, "web"), first.pid, "docker")
        wait_until(lambda: "runtime" in self.errors(self.answer(service, "web")), "the name is old, and nobody says it again")
        answer = self.answer(service, "web")
        self.assertIn("Cannot connect to the Docker daemon", self.shows(answer, first.pid, "kernel")["runtime"])
        self.assertEqual(answer[KEY + "Name"], "web")
        first.kill()
        first.wait()
        self.assertIn("Cannot connect to the Docker daemon", self.refusal(service, "web"))
        # Started again: the same container in another process.
        later = group.run(PLAIN)
        self.shows(self.answer(service, "web"), later.pid, "kernel")
        later.kill()
        later.wait()
        group.remove()
        self.assertIn("Cannot connect to the Docker daemon", self.refusal(service, "web"))


if __name__ == "__main__":
    unittest.main()
