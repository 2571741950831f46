"""What the compiler and the linker were told to protect the binary with, read off its ELF headers.

Branch protection of amd64 (CET) is not among it: the linker marks a program for it only when every object is, and Debian 12's crt1.o and
crti.o are not. tests/arm64/test_arm64.py has the same tests for arm64, and what holds there alone.
"""

import re
import subprocess
import unittest

from tests.support import service


class Hardening(unittest.TestCase):
    binary = service.BINARY

    def readelf(self, *options):
        return subprocess.run(["readelf", "--wide", *options, self.binary], check=True, capture_output=True, text=True).stdout

    def test_it_is_loaded_anywhere(self):
        self.assertRegex(self.readelf("--file-header"), r"Type: +DYN \(Position-Independent Executable file\)")

    def test_its_relocations_are_done_before_it_starts_and_then_read_only(self):
        self.assertIn("GNU_RELRO", self.readelf("--program-headers"))
        dynamic = self.readelf("--dynamic")
        self.assertRegex(dynamic, r"\(FLAGS\) +BIND_NOW")
        self.assertRegex(dynamic, r"Flags: NOW PIE")
        self.assertNotRegex(dynamic, r"\((TEXTREL|RPATH|RUNPATH)\)")

    def test_nothing_is_writable_and_executable(self):
        segments = re.findall(r"^ +(\S+) +(?:0x\w+ +){5}([RWE ]{3})", self.readelf("--program-headers"), re.M)
        self.assertIn("GNU_STACK", [name for name, _ in segments])
        self.assertEqual([name for name, flags in segments if "W" in flags and "E" in flags], [])

    def test_overruns_of_the_stack_and_of_buffers_are_caught(self):
        imported = set(re.findall(r" UND (\w+)", self.readelf("--dyn-syms")))
        self.assertIn("__stack_chk_fail", imported)
        # _FORTIFY_SOURCE: the checked forms stand beside or instead of the plain ones.
        self.assertTrue({"__memcpy_chk", "__read_chk", "__fdelt_chk", "__snprintf_chk"} & imported, sorted(imported))


if __name__ == "__main__":
    unittest.main()
