"""tools/compile: ninja with a progress that means something."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tools/compile"
LOADER = importlib.machinery.SourceFileLoader("compile", str(PROGRAM))
COMPILE = importlib.util.module_from_spec(importlib.util.spec_from_loader(LOADER.name, LOADER))
LOADER.exec_module(COMPILE)

RULES = """
rule run
  command = $line
build good: run
  line = echo a warning && touch good
build bad: run
  line = echo what is wrong && false
"""


class Progress(unittest.TestCase):
    def test_there_is_no_estimate_before_there_is_something_to_conclude_from(self):
        self.assertEqual(COMPILE.progress(2, 30, 9), "compiling: 2 of 30 steps after 9 s")

    def test_the_rest_is_estimated_by_what_was_done(self):
        self.assertEqual(COMPILE.progress(10, 30, 25), "compiling: 10 of 30 steps after 25 s, about 50 s left")
        self.assertEqual(COMPILE.progress(10, 40, 60), "compiling: 10 of 40 steps after 60 s, about 3 min left")

    def test_at_the_end_nothing_is_left(self):
        self.assertEqual(COMPILE.progress(30, 30, 70), "compiling: 30 of 30 steps after 70 s")


class Ninja(unittest.TestCase):
    def compile(self, *targets):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "build.ninja").write_text(RULES)
            return subprocess.run([PROGRAM, folder, *targets], capture_output=True, text=True, check=False)

    def test_what_a_step_prints_is_passed_on(self):
        done = self.compile("good")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^a warning\ncompiling: 1 of 1 steps after \d+ s\n$")

    def test_a_failure_shows_its_output_and_fails(self):
        done = self.compile("bad")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("what is wrong\n", done.stdout)
        self.assertIn("FAILED: bad", done.stdout)


if __name__ == "__main__":
    unittest.main()
