/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seven bytes stand there, but are no mov and syscall: behind a REX prefix
 * the mov is one to r8d, and inside a constant there is no instruction at all.
 * Refused.
 */
#include "pattern.h"

	FUNCTION behind_rex
	.byte	0x41
behind_rex_site:
	mov	$NR, %eax
	syscall
	ret
	END	behind_rex

	FUNCTION inside_constant
	.byte	0x48, 0xb9
inside_constant_site:
	mov	$NR, %eax
	syscall
	nop
	ret
	END	inside_constant

	EXPECT	behind_rex_site, 0, "not an instruction boundary"
	EXPECT	inside_constant_site, 0, "not an instruction boundary"
