"""cAdvisor's version, attributes, machine and ps through the real binary, beside what this node's own tools say."""

import json
import os
import pathlib
import platform
import pwd
import signal
import subprocess
import sys
import tempfile
import unittest

from tests.support import docker_engine
from tests.support.fake_docker import FakeDocker
from tests.support.service import Service
from tests.support.waiting import wait_until

COLUMNS = ("user", "pid", "ppid", "stime", "pcpu", "pmem", "rss", "vsz", "stat", "time", "comm")


def lines_of(command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout.splitlines()


def real_ps(pid):
    """The row of ps(1), by column; the name is the rest of the line."""
    line = lines_of(["ps", "-o", ",".join(f"{column}=" for column in COLUMNS), "-p", str(pid)])[0]
    return dict(zip(COLUMNS, line.split(None, len(COLUMNS) - 1)))


def stat(state, more="", niceness=None):
    """The column STAT of a process that runs as nice as this one, or so nice: the niceness stands behind the state."""
    nice = os.getpriority(os.PRIO_PROCESS, 0) if niceness is None else niceness
    return state + ("N" if nice > 0 else "<" if nice < 0 else "") + more


class Asking(unittest.TestCase):
    def answer(self, path, service=None):
        status, headers, body = (service or self.service).request("GET", "/api/" + path)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertFalse(body.endswith(b"\n"))
        return json.loads(body)

    def refusal(self, path, service=None):
        status, headers, body = (service or self.service).request("GET", "/api/" + path)
        self.assertEqual(status, 500, body)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        return body.decode()


class Node(Asking):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def test_the_version_is_the_binarys(self):
        said = subprocess.run([Service.binary, "version"], check=True, capture_output=True, text=True).stdout.split()
        for version in ("v2.0", "v2.1"):
            self.assertEqual(self.answer(version + "/version"), said[1])
            self.assertEqual(self.answer(version + "/version/ignored/path?count=3"), said[1])

    def test_processors_are_those_of_lscpu(self):
        machine = self.answer("v2.0/machine")
        cpus = [line.split(",") for line in lines_of(["lscpu", "-p=CPU,CORE,SOCKET,NODE"]) if not line.startswith("#")]
        self.assertEqual(machine["num_cores"], len(cpus))
        self.assertEqual(machine["num_physical_cores"], len({(core, socket) for _, core, socket, _ in cpus}))
        self.assertEqual(machine["num_sockets"], len({socket for _, _, socket, _ in cpus}))
        threads = {str(thread): str(node["node_id"]) for node in machine["topology"]
                   for core in node["cores"] or [] for thread in core["thread_ids"]}
        self.assertEqual(threads, {cpu: node or "0" for cpu, _, _, node in cpus})
        vendors = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                   if line.startswith("vendor_id")]
        self.assertEqual(machine["vendor_id"], vendors[0] if vendors else "")

    def test_caches_are_those_of_sysfs(self):
        def files(directory, *names):
            return tuple((directory / name).read_text().strip() for name in names)

        told = self.answer("v2.0/machine")["topology"]
        # On a machine whose caches are a core's or a node's, which is what most are, all of them must be found.
        for node in told:
            for core in node["cores"] or []:
                indices = pathlib.Path(f"/sys/devices/system/cpu/cpu{core['thread_ids'][0]}/cache").glob("index*")
                real = sorted(files(index, "level", "type", "size") for index in indices)
                ours = sorted((str(one["level"]), one["type"], f"{one['size'] // 1024}K") for one in
                              [*(core["caches"] or []), *(core["uncore_caches"] or []), *(node["caches"] or [])])
                self.assertEqual(ours, real)

    def test_memory_is_the_kernels(self):
        machine = self.answer("v2.0/machine")
        kilobytes = {key: int(value.split()[0]) for key, _, value in
                     (line.partition(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())}
        self.assertEqual(machine["memory_capacity"], kilobytes["MemTotal"] * 1024)
        self.assertEqual(machine["swap_capacity"], kilobytes["SwapTotal"] * 1024)
        pools = [{"page_size": int(pool.name.removeprefix("hugepages-").removesuffix("kB")),
                  "num_pages": int((pool / "nr_hugepages").read_text())}
                 for pool in sorted(pathlib.Path("/sys/kernel/mm/hugepages").glob("hugepages-*"), key=lambda pool: pool.name)]
        self.assertEqual(machine["hugepages"], pools or None)
        nodes = sorted(pathlib.Path("/sys/devices/system/node").glob("node[0-9]*"), key=lambda node: int(node.name[4:]))
        total = [int((node / "meminfo").read_text().splitlines()[0].split()[3]) * 1024 for node in nodes]
        self.assertEqual([node["memory"] for node in machine["topology"]], total)

    def test_disks_are_those_of_lsblk(self):
        rows = [line.split() for line in lines_of(["lsblk", "--bytes", "--nodeps", "--noheadings", "--all", "-o", "NAME,MAJ:MIN,SIZE"])]
        real = {row[1]: (row[0], int(row[2])) for row in rows if not row[0].startswith(("loop", "ram", "sr"))}
        told = self.answer("v2.0/machine")["disk_map"]
        self.assertEqual({number: (disk["name"], disk["size"]) for number, disk in told.items()}, real)
        for number, disk in told.items():
            self.assertEqual(number, f"{disk['major']}:{disk['minor']}")
            if disk["scheduler"] != "none":
                self.assertIn(f"[{disk['scheduler']}]", pathlib.Path("/sys/block", disk["name"], "queue/scheduler").read_text())

    def test_interfaces_are_those_of_ip(self):
        real = {link["ifname"]: (link["address"], link["mtu"]) for link in json.loads(lines_of(["ip", "-json", "link"])[0])
                if not link["ifname"].startswith(("lo", "veth", "docker", "nerdctl"))}
        told = self.answer("v2.0/machine")["network_devices"]
        # Other tests make and remove interfaces meanwhile: what was there before and after must be told alike.
        ours = {device["name"]: (device["mac_address"], device["mtu"]) for device in told}
        again = {link["ifname"] for link in json.loads(lines_of(["ip", "-json", "link"])[0])}
        for name in set(real) & set(ours) & again:
            self.assertEqual(ours[name], real[name])
        self.assertTrue(set(real) & set(ours), real)
        self.assertEqual([device["name"] for device in told], sorted(ours))

    def test_names_are_the_nodes(self):
        machine = self.answer("v2.0/machine")
        self.assertEqual(machine["boot_id"], pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        identity = pathlib.Path("/etc/machine-id")
        self.assertEqual(machine["machine_id"], identity.read_text().strip() if identity.exists() else "")
        self.assertEqual((machine["cloud_provider"], machine["instance_type"], machine["instance_id"]), ("Unknown", "Unknown", "None"))
        attributes = self.answer("v2.1/attributes")
        self.assertEqual(attributes["kernel_version"], platform.release())
        self.assertEqual(attributes["container_os_version"], platform.freedesktop_os_release()["PRETTY_NAME"])
        for key in set(machine) & set(attributes):
            self.assertEqual(attributes[key], machine[key], key)


class Storage(Asking):
    """Beside statfs and the kernel's own table of mounts."""

    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def test_figures_are_those_of_statfs(self):
        told = self.answer("v2.0/storage")
        self.assertEqual([one["device"] for one in told], sorted(one["device"] for one in told))
        for one in told:
            real = os.statvfs(one["mountpoint"])
            self.assertEqual(one["capacity"], real.f_blocks * real.f_frsize, one)
            self.assertEqual(one.get("inodes", 0), real.f_files, one)
            # What is free changes under our hands: it must be near.
            near = max(real.f_blocks * real.f_frsize // 10, 1)
            self.assertLess(abs(one["available"] - real.f_bavail * real.f_frsize), near, one)
            self.assertLess(abs(one["usage"] - (real.f_blocks - real.f_bfree) * real.f_frsize), near, one)
            self.assertIsInstance(one["labels"], list)

    def test_the_root_is_labelled(self):
        told = self.answer("v2.0/storage?label=root")
        self.assertEqual([one["mountpoint"] for one in told], ["/"])
        source = [line.split(" - ")[1].split()[1] for line in pathlib.Path("/proc/1/mountinfo").read_text().splitlines()
                  if line.split()[4] == "/"][-1]
        if source.startswith("/dev/"):
            self.assertEqual(told[0]["device"], source)

    def test_a_new_filesystem_appears_and_goes(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount")
        with tempfile.TemporaryDirectory() as place:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "nodescope-test", place], check=True)
            try:
                found = [one for one in self.answer("v2.0/storage") if one["mountpoint"] == place]
                self.assertEqual([(one["device"], one["capacity"]) for one in found], [(place, 65536)])
            finally:
                subprocess.run(["umount", place], check=True)
            self.assertNotIn(place, [one["mountpoint"] for one in self.answer("v2.0/storage")])

    def test_the_machine_has_the_same_filesystems(self):
        machine = self.answer("v2.0/machine")
        stored = {one["device"]: one["capacity"] for one in self.answer("v2.0/storage")}
        self.assertTrue(machine["filesystems"])
        for one in machine["filesystems"]:
            self.assertIn(one["type"], ("vfs", "zfs", "devicemapper"))
            if one["device"] in stored:
                self.assertEqual(one["capacity"], stored[one["device"]])
        self.assertLessEqual({one["device"] for one in self.answer("v2.0/storage?label=root")},
                             {one["device"] for one in machine["filesystems"]})

    def test_what_is_not_there_is_refused_in_cadvisors_words(self):
        self.assertEqual(self.refusal("v2.0/storage?label=nope"), 'non-existent label "nope"\n')
        self.assertEqual(self.refusal("v2.0/storage?uuid=nope"), "cadvisor: no such device\n")
        self.assertEqual(self.refusal("v2.0/storage?uuid=../by-uuid"), "cadvisor: no such device\n")


class Engine(Asking):
    """Docker is asked once, and one that hangs costs little."""

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.socket = os.path.join(folder, "docker.sock")

    def enterContext(self, manager):
        entered = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return entered

    def test_its_version_is_asked_once(self):
        docker = self.enterContext(FakeDocker(self.socket))
        with Service("--docker-host", "unix://" + self.socket) as service:
            for _ in range(3):
                attributes = self.answer("v2.0/attributes", service)
                self.assertEqual(attributes["docker_version"], docker.engine)
                self.assertEqual(attributes["docker_api_version"], docker.version)
            self.assertEqual(sum("/version" in request for request in docker.requests), 1)

    def test_one_that_hangs_is_unknown(self):
        docker = self.enterContext(FakeDocker(self.socket))
        docker.faults["/version"] = "silent"
        with Service("--docker-host", "unix://" + self.socket) as service:
            for _ in range(3):
                attributes = self.answer("v2.0/attributes", service)
                self.assertEqual((attributes["docker_version"], attributes["docker_api_version"]), ("Unknown", "Unknown"))
            self.assertEqual(sum("/version" in request for request in docker.requests), 1)

    def test_one_that_is_away_is_unknown(self):
        with Service("--docker-host", "unix://" + self.socket) as service:
            self.assertEqual(self.answer("v2.0/attributes", service)["docker_version"], "Unknown")
            self.assertGreater(self.answer("v2.0/machine", service)["num_cores"], 0)


class OtherRoot(Asking):
    def test_is_read_instead(self):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {"proc/meminfo": "MemTotal: 4 kB\n", "proc/stat": "btime 1000000000\n", "proc/uptime": "100.00 0.00\n",
                               "etc/machine-id": "abc\n", "usr/lib/os-release": 'PRETTY_NAME="Other"\n',
                               "sys/block/vdx/dev": "254:7\n"}.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            with Service("--root", root) as service:
                machine = self.answer("v2.0/machine", service)
                self.assertEqual(machine["memory_capacity"], 4096)
                self.assertEqual(machine["machine_id"], "abc")
                self.assertEqual(list(machine["disk_map"]), ["254:7"])
                self.assertEqual((machine["network_devices"], machine["topology"]), ([], []))
                self.assertEqual(self.answer("v2.0/attributes", service)["container_os_version"], "Other")
                self.assertEqual(self.answer("v2.0/ps", service), [])

    def test_that_is_no_node_is_said_to_be_none(self):
        with tempfile.TemporaryDirectory() as root, Service("--root", root) as service:
            self.assertEqual(self.refusal("v2.0/machine", service), f"machine: read {root}/proc/meminfo: No such file or directory\n")
            self.assertEqual(self.refusal("v2.0/attributes", service), f"machine: read {root}/proc/meminfo: No such file or directory\n")
            self.assertTrue(self.refusal("v2.0/ps", service).startswith(f"process listing failed: read {root}/proc/"))


class Processes(Asking):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)

    def child(self, *command, **more):
        process = subprocess.Popen(command, **more)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def settled(self, *command, **more):
        """A process that has begun and then sleeps: its shell stops itself, and is woken for the command."""
        process = self.child("/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh", *command, **more)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        return process

    def table(self):
        return {process["pid"]: process for process in self.answer("v2.0/ps")}

    def assert_as_ps(self, pid, message=None):
        """All that cannot change between two looks at a process that does nothing."""
        told = self.table()[pid]
        real = real_ps(pid)
        self.assertEqual(told["user"], real["user"], message)
        self.assertEqual((told["pid"], told["parent_pid"]), (int(real["pid"]), int(real["ppid"])), message)
        self.assertEqual(told["start_time"], real["stime"], message)
        self.assertEqual(told["status"], real["stat"], message)
        self.assertEqual(told["running_time"], real["time"], message)
        self.assertEqual((told["rss"], told["virtual_size"]), (int(real["rss"]) * 1024, int(real["vsz"]) * 1024), message)
        self.assertEqual(told["percent_mem"], float(real["pmem"]), message)
        self.assertEqual(told["cmd"], real["comm"], message)
        return told

    def test_sleeping_stopped_and_nice_ones_are_as_ps_tells(self):
        stopped = self.settled("true")
        self.assertEqual(self.assert_as_ps(stopped.pid)["status"], stat("T"))
        nice = self.settled("true", preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, 19))
        self.assertEqual(self.assert_as_ps(nice.pid)["status"], stat("T", niceness=19))
        leader = self.settled("true", start_new_session=True)
        self.assertEqual(self.assert_as_ps(leader.pid)["status"], stat("T", "s"))
        if os.geteuid() == 0:
            urgent = self.settled("true", preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
            self.assertEqual(self.assert_as_ps(urgent.pid)["status"], stat("T", niceness=-5))

    def test_threads_locked_pages_and_a_terminal_show(self):
        program = ("import ctypes, os, signal, threading, time\n"
                   "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
                   "ctypes.CDLL(None).mlockall(1)\n"
                   "os.kill(os.getpid(), signal.SIGSTOP)\n")
        busy = self.child(sys.executable, "-c", program)
        os.waitid(os.P_PID, busy.pid, os.WSTOPPED | os.WNOWAIT)
        self.assertIn(self.assert_as_ps(busy.pid)["status"], (stat("T", "Ll"), stat("T", "l")))  # pages cannot be locked everywhere

        # setsid makes the terminal ours, in whose foreground the shell then is.
        primary, secondary = os.openpty()
        self.addCleanup(os.close, primary)
        front = self.child("setsid", "--ctty", "/bin/sh", "-c", "kill -STOP $$", stdin=secondary, stdout=secondary, stderr=secondary)
        os.close(secondary)
        wait_until(lambda: real_ps(front.pid)["stat"] == stat("T", "s+"), lambda: real_ps(front.pid))
        self.assert_as_ps(front.pid)

    def test_users_are_the_nodes(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        long_name = next((user for user in pwd.getpwall() if len(user.pw_name) > 8), None)
        unnamed = 3_999_999_999
        for uid in [unnamed, pwd.getpwnam("nobody").pw_uid] + ([long_name.pw_uid] if long_name else []):
            other = self.settled("true", user=uid)
            told = self.assert_as_ps(other.pid)
            if long_name and uid == long_name.pw_uid:
                self.assertEqual(told["user"], long_name.pw_name[:7] + "+")

    def test_cpu_time_adds_up(self):
        program = ("import os, signal, time\n"
                   "while time.process_time() < 1.2: pass\n"
                   "os.kill(os.getpid(), signal.SIGSTOP)\n")
        busy = self.child(sys.executable, "-c", program)
        os.waitid(os.P_PID, busy.pid, os.WSTOPPED | os.WNOWAIT)
        told = self.assert_as_ps(busy.pid)
        self.assertEqual(told["running_time"], "00:00:01")
        self.assertGreater(told["percent_cpu"], 0)
        # It only gets less as the process grows older without working.
        self.assertGreaterEqual(told["percent_cpu"], float(real_ps(busy.pid)["pcpu"]))

    def test_a_name_with_blanks_shifts_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "a b) S 1")
            program.symlink_to("/bin/sh")
            odd = self.child(str(program), "-c", "kill -STOP $$; :")
            os.waitid(os.P_PID, odd.pid, os.WSTOPPED | os.WNOWAIT)
            told = self.table()[odd.pid]
            self.assertEqual((told["cmd"], told["status"], told["parent_pid"]), ("a b) S 1", stat("T"), os.getpid()))

    def test_descriptors_processors_and_cgroups_are_the_kernels(self):
        process = self.settled("true")
        told = self.table()[process.pid]
        self.assertEqual(told["fd_count"], len(os.listdir(f"/proc/{process.pid}/fd")))
        self.assertEqual(told["psr"], int(lines_of(["ps", "-o", "psr=", "-p", str(process.pid)])[0]))
        paths = dict(line.split(":", 2)[1:] for line in pathlib.Path(f"/proc/{process.pid}/cgroup").read_text().splitlines())
        v1 = [path for controllers, path in paths.items() if "memory" in controllers.split(",")]
        self.assertEqual(told["cgroup_path"], v1[0] if v1 else paths[""])

    def test_a_zombie_and_kernel_threads_are_there(self):
        zombie = subprocess.Popen(["true"])
        self.addCleanup(zombie.wait)
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        told = self.table()[zombie.pid]
        self.assertEqual((told["status"], told["cmd"], told["rss"], told["fd_count"]), (stat("Z"), "true", 0, 0))
        kthreadd = pathlib.Path("/proc/2/comm")
        if kthreadd.exists() and kthreadd.read_text() == "kthreadd\n" and os.geteuid() == 0:
            self.assert_as_ps(2)

    def test_all_come_by_number(self):
        pids = [process["pid"] for process in self.answer("v2.1/ps/?recursive=true&count=1")]
        self.assertEqual(pids, sorted(pids))
        self.assertIn(os.getpid(), pids)
        self.assertIn(self.service.pid, pids)

    def test_processes_that_come_and_go_do_no_harm(self):
        churn = self.child("sh", "-c", "while :; do true & /bin/true; done", stderr=subprocess.DEVNULL)
        for _ in range(10):
            self.assertIn(churn.pid, self.table())
        churn.send_signal(signal.SIGKILL)


class ContainerProcesses(Asking):
    """Those directly in a container's cgroup, by each of its names."""

    def setUp(self):
        engine = docker_engine.from_environment()
        if engine is None:
            self.skipTest("NODESCOPE_TEST_DOCKER_HOST names no dockerd")
        self.container = engine.create(self, ["sh", "-c", "sleep 1000 & wait"]).start()
        self.init = self.container.inspect()["State"]["Pid"]
        self.service = Service("--docker-host", engine.host)
        self.addCleanup(self.service.__exit__, None, None, None)

    def cgroup(self):
        paths = dict(line.split(":", 2)[1:] for line in pathlib.Path(f"/proc/{self.init}/cgroup").read_text().splitlines())
        v1 = [path for controllers, path in paths.items() if "memory" in controllers.split(",")]
        return v1[0] if v1 else paths[""]

    def test_are_found_by_path_name_and_id(self):
        wait_until(lambda: len(self.answer("v2.0/ps" + self.cgroup())) > 1, "the shell has started its child")
        found = self.answer("v2.0/ps" + self.cgroup())
        self.assertEqual([(one["cmd"], one["cgroup_path"]) for one in found], [("sh", ""), ("sleep", "")])
        self.assertEqual((found[0]["pid"], found[1]["parent_pid"]), (self.init, self.init))
        for name in (self.container.name, self.container.id, self.container.id[:12]):
            again = self.answer(f"v2.1/ps/{name}?type=docker")
            self.assertEqual([one["pid"] for one in again], [one["pid"] for one in found], name)

    def test_of_what_is_above_are_none(self):
        self.assertNotIn(self.init, [one["pid"] for one in self.answer("v2.0/ps" + os.path.dirname(self.cgroup()))])

    def test_of_what_is_not_there_are_refused(self):
        self.assertEqual(self.refusal("v2.0/ps/nope"), 'process listing failed: unknown container "/nope"\n')
        self.assertEqual(self.refusal("v2.0/ps/nope?type=docker"), 'process listing failed: unable to find Docker container "nope"\n')


if __name__ == "__main__":
    unittest.main()
