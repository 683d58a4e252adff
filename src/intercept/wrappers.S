/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tier 1: the exported functions. Each has the shape of libc's own: the
 * arguments are brought into the kernel's registers and the call is made; only
 * that in place of the syscall instruction stands a jump into the same entry
 * that patched sites use, with the number of the call above PATCH_ENTRIES. So
 * nothing of the program's stack is used that libc would not have used, but by
 * the entry itself, and one door serves both tiers.
 *
 * The numbers are enum call_index (shadow/calls.h); wrappers.c checks them.
 */
#include <sys/syscall.h>

#include "intercept/wrappers.h"
#include "patch/entry.h"

	.text

/* On return rax is the kernel's answer; -errno becomes errno and -1. */
	.macro	ANSWER
	cmp	$-4095, %rax
	jae	9f
	ret
9:	mov	%rax, %rdi
	jmp	wrapper_error
	.endm

/* Enter the door as call number @index; go on behind. */
	.macro	DOOR index
	lea	8f(%rip), %rcx
	mov	$(PATCH_ENTRIES + \index), %r11d
	jmp	patch_entry_common
8:
	.endm

	.macro	FUNCTION name
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
wrap_\name:
	.cfi_startproc
	endbr64
	.endm

	.macro	END name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.macro	WRAPPER name index
	FUNCTION \name
	mov	%rcx, %r10
	DOOR	\index
	ANSWER
	END	\name
	.endm

	WRAPPER	mmap, 0
	.globl	mmap64
	.set	mmap64, mmap
	WRAPPER	munmap, 1
	WRAPPER	mremap, 3
	WRAPPER	mprotect, 4
	WRAPPER	madvise, 6
	WRAPPER	mlock, 7
	WRAPPER	munlock, 9
	WRAPPER	mlockall, 10
	WRAPPER	munlockall, 11
	WRAPPER	shmat, 12
	WRAPPER	shmdt, 13
	WRAPPER	remap_file_pages, 14
	WRAPPER	mbind, 15
	WRAPPER	prctl, 26

/* glibc: no protection key is plain mprotect, no flag is plain mlock. */
	FUNCTION pkey_mprotect
	cmp	$-1, %ecx
	je	wrap_mprotect
	mov	%rcx, %r10
	DOOR	5
	ANSWER
	END	pkey_mprotect

	FUNCTION mlock2
	test	%edx, %edx
	je	wrap_mlock
	DOOR	8
	ANSWER
	END	mlock2

/*
 * syscall(number, ...): a number of ours goes to the door, any other straight
 * to the kernel, with nothing pushed in between (it may be a vfork). Those that
 * make a task are made where tier 3 sees them: section vs_bare, trap.h.
 */
	FUNCTION syscall
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	cmp	$WRAPPER_NUMBERS, %rax
	jae	1f
	lea	calls_index(%rip), %rcx
	movzbl	(%rcx, %rax), %r11d
	test	%r11d, %r11d
	jz	1f
	lea	2f(%rip), %rcx
	add	$(PATCH_ENTRIES - 1), %r11d
	jmp	patch_entry_common
1:	lea	-SYS_clone(%rax), %rcx
	cmp	$SYS_vfork - SYS_clone, %rcx
	jbe	syscall_bare
	cmp	$SYS_clone3, %rax
	je	syscall_bare
	syscall
2:	ANSWER
	END	syscall

	.section vs_bare, "ax", @progbits
syscall_bare:
	.cfi_startproc
	syscall
	jmp	2b
	.cfi_endproc
	.text

	FUNCTION _exit
	jmp	patch_exit_code
	END	_exit
	.globl	_Exit
	.set	_Exit, _exit

	.section .note.GNU-stack, "", @progbits
