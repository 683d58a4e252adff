/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A function that .eh_frame does not know: nobody can say where it begins.
 * Refused.
 */
#include "pattern.h"

	PATTERNS
	.p2align 8
no_fde:
no_fde_site:
	mov	$NR, %eax
	syscall
	ret

	EXPECT	no_fde_site, 0, "no unwind entry"
