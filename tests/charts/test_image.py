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

from tests.support import bill_of_materials, docker_engine, image_base, image_builder, service
from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "tests/charts/image-files.txt"
BASE, IMAGE = "nodescope-base:test", "nodescope:test"
SIZE_LIMIT = 60 * 1000 * 1000
# Docker starts a program in the container for each look: seconds on a busy machine.
CHECK_LIMIT_S = 120
CAPABILITIES = ["SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN"]


def context():
    return subprocess.run([ROOT / "tools/image-context", "--binary", service.BINARY], check=True, capture_output=True).stdout


def setUpModule():
    """One base and one image for all tests."""
    engine = docker_engine.from_environment()
    if engine is None:
        raise unittest.SkipTest("no dockerd: NODESCOPE_TEST_DOCKER_HOST is not set")

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
    """With the rights and the mounts of a container of the chart."""

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
            "HostConfig": {
                "PidMode": "host", "NetworkMode": "host", "ReadonlyRootfs": True,
                "CapDrop": ["ALL"], "CapAdd": CAPABILITIES, "SecurityOpt": ["no-new-privileges", "apparmor=unconfined"],
                "Binds": ["/:/host:ro", f"{socket_path.parent}:/mnt/docker:ro"],
            },
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


class Stopping(RunningImage):
    def test_it_ends_cleanly(self):
        self.engine.call("POST", f"/containers/{self.container}/stop?t=10")
        self.assertEqual(self.state()["ExitCode"], 0)


if __name__ == "__main__":
    unittest.main()
