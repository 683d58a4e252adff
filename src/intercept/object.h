/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tier 2 for one object, out of its file: what of it is wanted, by its name, and
 * the work of finding, proving and rewriting. Between sites.c (objects that are
 * there at start) and late.c (those that come later).
 */
#ifndef VS_INTERCEPT_OBJECT_H
#define VS_INTERCEPT_OBJECT_H

#include "patch/entry.h"
#include "patch/patch.h"

#define SITES_MAX PATCH_ENTRIES		/* of one object, at most */

enum object_family {
	OBJECT_OTHER,
	OBJECT_LIBC,		/* also in another namespace */
	OBJECT_LINKER,
	OBJECT_OURS,		/* the library and what it needs: not to
					 * be touched */
};

/* object_family() - by the last part of the path. */
enum object_family object_family(const char *name);

/*
 * object_wants() - fill in what is looked for in an object of @family, and
 * return the set of numbers that count there.
 */
const struct patch_nrset *object_wants(struct patch_object *obj,
				       enum object_family family);

/* object_start() - the sets of numbers; once, before anything else here. */
void object_start(void);

/*
 * object_patch() - patch @obj, whose bytes are in the file @fd; sites in
 * [obj->text_start, obj->text_end) only. Returns how many sites are in @sites,
 * those that stand there already left out, or -errno. Needs 16 kB of stack, and
 * the caller serialises.
 */
int object_patch(struct patch_object *obj, int fd, struct patch_site *sites);

/* What object_patch() wrote: the mirror learns which pages are private now. */
void object_wrote(const struct patch_site *sites, int n);	/* [lock] */

#endif
