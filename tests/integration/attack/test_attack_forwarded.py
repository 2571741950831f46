"""`kubectl port-forward` to a pod on the node's network lets a stranger connect through the container runtime, which is root: whose socket it
is counts, not only which user's. Here a process of root that is called like a runtime stands for it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support import callers
from tests.support.service import Service
from tests.support.siege import Siege

PATH = "/api/v2.0/machine"
UNIFIED = [pathlib.Path(mount) for mount in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")]

# Called NAME, it connects to PORT for each line that it is sent, "PATH TOKEN", and answers with the status and the first line of the body.
# With a second name, a child of it that is called like that connects.
RUNTIME = r"""
import ctypes, http.client, os, sys
port, name, child = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def be(name):
    ctypes.CDLL(None).prctl(15, name.encode()[:15], 0, 0, 0)
be(name)
if child:
    forked = os.fork()
    if forked:
        print("begun", flush=True)
        os.waitpid(forked, 0)
        sys.exit()
    be(child)
else:
    print("begun", flush=True)
for line in sys.stdin:
    path, token = line.rstrip("\n").split(" ")
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Authorization": "Bearer " + token} if token else {})
    answer = connection.getresponse()
    print(answer.status, answer.read().decode().partition("\n")[0], flush=True)
    connection.close()
"""

# Is called NAME, holds COUNT half-sent requests, and takes the place of each that is closed.
HALF_SENT = r"""
import ctypes, select, socket, sys
port, name, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
waiting, held = select.poll(), {}
def hold():
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(b"GET /api/v2.0/machine HTTP/1.1\r\nHost: loc")
    held[one.fileno()] = one
    waiting.register(one, select.POLLIN | select.POLLHUP)
for _ in range(count):
    hold()
print("begun", flush=True)
while True:
    for descriptor, _ in waiting.poll():
        waiting.unregister(descriptor)
        held.pop(descriptor).close()
        hold()
"""

# So many processes that are called like runtimes and hold so many descriptors each.
LOOKALIKES = r"""
import ctypes, os, resource, signal, sys
processes, descriptors = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
ready, told = os.pipe()
for number in range(processes):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, (b"containerd", b"kubelet", b"dockerd")[number % 3], 0, 0, 0)
        for _ in range(descriptors):
            os.dup(ready)
        os.write(told, b".")
        signal.pause()
for _ in range(processes):
    os.read(ready, 1)
print("begun", flush=True)
signal.pause()
"""


class Runtime:
    """The process that connects for strangers, and what it gets for them."""

    def __init__(self, test, port, name="containerd", child="", prefix=(), uid=0):
        drop = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups") if uid else ()
        self.process = subprocess.Popen([*prefix, *drop, "/usr/bin/python3", "-c", RUNTIME, str(port), name, child], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, cwd="/")
        test.addCleanup(self.end)
        assert self.process.stdout.readline()

    def forward(self, path=PATH, token=""):
        self.process.stdin.write(f"{path} {token}\n")
        self.process.stdin.flush()
        status, _, text = self.process.stdout.readline().rstrip("\n").partition(" ")
        return int(status), text

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def status_of_curl(port, *prefix, path=PATH):
    done = subprocess.run([*prefix, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True, check=True)
    return int(done.stdout)


class AttackThroughARuntime(unittest.TestCase):
    def serve(self, *flags, **more):
        return self.enterContext(Service("--docker-host", "unix:///nonexistent/docker.sock", *flags, **more))

    def assert_refused(self, runtime):
        status, text = runtime.forward()
        self.assertEqual(status, 403, text)
        self.assertIn("kubectl port-forward", text)
        self.assertIn("token", text)
        self.assertIn("Unix socket", text)

    def test_whoever_comes_through_a_runtime_is_not_root(self):
        with Siege(self) as siege:
            for name in ("containerd", "dockerd", "crio", "kubelet", "podman"):
                with self.subTest(name):
                    self.assert_refused(Runtime(self, siege.service.port, name))
            siege.wait_for_answers()
        refused = [event for event in siege.service.log if event.get("message") == "access refused"]
        self.assertRegex(refused[0]["reason"], r"^containerd \(process \d+\) holds the other end, and connects for others$")

    def test_a_program_that_a_runtime_starts_for_it(self):
        service = self.serve()
        for name, child in (("cri-dockerd", "socat"), ("kubelet", "nsenter")):
            with self.subTest(name):
                self.assert_refused(Runtime(self, service.port, name, child))
        self.assertEqual(Runtime(self, service.port, "bash", "socat").forward()[0], 200)

    def test_root_itself_is_admitted(self):
        service = self.serve()
        Runtime(self, service.port)
        self.assertEqual(status_of_curl(service.port), 200)
        self.assertEqual(status_of_curl(service.port, "setsid"), 200)
        self.assertEqual(Runtime(self, service.port, "containerd-shim").forward()[0], 200)
        # Nobody is forwarded to a Unix socket.
        with tempfile.TemporaryDirectory() as folder:
            unix = pathlib.Path(folder, "nodescope.sock")
            self.serve(listen=(f"unix:{unix}",))
            self.assertEqual(subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", unix, f"http://localhost{PATH}"],
                                            capture_output=True, text=True, check=True).stdout, "200")

    def test_with_the_rights_of_the_unit(self):
        # Which may not list descriptors of other users' processes.
        prefix = ("setpriv", f"--reuid={callers.NOBODY}", f"--regid={callers.NOBODY}", "--clear-groups", "--bounding-set=-all,+sys_ptrace,+sys_admin,+net_admin",
                  "--inh-caps=-all,+sys_ptrace,+sys_admin,+net_admin", "--ambient-caps=+sys_ptrace,+sys_admin,+net_admin", "--no-new-privs")
        service = self.serve(prefix=prefix)
        runtime = Runtime(self, service.port)
        self.assert_refused(runtime)
        self.assertEqual(status_of_curl(service.port), 200)

    def test_where_descriptors_cannot_be_read_the_cgroup_decides(self):
        unified = next((mount for mount in UNIFIED if (mount / "cgroup.procs").exists()), None)
        if unified is None:
            self.skipTest("no cgroup v2 is mounted")
        enter = []
        for name in ("runtime", "session"):
            group = unified / f"nodescope-test-{os.getpid()}-{name}"
            group.mkdir()
            self.addCleanup(group.rmdir)
            enter.append(("sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"))
        service = self.serve(prefix=("setpriv", f"--reuid={callers.NOBODY}", f"--regid={callers.NOBODY}", "--clear-groups"))
        runtime = Runtime(self, service.port, prefix=enter[0])
        self.assert_refused(runtime)
        self.assertEqual(status_of_curl(service.port, *enter[1]), 200)
        # In the root of all cgroups there may be anything: what cannot be told is refused, and asked again the next time.
        Runtime(self, service.port)
        self.assertEqual(status_of_curl(service.port), 503)
        said = [event["reason"] for event in service.log if event.get("message") == "it could not be found out who asks"]
        self.assertRegex(said[-1], r"^local peer: whether a container runtime connects for somebody else cannot be found out: the descriptors of ")

    def test_what_may_be_asked_without_a_right(self):
        # The kubelet's own probes.
        service = self.serve()
        kubelet = Runtime(self, service.port, "kubelet")
        for path in ("/healthz", "/readyz"):
            self.assertEqual(kubelet.forward(path), (200, "ok"))

    def test_a_token_says_who_it_is(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-forwarded-")
        self.addCleanup(folder.cleanup)
        tokens = callers.write_secret(pathlib.Path(folder.name) / "tokens", "agent:" + "t" * 40 + "\n")
        runtime = Runtime(self, self.serve("--auth", "local-peer,token-file", "--token-file", tokens).port)
        self.assertEqual(runtime.forward(token="t" * 40)[0], 200)
        status, text = runtime.forward(token="wrong" * 5)
        self.assertEqual(status, 401)
        self.assertIn("kubectl port-forward", text)

    def test_it_can_be_allowed(self):
        service = self.serve("--local-peer-allow-forwarded")
        self.assertEqual(Runtime(self, service.port).forward()[0], 200)

    def test_they_do_not_take_roots_places(self):
        with Siege(self) as siege:
            siege.attacker(HALF_SENT, siege.service.port, "containerd", 100, uid=0)
            siege.wait_for_answers()


class AttackByName(unittest.TestCase):
    """Who calls a process like a runtime denies what is its own."""

    def test_other_users(self):
        with Siege(self) as siege:
            siege.attacker(LOOKALIKES, 50, 1000)
            siege.wait_for_answers()

    def test_own_sockets(self):
        flags = ("--local-peer-uid", f"0,{callers.NOBODY}")
        with Service("--docker-host", "unix:///nonexistent/docker.sock", *flags) as service:
            self.assertEqual(Runtime(self, service.port, "bash", uid=callers.NOBODY).forward()[0], 200)
            self.assertEqual(Runtime(self, service.port, "containerd", uid=callers.NOBODY).forward()[0], 403)
            self.assertEqual(status_of_curl(service.port), 200)

    def test_in_a_process_namespace_of_its_own(self):
        with Siege(self) as siege:
            siege.attacker(LOOKALIKES, 50, 1000, uid=0, prefix=("unshare", "--pid", "--fork", "--mount-proc"))
            siege.wait_for_answers()


if __name__ == "__main__":
    unittest.main()
