#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Tier 3: calls by instructions of the program's own and in generated code, each
# way that a thread or process can begin, and SIGSYS kept from the program.

load helper
load programs

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	ulimit -c 0
	# a prctl that turns dispatch off is refused where there is none
	"$python" -c 'import ctypes
raise SystemExit(ctypes.CDLL(None).prctl(59, 0, 0, 0, 0) != 0)' ||
		skip 'this kernel has no Syscall User Dispatch'
}

# trapped N PROGRAM...: as without the library, no drift, strace counts the same,
# and at least N calls were seen by traps.
trapped()
{
	local n=$1

	shift
	same_as_plain intercept=trap -- "$@"
	assert_mirrored
	[ "$(summaries | json_sum by.trap)" -ge "$n" ] ||
		fail "$(summaries | json_get by)"
	strace_agrees intercept=trap -- "$@"
}

# unharmed PROGRAM...: as without the library, and no drift where there is a check.
unharmed()
{
	same_as_plain intercept=trap -- "$@"
	assert_equal "$(summaries | json_sum drift)" 0
}

@test "tier 2 does not see generated code, tier 3 does" {
	run shadow_run -- "$progs/trapped" jit 1
	assert_success
	assert [ "$(summaries | json_sum drift)" -gt 0 ]
	forget_logs
	shadow_run intercept=trap -- "$progs/trapped" jit 1
	assert_mirrored
	assert [ "$(summaries | json_get by.trap)" -ge 8 ]
}

@test "inline assembly" {
	trapped 0 "$progs/trapped" inline 1000
}

@test "generated code" {
	trapped 7000 "$progs/trapped" jit 1000
}

@test "generated code, a check after each call" {
	shadow_run intercept=trap check=each -- "$progs/trapped" jit 200
	assert_mirrored
}

@test "threads of a raw clone" {
	trapped 5600 "$progs/trapped" threads
}

@test "threads of libc" {
	trapped 5600 "$progs/trapped" pthreads
}

@test "children of a raw fork, clone and clone3" {
	trapped 3500 "$progs/trapped" forks
}

@test "what the child of a raw vfork maps is in its parent's mirror" {
	unharmed "$progs/trapped" vfork
	assert_equal "$(summaries | json_get calls.mremap)" 1
	assert_equal "$(summaries | json_get by.trap)" 7
}

@test "an exec by the program itself" {
	trapped 0 "$progs/trapped" exec
}

@test "all signals blocked, in threads and children as well" {
	trapped 10000 "$progs/trapped" blocked
}

@test "handlers that map, on either stack" {
	trapped 441 "$progs/trapped" handler
}

@test "a handler that returns to another mask" {
	trapped 14 "$progs/trapped" mask
}

@test "a thread cancelled in a call that blocks" {
	trapped 7 "$progs/trapped" cancel
}

@test "a thread that takes away its own stack" {
	trapped 140 "$progs/trapped" unmap
}

@test "registers, flags and the red zone" {
	trapped 0 "$progs/trapped" registers
}

@test "more places that clone than can be remembered: nothing worse than drift" {
	same_as_plain intercept=trap -- "$progs/trapped" places
}

@test "dispositions of SIGSYS and of others, by libc and raw" {
	unharmed "$progs/sigsys" table
}

@test "SIGSYS sent, with each flag of its handler" {
	unharmed "$progs/sigsys" sent
}

@test "SIGSYS blocked, pending and let in" {
	unharmed "$progs/sigsys" blocked
	# in the two handlers, and before and after each, but not while one is held
	assert [ "$(summaries | json_sum by.trap)" -ge 42 ]
}

@test "SIGSYS waited for, and read from a descriptor" {
	unharmed "$progs/sigsys" wait
}

@test "SIGSYS ignored, and inherited so" {
	unharmed "$progs/sigsys" ignored
}

@test "a filter that traps, and a handler that answers" {
	unharmed "$progs/sigsys" filter
}

@test "threads and children under a filter" {
	unharmed "$progs/sigsys" child
}

@test "ends by SIGSYS" {
	local way

	for way in default trap-default trap-blocked trap-ignored; do
		same_as_plain intercept=trap -- "$progs/sigsys" "$way"
		run plain_run "$progs/sigsys" "$way"
		assert_equal "$status" 159
	done
}

@test "a filter that kills for any call but the program's" {
	local how

	for how in prctl seccomp bad; do
		unharmed "$progs/filter" "$how"
	done
}

@test "the other ends by a signal" {
	local way

	for way in segv abort fpe ill trap raise term handled; do
		same_as_plain intercept=trap -- "$progs/die" "$way"
	done
}

@test "every way of libc to make a process" {
	trapped 0 "$progs/children"
}

@test "threads, forks and a timer whose handler maps" {
	unharmed "$progs/storm" 4 1000 fork timer
}

@test "small alternate stacks, a stack given away, two threads with one pointer" {
	unharmed "$progs/smallstack"
	unharmed "$progs/stacktrim"
	unharmed "$progs/sharedtls"
}

@test "a kernel that refuses: one line says so and tier 2 goes on" {
	requires strace
	run bounded strace -o /dev/null -e trace=prctl -e inject=prctl:error=EINVAL \
		-E LD_PRELOAD="$library" -E VMASHADOW_OPTIONS=intercept=trap \
		"$progs/api"
	assert_line --partial 'the kernel refuses Syscall User Dispatch'
	assert_equal "$(grep -c vmashadow <<<"$output")" 1
}

@test "a program cannot have the dispatch that we use" {
	run shadow_run intercept=trap -- "$python" -c 'import ctypes
print(ctypes.CDLL(None).prctl(59, 0, 0, 0, 0))'
	assert_success
	assert_output -- -1
	assert_mirrored
}

@test "python, node and java" {
	requires python3
	unharmed python3 -c 'import threading, subprocess
t = [threading.Thread(target=subprocess.run, args=(["true"],)) for _ in range(8)]
[x.start() for x in t]; [x.join() for x in t]; print("done")'
	! command -v node >/dev/null ||
		unharmed node -e 'console.log(require("zlib").gzipSync("x".repeat(1e6)).length)'
	! command -v java >/dev/null || unharmed java -version
}
