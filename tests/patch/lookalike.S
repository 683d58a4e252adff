/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that look like a jmp to the syscall instruction. In a constant of a
 * function they are none, and the site is proven; nor are they in code between
 * functions, as long as that decodes. Where it does not nobody can tell, and the
 * site is refused.
 */
#include "pattern.h"

	FUNCTION lookalike
lookalike_site:
	mov	$NR, %eax
lookalike_syscall:
	syscall
	ret
	END	lookalike
	FUNCTION lookalike_from
	.byte	0x48, 0xb9		/* movabs $..., %rcx */
	.byte	0xe9
	.long	lookalike_syscall - (. + 4)
	.byte	0, 0, 0
	ret
	END	lookalike_from

	FUNCTION between
between_site:
	mov	$NR, %eax
between_syscall:
	syscall
	ret
	END	between
	.p2align 8
	.byte	0x48, 0xb9
	.byte	0xe9
	.long	between_syscall - (. + 4)
	.byte	0, 0, 0
	jmp	*%rcx

	FUNCTION nobodys
nobodys_site:
	mov	$NR, %eax
nobodys_syscall:
	syscall
	ret
	END	nobodys
	.p2align 8
	.byte	0x06			/* no instruction */
	.byte	0x48, 0xb9
	.byte	0xe9
	.long	nobodys_syscall - (. + 4)
	.byte	0, 0, 0
	ret

	EXPECT	lookalike_site, 0, ""
	EXPECT	between_site, 0, ""
	EXPECT	nobodys_site, 0, "jump into the site"
