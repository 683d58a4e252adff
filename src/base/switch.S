/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack switch. rbp holds the way back and is the base of the CFA, so that
 * unwinders step over the change of stacks.
 */
	.text

	.globl	vs_call_on_stack
	.hidden	vs_call_on_stack
	.type	vs_call_on_stack, @function
	.p2align 4
vs_call_on_stack:
	.cfi_startproc
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	mov	%rdx, %rsp
	and	$-16, %rsp
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	mov	%rbp, %rsp
	.cfi_def_cfa_register rsp
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	ret
	.cfi_endproc
	.size	vs_call_on_stack, . - vs_call_on_stack

	.section .note.GNU-stack, "", @progbits
