"""Composed netlink messages, written as JSON by us (print_network) and by the real `ip -j -d -s addr`, to which a library plays them."""

import json
import os
import pathlib
import subprocess
import tempfile

from tests.support import namespace_zoo, openapi
from tests.support.network.oracle import COMMANDS, difference, parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("NODESCOPE_BINARY", ROOT / "build" / "nodescope")).parent / "tests" / "unit"


class ReplayCase(namespace_zoo.ZooCase):
    maxDiff = None

    @staticmethod
    def _files(directory, **lists):
        for name, messages in lists.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(b"".join(messages))
        return [os.path.join(directory, name) for name in lists]

    def _real(self, part, **files):
        # An empty namespace, so that the kernel's own links cannot stand in for missing ones.
        shown = subprocess.run(["unshare", "-n", *COMMANDS[part]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, env={
            **os.environ, **files, "LD_PRELOAD": str(BUILD / "libreplayed_kernel.so")}).stdout
        try:
            return parse(shown)
        except ValueError as failure:
            raise AssertionError(f"iproute2 wrote no JSON: {failure}: {shown}") from None

    @staticmethod
    def _ours(form, *files):
        return subprocess.run([str(BUILD / "print_network"), form, *files], stdout=subprocess.PIPE, check=True).stdout

    def ours(self, links, addresses=()):
        """Our JSON, as text."""
        with tempfile.TemporaryDirectory() as directory:
            return self._ours("--json-messages", *self._files(directory, links=links, addresses=addresses)).decode()

    def both(self, links, addresses=()):
        """Our JSON as text, and what iproute2 wrote, read."""
        with tempfile.TemporaryDirectory() as directory:
            files = self._files(directory, links=links, addresses=addresses)
            ours = self._ours("--json-messages", *files).decode()
            # Empty objects stand for links with names that no kernel gives.
            openapi.check_part("addr", [one for one in json.loads(ours, strict=False) if one])
            return ours, self._real("addr", REPLAY_LINKS=files[0], REPLAY_ADDRESSES=files[1])

    def both_of_queues(self, links, queues):
        with tempfile.TemporaryDirectory() as directory:
            files = self._files(directory, links=links, queues=queues)
            ours = self._ours("--json-queues", *files).decode()
            openapi.check_part("qdisc", json.loads(ours))
            return ours, self._real("qdisc", REPLAY_LINKS=files[0], REPLAY_QUEUES=files[1])

    def compare(self, both, wanted=()):
        """`wanted` are pieces of our text, so that messages which have lost their point are noticed."""
        ours, theirs = both
        self.assertEqual(difference(parse(ours), theirs), "")
        for piece in wanted:
            self.assertIn(piece, ours)

    def check(self, links, *wanted, addresses=()):
        self.compare(self.both(links, addresses), wanted)
