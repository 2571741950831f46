"""The Python tests themselves: they share one package, import it one way, and wait in one way."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = {file.stem for file in (ROOT / "tests/support").glob("*.py")} - {"__init__"}
NOT_LIKE_THIS = {
    "a path of its own to import from": re.compile(r"sys\.path\."),
    "the shared package by another name": re.compile(rf"^\s*(?:from|import) (?:support\b|(?:{'|'.join(SUPPORT)})\b)", re.M),
    "a way of its own to wait": re.compile(r"^\s*def (?:wait_until|wait_for|until)\(", re.M),
}


class PythonTests(unittest.TestCase):
    def test_they_use_the_shared_package(self):
        files = [file for file in ROOT.glob("tests/**/*.py") if file != pathlib.Path(__file__) and file.name != "waiting.py"]
        self.assertGreater(len(files), 50)
        for file in files:
            for what, pattern in NOT_LIKE_THIS.items():
                with self.subTest(what, file=str(file.relative_to(ROOT))):
                    self.assertIsNone(pattern.search(file.read_text()))


if __name__ == "__main__":
    unittest.main()
