/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first and the last step of a signal handler; contracts in signals.h. */
	.text

/* Debuggers and unwinders know it by these bytes. */
	.globl	signals_restorer
	.hidden	signals_restorer
	.type	signals_restorer, @function
	.p2align 4
	nop
signals_restorer:
	mov	$15, %rax
	syscall
	.size	signals_restorer, . - signals_restorer

	.globl	signals_enter
	.hidden	signals_enter
	.type	signals_enter, @function
	.p2align 4
signals_enter:
	.cfi_startproc
	mov	%rdi, %rsp
	mov	%rsi, %r11
	mov	%edx, %edi
	mov	%rcx, %rsi
	mov	%r8, %rdx
	xor	%eax, %eax
	jmp	*%r11
	.cfi_endproc
	.size	signals_enter, . - signals_enter

	.section .note.GNU-stack, "", @progbits
