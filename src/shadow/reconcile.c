/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adopting the kernel's truth over a range, where the mirror cannot know it: an
 * unordered call among others, an error that may have changed a part, a
 * difference that a check found (after it was logged).
 *
 * The range grows until it begins and ends where neither side has a mapping
 * across the edge:
 *
 *	kernel	  |----A----|      |--B--|
 *	mirror	|---C---|       |----D-----|
 *	asked	       [.........]
 *	read	[..........................]
 */
#include <errno.h>

#include "base/compiler.h"
#include "shadow/buffers.h"
#include "shadow/door.h"
#include "shadow/policy.h"
#include "shadow/trace.h"

#define BATCH 8

struct batch {
	struct vma_view v[BATCH];
	struct mm_file *file[BATCH];
	unsigned int n;
	unsigned long from, to;		/* what is known about [from, to) */
};

static struct batch batch;		/* [lock] */

static bool same_line(const struct vma_view *v)
{
	struct vm_area_struct *vma = find_vma(&shadow.mm, v->start);
	struct vma_view mine;

	if (!vma || vma->vm_start != v->start)
		return false;
	mm_view(&shadow.mm, vma, &mine);
	return mine.end == v->end && mine.prot == v->prot &&
	       mine.offset == v->offset && mine.inode == v->inode &&
	       mine.dev_major == v->dev_major && mine.dev_minor == v->dev_minor;
}

/* Read lines from b->from on until @end or the batch is full. */
static int read_batch(struct batch *b, unsigned long end)
{
	unsigned long at = b->from;
	int err = 0;

	for (b->n = 0; b->n < BATCH && at < end; b->n++) {
		struct vma_view *v = &b->v[b->n];

		err = shadow_query(at, PROCMAPS_OR_NEXT, v);
		if (err == -ENOENT || (!err && v->start >= end)) {
			at = end;
			err = 0;
			break;
		}
		if (err)
			break;
		b->file[b->n] = shadow_file(v);
		shadow_keep_name(v, b->file[b->n]);
		if (v->start < b->from)
			b->from = v->start;
		at = v->end;
	}
	b->to = at;
	return err;
}

/* The mirror's mapping across @addr, or NULL. */
static struct vm_area_struct *across(unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(&shadow.mm, addr);

	return vma && vma->vm_start < addr ? vma : NULL;
}

static void forget_batch(struct batch *b)
{
	for (unsigned int i = 0; i < b->n; i++)
		shadow_file_unused(b->file[i]);
}

/* Before the kernel is read: a chunk that is mapped for it is in its list. */
static bool room_for_batch(void)
{
	while (shadow.mm.pool_free < BATCH + MM_RESERVE)
		if (!memory_more_vmas())
			return false;
	return true;
}

static int adopt_batch(struct batch *b)
{
	int differ = 0, err;

	for (unsigned int i = 0; i < b->n; i++)
		differ += !same_line(&b->v[i]);
	shadow.engaged = true;
	err = mm_adopt(&shadow.mm, b->from, b->to, b->v, b->file, b->n);
	shadow.engaged = false;
	forget_batch(b);
	return err ? err : differ;
}

int shadow_reconcile(unsigned long start, unsigned long end)
{
	unsigned long low = start & PAGE_MASK, high = PAGE_ALIGN(end);
	struct vm_area_struct *vma;
	unsigned int chunks;
	int differ = 0, err;

	if (shadow.sealed)
		return -EPERM;
	start &= PAGE_MASK;
	end = PAGE_ALIGN(end);
	while (start < end) {
		if (!room_for_batch())
			return -ENOMEM;
		chunks = memory_chunks;
		batch.from = start;
		err = read_batch(&batch, end);
		if (err < 0)
			return err;
		vma = across(batch.from);
		if (vma)		/* C above: begin where it begins */
			start = vma->vm_start;
		if (vma || chunks != memory_chunks) {
			forget_batch(&batch);
			continue;
		}
		vma = across(batch.to);
		if (vma && batch.to >= end)	/* D above */
			end = vma->vm_end;
		err = adopt_batch(&batch);
		if (err < 0)
			return err;
		low = batch.from < low ? batch.from : low;
		high = batch.to > high ? batch.to : high;
		differ += err;
		start = batch.to;
	}
	policy_reread(low, high);
	shadow.seq++;
	trace_state(low, high);
	return differ;
}

/*
 * Not only lines may have changed: what maps does not show is in doubt, too. The
 * mirror's mappings at both ends are read whole, since mm_doubt() cuts them.
 */
int shadow_reconcile_around(unsigned long start, unsigned long end,
			    uint32_t doubt)
{
	struct vm_area_struct *vma;

	if (shadow.sealed)
		return -EPERM;
	start &= PAGE_MASK;
	end = PAGE_ALIGN(end);
	mm_doubt(&shadow.mm, start, end, doubt);
	vma = find_vma(&shadow.mm, end);
	if (vma && vma->vm_start <= end)
		end = vma->vm_end;
	if (start) {
		vma = find_vma(&shadow.mm, start - 1);
		if (vma && vma->vm_start < start)
			start = vma->vm_start;
	}
	/*
	 * A neighbour that another call in flight may have changed already must
	 * not lend its flags to what the kernel shows as one with it.
	 */
	if (unordered_explains(start, end))
		mm_doubt(&shadow.mm, start, end, MM_DOUBT_FLAGS);
	return shadow_reconcile(start > PAGE_SIZE ? start - PAGE_SIZE : 0,
				end + PAGE_SIZE);
}
