#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# trace=PATH, and the engine alone going through it again.

load helper

progs=$top_builddir/tests/progs
command=$top_builddir/src/cmd/vmashadow

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# replays TRACE...: each goes through the engine without a difference.
replays()
{
	local trace

	for trace in "$@"; do
		run bounded "$command" replay "$trace"
		assert_success
		assert_line 'differences from what was recorded: 0'
	done
}

trace_tool()
{
	bounded "$python" -I "$top_srcdir/tests/bats/trace.py" "$@"
}

@test "maps --at N is what the kernel printed then, for every N" {
	local seed

	for seed in 1 2 3; do
		rm -f t.*
		shadow_run trace=t.1 -- "$progs/diary" "diary" 150 "$seed"
		replays t.1
		assert_equal "$(trace_tool diary diary t.1 "$command")" 150
	done
	assert_mirrored
}

@test "real programs go through the engine again without a difference" {
	requires perl
	shadow_run trace=t.%p -- sh -c 'ls -l /; perl -e "print 1"; cat /dev/null'
	shadow_run trace=t.%p -- "$python" -c 'x = [bytearray(200000) for i in range(400)]'
	if command -v java gcc >/dev/null; then
		shadow_run trace=t.%p -- java -version
		echo 'int main(void) { return 0; }' >m.c
		shadow_run trace=t.%p -- gcc -o m m.c
	fi
	assert_mirrored
	local traces=(t.*)

	replays "${traces[@]}"
	[ "${#traces[@]}" -ge 4 ]
}

@test "threads, handlers and forks: the trace has the kernel's order" {
	shadow_run trace=t.%p -- "$progs/storm" 8 2000 timer
	shadow_run trace=t.%p -- "$progs/storm" 2 200 fork
	replays t.*
	assert_mirrored
}

@test "calls counted in the trace are those of the summary" {
	shadow_run trace=t.1 -- "$python" -c 'pass'
	run "$command" replay t.1
	assert_line --partial ": $(summaries | "$python" -c '
import json, sys
print(sum(json.loads(sys.stdin.readline())["calls"].values()))') calls, "
}

@test "--addr: everything that ever happened to an address" {
	shadow_run trace=t.1 stacks=16 -- "$progs/raw"
	shadow_run trace=t.2 -- "$progs/stackflag"
	run "$command" maps t.2
	assert_success
	run "$command" replay --addr 0x1000 t.2
	assert_output 'no call of the trace touched 0x1000'
	run "$command" replay --addr "0x$("$command" maps t.2 |
		sed -n '/heap/s/-.*//p')" t.2
	assert_line --partial ': brk, [0x'
}

@test "--rules: how it would have been on another kernel" {
	shadow_run trace=t.1 -- "$progs/stackflag"
	run "$command" replay --rules 6.1 t.1
	assert_success
	assert_line --partial ', by the rules of 6.1'
	run "$command" replay --rules 3.0 t.1
	assert_failure 125
}

@test "killed at any moment, what was written is whole" {
	local pause pid

	for pause in 0.05 0.1 0.15 0.2 0.3; do
		rm -f t.1
		env LD_PRELOAD="$library" \
			VMASHADOW_OPTIONS="log=$BATS_TEST_TMPDIR/log.%p:trace=t.1" \
			"$progs/storm" 4 1000000 3>&- &
		pid=$!
		sleep "$pause"
		kill -KILL "$pid"
		wait "$pid" || :
		[ -s t.1 ] || continue	# it had not come that far
		run bounded "$command" replay t.1
		refute_output --partial damaged
		assert [ "$status" -eq 0 ]
	done
}

@test "damaged, cut, foreign, empty: said, never more" {
	local how

	shadow_run trace=good -- "$progs/diary" diary 50 1
	for how in cut:0 cut:1 cut:50 cut:99 flip:1 flip:30 flip:70 flip:99 \
		huge magic version header; do
		trace_tool harm good bad "$how"
		run bounded "$command" replay bad
		assert [ "$status" -le 125 ]
		case $how in
		cut:*) ;;
		*) assert_failure 125; assert_output --partial 'vmashadow: bad' ;;
		esac
	done
	: >bad
	run "$command" replay bad
	assert_failure 125
	run "$command" replay /dev/zero
	assert_failure 125
	run "$command" maps .
	assert_failure 125
}

@test "a trace that exists is left alone, the next has a number" {
	echo mine >t
	shadow_run trace=t -- /bin/true
	shadow_run trace=t -- /bin/true
	assert_equal "$(cat t)" mine
	replays t.1 t.2
	ln -s mine link
	shadow_run trace=link -- /bin/true
	[ ! -e mine ]
}

@test "no folder for the trace: one line, and the program runs on" {
	same_as_plain trace=/nonexistent/t -- /bin/echo here
	run events notice
	assert_output --partial 'trace=/nonexistent/t cannot be created'
}

@test "a full disk ends the trace and not the program" {
	[ "$(id -u)" -eq 0 ] || skip 'needs the right to mount'
	mkdir small
	mount -t tmpfs -o size=1m none small 2>/dev/null ||
		skip 'no file system may be mounted here'
	shadow_run trace=small/t -- "$progs/storm" 1 20000 || status=$?
	run bounded "$command" replay small/t
	umount small
	assert_success
	assert_mirrored
	run events notice
	assert_output --partial 'ends here'
}
