#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Odd company and odd conditions: other allocators beside, a debugger and strace
# on a shadowed process, little memory, little stack, one processor, other
# layouts, huge pages.

load helper
load programs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# --- other allocators ---------------------------------------------------------

# beside LIBRARY: a program with that malloc, preloaded before ours and after.
beside()
{
	local other=/usr/lib/x86_64-linux-gnu/$1 preload
	local work=("$python" -I "$subjects/blocks.py")

	[ -e "$other" ] || skip "$1 is not installed"
	rounds 40 2000
	plain_run LD_PRELOAD="$other" "${work[@]}" "$REPLY" >plain.out
	for preload in "$library:$other" "$other:$library"; do
		forget_logs
		shadow_run -- LD_PRELOAD="$preload" "${work[@]}" "$REPLY" \
			>shadow.out
		cmp plain.out shadow.out
		well_mirrored 1
		forget_logs
		shadow_run check=each -- LD_PRELOAD="$preload" "${work[@]}" 4
		assert_mirrored
		foretold
		strace_agrees -- env LD_PRELOAD="$preload" "${work[@]}" 5
	done
}

@test "jemalloc beside" {
	beside libjemalloc.so.2
}

@test "tcmalloc beside" {
	beside libtcmalloc_minimal.so.4
}

# --- looked at from outside ---------------------------------------------------

teardown()
{
	if [ -n "${victim:-}" ] && [ -d "/proc/$victim" ]; then
		kill -KILL "$victim"
	fi
}

# start_victim [KEY=VALUE]: it waits for a line from descriptor 8. Sets $victim.
start_victim()
{
	mkfifo line
	LD_PRELOAD=$library \
		VMASHADOW_OPTIONS="log=$BATS_TEST_TMPDIR/log.%p${1:+:$1}" \
		timeout 120 "$python" -I "$subjects/victim.py" \
		<line >victim.out 3>&- &
	runner=$!
	exec 8>line
	wait_for 20 grep up victim.out
	victim=$(pgrep -P "$runner")
}

# The whole of what it printed is as if nobody had looked.
victim_is_well()
{
	echo >&8
	exec 8>&-
	wait "$runner"
	assert_equal "$(cat victim.out)" $'up\ndone []'
	assert_mirrored 1
	foretold
}

@test "gdb attaches, unwinds out of the door, calls, steps and lets go" {
	requires gdb pgrep
	start_victim check=each
	bounded gdb -batch -nx -p "$victim" -ex 'set pagination off' \
		-ex 'print (long)malloc(3000000) != 0' \
		-ex 'print (int)munmap(0, 0)' \
		-ex 'catch syscall munmap' -ex continue -ex bt \
		-ex stepi -ex stepi -ex continue -ex delete \
		-ex 'break vs_door_entry' -ex continue -ex finish \
		-ex 'info proc mappings' -ex detach >gdb.out 2>&1
	# the call's own place is found through the door
	grep 'Catchpoint.*syscall munmap' gdb.out
	grep -E '^#[0-9]+ .*\<shadow_door' gdb.out
	grep -E '^#[0-9]+ .*\<(__)?munmap\>' gdb.out
	grep -E '^#[0-9]+ .*_PyEval_EvalFrame' gdb.out
	grep 'Value returned is' gdb.out
	grep '= 1$' gdb.out
	grep '= -1$' gdb.out
	victim_is_well
	[ "$(summaries | json_sum verdict.failed.hit)" -ge 1 ]
}

@test "strace attaches and lets go" {
	requires strace pgrep
	start_victim check=each
	for _ in 1 2 3; do
		timeout 0.5 strace -f -qq -o strace.out -p "$victim" || :
	done
	[ -s strace.out ]
	victim_is_well
}

# --- little of everything -----------------------------------------------------

# in_straits COMMAND...: a subject of many calls under COMMAND's conditions.
in_straits()
{
	rounds 15 500
	program_is_mirrored 1 -- "$@" "$python" -I "$subjects/blocks.py" "$REPLY"
	each_call_is_checked 1 -- "$@" "$python" -I "$subjects/blocks.py" 3
}

@test "a limit on address space that is met" {
	rounds 1 1
	program_is_mirrored 1 -- bash -c 'ulimit -v 1000000
		exec "$@"' bash "$python" -I -c '
kept, failed = [], 0
for size in [1 << 20, 5 << 20] * 400:
    try:
        kept.append(bytes(size))
    except MemoryError:
        failed += 1
print(failed > 100, len(kept) > 50)'
	[ "$(summaries | json_get verdict.failed.hit | sort -n | tail -n 1)" \
		-gt 100 ]
}

@test "a limit on data that is met" {
	program_is_mirrored 1 -- bash -c 'ulimit -d 300000
		exec "$@"' bash "$python" -I -c '
kept, failed = [], 0
for size in [90000, 1 << 20] * 600:
    try:
        kept.append(bytes(size))
    except MemoryError:
        failed += 1
print(failed > 10)'
}

@test "little stack" {
	in_straits bash -c 'ulimit -s 256; exec "$@"' bash
}

@test "no limit on the stack: the layout is bottom-up" {
	in_straits bash -c 'ulimit -s unlimited; exec "$@"' bash
}

@test "one processor" {
	requires taskset
	in_straits taskset -c 0
}

@test "no randomisation" {
	requires setarch
	in_straits setarch -R
}

@test "the legacy layout" {
	requires setarch
	in_straits setarch -L
}

@test "read implies exec" {
	requires setarch
	in_straits setarch -X
}

@test "memory interleaved by numactl" {
	requires numactl
	in_straits numactl --interleave=all
}

@test "no memory of its own locked, the program locks all of its" {
	program_is_mirrored 1 -- "$python" -I -c '
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
print(libc.mlockall(3))
kept = [bytes(300000) for _ in range(200)]
maps = [mmap.mmap(-1, 1 << 16) for _ in range(100)]
del maps[::2], kept[::3]
print(libc.munlockall(), len(maps), len(kept))'
}

# More mappings than one process may have, then other ones in their places. Where
# the limit is far away there is none to meet.
@test "the limit on mappings that is met" {
	rounds 4000 20000
	same_as_plain -- "$python" -I "$subjects/many.py" "$REPLY"
	well_mirrored 1
	if [ "$(cat /proc/sys/vm/max_map_count)" -lt 66000 ]; then
		[ "$(summaries | json_get verdict.failed.hit)" -gt 0 ]
		[ "$(summaries | json_get vmas_peak)" -gt 60000 ]
		[ -n "$(events limit)" ]
	fi
}
