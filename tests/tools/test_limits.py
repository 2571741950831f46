"""docs/limits.md says what the code says."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}


def rows():
    for line in (ROOT / "docs" / "limits.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        # Of what each thing may have, and of the sum.
        if len(cells) in (4, 6) and re.fullmatch(r"\d+ [KM]iB", cells[1]):
            number, unit = cells[1].split()
            yield cells[0], int(number) * UNITS[unit], cells[-2].strip("`"), cells[-1].strip("`")


def value_of(name, text):
    """Of a constant that is initialised by a sum, a product or a shift of numbers and of constants beside it."""
    found = re.search(rf"\b{name}(?: = ([^;]+)|\{{([^}}]+)\}});", text)
    if not found:
        raise AssertionError(f"there is no {name}")
    expression = re.sub(r"\b(\d[\d']*)(?:UL|U|L)\b", r"\1", found[1] or found[2])
    expression = re.sub(r"std::size_t\{(\d+)\}", r"\1", expression).replace("'", "").replace("/", "//")
    expression = re.sub(r"[a-z_]+", lambda other: str(value_of(other[0], text)), expression)
    return eval(expression, {"__builtins__": {}})  # nosec: our own sources


class Limits(unittest.TestCase):
    def test_the_numbers_are_those_of_the_code(self):
        seen = list(rows())
        self.assertGreater(len(seen), 15)
        for what, number, name, file in seen:
            with self.subTest(what):
                self.assertEqual(value_of(name, (ROOT / file).read_text()), number)


if __name__ == "__main__":
    unittest.main()
