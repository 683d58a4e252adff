/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions to be detoured at their entry. The first is as glibc's _exit is:
 * whatever stands there never runs again, so it may be anything. The others
 * come back to their own beginning, are shorter than a jmp, or are jumped into
 * by a neighbour.
 */
#include "pattern.h"

	.macro	EXIT name
	.globl	\name
	FUNCTION \name
	.endm

	EXIT	exit_plain
	mov	plain@GOTPCREL(%rip), %r8
	mov	$231, %esi
	jmp	1f
1:	mov	%esi, %eax
	syscall
	hlt
	END	exit_plain

	EXIT	exit_loop
	mov	$60, %eax
	syscall
	jmp	exit_loop
	END	exit_loop

	EXIT	exit_short
	ud2
	nop
	END	exit_short

	EXIT	exit_jumped
	xor	%edi, %edi
exit_jumped_inner:
	mov	$60, %eax
	syscall
	hlt
	END	exit_jumped
	FUNCTION exit_neighbour
	mov	$1, %edi
	jmp	exit_jumped_inner
	END	exit_neighbour
