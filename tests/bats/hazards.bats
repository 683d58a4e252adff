#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What others broke on: waiting under a lock for somebody who must map first,
# sandboxes, privileges, limits, odd company. doc/HAZARDS.md says which test
# stands for which hazard; door.bats and storms.bats have the rest.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	# whoever waits without bound is found out soon
	SHADOW_TIMEOUT=30
}

# able COMMAND...: skips the test, by its own word, if it exits with 77.
able()
{
	run plain_run "$@"
	[ "$status" -ne 77 ] || skip "$output"
}

requires_root()
{
	[ "$(id -u)" -eq 0 ] || skip 'not root'
	requires unshare
	unshare -m true || skip 'no mount namespace for us'
}

# --- somebody must map before the other can go on ------------------------------

@test "a collector stops the world, and maps" {
	same_as_plain -- "$progs/collector" 200
	assert_mirrored
}

@test "a monitor maps before it reads of what was unmapped" {
	able "$progs/events"
	same_as_plain -- "$progs/events"
	assert_mirrored
	assert [ "$(summaries | json_get settled)" -gt 0 ]
}

@test "a file system's daemon maps before it answers" {
	mkdir mnt
	able "$progs/fuse" mnt
	same_as_plain -- "$progs/fuse" mnt
	assert_equal "$(summaries | json_sum drift)" 0
	assert [ "$(summaries | json_sum settled)" -gt 0 ]
}

@test "a reader of standard error who does not read holds nobody" {
	mkfifo pipe
	exec 7<>pipe
	# fill it: what comes now waits for a reader
	timeout 1 sh -c 'while :; do echo full; done' >pipe || :
	run bounded sh -c "exec env LD_PRELOAD='$library' \
		VMASHADOW_OPTIONS=log=-:check=each \
		'$progs/storm' 2 100 2>'$PWD/pipe'"
	exec 7>&-
	assert_success
	assert_output 'done'
}

@test "a handler that leaves while a line is written" {
	same_as_plain check=2 -- "$progs/jump" 200
	assert_equal "$(summaries | json_get ended)" 'exit'
	assert [ "$(events check | wc -l)" -gt 20 ]
}

# --- threads and processes ---------------------------------------------------------

@test "the smallest stacks there are" {
	same_as_plain -- "$progs/tiny"
	assert_mirrored
}

@test "the first thread leaves, the others go on" {
	same_as_plain check=50 -- "$progs/leader"
	assert_mirrored 2
	assert [ "$(events check | wc -l)" -gt 10 ]
}

@test "clone and clone3, with memory shared and not" {
	same_as_plain -- "$progs/clones"
	# they end by a system call that says nothing but that a thread ends
	assert [ "$(events start | wc -l)" -ge 4 ]
	assert_equal "$(events drift)" ''
	assert [ "$(summaries | json_get checks)" -gt 0 ]
}

@test "exec by a thread that is not the first, while others map" {
	same_as_plain -- "$progs/execs" 5
	assert_equal "$(summaries | json_sum drift)" 0
	assert_equal "$(events exec_failed | wc -l)" 5
	assert_equal "$(events start | wc -l)" 6
}

@test "a daemon's caller sees the end of its output" {
	local pid

	pid=$(shadow_run -- "$progs/demon" "$PWD/enough")
	[ -e "/proc/$pid" ] || fail 'it ended first'
	touch enough
	wait_for 10 test ! -e "/proc/$pid"
	assert_equal "$(summaries | json_sum drift)" 0
}

# --- sandboxes, privileges, limits ---------------------------------------------------

@test "strict seccomp: not one call of our own" {
	local how

	for how in strict mode; do
		forget_logs
		same_as_plain -- "$progs/filter" "$how"
		assert_equal "$(cat shadow.out)" strict
		assert_mirrored
		assert_equal "$(summaries | json_get ended)" seccomp
	done
}

@test "a program that changes its root, where there is no /proc" {
	mkdir empty
	able "$progs/prison" empty
	same_as_plain -- "$progs/prison" empty
	assert_equal "$(summaries | json_sum drift)" 0
}

@test "no /proc at the start: passive, and it says so" {
	requires_root
	cat >script <<-EOF
		mount -t tmpfs none /proc || exit 1
		export LD_PRELOAD='$library'
		export VMASHADOW_OPTIONS=log=$PWD/log.%p
		'$progs/storm' 2 200
		'$progs/children'
	EOF
	run bounded unshare -m sh script
	assert_success
	assert_line --index 0 'done'
	assert_line 'fork in fork: status 0'
	assert_equal "$(events passive | json_get why | sort -u)" \
		'/proc cannot be read'
	assert_equal "$(summaries)" ''
}

# As ld.so loads it there: from a folder that it trusts, and set-uid itself.
@test "a set-uid program: the environment is not listened to" {
	local trusted

	requires_root
	requires setpriv
	trusted=$(ldconfig -p | awk '$1 == "libutil.so.1" { print $NF; exit }')
	[ -n "$trusted" ] || skip 'no library to stand in for'
	cp "$progs/storm" storm
	cp "$library" library.so
	chmod 4755 storm library.so
	chmod 711 "$BATS_TEST_TMPDIR"
	cat >script <<-EOF
		mount --bind library.so $trusted || exit 1
		exec setpriv --reuid=65534 --regid=65534 --clear-groups env \
			LD_PRELOAD=libutil.so.1 \
			VMASHADOW_OPTIONS=log=$PWD/log.%p:help=1:nonsense=1 ./storm 2 100
	EOF
	run bounded unshare -m sh script
	assert_success
	assert_output 'done'
	run ls log.*
	assert_failure
}

@test "little address space: the program runs, with the mirror or without" {
	local size ran=0

	for size in 6000 7000 8000 9000 12000; do
		run bounded sh -c "ulimit -v $size; exec env \
			LD_PRELOAD='$library' '$progs/stackflag'"
		# what ld.so itself has no room for is no matter of ours
		[[ $output != *'failed to map segment'* ]] || continue
		assert_success
		assert_line mapped
		ran=$((ran + 1))
	done
	assert [ "$ran" -ge 3 ]
}

# grown FIELD: how many kilobytes more there are under the library.
grown()
{
	echo $(($(awk "/$1/ { print \$2 }" shadow.out) - \
		$(awk "/$1/ { print \$2 }" plain.out)))
}

@test "memory of our own stays small, also where all is locked" {
	local how

	for how in free lock; do
		able "$progs/sizes" "$how"
		plain_run "$progs/sizes" "$how" >plain.out
		shadow_run -- "$progs/sizes" "$how" >shadow.out
		assert [ "$(grown VmSize)" -lt 4096 ]
		assert [ "$(grown VmRSS)" -lt 4096 ]
	done
}

@test "nothing is writable and executable, and libc is in one piece" {
	shadow_run -- cat /proc/self/maps >maps
	plain_run cat /proc/self/maps >plain.maps
	run grep -c ' .wx' maps
	assert_output 0
	assert_equal "$(grep -c 'libc.so.6$' maps)" \
		"$(grep -c 'libc.so.6$' plain.maps)"
	assert_equal "$(grep -c 'ld-linux' maps)" \
		"$(grep -c 'ld-linux' plain.maps)"
}

# --- odd company -----------------------------------------------------------------------

@test "two copies of the library: one of them works" {
	local order

	cp "$library" other.so
	ln -s "$library" again.so
	for order in "$library:$PWD/other.so" "$PWD/other.so:$library"; do
		forget_logs
		run bounded env LD_PRELOAD="$order" \
			VMASHADOW_OPTIONS="log=$PWD/log.%p" "$progs/storm" 2 500
		assert_success
		assert_line 'done'
		assert_line --partial 'another copy of the library is loaded'
		assert_mirrored
		assert_equal "$(events start | wc -l)" 1
	done
	forget_logs
	run bounded env LD_PRELOAD="$library:$PWD/again.so" \
		VMASHADOW_OPTIONS="log=$PWD/log.%p" "$progs/storm" 2 500
	assert_output 'done'
	assert_mirrored
}

@test "namespaces with a libc of their own" {
	same_as_plain -- "$progs/namespaces" "$progs/plugin.so"
	[ "$(summaries | json_get drift)" -eq 0 ] ||
		skip 'a libc that is loaded later is not patched'
	assert_mirrored
}

@test "a preload that looks for the next mmap while it is called" {
	cat >next.c <<-'EOF'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <sys/mman.h>
		void *mmap(void *a, size_t n, int p, int f, int d, off_t o)
		{
			void *(*next)(void *, size_t, int, int, int, off_t) =
				(void *(*)(void *, size_t, int, int, int,
					   off_t))dlsym(RTLD_NEXT, "mmap");
			return next(a, n, p, f, d, o);
		}
	EOF
	requires gcc
	gcc -shared -fPIC -o next.so next.c
	run bounded env LD_PRELOAD="$PWD/next.so:$library" \
		VMASHADOW_OPTIONS="log=$PWD/log.%p" "$progs/storm" 4 500
	assert_output 'done'
	assert_mirrored
}

@test "a program under ASan" {
	requires gcc
	printf '%s\n' '#include <stdlib.h>' \
		'int main(void) { free(malloc(1 << 20)); return 3; }' >a.c
	gcc -fsanitize=address -o a a.c || skip 'gcc has no ASan'
	ASAN_OPTIONS=verify_asan_link_order=0 shadow_run -- ./a || status=$?
	assert_equal "$status" 3
	[ "$(summaries | json_sum drift)" -eq 0 ] ||
		skip 'it runs; its runtime'"'"'s own instructions are not patched'
}

@test "what was unmapped is mapped again at the same place: nobody is there" {
	same_as_plain -- "$progs/again"
	assert_mirrored
	same_as_plain trace=t.%p -- "$progs/again"
	assert_mirrored
}
