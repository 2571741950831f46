"""What an attacker writes (labels of an image, names of cgroups, lines that stand in the kernel's log) makes nothing another's."""

import datetime
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker, container_id, inspection, summary
from tests.support.own_cgroup import Cgroup, own_container_number
from tests.support.service import Service
from tests.support.waiting import wait_until

NOBODY = 65534
VICTIM_NUMBER = own_container_number()
VICTIM = container_id(VICTIM_NUMBER)
POD = {"io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.name": "till", "io.kubernetes.container.name": "till"}


class DockerCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-")
        self.addCleanup(folder.cleanup)
        self.docker = FakeDocker(pathlib.Path(folder.name) / "docker.sock")
        self.enterContext(self.docker)

    def serve(self, *flags):
        return self.enterContext(Service("--docker-host", f"unix://{self.docker.path}", *flags))

    @staticmethod
    def series(service, **labels):
        """The samples of /metrics whose text has all of them."""
        status, _, body = service.request("GET", "/metrics")
        assert status == 200, body
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return [line for line in body.decode().splitlines() if not line.startswith("#") and all(one in line for one in wanted)]


class AttackByImageLabels(DockerCase):
    """An image's author writes the labels of somebody else's pod into it."""

    def test_a_pod_is_not_found_by_them(self):
        self.docker.containers = [summary(7, "innocent-name", labels=POD)]
        self.docker.inspections = {container_id(7): inspection(7, "innocent-name", pid=0)}
        status, _, body = self.serve().process_route("/processor/netInfoCollector", {"pod.namespace": "shop", "pod.name": "till"})
        self.assertEqual((status, body.decode().strip()), (500, "docker: pod shop/till has no running container on this node"))
        self.assertFalse([line for line in self.docker.requests if container_id(7) in line], "the impostor was not even looked at")

    def test_no_series_has_them(self):
        impostor, till = own_container_number(), own_container_number()
        for number, name in ((impostor, "innocent-name"), (till, "k8s_till_till_shop_0b8f6a3e_0")):
            group = Cgroup(self, f"/{container_id(number)}")
            child = group.run("print(1, flush=True); sys.stdin.readline()")
            known = inspection(number, name, pid=child.pid)
            # However large the image's own labels are.
            known["Config"]["Labels"] = {**{f"a{i}": "x" * 15000 for i in range(6)}, **POD, "tier": "front"}
            self.docker.inspections[container_id(number)] = known
        service = self.serve()
        # On a node with many containers their names come with a later scrape.
        wait_until(lambda: self.series(service, id=f"/{container_id(impostor)}", container_label_tier="front"), "the impostor is named")
        wait_until(lambda: self.series(service, id=f"/{container_id(till)}", container_label_io_kubernetes_pod_name="till"), "so is the till")
        self.assertEqual(len(self.series(service, id=f"/{container_id(impostor)}", container_label_io_kubernetes_pod_name="till")), 0)


def hand_over(group):
    """Gives the cgroup to the attacker, as systemd and the kubelet do with a user's or a container's."""
    for directory in group.directories():
        for path in (directory, directory / "cgroup.procs"):
            os.chown(path, NOBODY, NOBODY)


def attackers_command(program, *arguments):
    """Python as nobody, without any right."""
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
            "--no-new-privs", sys.executable, "-c", program, *map(str, arguments)]


def as_attacker(program, *arguments):
    subprocess.run(attackers_command(program, *arguments), check=True, cwd="/")


class AttackByCgroupNames(DockerCase):
    """A user makes a cgroup in its own subtree and calls it like somebody else's container."""

    MAKE = "import os, sys\nfor path in sys.argv[1:]: os.mkdir(path)"

    def setUp(self):
        super().setUp()
        self.victim = Cgroup(self, f"/{VICTIM}")
        child = self.victim.run("print(1, flush=True); sys.stdin.readline()")
        self.docker.inspections = {VICTIM: inspection(VICTIM_NUMBER, "victim", pid=child.pid)}
        self.attacker = Cgroup(self)
        hand_over(self.attacker)
        self.forged = f"{self.attacker.path}/{VICTIM}"
        for directory in self.attacker.directories():
            self.addCleanup((directory / VICTIM).rmdir)
        as_attacker(self.MAKE, *(directory / VICTIM for directory in self.attacker.directories()))

    def check(self, service):
        status, _, body = service.request("GET", f"/api/v2.0/stats/{VICTIM}?type=docker&count=1")
        self.assertEqual(status, 200, body[:300])
        self.assertEqual(list(json.loads(body)), [f"/{VICTIM}"], "the victim is one, and it is the victim")
        status, _, body = service.request("GET", f"/api/v2.0/spec{self.forged}")
        self.assertEqual((status, json.loads(body)[self.forged].get("aliases")), (200, None), body[:300])

    def test_the_name_stays_with_the_container(self):
        service = self.serve()
        self.check(service)
        self.assertGreater(len(self.series(service, id=f"/{VICTIM}", name="victim")), 0)
        self.assertGreater(len(self.series(service, id=self.forged)), 0, "a plain cgroup")
        self.assertEqual(len(self.series(service, id=self.forged, name="victim")), 0)

    def test_the_same_while_the_runtime_is_away(self):
        self.check(self.enterContext(Service("--docker-host", "unix:///nonexistent")))

    def test_a_name_alone_is_no_container_that_runs_elsewhere(self):
        elsewhere = Cgroup(self)
        child = elsewhere.run("print(1, flush=True); sys.stdin.readline()")
        self.docker.inspections = {VICTIM: inspection(VICTIM_NUMBER, "victim", pid=child.pid)}
        self.victim.remove()
        service = self.serve()
        self.assertEqual(len(self.series(service, name="victim")), 0)


class AttackByReusedNumbers(DockerCase):
    """A container's process has ended and its runtime does not know yet; a user's process gets its number, in a cgroup named after it."""

    ENTER = """
import os, sys
for path in sys.argv[1:]:
    os.mkdir(path)
    with open(path + "/cgroup.procs", "w") as procs: procs.write(str(os.getpid()))
os.execvp("unshare", ["unshare", "--map-root-user", "--net", "sh", "-c", "ip address add 192.0.2.66/32 dev lo && echo ready && exec sleep 1000"])
"""

    def setUp(self):
        super().setUp()
        attacker = Cgroup(self)
        hand_over(attacker)
        self.forged = f"{attacker.path}/{VICTIM}"
        made = [directory / VICTIM for directory in attacker.directories()]
        for directory in made:
            self.addCleanup(directory.rmdir)
        self.process = subprocess.Popen(attackers_command(self.ENTER, *made), stdout=subprocess.PIPE, text=True, cwd="/")
        self.addCleanup(self.end)
        self.assertEqual(self.process.stdout.readline(), "ready\n")
        self.docker.inspections = {VICTIM: inspection(VICTIM_NUMBER, "victim", pid=self.process.pid)}

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def test_its_network_is_not_the_containers(self):
        status, _, body = self.serve().process_route("/processor/netInfoCollector", {"id": VICTIM})
        self.assertEqual(status, 500, body[:300])
        self.assertIn(b"container changed: victim", body)
        self.assertIn(b"has only the container's id in its name", body)

    def test_its_cgroup_is_not_the_container(self):
        service = self.serve()
        self.assertGreater(len(self.series(service, id=self.forged)), 0, "a plain cgroup")
        self.assertEqual(len(self.series(service, name="victim")), 0)

    def test_a_container_in_a_users_subtree_is_what_began_with_it(self):
        """As a rootless engine keeps them."""
        known = self.docker.inspections[VICTIM]
        known["State"]["StartedAt"] = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        service = self.serve()
        status, _, body = service.process_route("/processor/netInfoCollector", {"id": VICTIM})
        self.assertEqual(status, 200, body[:300])
        self.assertIn("192.0.2.66", json.loads(body)["collector.kubernetes.container.ipaddr"])
        self.assertGreater(len(self.series(service, id=self.forged, name="victim")), 0)


class AttackByTheKernelsLog(DockerCase):
    """A user calls a cgroup so that the kernel's line about a kill in it names somebody else's container: the names stand unquoted in
    it, and what does not fit on it comes as a line of its own."""

    EAT = """
import os, sys
top, path, limit = sys.argv[1:]
for part in path.split("/"):
    if os.path.exists(top + "/cgroup.subtree_control"): open(top + "/cgroup.subtree_control", "w").write("+memory")
    top += "/" + part
    os.makedirs(top, exist_ok=True)
with open(top + "/" + limit, "w") as file: file.write(str(32 << 20))
with open(top + "/cgroup.procs", "w") as procs: procs.write(str(os.getpid()))
mine = []
while True: mine.append(bytearray(1 << 20))
"""
    LINE = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg="

    def setUp(self):
        super().setUp()
        try:
            self.log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        except OSError as why:
            self.skipTest(f"the kernel's log cannot be read: {why}")
        self.addCleanup(os.close, self.log)
        os.lseek(self.log, 0, os.SEEK_END)
        self.victim = Cgroup(self, f"/{VICTIM}")
        child = self.victim.run("print(1, flush=True); sys.stdin.readline()")
        self.docker.inspections = {VICTIM: inspection(VICTIM_NUMBER, "victim", pid=child.pid)}
        self.attacker = Cgroup(self)
        hand_over(self.attacker)
        self.directory = self.attacker.file("memory", "cgroup.procs").parent
        self.addCleanup(AttackByManyCgroups.clear, self.directory)
        if self.attacker.v2:
            os.chown(self.directory / "cgroup.subtree_control", NOBODY, NOBODY)

    def be_killed(self, path):
        """A process of the attacker's, in a cgroup of its own with a limit that it set."""
        limit = "memory.max" if self.attacker.v2 else "memory.limit_in_bytes"
        killed = subprocess.run(attackers_command(self.EAT, self.directory, path, limit), cwd="/", timeout=20, check=False)
        self.assertEqual(killed.returncode, -9)

    def lines_for_the_victim(self):
        """How many lines there are that name nobody but the victim."""
        count = 0
        while True:
            try:
                line = os.read(self.log, 8192).decode(errors="replace").split("\n")[0]
            except BlockingIOError:
                return count
            count += ";oom-kill:" in line and line.endswith(f",task_memcg=/{VICTIM}") and line.count(",task_memcg=") == 1

    @staticmethod
    def kills(service, path):
        return [line.rsplit("} ", 1)[1].split()[0] for line in AttackByTheKernelsLog.series(service, id=path)
                if line.startswith("container_oom_events_total{")]

    @staticmethod
    def events(service, path):
        status, _, body = service.request("GET", f"/api/v2.0/events{path}?oom_events=true&oom_kill_events=true")
        assert status == 200, body
        return json.loads(body)

    def check(self, service):
        # The length at which the line is cut behind the victim's name is the kernel's, and it leaves out lines of many kills at once.
        name = f"x,task_memcg=/{VICTIM}"
        lengths = itertools.cycle(range(1030, 990, -10))

        def named_the_victim():
            self.be_killed(self.padded(next(lengths) - len(self.LINE) - len(self.attacker.path) - 1, name))
            return self.lines_for_the_victim()
        wait_until(named_the_victim, "a line of the log that names the victim")

        def named_itself():
            self.be_killed("plain")
            return [one for one in self.events(service, f"{self.attacker.path}/plain") if one["event_data"].get("oom", {}).get("pid")]
        # What the log adds to an event tells that it has been read so far.
        wait_until(named_itself, "the kill where it was, with a name")
        self.assertEqual(self.events(service, f"/{VICTIM}"), [])
        self.assertEqual(self.kills(service, f"/{VICTIM}"), ["0"])

    @staticmethod
    def padded(length, name):
        """A path of that many characters that ends with `name`."""
        parts = []
        left = length - len(name)
        while left > 0:
            part = min(left - 1, 200)
            part -= left - 1 - part == 1  # no empty component at the end
            parts.append("p" * part)
            left -= part + 1
        return "/".join([*parts, name])

    def test_the_victim_has_no_kill(self):
        service = self.serve()
        self.assertEqual(self.kills(service, f"/{VICTIM}"), ["0"], "measured, and none")
        self.check(service)

    def test_the_victim_has_none_while_nobody_asks(self):
        self.check(self.serve())


class AttackByManyCgroups(DockerCase):
    """A user makes more cgroups than are looked at, or some with paths that are as long as the kernel allows."""

    FLOOD = """
import os, sys
os.chdir(sys.argv[1])
for number in range(int(sys.argv[2])): os.mkdir(f"c{number}")
for part in range(5):
    os.mkdir("p" * 250)
    os.chdir("p" * 250)
"""

    def test_the_systems_are_seen(self):
        attacker = Cgroup(self)
        hand_over(attacker)
        # The hierarchy where a cgroup costs the kernel least.
        directory = attacker.file("pids", "cgroup.procs").parent
        self.addCleanup(self.clear, directory)
        as_attacker(self.FLOOD, directory, 8100)
        victim = Cgroup(self, f"/zz-{attacker.path[1:]}")
        below = victim.below(self, "below")
        service = self.serve()
        for path in (victim.path, below.path):
            status, _, body = service.request("GET", f"/api/v2.0/spec{path}")
            self.assertEqual(status, 200, body[:300])
        status, _, body = service.request("GET", "/metrics")
        values = [line.split()[1] for line in body.decode().splitlines() if line.startswith("nodescope_cgroups_left_out ")]
        self.assertEqual(len(values), 1)
        self.assertGreater(float(values[0]), 100)
        self.assertIn("more cgroups than are looked at", "".join(map(str, service.log)))
        self.assertNotIn("p" * 250 + "/" + "p" * 250 + "/" + "p" * 250 + "/" + "p" * 250, body.decode())

    @staticmethod
    def clear(directory):
        for folder, _, _ in os.walk(directory, topdown=False):
            if folder != str(directory):
                os.rmdir(folder)


if __name__ == "__main__":
    unittest.main()
