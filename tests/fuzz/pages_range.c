/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls that go from mapping to mapping over a range: kernel-facts 1.5. */
#include <errno.h>

#include "pages.h"

struct change {
	const struct kernel *k;
	int arg;
	uint32_t id;
	uint64_t lock;
};

enum { STOP, STEP };

/* 1: changed, 0: stays as it is, -errno: the loop ends. */
typedef int change_fn(const struct change *c, struct page *a);

static long walk(struct kernel *k, int s, int e, int holes, change_fn *fn,
		 const struct change *c)
{
	long hole = 0;
	struct page a;
	uint64_t old;
	int end, ret;

	for (int i = s; i < e; i = end) {
		end = i + 1;
		if (!k->page[i].mapped) {
			hole = -ENOMEM;
			if (holes == STOP)
				return hole;
			continue;
		}
		end = vma_end(k, i);
		if (end > e)
			end = e;
		a = k->page[i];
		old = a.flags;
		ret = fn(c, &a);
		if (ret < 0)
			return ret;
		if (ret)
			put(k, i, end, &a, CHANGE, false);
		/* Locked memory that became writable is written at once. */
		if ((old & (VM_LOCKED_MASK | VM_WRITE)) == VM_LOCKED &&
		    a.flags & VM_WRITE)
			touch(k, i);
	}
	return hole;
}

/* --- mprotect ------------------------------------------------------------------ */

static int protect(const struct change *c, struct page *a)
{
	uint64_t old = a->flags, new;

	new = (old & ~VM_ACCESS_FLAGS) | (uint64_t)c->arg;
	if (new == old)
		return 0;
	if (new & VM_WRITE) {
		if (!(old & (VM_ACCOUNT | VM_WRITE | VM_MAYSHARE |
			     VM_NORESERVE)))
			new |= VM_ACCOUNT;
	} else if (c->k->rules->account_cleared && !a->file && !a->anon) {
		new &= ~VM_ACCOUNT;
	}
	a->flags = new;
	return 1;
}

long k_mprotect(struct kernel *k, int s, int e, int prot)
{
	struct change c = { .k = k, .arg = prot };

	return walk(k, s, e, STOP, protect, &c);
}

/* --- madvise ------------------------------------------------------------------- */

static const struct {
	int advice;
	uint64_t set, clear;
} advices[] = {
	{ 0, 0, VM_RAND_READ | VM_SEQ_READ },
	{ 1, VM_RAND_READ, VM_SEQ_READ },
	{ 2, VM_SEQ_READ, VM_RAND_READ },
	{ 10, VM_DONTCOPY, 0 },
	{ 11, 0, VM_DONTCOPY },
	{ 12, VM_MERGEABLE, 0 },
	{ 13, 0, VM_MERGEABLE },
	{ 14, VM_HUGEPAGE, VM_NOHUGEPAGE },
	{ 15, VM_NOHUGEPAGE, VM_HUGEPAGE },
	{ 16, VM_DONTDUMP, 0 },
	{ 17, 0, VM_DONTDUMP },
	{ 18, VM_WIPEONFORK, 0 },
	{ 19, 0, VM_WIPEONFORK },
};

static int advise(const struct change *c, struct page *a)
{
	uint64_t old = a->flags;

	if (c->arg == 18 && a->file)
		return -EINVAL;
	if (c->arg == 12 && a->flags & VM_MAYSHARE)
		return 0;
	for (unsigned int i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (advices[i].advice == c->arg)
			a->flags = (old & ~advices[i].clear) | advices[i].set;
	return a->flags != old;
}

/* MADV_DONTNEED and its kin: no flag changes, but locked memory refuses. */
static int drop(const struct change *c, struct page *a)
{
	(void)c;
	return a->flags & VM_LOCKED ? -EINVAL : 0;
}

long k_madvise(struct kernel *k, int s, int e, int advice)
{
	struct change c = { .k = k, .arg = advice };

	return walk(k, s, e, STEP, advice == 4 ? drop : advise, &c);
}

/* --- mlock --------------------------------------------------------------------- */

static int lock(const struct change *c, struct page *a)
{
	uint64_t old = a->flags;

	a->flags = (old & ~VM_LOCKED_MASK) | c->lock;
	return a->flags != old;
}

/* What nobody may access cannot be populated, and ends it. */
static long populate_all(struct kernel *k, int s, int e)
{
	for (int i = s; i < e; i++) {
		if (!k->page[i].mapped || k->page[i].flags & VM_LOCKONFAULT)
			continue;
		if (!(k->page[i].flags & VM_ACCESS_FLAGS))
			return -ENOMEM;
		populate(k, i, i + 1);
	}
	return 0;
}

long k_mlock(struct kernel *k, int s, int e, bool on_fault)
{
	struct change c = {
		.k = k, .lock = on_fault ? VM_LOCKED_MASK : VM_LOCKED,
	};
	long err = walk(k, s, e, STOP, lock, &c);

	return err ? err : populate_all(k, s, e);
}

long k_munlock(struct kernel *k, int s, int e)
{
	struct change c = { .k = k };

	return walk(k, s, e, STOP, lock, &c);
}

long k_mlockall(struct kernel *k, int flags)
{
	struct change c = { .k = k, .lock = VM_LOCKED };

	if (flags & 4)
		c.lock |= VM_LOCKONFAULT;
	k->def_flags &= ~VM_LOCKED_MASK;
	if (flags & 2)
		k->def_flags |= c.lock;
	if (!(flags & 1))
		return 0;
	walk(k, 0, NR, STEP, lock, &c);
	populate(k, 0, NR);
	return 0;
}

long k_munlockall(struct kernel *k)
{
	struct change c = { .k = k };

	k->def_flags &= ~VM_LOCKED_MASK;
	walk(k, 0, NR, STEP, lock, &c);
	return 0;
}

/* --- policies and names --------------------------------------------------------- */

static int bind(const struct change *c, struct page *a)
{
	if (a->policy == c->id)
		return 0;
	a->policy = c->id;
	return 1;
}

/* A hole is seen before anything is done; whoever takes away may have some. */
long k_mbind(struct kernel *k, int s, int e, uint32_t policy)
{
	struct change c = { .k = k, .id = policy };

	for (int i = s; i < e; i++)
		if (policy && !k->page[i].mapped)
			return -EFAULT;
	walk(k, s, e, STEP, bind, &c);
	return 0;
}

static int name(const struct change *c, struct page *a)
{
	if (a->file && !(a->file->flags & MM_FILE_ANON_SHM))
		return -EBADF;
	if (a->name == c->id)
		return 0;
	a->name = c->id;
	return 1;
}

long k_name(struct kernel *k, int s, int e, uint32_t id)
{
	struct change c = { .k = k, .id = id };

	if (!k->rules->anon_names)
		return -EINVAL;
	return walk(k, s, e, STEP, name, &c);
}
