# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of reports need to know of JSON and of strace's output.

    report.py owner FUNCTION KEY...    <report   of the owner that is FUNCTION
    report.py top KEY                  <report   at the top; a.b goes down
    report.py rule TITLE KEY           <report   of the rule, over all owners
    report.py ruler TITLE              <report   who made most of that rule
    report.py strace LENGTH OUTPUT     made, still there, unmapped: counted from
                                       anonymous mmaps of that many bytes
"""
import json
import re
import sys

MMAP = re.compile(r'mmap\(NULL, (\d+), .*MAP_ANONYMOUS[^)]*-1, 0\) += (0x[0-9a-f]+)')
MUNMAP = re.compile(r'munmap\((0x[0-9a-f]+), (\d+)\) += 0')


def strace(length, path):
    made = gone = 0
    there = set()
    for line in open(path, errors='surrogateescape'):
        found = MMAP.search(line)
        if found and int(found[1]) == length:
            made += 1
            there.add(int(found[2], 16))
        found = MUNMAP.search(line)
        if found and int(found[1], 16) in there and int(found[2]) == length:
            there.remove(int(found[1], 16))
            gone += 1
    print(made, len(there), gone)


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == 'strace':
        strace(int(args[0]), args[1])
        return
    report = json.load(sys.stdin)
    if what == 'owner':
        found = [o for o in report['owners'] if o['by'] == args[0]]
        assert len(found) == 1, [o['by'] for o in report['owners']]
        print(*(found[0][key] for key in args[1:]))
    elif what == 'rule':
        print(*(r[args[1]] for r in report['rules'] if r['rule'] == args[0]))
    elif what == 'ruler':
        print([r for r in report['rules_by_owner']
               if r['rule'] == args[0]][0]['by'])
    else:
        for key in args[0].split('.'):
            report = report[key]
        print(report)


main()
