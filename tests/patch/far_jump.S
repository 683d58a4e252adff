/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other functions, far away, jump to the syscall instruction of this one: a
 * cold part, a tail merge. By jmp, by jcc, and (which no compiler writes) by
 * call, the very last bytes of a function. Refused.
 */
#include "pattern.h"

	.macro	FAR_PAIR name, instruction
	FUNCTION \name
\name\()_site:
	mov	$NR, %eax
\name\()_syscall:
	syscall
	ret
	END	\name
	.skip	4096, 0xcc
	FUNCTION \name\()_from
	xor	%eax, %eax
	\instruction \name\()_syscall
	END	\name\()_from
	EXPECT	\name\()_site, 0, "jump into the site"
	.endm

	FAR_PAIR far_jmp, jmp
	FAR_PAIR far_jcc, jne
	FAR_PAIR far_call, call
