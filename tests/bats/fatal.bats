#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Ends by a signal: the same status and output as without the library, what the
# program is told of its signals included; and a summary where there can be one.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	ulimit -c 0
}

# dies WAY STATUS ENDED
dies()
{
	same_as_plain -- "$progs/die" "$1"
	run shadow_run -- "$progs/die" "$1"
	assert_equal "$status" "$2"
	assert_equal "$(summaries | json_get ended | sort -u)" "$3"
	assert_equal "$(summaries | json_sum drift)" 0
}

@test "a write to an unmapped page" {
	dies segv 139 signal
}

@test "abort" {
	dies abort 134 signal
}

@test "abort while four threads map" {
	dies threads 134 signal
}

@test "a division by zero" {
	dies fpe 136 signal
}

@test "an illegal instruction" {
	dies ill 132 signal
}

@test "a breakpoint that nobody set" {
	dies trap 133 signal
}

@test "raise" {
	dies raise 135 signal
}

@test "TERM is left alone: a start, no summary, whole lines" {
	run shadow_run -- "$progs/die" term
	assert_equal "$status" 143
	assert_equal "$(summaries | wc -l)" 0
	assert_equal "$(events start | wc -l)" 1
}

@test "the program's own handler runs, and its exit is an exit" {
	dies handled 5 exit
}

@test "no stack left for any handler: it dies as without the library" {
	same_as_plain -- "$progs/die" overflow
}

@test "gdb finds the faulting instruction in a core" {
	requires gdb
	grep -qv '^|' /proc/sys/kernel/core_pattern || skip 'cores are piped away'
	ulimit -c unlimited || skip 'no cores here'
	[ "$(cat /proc/sys/kernel/core_pattern)" = core ] ||
		skip 'core_pattern is not "core"'
	shadow_run -- "$progs/die" segv || :
	core=$(find . -name 'core*' | head -n 1)
	[ -n "$core" ] || skip 'no core was written'
	run bounded gdb -batch -ex 'x/i $pc' -ex bt "$progs/die" "$core"
	assert_output --partial 'main'
	assert_output --partial 'movl'
}
