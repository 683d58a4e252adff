/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jumps into the number that mov loads, to the first and the last byte that a
 * rewriting would break. Refused.
 */
#include "pattern.h"

	FUNCTION middle_first
	je	middle_first_site + 1
middle_first_site:
	mov	$NR, %eax
	syscall
	ret
	END	middle_first

	FUNCTION middle_last
middle_last_site:
	mov	$NR, %eax
	syscall
	jrcxz	middle_last_site + 6
	ret
	END	middle_last

	EXPECT	middle_first_site, 0, "jump into the site"
	EXPECT	middle_last_site, 0, "jump into the site"
