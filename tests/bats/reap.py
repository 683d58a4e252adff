# SPDX-License-Identifier: GPL-2.0-or-later
"""reap.py FILE COMMAND...: runs COMMAND and waits for it and for each process
that it leaves behind. Those that a signal killed are added to FILE as "PID
SIGNAL", like waits.c does for children. Status as a shell's.
"""
import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36


def main(path, command):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    first = os.spawnvp(os.P_NOWAIT, command[0], command)
    result = 127
    with open(path, "a", encoding="ascii", buffering=1) as found:
        while True:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                return result
            if os.WIFSIGNALED(status):
                found.write(f"{pid} {os.WTERMSIG(status)}\n")
            if pid == first:
                result = os.waitstatus_to_exitcode(status)
                result = 128 - result if result < 0 else result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
