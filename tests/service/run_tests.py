"""run_tests.py FILE: runs the tests of a file, and tells Bazel of each case."""
import importlib.util
import os
import sys
import time
import unittest
from xml.sax.saxutils import escape, quoteattr

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class Result(unittest.TextTestResult):
    """Keeps what is to be reported of each case."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = []

    def startTest(self, test):
        super().startTest(test)
        self.began = time.time()

    def note(self, test, body=""):
        parts = test.id().split(".")
        self.cases.append('<testcase classname=%s name=%s time="%.3f">%s</testcase>' % (
            quoteattr(parts[-2]), quoteattr(parts[-1]), time.time() - self.began, body))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "<failure>%s</failure>" % escape(self._exc_info_to_string(err, test)))

    def addError(self, test, err):
        super().addError(test, err)
        self.began = getattr(self, "began", time.time())
        self.note(test, "<error>%s</error>" % escape(self._exc_info_to_string(err, test)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "<skipped/>")


def main():
    path, names = sys.argv[1], sys.argv[2:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(suite)
    report = os.environ.get("XML_OUTPUT_FILE")
    if report:
        with open(report, "w", encoding="utf-8") as file:
            file.write("<testsuites><testsuite name=%s>%s</testsuite></testsuites>" % (
                quoteattr(spec.name), "".join(result.cases)))
    return 0 if result.wasSuccessful() and result.testsRun else 1


sys.exit(main())
