"""tools/chart-readme: the table of the chart's values, from the comments in values.yaml."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = "# A chart\n<!-- values: begin, by tools/chart-readme -->\n<!-- values: end -->\nthe end\n"


class ChartReadme(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.chart = self.root / "charts/nodescope"
        self.chart.mkdir(parents=True)
        (self.root / "tools").mkdir()
        shutil.copy(ROOT / "tools/chart-readme", self.root / "tools")

    def run_on(self, values, *arguments, readme=PLACE):
        (self.chart / "values.yaml").write_text(values)
        if readme:
            (self.chart / "README.md").write_text(readme)
        return subprocess.run([self.root / "tools/chart-readme", *arguments], capture_output=True, text=True, check=False)

    def rows(self, values):
        run = self.run_on(values)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        text = (self.chart / "README.md").read_text()
        self.assertTrue(text.startswith("# A chart\n") and text.endswith("the end\n"))
        return [line for line in text.splitlines() if line.startswith("| `")]

    def test_each_key_has_a_row(self):
        self.assertEqual(self.rows('image:\n  # -- where from\n  name: a\n\n# -- a list\n#   or none\nlist: []\n'),
                         ["| `image.name` | `a` | where from |", "| `list` | `[]` | a list or none |"])

    def test_a_default_below_its_key_is_put_on_one_line(self):
        self.assertEqual(self.rows("# -- all\nt:\n  - operator: Exists\n# -- labels\nn:\n  a.b/os: linux\n# -- last\nx: 1\n"),
                         ["| `t` | `[{operator: Exists}]` | all |", "| `n` | `{a.b/os: linux}` | labels |", "| `x` | `1` | last |"])

    def test_a_bar_in_a_description_does_not_end_the_cell(self):
        self.assertEqual(self.rows("# -- a | b\nx: 1\n"), ["| `x` | `1` | a \\| b |"])

    def test_a_key_without_a_comment_is_refused(self):
        run = self.run_on("# -- a\nx: 1\n\ny: 2\n")
        self.assertEqual((run.returncode, run.stderr), (1, 'chart-readme: values.yaml line 4: y has no "# --" comment\n'))

    def test_a_table_that_is_out_of_date_is_found(self):
        self.assertEqual(self.run_on("# -- a\nx: 1\n").returncode, 0)
        self.assertEqual(self.run_on("# -- a\nx: 1\n", "--check", readme=None).returncode, 0)
        run = self.run_on("# -- a\nx: 2\n", "--check", readme=None)
        self.assertEqual(run.returncode, 1)
        self.assertIn("run tools/chart-readme", run.stderr)

    def test_a_readme_without_a_place_is_refused(self):
        self.assertIn("has no place for the table", self.run_on("# -- a\nx: 1\n", readme="nothing").stderr)


if __name__ == "__main__":
    unittest.main()
