# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # the names are helper's and bats'
# What the tests of the vmashadow command share; loaded after helper.

vmashadow=$top_builddir/src/cmd/vmashadow
progs=$top_builddir/tests/progs

# run_program [OPTION...] [--] PROGRAM...: vmashadow run, logs in the test's own
# folder. Its standard error goes to run.err, whatever becomes of it.
run_program()
{
	bounded env TMPDIR="$BATS_TEST_TMPDIR" "$vmashadow" run "$@" \
		2>"$BATS_TEST_TMPDIR/run.err"
}

# said TEXT: it is part of what run_program said.
said()
{
	grep -qF -- "$1" "$BATS_TEST_TMPDIR/run.err" || {
		cat "$BATS_TEST_TMPDIR/run.err" >&2
		fail "was not said: $1"
	}
}

# says_nothing: run_program was silent.
says_nothing()
{
	run cat "$BATS_TEST_TMPDIR/run.err"
	assert_output ''
}

# compile NAME SOURCE [OPTION...]: makes BATS_TEST_TMPDIR/NAME, or skips the test
# where the compiler cannot.
compile()
{
	local name=$1 source=$2

	shift 2
	requires gcc
	printf '%s\n' "$source" | gcc -x c -o "$BATS_TEST_TMPDIR/$name" - "$@" \
		>/dev/null 2>&1 || skip "gcc cannot: $*"
}
