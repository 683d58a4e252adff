#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmashadow run is not noticed: how the program ends, the signals that are meant
# for it, the terminal, what it inherits.

bats_require_minimum_version 1.5.0
load helper
load command

# A program that says "ready", counts each signal the moment it comes (it never
# sleeps: two in a row must not become one), and ends with 7 after a while.
counter='#include <signal.h>
#include <stdio.h>
#include <time.h>
static volatile int n[65], all;
static void count(int sig) { n[sig]++; all++; }
int main(void)
{
	time_t end = time(NULL) + 20;
	for (int s = 1; s < 65; s++)
		if (s != SIGTSTP && s != SIGCONT && s != SIGCHLD)
			signal(s, count);
	puts("ready");
	fflush(stdout);
	while (!all && time(NULL) < end)
		;
	for (clock_t t = clock(); clock() - t < CLOCKS_PER_SEC / 3;)
		;
	for (int s = 1; s < 65; s++)
		if (n[s])
			printf("signal %d: %d\n", s, n[s]);
	return 7;
}'

# start [OPTION...] [--] PROGRAM...: vmashadow run in the background, its process
# in $pid, its output in the file out; waits until it is ready.
start()
{
	env TMPDIR="$BATS_TEST_TMPDIR" timeout -k 5 --foreground 60 \
		"${before[@]}" "$vmashadow" run "$@" >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/run.err" 3>&- &
	wait_for 20 grep -q ready "$BATS_TEST_TMPDIR/out"
	pid=$(cat /proc/$!/task/$!/children)
	pid=${pid% }
}

@test "exit statuses are the program's" {
	for status in 0 1 2 125 126 127 128 255; do
		assert_equal "$(run_program -q sh -c "exit $status"; echo $?)" \
			"$status"
	done
	says_nothing
}

@test "a death by signal is the program's, signal and all" {
	for signal in HUP INT QUIT ILL BUS ABRT FPE KILL SEGV PIPE ALRM TERM USR1 \
		XCPU RTMIN; do
		run "$python" -I -c 'import signal, subprocess, sys
name = sys.argv[1]
want = signal.SIGRTMIN if name == "RTMIN" else signal.Signals["SIG" + name]
code = subprocess.call([sys.argv[2], "run", "-q", "sh", "-c",
	f"kill -{int(want)} $$; sleep 20"])
sys.exit(code != -want and f"{name}: {code}")' "$signal" "$vmashadow"
		assert_success
	done
}

@test "no core of the command beside the program's" {
	cd "$BATS_TEST_TMPDIR"
	[[ $(cat /proc/sys/kernel/core_pattern) != [\|/]* ]] ||
		skip 'cores go elsewhere here'
	ulimit -c unlimited || skip 'no cores are allowed'
	(ulimit -c unlimited; run_program -q sh -c 'kill -SEGV $$') || :
	[ "$(find . -name 'core*' | wc -l)" -le 1 ]
}

@test "signals sent to the command reach the program, once" {
	compile counter "$counter" -O1
	for signal in TERM INT USR1 HUP QUIT RTMIN; do
		start "$BATS_TEST_TMPDIR/counter"
		kill -"$signal" "$pid"
		status=0
		wait "$!" || status=$?
		assert_equal "$status" 7
		assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" \
			"signal $(kill -l "$signal"): 1"
	done
}

@test "a signal that the program sends to its group does not come back" {
	cat >"$BATS_TEST_TMPDIR/group.py" <<-'END'
		import os, signal, sys, time
		n = 0
		def count(*_):
		    global n
		    n += 1
		signal.signal(signal.SIGUSR1, count)
		os.kill(0, signal.SIGUSR1)
		os.kill(os.getppid(), signal.SIGUSR1)
		time.sleep(0.5)
		print(n)
	END
	run bounded perl -e 'setpgrp(0, 0); exec @ARGV' "$vmashadow" run -q \
		--log="$BATS_TEST_TMPDIR/log" "$python" -I \
		"$BATS_TEST_TMPDIR/group.py"
	assert_success
	assert_output 1
}

@test "nohup: what is ignored stays so" {
	before=(sh -c 'trap "" HUP; exec "$@"' sh)
	start perl -e '$| = 1; print "ready\n"; sleep 1; print "through\n"'
	kill -HUP "$pid"
	wait "$!"
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" through
}

@test "the program inherits mask, dispositions, descriptors and group" {
	cat >"$BATS_TEST_TMPDIR/show.py" <<-'END'
		import os, resource
		for line in open("/proc/self/status"):
		    if line.startswith(("SigBlk", "SigIgn", "ShdPnd")):
		        print(line, end="")
		print(sorted(fd for fd in map(int, os.listdir("/proc/self/fd"))
		             if fd < 300 and os.path.exists(f"/proc/self/fd/{fd}")))
		print(os.getpgrp() == os.getpgid(os.getppid()))
		print(resource.getrlimit(resource.RLIMIT_CORE), os.umask(0))
	END
	cat >"$BATS_TEST_TMPDIR/setup.py" <<-'END'
		import os, signal, sys
		signal.signal(signal.SIGCHLD, signal.SIG_IGN)
		signal.signal(signal.SIGUSR2, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK,
		                       [signal.SIGWINCH, signal.SIGALRM])
		os.umask(0o27)
		os.execv(sys.argv[1], sys.argv[1:])
	END
	set -- "$python" -I -S "$BATS_TEST_TMPDIR/show.py"
	bounded "$python" -I "$BATS_TEST_TMPDIR/setup.py" "$@" \
		>"$BATS_TEST_TMPDIR/plain"
	bounded env TMPDIR="$BATS_TEST_TMPDIR" "$python" -I \
		"$BATS_TEST_TMPDIR/setup.py" "$vmashadow" run -q "$@" \
		>"$BATS_TEST_TMPDIR/shadow"
	diff "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/shadow"
	grep -q SigBlk "$BATS_TEST_TMPDIR/plain"
}

@test "nohup: a program that wants the signal all the same gets it" {
	compile counter "$counter" -O1
	before=(sh -c 'trap "" HUP; exec "$@"' sh)
	start "$BATS_TEST_TMPDIR/counter"
	kill -HUP "$pid"
	status=0
	wait "$!" || status=$?
	assert_equal "$status" 7
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" 'signal 1: 1'
}

@test "^Z, fg and ^C at a terminal" {
	compile counter "$counter" -O1
	run bounded "$python" -I "$top_srcdir/tests/bats/terminal.py" \
		env TMPDIR="$BATS_TEST_TMPDIR" "$vmashadow" run \
		"$BATS_TEST_TMPDIR/counter"
	assert_success
	assert_line --index 0 'stopped by SIGTSTP, children T'
	assert_line --index 1 'continued'
	assert_line --index 2 'ended with 7'
	assert_line --regexp 'signal 2: 1$'
	assert_line --partial 'drift 0'
}

@test "^C ends what does not care, and the command by the same signal" {
	run bounded "$python" -I "$top_srcdir/tests/bats/terminal.py" \
		env TMPDIR="$BATS_TEST_TMPDIR" "$vmashadow" run -q \
		perl -e '$| = 1; print "ready\n"; sleep 50'
	assert_success
	assert_line 'stopped by SIGTSTP, children T'
	assert_line 'ended by SIGINT'
}
