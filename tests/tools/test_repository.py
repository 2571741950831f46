"""What the repository as a whole must not say."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIRROR = re.compile(r"\b(?:deb|ftp|cdn|security|httpredir)(?:\.[a-z]{2})?\.debian\.(?:org|net)\b")


class Repository(unittest.TestCase):
    def test_it_names_no_mirror_of_packages(self):
        """The mirror is the one that the machine's own apt uses, or that its user names."""
        self.assertTrue(MIRROR.search("deb http://ftp.de." + "debian.org/debian bookworm main"))
        names = subprocess.run([ROOT / "tools/list-files"], check=True, capture_output=True, text=True).stdout.splitlines()
        self.assertGreater(len(names), 300)
        found = [name for name in names if MIRROR.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
