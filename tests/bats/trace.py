# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the event trace need besides the command.

diary FILE TRACE COMMAND...   each page of the diary (tests/progs/diary.c) must
                              be what `COMMAND maps --at N TRACE` prints
harm TRACE OUT HOW            a damaged copy: cut:N, flip:N, huge, version, ...
"""
import struct
import subprocess
import sys

HEADER = 64


def pages(path):
    number, lines = None, []
    for line in open(path, errors="surrogateescape"):
        if line.startswith("event "):
            if number is not None:
                yield number, lines
            number, lines = int(line.split()[1]), []
        else:
            lines.append(line)
    if number is not None:
        yield number, lines


def diary(path, trace, command):
    seen = 0
    for number, lines in pages(path):
        got = subprocess.run([*command, "maps", "--at", str(number), trace],
                             capture_output=True, text=True,
                             errors="surrogateescape", check=True).stdout
        if got != "".join(lines):
            theirs, ours = set(lines), set(got.splitlines(True))
            sys.exit(f"event {number}: the kernel printed\n"
                     + "".join(sorted(theirs - ours))
                     + "the trace says\n" + "".join(sorted(ours - theirs)))
        seen += 1
    print(seen)


def end_of(data):
    at = HEADER
    while at + 8 <= len(data):
        first = struct.unpack_from("<I", data, at)[0]
        if not first:
            break
        at += 8 + ((first >> 8) + 7 & ~7)
    return at


def harm(trace, out, how):
    data = bytearray(open(trace, "rb").read())
    end = end_of(data)
    what, _, n = how.partition(":")
    if what == "cut":
        data = data[:end * int(n) // 100]
    elif what == "flip":
        data[HEADER + (end - HEADER) * int(n) // 100] ^= 0x10
    elif what == "huge":
        struct.pack_into("<I", data, HEADER, 0xffffff07)
    elif what == "magic":
        data[0] = 0
    elif what == "version":
        struct.pack_into("<I", data, 8, 99)
    elif what == "header":
        struct.pack_into("<I", data, 12, 0xfffffff8)
    else:
        sys.exit(f"how? {how}")
    open(out, "wb").write(data)


if sys.argv[1] == "diary":
    diary(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    harm(*sys.argv[2:])
