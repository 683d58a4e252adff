# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What programs*.bats share: one real program, run plainly, run under the library
# with and without a check after each call, and run under the library and strace.
#
# With VMASHADOW_LONG=1 in the environment programs run longer (HACKING.md).

subjects=$BATS_TEST_DIRNAME/subjects

# A prefix for programs that refuse to run as root: unprivileged fills it.
as_user=()

# strace_agrees [KEY=VALUE...] -- COMMAND...
# What strace sees of COMMAND between the library's marks is what the library
# counted: calls + own. The tool prints both totals.
strace_agrees()
{
	local options="mark=1:log=$BATS_TEST_TMPDIR/traced.%p" list
	local trace=$BATS_TEST_TMPDIR/strace.out

	while [ "$1" != -- ]; do
		options+=":$1"
		shift
	done
	shift
	requires strace
	list=$(grep -v '^#' "$BATS_TEST_DIRNAME/memory_calls.list" |
		paste -sd ,)
	rm -f "$BATS_TEST_TMPDIR"/traced.*
	bounded "${as_user[@]}" strace -f -qq -o "$trace" \
		-e trace="$list,access,clone,clone3,fork,vfork" -e signal=none \
		-E LD_PRELOAD="$library" -E VMASHADOW_OPTIONS="$options" \
		"$@" >"$BATS_TEST_TMPDIR/traced.out.txt" 2>&1 </dev/null || :
	"$python" -I "$BATS_TEST_DIRNAME/strace_count.py" \
		"$BATS_TEST_DIRNAME/memory_calls.list" "$trace" \
		"$BATS_TEST_TMPDIR"/traced.[0-9]*
}

# seldom_asked: the engine says yes or no by itself; of each process's calls fewer
# than two in a hundred were left to the kernel to tell.
seldom_asked()
{
	"$python" -I "$log_tool" asked 2 "$BATS_TEST_TMPDIR"/log.* ||
		fail 'the kernel was asked too often'
}

# foretold: each failure, and without unordered calls each success and address,
# was what the engine said before the kernel was asked.
foretold()
{
	"$python" -I "$log_tool" foretold "$BATS_TEST_TMPDIR"/log.* ||
		fail 'the kernel did otherwise than foretold'
}

# rounds SHORT LONG: the one that applies.
rounds()
{
	if [ "${VMASHADOW_LONG:-0}" != 0 ]; then
		SHADOW_TIMEOUT=600
		REPLY=$2
	else
		REPLY=$1
	fi
}

none_lives()
{
	local log

	for log in "$BATS_TEST_TMPDIR"/log.*; do
		[ ! -d "/proc/${log##*.}" ] || return 1
	done
}

# all_have_ended: a child that nobody waits for (python's resource tracker) may
# end after the program that started it.
all_have_ended()
{
	wait_for 20 none_lives || fail 'some of its processes do not end'
}

# well_mirrored N: what holds of the logs of any program that ended.
well_mirrored()
{
	all_have_ended
	assert_mirrored "$1"
	seldom_asked
	foretold
}

# each_call_is_checked N -- COMMAND...: the same with a check after each call.
each_call_is_checked()
{
	local processes=$1

	shift 2
	forget_logs
	same_as_plain check=each -- "$@"
	all_have_ended
	assert_mirrored "$processes"
	foretold
}

# program_is_mirrored N -- COMMAND...: output and status as without the library,
# N processes at least, all with a summary and without drift, the kernel seldom
# asked, all calls counted.
program_is_mirrored()
{
	local processes=$1

	shift 2
	same_as_plain -- "$@"
	well_mirrored "$processes"
	strace_agrees -- "$@"
}

# unpacked PROGRAM...: skips by name what is not there. Some programs come without
# their package's service: scripts/test unpacks them into the build folder.
# Sets REPLY to the first's path.
unpacked()
{
	local program place found

	for program in "$@"; do
		found=
		for place in /usr/lib/postgresql/*/bin /usr/sbin /usr/bin \
			"$top_builddir"/packages/usr/lib/postgresql/*/bin \
			"$top_builddir"/packages/usr/sbin; do
			[ -x "$place/$program" ] && found=$place/$program
		done
		[ -n "$found" ] || skip "$program is not installed"
		[ "$program" != "$1" ] || REPLY=$found
	done
}

# logs_of FOLDER: its logs are this test's.
logs_of()
{
	mv "$1"/log.* "$BATS_TEST_TMPDIR"
}

# ended PID: waits for that child of this shell, prints its exit status.
ended()
{
	local status=0

	wait "$1" || status=$?
	echo "status $status"
}
