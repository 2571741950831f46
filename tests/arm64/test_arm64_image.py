"""The image for linux/arm64, made on this machine from the same Dockerfile as the one for it. ./dev test --arm64 runs it.

Nothing of it can be run by Docker here; its programs are run by the emulator, from the image's own files.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.support import docker_engine, service
from tests.support.image import base, bill_of_materials, builder

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["NODESCOPE_ARM64_BUILD"])
TRIPLET, LOADER = "aarch64-linux-gnu", "usr/lib/ld-linux-aarch64.so.1"
AARCH64 = 183  # e_machine in ELF
# For the classic builder, which is the one that can be reached without Docker's client.
BASE = "empty:arm64"
ARGUMENTS = {"TARGETARCH": "arm64", "PLATFORM": "linux/arm64", "BASE": BASE}
# The files of the image for amd64, which the others are told from.
FILES = ROOT / "tests/charts/image-files.txt"


def context():
    return subprocess.run([ROOT / "tools/image-context", "--binary", BUILD / "nodescope"], check=True, capture_output=True).stdout


def expected():
    """The list of amd64 in the other architecture's words: its libraries have another folder, and its loader needs none."""
    lines = FILES.read_text(encoding="utf-8").replace("x86_64-linux-gnu", TRIPLET).splitlines()
    return sorted([line for line in lines if "lib64" not in line] + [LOADER])


class Arm64Image(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        engine = docker_engine.needed()
        cls.builder = builder.Builder(engine, "nodescope-base:arm64-test", "nodescope:arm64-test")
        cls.addClassCleanup(cls.builder.remove, cls.builder.image, cls.builder.base)
        cls.builder.import_image(cls.builder.base, base.archive(None, f"{BUILD}-root"))
        cls.addClassCleanup(cls.builder.remove, BASE)
        cls.builder.stream("/images/load", subprocess.run([ROOT / "tools/empty-image", "arm64"], check=True, capture_output=True).stdout)
        cls.context = context()
        cls.builder.build(cls.context, **ARGUMENTS)
        cls.files, cls.archive = cls.builder.export()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.archive.extractall(cls.folder, filter="tar")

    def run_in_image(self, program, *arguments):
        return subprocess.run(["qemu-aarch64-static", "-L", self.folder, self.folder / program, *arguments], check=True, capture_output=True,
                              text=True, timeout=service.HANG_LIMIT_S).stdout

    def test_it_is_for_this_platform(self):
        made = self.builder.inspect()
        self.assertEqual((made["Os"], made["Architecture"]), ("linux", "arm64"))

    def test_the_files_are_those_of_amd64(self):
        listed = [f"{name}{' -> ' + entry.linkname if entry.issym() else '/' if entry.isdir() else ''}"
                  for name, entry in self.files.items() if not bill_of_materials.DOCKERS.match(name)]
        self.assertEqual(sorted(listed), expected())

    def test_every_program_and_library_is_for_arm64(self):
        machines = {}
        for name, entry in self.files.items():
            if entry.isreg() and (start := self.archive.extractfile(entry).read(20)).startswith(b"\x7fELF"):
                machines[name] = int.from_bytes(start[18:20], "little")
        self.assertGreater(len(machines), 100)
        self.assertEqual({name: machine for name, machine in machines.items() if machine != AARCH64}, {})

    def test_the_bill_of_materials_is_of_these_files(self):
        bill_of_materials.check(self, self.files, self.archive, "arm64")

    def test_its_programs_run_with_its_libraries(self):
        self.assertRegex(self.run_in_image("usr/bin/nodescope", "--version"), r"^nodescope \d")
        self.assertIn("/healthz", self.run_in_image("usr/bin/nodescope", "routes"))
        for backend, name in (("nft", "nf_tables"), ("legacy", "legacy")):
            self.assertIn(f"({name})", self.run_in_image(f"usr/sbin/xtables-{backend}-multi", "iptables-save", "--version"))

    def test_the_same_source_makes_the_same_files(self):
        first = self.builder.inspect()["RootFS"]["Layers"]
        self.assertEqual(context(), self.context)
        self.builder.build(self.context, cached=False, **ARGUMENTS)
        self.assertEqual(self.builder.inspect()["RootFS"]["Layers"], first)


if __name__ == "__main__":
    unittest.main()
