/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loop that comes back to the syscall instruction alone, with rax set by
 * other means. There would be no syscall any more: refused.
 */
#include "pattern.h"

	FUNCTION retry
retry_site:
	mov	$NR, %eax
1:	syscall
	cmp	$-4, %rax
	mov	%edx, %eax
	je	1b
	ret
	END	retry

	EXPECT	retry_site, 0, "jump into the site"
