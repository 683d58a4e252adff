/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A function that makes a process by itself: the child may run on its frame.
 * Refused. The same number in another register is no such call.
 */
#include "pattern.h"

	FUNCTION clones
	mov	$58, %eax
	syscall
clones_site:
	mov	$NR, %eax
	syscall
	ret
	END	clones

	FUNCTION clones_not
	mov	$39, %eax
	mov	$58, %edi
	syscall
clones_not_site:
	mov	$NR, %eax
	syscall
	ret
	END	clones_not

	EXPECT	clones_site, 0, "function makes a process or thread"
	EXPECT	clones_not_site, 0, ""
