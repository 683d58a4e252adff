# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What programs.bats and the later matrices share: one real program, run plainly,
# run under the library, and run under the library and strace.

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
	bounded strace -f -qq -o "$trace" \
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

# program_is_mirrored N -- COMMAND...: output and status as without the library,
# N processes at least, all with a summary and without drift, the kernel seldom
# asked, all calls counted.
program_is_mirrored()
{
	local processes=$1

	shift 2
	same_as_plain -- "$@"
	assert_mirrored "$processes"
	seldom_asked
	strace_agrees -- "$@"
}
