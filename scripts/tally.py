"""Adds up the JUnit files of a test run: `N passed, N failed, N skipped`."""

import pathlib
import sys
import xml.etree.ElementTree as xml

passed = failed = skipped = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    for suite in xml.parse(path).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        missed = int(suite.get("skipped", 0))
        failed, skipped = failed + bad, skipped + missed
        passed += max(int(suite.get("tests", 0)) - bad - missed, 0)
print(f"{passed} passed, {failed} failed, {skipped} skipped")
