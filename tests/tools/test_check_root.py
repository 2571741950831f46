"""tools/check-root: nothing is read below the root by a path that was glued to it."""

import unittest

from tests.support.scripts import load_script

CHECK = load_script("tools/check-root")


class CheckRoot(unittest.TestCase):
    def lines(self, source, name="collectors/host/a.cpp"):
        return [line for line, _ in CHECK.check(name, source)]

    def test_what_is_glued_is_told(self):
        for glued in ('one.insert(0, root);', 'open(root_ + "/proc")', 'open((options_.root + path).c_str(), 0)',
                      'fmt::format("{}/proc/{}/stat", root, pid)', 'fmt::format("{}/etc/hosts",\n    config.root)', 'fmt::format("{}{}", root, of_root)', '::open(root.c_str(), 0)'):
            with self.subTest(glued):
                self.assertEqual(len(self.lines(glued)), 1)
        self.assertEqual(self.lines('x\nopen(root + "/proc")'), [2])

    def test_places_are_fine(self):
        for fine in ('files::open({root, "/proc"})', 'files::place(root_, fmt::format("/proc/{}", pid))', 'fmt::format("{}/a", storage.root)',
                     'fmt::format("{}/{}", folder, name)', 'options.root = root;', 'is_root + 1'):
            with self.subTest(fine):
                self.assertEqual(self.lines(fine), [])

    def test_tests_make_their_own_roots(self):
        self.assertEqual(self.lines('open(root + "/proc")', "tests/unit/a_test.cpp"), [])

    def test_the_project_itself(self):
        self.assertEqual(CHECK.main(), 0)


if __name__ == "__main__":
    unittest.main()
