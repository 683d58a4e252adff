/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a mapping goes: get_unmapped_area() and the two searches below it, over
 * the tree's rb_subtree_gap as up to v6.0.
 *
 *	    gap               gap below GROWSDOWN: guard taken off
 *	 <------->          <-------->....
 *	|  prev   |        |  vma GROWSDOWN  |
 *
 * The gap of a VMA is the room between the end of the VMA before it and its own
 * start, less its guard; rb_subtree_gap is the largest of a subtree, so a
 * subtree without enough room is never entered. The room above the last VMA
 * belongs to none and is looked at apart.
 *
 * The maple tree's search (6.1 and later) finds the same places, but for what
 * guards do to it; that and what else changed with the versions (lower limit,
 * huge page alignment) is in struct mm_rules.
 */
#include "engine/predict.h"

struct gap {
	unsigned long start, end;
};

static struct vm_area_struct *vma_of(const struct rb_node *node)
{
	return container_of((struct rb_node *)node, struct vm_area_struct,
			    vm_rb);
}

static struct gap gap_below(const struct mm_struct *mm,
			    const struct vm_area_struct *vma)
{
	struct gap gap = {
		.start = vma->vm_prev ? vm_end_gap(vma->vm_prev) : 0,
		.end = vm_start_gap(mm, vma),
	};

	return gap;
}

static bool roomy(const struct rb_node *node, unsigned long length)
{
	return node && vma_of(node)->rb_subtree_gap >= length;
}

/* Clip @gap to the limits: is @length left? */
static bool gap_fits(struct gap *gap, const struct vm_unmapped_area_info *info,
		     unsigned long length)
{
	if (gap->start < info->low_limit)
		gap->start = info->low_limit;
	if (gap->end > info->high_limit)
		gap->end = info->high_limit;
	return gap->end > gap->start && gap->end - gap->start >= length;
}

/*
 * The first node, in the order of the search, of a subtree that may hold room:
 * as far to the left (or right) as roomy children go.
 */
static const struct rb_node *descend(const struct rb_node *node, bool right,
				     unsigned long length)
{
	const struct rb_node *child;

	while ((child = right ? node->rb_right : node->rb_left) &&
	       roomy(child, length))
		node = child;
	return node;
}

/* The next candidate after @node, or NULL. */
static const struct rb_node *advance(const struct rb_node *node, bool topdown,
				     unsigned long length)
{
	const struct rb_node *far = topdown ? node->rb_left : node->rb_right;
	const struct rb_node *parent;

	if (roomy(far, length))
		return descend(far, topdown, length);
	for (; (parent = rb_parent(node)); node = parent)
		if (node == (topdown ? parent->rb_right : parent->rb_left))
			return parent;
	return NULL;
}

/*
 * The extreme gap that holds @length: lowest, or highest where topdown. Gaps
 * wholly beyond the limits are skipped one by one, as they are few: in practice
 * they are the stack's.
 */
static bool search(const struct mm_struct *mm,
		   const struct vm_unmapped_area_info *info,
		   unsigned long length, struct gap *gap)
{
	const struct rb_node *node = mm->mm_rb.rb_node;

	node = roomy(node, length) ? descend(node, info->topdown, length) :
				     NULL;
	for (; node; node = advance(node, info->topdown, length)) {
		*gap = gap_below(mm, vma_of(node));
		if (gap_fits(gap, info, length))
			return true;
	}
	return false;
}

static bool gap_on_top(const struct mm_struct *mm,
		       const struct vm_unmapped_area_info *info,
		       unsigned long length, struct gap *gap)
{
	gap->start = mm->highest_vm_end;
	gap->end = ~0UL;
	return gap_fits(gap, info, length);
}

/* Mirrors mm/mmap.c:unmapped_area() */
static unsigned long unmapped_area(const struct mm_struct *mm,
				   const struct vm_unmapped_area_info *info,
				   unsigned long length)
{
	struct gap gap;

	if (!search(mm, info, length, &gap) &&
	    !gap_on_top(mm, info, length, &gap))
		return -ENOMEM;
	return gap.start +
	       ((info->align_offset - gap.start) & info->align_mask);
}

static bool highest(const struct mm_struct *mm,
		    const struct vm_unmapped_area_info *info,
		    unsigned long length, struct gap *gap)
{
	return gap_on_top(mm, info, length, gap) ||
	       search(mm, info, length, gap);
}

/* Is there a GROWSDOWN mapping apart from the stack? */
static bool other_stacks(const struct mm_struct *mm)
{
	const struct vm_area_struct *vma = vma_holding(mm, mm->start_stack);
	unsigned long own = vma && vma->vm_flags & VM_GROWSDOWN ?
				    vma_pages(vma) : 0;

	return mm->stack_vm > own;
}

/*
 * The maple tree knows no guards. It finds the highest hole, and if the VMA
 * above it keeps a guard, it looks for the next below the whole guard:
 *
 *	  |  A  |      |  B  |  hole  |  GROWSDOWN  |
 *	   hole  <------------guard---------------->
 *
 * So the hole between A and B is passed by, though nothing is wrong with it.
 * 0: no hole above @found makes it skip; else where it looks on.
 */
static unsigned long skipped_to(const struct mm_struct *mm,
				const struct vm_unmapped_area_info *info,
				unsigned long length, const struct gap *found)
{
	const struct vm_area_struct *vma = vma_after(mm, found->end - 1);
	unsigned long below = 0;

	for (; vma && vma->vm_prev && vma->vm_prev->vm_end <
				      info->high_limit; vma = vma->vm_next) {
		struct gap raw = { vma->vm_prev->vm_end, vma->vm_start };

		if (vma->vm_flags & VM_GROWSDOWN &&
		    gap_fits(&raw, info, length) &&
		    vm_start_gap(mm, vma) < raw.end)
			below = vm_start_gap(mm, vma);
	}
	return below;
}

/* Mirrors mm/mmap.c:unmapped_area_topdown() */
static unsigned long
unmapped_area_topdown(const struct mm_struct *mm,
		      const struct vm_unmapped_area_info *info,
		      unsigned long length)
{
	struct vm_unmapped_area_info limited = *info;
	bool skips = mm->rules.guard_skips && other_stacks(mm);
	unsigned long addr, below;
	struct gap gap;

	do {
		if (!highest(mm, &limited, length, &gap))
			return -ENOMEM;
		below = skips ? skipped_to(mm, &limited, length, &gap) : 0;
		if (below)
			limited.high_limit = below;
	} while (below);
	addr = gap.end - info->length;
	return addr - ((addr - info->align_offset) & info->align_mask);
}

unsigned long vm_unmapped_area(const struct mm_struct *mm,
			       const struct vm_unmapped_area_info *info)
{
	unsigned long length = info->length + info->align_mask;

	if (length < info->length)
		return -ENOMEM;
	return info->topdown ? unmapped_area_topdown(mm, info, length) :
			       unmapped_area(mm, info, length);
}

/* MAP_ABOVE4G and the limit of mmap_min_addr came with the same kernel. */
static unsigned long low_limit(const struct mm_struct *mm, unsigned long flags)
{
	unsigned long limit = flags & MAP_ABOVE4G_ ? 1UL << 32 : PAGE_SIZE;

	if (!mm->rules.low_limit_min_addr)
		return PAGE_SIZE;
	return limit < mm->rules.mmap_min_addr ?
		       PAGE_ALIGN(mm->rules.mmap_min_addr) : limit;
}

static bool hint_free(const struct mm_struct *mm, unsigned long addr,
		      unsigned long len)
{
	const struct vm_area_struct *vma = vma_after(mm, addr);

	return !vma || addr + len <= vm_start_gap(mm, vma);
}

/* Not astride the default window's end, see mmap_address_hint_valid(). */
static bool hint_valid(const struct mm_struct *mm, unsigned long addr,
		       unsigned long len)
{
	if (mm->task_size - len < addr)
		return false;
	return (addr > DEFAULT_MAP_WINDOW) == (addr + len > DEFAULT_MAP_WINDOW);
}

static unsigned long window_end(const struct mm_struct *mm, unsigned long addr)
{
	return addr > DEFAULT_MAP_WINDOW ? mm->task_size : DEFAULT_MAP_WINDOW;
}

/*
 * Where a bottom-up search begins. In a process that maps top-down that is a
 * third of the window plus a random part that nothing tells; with MAP_32BIT it
 * is drawn anew for each call. @vague: how large the random part may be.
 */
static unsigned long bottom_up_base(const struct mm_struct *mm,
				    const struct place *p, unsigned long *vague)
{
	if (p->flags & MAP_32BIT_) {
		*vague = 0x02000000UL;
		return 0x40000000UL;
	}
	*vague = mm->legacy_layout ? 0 : 1UL << (28 + PAGE_SHIFT);
	return mm->legacy_layout ? mm->mmap_base :
				   PAGE_ALIGN(DEFAULT_MAP_WINDOW / 3);
}

/*
 * Mirrors arch/x86/kernel/sys_x86_64.c:arch_get_unmapped_area(). The lowest
 * base answers for all of them where nothing fits above it, or where what fits
 * lies above the highest.
 */
static unsigned long arch_get_unmapped_area(const struct mm_struct *mm,
					    struct place *p)
{
	struct vm_unmapped_area_info info = {
		.length = p->len,
		.high_limit = window_end(mm, p->addr),
	};
	unsigned long addr, vague;

	if (p->flags & MAP_FIXED_)
		return p->addr;
	if (p->flags & MAP_32BIT_)
		info.high_limit = 0x80000000UL;
	if (p->len > info.high_limit)
		return -ENOMEM;
	if (p->addr && info.high_limit - p->len >= p->addr &&
	    hint_free(mm, p->addr, p->len))
		return p->addr;
	info.low_limit = bottom_up_base(mm, p, &vague);
	addr = vm_unmapped_area(mm, &info);
	if (vague && !is_error(addr) && addr <= info.low_limit + vague)
		p->unpredictable = true;
	return addr;
}

/* Mirrors arch_get_unmapped_area_topdown() of the same file. */
static unsigned long
arch_get_unmapped_area_topdown(const struct mm_struct *mm, struct place *p)
{
	struct vm_unmapped_area_info info = {
		.topdown = true,
		.length = p->len,
		.high_limit = mm->mmap_base,
	};
	unsigned long addr;

	if (p->len > mm->task_size)
		return -ENOMEM;
	if (p->flags & MAP_FIXED_)
		return p->addr;
	if (p->flags & MAP_32BIT_)
		return arch_get_unmapped_area(mm, p);
	if (p->addr && hint_valid(mm, p->addr, p->len) &&
	    hint_free(mm, p->addr, p->len))
		return p->addr;
	if (p->addr > DEFAULT_MAP_WINDOW)
		info.high_limit += mm->task_size - DEFAULT_MAP_WINDOW;
	info.low_limit = low_limit(mm, p->flags);
	addr = vm_unmapped_area(mm, &info);
	return is_error(addr) ? arch_get_unmapped_area(mm, p) : addr;
}

static unsigned long mm_get_unmapped_area(const struct mm_struct *mm,
					  struct place *p)
{
	return mm->legacy_layout ? arch_get_unmapped_area(mm, p) :
				   arch_get_unmapped_area_topdown(mm, p);
}

/* Does [off, off + len) of the file hold a whole huge page? */
static bool holds_huge_page(unsigned long off, unsigned long len)
{
	unsigned long first = (off + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);

	return off + len > first && off + len - first >= HUGE_SIZE;
}

/*
 * Mirrors mm/huge_memory.c:__thp_get_unmapped_area(): look for a huge page more
 * than is needed and align in it. 0: that does not go, search plainly.
 */
static unsigned long thp_get_unmapped_area(const struct mm_struct *mm,
					   struct place *p)
{
	struct place padded = *p;
	unsigned long addr, sub;

	padded.len += HUGE_SIZE;
	if (!holds_huge_page(p->off, p->len) || padded.len < p->len ||
	    p->off + padded.len < p->off)
		return 0;
	addr = mm_get_unmapped_area(mm, &padded);
	if (is_error(addr))
		return 0;
	p->unpredictable |= padded.unpredictable;
	if (addr == p->addr)
		return addr;
	sub = (p->off - addr) & (HUGE_SIZE - 1);
	/* The top of what was found is nearer to its neighbour (6.8). */
	if (!sub && mm->rules.thp_aligned_anon && !mm->legacy_layout)
		return addr + HUGE_SIZE;
	return addr + sub;
}

/*
 * Does the file's own get_unmapped_area align for huge pages? Shared memory
 * does not, as long as it is not told to have huge pages. Of another file only
 * its file system knows.
 */
static bool file_aligns(const struct mm_struct *mm, struct place *p)
{
	if (!mm->rules.thp_aligned_file || !holds_huge_page(p->off, p->len) ||
	    p->flags & MAP_FIXED_)
		return false;
	if (p->file && p->file->flags & (MM_FILE_ANON_SHM | MM_FILE_UNIQUE))
		return false;
	if (p->file && p->file->flags & MM_FILE_THP_ALIGN)
		return true;
	p->unpredictable = true;
	return false;
}

static bool wants_huge_alignment(const struct mm_struct *mm, struct place *p)
{
	if (!p->anonymous)
		return file_aligns(mm, p);
	return mm->rules.thp_aligned_anon && !(p->flags & MAP_SHARED_) &&
	       !p->addr && !(p->len & (HUGE_SIZE - 1));
}

/* Mirrors mm/mmap.c:__get_unmapped_area() with its checks. */
unsigned long place_mapping(const struct mm_struct *mm, struct place *p)
{
	unsigned long addr = 0;

	p->unpredictable = false;
	if (p->len > mm->task_size)
		return -ENOMEM;
	if (p->anonymous)
		p->off = 0;
	if (wants_huge_alignment(mm, p))
		addr = thp_get_unmapped_area(mm, p);
	if (!addr)
		addr = mm_get_unmapped_area(mm, p);
	if (is_error(addr))
		return addr;
	if (addr > mm->task_size - p->len)
		return -ENOMEM;
	return addr & ~PAGE_MASK ? (unsigned long)-EINVAL : addr;
}

unsigned long get_unmapped_area(const struct mm_struct *mm,
				const struct mm_op *op, unsigned long addr,
				unsigned long len, unsigned long off,
				unsigned long flags)
{
	struct place p = {
		.addr = addr,
		.len = len,
		.off = off,
		.flags = flags,
		.file = op->file,
		.anonymous = op->anonymous,
	};

	return place_mapping(mm, &p);
}
