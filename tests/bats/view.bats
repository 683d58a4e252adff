#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A program's view of its calls and of itself: tests/progs/view prints all that
# it can see, and must print the same, byte for byte, under the library.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# same_view DESCRIPTORS [KEY=VALUE...]
# The descriptors that are documented to be there are left out: the kernel's list
# of mappings, and the log if there is one. There must be so many of them.
same_view()
{
	local documented='^descriptor 50[0-9]: type 100000 flags .* /.*/\(log\.[0-9]*\|maps\)$'
	local extra=$1 plain=0 shadow=0

	shift
	plain_run "$progs/view" >plain.out 2>plain.err || plain=$?
	shadow_run "$@" -- "$progs/view" >shadow.out 2>shadow.err || shadow=$?
	assert_equal "$plain $shadow" '0 0'
	assert_equal "$(cat plain.err)" ''
	assert_equal "$(grep -c "$documented" shadow.out)" "$extra"
	grep -v "$documented" shadow.out | diff plain.out - ||
		fail 'the program sees something else under the library'
	assert [ "$(wc -l <plain.out)" -gt 400 ]
}

@test "registers, vectors, red zone, stack, errno, signals, descriptors, environment" {
	same_view 2
	assert_equal "$(cat shadow.err)" ''
	assert_mirrored
	# twelve, four of them by the program's own instructions
	assert_equal "$(summaries | json_get calls.mremap)" 12
}

@test "the same with a check after every call" {
	same_view 2 check=each
	assert_mirrored
}

@test "the same without patched sites" {
	same_view 2 intercept=symbol
}
