"""The tests themselves: those in Python share one package and import it one way, and all of them wait in one way."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = {file.stem for file in (ROOT / "tests/support").glob("*.py")} - {"__init__"}
NOT_LIKE_THIS = {
    "a path of its own to import from": re.compile(r"sys\.path\."),
    "the shared package by another name": re.compile(rf"^\s*(?:from|import) (?:support\b|(?:{'|'.join(SUPPORT)})\b)", re.M),
    "a way of its own to wait": re.compile(r"^\s*def (?:wait_until|wait_for)\(|^def until\(", re.M),
    "a sleep": re.compile(r"\btime\.sleep\b|\bsigtimedwait\(\[\]"),
}
NOT_LIKE_THIS_IN_CPP = {
    "a sleep": re.compile(r"\b(?:sleep_for|sleep_until|nanosleep|clock_nanosleep|usleep)\b|(?<![\w./-])::sleep\("),
    "a way of its own to wait": re.compile(r"while \([^;{]*\bnow\(\) *[<>]"),
}
# The one way, for each language.
WAITING = (ROOT / "tests/support/waiting.py", ROOT / "tests/support/run_until.hpp")
# The one that loads the scripts, which import what stands beside them.
LOADING = ROOT / "tests/support/scripts.py"


class Tests(unittest.TestCase):
    def assert_none_has(self, patterns, files):
        for file in files:
            for what, pattern in patterns.items():
                with self.subTest(what, file=str(file.relative_to(ROOT))):
                    self.assertIsNone(pattern.search(file.read_text()))

    def test_those_in_python_use_the_shared_package_and_wait_in_one_way(self):
        files = [file for file in ROOT.glob("tests/**/*.py") if file not in (pathlib.Path(__file__), LOADING, *WAITING)]
        self.assertGreater(len(files), 50)
        self.assert_none_has(NOT_LIKE_THIS, files)

    def test_those_in_cpp_wait_in_one_way(self):
        files = [file for file in ROOT.glob("tests/**/*.?pp") if file not in WAITING]
        self.assertGreater(len(files), 100)
        self.assert_none_has(NOT_LIKE_THIS_IN_CPP, files)

    def test_what_is_refused(self):
        for source in ("        time.sleep(0.02)", "from time import x; time.sleep", "signal.sigtimedwait([], 0.01)",
                       "    def wait_until(look):"):
            with self.subTest(source):
                self.assertTrue(any(pattern.search(source) for pattern in NOT_LIKE_THIS.values()))
        for source in ("std::this_thread::sleep_for(1ms);", "::usleep(5);", "::sleep(1);",
                       "while (!ended && steady_clock::now() < give_up) reactor.poll();"):
            with self.subTest(source):
                self.assertTrue(any(pattern.search(source) for pattern in NOT_LIKE_THIS_IN_CPP.values()))


if __name__ == "__main__":
    unittest.main()
