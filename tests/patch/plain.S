/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ordinary case, as compilers write it: an early way out, the call, a way
 * out for errors. Proven.
 */
#include "pattern.h"

	.globl	plain
	FUNCTION plain
	test	%rdi, %rdi
	je	1f
plain_site:
	mov	$NR, %eax
	syscall
	cmp	$-4096, %rax
	ja	1f
	ret
1:	or	$-1, %rax
	ret
	END	plain

	EXPECT	plain_site, 0, ""
