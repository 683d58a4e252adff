/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the library; contracts in library.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/library.h"

#define NAME "libvmashadow.so"

/* The folder of this very program, without the "/" at its end. */
static char *own_folder(void)
{
	char *path = realpath("/proc/self/exe", NULL);

	if (!path) {
		complain("/proc/self/exe: %s", strerror(errno));
		return NULL;
	}
	*strrchr(path, '/') = '\0';
	return path;
}

/* Is there a library in @folder for programs like this one? */
static bool has_library(const char *folder)
{
	char *path = text("%s/%s/" NAME, folder, VS_DST_LIB);
	bool has = !access(path, R_OK);

	free(path);
	return has;
}

static char *candidate(const char *own, bool build_tree)
{
	size_t n = strlen(own), bin = strlen(VS_BINDIR);

	if (build_tree)
		return text("%s/preload", own);
	if (n >= bin && !strcmp(own + n - bin, VS_BINDIR))
		return text("%.*s%s", (int)(n - bin), own, VS_PKGLIBDIR);
	return text("%s", VS_PKGLIBDIR);
}

/* What separates names in LD_PRELOAD cannot be part of one. */
static bool can_be_named(const char *folder)
{
	if (!strpbrk(folder, " :$"))
		return true;
	complain("%s: a library there cannot be preloaded, LD_PRELOAD has no "
		 "way to write a blank, a colon or a $", folder);
	return false;
}

char *library_find(void)
{
	char *own = own_folder(), *folder = NULL, *path = NULL;

	for (int build = 1; own && !path && build >= 0; build--) {
		free(folder);
		folder = candidate(own, build);
		if (!has_library(folder))
			continue;
		if (can_be_named(folder))
			path = text("%s/$LIB/" NAME, folder);
		goto out;
	}
	if (own)
		complain(NAME " is not in %s/%s", folder, VS_DST_LIB);
out:
	free(folder);
	free(own);
	return path;
}

static bool is_ours(const char *name, size_t len)
{
	size_t n = strlen(NAME);

	return len >= n && !memcmp(name + len - n, NAME, n) &&
	       (len == n || name[len - n - 1] == '/');
}

void library_load(const char *variable, const char *path)
{
	const char *old = getenv(variable);
	char *list = text("%s", path), *longer;

	for (old = old ? old : ""; *old;) {
		size_t len = strcspn(old, " :");

		if (len && !is_ours(old, len)) {
			longer = text("%s:%.*s", list, (int)len, old);
			free(list);
			list = longer;
		}
		old += len + (old[len] != '\0');
	}
	setenv(variable, list, 1);
	free(list);
}
