"""Adds up the reports of one `./dev test` run and prints `N passed, N failed`.

Reads the GoogleTest reports (one folder per build), the ctest and pytest reports beside them, and
the file `counts`. A program that died without a report of its own, a stage that failed without a
failed test, and a skipped test are failures too: nothing may vanish from the count.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


class Tally:
    def __init__(self):
        self.passed = 0
        self.failures = []

    def add_cases(self, report, origin):
        """Counts the test cases of a JUnit report; whether one of them failed."""
        failed = False
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            bad = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
            bad = bad or case.get("status") in ("notrun", "fail") or case.get("result") == "skipped"
            if bad:
                failed = True
                name = f"{case.get('classname', '')}.{case.get('name')}"
                self.failures.append(f"{origin}: {name}")
            else:
                self.passed += 1
        return failed


def add_build(tally, ctest_report):
    """One build: its programs' own reports, and the programs that left none or died after it."""
    build = ctest_report.name.removesuffix(".ctest.xml")
    folder = ctest_report.parent / build
    for case in ElementTree.parse(ctest_report).getroot().iter("testcase"):
        program = case.get("name")
        reports = sorted(folder.glob(f"{program}.xml")) + sorted(folder.glob(f"{program}_[0-9]*.xml"))
        own_failure = [tally.add_cases(report, f"{build} {program}") for report in reports]
        if case.get("status") == "run":
            tally.passed += 0 if reports else 1
        elif not any(own_failure):
            tally.failures.append(f"{build}: {program} ended with {case.get('status')}")


def main(folder):
    tally = Tally()
    for report in sorted(folder.glob("*.ctest.xml")):
        add_build(tally, report)
    for report in sorted(folder.glob("*.pytest.xml")):
        tally.add_cases(report, report.name.removesuffix(".pytest.xml"))
    failed_stages = []
    for line in (folder / "counts").read_text().splitlines():
        outcome, name = line.split(" ", 1)
        if outcome == "passed":
            tally.passed += 1
        elif outcome == "failed":
            tally.failures.append(name)
        else:
            failed_stages.append(name)
    if failed_stages and not tally.failures:
        tally.failures += [f"stage: {name}" for name in failed_stages]
    for failure in tally.failures:
        print(f"failed: {failure}")
    for name in failed_stages:
        print(f"failed stage: {name}")
    print(f"{tally.passed} passed, {len(tally.failures)} failed")
    return 1 if tally.failures or tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
