#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever VMASHADOW_OPTIONS holds: one clear line, and the program runs on with
# the output and exit status that it has without the library.

load helper

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# complains OPTIONS PATTERN: the program's own output and status (3) stay, and
# standard error has exactly one line, which matches PATTERN.
complains()
{
	local status=0

	VMASHADOW_OPTIONS=$1 bounded env LD_PRELOAD="$library" \
		sh -c 'echo out; exit 3' >out 2>err || status=$?
	assert_equal "$status" 3
	assert_equal "$(cat out)" out
	assert_equal "$(grep -c . err)" 1
	assert_regex "$(cat err)" "$2"
}

@test "a log in a folder that does not exist" {
	complains log=/nonexistent/log '/nonexistent/log.*no such directory'
}

@test "a log path through a file" {
	complains log=/etc/passwd/log '/etc/passwd/log.*no directory'
}

@test "a directory as log" {
	complains "log=$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR.*directory"
}

@test "a symbolic link as log" {
	ln -s elsewhere link
	complains "log=$BATS_TEST_TMPDIR/link" 'link'
	[ ! -e elsewhere ]
}

@test "a full disk" {
	[ -c /dev/full ] || skip 'no /dev/full'
	complains log=/dev/full '/dev/full.*[Nn]o space'
}

@test "an unknown option" {
	complains bananas=1 'bananas'
}

@test "a value that is none" {
	complains check=bananas 'check.*bananas'
}

@test "an absurd number" {
	complains check=99999999999999999999999 'check'
}

@test "an option without a value" {
	complains check 'check'
}

@test "an empty list of options" {
	VMASHADOW_OPTIONS='' bounded env LD_PRELOAD="$library" \
		sh -c 'exit 3' 2>err || [ $? -eq 3 ]
	[ ! -s err ]
}

@test "help=1 names every option, and the program runs on" {
	VMASHADOW_OPTIONS=help=1 bounded env LD_PRELOAD="$library" \
		echo said >out 2>err
	assert_equal "$(cat out)" said
	for key in log format check intercept stacks faults trace history \
		abort_on_drift help; do
		grep -q "$key" err || fail "$key is not in the help"
	done
}
