#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that most programs never make, each by a program that does. Made in the
# open they leave the mirror right after every call; hidden from it they are
# found: what is compared could have differed.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# deed NAME CALL: the victim NAME makes CALL, which the summary counts.
deed()
{
	run plain_run "$progs/$1"
	[ "$status" -ne 77 ] || skip "$output"
	same_as_plain check=each -- "$progs/$1"
	assert_mirrored
	assert [ "$(summaries | json_sum "calls.$2")" -gt 0 ]
	cp "$(grep -l '"summary"' log.* | head -n 1)" seen
	forget_logs
	shadow_run check=each -- "$progs/$1" hidden
	assert [ "$(summaries | json_sum drift)" -gt 0 ]
}

# seen PATH: what the summary of the open deed has there.
seen()
{
	"$python" -I "$log_tool" summaries seen | json_get "$1"
}

@test "mseal: sealed merges with sealed, and stays" {
	deed seal mseal
}

@test "mbind: policies that look different and are the same" {
	deed policy mbind
	assert_equal "$(seen settled)" 0
}

@test "process_madvise of oneself, several ranges, one of them not whole" {
	deed advise process_madvise
}

@test "io_setup and io_destroy: the ring of AIO" {
	deed aio io_setup
	assert_equal "$(seen settled)" 0
}

@test "personality: reads imply exec, for one thread and not for another" {
	deed implies personality
	assert_equal "$(seen settled)" 0
}

@test "PR_SET_MM: labels follow the marks" {
	deed marks prctl
	assert_equal "$(seen settled)" 0
}

@test "PR_SET_MEMORY_MERGE: KSM for the whole process" {
	deed ksm prctl
	assert_equal "$(seen settled)" 0
}

@test "PR_SET_VMA: names of anonymous memory" {
	deed named prctl
}

@test "map_shadow_stack" {
	deed shstk map_shadow_stack
}

@test "arch_prctl maps the vdso anew" {
	deed vdso arch_prctl
	assert_equal "$(seen settled)" 1
}

@test "userfaultfd: registered, moved, inherited, and the close that undoes it" {
	deed monitor ioctl
	assert [ "$(seen calls.close)" -gt 0 ]
}
