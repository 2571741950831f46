"""tools/image-context: what charts/image/compile needs is in the archive, and the same source makes the same one."""

import hashlib
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ImageContext(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def context(self, *arguments):
        file = self.folder / "context.tar"
        with file.open("wb") as output:
            subprocess.run([ROOT / "tools/image-context", *arguments], stdout=output, check=True)
        return file

    def test_it_can_be_configured_as_the_image_does(self):
        """The compiler's turn takes minutes; but whatever a meson.build names must be there already now."""
        with tarfile.open(self.context()) as archive:
            archive.extractall(self.folder / "source")
        done = subprocess.run(["meson", "setup", self.folder / "build", self.folder / "source", "-Dtests=false", "--prefix=/usr"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_it_holds_no_tests(self):
        with tarfile.open(self.context()) as archive:
            names = archive.getnames()
        self.assertIn("charts/image/compile", names)
        self.assertEqual([name for name in names if name.startswith(("tests/", "bench/"))], [])

    def test_the_same_source_makes_the_same_archive(self):
        self.assertEqual(*(hashlib.sha256(self.context().read_bytes()).hexdigest() for _ in range(2)))


if __name__ == "__main__":
    unittest.main()
