"""The runner behind ./dev test: what it makes of programs that pass, fail, skip, crash and hang."""

import os
import pathlib
import stat
import tempfile
import unittest
import unittest.mock

from tests.support.scripts import load_script

ROOT = pathlib.Path(__file__).resolve().parents[2]
run_tests = load_script("tools/run-tests")

PASSED = "[ RUN      ] A.B\n[       OK ] A.B (12 ms)\n"
FAILED = "[ RUN      ] A.C\nx.cpp:1: Failure\n  Actual: 1\n[  FAILED  ] A.C, where GetParam() = 3 (0 ms)\n"
SKIPPED = "[ RUN      ] A.D\nno such kernel feature\n[  SKIPPED ] A.D (0 ms)\n"
SUMMARY = "[==========] 3 tests ran.\n[  PASSED  ] 1 test.\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.C\n"


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def gtest(self, script, limit_s=20):
        """What the runner makes of a gtest program, here played by a shell script."""
        program = self.folder / "program"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(stat.S_IRWXU)
        return run_tests.run_gtest(run_tests.Program("unit_x", None, [str(program)]), dict(os.environ), self.folder, limit_s)

    def python(self, text, *chosen, limit_s=20):
        file = self.folder / "test_x.py"
        file.write_text(text)
        return run_tests.run_python(run_tests.Program("x", None, [str(file), *chosen]), dict(os.environ), self.folder, limit_s)


class ReadGtest(unittest.TestCase):
    def test_counts_each_outcome_once(self):
        found, running, _ = run_tests.read_gtest(PASSED + FAILED + SKIPPED + SUMMARY)
        self.assertEqual([("A.B", "passed"), ("A.C", "failed"), ("A.D", "skipped")], [(one.test, one.event) for one in found])
        self.assertIsNone(running)

    def test_keeps_what_a_failure_and_a_skip_said(self):
        found, _, _ = run_tests.read_gtest(FAILED + SKIPPED)
        self.assertEqual("x.cpp:1: Failure\n  Actual: 1", found[0].detail)
        self.assertEqual("no such kernel feature", found[1].detail)

    def test_finds_an_outcome_behind_a_line_without_end(self):
        found, _, _ = run_tests.read_gtest("[ RUN      ] A.B\nprinted by the test[       OK ] A.B (3 ms)\n")
        self.assertEqual([run_tests.Outcome("A.B", "passed", 0.003, "")], found)


class Forwarding(Folder):
    def test_the_machine_has_it_while_there_are_daemons(self):
        for before in ("0\n", "1\n"):
            with self.subTest(before):
                file = self.folder / "ip_forward"
                file.write_text(before)
                with unittest.mock.patch.object(run_tests, "FORWARDING", file):
                    runner = run_tests.Runner(None, self.folder)
                    runner.forward()
                    self.assertEqual(file.read_text(), "1")
                    runner.stop_daemons()
                    self.assertEqual(file.read_text(), before)

    def test_without_daemons_nothing_is_written(self):
        file = self.folder / "ip_forward"
        with unittest.mock.patch.object(run_tests, "FORWARDING", file):
            run_tests.Runner(None, self.folder).stop_daemons()
        self.assertFalse(file.exists())


class RunGtest(Folder):
    def test_names_the_test_that_crashed(self):
        found = self.gtest(f"printf '{PASSED}[ RUN      ] A.X\\nlast words\\n'; kill -SEGV $$")
        self.assertEqual(["passed", "failed"], [one.event for one in found])
        self.assertEqual("A.X", found[1].test)
        self.assertIn("SIGSEGV", found[1].detail)
        self.assertIn("last words", found[1].detail)

    def test_names_the_test_that_hangs(self):
        found = self.gtest("printf '[ RUN      ] A.X\\n'; sleep 1000", limit_s=0.5)
        self.assertEqual([("A.X", "failed")], [(one.test, one.event) for one in found])
        self.assertIn("hangs", found[0].detail)

    def test_a_bad_exit_after_good_tests_is_a_failure(self):
        found = self.gtest(f"printf '{PASSED}'; echo leaked; exit 23")
        self.assertEqual(["passed", "failed"], [one.event for one in found])
        self.assertIn("exit code 23", found[1].detail)
        self.assertIn("leaked", found[1].detail)


class RunPython(Folder):
    def test_reports_every_outcome(self):
        found = self.python(
            "import unittest\n"
            "class T(unittest.TestCase):\n"
            "    def test_a(self): pass\n"
            "    def test_b(self): self.assertEqual(1, 2)\n"
            "    def test_c(self): self.skipTest('no such thing')\n"
            "    def test_d(self):\n"
            "        for n in range(3):\n"
            "            with self.subTest(n=n): self.assertNotEqual(n, 1)\n")
        self.assertEqual({"T.test_a": "passed", "T.test_b": "failed", "T.test_c": "skipped", "T.test_d": "failed"},
                         {one.test: one.event for one in found})
        self.assertIn("n=1", found[3].detail)

    def test_a_filter_takes_the_tests_that_have_it(self):
        found = self.python("import unittest\nclass T(unittest.TestCase):\n"
                            "    def test_a(self): pass\n    def test_b(self): pass\n", "test_b")
        self.assertEqual(["T.test_b"], [one.test for one in found])

    def test_a_file_that_cannot_be_imported_fails(self):
        found = self.python("import no_such_module\n")
        self.assertEqual(["failed"], [one.event for one in found])
        self.assertIn("no_such_module", found[0].detail)

    def test_names_the_test_that_ends_the_interpreter(self):
        found = self.python("import os, unittest\nclass T(unittest.TestCase):\n    def test_a(self): os._exit(3)\n")
        self.assertEqual([("T.test_a", "failed")], [(one.test, one.event) for one in found])

    def test_a_fixture_that_fails_is_a_failure(self):
        found = self.python("import unittest\nclass T(unittest.TestCase):\n"
                            "    @classmethod\n    def setUpClass(cls): raise OSError('no daemon')\n"
                            "    def test_a(self): pass\n")
        self.assertEqual(["failed"], [one.event for one in found])
        self.assertIn("no daemon", found[0].detail)

    def test_a_file_may_skip_itself(self):
        found = self.python("import unittest\nraise unittest.SkipTest('needs root')\n")
        self.assertEqual([("skipped", "needs root")], [(one.event, one.detail) for one in found])


class Skips(unittest.TestCase):
    def test_an_allowed_skip_says_why(self):
        for line in (ROOT / "tools/allowed-skips").read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                self.assertRegex(line, r"^\S.* # .{20,}")


if __name__ == "__main__":
    unittest.main()
