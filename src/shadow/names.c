/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of anonymous memory; contracts in names.h. */
#include "base/compiler.h"
#include "base/str.h"
#include "shadow/names.h"
#include "shadow/shadow.h"

#define VS_HASH_ALLOC(bytes) memory_alloc(bytes)
#include "base/hash.h"

#define PRIVATE	"[anon:"
#define SHARED	"[anon_shmem:"
#define NAMES	4096

/* text: "[anon_shmem:NAME]"; the private label is made from its tail. */
struct anon_name {
	UT_hash_handle hh;
	uint32_t id, len;
	char shared[sizeof(SHARED) + NAMES_MAX];
	char private[sizeof(PRIVATE) + NAMES_MAX];
};

static struct anon_name *names;			/* [lock] */
static struct anon_name *by_id[NAMES];		/* [lock] */
static uint32_t nr_names;

static void make_label(char *to, const char *prefix, const char *name,
		       uint32_t len)
{
	size_t n = str_len(prefix);

	memcpy(to, prefix, n);
	memcpy(to + n, name, len);
	to[n + len] = ']';
}

static const char *bare(const struct anon_name *n)
{
	return n->shared + sizeof(SHARED) - 1;
}

uint32_t names_id(const char *name, uint32_t len)
{
	struct anon_name *n;

	if (len >= NAMES_MAX)
		return 0;
	HASH_FIND(hh, names, name, len, n);
	if (n)
		return n->id;
	if (nr_names + 1 >= NAMES)
		return 0;
	n = memory_alloc(sizeof(*n));
	if (!n)
		return 0;
	n->id = ++nr_names;
	n->len = len;
	make_label(n->shared, SHARED, name, len);
	make_label(n->private, PRIVATE, name, len);
	HASH_ADD_KEYPTR(hh, names, bare(n), len, n);
	by_id[n->id] = n;
	return n->id;
}

static const char *label(const struct mm_struct *mm,
			 const struct vm_area_struct *vma, uint32_t *len)
{
	const struct anon_name *n = by_id[vma->anon_name];

	(void)mm;
	if (vma->vm_file) {
		*len = n->len + (uint32_t)sizeof(SHARED);
		return n->shared;
	}
	*len = n->len + (uint32_t)sizeof(PRIVATE);
	return n->private;
}

static bool is_label(const char *text, uint32_t len, const char *prefix)
{
	size_t n = str_len(prefix);

	return len > n && !memcmp(text, prefix, n) && text[len - 1] == ']';
}

static uint32_t id_of_label(struct mm_struct *mm, const char *text,
			    uint32_t len)
{
	uint32_t n;

	(void)mm;
	if (is_label(text, len, PRIVATE))
		n = sizeof(PRIVATE) - 1;
	else if (is_label(text, len, SHARED))
		n = sizeof(SHARED) - 1;
	else
		return 0;
	return names_id(text + n, len - n - 1);
}

void names_start(void)
{
	if (!shadow.mm.rules.anon_names)
		return;
	shadow.mm.anon_label = label;
	shadow.mm.anon_name_id = id_of_label;
}
