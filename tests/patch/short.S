/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unwind entry ends inside the site: what follows is of another function.
 * Refused.
 */
#include "pattern.h"

	PATTERNS
	.p2align 8
	.cfi_startproc
short_site:
	mov	$NR, %eax
	.cfi_endproc
	.cfi_startproc
	syscall
	ret
	.cfi_endproc

	EXPECT	short_site, 0, "not an instruction boundary"
