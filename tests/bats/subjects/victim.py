# SPDX-License-Identifier: GPL-2.0-or-later
"""A process with two threads to be looked at by a debugger: says "up", allocates
and maps until a line comes, says how it went."""
import ctypes
import mmap
import sys
import threading

PR_SET_PTRACER = 0x59616d61
stop = threading.Event()
bad = []


def work():
    while not stop.is_set():
        blocks = [bytes([7]) * 200000 for _ in range(10)]
        with mmap.mmap(-1, 1 << 20) as m:
            m[77] = blocks[3][5]
            if m[77] != 7:
                bad.append(m[77])


ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1))
thread = threading.Thread(target=work)
thread.start()
print("up", flush=True)
sys.stdin.readline()
stop.set()
thread.join()
print("done", bad)
