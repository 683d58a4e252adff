/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tier 2: libc's and ld.so's own calls, patched where they stand.
 */
#include <errno.h>
#include <link.h>

#include "base/compiler.h"
#include "base/str.h"
#include "intercept/intercept.h"
#include "patch/entry.h"
#include "patch/patch.h"

#define SITES_MAX PATCH_ENTRIES

/* An object of the C library, by the names that glibc gives it. */
static const char *exit_of(const char *name, bool *wanted)
{
	const char *base = str_base(name);

	*wanted = true;
	if (str_eq(base, "libc.so.6"))
		return "_exit";
	*wanted = str_starts(base, "ld-linux-x86-64.so");
	return NULL;
}

/* The dynamic linker opens and closes files, but no userfaultfd. */
static void wanted_calls(struct patch_nrset *set, struct patch_nrset *linker)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		patch_nrset_add(set, calls[i].nr);
		if (i != CALL_close && i != CALL_ioctl)
			patch_nrset_add(linker, calls[i].nr);
	}
}

struct sites {
	struct patch_nrset nrs, linker;
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
	bool wanted;
	int n, written;

	(void)size;
	obj.exit_symbol = exit_of(info->dlpi_name, &wanted);
	if (!wanted)
		return 0;
	n = patch_scan(&obj, obj.exit_symbol ? &s->nrs : &s->linker, found,
		       SITES_MAX);
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

	wanted_calls(&s.nrs, &s.linker);
	dl_iterate_phdr(patch_object, &s);
	return s.written ? s.written : s.err ? s.err : -ENOENT;
}
