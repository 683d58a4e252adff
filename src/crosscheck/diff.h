/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two lists of mappings, line by line: what the kernel prints against what the
 * mirror holds. Nothing is normalised: a line is equal in its extent, rights,
 * offset, device, inode and name, or it is a difference.
 *
 * This file is pure: no lock, no system call, no global; async-signal-safe.
 */
#ifndef VS_CROSSCHECK_DIFF_H
#define VS_CROSSCHECK_DIFF_H

#include <stdbool.h>

#include "base/view.h"

enum diff_kind {
	DIFF_DRIFT,	/* the mirror is wrong */
	DIFF_GROWTH,	/* a stack of the mirror begins lower in the kernel, all
			 * else equal; whether the rules allow it is not asked */
	DIFF_RENAMED,	/* a file's mapping, equal in all but its path */
	DIFF_KINDS,
};

struct diff_line {
	struct vma_view view;
	bool grows;	/* mirror: VM_GROWSDOWN; the kernel's side is not read */
};

struct diff {
	enum diff_kind kind;
	const struct vma_view *kernel, *mirror;	/* NULL: has no such line */
};

/*
 * diff_lists() - walk both lists, which come in address order, and hand each
 * difference to @differs, in address order.
 *
 * @kernel, @mirror: store the next line in *@out and return 1; 0 at the end;
 * -errno ends the walk and is returned. A name must stay until the same
 * function is called again. Lines of the kernel's half ([vsyscall]) are passed
 * over on the kernel's side.
 * @differs: 0 to go on, else that ends the walk and is returned. The views are
 * gone when it returns.
 *
 * Each line is in one difference at most. Two lines that overlap and are not
 * equal are one difference; a line that then overlaps nothing any more stands
 * alone:
 *
 *	kernel	|    A    |         A | b          b is handed out with A,
 *	mirror	| b  | c  |         - | c          c alone
 */
int diff_lists(int (*kernel)(void *ctx, struct diff_line *out),
	       int (*mirror)(void *ctx, struct diff_line *out),
	       int (*differs)(void *ctx, const struct diff *d), void *ctx);

#endif
