#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The door under fire: threads, handlers that map, handlers that never return,
# forks of every kind, stacks of a few pages, descriptors taken away.

load helper
load programs

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

@test "a call that nothing intercepts is found by the check, and said" {
	run shadow_run -- "$progs/raw"
	assert_success
	assert_output 'mapped'
	assert_equal "$(summaries | json_get drift)" 1
	run events drift
	assert_output --partial '"mirror": null'
	assert_output --partial ' r--p 00000000 00:00 0 '
}

@test "a rule removed on purpose is seen as drift" {
	shadow_run -- "$progs/stackflag"
	assert_mirrored
	forget_logs
	run shadow_run rules=map_stack_nohuge=0 -- "$progs/stackflag"
	assert_success
	assert [ "$(summaries | json_get drift)" -gt 0 ]
	run events drift
	assert_output --partial '"call": "mmap"'
}

@test "abort_on_drift=1 ends the program by SIGABRT, after the log" {
	run shadow_run abort_on_drift=1 -- "$progs/raw"
	assert_equal "$status" 134
	assert_equal "$(events drift | wc -l)" 2
}

@test "drift is said on standard error where no log is asked for" {
	run bounded env LD_PRELOAD="$library" "$progs/raw"
	assert_success
	assert_line --partial 'drift'
	assert_line 'mapped'
}

@test "one thread: nothing is settled, every address is foretold" {
	shadow_run -- "$progs/storm" 1 5000
	assert_mirrored
	assert_equal "$(summaries | json_get settled)" 0
	assert_equal "$(summaries | json_get placement.predicted)" \
		"$(summaries | json_get placement.hit)"
}

@test "hints below what may be mapped: every address is foretold" {
	requires perl
	# mmap(hint, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	run shadow_run -- perl -e '
		printf "%d\n", syscall(9, $_ * 4096, 4096, 0, 0x22, -1, 0) < 1e7
			for 1 .. 20;'
	assert_success
	assert_line 1
	assert_mirrored
	assert_equal "$(summaries | json_get placement.predicted)" \
		"$(summaries | json_get placement.hit)"
}

@test "eight threads that map, protect and unmap" {
	same_as_plain -- "$progs/storm" 8 4000
	assert_mirrored
}

@test "eight threads and a timer whose handler maps" {
	same_as_plain -- "$progs/storm" 8 4000 timer
	assert_mirrored
}

@test "four threads, a check after each call" {
	shadow_run check=each -- "$progs/storm" 4 2000
	assert_mirrored
	assert [ "$(summaries | json_get checks)" -gt 5000 ]
}

@test "forks from threads while others map" {
	same_as_plain -- "$progs/storm" 4 1000 fork timer
	assert_mirrored 80
}

@test "a handler that leaves the door by siglongjmp" {
	same_as_plain -- "$progs/jump" 200
	assert_equal "$(summaries | json_get drift)" 0
}

@test "small alternate stacks and coroutines" {
	same_as_plain -- "$progs/smallstack"
	assert_mirrored
}

@test "a thread that gives away the stack below its stack pointer" {
	same_as_plain -- "$progs/stacktrim"
	assert_mirrored
	forget_logs
	same_as_plain -- "$progs/stacktrim" 4
	assert_mirrored
	forget_logs
	shadow_run check=each -- "$progs/stacktrim" 4
	assert_mirrored
}

@test "two threads with one thread pointer" {
	same_as_plain -- "$progs/sharedtls"
	assert_mirrored
}

@test "exit while four threads map: the last check is had all the same" {
	same_as_plain -- "$progs/quit"
	assert_mirrored
}

@test "the summary is the last line, whatever other threads write meanwhile" {
	for _ in 1 2 3 4 5 6; do
		shadow_run check=3 -- "$progs/quit" || :
		run tail -qn 1 log.*
		assert_output --partial '"event":"summary"'
		forget_logs
	done
}

@test "every way to make a process" {
	same_as_plain -- "$progs/children"
	# the parent, eight children of its own memory, three that became true
	assert_mirrored 11
	assert_equal "$(events exec_failed | json_get path)" /nonexistent
}

@test "every way to make a process: strace counts the same" {
	strace_agrees -- "$progs/children"
}

@test "threads: strace counts the same" {
	strace_agrees -- "$progs/storm" 4 500
}

@test "a program that closes all descriptors and takes their numbers" {
	same_as_plain -- "$progs/closer" "$BATS_TEST_TMPDIR/mine"
	assert_equal "$(cat mine)" mine
	assert_equal "$(summaries | json_get drift)" 0
}

@test "a filter that kills for any call but the program's: a summary before" {
	local how

	for how in prctl seccomp; do
		forget_logs
		same_as_plain -- "$progs/filter" "$how"
		assert_equal "$(cat shadow.out)" $'filtered\ndone'
		assert_mirrored
		assert_equal "$(summaries | json_get ended)" seccomp
		assert_equal "$(events check | json_get trigger)" seccomp
	done
}

@test "a filter that the kernel refuses changes nothing" {
	same_as_plain -- "$progs/filter" bad
	assert_mirrored
	assert_equal "$(summaries | json_get ended)" exit
	assert_equal "$(summaries | json_get calls.mprotect)" 200
}

@test "intercept=symbol: says that the heap is unseen, and does not touch text" {
	run shadow_run intercept=symbol -- /bin/true
	assert_success
	assert_equal "$(events start | json_get sites.patched)" 0
}
