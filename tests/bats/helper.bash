# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The vocabulary of the process tests: programs run with and without the library
# of the build tree, and what their logs say. A test file begins with
#
#	load helper
#
# Nothing here waits for ever: each program run has SHADOW_TIMEOUT seconds.

bats_load_library bats-support
bats_load_library bats-assert

: "${top_srcdir:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
: "${SHADOW_TIMEOUT:=60}"

library=$top_builddir/.libs/libvmashadow.so
log_tool=$top_srcdir/tests/bats/log.py
# The distribution's own: tests compare the distribution's programs.
python=/usr/bin/python3

# A test judges what it set itself, not what its caller's environment holds.
unset LD_PRELOAD LD_AUDIT VMASHADOW_OPTIONS
export LC_ALL=C TZ=UTC

# requires PROGRAM...: skips the test, by name, if one is missing.
requires()
{
	local program

	for program in "$@"; do
		command -v "$program" >/dev/null ||
			skip "$program is not installed"
	done
}

# bounded COMMAND...: runs it, for at most SHADOW_TIMEOUT seconds (124 then), and
# without bats' own descriptor 3, which a daemon would hold open.
bounded()
{
	timeout -k 5 "$SHADOW_TIMEOUT" "$@" 3>&-
}

# SHADOW_OPTIONS: options for every run of a whole test file, as in
#
#	SHADOW_OPTIONS=faults=all make check TESTS=tests/bats/programs_runtimes.bats
#
# shadow_run [KEY=VALUE...] -- COMMAND...
# Runs COMMAND under the library. Each process logs to log.PID in the test's
# folder unless log= is among the options. Output and exit status are COMMAND's.
# The library is preloaded by env's exec: neither timeout nor env is shadowed.
shadow_run()
{
	local options="log=$BATS_TEST_TMPDIR/log.%p${SHADOW_OPTIONS:+:$SHADOW_OPTIONS}"

	while [ "$1" != -- ]; do
		options+=":$1"
		shift
	done
	shift
	[ -f "$library" ] || fail "there is no $library"
	bounded env LD_PRELOAD="$library" VMASHADOW_OPTIONS="$options" "$@"
}

# plain_run COMMAND...: the same without the library.
plain_run()
{
	bounded env "$@"
}

# forget_logs: what was logged so far is of no interest.
forget_logs()
{
	rm -f "$BATS_TEST_TMPDIR"/log.*
}

# same_as_plain [KEY=VALUE...] -- COMMAND...
# Runs COMMAND without the library, then under it. Standard output (plain.out,
# shadow.out) and exit status must be the same byte for byte.
same_as_plain()
{
	local options=() plain=0 shadow=0

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	plain_run "$@" >"$BATS_TEST_TMPDIR/plain.out" \
		2>"$BATS_TEST_TMPDIR/plain.err" || plain=$?
	shadow_run "${options[@]}" -- "$@" >"$BATS_TEST_TMPDIR/shadow.out" \
		2>"$BATS_TEST_TMPDIR/shadow.err" || shadow=$?
	if [ "$plain" -ne "$shadow" ]; then
		tail -n 20 "$BATS_TEST_TMPDIR/shadow.err" >&2
		fail "exit status $shadow under the library, $plain without: $*"
	fi
	cmp "$BATS_TEST_TMPDIR/plain.out" "$BATS_TEST_TMPDIR/shadow.out" ||
		fail "standard output differs under the library: $*"
}

# logs: every line of every log of this test.
logs()
{
	cat "$BATS_TEST_TMPDIR"/log.*
}

# summaries: the last summary of every process, one JSON line each.
summaries()
{
	"$python" -I "$log_tool" summaries "$BATS_TEST_TMPDIR"/log.*
}

# events NAME: the lines of that event in all logs.
events()
{
	"$python" -I "$log_tool" events "$1" "$BATS_TEST_TMPDIR"/log.*
}

# json_get PATH: of each JSON line on standard input the value at PATH (as
# calls.mmap), one a line; "null" where it is missing.
json_get()
{
	"$python" -I "$log_tool" get "$1"
}

# json_sum PATH: the sum of the numbers that json_get finds.
json_sum()
{
	"$python" -I "$log_tool" sum "$1"
}

# assert_mirrored [N]: each process that started has its summary, none has drift,
# each line of each log is JSON; and there were at least N processes (default 1).
assert_mirrored()
{
	"$python" -I "$log_tool" mirrored "${1:-1}" "$BATS_TEST_TMPDIR"/log.* ||
		fail 'the mirror is not right'
}

# redis_server: path of a redis-server. Debian's redis-tools holds the very
# program under another name, without the service that redis-server installs.
redis_server()
{
	if command -v redis-server; then
		return
	fi
	requires redis-check-rdb
	ln -sf "$(command -v redis-check-rdb)" "$BATS_TEST_TMPDIR/redis-server"
	printf '%s\n' "$BATS_TEST_TMPDIR/redis-server"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds, tried ten times a second.
wait_for()
{
	local tries=$(($1 * 10))

	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$((tries -= 1))" -gt 0 ] || return 1
		sleep 0.1
	done
}
