"""cAdvisor's version, attributes, machine and storage through the real binary, beside what this node's own tools say."""

import json
import os
import pathlib
import platform
import subprocess
import tempfile
import unittest

from tests.support.fake_docker import FakeDocker
from tests.support.node_tools import Asking, lines_of
from tests.support.service import Service


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
        def by_ip():
            return {link["ifname"]: (link["address"], link["mtu"]) for link in json.loads(lines_of(["ip", "-json", "link"])[0])
                    if not link["ifname"].startswith(("lo", "veth", "docker", "nerdctl"))}
        # Other tests make, change and remove interfaces meanwhile: what was the same before and after must be told so. By a service that has
        # not been asked before, as the answer is kept for minutes.
        before = by_ip()
        with Service() as fresh:
            told = self.answer("v2.0/machine", fresh)["network_devices"]
        after = by_ip()
        ours = {device["name"]: (device["mac_address"], device["mtu"]) for device in told}
        steady = {name for name in before if before[name] == after.get(name) and name in ours}
        for name in steady:
            self.assertEqual(ours[name], before[name])
        self.assertTrue(steady, before)
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
    # A root that is no node's has no processes to look for who connects for others.
    FLAGS = ("--local-peer-allow-forwarded",)

    def test_is_read_instead(self):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {"proc/meminfo": "MemTotal: 4 kB\n", "proc/stat": "btime 1000000000\n", "proc/uptime": "100.00 0.00\n",
                               "etc/machine-id": "abc\n", "usr/lib/os-release": 'PRETTY_NAME="Other"\n',
                               "sys/block/vdx/dev": "254:7\n"}.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            with Service("--root", root, *self.FLAGS) as service:
                machine = self.answer("v2.0/machine", service)
                self.assertEqual(machine["memory_capacity"], 4096)
                self.assertEqual(machine["machine_id"], "abc")
                self.assertEqual(list(machine["disk_map"]), ["254:7"])
                self.assertEqual((machine["network_devices"], machine["topology"]), ([], []))
                self.assertEqual(self.answer("v2.0/attributes", service)["container_os_version"], "Other")
                self.assertEqual(self.answer("v2.0/ps", service), [])

    def test_that_is_no_node_is_said_to_be_none(self):
        with tempfile.TemporaryDirectory() as root, Service("--root", root, *self.FLAGS) as service:
            self.assertEqual(self.refusal("v2.0/machine", service), f"machine: read {root}/proc/meminfo: No such file or directory\n")
            self.assertEqual(self.refusal("v2.0/attributes", service), f"machine: read {root}/proc/meminfo: No such file or directory\n")
            self.assertTrue(self.refusal("v2.0/ps", service).startswith(f"process listing failed: read {root}/proc/"))


if __name__ == "__main__":
    unittest.main()
