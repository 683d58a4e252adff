#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults, explained: for each misdeed the program ends as without the library, the
# kernel did what the rules say, and the verdict says what was wrong.

load helper

progs=$top_builddir/tests/progs
victim=$progs/victim

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	ulimit -c 0
	export TAKER=$progs/taker.so
}

# fault PATH: of the one fault that was reported, the value there.
fault()
{
	assert_equal "$(events fault | wc -l)" 1
	events fault | json_get "$1"
}

# explains MISDEED SIGNAL SI_CODE VERDICT
explains()
{
	local status=0

	plain_run "$victim" "$1" >why 2>/dev/null || status=$?
	[ "$status" -ne 77 ] || skip "$(cat why)"
	same_as_plain -- "$victim" "$1"
	assert_equal "$(fault signal)" "$2"
	assert_equal "$(fault si_code)" "$3"
	assert_equal "$(fault predicted.signal)" "$2"
	assert_equal "$(fault predicted.si_code)" "$3"
	assert_equal "$(fault agrees)" true
	assert_regex "$(fault verdict)" "$4"
	assert_equal "$(summaries | json_get faults)" 1
	assert_equal "$(summaries | json_get ended)" signal
}

# past KEY: what the newest call of the history has there.
past()
{
	events fault | /usr/bin/python3 -c '
import json, sys
print(json.loads(sys.stdin.readline())["history"][0][sys.argv[1]])' "$1"
}

@test "a null pointer" {
	explains null SIGSEGV SEGV_MAPERR '^write of 1 byte to a null pointer$'
	explains_more
}

explains_more()
{
	assert_equal "$(fault addr)" 0x0
	assert_equal "$(fault access)" write
	assert_equal "$(fault size)" 1
	assert_equal "$(fault error_code.value)" 6
	assert_equal "$(fault error_code.bits)" '["WRITE", "USER"]'
	assert_equal "$(fault vma)" null
	assert_equal "$(fault registers.rax)" 0x0
	assert_regex "$(fault instruction)" '^movb'
	assert_regex "$(fault stack)" "victim\+0x"
}

@test "a member of nothing" {
	explains null_field SIGSEGV SEGV_MAPERR \
		'^read of 1 byte from a null pointer plus 0x18$'
}

@test "a call of nothing" {
	explains null_call SIGSEGV SEGV_MAPERR '^jump to a null pointer$'
	assert_equal "$(fault access)" exec
}

@test "a wild pointer" {
	explains far_away SIGSEGV SEGV_MAPERR 'unmapped memory, with nothing near'
}

@test "past the end" {
	explains past_end SIGSEGV SEGV_MAPERR \
		'write of 1 byte, 16 bytes past the end of a 64 kB mapping, made by mmap by this very thread, .* in .*/victim\+0x'
	assert_equal "$(fault before.distance)" 16
	assert_equal "$(past what)" mmap
}

@test "before the start" {
	explains before_start SIGSEGV SEGV_MAPERR \
		'read of 1 byte, 8 bytes before the start of a 64 kB mapping'
	assert_equal "$(fault after.distance)" 8
}

@test "a jump past the end" {
	explains jump_nowhere SIGSEGV SEGV_MAPERR \
		'^jump, 16 kB past the end of a 4 kB mapping'
}

@test "use after munmap, mremap, and a smaller heap" {
	explains after_munmap SIGSEGV SEGV_MAPERR '^use after munmap: read'
	assert_equal "$(past what)" munmap
	forget_logs
	explains after_mremap SIGSEGV SEGV_MAPERR \
		'^use after mremap: write .* moved away'
	forget_logs
	explains after_brk SIGSEGV SEGV_MAPERR \
		'^use after the heap was shrunk.* in /.*/victim\+'
	assert_equal "$(past what)" brk
}

@test "memory without any right" {
	explains read_none SIGSEGV SEGV_ACCERR 'read .* from inaccessible memory'
	assert_equal "$(fault error_code.value)" 4
	forget_logs
	explains write_none SIGSEGV SEGV_ACCERR 'write .* to inaccessible memory'
	assert_equal "$(fault error_code.value)" 6
	forget_logs
	explains jump_none SIGSEGV SEGV_ACCERR 'jump to inaccessible memory'
	assert_equal "$(fault error_code.value)" 20
}

@test "read-only memory: one defect, two error codes" {
	explains write_untouched SIGSEGV SEGV_ACCERR '^write .* to read-only memory'
	assert_equal "$(fault error_code.value)" 6
	forget_logs
	explains write_touched SIGSEGV SEGV_ACCERR '^write .* to read-only memory'
	assert_equal "$(fault error_code.value)" 7
}

@test "a read-only mapping of a file" {
	explains write_file SIGSEGV SEGV_ACCERR \
		'^write of 1 byte to a read-only mapping of /.*/data.bin$'
	assert_regex "$(fault vma.line)" ' r--s .*/data.bin$'
}

@test "a jump into data" {
	explains jump_data SIGSEGV SEGV_ACCERR '^jump to non-executable memory$'
	assert_equal "$(fault error_code.value)" 21
}

@test "the program took its own right away" {
	explains own_mprotect SIGSEGV SEGV_ACCERR \
		'read-only memory; the right was taken away by this very thread'
	assert_equal "$(past rights)" r--
}

@test "the file was truncated after it was mapped" {
	explains truncated SIGBUS BUS_ADRERR \
		'beyond the end of /.*/data.bin, which was truncated to 4096 bytes after it was mapped$'
}

@test "beyond the end of a file" {
	explains short_file SIGBUS BUS_ADRERR \
		'^read .* beyond the end of /.*/data.bin, which has 100 bytes$'
	assert_equal "$(fault error_code.value)" 4
	forget_logs
	explains write_short_file SIGBUS BUS_ADRERR '^write '
	assert_equal "$(fault error_code.value)" 6
	forget_logs
	explains jump_short_file SIGBUS BUS_ADRERR '^jump '
	assert_equal "$(fault error_code.value)" 20
}

@test "beyond the end of a memfd" {
	explains memfd SIGBUS BUS_ADRERR '^write .*/memfd:victim'
}

@test "a guard region" {
	explains guard_region SIGSEGV SEGV_MAPERR \
		'^write .* to a guard region \(MADV_GUARD_INSTALL\) in a 16 kB mapping$'
	assert_regex "$(fault vma.line)" ' rw-p '
	assert_equal "$(past what)" madvise
}

@test "no huge page is left" {
	explains no_huge_page SIGBUS BUS_ADRERR 'a huge page, of which none is left'
}

@test "a userfaultfd that sends signals" {
	explains uffd_signal SIGBUS BUS_ADRERR 'no userfaultfd provided'
}

@test "a page that a userfaultfd poisoned" {
	# BUS_MCEERR_AR where the kernel is built for broken memory
	run plain_run "$victim" poison
	if [ "$status" -eq 77 ]; then
		explains uffd_poison SIGBUS BUS_ADRERR 'could not provide|userfaultfd'
	else
		explains uffd_poison SIGBUS BUS_MCEERR_AR 'broken memory'
	fi
}

@test "broken memory" {
	explains poison SIGBUS BUS_MCEERR_AR 'broken memory'
}

@test "a protection key" {
	explains key SIGSEGV SEGV_PKUERR 'what protection key [0-9]+ forbids'
}

@test "addresses of the kernel: PROT is always set" {
	explains kernel_read SIGSEGV SEGV_MAPERR 'read .* an address of the kernel'
	assert_equal "$(fault error_code.value)" 5
	forget_logs
	explains kernel_write SIGSEGV SEGV_MAPERR 'write .* of the kernel'
	assert_equal "$(fault error_code.value)" 7
	forget_logs
	explains kernel_jump SIGSEGV SEGV_MAPERR 'jump .* of the kernel'
	assert_equal "$(fault error_code.value)" 21
}

@test "the vsyscall page" {
	explains vsyscall_read SIGSEGV SEGV_MAPERR 'the vsyscall page'
	forget_logs
	grep -q vsyscall /proc/self/maps || skip 'no vsyscall page'
	explains vsyscall_jump SIGSEGV SI_KERNEL 'to none of its entries'
}

@test "an address that is none, which only the instruction tells" {
	explains not_canonical SIGSEGV SI_KERNEL \
		'^write of 8 bytes to 0x8000000000001020, which is not canonical'
	assert_equal "$(fault addr)" 0x8000000000001020
	assert_equal "$(fault error_code)" null
	forget_logs
	explains not_canonical_stack SIGBUS SI_KERNEL \
		'^read of 8 bytes from 0x8000000000001008, which is not canonical'
}

@test "unaligned" {
	explains unaligned SIGSEGV SI_KERNEL \
		'^write of 16 bytes to 0x[0-9a-f]*008, which is not aligned'
	assert_regex "$(fault instruction)" '^movaps'
	forget_logs
	explains alignment_check SIGBUS BUS_ADRALN 'alignment is checked'
}

@test "an instruction of the kernel" {
	explains privileged SIGSEGV SI_KERNEL 'only the kernel may execute'
	assert_equal "$(fault instruction)" hlt
}

@test "another thread, in another library, unmapped the buffer" {
	explains taken_memory SIGSEGV SEGV_MAPERR \
		'^use after munmap: write .* by thread [0-9]+, .* in /.*/taker.so\+0x[0-9a-f]+ take_memory$'
	assert_regex "$(past stack)" 'taker.so\+0x[0-9a-f]* take_memory.*victim'
	assert_regex "$(fault stack)" 'victim\+0x'
	[ "$(past thread)" -ne "$(fault thread)" ]
}

@test "another thread, in another library, took the right" {
	explains taken_right SIGSEGV SEGV_ACCERR \
		'the right was taken away by thread [0-9]+, .* take_right$'
}

@test "another thread, in another library, mapped over it" {
	explains taken_place SIGSEGV SEGV_ACCERR \
		'put over what was mapped there by thread [0-9]+, .* take_place$'
}

@test "stacks that overflow" {
	explains main_overflow SIGSEGV SEGV_MAPERR \
		'^stack overflow: [0-9]+ [kMG]B limit reached$'
	forget_logs
	plain_run "$victim" thread_overflow || :
	shadow_run -- "$victim" thread_overflow || assert_equal $? 139
	assert_equal "$(fault agrees)" true
	assert_regex "$(fault verdict)" \
		'the guard page of the stack of thread [0-9]+: stack overflow$'
}

@test "a signal that was sent is no fault" {
	run shadow_run -- "$progs/die" raise
	assert_equal "$status" 135
	assert_equal "$(fault si_code)" SI_TKILL
	assert_equal "$(fault agrees)" null
	assert_regex "$(fault verdict)" '^no fault: the signal was sent by process'
}

@test "faults=off says nothing, the program's own handler neither" {
	run shadow_run faults=off -- "$victim" null
	assert_equal "$status" 139
	run shadow_run -- "$progs/die" handled
	assert_equal "$status" 5
	assert_equal "$(events fault | wc -l)" 0
	assert_equal "$(summaries | json_sum faults)" 0
}

@test "without a log the verdict is on standard error" {
	run bounded env LD_PRELOAD="$library" "$victim" null_field
	assert_equal "$status" 139
	assert_line --regexp \
		'^vmashadow\[[0-9]+\]: fault: read of 1 byte from a null pointer plus 0x18$'
	assert_line --regexp \
		'^vmashadow\[[0-9]+\]:   by the rules: SIGSEGV SEGV_MAPERR, and so it was$'
}

@test "history=1 remembers one call, history=off none" {
	shadow_run history=1 -- "$victim" taken_memory || :
	assert_equal "$(past what)" munmap
	forget_logs
	shadow_run history=off -- "$victim" taken_memory || :
	assert_equal "$(fault history)" '[]'
	assert_regex "$(fault verdict)" 'unmapped memory'
}

@test "faults=all: each handled fault is told, and the program runs on" {
	same_as_plain faults=all -- "$progs/survivor" 200
	assert_equal "$(cat shadow.out)" '200 jumped, 200 mended, 0 wrong'
	assert_mirrored
	assert_equal "$(events fault | wc -l)" 400
	assert_equal "$(events fault | json_get agrees | sort -u)" true
	assert_equal "$(events fault | json_get handled | sort -u)" true
	assert_equal "$(summaries | json_get faults)" 400
	assert_regex "$(events fault | tail -n 1 | json_get verdict)" \
		'the right was taken away by this very thread'
}

@test "faults=fatal is quiet about what the program handles" {
	same_as_plain -- "$progs/survivor" 200
	assert_mirrored
	assert_equal "$(events fault | wc -l)" 0
}

@test "java: 10,000 null pointers, and each is foretold" {
	requires java javac
	cat >Nulls.java <<-'END'
	public class Nulls {
		int f;
		static int get(Nulls n) { return n.f; }
		public static void main(String[] a) {
			int n = 0;
			for (int i = 0; i < 10000; i++)
				try { n += get(null); }
				catch (NullPointerException e) { n++; }
			System.out.println(n);
		}
	}
	END
	javac Nulls.java
	same_as_plain faults=all -- java -Xint -cp . Nulls
	assert_mirrored
	[ "$(events fault | wc -l)" -ge 10000 ]
	assert_equal "$(events fault | json_get agrees | sort -u)" true
}
