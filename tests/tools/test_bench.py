"""bench/run: however a measurement ends, what was started for it is ended, and nobody keeps the script's output open."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from tests.support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A test that reaches it has found a hang.
HANG_LIMIT_S = 30

# bench/run with measurements of our own: one waits for a signal, one fails; each has a dockerd and a peer that does not mind SIGTERM.
DRIVER = """
import pathlib, signal, sys, types
from bench import peers
from tests.support.scripts import load_script
from tests.support.waiting import wait_until

folder = pathlib.Path(sys.argv.pop(1))
peers.TEST_DOCKERD = folder / "test-dockerd"
peers.END_LIMIT_S = 0.2
peers.os.geteuid = lambda: 0  # The stand-in needs no root.

def measure(how):
    with peers.Docker(), peers.running("sh", "-c", "trap '' TERM; echo $$ >$0/new; mv $0/new $0/peer; exec sleep 1000", folder):
        wait_until((folder / "peer").exists, "the peer runs")
        how()

def wait():
    print("measuring", flush=True)
    while True:
        signal.pause()

def fail():
    raise RuntimeError("on purpose")

run = load_script("bench/run")
for number in peers.STOPS:
    signal.signal(number, signal.SIG_DFL)  # Whoever runs the tests may have switched them off.
run.ALL = ("waits", "fails", "works")
for name, how in zip(run.ALL, (wait, fail, lambda: print("worked"))):
    module = types.ModuleType(f"bench.{name}")
    module.run = lambda how=how: measure(how)
    sys.modules[module.__name__] = module
sys.exit(run.main())
"""
# Where there is a pipe named "told", stopping takes until somebody has read from it.
TEST_DOCKERD = """#!/bin/sh
folder=$(dirname "$0")
if [ "$1" = stop ] && [ -p "$folder/told" ]; then echo stopping >"$folder/told"; read -r _ <"$folder/go"; fi
echo "$1" >>"$folder/dockerd"
"""


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nst-")))
        (self.folder / "test-dockerd").write_text(TEST_DOCKERD)
        (self.folder / "test-dockerd").chmod(0o755)

    def start(self, *measurements):
        process = subprocess.Popen([sys.executable, "-c", DRIVER, str(self.folder), *measurements], cwd=ROOT, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def assert_all_ended(self):
        self.assertEqual((self.folder / "dockerd").read_text().split(), ["start", "stop"] * self.dockerds)
        peer = int((self.folder / "peer").read_text())
        self.assertFalse(pathlib.Path(f"/proc/{peer}").exists(), f"the peer {peer} runs on")

    def test_a_signal_ends_what_was_started(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name):
                (self.folder / "dockerd").unlink(missing_ok=True)
                process = self.start("waits", "works")
                self.assertEqual(process.stdout.readline(), "measuring\n")
                process.send_signal(number)
                output, _ = process.communicate(timeout=HANG_LIMIT_S)
                self.assertEqual(process.returncode, 128 + number, output)
                self.assertNotIn("worked", output)
                self.dockerds = 1
                self.assert_all_ended()

    def test_a_signal_while_the_dockerd_is_stopped_waits_until_it_has_stopped(self):
        os.mkfifo(self.folder / "told")
        os.mkfifo(self.folder / "go")
        process = self.start("works", "fails")
        self.assertEqual((self.folder / "told").read_text(), "stopping\n")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: process.poll() is not None or self.is_pending(process, signal.SIGTERM), "the signal is held back")
        # Open for both, because whoever reads may be gone.
        with os.fdopen(os.open(self.folder / "go", os.O_RDWR), "wb", buffering=0) as go:
            go.write(b"\n")
            output, _ = process.communicate(timeout=HANG_LIMIT_S)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, output)
        self.assertNotIn("on purpose", output)
        self.dockerds = 1
        self.assert_all_ended()

    @staticmethod
    def is_pending(process, number):
        """Whether a signal for the process waits: SIGHUP, which is 1, is the lowest bit (proc(5))."""
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        pending = int(re.search(r"^ShdPnd:\s*(\w+)$", status, re.M).group(1), 16)
        return bool(pending >> (number - 1) & 1)

    def test_a_failure_ends_what_was_started_and_the_next_one_runs(self):
        process = self.start("fails", "works")
        output, _ = process.communicate(timeout=HANG_LIMIT_S)
        self.assertEqual(process.returncode, 1, output)
        self.assertIn("on purpose", output)
        self.assertIn("worked", output)
        self.dockerds = 2
        self.assert_all_ended()


if __name__ == "__main__":
    unittest.main()
