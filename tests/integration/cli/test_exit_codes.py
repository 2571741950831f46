"""What the exit codes say, where somebody else does not answer: a script believes them."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from tests.support import service
from tests.support.cli import run
from tests.support.cli.answerer import Answerer, silent
from tests.support.cli.terminal import Tmux

ASKING = {"doctor": 3, "ps": 1, "net": 1, "path": 1, "top": 1, "collect": 1, "events": 1, "bundle": 1}
ARGUMENTS = {"net": ["web"], "path": ["web", "10.0.0.1"], "collect": ["mountInfoCollector"], "bundle": ["/tmp/nsc-never-written.tar.gz"]}
SOON = {"NODESCOPE_TIMEOUT_REQUEST": "500ms"}  # and five seconds to travel


class ExitCodes(unittest.TestCase):
    def tearDown(self):
        self.assertFalse(pathlib.Path(*ARGUMENTS["bundle"]).exists())

    def refused(self, command, *arguments, **more):
        ended = run(command, *ARGUMENTS.get(command, []), *arguments, check=ASKING[command], **more)
        self.assertEqual(ended.stdout, "")
        self.assertTrue(ended.stderr.startswith("nodescope: "), ended.stderr)
        return ended.stderr

    def test_nobody_is_there(self):
        for command in ASKING:
            for server in ("http://127.0.0.1:1", "unix:/nonexistent/socket"):
                with self.subTest(command=command, server=server):
                    self.assertIn("connect: ", self.refused(command, "--server", server))

    def test_nobody_answers(self):
        with tempfile.TemporaryDirectory(prefix="nsc-") as folder:
            for server in (silent(self), silent(self, f"{folder}/s")):
                with self.subTest(server):
                    self.assertEqual(self.refused("doctor", "--server", server, env=SOON), f"nodescope: {server}: connected, but not answered in time\n")
            self.assertIn("not answered in time", self.refused("ps", "--server", silent(self), env=SOON))

    def test_a_name_that_is_never_resolved(self):
        """Its thread cannot be joined."""
        with tempfile.TemporaryDirectory(prefix="nsc-") as folder:
            pathlib.Path(folder, "resolv.conf").write_text("nameserver 192.0.2.2\noptions timeout:30\n")
            pathlib.Path(folder, "nsswitch.conf").write_text("hosts: dns\n")
            script = f"""ip link add d0 type veth peer name d1 && ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up && ip link set d1 up &&
                ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev d0 &&
                mount --bind {folder}/resolv.conf /etc/resolv.conf && mount --bind {folder}/nsswitch.conf /etc/nsswitch.conf &&
                exec "$0" "$@" --server http://never.example:80"""
            for command in ("doctor", "ps"):
                with self.subTest(command):
                    ended = subprocess.run(["unshare", "-mn", "sh", "-c", script, service.BINARY, command], env={"PATH": os.environ["PATH"], **SOON},
                                           capture_output=True, text=True, timeout=service.HANG_LIMIT_S, check=False)
                    self.assertEqual((ended.returncode, ended.stderr), (ASKING[command], "nodescope: http://never.example:80: not connected in time\n"))

    def test_a_bundle_that_could_not_be_written_asks_nothing(self):
        server = Answerer(self, {"/v1/containers": {"containers": []}})
        for file, said in (("/nonexistent/x.tar.gz", "No such file or directory"), (__file__, "File exists")):
            self.assertEqual(run("bundle", file, "--server", server.url, check=1).stderr, f"nodescope: {file}: {said}\n")
        self.assertEqual(server.asked, [])

    def test_what_cannot_be_understood(self):
        for arguments in (["--no-such-option"], ["--config", "/nonexistent"], ["a", "b"], ["--timeout-request", "x"]):
            with self.subTest(arguments):
                self.assertEqual(run("doctor", *arguments, check=3).stdout, "")
                self.assertEqual(run("ps", *arguments, check=1).stdout, "")

    def test_nothing_could_be_asked(self):
        nothing = Answerer(self, {"/v1/findings": {"findings": [], "checked": [], "not_checked": {"link-down": "denied"}}})
        self.assertIn("link-down: denied", run("doctor", "--server", nothing.url, check=3).stdout)

    def test_an_output_that_is_full(self):
        server = Answerer(self, {"/v1/findings": {"findings": [], "checked": ["x"]}, "/v1/containers": {"containers": []}}).url
        for command in ("doctor", "ps"):
            with open("/dev/full", "w", encoding="ascii") as full:
                ended = subprocess.run([service.BINARY, command, "--server", server], env={}, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual((ended.returncode, ended.stderr), (ASKING[command], "nodescope: standard output: No space left on device\n"))

    def test_an_id_needs_no_runtime(self):
        advice = "nodescope: an id, as `nodescope ps` shows it, needs no runtime\n"
        for command in ("doctor", "net", "path"):
            rest = ["10.0.0.1"] if command == "path" else []
            ended = run(command, "web", *rest, check=ASKING[command])
            self.assertRegex(ended.stderr, rf"^nodescope: Cannot connect to the Docker daemon.*\n{advice}$")
            self.assertNotIn(advice, run(command, "0123456789ab", *rest, check=ASKING[command]).stderr)
            self.assertNotIn(advice, run(command, "web", *rest, "--server", "http://127.0.0.1:1", check=ASKING[command]).stderr)

    def test_a_part_that_is_missing(self):
        with tempfile.TemporaryDirectory(prefix="nsc-") as folder:
            server = Answerer(self, {"/v1/containers": {"containers": []}, "/v1/network": {"target": {"pid": 7}}}).url
            run("bundle", f"{folder}/b.tar.gz", "--server", server, check=0)
        self.assertIn("findings: ", run("net", "web", "--server", server, check=1).stderr)
        ended = run("ps", "--all", "--server", server, check=1)
        self.assertEqual(ended.stdout, "no container runs here\n")
        self.assertIn("what has ended is not known: ", ended.stderr)

    def test_they_are_documented(self):
        for command in (*ASKING, "ask", "routes"):
            page = (service.ROOT / f"docs/man/nodescope-{command}.1").read_text()
            self.assertRegex(page, r"(?s)\.SH EXIT STATUS\n0: .*1: ", command)
        installed = re.findall(r"docs/man/([a-z-]+\.1)", (service.ROOT / "server/cli/meson.build").read_text())
        self.assertEqual(sorted(installed), sorted(page.name for page in (service.ROOT / "docs/man").glob("*.1")))


class Progress(unittest.TestCase):
    def test_waiting_is_shown_on_a_terminal_alone(self):
        terminal = Tmux(self, 100, 10, [service.BINARY, "doctor", "--all", "--server", silent(self)],
                        {"NODESCOPE_TIMEOUT_REQUEST": "3s"})
        terminal.shows("looking at the node and every container: 1 s, at most 3s")
        terminal.shows("looking at the node and every container: 2 s, at most 3s")
        self.assertEqual(terminal.ends(), 3)
        shown = terminal.screen()
        self.assertIn("not answered in time", shown)
        self.assertNotIn("looking", shown)


if __name__ == "__main__":
    unittest.main()
