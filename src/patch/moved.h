/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sites of other shapes than mov and syscall in a row. The syscall instruction
 * alone has no room for a jump, so neighbours make room: whole instructions
 * right before it, else right behind it, that do the same at another address.
 *
 *	before	4d 89 c8	mov	%r9,%r8		}
 *		0f 05		syscall			} five bytes or more
 *	after	e9 rr rr rr rr	jmp	slot
 *
 * The slot (slot.c) runs the neighbours' copies and looks at the number as it is
 * then: what is no business of ours goes to the kernel from there, with nothing
 * pushed, so that it may also be a clone, a vfork or a sigreturn.
 */
#ifndef VS_PATCH_MOVED_H
#define VS_PATCH_MOVED_H

#include "patch/prove.h"

/*
 * moved_find() - is there a syscall instruction of @fn at @at that may make a
 * call in @nrs? Then @site is filled: PATCH_PROVEN as far as its function is
 * concerned, or refused. Else false.
 */
VS_HIDDEN bool moved_find(const struct patch_object *obj,
			  const struct patch_fn *fn,
			  const struct patch_nrset *nrs, uintptr_t at,
			  struct patch_site *site);

#endif
