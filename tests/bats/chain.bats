#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that live on faults: their handlers, masks, stacks and ends are byte for
# byte as without the library, whether it tells of no fault, of those that end the
# program, or of all; and with SIGSYS its own besides.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	ulimit -c 0
}

# the_same PROGRAM...
the_same()
{
	local how

	for how in faults=off faults=fatal faults=all faults=all:intercept=trap; do
		same_as_plain "$how" -- "$@"
	done
	assert_equal "$(tail -n 1 plain.out)" 'done'
	assert_equal "$(summaries | json_sum drift)" 0
}

@test "each flag, each source, each stack" {
	the_same "$progs/chain" flags
	assert [ "$(wc -l <plain.out)" -gt 2000 ]
}

@test "faults within handlers" {
	the_same "$progs/chain" nested
}

@test "jumps out of handlers" {
	the_same "$progs/chain" jumps
}

@test "alternate stacks, in forty threads" {
	the_same "$progs/chain" stacks
}

@test "two libraries that call each other's handlers" {
	the_same "$progs/chain" libraries
}

@test "a handler set and asked for by number" {
	the_same "$progs/chain" raw
}

@test "SIGSEGV waited for, and read from a descriptor" {
	the_same "$progs/chain" waits
}

@test "a call that SIGSEGV interrupts" {
	the_same "$progs/chain" restart
}

@test "what children set, and what a vfork child does not" {
	the_same "$progs/chain" children
}

@test "stack overflows, told of and not" {
	the_same "$progs/overflow"
}

@test "each way to die of a fault" {
	the_same "$progs/chain" ends
}

# Of two more nobody can tell: their handlers have no stack, as without the library.
@test "a stack overflow without a handler has its last words, in threads, too" {
	shadow_run faults=fatal -- "$progs/overflow" >/dev/null
	assert_equal "$(summaries | json_get ended | sort | uniq -c |
		tr -s ' ' | paste -sd,)" ' 3 exit, 2 signal'
}
