# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads vmashadow's JSON Lines for the tests.

log.py summaries LOG...        the last summary of every process
log.py events NAME LOG...      all lines of that event
log.py get PATH <LINES         the value at PATH (calls.mmap) of each line
log.py sum PATH <LINES         the sum of those
log.py mirrored N LOG...       status 1 unless at least N processes started,
                               each ended with a summary, and none has drift
log.py stressed DEATHS LEAST LOG...
                               status 1 if a process that no line "PID SIGNAL" of
                               DEATHS names has no summary, if any has drift, if
                               the library let one go, or if fewer than LEAST
                               were checked at the end
log.py asked PERCENT LOG...    status 1 if a process asked about more than
                               PERCENT of its calls. It may where that is but a
                               dozen (each library opened at run time brings
                               one), as often as calls were settled, and in a
                               fork child with under 200 calls: what is inherited
                               or settled, nobody knows
log.py foretold LOG...         status 1 if a call's failure was not foretold with
                               its errno; or, in a process whose calls were all
                               in order, its success or its address was not
log.py verdict LOG...          what happened, for people; status as mirrored 1
"""
import json
import os
import sys


def lines(path):
    """Each line of a log as an object; what is no JSON ends the program."""
    with open(path, encoding="utf-8", errors="surrogateescape") as log:
        for number, text in enumerate(log, 1):
            try:
                yield json.loads(text)
            except ValueError as error:
                sys.exit(f"{path}:{number}: not JSON ({error}): {text!r}")


def runs(paths):
    """(path, start, [events]) for each program started: an exec begins anew.

    One log may hold several processes; lines belong together by pid. A line
    without one is its process's only in a log of that process alone."""
    for path in paths:
        current = {}
        for event in lines(path):
            pid = event.get("pid")
            if event["event"] == "start":
                if pid in current:
                    yield (path, *current[pid])
                current[pid] = (event, [])
            elif pid in current:
                current[pid][1].append(event)
            elif pid is not None:
                current[pid] = (None, [event])
            elif len(current) == 1:
                next(iter(current.values()))[1].append(event)
        for run in current.values():
            yield (path, *run)


def last_summary(events):
    found = [e for e in events if e["event"] == "summary"]
    return found[-1] if found else None


def lookup(event, path):
    for key in path.split("."):
        if not isinstance(event, dict) or key not in event:
            return None
        event = event[key]
    return event


def show(value):
    return value if isinstance(value, str) else json.dumps(value)


def values(path):
    return [lookup(json.loads(text), path) for text in sys.stdin]


def faults_of(path, start, events):
    """What is wrong with one run, in words."""
    summary = last_summary(events)
    name = f"{path}: {lookup(start or {}, 'program') or 'a process'}"
    if start is None:
        yield f"{name} has no start line"
    if summary is None:
        yield f"{name} has no summary"
        return
    if summary["drift"] != 0:
        yield f"{name} has drift {summary['drift']}"
        for event in events:
            if event["event"] == "drift":
                yield "    " + json.dumps(event)
    if summary["checks"] < 1:
        yield f"{name} was never checked"
    for event in events:
        if event["event"] == "fault" and event["agrees"] is False:
            yield f"{name}: a fault came otherwise than foretold"
            yield "    " + json.dumps(event)


def mirrored(least, paths):
    found = list(runs([p for p in paths if os.path.exists(p)]))
    wrong = [text for run in found for text in faults_of(*run)]
    if len(found) < least:
        wrong.append(f"{len(found)} processes logged, {least} were expected")
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def killed(path):
    """The processes that a signal ended, as waits.c and reap.py wrote them."""
    with open(path, encoding="ascii") as deaths:
        return {int(line.split()[0]) for line in deaths}


def stressed(deaths, least, paths):
    """One log a process. Those that a signal ended may have drift all the same.

    Who takes away what the library stands on cannot be checked at the end: no
    more than LEAST processes are expected to be."""
    found = list(runs(paths))
    dead = killed(deaths)
    wrong = []
    checked = 0
    for path, start, events in found:
        summary = last_summary(events)
        checked += any(e["event"] == "check" for e in events)
        if not summary and lookup(start or {}, "pid") not in dead:
            wrong.append(f"{path}: no summary, and no signal ended it")
        if lookup(start or {}, "passive") or summary and summary["drift"]:
            wrong.append(f"{path}: {json.dumps(summary or start)}")
        wrong += [f"{path}: {json.dumps(e)}" for e in events
                  if e["event"] in ("drift", "passive")]
    if checked < least:
        wrong.append(f"{checked} of {len(found)} processes were checked")
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def asked(percent, paths):
    """What share of its calls each process left to the kernel to tell."""
    status = 0
    for path, _, events in runs(paths):
        summary = last_summary(events)
        calls = sum(summary["calls"].values()) if summary else 0
        child = any(e["event"] == "fork" for e in events)
        if not calls or child and calls < 200:
            continue
        share = 100 * summary["asked"] / calls
        print(f"{summary['program']}: {summary['asked']} of {calls} calls "
              f"({share:.2f} %)")
        # what a settled range leaves in doubt is asked about later
        limit = percent * (3 if summary["settled"] else 1)
        if share >= limit and summary["asked"] > 4 * summary["settled"] + 12:
            print(f"{path}: asked about {share:.2f} % of the calls, "
                  f"less than {percent} % were expected", file=sys.stderr)
            status = 1
    return status


def missed(path, events):
    """What of one process came otherwise than foretold, in words."""
    summary = last_summary(events)
    if not summary:
        return
    for name, count in (("placement", summary["placement"]),
                        ("success", summary["verdict"]["ok"]),
                        ("failure", summary["verdict"]["failed"])):
        if name != "failure" and summary["settled"]:
            continue
        if count["hit"] != count["predicted"]:
            yield (f"{path}: {summary['program']}: of {count['predicted']} "
                   f"foretold ({name}) {count['hit']} were right")


def foretold(paths):
    wrong = [text for path, _, events in runs(paths)
             for text in missed(path, events)]
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def verdict(paths):
    found = list(runs([p for p in paths if os.path.exists(p)]))
    ended = [s for s in (last_summary(e) for _, _, e in found) if s]
    calls = {}
    for summary in ended:
        for name, count in summary["calls"].items():
            calls[name] = calls.get(name, 0) + count
    peak = max((s["vmas_peak"] for s in ended), default=0)
    now = ", ".join(str(s["vmas"]) for s in ended[:8])
    seen = ", ".join(f"{n} {c}" for n, c in sorted(calls.items()) if c)
    print(f"  processes   {len(found)}, with a summary {len(ended)}")
    print(f"  calls seen  {sum(calls.values())} ({seen})")
    print(f"  mappings    {now} at the end, {peak} at the most")
    print(f"  checks      {sum(s['checks'] for s in ended)}")
    print(f"  drift       {sum(s['drift'] for s in ended)}")
    return mirrored(1, paths)


def main(argv):
    if len(argv) < 3:
        sys.exit(__doc__)
    command, args = argv[1], argv[2:]
    if command == "summaries":
        for _, _, events in runs(args):
            summary = last_summary(events)
            if summary:
                print(json.dumps(summary))
    elif command == "events":
        for path in args[1:]:
            for event in lines(path):
                if event["event"] == args[0]:
                    print(json.dumps(event))
    elif command == "get":
        for value in values(args[0]):
            print(show(value))
    elif command == "sum":
        print(sum(v for v in values(args[0]) if v is not None))
    elif command == "mirrored":
        return mirrored(int(args[0]), args[1:])
    elif command == "stressed":
        return stressed(args[0], int(args[1]), args[2:])
    elif command == "asked":
        return asked(float(args[0]), args[1:])
    elif command == "foretold":
        return foretold(args)
    elif command == "verdict":
        return verdict(args)
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
