/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data between instructions: from there on boundaries are anybody's guess.
 * Refused, also when the data comes after the site.
 */
#include "pattern.h"

	FUNCTION undecodable
undecodable_site:
	mov	$NR, %eax
	syscall
	ret
	.byte	0x06
	END	undecodable

	EXPECT	undecodable_site, 0, "function does not decode"
