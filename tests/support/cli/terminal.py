"""A terminal that a test can type into and read: tmux."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unicodedata

from tests.support.waiting import wait_until


class Tmux:
    """A terminal of its own, `width` by `height`. What has ended stays on it."""

    def __init__(self, case, width, height, command, environment):
        self.socket = tempfile.mkdtemp(prefix="nsc-")
        case.addCleanup(shutil.rmtree, self.socket)
        case.addCleanup(self.call, "kill-server", check=False)
        self.code = pathlib.Path(self.socket, "code")
        # tmux does not always learn how a command has ended.
        command = ["sh", "-c", '"$@"; echo $? > "$0"', str(self.code), *command]
        assignments = [f"{key}={value}" for key, value in environment.items()]
        self.call("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "env", *assignments, *command, ";", "set", "remain-on-exit", "on",
                  ";", "set", "remain-on-exit-format", "")

    def call(self, *arguments, check=True):
        return subprocess.run(["tmux", "-S", f"{self.socket}/s", *arguments], capture_output=True, text=True, check=check,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}).stdout

    def screen(self, colours=False, joined=False):
        """`joined`: what the terminal has broken because it was too wide is one line."""
        return self.call("capture-pane", "-p", *(["-e"] if colours else []), *(["-J"] if joined else []))

    def keys(self, *keys):
        self.call("send-keys", *keys)

    def resize(self, width, height):
        self.call("resize-window", "-x", str(width), "-y", str(height))

    def shows(self, text):
        wait_until(lambda: text in self.screen(), lambda: f"{text!r} in\n{self.screen()}")

    def told(self, what):
        return self.call("display-message", "-p", f"#{{{what}}}").strip()

    def ends(self):
        """The exit code, once the command has ended."""
        wait_until(lambda: self.code.exists() and self.code.read_text(), self.screen)
        wait_until(lambda: self.told("pane_dead") == "1", self.screen)  # all of it is drawn
        return int(self.code.read_text())


def columns(text):
    """How many of a terminal's columns the text takes."""
    return sum(0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
