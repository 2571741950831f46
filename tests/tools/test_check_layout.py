"""tools/check-layout: the sizes of files and folders, and the unit tests that mirror the sources."""

import unittest

from tests.support.scripts import load_script

CHECK = load_script("tools/check-layout")
MIRRORED = [f"tests/unit/{test}_test.cpp" for test in CHECK.NAMED_OTHERWISE]


class CheckLayout(unittest.TestCase):
    def test_a_file_has_its_limit_of_lines(self):
        self.assertEqual(list(CHECK.too_long({"core/a.cpp": 400, "tests/unit/core/a_test.cpp": 12})), [])
        found = list(CHECK.too_long({"core/a.cpp": 401, "tests/integration/test_a.py": 500}))
        self.assertEqual([one.split(":")[0] for one in found], ["core/a.cpp", "tests/integration/test_a.py"])

    def test_a_folder_has_its_limit_of_sources(self):
        names = [f"core/a/{number}.{suffix}" for number in range(25) for suffix in ("cpp", "hpp")] + ["core/a/b/26.cpp"]
        self.assertEqual(list(CHECK.too_full(names)), [])
        self.assertEqual(list(CHECK.too_full([*names, "core/a/25.cpp"])), ["core/a: 26 sources (.cpp), and 25 are the limit"])
        python = [f"tests/integration/test_{number}.py" for number in range(26)]
        self.assertEqual(list(CHECK.too_full(python)), ["tests/integration: 26 sources (.py), and 25 are the limit"])

    def test_a_unit_test_stands_where_its_source_does(self):
        good = ["core/a.cpp", "tests/unit/core/a_test.cpp", "server/http/b.hpp", "tests/unit/server/http/b_test.cpp",
                "tests/unit/core/fixture.hpp", *MIRRORED]
        self.assertEqual(list(CHECK.not_mirrored(good)), [])
        for bad in ("tests/unit/core/b_test.cpp", "tests/unit/a_test.cpp", "tests/unit/core/http/a_test.cpp"):
            with self.subTest(bad):
                self.assertEqual(len(list(CHECK.not_mirrored([*good, bad]))), 1)

    def test_an_exception_that_is_gone_is_not_listed_any_longer(self):
        self.assertEqual(len(list(CHECK.not_mirrored(MIRRORED[1:]))), 1)

    def test_the_project_itself(self):
        self.assertEqual(CHECK.main(), 0)


if __name__ == "__main__":
    unittest.main()
