"""`top` as a person sees it, under tmux."""

import re
import signal
import subprocess
import unittest

from tests.support import docker_engine, service
from tests.support.cli import run
from tests.support.cli.answerer import Answerer, silent
from tests.support.cli.terminal import Tmux
from tests.support.waiting import wait_until


REVERSED = r"\x1b\[(\d+;)*7m"


def container(name, working_set=10):
    return {"id": name * 64, "name": f"name-{name}", "cgroup": f"/{name}", "measured": "2026-01-01T00:00:00Z", "cpu": {"usage_ns": 1},
            "memory": {"working_set": working_set, "limit": 100}}


MANY = {"/v1/containers": {"node": {"memory": {"working_set": 80, "limit": 100}, "pressure": {"cpu": 95, "memory": 2, "io": 3}},
                           "containers": [container("a", 95), *(container(one) for one in "bcdef0123456789")]}}


class Top(unittest.TestCase):
    def top(self, *arguments, width=100, height=12, answers=None, **environment):
        server = Answerer(self, answers or MANY)
        return Tmux(self, width, height, [service.BINARY, "top", "--server", server.url, *arguments], environment)

    def test_colours(self):
        for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "vt100"}, False)):
            with self.subTest(environment):
                top = self.top(**environment)
                top.shows("name-a")
                shown = top.screen(colours=True)
                for code, what in ((31, r"95 B (95%)"), (33, "||||||||"), (31, "95%")):
                    self.assertEqual(f"\x1b[{code}m{what}" in shown, coloured, shown)
                self.assertEqual(bool(re.search(r"\x1b\[(\d+;)*3[0-7]m", shown)), coloured, shown)
                # Bold and reversed are no colours.
                self.assertRegex(shown, r"\x1b\[(\d+;)*1mNAME")
                self.assertRegex(shown, REVERSED)

    def test_the_column_that_is_sorted_by_is_marked(self):
        top = self.top()
        for key, marked in (("m", "\u2193MEMORY"), ("n", "\u2193NET IN"), ("i", "\u2193READ"), ("c", "\u2193CPU"), ("r", "\u2191CPU")):
            top.keys(key)
            top.shows(marked)
            self.assertEqual(sum(top.screen().count(arrow) for arrow in "\u2191\u2193"), 2 if key in "ni" else 1)

    def test_resizing(self):
        top = self.top(width=100, height=12)
        top.shows("q quit")
        self.assertNotIn("name-9", top.screen())
        top.resize(100, 30)
        top.shows("name-9")
        top.resize(40, 8)
        wait_until(lambda: len(top.screen().splitlines()) <= 8 and "\u2026" in top.screen(), top.screen)
        top.resize(100, 30)
        top.shows("WRITE")
        for width, height in ((20, 3), (2, 1), (100, 30)):
            top.resize(width, height)
        top.shows("name-9")
        top.shows("NAME")
        top.keys("q")
        self.assertEqual(top.ends(), 0)

    def test_what_others_write_does_not_stay(self):
        top = self.top()
        top.shows("name-b")
        with open(top.told("pane_tty"), "w", encoding="ascii") as terminal:
            terminal.write("\x1b[1;1HBroadcast message from root: it is late")
        top.shows("Broadcast")
        wait_until(lambda: "Broadcast" not in top.screen() and top.screen().startswith("node: CPU"), top.screen)

    def test_choosing_scrolls_and_stays_with_the_container(self):
        top = self.top(height=10)
        top.shows("name-a")
        top.keys("End")
        top.shows("name-9")
        self.assertNotIn("name-a", top.screen())
        top.keys("r")  # what was the last one
        top.shows("\u2191CPU")
        chosen = [line for line in top.screen(colours=True).splitlines() if re.search(REVERSED, line)]
        self.assertEqual([line.count("name-9") for line in chosen], [1])
        top.keys("Home")
        top.shows("name-a")

    def test_filter(self):
        top = self.top()
        top.shows("name-b")
        top.keys("/", "name-cx")
        top.shows("no container")
        top.keys("BSpace", "Enter")
        top.shows("filter: name-c   Esc: all")
        self.assertNotIn("name-b", top.screen())
        top.keys("Escape")
        top.shows("name-b")

    def test_a_service_that_goes_is_said(self):
        answers = dict(MANY)
        top = self.top(answers=answers)
        top.shows("name-a")
        answers.clear()
        top.shows("there is none")
        self.assertIn("name-a", top.screen())

    def test_plain_text_on_an_unknown_terminal(self):
        for term in ("no-such-terminal", ""):
            with self.subTest(term):
                top = self.top(height=30, TERM=term)
                self.assertEqual(top.ends(), 0)
                shown = top.screen()
                self.assertIn("name-a", shown)
                self.assertIn("this terminal is not known here (TERM): plain text", shown)

    def test_plain_text_without_a_terminal(self):
        server = Answerer(self, MANY)
        for arguments in ((), ("--once",)):
            shown = run("top", "--server", server.url, *arguments, check=0).stdout
            self.assertNotIn("\x1b", shown)
            self.assertEqual(shown.splitlines()[:2], ["node: CPU -  memory 80 B of 100 B", "pressure: cpu 95% memory 2% io 3%"])
            self.assertTrue(shown.splitlines()[3].startswith("NAME  "))


class Interrupted(unittest.TestCase):
    """The terminal is as it was, and nobody stays behind."""

    def shell(self, *command, **environment):
        terminal = Tmux(self, 100, 12, ["sh"], {"PS1": "> ", **environment})
        terminal.shows(">")
        terminal.keys("-l", " ".join(command))
        terminal.keys("Enter")
        return terminal

    def is_as_before(self, terminal):
        wait_until(lambda: terminal.told("alternate_on") == "0" and terminal.told("pane_current_command") == "sh", terminal.screen)
        self.assertEqual(terminal.told("cursor_flag"), "1")
        terminal.keys("-l", "echo so: $(stty -a | tr ' ' '\\n' | grep -x -e '-*echo' -e '-*icanon')")
        terminal.keys("Enter")
        terminal.shows("so: icanon echo")

    @staticmethod
    def children(terminal):
        """Of the shell in it."""
        def of(process):
            return subprocess.run(["pgrep", "-P", process], capture_output=True, text=True, check=False).stdout.split()
        [shell] = of(terminal.told("pane_pid"))
        return of(shell)

    def test_top(self):
        server = Answerer(self, MANY)
        for end in ("C-c", "q", signal.SIGTERM):
            with self.subTest(end):
                top = self.shell(service.BINARY, "top", "--server", server.url)
                top.shows("name-a")
                if isinstance(end, str):
                    top.keys(end)
                else:
                    subprocess.run(["kill", f"-{end.value}", *self.children(top)], check=True)
                self.is_as_before(top)
                self.assertEqual(self.children(top), [])

    def test_waiting(self):
        for command in (["doctor"], ["events"], ["net", "web"], ["top"]):
            with self.subTest(command):
                terminal = self.shell(service.BINARY, *command, "--server", silent(self))
                wait_until(lambda: terminal.told("pane_current_command") == "nodescope", terminal.screen)
                if command[0] in ("doctor", "net"):
                    terminal.shows("looking: 1 s, at most ")
                terminal.keys("C-c")
                self.is_as_before(terminal)
                self.assertEqual(self.children(terminal), [])

    def test_without_a_service(self):
        engine = docker_engine.needed()
        web = engine.create(self, ["sleep", "1000"]).start()
        terminal = self.shell(service.BINARY, "top", "--filter", web.name, NODESCOPE_RUNTIME="docker", NODESCOPE_DOCKER_HOST=engine.host)
        terminal.shows(web.name[:12])
        processes = [*self.children(terminal)]
        processes += subprocess.run(["pgrep", "-P", ",".join(processes)], capture_output=True, text=True, check=False).stdout.split()
        terminal.keys("C-c")
        self.is_as_before(terminal)
        wait_until(lambda: not [one for one in processes if subprocess.run(["kill", "-0", one], stderr=subprocess.DEVNULL, check=False).returncode == 0],
                   "nobody stays behind")


if __name__ == "__main__":
    unittest.main()
