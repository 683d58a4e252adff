/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's view, from where only machine code can look: every register is
 * loaded with something known, one call is made, every register is stored before
 * anything else happens. The stack pointer is the test's own choice; nothing is
 * pushed on it here.
 */
#include <sys/syscall.h>

#include "view.h"

#define IN(reg)	 (view_in + 8 * V_##reg)(%rip)
#define OUT(reg) (view_out + 8 * V_##reg)(%rip)

	.macro	XSTATE how image
	mov	$~0x200, %eax		/* all but the protection keys */
	mov	$-1, %edx
	\how	\image(%rip)
	.endm

	.text

	.globl	view_enter
	.type	view_enter, @function
view_enter:
	.cfi_startproc
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, c_stack(%rip)
	XSTATE	xrstor64 view_fpu_in
	XSTATE	xsave64 view_fpu_was
	mov	IN(RAX), %rax
	mov	IN(RBX), %rbx
	mov	IN(RCX), %rcx
	mov	IN(RDX), %rdx
	mov	IN(RSI), %rsi
	mov	IN(RDI), %rdi
	mov	IN(RBP), %rbp
	mov	IN(R8), %r8
	mov	IN(R9), %r9
	mov	IN(R10), %r10
	mov	IN(R11), %r11
	mov	IN(R12), %r12
	mov	IN(R13), %r13
	mov	IN(R14), %r14
	mov	IN(R15), %r15
	push	IN(FLAGS)
	popfq
	mov	IN(RSP), %rsp
	jmp	*view_target(%rip)
	.cfi_endproc
	.size	view_enter, . - view_enter

	.globl	view_leave
	.type	view_leave, @function
view_leave:
	.cfi_startproc
	mov	%rax, OUT(RAX)
	mov	%rbx, OUT(RBX)
	mov	%rcx, OUT(RCX)
	mov	%rdx, OUT(RDX)
	mov	%rsi, OUT(RSI)
	mov	%rdi, OUT(RDI)
	mov	%rbp, OUT(RBP)
	mov	%rsp, OUT(RSP)
	mov	%r8, OUT(R8)
	mov	%r9, OUT(R9)
	mov	%r10, OUT(R10)
	mov	%r11, OUT(R11)
	mov	%r12, OUT(R12)
	mov	%r13, OUT(R13)
	mov	%r14, OUT(R14)
	mov	%r15, OUT(R15)
	mov	c_stack(%rip), %rsp
	pushfq
	pop	OUT(FLAGS)
	push	$0x202
	popfq
	XSTATE	xsave64 view_fpu_out
	XSTATE	xrstor64 usual
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.cfi_endproc
	.size	view_leave, . - view_leave

	.section .data.rel.ro, "aw", @progbits
	.globl	view_sites
	.p2align 3
view_sites:
	.set	count, 0

	.macro	SITE nr
	.text
	.type	site_\nr, @function
	.p2align 4
site_\nr:
	.cfi_startproc
	movb	$0xa5, -1(%rsp)		/* its red zone is in use, as it is */
	mov	$\nr, %eax
	syscall
next_\nr:
	jmp	view_leave
	.cfi_endproc
	.size	site_\nr, . - site_\nr
	.section .data.rel.ro
	.quad	\nr, site_\nr, next_\nr
	.set	count, count + 1
	.endm

	.irp	nr, 3, 9, 10, 11, 12, 13, 16, 25, 28, 30, 59, 67, 102, 135
	SITE	\nr
	.endr
	.irp	nr, 149, 150, 151, 152, 157, 158, 206, 207, 216, 237, 317, 322
	SITE	\nr
	.endr
	.irp	nr, 325, 329, 440, 450, 453, 462
	SITE	\nr
	.endr

	.globl	view_sites_count
	.p2align 3
view_sites_count:
	.quad	count

	.section .bss
	.globl	view_in, view_out, view_target
	.globl	view_fpu_in, view_fpu_was, view_fpu_out
	.p2align 6
view_fpu_in:
	.skip	V_XSAVE
view_fpu_was:
	.skip	V_XSAVE
view_fpu_out:
	.skip	V_XSAVE
view_in:
	.skip	8 * V_REGS
view_out:
	.skip	8 * V_REGS
view_target:
	.skip	8
c_stack:
	.skip	8

/* An initial state: no component is stored, so each becomes what it was at the
 * start of the program; but mxcsr is always read. */
	.section .rodata
	.p2align 6
usual:
	.skip	24
	.long	0x1f80
	.skip	576 - 28

	.section .note.GNU-stack, "", @progbits
