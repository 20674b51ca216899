#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds up the test logs of meson in a directory: sum-results.py DIRECTORY

Each TAP line counts as one test; a program without TAP counts as one; one that crashed, timed out or left its plan
unfinished counts as one failed test more. The file `broken` there lists steps that failed outside a test. The last
line is `N passed, N failed, N skipped`; the status is 1 if one failed or none ran.
"""

import glob
import json
import os
import re
import sys

REASON = re.compile(r'((?:^#.*\n)+)not ok\b(?:\s+\d+)?(.*)$', re.M)
TAP_LINE = re.compile(r'^(not )?ok\b(?:\s+\d+)?(.*)$', re.M)
GOOD_RESULTS = {'OK', 'EXPECTEDFAIL', 'SKIP'}


def count_tap(output):
    """(passed, names of the failed, skipped) of the lines in column 0, which are no subtests."""
    passed, failed, skipped = 0, [], 0
    for bad, rest in TAP_LINE.findall(output):
        directive = re.search(r'#\s*(skip|todo)', rest, re.I)
        if directive and directive.group(1).lower() == 'skip':
            skipped += 1
        elif bad and not directive:
            failed.append(rest.strip(' -') or 'without a name')
        else:
            passed += 1
    return passed, failed, skipped


def find_reasons(output):
    """What stands before each failed test, without which its name says little."""
    return {rest.strip(' -'): reason for reason, rest in REASON.findall(output)}


def count_test(test):
    output = test.get('stdout') or ''
    result = test['result']
    if not TAP_LINE.search(output):
        if result == 'SKIP':
            return 0, [], 1
        return (1, [], 0) if result in GOOD_RESULTS else (0, [result.lower()], 0)
    passed, failed, skipped = count_tap(output)
    if result not in GOOD_RESULTS and not failed:
        failed.append(f'the program itself: {result.lower()}, status {test.get("returncode")}')
    return passed, failed, skipped


def main():
    directory = sys.argv[1]
    totals = [0, 0, 0]
    problems = []
    for path in sorted(glob.glob(os.path.join(directory, '*.json'))):
        run = os.path.basename(path).removesuffix('.json')
        with open(path, encoding='utf-8') as file:
            tests = [json.loads(line) for line in file if line.strip()]
        for test in tests:
            passed, failed, skipped = count_test(test)
            totals = [totals[0] + passed, totals[1] + len(failed), totals[2] + skipped]
            reasons = find_reasons(test.get('stdout') or '')
            problems += [f'{run}: {test["name"]}: {name}\n{reasons.get(name, "")}'.rstrip() for name in failed]
    broken = os.path.join(directory, 'broken')
    if os.path.exists(broken):
        with open(broken, encoding='utf-8') as file:
            steps = file.read().splitlines()
        totals[1] += len(steps)
        problems += steps
    print()
    for problem in problems:
        print(f'FAILED {problem}')
    if sum(totals) == 0:
        print('FAILED no test ran')
    print(f'{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped')
    return 1 if totals[1] or totals[0] == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
