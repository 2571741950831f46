"""The commands that a person gives on the node, with containers of a real dockerd and no service running."""

import datetime
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile
import unittest

from tests.support import docker_engine, service
from tests.support.callers import NOBODY
from tests.support.cli import run
from tests.support.waiting import wait_until


class Commands(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.needed()

    def setUp(self):
        self.web = self.engine.create(self, ["busybox", "httpd", "-f", "-p", "80"], labels={"secret": "hidden-label"}).start()

    def command(self, *arguments, check=0, **more):
        return run(*arguments, docker=self.engine.host, check=check, **more).stdout

    def test_ps_lists_what_runs_and_what_has_ended(self):
        ended = self.engine.create(self, ["sh", "-c", "exit 3"]).start()
        ended.wait()
        shown = self.command("ps", "--all")
        inspected = self.web.inspect()
        row = next(line for line in shown.splitlines() if self.web.name in line)
        self.assertEqual(row.split()[:5], [self.web.id[:12], self.web.name, "docker", "busybox:local", "running"])
        self.assertIn(str(inspected["State"]["Pid"]), row.split())
        self.assertIn(inspected["NetworkSettings"]["Networks"]["bridge"]["IPAddress"], row)
        self.assertRegex(next(line for line in shown.splitlines() if ended.name in line), r"Exited \(3\)")
        self.assertNotIn(ended.name, self.command("ps"))

    def test_json_is_the_answer_of_the_api(self):
        listed = json.loads(self.command("ps", "--json"))
        one = next(one for one in listed["containers"] if one["id"] == self.web.id)
        self.assertEqual((one["name"], one["pid"], one["runtime"]), (self.web.name, self.web.pid, "docker"))
        network = json.loads(self.command("net", self.web.name, "--json"))
        self.assertEqual(network["target"]["container"]["id"], self.web.id)
        self.assertIn("addr", network)

    def test_net_prints_the_texts_of_the_tools(self):
        expected = subprocess.run(["nsenter", "-t", str(self.web.pid), "-n", "ip", "addr"], capture_output=True, check=True).stdout
        self.assertEqual(run("net", self.web.name, "--ip", docker=self.engine.host, check=0, text=False).stdout, expected)
        answer = json.loads(self.command("collect", "netInfoCollector", f"id={self.web.name}", "--json"))
        for option, key in (("--route", "Route"), ("--nat", "Nat")):
            with self.subTest(option):
                self.assertEqual(self.command("net", self.web.name, option), answer[f"collector.kubernetes.container.{key}"])

    def test_net_shows_one_screen(self):
        shown = self.command("net", self.web.name)
        address = self.web.inspect()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        self.assertTrue(shown.startswith(f"{self.web.name} {self.web.id[:12]} docker pid {self.web.pid} "), shown)
        for part in ("LINKS", "DEFAULT ROUTES", "NAMES", "LISTENERS", "FINDINGS", f"{address}/", "on the node, port of ", "[::]:80", "busybox ("):
            self.assertIn(part, shown)

    def test_doctor_exits_by_what_it_has_found(self):
        self.assertIn("0 errors, 0 warnings", self.command("doctor", self.web.name))
        inside = ["nsenter", "-t", str(self.web.pid), "-n", "ip"]
        subprocess.run([*inside, "route", "del", "default"], check=True)
        self.assertRegex(self.command("doctor", self.web.id[:12], check=1), r"(?s)^warning  no-default-route  .*\n    add one")
        subprocess.run([*inside, "link", "set", "eth0", "down"], check=True)
        shown = self.command("doctor", self.web.name, check=2)
        self.assertIn("error  link-down", shown)
        self.assertLess(shown.index("link-down"), shown.index("1 error"))
        # Of all networks too, with counters that have been read twice.
        shown = self.command("doctor", "--all", check=2)
        self.assertIn(f"link-down  {self.web.name} eth0\n", shown)
        answer = json.loads(self.command("doctor", "--all", "--json", check=2))
        unchecked = [one["not_checked"] for one in answer["not_checked_in"] if one.get("container", {}).get("id") == self.web.id]
        self.assertNotIn("needs two readings", json.dumps(unchecked))
        for wrong in (["doctor", "no-such-container"], ["doctor", "--node", "--all"]):
            self.assertEqual(self.command(*wrong, check=3), "")

    def test_collect_unwraps(self):
        listed = json.loads(self.command("collect", "containerCollector"))
        self.assertIn(self.web.id, [one["Id"] for one in listed])
        wrapped = json.loads(self.command("collect", "containerCollector", "--json"))
        self.assertEqual([one["Id"] for one in json.loads(next(iter(wrapped.values())))], [one["Id"] for one in listed])
        self.assertIn(f"==> collector.kubernetes.container.Pid <==\n{self.web.pid}\n", self.command("collect", "netInfoCollector", f"id={self.web.name}"))
        self.assertEqual(self.command("collect", "netInfoCollector", "id", check=1), "")

    def test_top_once(self):
        shown = self.command("top", "--once", "--sort", "mem", "--filter", self.web.name)
        self.assertTrue(shown.startswith("node: CPU "), shown)
        head, row = shown.split("\n\n")[1].splitlines()
        self.assertTrue(head.startswith("NAME  "))
        self.assertTrue(row.startswith(self.web.name))
        self.assertEqual(self.command("top", "--sort", "disk", check=1), "")

    def test_bundle(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "b.tar.gz")
            self.command("bundle", str(path), "--redact")
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            with tarfile.open(path) as archive:
                texts = {one.name: archive.extractfile(one).read().decode() for one in archive}
            self.command("bundle", str(path), check=1)
            open_path = pathlib.Path(folder, "open.tar.gz")
            self.command("bundle", str(open_path))
            with tarfile.open(fileobj=io.BytesIO(open_path.read_bytes())) as archive:
                self.assertIn(b"hidden-label", archive.extractfile("nodescope/node/runtime-containers.json").read())
        readme = texts["nodescope/README.txt"]
        for name in texts:
            self.assertTrue(name == "nodescope/README.txt" or name.removeprefix("nodescope/") in readme, name)
        network = json.loads(texts[f"nodescope/containers/{self.web.id[:12]}/network.json"])
        self.assertEqual(network["target"]["container"]["id"], self.web.id)
        self.assertIn("pods.json: ", readme)
        for name, text in texts.items():
            self.assertNotIn("hidden-label", text, name)
            if name.endswith(".json"):
                json.loads(text)

    def follow_events(self, *arguments):
        """What `events` has printed so far, as a function."""
        environment = {"NODESCOPE_RUNTIME": "docker", "NODESCOPE_DOCKER_HOST": self.engine.host, "TZ": "XYZ-2"}
        output = tempfile.TemporaryFile()
        self.addCleanup(output.close)
        process = subprocess.Popen([service.BINARY, "events", *arguments], env=environment, stdout=output)
        self.addCleanup(process.wait)
        self.addCleanup(process.send_signal, signal.SIGTERM)

        def printed():
            output.seek(0)
            return output.read().decode()
        return printed

    def test_events_come_as_they_happen(self):
        printed = self.follow_events()

        def provoke():
            one = self.engine.create(self, ["sleep", "1000"]).start()
            one.remove()
            return f"  started            {one.name}\n" in printed()
        wait_until(provoke, printed)
        failing = self.engine.create(self, ["sh", "-c", "sleep 1; exit 3"]).start()
        eater, at_once = (self.engine.create(self, ["sh", "-c", f"sleep {lives_s}; tail /dev/zero"], Memory=8 << 20, MemorySwap=8 << 20).start()
                          for lives_s in (1, 0))
        # One that is killed at once may have come and gone between two looks: then the kill alone is told.
        for line in (f"  ended              {failing.name}  exit code 3\n", f"  ended              {eater.name}  exit code 137 (SIGKILL)\n",
                     f"  killed for memory  {eater.name}  tail (", f"  killed for memory  {at_once.name}  tail ("):
            wait_until(lambda line=line: line in printed(), printed)
        # Local time: two hours east.
        hour = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)).strftime("%b %d %H")
        before = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%b %d %H")
        self.assertRegex(printed().splitlines()[-1], rf"^({hour}|{before}):\d\d:\d\d  ")

    def test_events_as_the_api_has_them(self):
        printed = self.follow_events("--json")

        def provoke():
            one = self.engine.create(self, ["sleep", "1000"]).start()
            one.remove()
            return any(one.id in line for line in printed().splitlines())
        wait_until(provoke, printed)
        for line in printed().splitlines():
            self.assertLessEqual({"container_name", "timestamp", "event_type"}, json.loads(line).keys())

    def test_a_service_is_asked_where_one_is_named(self):
        with service.Service(env={"DOCKER_HOST": self.engine.host}) as running:
            address = f"http://127.0.0.1:{running.port}"
            self.assertIn(self.web.name, run("ps", "--server", address, check=0).stdout)
            self.assertIn(self.web.name, run("net", self.web.name, "--server", address, check=0).stdout)
            self.assertIn("0 errors", run("doctor", self.web.name, "--server", address, check=0).stdout)
            self.assertEqual(run("doctor", "none", "--server", address, check=3).stdout, "")
        self.assertIn("Connection refused", run("ps", "--server", address, check=1).stderr)

    def test_another_user_asks_the_service_that_has_a_socket(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="nst-"))
        os.chmod(folder, 0o755)
        program = shutil.copy(service.BINARY, folder)
        path = f"{folder}/socket"
        somebody = {"executable": program, "user": NOBODY, "group": NOBODY, "extra_groups": [], "env": {"NODESCOPE_LISTEN": f"unix:{path}"}}
        with service.Service("--local-peer-uid", "0", "--local-peer-uid", str(NOBODY), listen=("127.0.0.1:0", f"unix:{path}"),
                             env={"DOCKER_HOST": self.engine.host}):
            os.chmod(path, 0o666)
            self.assertIn(self.web.name, run("ps", check=0, **somebody).stdout)
        # Alone it knows no names.
        self.assertNotIn(self.web.name, run("ps", **somebody).stdout)


if __name__ == "__main__":
    unittest.main()
