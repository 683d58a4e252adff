# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what strace saw of a run with what the summaries counted.

    strace_count.py LIST STRACE_OUTPUT LOG...

LIST names the system calls. STRACE_OUTPUT is `strace -f -o` of the run under
mark=1: each process marks the start and the end of its counting by an access()
of a path that cannot exist. Threads belong to the process that made them
(CLONE_THREAD). A call counts where it begins; calls outside the marks do not.

Prints the totals; exit status 1 and the differences if they are not equal:
calls of the summaries + the library's own = strace's, and no call more often in
the summaries than strace saw it.
"""
import collections
import json
import re
import sys

LINE = re.compile(r'^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed)(.*)$')
RESULT = re.compile(r'= (\d+)$')


class Run:
    def __init__(self, names):
        self.names = names
        self.process = {}
        self.counting = set()
        self.seen = collections.Counter()
        self.cloning = {}

    def owner(self, tid):
        while tid in self.process:
            tid = self.process[tid]
        return tid

    def line(self, text):
        found = LINE.match(text)
        if not found:
            return
        tid, call, rest = int(found[1]), found[2], found[3]
        if ' resumed' in text.split('(')[0]:
            return
        if call == 'access':
            self.mark(tid, rest)
        elif call in self.names and self.owner(tid) in self.counting:
            self.seen[call] += 1

    def thread(self, text):
        """A thread's first calls may stand before the clone that returned it:
        all threads are known before anything is counted."""
        found = LINE.match(text)
        if not found or found[2] not in ('clone', 'clone3'):
            return
        tid, rest = int(found[1]), found[3]
        if ' resumed' not in text.split('(')[0]:
            self.cloning[tid] = 'CLONE_THREAD' in rest
        child = RESULT.search(rest)
        if child and self.cloning.get(tid):
            self.process[int(child[1])] = tid

    def mark(self, tid, rest):
        if '/vmashadow:start' in rest:
            self.counting.add(self.owner(tid))
        elif '/vmashadow:end' in rest:
            self.counting.discard(self.owner(tid))


def summaries(paths):
    """The last summary of each (process, start)."""
    for path in paths:
        last = None
        for text in open(path, 'rb'):
            event = json.loads(text.decode('utf-8', 'surrogateescape'))
            if event['event'] in ('start', 'fork') and last:
                yield last
                last = None
            if event['event'] == 'summary':
                last = event
        if last:
            yield last


def main():
    names = {line.strip() for line in open(sys.argv[1])
             if line.strip() and not line.startswith('#')}
    run = Run(names)
    lines = open(sys.argv[2], errors='surrogateescape').read().splitlines()
    for text in lines:
        run.thread(text)
    for text in lines:
        run.line(text)
    calls, own, processes = collections.Counter(), 0, 0
    for summary in summaries(sys.argv[3:]):
        processes += 1
        own += summary['own']
        calls.update({n: c for n, c in summary['calls'].items() if n in names})
    print(f'{processes} summaries: {sum(calls.values())} calls + {own} own; '
          f'strace: {sum(run.seen.values())}')
    wrong = [f'{n}: {calls[n]} counted, {run.seen[n]} by strace'
             for n in sorted(names) if calls[n] != run.seen[n]]
    more = [n for n in names if calls[n] > run.seen[n]]
    if more or sum(calls.values()) + own != sum(run.seen.values()):
        print('\n'.join(wrong))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
