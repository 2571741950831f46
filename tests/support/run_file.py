"""Runs one file of unittest tests and reports each test as a line of JSON, as it happens, for tools/run-tests.

    python3 -m tests.support.run_file RESULTS FILE [FILTER]

A line has `test` and `event` (start, passed, failed, skipped), then `seconds` and `detail`. As lines are written at once, a test that
hangs or kills the interpreter is known by name.
"""

import importlib.util
import json
import pathlib
import sys
import time
import unittest


class Reporter(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self.out = out
        self.began = 0.0
        self.outcome = None

    def write(self, test, event, detail=""):
        name = test.id().removeprefix("subject.")
        self.out.write(json.dumps({"test": name, "event": event, "seconds": time.monotonic() - self.began, "detail": detail}) + "\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.began, self.outcome = time.monotonic(), None
        self.write(test, "start")

    def stopTest(self, test):
        super().stopTest(test)
        event, detail = self.outcome or ("passed", "")
        self.write(test, event, detail)

    def note(self, test, event, detail):
        """Keeps the worst outcome of a test and its subtests. Without a test (setUpClass, import) it is written at once."""
        if not isinstance(test, unittest.TestCase):
            self.write(test, event, detail)
        elif self.outcome is None or (event == "failed" and self.outcome[0] != "failed"):
            self.outcome = (event, detail)
        elif event == self.outcome[0]:
            self.outcome = (event, self.outcome[1] + "\n" + detail)

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed", self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            known = self.failures if issubclass(err[0], test.failureException) else self.errors
            self.note(test, "failed", f"{subtest}\n{known[-1][1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        # A skipped subtest is a skip of the test it stands in.
        self.note(getattr(test, "test_case", test), "skipped", reason)

    def addExpectedFailure(self, test, err):
        self.note(test, "failed", "an expected failure is no result: fix it or remove it")

    def addUnexpectedSuccess(self, test):
        self.note(test, "failed", "unexpected success")


def chosen(suite, text):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from chosen(item, text)
        elif text in item.id() or isinstance(item, unittest.loader._FailedTest):  # pylint: disable=protected-access
            yield item


def main():
    results, file, *rest = sys.argv[1:]
    text = rest[0] if rest else ""
    with open(results, "w", encoding="utf-8") as out:
        reporter = Reporter(out)
        spec = importlib.util.spec_from_file_location("subject", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules["subject"] = module
        try:
            spec.loader.exec_module(module)
        except unittest.SkipTest as skip:
            reporter.began = time.monotonic()
            reporter.write(Whole(file), "skipped", str(skip))
            return 0
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        unittest.TestSuite(chosen(suite, "" if text in pathlib.Path(file).name else text)).run(reporter)
    return 0


class Whole(unittest.TestCase):
    """Stands for a file that skips itself as a whole."""

    def __init__(self, file):
        super().__init__("run")
        self.file = file

    def id(self):
        return pathlib.Path(self.file).stem


if __name__ == "__main__":
    sys.exit(main())
