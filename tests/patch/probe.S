/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A site between two full sets of registers. Everything is loaded and stored
 * by instructions that leave the flags alone; rsp comes from the state as well,
 * so that it may have any alignment, or point into memory that the call unmaps.
 * The nop behind each syscall is a neighbour that can be moved.
 */
#define GPR	0
#define FLAGS	128
#define RED	136
#define XMM	264

	.hidden	probe_in, probe_out
	.local	saved_rsp
	.comm	saved_rsp, 8, 8

	.macro	EACH_GPR op
	\op	0, rax
	\op	1, rcx
	\op	2, rdx
	\op	3, rbx
	\op	5, rbp
	\op	6, rsi
	\op	7, rdi
	\op	8, r8
	\op	9, r9
	\op	10, r10
	\op	11, r11
	\op	12, r12
	\op	13, r13
	\op	14, r14
	\op	15, r15
	.endm

	.macro	LOAD_GPR i, reg
	mov	probe_in + GPR + 8 * \i(%rip), %\reg
	.endm
	.macro	STORE_GPR i, reg
	mov	%\reg, probe_out + GPR + 8 * \i(%rip)
	.endm

	.macro	PROBE name, nr, stack_stays
	.globl	\name, \name\()_site
	.hidden	\name, \name\()_site
	.type	\name, @function
	.p2align 6
\name:
	.cfi_startproc
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, saved_rsp(%rip)
	mov	probe_in + GPR + 32(%rip), %rsp
	push	probe_in + FLAGS(%rip)
	popfq
	.set	i, 0
	.rept	16
	mov	probe_in + RED + 8 * i(%rip), %rax
	mov	%rax, -128 + 8 * i(%rsp)
	.set	i, i + 1
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	probe_in + XMM + 16 * \n(%rip), %xmm\n
	.endr
	EACH_GPR LOAD_GPR
\name\()_site:
	mov	$\nr, %eax
	syscall
	nopl	(%rax)
	EACH_GPR STORE_GPR
	mov	%rsp, probe_out + GPR + 32(%rip)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	%xmm\n, probe_out + XMM + 16 * \n(%rip)
	.endr
	.if	\stack_stays
	.set	i, 0
	.rept	16
	mov	-128 + 8 * i(%rsp), %rax
	mov	%rax, probe_out + RED + 8 * i(%rip)
	.set	i, i + 1
	.endr
	.endif
	mov	saved_rsp(%rip), %rsp
	pushfq
	pop	probe_out + FLAGS(%rip)
	cld
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.text
	PROBE	probe_native, 39, 1
	PROBE	probe_patched, 39, 1
	PROBE	probe_slot, 39, 1
	PROBE	probe_unmap, 11, 0

	.globl	probe_step, probe_step_site
	.hidden	probe_step, probe_step_site
	.type	probe_step, @function
	.p2align 6
probe_step:
	.cfi_startproc
	pushfq
	.cfi_adjust_cfa_offset 8
	orq	$0x100, (%rsp)
	popfq
	.cfi_adjust_cfa_offset -8
probe_step_site:
	mov	$39, %eax
	syscall
	pushfq
	.cfi_adjust_cfa_offset 8
	andq	$~0x100, (%rsp)
	popfq
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	probe_step, . - probe_step

	.section .note.GNU-stack, "", @progbits
