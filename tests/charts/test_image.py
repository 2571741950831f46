"""The container image: built by a real dockerd that reaches no registry, looked into, and run as the chart runs it.

The base is made of this machine's packages, and the binary is the one under test. NODESCOPE_WRITE_GOLDEN=1 writes the list of files.
"""

import contextlib
import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import unittest
import urllib.request

from tests.support import chart, docker_engine, same_view, service
from tests.support.chart_cases import Case
from tests.support.image import base as image_base
from tests.support.image import bill_of_materials
from tests.support.image import builder as image_builder
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "tests/charts/image-files.txt"
BASE, IMAGE = "nodescope-base:test", "nodescope:test"
SIZE_LIMIT = 60 * 1000 * 1000
# Docker starts a program in the container for each look: seconds on a busy machine.
CHECK_LIMIT_S = 120


def context():
    return subprocess.run([ROOT / "tools/image-context", "--binary", service.BINARY], check=True, capture_output=True).stdout


def setUpModule():
    """One base and one image for all tests."""
    engine = docker_engine.needed()

    builder = ImageTest.builder = image_builder.Builder(engine, BASE, IMAGE)
    ImageTest.engine = engine
    unittest.addModuleCleanup(builder.remove, IMAGE, BASE)
    builder.import_image(BASE, image_base.archive(service.BINARY))
    ImageTest.context = context()
    builder.build(ImageTest.context)


class ImageTest(unittest.TestCase):
    maxDiff = None
    engine = builder = context = None


class Contents(ImageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files, cls.archive = cls.builder.export()

    def test_the_files_are_these(self):
        listed = "".join(f"{name}{' -> ' + entry.linkname if entry.issym() else '/' if entry.isdir() else ''}\n"
                         for name, entry in sorted(self.files.items()) if not bill_of_materials.DOCKERS.match(name))
        if os.environ.get("NODESCOPE_WRITE_GOLDEN"):
            FILES.write_text(listed, encoding="utf-8")
        self.assertEqual(listed, FILES.read_text(encoding="utf-8"))

    def test_it_is_small(self):
        self.assertLess(self.builder.inspect()["Size"], SIZE_LIMIT)

    def test_nothing_runs_with_more_rights_than_its_caller(self):
        for name, entry in self.files.items():
            self.assertFalse(entry.mode & (stat.S_ISUID | stat.S_ISGID), name)
            self.assertEqual((entry.uid, entry.gid), (0, 0), name)
            if not entry.issym() and not bill_of_materials.DOCKERS.match(name) and name != "tmp":
                self.assertFalse(entry.mode & 0o022, name)

    def test_the_programs_are_these_and_no_shell_or_package_manager(self):
        programs = {name for name, entry in self.files.items() if re.match(r"(usr/)?s?bin/", name)}
        self.assertEqual(programs, {"usr/bin/nodescope", "usr/sbin/xtables-nft-multi", "usr/sbin/xtables-legacy-multi",
                                    *(f"usr/sbin/{family}-{backend}-save" for family in ("iptables", "ip6tables") for backend in ("nft", "legacy"))})

    def test_every_package_is_named_with_its_version_and_licence(self):
        packages = [name for name in self.files if name.startswith("var/lib/dpkg/status.d/")]
        self.assertGreater(len(packages), 15)
        for name in packages:
            with self.subTest(name):
                text = self.archive.extractfile(name).read().decode()
                self.assertRegex(text, r"(?m)^Version: \S+$")
                licence = f"usr/share/doc/{pathlib.Path(name).name}/copyright"
                self.assertTrue(licence in self.files, licence)

    def test_the_bill_of_materials_is_of_these_files(self):
        bill_of_materials.check(self, self.files, self.archive, "amd64")

    def test_labels_user_and_health_check(self):
        config = self.builder.inspect()["Config"]
        labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
        self.assertEqual((labels["title"], labels["version"], labels["revision"], labels["licenses"]), ("nodescope", "0.1.0", "abc", "Apache-2.0"))
        self.assertEqual((config["User"], config["Entrypoint"], config["Cmd"]), ("0", ["/usr/bin/nodescope"], ["serve"]))
        self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "/usr/bin/nodescope", "--healthcheck"])
        self.assertIn("nodescope:x:8095:8095:", self.archive.extractfile("etc/passwd").read().decode())

    def test_the_same_source_makes_the_same_files(self):
        first = self.builder.inspect()["RootFS"]["Layers"]
        self.assertEqual(context(), self.context)
        self.builder.build(self.context, cached=False)
        self.assertEqual(self.builder.inspect()["RootFS"]["Layers"], first)


class RunningImage(ImageTest):
    """With the rights and the mounts of a container of the chart, as the chart's own templates say."""

    values = {}

    @classmethod
    def host_config(cls, socket_path):
        tools = chart.best_tools()
        cls.addClassCleanup(tools.close)
        values = {"docker": {"socket": str(socket_path)}, **cls.values}
        pod = chart.only(Case(values).documents(tools), "DaemonSet")["spec"]["template"]["spec"]
        container, = pod["containers"]
        rights = container["securityContext"]
        volumes = {one["name"]: one["hostPath"]["path"] for one in pod["volumes"] if "hostPath" in one}
        security = ["no-new-privileges", "apparmor=unconfined"]
        profile = rights["seccompProfile"].get("localhostProfile")
        if profile:  # otherwise the daemon's own applies, as with RuntimeDefault
            security.append("seccomp=" + (chart.CHART / "files" / profile).read_text(encoding="utf-8"))
        return {
            "PidMode": "host", "NetworkMode": "host", "ReadonlyRootfs": rights["readOnlyRootFilesystem"],
            "CapDrop": rights["capabilities"]["drop"], "CapAdd": rights["capabilities"]["add"], "SecurityOpt": security,
            "Binds": [f"{volumes[one['name']]}:{one['mountPath']}:ro" for one in container["volumeMounts"] if one["name"] in volumes],
        }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with socket.create_server(("127.0.0.1", 0)) as free:
            cls.port = free.getsockname()[1]
        socket_path = pathlib.Path(cls.engine.path)
        config = {
            "Image": IMAGE,
            "Cmd": ["serve", "--root=/host", f"--docker-host=unix:///mnt/docker/{socket_path.name}", "--node-name=a-node"],
            "Env": [f"NODESCOPE_LISTEN=127.0.0.1:{cls.port}"],
            "Healthcheck": {"Interval": 1_000_000_000, "Timeout": CHECK_LIMIT_S * 1_000_000_000, "StartPeriod": 0},
            "HostConfig": cls.host_config(socket_path),
        }
        cls.container = cls.engine.call("POST", "/containers/create", config)["Id"]
        cls.addClassCleanup(cls.engine.call, "DELETE", f"/containers/{cls.container}?force=1", accept=(204, 404))
        cls.engine.call("POST", f"/containers/{cls.container}/start")
        wait_until(cls.answers, cls.how_it_is, CHECK_LIMIT_S)

    @classmethod
    def answers(cls):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/healthz", timeout=service.HANG_LIMIT_S) as answer:
            return answer.status == 200
        if not cls.state()["Running"]:
            raise AssertionError(cls.how_it_is())
        return False

    @classmethod
    def state(cls):
        return cls.engine.call("GET", f"/containers/{cls.container}/json")["State"]

    @classmethod
    def how_it_is(cls):
        return f"{cls.state()}\n{cls.log()}"

    @classmethod
    def log(cls):
        connection = docker_engine._UnixConnection(cls.engine.path)
        connection.request("GET", f"/containers/{cls.container}/logs?stdout=1&stderr=1")
        return connection.getresponse().read().decode(errors="backslashreplace")

    def exec(self, *command):
        """(exit code, output) of a program in the container."""
        wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
        made = self.engine.call("POST", f"/containers/{self.container}/exec", wanted)["Id"]
        connection = docker_engine._UnixConnection(self.engine.path)
        try:
            connection.request("POST", f"/exec/{made}/start", body='{"Detach": false}', headers={"Content-Type": "application/json"})
            output = connection.getresponse().read()
        finally:
            connection.close()
        return self.engine.call("GET", f"/exec/{made}/json")["ExitCode"], output

    def ask(self, route, parameters=None):
        run = subprocess.run([service.BINARY, "ask", f"--server=http://127.0.0.1:{self.port}", f"/processor/{route}", json.dumps(parameters or {})],
                             capture_output=True, text=True, timeout=service.HANG_LIMIT_S, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return json.loads(run.stdout)

    def get(self, path):
        run = subprocess.run([service.BINARY, "ask", f"--server=http://127.0.0.1:{self.port}", path], capture_output=True, text=True,
                             timeout=service.HANG_LIMIT_S, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return json.loads(run.stdout)

    def lacking(self):
        """What root sees on this node and the chart's container does not."""
        other = self.engine.create(self, ["sleep", "1000"]).start()
        with service.Service("--docker-host", f"unix://{self.engine.path}", "--node-name=a-node") as root:
            return same_view.lacking(same_view.view_of(self.port), same_view.view_of(root.port), other.name)


class Running(RunningImage):
    def test_docker_finds_it_healthy(self):
        wait_until(lambda: self.state()["Health"]["Status"] == "healthy", self.how_it_is, CHECK_LIMIT_S)

    def test_containers(self):
        listed = json.loads(self.ask("containerCollector")["collector.kubernetes.container.list"])
        self.assertIn(self.container, [one["Id"] for one in listed])

    def test_the_network_of_another_container(self):
        other = self.engine.create(self, ["sleep", "1000"]).start()
        answer = self.ask("netInfoCollector", {"id": other.name})
        prefix = "collector.kubernetes.container."
        self.assertEqual(answer[f"{prefix}Pid"], str(other.pid))
        self.assertNotIn(f"{prefix}Errors", answer)
        address = other.inspect()["NetworkSettings"]["IPAddress"]
        self.assertIn(f"inet {address}/", answer[f"{prefix}ipaddr"])
        self.assertIn("Kernel IP routing table", answer[f"{prefix}Route"])

    def test_a_nat_table_is_read_by_the_images_own_programs(self):
        other = self.engine.create(self, ["sleep", "1000"]).start()
        subprocess.run(["nsenter", f"--net=/proc/{other.pid}/ns/net", "iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-p", "tcp", "-m", "comment",
                        "--comment", "mark", "-j", "MASQUERADE"], check=True)
        nat = self.ask("netInfoCollector", {"id": other.name})["collector.kubernetes.container.Nat"]
        self.assertIn('-A POSTROUTING -p tcp -m comment --comment mark -j MASQUERADE', nat)

    def test_processes_and_mounts_of_the_node(self):
        processes = json.loads(self.ask("processCollector")["collector.system.process.list"])
        self.assertIn(os.getpid(), [one["pid"] for one in processes])
        mounts = pathlib.Path("/proc/1/mountinfo").read_text(encoding="utf-8")
        self.assertEqual(self.ask("mountInfoCollector")["collector.system.mountinfo"].split("\n")[0], mounts.split("\n")[0])

    def test_asked_from_inside(self):
        code, output = self.exec("nodescope", "ask", "/healthz")
        self.assertEqual((code, output[8:]), (0, b"ok"))  # 8 bytes of Docker's own framing

    def test_no_shell_to_get_into(self):
        code, output = self.exec("/bin/sh", "-c", "true")
        self.assertNotEqual(code, 0)
        self.assertIn(b"no such file", output)

    def test_containers_samples_and_the_machine(self):
        """What is read of /proc, /sys and the few files of /etc."""
        other = self.engine.create(self, ["sleep", "1000"]).start()
        stats = self.get("/api/v2.1/stats/" + other.id + "?type=docker&count=1")
        self.assertIn(other.id, json.dumps(stats))
        attributes = self.get("/api/v2.1/attributes")
        self.assertEqual(attributes["num_cores"], len(os.sched_getaffinity(0)))
        self.assertIn("Debian", attributes["container_os_version"])
        owners = {one["user"] for one in self.get("/api/v2.1/ps/")}
        self.assertIn("root", owners)

    def test_the_nodes_own_files_are_out_of_reach(self):
        """And with them the figures of its filesystems, and nothing else."""
        self.assertNotIn("/", [one["mountpoint"] for one in self.get("/api/v2.1/storage")])
        found = self.lacking()
        self.assertLessEqual(set(found), {"storage", "machine", "series"}, found)
        self.assertEqual(set(found["machine"]), {"filesystems"})
        of_node = {family for family, labels in found["series"] if 'id="/"' in labels}
        self.assertEqual({family for family in of_node if not family.startswith("container_fs_")}, set())
        self.assertLessEqual({family for family, _ in found["series"]} - of_node, {f"container_fs_{what}" for what in ("limit_bytes", "usage_bytes", "inodes_total")})


class RunningUnderTheChartsProfile(Running):
    """All of it again, with the seccomp profile that the chart ships."""

    values = {"seccompProfile": "localhost/seccomp.json"}

    def ends_with(self, **changed):
        """The exit code of what makes a namespace and mounts, with the rights of the chart's container."""
        rights = {**self.host_config(pathlib.Path(self.engine.path)), "Binds": [], **changed}
        tried = self.engine.create(self, ["sh", "-c", "unshare -n true && exit 1; mount -t tmpfs none /proc && exit 2; exit 0"], **rights)
        tried.start()
        return self.engine.call("POST", f"/containers/{tried.id}/wait")["StatusCode"]

    def test_it_allows_less_than_the_daemons_own(self):
        self.assertEqual(self.ends_with(SecurityOpt=["no-new-privileges", "apparmor=unconfined"]), 1)
        self.assertEqual(self.ends_with(), 0)


class RunningWithTheNodesRoot(RunningImage):
    values = {"hostRoot": {"enabled": True}}

    def test_the_filesystem_below_it_has_figures(self):
        sizes = {one["mountpoint"]: one["capacity"] for one in self.get("/api/v2.1/storage")}
        self.assertGreater(sizes["/"], 0)

    def test_all_that_root_sees(self):
        self.assertEqual(self.lacking(), {})


class RunningWithDockersFolder(RunningImage):
    """And with the chart's profile, which lets the walk over files step back behind everything else."""

    @classmethod
    def setUpClass(cls):
        cls.values = {"hostRoot": {"folders": [cls.engine.call("GET", "/info")["DockerRootDir"]]}, "seccompProfile": "localhost/seccomp.json"}
        super().setUpClass()

    def test_the_disk_usage_of_a_container(self):
        other = self.engine.create(self, ["sleep", "1000"]).start()

        def walked():
            (answer,) = self.get(f"/api/v2.1/stats/{other.id}?type=docker&count=1&max_age=0").values()
            return answer["stats"][-1].get("filesystem")

        wait_until(walked, "the container's files are walked")


class Stopping(RunningImage):
    def test_it_ends_cleanly(self):
        self.engine.call("POST", f"/containers/{self.container}/stop?t=10")
        self.assertEqual(self.state()["ExitCode"], 0)


if __name__ == "__main__":
    unittest.main()
