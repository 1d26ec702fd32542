"""Counts what really ran, from meson's log of tests: prints "SUITE: N passed, N failed".

A test that reports its own counts (libcheck's closing line, or "N passed, N failed") counts as those; any other
counts as one. A test that ended badly counts at least one failure, whatever it printed.
"""
import json
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed", re.M)


def counts(test):
    output = test.get("stdout") or ""
    checks = [tuple(map(int, found)) for found in CHECK.findall(output)]
    plain = [tuple(map(int, found)) for found in PLAIN.findall(output)]
    failed = sum(c[1] + c[2] for c in checks) + sum(p[1] for p in plain)
    passed = sum(c[0] - c[1] - c[2] for c in checks) + sum(p[0] for p in plain)
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        return (passed, failed) if checks or plain else (1, 0)
    if test["result"] == "SKIP":
        return 0, 0
    return passed, max(failed, 1)


def main():
    suite, log = sys.argv[1:]
    passed = failed = 0
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            one = counts(json.loads(line))
            passed, failed = passed + one[0], failed + one[1]
    print(f"{suite}: {passed} passed, {failed} failed")


main()
