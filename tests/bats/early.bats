#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The early start: what ld.so does before the preloaded library is there, seen as
# calls by a copy of it that came as LD_AUDIT module.

bats_require_minimum_version 1.5.0
load helper
load command

# run_early [OPTION...] [--] PROGRAM...: with --early, logs in log.PID.
run_early()
{
	run_program -q --early --log="$BATS_TEST_TMPDIR/log.%p" "$@"
}

@test "--early: the calls of ld.so that strace sees are calls" {
	requires strace
	run_program -q --log="$BATS_TEST_TMPDIR/log.%p" /bin/ls -d /
	late=$(summaries | "$python" -I -c 'import json, sys
print(sum(json.load(sys.stdin)["calls"].values()))')
	forget_logs
	# The list is mapped by the first call after its memfd; the copy that is
	# preloaded asks for its process before all else, as ld.so never does.
	preload="$top_builddir/src/cmd/preload/\$LIB/libvmashadow.so"
	bounded strace -o "$BATS_TEST_TMPDIR/trace" \
		-E LD_PRELOAD="$preload" -E LD_AUDIT="$preload" \
		-E VMASHADOW_OPTIONS="early=1:log=$BATS_TEST_TMPDIR/log.%p" \
		/bin/ls -d / >/dev/null
	assert_mirrored
	seen=$(sed -n '/memfd_create("vmashadow-early"/,/^getpid/p' \
		"$BATS_TEST_TMPDIR/trace" |
		grep -cE '^(mmap|munmap|mprotect|brk|madvise)\(')
	early=$(summaries | "$python" -I -c 'import json, sys
print(sum(json.load(sys.stdin)["calls"].values()))')
	[ "$seen" -gt 10 ]
	assert_equal "$((early - late))" "$((seen - 1))"
}

@test "--early: ld.so is given back, and patched by the one that stays" {
	run_program -q --log="$BATS_TEST_TMPDIR/log.%p" perl -e 1
	before=$(events start | json_get sites.patched)
	forget_logs
	run_early perl -e 'require POSIX;
		open(my $maps, "<", "/proc/self/maps"); print <$maps>' \
		>"$BATS_TEST_TMPDIR/maps"
	says_nothing
	assert_mirrored
	assert_equal "$(events start | json_get sites.patched)" "$before"
	run ! grep vmashadow-early "$BATS_TEST_TMPDIR/maps"
	# one mirror, one log, though the library is there twice
	assert_equal "$(events start | wc -l)" 1
	[ "$(grep -c 'r-xp.*libvmashadow.so' "$BATS_TEST_TMPDIR/maps")" -eq 2 ]
}

@test "--early: each call after it is right, too" {
	run_early --check=each ls -d /
	says_nothing
	assert_mirrored
}

@test "--early: who mapped libc is known" {
	compile who '#define VMASHADOW_WEAK
#include <stdio.h>
#include "vmashadow.h"
int main(void)
{
	struct vmashadow_vma vma;

	if (!vmashadow_present() || vmashadow_find((void *)puts, &vma))
		return 2;
	printf("%s\n", vma.born ? "known" : "unknown");
}' -I"$top_srcdir/include"
	assert_equal "$(run_early "$BATS_TEST_TMPDIR/who")" known
	assert_equal "$(run_program -q "$BATS_TEST_TMPDIR/who")" unknown
}

@test "--early: children, forked and executed, with as many libraries" {
	run_early sh -c '(ls -d /; ls -d /) | cat; exec perl -e "fork; 1"'
	says_nothing
	assert_mirrored 5
	[ "$(summaries | json_sum calls.mprotect)" -gt 10 ]
}

@test "--early --no-follow: the program alone" {
	run_early --no-follow sh -c 'ls -d /; echo "$LD_PRELOAD$LD_AUDIT."' \
		>"$BATS_TEST_TMPDIR/out"
	says_nothing
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" $'/\n.'
	assert_mirrored
	assert_equal "$(events start | wc -l)" 1
}

@test "--early: another LD_AUDIT module stays, and both work" {
	compile audit.so '#include <unistd.h>
unsigned int la_version(unsigned int v)
{
	return write(2, "audit\n", 6) == 6 ? v : 0;
}' -shared -fPIC
	bounded env LD_AUDIT="$BATS_TEST_TMPDIR/audit.so" "$vmashadow" run -q \
		--early --log="$BATS_TEST_TMPDIR/log.%p" /bin/true \
		2>"$BATS_TEST_TMPDIR/run.err"
	# once in the command, once in the program
	assert_equal "$(cat "$BATS_TEST_TMPDIR/run.err")" $'audit\naudit'
	assert_mirrored
	[ "$(summaries | json_sum calls.mprotect)" -gt 1 ]
}

@test "early=1 without LD_AUDIT is said, and all goes on" {
	run --separate-stderr shadow_run early=1 -- echo there
	assert_success
	assert_output there
	[[ $stderr == *'no copy of this library came by LD_AUDIT'* ]]
	assert_mirrored
}

@test "early=0 with LD_AUDIT: the second copy does nothing" {
	run --separate-stderr bounded env LD_AUDIT="$library" \
		LD_PRELOAD="$library" \
		VMASHADOW_OPTIONS="log=$BATS_TEST_TMPDIR/log.%p" \
		grep vmashadow-early /proc/self/maps
	assert_failure 1
	assert_output ''
	assert_equal "$stderr" ''
	assert_mirrored
	assert_equal "$(events start | wc -l)" 1
}

@test "--early: a 32-bit child is not bothered" {
	[ -e /lib/ld-linux.so.2 ] || skip 'no 32-bit loader (package libc6-i386)'
	compile small 'void _start(void)
		{ __asm__("mov $1, %eax\n mov $6, %ebx\n int $0x80"); }' \
		-m32 -nostdlib -pie -fPIE -Wl,--dynamic-linker=/lib/ld-linux.so.2
	"$BATS_TEST_TMPDIR/small" || [ $? -eq 6 ] || skip 'it does not run'
	run run_early sh -c '"$0"; echo $?' "$BATS_TEST_TMPDIR/small"
	assert_output 6
	says_nothing
}

@test "a copy in another namespace does not start a second mirror" {
	compile other '#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	(void)argc;
	if (!dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW))
		puts(dlerror());
	return 0;
}' -ldl
	run_program -q --log="$BATS_TEST_TMPDIR/log.%p" \
		"$BATS_TEST_TMPDIR/other" "$library" >"$BATS_TEST_TMPDIR/out"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" ''
	assert_mirrored
	assert_equal "$(events start | wc -l)" 1
}
