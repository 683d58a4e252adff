/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops to both edges of the site: to its first byte, where the entry is
 * jumped to, and to the byte after it, where the entry goes back to. Proven.
 */
#include "pattern.h"

	FUNCTION loop
loop_site:
	mov	$NR, %eax
	syscall
1:	dec	%rdx
	je	1b
	cmp	$-4, %rax
	je	loop_site
	ret
	END	loop

	EXPECT	loop_site, 0, ""
