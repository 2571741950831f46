"""tools/check-words: what may be cited, and which words do not return."""

import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = importlib.machinery.SourceFileLoader("check_words", str(ROOT / "tools/check-words"))
CHECK = importlib.util.module_from_spec(importlib.util.spec_from_loader(LOADER.name, LOADER))
LOADER.exec_module(CHECK)

BAD = [
    "// As processors.md says.",
    "// A limit (docs/absent.md).",
    "// A limit (guide.md N8).",
    "// A limit (guide.md, D12).",
    "// A limit (guide.md section 2).",
    "// guide.md\n// N8: a sentence that goes on.",
    "// A limit (O5).",
    "// Two limits (X1, N8).",
    "// All of D1-D3.",
    "// The order of §5.1.",
    "// N8: a limit.",
    '"""N12: with all rights."""',
    "/// N8.\n",
    '// See docs/guide.md, "Absent".',
    '// See "Absent" in\n// docs/guide.md.',
    "[text](docs/guide.md#absent)",
    "// Lines that are none are skipped.",
    "// All of them, but\n// for the last.",
    "// Dropped for want of\n// room.",
    "It looks who answers.",
    "// A list of old.",
    "birthplace here;",
    "TEST(A, EndsDuringItsBirth)",
    "// Key order (contract: cAdvisor REST API, 1.5).",
    "// For clients that parse (contract: cAdvisor REST\n// API, 4 and 9).",
    "// Key order of contract section 6.",
    "// Contract: cAdvisor REST API, 10.",
    "// As it is (contract 12.7).",
    '"the version \\"x\\" is none"',
    "// 0 for what is\n// none.",
    "// These are none.",
    "// The caller has closed his.",
    "// It measures by himself.",
    '"local peer: hear from sock_diag"',
    "// A sentence out of the depths of it.",
    "// Fields are parted by blanks.",
    # Put together, so that not even this file names one.
    "deb http://deb." + "debian.org/debian bookworm main",
    "deb http://ftp.de." + "debian.org/debian bookworm main",
    "ENV GOPROXY=https://proxy." + "golang.org",
]

GOOD = [
    '// See docs/guide.md, "Threads".',
    '// See guide.md, "Threads", and the rest.',
    '# See "Rooms and arrows" in\n# docs/guide.md.',
    '# See docs/guide.md, "Rooms\n# and arrows".',
    "[text](docs/guide.md#rooms-and-arrows)",
    "// RFC 3986, section 3.2; C1 control characters; IPv4 (AF_INET).",
    "constexpr auto escape = hex(A1);",
    "// Empty when there is none, and there may be none; there\n// are none.",
    '"\\"docker\\" is none of auto, apiserver, kubelet"',
    "if version is None:",
    "// The contract of processors has one code: 500.",
    "// This and history are separated by a blank.",
    "// A list of older entries, but forgotten for now.",
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
]


class CheckWords(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "docs").mkdir()
        (self.root / "docs/guide.md").write_text("# Guide\n\n## Threads\n\n## Rooms and arrows\n")

    def found(self, source):
        return list(CHECK.check(self.root, "core/a.cpp", source))

    def test_refuses(self):
        for source in BAD:
            with self.subTest(source=source):
                self.assertTrue(self.found(source))

    def test_allows(self):
        for source in GOOD:
            with self.subTest(source=source):
                self.assertEqual(self.found(source), [])

    def test_names_the_line_of_what_it_refuses(self):
        self.assertEqual([line for line, _ in self.found("int a;\n\n// All,\n// but for one (N8).\n")], [4, 4])


if __name__ == "__main__":
    unittest.main()
