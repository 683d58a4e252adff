#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The public header, as a program uses it that does not need the library.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# judges MODE: the program finds nothing wrong, and neither does the last check.
judges()
{
	run shadow_run -- "$progs/api" "$1"
	assert_success
	assert_output "$1: as it should"
	assert_mirrored
}

@test "without the library a program with weak symbols runs, and knows" {
	run plain_run "$progs/api" find
	assert_success
	assert_output absent
	run plain_run "$progs/boundaries"
	assert_success
	assert_output absent
}

@test "find: the mapping that covers, the one above a hole, none above the last" {
	judges find
}

@test "snapshot: every field of every line as the kernel prints it" {
	judges snapshot
}

@test "check: what it counts, structs of other sizes" {
	judges check
}

@test "stats: what it counts, structs of other sizes" {
	judges stats
}

@test "no function touches errno" {
	judges errno
}

@test "from a handler that interrupts mmap: an answer or -EBUSY, never a wait" {
	judges handler
}

@test "check finds what nothing intercepted, once" {
	run shadow_run -- "$progs/api" drift
	assert_success
	assert_output 'drift: as it should'
	assert_equal "$(summaries | json_get drift)" 1
}

@test "a passive library answers -ENODATA" {
	run shadow_run -- "$progs/api" passive
	assert_success
	assert_output 'beneath: as it should'
	assert_equal "$(events passive | wc -l)" 1
}

nothing='nothing: no call touched this boundary since they became equal'
apart='both touched separately: different anon_vma'

# of WHAT TEXT: of that boundary this is said.
of()
{
	assert_line "$1: $2"
}

explained()
{
	run shadow_run -- "$progs/boundaries"
	assert_success
	refute_line --partial "child's status"
	assert_line 'check: 0'
}

@test "explain: flags, with both values" {
	explained
	of protection 'protection r-- and rw-'
	of sharing 'sharing: private and shared'
	of account 'VM_ACCOUNT: the left one was writable once, the right one never was, or was untouched then'
	of noreserve 'VM_NORESERVE: the left one has MAP_NORESERVE, the right one has not'
	of grows_down 'VM_GROWSDOWN: the left one grows down, the right one does not'
	of locked 'locked: no and yes'
	of dontfork 'advice: the right one has MADV_DONTFORK, the left one has not'
	of reading 'advice: MADV_RANDOM and MADV_SEQUENTIAL'
	assert_line --regexp "^policy: (cannot|policy: none and mbind's number [0-9]+)\$"
	assert_line --regexp '^pkey: (cannot|pkey: 0 and [0-9]+)$'
}

@test "explain: MAP_STACK keeps apart where the kernel makes it a flag" {
	explained
	if [ "$(events start | json_get rules.map_stack_nohuge | head -n 1)" = 0 ]
	then
		of map_stack 'Invalid argument'
	else
		of map_stack 'VM_NOHUGEPAGE: the right one has MAP_STACK or MADV_NOHUGEPAGE, the left one has not'
	fi
}

@test "explain: files and offsets" {
	explained
	of files "different files: $(realpath "$progs/boundaries") and /etc/passwd"
	of no_file 'different files: /etc/passwd and anonymous memory'
	of opened_twice "unknown: either different open file descriptions, or $nothing"
	of offsets 'offsets do not follow: 0x1000 and 0x2000'
	of close_hook 'close hook: the kernel gives up neither, both of /SYSV00000000 (deleted)'
	of attached_twice 'different open file descriptions of /SYSV00000000 (deleted)'
	assert_line --regexp '^vdso: special mapping: \[vvar.*\] and \[vdso\]$'
}

@test "explain: what nobody can see" {
	explained
	of objects "$apart"
	of moved "$apart"
	assert_line --regexp '^moved_beside_untouched: offsets do not follow: 0x[0-9a-f]+ and 0x[0-9a-f]+ \(hidden: one was moved\)$'
	of halves_by_fork 'came by fork: the left one came by fork, the right one came by fork'
	of new_beside_fork 'came by fork: the left one came by fork, the right one was touched or not'
	of nothing "$nothing"
	assert_mirrored 4
}

@test "explain: no boundary, and little room for words" {
	explained
	of inside 'Invalid argument'
	of 'before a hole' 'Invalid argument'
	of 'after a hole' 'Invalid argument'
	of nowhere 'Invalid argument'
	of above 'Invalid argument'
	of 'no room' 22
	of 'little room' '22 protec -'
}
