/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an object: bytes, bounds, functions, symbols. Nothing here trusts an
 * offset of the object before it was found to be inside one of the object's
 * readable segments.
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

/*
 * object_bytes() - the @len bytes of address @addr, valid until the next call of
 * it; NULL where object_holds() says no or the file cannot be read. @len is at
 * most the size of file->detail.
 */
VS_HIDDEN const unsigned char *object_bytes(const struct patch_object *obj,
					    uintptr_t addr, size_t len);
VS_HIDDEN bool object_copy(const struct patch_object *obj, uintptr_t addr,
			   void *to, size_t len);

/*
 * object_text() - the bytes from @addr on, as many as there are at hand (*have),
 * valid until the next call of it; NULL where there are none.
 */
VS_HIDDEN const unsigned char *object_text(const struct patch_object *obj,
					   uintptr_t addr, size_t *have);

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
	uintptr_t rows;
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

/*
 * ehframe_gap() - what lies around @pc between two functions, if it does.
 * Returns 0 or -ENOENT.
 */
VS_HIDDEN int ehframe_gap(const struct ehframe *eh, uintptr_t pc,
			  struct patch_fn *gap);

/*
 * symtab_find() - the functions that hold q[].at, by the symbol table of the
 * file; @q is sorted. Those of which nothing is known keep what they had. Of no
 * use for objects without obj->file; invalidates object_bytes().
 */
struct symtab_query {
	uintptr_t at;
	struct patch_fn fn;
};

VS_HIDDEN void symtab_find(const struct patch_object *obj,
			   struct symtab_query *q, size_t n);

#endif
