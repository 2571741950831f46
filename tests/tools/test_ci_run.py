"""What the pipeline's script adds up, and says once more at its end."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class CiRun(unittest.TestCase):
    def run_with(self, tests, lint="echo '13 passed, 0 failed, 0 skipped'"):
        """The exit code and the lines of .ci/run in a folder whose ./dev does as told."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / ".ci").mkdir()
            shutil.copy(ROOT / ".ci/run", folder / ".ci/run")
            (folder / "dev").write_text(f"#!/bin/bash\ncase $* in\ntest) {tests} ;;\nlint) {lint} ;;\n"
                                        "*) echo '6 passed, 0 failed, 0 skipped' ;;\nesac\n")
            (folder / "dev").chmod(0o755)
            ended = subprocess.run([folder / ".ci/run"], capture_output=True, text=True, timeout=60, check=False)
        return ended.returncode, ended.stdout.splitlines()

    def test_adds_up_and_repeats_nothing_when_all_is_well(self):
        code, lines = self.run_with("echo '3 passed, 0 failed, 1 skipped'")
        self.assertEqual((0, "22 passed, 0 failed, 1 skipped"), (code, lines[-1]))
        self.assertNotIn("what failed:", lines)

    def test_repeats_each_failure_before_the_last_line(self):
        code, lines = self.run_with("echo 'unit_core: 1 passed'; echo 'FAILED unit_x A.b'; echo '    expected 1'; echo '    actual 2';"
                                    "echo 'unit_host: 4 passed'; echo 'FAILED y.py test_c'; echo '    late'; echo 'slowest:'; echo '    1 s test_d';"
                                    "echo '5 passed, 2 failed, 0 skipped'; exit 1")
        self.assertEqual(1, code)
        self.assertEqual(["what failed:", "== ./dev test", "FAILED unit_x A.b", "    expected 1", "    actual 2", "FAILED y.py test_c", "    late",
                          "24 passed, 2 failed, 0 skipped"], lines[-8:])

    def test_repeats_the_first_lines_of_a_long_failure(self):
        _, lines = self.run_with("echo 'FAILED x'; printf '    line %s\\n' {1..100}; echo '0 passed, 1 failed, 0 skipped'; exit 1")
        repeated = lines[lines.index("what failed:") + 2:-1]
        self.assertEqual(["FAILED x", *(f"    line {number}" for number in range(1, 15))], repeated)

    def test_repeats_the_end_of_a_stage_that_could_not_count(self):
        code, lines = self.run_with("true", lint="printf 'compiling %s\\n' {1..100}; exit 1")
        self.assertEqual(1, code)
        self.assertEqual("6 passed, 2 failed, 0 skipped", lines[-1])
        self.assertEqual("compiling 100", lines[-2])
        self.assertEqual("compiling 86", lines[-16])

    def test_a_stage_that_fails_without_a_failed_test_fails_the_run(self):
        code, lines = self.run_with("echo 'a leak'; echo '3 passed, 0 failed, 0 skipped'; exit 1")
        self.assertEqual((1, "22 passed, 0 failed, 0 skipped"), (code, lines[-1]))
        self.assertEqual(["what failed:", "== ./dev test", "a leak", "3 passed, 0 failed, 0 skipped"], lines[-5:-1])


if __name__ == "__main__":
    unittest.main()
