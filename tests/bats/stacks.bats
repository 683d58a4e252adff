#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who called: the stack of each call, as far as a log shows it.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# last_stacks: the stack of each drift's last call, one frame a line.
last_stacks()
{
	events drift | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    print(*json.loads(line)["last"].get("stack", ["none"]), sep="\n")'
}

@test "a drift names the stack of the last call there" {
	run shadow_run rules=map_stack_nohuge=0 -- "$progs/stackflag"
	assert_success
	run last_stacks
	assert_line --index 0 --regexp '/stackflag\+0x[0-9a-f]+'
	assert_line --regexp '/libc\.so\.6\+0x[0-9a-f]+ __libc_start_main$'
}

@test "stacks=2: two frames; stacks=off: none" {
	run shadow_run rules=map_stack_nohuge=0:stacks=2 -- "$progs/stackflag"
	assert_success
	[ "$(last_stacks | wc -l)" -eq "$((2 * $(events drift | wc -l)))" ]
	forget_logs
	run shadow_run rules=map_stack_nohuge=0:stacks=off -- "$progs/stackflag"
	assert_success
	run last_stacks
	assert_line --index 0 none
}

@test "threads, handlers and forks with the deepest stacks" {
	shadow_run stacks=64 -- "$progs/storm" 4 1000 fork timer
	assert [ -n "$(summaries)" ]
	assert_equal "$(summaries | json_get drift | sort -u)" 0
}
