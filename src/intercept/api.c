/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public functions (include/vmashadow.h). What the mirror says is copied
 * under its lock into memory of ours and to the caller after: a fault on the
 * caller's buffer is the caller's fault, not a stuck lock.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/str.h"
#include "crosscheck/check.h"
#include "intercept/intercept.h"
#include "shadow/door.h"
#include "vmashadow.h"

static int ready(void)
{
	if (shadow_is_child())
		shadow_fork_child();
	return shadow.mode == SHADOW_LIVE ? 0 : -ENODATA;
}

static void export_vma(const struct vm_area_struct *vma,
		       struct vmashadow_vma *out)
{
	struct vma_view v;

	mm_view(&shadow.mm, vma, &v);
	*out = (struct vmashadow_vma){
		.start = v.start, .end = v.end,
		.offset = v.offset, .inode = v.inode,
		.dev_major = v.dev_major, .dev_minor = v.dev_minor,
		.prot = v.prot & (VIEW_READ | VIEW_WRITE | VIEW_EXEC),
		.born = vma->born, .changed = vma->changed,
		.name = v.name_len ? v.name : "",
	};
	if (v.prot & VIEW_SHARED)
		out->flags |= VMASHADOW_SHARED;
	if (vma->vm_flags & VM_GROWSDOWN)
		out->flags |= VMASHADOW_GROWSDOWN;
	if (vma->bits & VMA_OWN)
		out->flags |= VMASHADOW_OWN;
}

/* --- find ------------------------------------------------------------------- */

struct find {
	unsigned long addr;
	struct vmashadow_vma vma;
};

static long find_errand(void *arg)
{
	struct find *f = arg;
	const struct vm_area_struct *vma = find_vma(&shadow.mm, f->addr);

	if (!vma)
		return -ENOENT;
	export_vma(vma, &f->vma);
	return 0;
}

VS_EXPORT int vmashadow_find(const void *addr, struct vmashadow_vma *out)
{
	struct find f = { .addr = (unsigned long)addr };
	int err = ready();

	if (!err)
		err = (int)shadow_with_lock(find_errand, &f);
	if (!err)
		*out = f.vma;
	return err;
}

/* --- snapshot --------------------------------------------------------------- */

#define PIECE 4			/* mappings copied under one ownership */
#define TRIES 8

struct piece {
	unsigned long from;	/* the next mapping to copy ends above this */
	uint64_t seq;
	unsigned int count, n;
	struct vmashadow_vma vma[PIECE];
};

static long piece_errand(void *arg)
{
	struct piece *p = arg;
	const struct vm_area_struct *vma = find_vma(&shadow.mm, p->from);

	p->seq = shadow.seq;
	p->count = shadow.mm.map_count;
	for (p->n = 0; vma && p->n < PIECE; vma = vma->vm_next) {
		export_vma(vma, &p->vma[p->n++]);
		p->from = vma->vm_end;
	}
	return 0;
}

/* One pass: -EAGAIN if the mirror changed between two pieces. */
static ssize_t one_pass(struct vmashadow_vma *buf, size_t n, bool last_try)
{
	struct piece p = { .from = 0 };
	uint64_t seq = 0;
	size_t at = 0;
	int err;

	do {
		err = (int)shadow_with_lock(piece_errand, &p);
		if (err)
			return err;
		if (at && seq != p.seq && !last_try)
			return -EAGAIN;
		seq = p.seq;
		for (unsigned int i = 0; i < p.n && at < n; i++)
			buf[at++] = p.vma[i];
	} while (p.n == PIECE && at < n);
	return p.count;
}

VS_EXPORT ssize_t vmashadow_snapshot(struct vmashadow_vma *buf, size_t n)
{
	ssize_t ret = ready();

	if (ret)
		return ret;
	for (unsigned int i = 1; i <= TRIES; i++) {
		ret = one_pass(buf, n, i == TRIES);
		if (ret != -EAGAIN)
			break;
	}
	return ret;
}

/* --- check, stats, explain -------------------------------------------------- */

/* The caller's struct may be older and shorter than ours. */
static void fill(void *out, uint32_t size, const void *ours, uint32_t our_size)
{
	uint32_t *header = out;

	memcpy((char *)out + sizeof(*header), (const char *)ours +
	       sizeof(*header),
	       (size < our_size ? size : our_size) - sizeof(*header));
}

static long check_errand(void *arg)
{
	struct vmashadow_check *c = arg;
	struct check_result r;
	int err = check_full("api", &r);

	if (err)
		return err;
	c->vmas = r.vmas;
	c->drift = r.drift;
	c->growth = r.growth;
	c->renamed = r.renamed;
	return 0;
}

VS_EXPORT int vmashadow_check(struct vmashadow_check *out)
{
	struct vmashadow_check c = { .size = sizeof(c) };
	int err = ready();

	if (!err)
		err = (int)shadow_with_lock(check_errand, &c);
	if (err)
		return err;
	shadow_log_flush();
	if (out && out->size >= sizeof(out->size))
		fill(out, out->size, &c, sizeof(c));
	return (int)(c.drift + c.growth + c.renamed);
}

static long stats_errand(void *arg)
{
	struct vmashadow_stats *s = arg;
	const struct shadow_counters *n = &shadow.count;

	for (unsigned int i = 0; i < CALLS_COUNTED; i++)
		s->calls += n->calls[i] + unordered_calls(i);
	s->vmas = shadow.mm.map_count;
	s->vmas_peak = shadow.mm.map_count_peak;
	s->checks = n->checks;
	s->drift = n->drift;
	s->growth = n->growth;
	s->renamed = n->renamed;
	s->asked = n->asked;
	s->settled = n->settled;
	s->own = n->own;
	s->faults = n->faults;
	return 0;
}

VS_EXPORT int vmashadow_stats(struct vmashadow_stats *out)
{
	struct vmashadow_stats s = { .size = sizeof(s) };
	int err = ready();

	if (!err)
		err = (int)shadow_with_lock(stats_errand, &s);
	if (!err && out->size >= sizeof(out->size))
		fill(out, out->size, &s, sizeof(s));
	return err;
}

/*
 * Two copies may be loaded by two names. The program's calls go to the one that
 * the dynamic linker found first; so does ours, where it is not bound to itself.
 */
VS_HIDDEN extern __typeof__(vmashadow_stats) own_stats
	__attribute__((alias("vmashadow_stats")));

bool intercept_is_second(void)
{
	int (*volatile found)(struct vmashadow_stats *) = vmashadow_stats;

	return found != own_stats;
}

struct explain {
	unsigned long addr;
	struct fmt f;
	char text[MM_EXPLAIN_SIZE];
};

static long explain_errand(void *arg)
{
	struct explain *e = arg;

	fmt_init(&e->f, e->text, sizeof(e->text));
	return mm_explain(&shadow.mm, e->addr, &e->f);
}

VS_EXPORT ssize_t vmashadow_explain(const void *addr, char *buf, size_t n)
{
	struct explain e;
	int err = ready();

	e.addr = (unsigned long)addr;
	if (!err)
		err = (int)shadow_with_lock(explain_errand, &e);
	if (err)
		return err;
	str_copy(buf, n, e.text);
	return (ssize_t)e.f.len;
}
