"""tools/remembered.py and tools/jobs.py: what is not checked again, and how much is done at a time."""

import os
import pathlib
import tempfile
import time
import unittest
from unittest import mock

from tests.support.scripts import load_script

REMEMBERED = load_script("tools/remembered.py")
JOBS = load_script("tools/jobs.py")


class Remembered(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(REMEMBERED, "ROOT", self.root))
        self.enterContext(mock.patch.object(REMEMBERED, "FOLDER", self.root / "cache" / "checked"))
        self.write("a.cpp", '#include "b.hpp"\n')
        self.write("b.hpp", '#include <vector>\n#include "c.hpp"\n')
        self.write("c.hpp", "")

    def write(self, name, text):
        (self.root / name).write_text(text)
        for cached in (REMEMBERED.text_of, REMEMBERED.included_by):
            cached.cache_clear()

    def test_what_is_included_counts(self):
        before = REMEMBERED.key(["a.cpp"], "options")
        self.assertEqual(REMEMBERED.included_by("a.cpp"), {"a.cpp", "b.hpp", "c.hpp"})
        self.write("c.hpp", "// new\n")
        self.assertNotEqual(REMEMBERED.key(["a.cpp"], "options"), before)
        self.write("c.hpp", "")
        self.assertEqual(REMEMBERED.key(["a.cpp"], "options"), before)

    def test_so_do_options_and_tools_but_not_the_folder(self):
        before = REMEMBERED.key(["a.cpp"], f"-I{self.root}/x")
        self.assertEqual(REMEMBERED.key(["a.cpp"], "-I/x"), before)
        self.assertNotEqual(REMEMBERED.key(["a.cpp"], "-I/y"), before)
        with mock.patch.object(REMEMBERED, "installed", lambda: b"clang-tidy 15"):
            self.assertNotEqual(REMEMBERED.key(["a.cpp"], "-I/x"), before)

    def test_what_protoc_makes_is_as_what_it_makes_it_from(self):
        self.write("a.cpp", '#include "x.pb.h"\n')
        self.write("x.proto", "one")
        before = REMEMBERED.key(["a.cpp"])
        self.write("x.proto", "two")
        self.assertNotEqual(REMEMBERED.key(["a.cpp"]), before)

    def test_it_is_kept_until_nobody_has_asked_for_long(self):
        self.assertFalse(REMEMBERED.is_clean("old"))
        for name in ("old", "asked"):
            REMEMBERED.keep(name)
            os.utime(REMEMBERED.FOLDER / name, (0, time.time() - REMEMBERED.KEPT_S - 60))
        self.assertTrue(REMEMBERED.is_clean("asked"))
        REMEMBERED.forget_old()
        self.assertTrue(REMEMBERED.is_clean("asked"))
        self.assertFalse(REMEMBERED.is_clean("old"))


class Jobs(unittest.TestCase):
    def at_a_time(self, processors, gib, **more):
        with mock.patch.object(os, "sched_getaffinity", lambda _: range(processors)), mock.patch.object(JOBS, "available_kib", lambda: gib << 20):
            return JOBS.at_a_time(**more)

    def test_no_more_than_processors_and_memory(self):
        self.assertEqual([self.at_a_time(4, gib) for gib in (0, 1, 2, 16)], [1, 1, 2, 4])
        self.assertEqual(self.at_a_time(64, 4, kib=2 << 20), 2)

    def test_the_kernel_says_what_there_is(self):
        self.assertGreater(JOBS.available_kib(), 1024)


if __name__ == "__main__":
    unittest.main()
