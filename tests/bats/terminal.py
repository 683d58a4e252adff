# SPDX-License-Identifier: GPL-2.0-or-later
"""A shell with one job, on a terminal of its own.

terminal.py COMMAND...   runs COMMAND as the job in the foreground. Once it has
                         printed "ready", ^Z is typed; when the job is seen to
                         stop it is continued, as `fg` does; then ^C is typed.
                         Prints what happened, one line each, and then all that
                         came out of the terminal. The command's own children
                         must stop and go on with it.
"""
import os
import pty
import select
import signal
import sys
import time

PATIENCE = 20


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as them:
        return [int(child) for child in them.read().split()]


def until(what, condition):
    """Waits for the condition; says what was waited for in vain."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.02)


def job(command, said):
    """The session's leader: its one job, and what becomes of it."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        name = signal.Signals(os.WSTOPSIG(status)).name
        states = "".join(state(child) for child in children(pid))
        os.write(said, f"stopped by {name}, children {states}\n".encode())
        os.killpg(pid, signal.SIGCONT)
        until("the children go on", lambda: all(
            state(child) != "T" for child in children(pid)))
        os.write(said, b"continued\n")
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        os.write(said, f"ended by {name}\n".encode())
    else:
        os.write(said, f"ended with {os.WEXITSTATUS(status)}\n".encode())
    os._exit(0)


def main(command):
    heard, said = os.pipe()
    leader, terminal = pty.fork()
    if leader == 0:
        os.close(heard)
        job(command, said)
    os.close(said)
    shown, told = b"", b""
    typed = 0
    end = time.monotonic() + PATIENCE
    watched = [terminal, heard]
    while watched and time.monotonic() < end:
        for fd in select.select(watched, [], [], 0.5)[0]:
            try:
                data = os.read(fd, 4096)
            except OSError:
                data = b""
            if not data:
                watched.remove(fd)
            elif fd == terminal:
                shown += data
            else:
                told += data
        if typed == 0 and b"ready" in shown:
            os.write(terminal, b"\x1a")
            typed = 1
        if typed == 1 and b"continued" in told:
            os.write(terminal, b"\x03")
            typed = 2
    sys.stdout.write(told.decode())
    sys.stdout.write(shown.decode(errors="replace").replace("\r", ""))
    if watched:
        os.kill(leader, signal.SIGKILL)
        sys.exit("it does not end")


main(sys.argv[1:])
