/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The neighbours, functions of their own, reach the syscall instruction with
 * an 8-bit jump: one from before the site, one from behind it. Refused.
 */
#include "pattern.h"

	PATTERNS
	.p2align 8
	.cfi_startproc
	test	%edi, %edi
	je	near_before_syscall
	ret
	.cfi_endproc
	.cfi_startproc
near_before_site:
	mov	$NR, %eax
near_before_syscall:
	syscall
	ret
	.cfi_endproc

	.p2align 8
	.cfi_startproc
near_behind_site:
	mov	$NR, %eax
near_behind_syscall:
	syscall
	ret
	.cfi_endproc
	.cfi_startproc
	.skip	110, 0x90
	jmp	near_behind_syscall
	.cfi_endproc

	EXPECT	near_before_site, 0, "jump into the site"
	EXPECT	near_behind_site, 0, "jump into the site"
