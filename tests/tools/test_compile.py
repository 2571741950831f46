"""tools/compile: ninja with a progress that means something."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support.scripts import load_script

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tools/compile"
COMPILE = load_script("tools/compile")

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


class JoinedSources(unittest.TestCase):
    def setUp(self):
        self.build = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.source = self.build / "room-unity0.cpp"

    def configure(self, name):
        """As Meson does it."""
        self.source.write_text(f"#include<{self.build}/../room/{name}.cpp>\n#include<{self.build}/generated.cpp>\n")

    def test_they_do_not_name_the_folder(self):
        self.configure("one")
        COMPILE.forget_the_folder(self.build)
        self.assertEqual(self.source.read_text(), "#include<../room/one.cpp>\n#include<generated.cpp>\n")

    def test_what_is_as_it_was_is_not_compiled_again(self):
        self.configure("one")
        COMPILE.forget_the_folder(self.build)
        os.utime(self.build / "room-unity0.before", (1000, 1000))
        self.configure("one")
        COMPILE.forget_the_folder(self.build)
        self.assertEqual(self.source.stat().st_mtime, 1000)
        self.assertNotIn(str(self.build), self.source.read_text())
        self.configure("two")
        COMPILE.forget_the_folder(self.build)
        self.assertGreater(self.source.stat().st_mtime, 1000)


if __name__ == "__main__":
    unittest.main()
