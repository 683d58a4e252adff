/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a trapped call is made. All of this is entered from the SIGSYS handler
 * by way of rt_sigreturn, with the program's registers; where it goes on, the
 * program finds what a syscall instruction leaves: rax, rcx the address behind
 * it, r11 the flags.
 */
#include "intercept/trap.h"

	.text

/* The handler left the address to go on at below the red zone, rsp at it. */
	.globl	trap_relay, trap_relay_done
	.hidden	trap_relay, trap_relay_done
	.type	trap_relay, @function
	.p2align 4
trap_relay:
	.cfi_startproc simple
	.cfi_def_cfa rsp, TRAP_FRAME
	.cfi_offset rip, -TRAP_FRAME
	syscall
trap_relay_done:
	mov	(%rsp), %rcx
	lea	TRAP_FRAME(%rsp), %rsp
	.cfi_def_cfa_offset 0
	.cfi_register rip, rcx
	jmp	*%rcx
	.cfi_endproc
	.size	trap_relay, . - trap_relay

/* int $0x80 in 64-bit code: it changes no register but rax. */
	.globl	trap_relay32
	.hidden	trap_relay32
	.type	trap_relay32, @function
	.p2align 4
trap_relay32:
	.cfi_startproc simple
	.cfi_def_cfa rsp, TRAP_FRAME
	.cfi_offset rip, -TRAP_FRAME
	int	$0x80
	ret	$(TRAP_FRAME - 8)
	.cfi_endproc
	.size	trap_relay32, . - trap_relay32

	.globl	trap_return
	.hidden	trap_return
	.type	trap_return, @function
	.p2align 4
trap_return:
	.cfi_startproc simple
	.cfi_undefined rip
	syscall
	.cfi_endproc
	.size	trap_return, . - trap_return

/*
 * A call that returns twice. Nothing may be kept on a stack (a vfork child has
 * its parent's, a thread another) and no register is free, so each place in the
 * program that clones has code of its own, which knows where to go on. Two
 * halves: the second for threads that have SIGSYS blocked, as the child has then,
 * too. No flag is touched.
 */
	.macro	FORK index child
	syscall
	mov	%rax, %rcx
	jrcxz	7f
	mov	trap_forks + 8 * \index(%rip), %rcx
	jmp	*%rcx
7:	mov	trap_forks + 8 * \index(%rip), %rcx
	jmp	\child
	.endm

	.globl	trap_fork_code
	.hidden	trap_fork_code
	.hidden	trap_forks
	.type	trap_fork_code, @function
	.p2align 6
trap_fork_code:
	.cfi_startproc simple
	.cfi_def_cfa rsp, 0
	.cfi_undefined rip
	.set	index, 0
	.rept	TRAP_FORKS
	.p2align 6
	FORK	index trap_child_open
	.p2align 5
	FORK	index trap_child_blocked
	.set	index, index + 1
	.endr
	.cfi_endproc
	.size	trap_fork_code, . - trap_fork_code

	.macro	SAVE reg
	push	%\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
	.endm
	.macro	RESTORE reg
	pop	%\reg
	.cfi_adjust_cfa_offset -8
	.cfi_restore \reg
	.endm

/* rcx: where the child goes on; its rax is 0. */
	.type	trap_child_open, @function
	.p2align 4
trap_child_blocked:
	.cfi_startproc simple
	.cfi_def_cfa rsp, 0
	.cfi_register rip, rcx
	mov	$1, %eax
trap_child_open:
	lea	-128(%rsp), %rsp
	.cfi_adjust_cfa_offset 128
	push	%rcx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rip, 0
	pushfq
	.cfi_adjust_cfa_offset 8
	cld
	SAVE	rdi
	SAVE	rsi
	SAVE	rdx
	SAVE	r8
	SAVE	r9
	SAVE	r10
	SAVE	rbp
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	mov	%rax, %rdi
	and	$-16, %rsp
	call	trap_child
	mov	%rbp, %rsp
	.cfi_def_cfa_register rsp
	RESTORE	rbp
	RESTORE	r10
	RESTORE	r9
	RESTORE	r8
	RESTORE	rdx
	RESTORE	rsi
	RESTORE	rdi
	mov	(%rsp), %r11
	popfq
	.cfi_adjust_cfa_offset -8
	/* From here on nothing may change the flags. */
	pop	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rcx
	mov	$0, %eax
	lea	128(%rsp), %rsp
	.cfi_def_cfa_offset 0
	jmp	*%rcx
	.cfi_endproc
	.size	trap_child_open, . - trap_child_open

	.section .note.GNU-stack, "", @progbits
