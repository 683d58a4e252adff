/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two lists of mappings, line by line; contract in diff.h. */
#include "base/str.h"
#include "crosscheck/diff.h"

/* Where the kernel's half begins; maps prints [vsyscall] from there. */
#define KERNEL_HALF 0xffff800000000000ULL

struct side {
	int (*next)(void *ctx, struct diff_line *out);
	struct diff_line line;
	bool there;		/* line is one that was not dealt with yet */
};

static int advance(struct side *s, void *ctx)
{
	int ret = s->next(ctx, &s->line);

	s->there = ret > 0;
	return ret < 0 ? ret : 0;
}

static int advance_kernel(struct side *s, void *ctx)
{
	int err;

	do {
		err = advance(s, ctx);
	} while (s->there && s->line.view.start >= KERNEL_HALF);
	return err;
}

static bool same_name(const struct vma_view *a, const struct vma_view *b)
{
	return a->name_len == b->name_len &&
	       !memcmp(a->name, b->name, a->name_len);
}

/* Equal but for the start and the name. */
static bool same_rest(const struct vma_view *a, const struct vma_view *b)
{
	return a->end == b->end && a->prot == b->prot &&
	       a->offset == b->offset && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/*
 * Somebody can rename or unlink a file; nobody can rename memory without one. A
 * label in brackets ([heap], [anon_shmem:x]) is no path either: the mirror has
 * to know it.
 */
static bool has_path(const struct vma_view *v)
{
	return (v->inode || v->dev_major || v->dev_minor) && v->name_len &&
	       v->name[0] != '[';
}

static enum diff_kind kind_of(const struct vma_view *k,
			      const struct diff_line *mirror)
{
	const struct vma_view *m = &mirror->view;

	if (!same_rest(k, m))
		return DIFF_DRIFT;
	if (k->start < m->start && mirror->grows && same_name(k, m))
		return DIFF_GROWTH;
	if (k->start == m->start && has_path(k) && has_path(m))
		return DIFF_RENAMED;
	return DIFF_DRIFT;
}

static bool equal(const struct vma_view *a, const struct vma_view *b)
{
	return a->start == b->start && same_rest(a, b) && same_name(a, b);
}

/*
 * One step: deals with the lower of the two lines, or with both if they overlap
 * (or are empty, so that every step deals with one). Sets @took_k, @took_m and,
 * if it is a difference, *@d.
 */
static bool step(const struct side *k, const struct side *m, bool *took_k,
		 bool *took_m, struct diff *d)
{
	const struct vma_view *kv = &k->line.view, *mv = &m->line.view;

	*took_k = k->there && (!m->there || kv->start < mv->end);
	*took_m = m->there && (!*took_k || mv->start < kv->end);
	if (*took_k && *took_m && equal(kv, mv))
		return false;
	d->kernel = *took_k ? kv : NULL;
	d->mirror = *took_m ? mv : NULL;
	d->kind = *took_k && *took_m ? kind_of(kv, &m->line) : DIFF_DRIFT;
	return true;
}

int diff_lists(int (*kernel)(void *ctx, struct diff_line *out),
	       int (*mirror)(void *ctx, struct diff_line *out),
	       int (*differs)(void *ctx, const struct diff *d), void *ctx)
{
	struct side k = { .next = kernel }, m = { .next = mirror };
	bool took_k = true, took_m = true;
	struct diff d;
	int ret;

	for (;;) {
		ret = took_k ? advance_kernel(&k, ctx) : 0;
		if (!ret && took_m)
			ret = advance(&m, ctx);
		if (ret || (!k.there && !m.there))
			return ret;
		if (!step(&k, &m, &took_k, &took_m, &d))
			continue;
		ret = differs(ctx, &d);
		if (ret)
			return ret;
	}
}
