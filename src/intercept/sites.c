/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tier 2: libc's and ld.so's own calls, patched where they stand.
 */
#include <errno.h>
#include <link.h>

#include "base/compiler.h"
#include "intercept/intercept.h"
#include "intercept/object.h"

struct sites {
	int written, err;
};

static int patch_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	static struct patch_site found[SITES_MAX];
	struct sites *s = arg;
	struct patch_object obj = {
		.name = info->dlpi_name,
		.base = info->dlpi_addr,
		.phdr = info->dlpi_phdr,
		.phnum = info->dlpi_phnum,
	};
	enum object_family family = object_family(obj.name);
	const struct patch_nrset *nrs;
	int n, written;

	(void)size;
	if (family != OBJECT_LIBC && family != OBJECT_LINKER)
		return 0;
	nrs = object_wants(&obj, family);
	n = patch_scan(&obj, nrs, found, SITES_MAX);
	if (n < 0) {
		s->err = n;
		return 0;
	}
	written = patch_apply(found, (size_t)n, &obj,
			      shadow.seccomp ? 0 : PATCH_ALLOW_MPROTECT);
	if (written < 0)
		s->err = written;
	else
		s->written += written;
	for (int i = 0; i < n; i++)
		shadow_say_site(&obj, &found[i]);
	return 0;
}

int intercept_sites(void)
{
	struct sites s = { .written = 0 };

	object_start();
	dl_iterate_phdr(patch_object, &s);
	return s.written ? s.written : s.err ? s.err : -ENOENT;
}
