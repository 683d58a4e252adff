/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a loaded object where it lies: bounds, functions, symbols. Nothing
 * here trusts an offset of the object before it was found to be inside one of
 * the object's readable segments.
 */
#ifndef VS_PATCH_OBJECT_H
#define VS_PATCH_OBJECT_H

#include "patch/patch.h"

/* [start, end) of one function: what one FDE describes. */
struct patch_fn {
	uintptr_t start, end;
};

/* Are @len bytes at @addr inside the file part of one readable segment? */
VS_HIDDEN bool object_holds(const struct patch_object *obj, uintptr_t addr,
			    size_t len);

/* The first program header of @type, or NULL. */
VS_HIDDEN const ElfW(Phdr) *object_phdr(const struct patch_object *obj,
					uint32_t type);

/* Where a defined function of the dynamic symbol table begins, 0 if none. */
VS_HIDDEN uintptr_t object_function(const struct patch_object *obj,
				    const char *symbol);

/* The sorted table of .eh_frame_hdr (LSB Core, "Exception Frames"). */
struct ehframe {
	const struct patch_object *obj;
	uintptr_t hdr;			/* the table's offsets are from here */
	const struct ehframe_row *rows;
	size_t count;
};

/*
 * ehframe_open() - find @obj's table. Returns 0, or -ENOENT where there is none
 * or none in the form that linkers write; ehframe_find() then finds nothing.
 */
VS_HIDDEN int ehframe_open(struct ehframe *eh, const struct patch_object *obj);

/* ehframe_find() - the function that holds @pc. Returns 0 or -ENOENT. */
VS_HIDDEN int ehframe_find(const struct ehframe *eh, uintptr_t pc,
			   struct patch_fn *fn);

#endif
