"""What a terminal sees: widths, colours, control characters, completion, and `top` under tmux."""

import os
import pathlib
import subprocess
import unittest

from tests.support import docker_engine, namespace_zoo, service
from tests.support.cli import run
from tests.support.cli.terminal import Tmux
from tests.support.waiting import wait_until

COMPLETION = service.ROOT / "server/cli/completions/nodescope.bash"


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.needed()

    def setUp(self):
        self.web = self.engine.create(self, ["busybox", "httpd", "-f", "-p", "80"]).start()
        self.environment = {"NODESCOPE_RUNTIME": "docker", "NODESCOPE_DOCKER_HOST": self.engine.host}

    def tmux(self, *command, width=100, height=30, **more):
        return Tmux(self, width, height, [service.BINARY, *command], {**self.environment, **more})

    def test_top_obeys_keys(self):
        busy = self.engine.create(self, ["sh", "-c", "while :; do :; done"]).start()
        top = self.tmux("top")
        wait_until(lambda: self.order(top, busy, self.web), top.screen)
        top.keys("r")
        wait_until(lambda: self.order(top, self.web, busy), top.screen)
        top.keys("/", self.web.name, "Enter")
        wait_until(lambda: busy.name not in top.screen() and self.web.name in top.screen(), top.screen)
        top.keys("Enter")
        top.shows("DEFAULT ROUTES")
        self.assertIn("LISTENERS", top.screen())
        top.keys("q")
        top.shows("sort by CPU")
        top.keys("Escape")
        top.shows(busy.name)
        top.keys("q")
        self.assertEqual(top.ends(), 0)

    @staticmethod
    def order(top, first, second):
        shown = top.screen()
        return first.name in shown and second.name in shown and shown.index(first.name) < shown.index(second.name)

    def test_narrow_screens(self):
        for width in (20, 40, 79):
            for command in (["ps"], ["net", self.web.name], ["doctor", "-A"], ["top", "--once"]):
                with self.subTest(width=width, command=command):
                    shown = run(*command, docker=self.engine.host, env={"COLUMNS": str(width)}).stdout
                    words = {word for line in shown.splitlines() for word in line.split()}
                    longest = max(len(word) for word in words)
                    for line in shown.splitlines():
                        # A word that is longer stands alone, behind its indent.
                        self.assertTrue(len(line) <= width or len(line.split()) == 1 or longest + 8 > width, line)

    def test_colours_on_a_terminal_alone(self):
        coloured = self.tmux("net", self.web.name)
        coloured.shows("LISTENERS")
        self.assertIn("\x1b[32m", coloured.screen(colours=True))
        plain = self.tmux("net", self.web.name, NO_COLOR="1")
        plain.shows("LISTENERS")
        self.assertNotIn("\x1b[32m", plain.screen(colours=True))
        self.assertNotIn("\x1b", run("net", self.web.name, docker=self.engine.host, check=0).stdout)

    def test_completion_in_bash(self):
        def complete(*words):
            script = f'PATH="{pathlib.Path(service.BINARY).parent}:$PATH"; source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nodescope; printf "%s\\n" "${{COMPREPLY[@]}}"'
            ended = subprocess.run(["bash", "-c", script, str(COMPLETION), "nodescope", *words], env={"PATH": os.environ["PATH"], **self.environment},
                                   capture_output=True, text=True, check=True)
            return ended.stdout.split()
        self.assertEqual(complete("doc"), ["doctor"])
        self.assertIn(self.web.name, complete("net", ""))
        self.assertEqual(complete("net", self.web.name[:9]), [self.web.name])
        self.assertEqual(complete("net", self.web.id[:5]), [self.web.id[:12]])
        self.assertIn("netInfoCollector", complete("collect", "net"))
        self.assertEqual(complete("ps", "--serv"), ["--server"])


class Words(unittest.TestCase):
    def test_a_typo_gets_the_nearest_command(self):
        self.assertIn("there is no command doctro, did you mean doctor?", run("doctro", check=1).stderr)
        self.assertIn("did you mean --json?", run("ps", "--jso", check=1).stderr)

    def test_every_command_has_help(self):
        for command in ("ps", "net", "path", "doctor", "top", "collect", "events", "bundle", "ask"):
            shown = run(command, "--help", check=0).stdout
            self.assertIn(f"nodescope {command} [OPTIONS]", shown)
            self.assertIn("--server", shown)

    def test_man_pages_are_sound(self):
        pages = sorted((service.ROOT / "docs/man").glob("*.1"))
        self.assertGreater(len(pages), 5)
        for page in pages:
            ended = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True, text=True, check=True)
            self.assertEqual(ended.stderr, "", page)


class ControlCharacters(namespace_zoo.ZooCase):
    def test_are_escaped(self):
        made = self.zoo.add("plain")
        made.run("ip", "link", "add", "a\x1b[31mb", "type", "bridge")
        shown = run("net", "--pid", str(made.pid), check=0).stdout
        self.assertNotIn("\x1b", shown)
        self.assertIn("a\\x1b[31mb", shown)


if __name__ == "__main__":
    unittest.main()
