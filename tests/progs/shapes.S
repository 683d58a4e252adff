/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls in the shapes that real code has them in, for a program that
 * links them (the program's own text, far from the library) and for a shared
 * object that is loaded later. Each takes a call's six arguments in the kernel's
 * order, as a C function gets them; those with a number take it first.
 */
	.text

	.macro	FUNCTION name
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	.endm

	.macro	END name
	.cfi_endproc
	.size	\name, . - \name
	.endm

/* The common one, as Go's runtime has it. */
	FUNCTION shape_plain_mmap
	mov	%rcx, %r10
	mov	$9, %eax
	syscall
	ret
	END	shape_plain_mmap

/* An assembler that was told to load all of rax. */
	FUNCTION shape_wide_mprotect
	mov	$10, %rax
	syscall
	ret
	END	shape_wide_mprotect

/* What a compiler puts between. */
	FUNCTION shape_apart_mmap
	mov	$9, %eax
	mov	%rcx, %r10
	syscall
	ret
	END	shape_apart_mmap

	FUNCTION shape_pushed_munmap
	push	$11
	.cfi_adjust_cfa_offset 8
	pop	%rax
	.cfi_adjust_cfa_offset -8
	syscall
	ret
	END	shape_pushed_munmap

/* Made again with good advice; the jump leaves only what is behind to move. */
	FUNCTION shape_again_madvise
	mov	$28, %r9d
	mov	%r9d, %eax
1:	syscall
	cmp	$-22, %rax
	jne	2f
	mov	$4, %edx
	mov	%r9d, %eax
	jmp	1b
2:	ret
	END	shape_again_madvise

/* Any number, as libc's syscall() and Go's Syscall6: mmap, clone, anything. */
	FUNCTION shape_number
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	ret
	END	shape_number

/*
 * The number is all there is. The return address is kept in a register, where a
 * vfork child cannot spoil it; a clone child finds its own on its stack.
 */
	FUNCTION shape_vfork
	pop	%rdx
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rdx
	mov	%edi, %eax
	syscall
	push	%rdx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rip, 0
	ret
	END	shape_vfork

/* A signal handler returns to this. */
	FUNCTION shape_restorer
	push	$15
	pop	%rax
	syscall
	ud2
	END	shape_restorer

/* With a mov that is relative to where it stands: nothing can be moved. */
	FUNCTION shape_fixed_munmap
	mov	1f(%rip), %eax
	syscall
	jmp	2f
1:	.long	11
2:	ret
	END	shape_fixed_munmap

	.section .note.GNU-stack, "", @progbits
