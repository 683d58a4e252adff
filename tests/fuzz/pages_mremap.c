/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap over the flat array: kernel-facts 6. */
#include <errno.h>

#include "pages.h"

#define MAYMOVE	1UL
#define FIXED	2UL

/* The copy merges at its target as a new range would; then the source goes. */
static void move(struct kernel *k, int s, int old_len, int to, int new_len)
{
	struct page a = k->page[s];

	if (!a.file && !a.anon)
		a.pgoff = (long)(P(to) >> 12);
	put(k, to, to + new_len, &a, NEW, false);
	unmap(k, s, s + old_len);
	if (a.flags & VM_LOCKED && new_len > old_len)
		populate(k, to + old_len, to + new_len);
}

static void grow(struct kernel *k, int s, int new_len)
{
	int end = vma_end(k, s);
	struct page a = k->page[end - 1];

	a.pgoff++;
	put(k, end, s + new_len, &a,
	    k->rules->grow_merges_next ? NEW : NEW_PREV_ONLY, true);
	if (a.flags & VM_LOCKED)
		populate(k, end, s + new_len);
}

static bool room_behind(const struct kernel *k, int s, int e)
{
	if (e > NR)
		return false;
	for (int i = s; i < e; i++)
		if (k->page[i].mapped)
			return false;
	return true;
}

/* Since 6.17: each mapping of the source by itself, gaps kept. */
static long move_several(struct kernel *k, int s, int len, int to)
{
	int end = s + len, e;

	if (!k->page[s].mapped)
		return -EFAULT;
	for (int i = s; i < end; i = e) {
		e = i + 1;
		if (!k->page[i].mapped)
			continue;
		e = vma_end(k, i);
		if (e > end)
			e = end;
		unmap(k, to + (i - s), to + (e - s));
		move(k, i, e - i, to + (i - s), e - i);
	}
	return (long)P(to);
}

static long move_to(struct kernel *k, int s, int old_len, int new_len, int to)
{
	if (k->rules->shrink_checks_source &&
	    !k->rules->fixed_move_checks_first && !k->page[s].mapped)
		return -EFAULT;
	if (s < to + new_len && to < s + old_len)
		return -EINVAL;
	if (k->rules->multi_move && old_len == new_len)
		return move_several(k, s, old_len, to);
	if (!k->rules->fixed_move_checks_first)
		unmap(k, to, to + new_len);
	if (!k->page[s].mapped || vma_end(k, s) < s + old_len)
		return -EFAULT;
	unmap(k, to, to + new_len);
	move(k, s, old_len, to, new_len);
	return (long)P(to);
}

long k_mremap(struct kernel *k, int s, int old_len, int new_len,
	      unsigned long flags, int to)
{
	if (flags & FIXED)
		return move_to(k, s, old_len, new_len, to);
	if (!k->page[s].mapped &&
	    (k->rules->shrink_checks_source || new_len > old_len))
		return -EFAULT;
	if (new_len <= old_len) {
		if (new_len < old_len)
			unmap(k, s + new_len, s + old_len);
		return (long)P(s);
	}
	if (vma_end(k, s) < s + old_len)
		return -EFAULT;
	if (vma_end(k, s) == s + old_len &&
	    room_behind(k, s + old_len, s + new_len)) {
		grow(k, s, new_len);
		return (long)P(s);
	}
	if (!(flags & MAYMOVE))
		return -ENOMEM;
	to = k_place(k, new_len);
	if (to < 0)
		return -ENOMEM;
	move(k, s, old_len, to, new_len);
	return (long)P(to);
}
