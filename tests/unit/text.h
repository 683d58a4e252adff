/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - recorded inputs, and memory that ends where the text ends: the byte
 * behind it is in a page without rights, so that a parser that reads on dies.
 */
#ifndef TESTS_UNIT_TEXT_H
#define TESTS_UNIT_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct text {
	char *s;
	size_t len;
	void *base;		/* what to unmap, and how much */
	size_t mapped;
};

/* A copy of @n bytes that end at a forbidden page. */
__attribute__((unused))
static struct text text_guarded(const void *bytes, size_t n)
{
	size_t room = (n + 4095) & ~4095UL;
	struct text t = { .len = n, .mapped = room + 4096 };

	t.base = mmap(NULL, t.mapped, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t.base == MAP_FAILED ||
	    mprotect((char *)t.base + room, 4096, PROT_NONE))
		abort();
	t.s = (char *)t.base + room - n;
	memcpy(t.s, bytes, n);
	return t;
}

/* The file below tests/data, guarded in the same way. */
__attribute__((unused))
static struct text text_load(const char *name)
{
	static char bytes[1 << 20];
	const char *top = getenv("top_srcdir");
	char path[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/data/%s", top ? top : ".", name);
	f = fopen(path, "r");
	if (!f) {
		printf("Bail out! no %s\n", path);
		exit(99);
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return text_guarded(bytes, n);
}

__attribute__((unused))
static void text_free(struct text *t)
{
	munmap(t->base, t->mapped);
}

#endif /* TESTS_UNIT_TEXT_H */
