/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first and the last step of a signal handler; contracts in signals.h. */
	.text

/*
 * rsp: a struct ucontext, as at the end of any handler. The interrupted registers
 * are found in it: DW_CFA_expression and DW_CFA_def_cfa_expression over
 * DW_OP_breg7. The byte before belongs to it, because unwinders look up the
 * address before a return address. SIGSYS may have been put into the mask.
 */
#define GREGS	40
#define SIGMASK	296
#define SLEB(off) ((off) & 0x7f) | 0x80, (off) >> 7
	.macro	FOUND column index
	.cfi_escape 0x10, \column, 3, 0x77, SLEB(GREGS + 8 * \index)
	.endm

	.globl	signals_restorer
	.hidden	signals_restorer
	.type	signals_restorer, @function
	.p2align 4
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_escape 0x0f, 4, 0x77, SLEB(GREGS + 8 * 15), 0x06
	FOUND	8, 0
	FOUND	9, 1
	FOUND	10, 2
	FOUND	11, 3
	FOUND	12, 4
	FOUND	13, 5
	FOUND	14, 6
	FOUND	15, 7
	FOUND	5, 8
	FOUND	4, 9
	FOUND	6, 10
	FOUND	3, 11
	FOUND	1, 12
	FOUND	0, 13
	FOUND	2, 14
	FOUND	7, 15
	FOUND	16, 16
	nop
signals_restorer:
	testl	$1 << 30, SIGMASK(%rsp)
	jz	1f
	mov	%rsp, %rdi
	call	signals_returns
1:	mov	$15, %rax
	syscall
	.cfi_endproc
	.size	signals_restorer, . - signals_restorer

/* As from the kernel: what checked its alignment still does (base/flags.h). */
#define EFLAGS	 (GREGS + 8 * 17)
#define FLAGS_AC 0x40000

	.globl	signals_enter
	.hidden	signals_enter
	.type	signals_enter, @function
	.p2align 4
signals_enter:
	.cfi_startproc
	testl	$FLAGS_AC, EFLAGS(%r8)
	jz	1f
	pushfq
	orl	$FLAGS_AC, (%rsp)
	popfq
1:	mov	%rdi, %rsp
	mov	%rsi, %r11
	mov	%edx, %edi
	mov	%rcx, %rsi
	mov	%r8, %rdx
	xor	%eax, %eax
	jmp	*%r11
	.cfi_endproc
	.size	signals_enter, . - signals_enter

	.section .note.GNU-stack, "", @progbits
