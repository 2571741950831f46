"""Completion by Tab in the shells themselves, with containers of a real dockerd."""

import pathlib
import tempfile
import unittest

from tests.support import docker_engine, service
from tests.support.cli.terminal import Tmux

COMPLETIONS = service.ROOT / "server/cli/completions"
# How each starts without anybody's settings, with our completion and nothing else.
SHELLS = {
    "bash": ["bash", "--noprofile", "--rcfile", "{home}/rc", "-i"],
    "zsh": ["zsh", "-d", "-i"],
    "fish": ["fish", "--no-config", "-C", "source {home}/rc"],
}
SETTINGS = {
    "bash": ("rc", f"PS1='> '\nsource {COMPLETIONS}/nodescope.bash\n"),
    "zsh": (".zshrc", f"PROMPT='> '\nfpath=({COMPLETIONS} $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"),
    "fish": ("rc", f"function fish_prompt; echo '> '; end\nfunction fish_greeting; end\nsource {COMPLETIONS}/nodescope.fish\n"),
}


class Shells(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.needed()

    def setUp(self):
        self.web = self.engine.create(self, ["sleep", "1000"]).start()

    def shell(self, name):
        folder = tempfile.TemporaryDirectory(prefix="nsc-")
        self.addCleanup(folder.cleanup)
        file, text = SETTINGS[name]
        pathlib.Path(folder.name, file).write_text(text)
        command = [word.format(home=folder.name) for word in SHELLS[name]]
        path = f"{pathlib.Path(service.BINARY).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        terminal = Tmux(self, 100, 50, command, {"PATH": path, "HOME": folder.name, "ZDOTDIR": folder.name, "NODESCOPE_RUNTIME": "docker",
                                                "NODESCOPE_DOCKER_HOST": self.engine.host, "LC_ALL": "C.UTF-8"})
        terminal.shows(">")
        return terminal

    def completes(self, shell, typed, expected):
        terminal = self.shell(shell)
        terminal.keys("-l", typed)
        terminal.shows(typed)
        terminal.keys("Tab")
        terminal.shows(expected)

    def test_tab(self):
        half = len(self.web.name) - 3
        for shell in SHELLS:
            for typed, expected in (("nodescope doc", "nodescope doctor"),
                                    (f"nodescope net {self.web.name[:half]}", f"nodescope net {self.web.name}"),
                                    (f"nodescope path {self.web.id[:9]}", f"nodescope path {self.web.id[:12]}"),
                                    ("nodescope collect mountI", "nodescope collect mountInfoCollector"),
                                    ("nodescope ps --serv", "nodescope ps --server")):
                with self.subTest(shell=shell, typed=typed):
                    self.completes(shell, typed, expected)

    def test_choices_are_shown(self):
        for shell in SHELLS:
            with self.subTest(shell):
                terminal = self.shell(shell)
                terminal.keys("-l", "nodescope net ")
                terminal.shows("nodescope net")
                terminal.keys("Tab", "Tab")
                terminal.shows(self.web.id[:12])
                terminal.shows(self.web.name)

    def test_files_where_nothing_else_fits(self):
        for shell in SHELLS:
            with self.subTest(shell):
                self.completes(shell, "nodescope bundle /etc/hostn", "nodescope bundle /etc/hostname")


if __name__ == "__main__":
    unittest.main()
