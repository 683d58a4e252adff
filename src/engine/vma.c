/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMAs of one address space: looked up, linked, moved and split. The tree
 * and the list are those of mm/mmap.c up to v6.0; each node of the tree knows
 * the largest gap below any VMA of its subtree (rb_subtree_gap).
 *
 * The law here: whoever changes an extent or flags does it through this file,
 * so that tree, list, gaps, interval trees and the accounts agree at any time.
 */
#include "engine/internal.h"

#define vma_of(node) rb_entry(node, struct vm_area_struct, vm_rb)

bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_file || (vma->vm_file->flags & MM_FILE_ZERO);
}

/* --- gaps ----------------------------------------------------------------- */

/* Mirrors vm_start_gap(), include/linux/mm.h: a stack wants room below it. */
unsigned long vm_start_gap(const struct mm_struct *mm,
			   const struct vm_area_struct *vma)
{
	unsigned long gap = (unsigned long)vma->guard_pages << PAGE_SHIFT;

	(void)mm;
	return vma->vm_start > gap ? vma->vm_start - gap : 0;
}

/* No x86 mapping grows upwards. */
unsigned long vm_end_gap(const struct vm_area_struct *vma)
{
	return vma->vm_end;
}

static uint32_t guard_pages(const struct mm_struct *mm, uint64_t flags)
{
	if (flags & VM_GROWSDOWN)
		return (uint32_t)(mm->rules.stack_guard_gap >> PAGE_SHIFT);
	return flags & VM_SHADOW_STACK ? 1 : 0;
}

static unsigned long own_gap(const struct vm_area_struct *vma)
{
	unsigned long start = vm_start_gap(NULL, vma);
	unsigned long prev_end = vma->vm_prev ? vm_end_gap(vma->vm_prev) : 0;

	return start > prev_end ? start - prev_end : 0;
}

static unsigned long compute_gap(const struct vm_area_struct *vma)
{
	struct rb_node *left = vma->vm_rb.rb_left;
	struct rb_node *right = vma->vm_rb.rb_right;
	unsigned long max = own_gap(vma);

	if (left && vma_of(left)->rb_subtree_gap > max)
		max = vma_of(left)->rb_subtree_gap;
	if (right && vma_of(right)->rb_subtree_gap > max)
		max = vma_of(right)->rb_subtree_gap;
	return max;
}

static void propagate(struct rb_node *node, struct rb_node *stop)
{
	for (; node != stop; node = rb_parent(node)) {
		unsigned long gap = compute_gap(vma_of(node));

		if (vma_of(node)->rb_subtree_gap == gap)
			break;
		vma_of(node)->rb_subtree_gap = gap;
	}
}

static void copy(struct rb_node *old, struct rb_node *new)
{
	vma_of(new)->rb_subtree_gap = vma_of(old)->rb_subtree_gap;
}

static void rotate(struct rb_node *old, struct rb_node *new)
{
	copy(old, new);
	vma_of(old)->rb_subtree_gap = compute_gap(vma_of(old));
}

static const struct rb_augment_callbacks vma_gap_callbacks = {
	.propagate = propagate,
	.copy = copy,
	.rotate = rotate,
};

/* The gap below @vma changed: its start, its guard, or where vm_prev ends. */
static void vma_gap_update(struct vm_area_struct *vma)
{
	propagate(&vma->vm_rb, NULL);
}

/* What lies behind @prev (NULL: nothing is mapped) changed. */
static void gap_behind(struct mm_struct *mm, struct vm_area_struct *prev,
		       struct vm_area_struct *next)
{
	if (next)
		vma_gap_update(next);
	else
		mm->highest_vm_end = prev ? vm_end_gap(prev) : 0;
}

/* --- accounts ------------------------------------------------------------- */

/* Mirrors vm_stat_account(), and keeps locked_vm: @pages more, or less. */
void vm_stat_account(struct mm_struct *mm, uint64_t flags, long pages)
{
	unsigned long n = (unsigned long)pages;

	mm->total_vm += n;
	if (flags & VM_LOCKED)
		mm->locked_vm += n;
	if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC)
		mm->exec_vm += n;
	else if (flags & (VM_GROWSDOWN | VM_SHADOW_STACK))
		mm->stack_vm += n;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		mm->data_vm += n;
}

/* --- lookup --------------------------------------------------------------- */

static struct vm_area_struct **cache_slot(struct mm_struct *mm,
					  unsigned long addr)
{
	return &mm->vmacache[(addr >> PAGE_SHIFT) % VMACACHE_SIZE];
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = *cache_slot(mm, addr);
	struct rb_node *node = mm->mm_rb.rb_node;

	if (vma && vma->vm_start <= addr && addr < vma->vm_end)
		return vma;
	vma = NULL;
	while (node) {
		if (vma_of(node)->vm_end <= addr) {
			node = node->rb_right;
			continue;
		}
		vma = vma_of(node);
		if (vma->vm_start <= addr)
			break;
		node = node->rb_left;
	}
	if (vma)
		*cache_slot(mm, addr) = vma;
	return vma;
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct rb_node *last;

	if (vma) {
		*pprev = vma->vm_prev;
	} else {
		last = rb_last(&mm->mm_rb);
		*pprev = last ? vma_of(last) : NULL;
	}
	return vma;
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

/* Where a VMA over [start, end) would hang; false: something is there. */
bool find_vma_links(struct mm_struct *mm, unsigned long start,
		    unsigned long end, struct vm_area_struct **pprev,
		    struct rb_node ***link, struct rb_node **parent)
{
	struct rb_node **at = &mm->mm_rb.rb_node;

	*pprev = NULL;
	*parent = NULL;
	while (*at) {
		struct vm_area_struct *vma = vma_of(*at);

		*parent = *at;
		if (vma->vm_end > start) {
			if (vma->vm_start < end)
				return false;
			at = &vma->vm_rb.rb_left;
		} else {
			*pprev = vma;
			at = &vma->vm_rb.rb_right;
		}
	}
	*link = at;
	return true;
}

/* --- linking -------------------------------------------------------------- */

static void __vma_link_list(struct mm_struct *mm, struct vm_area_struct *vma,
			    struct vm_area_struct *prev)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;

	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (next)
		next->vm_prev = vma;
}

/* Mirrors __vma_link_rb(): the gap must be right before the tree turns. */
static void __vma_link_rb(struct mm_struct *mm, struct vm_area_struct *vma,
			  struct rb_node **link, struct rb_node *parent)
{
	gap_behind(mm, vma, vma->vm_next);
	rb_link_node(&vma->vm_rb, parent, link);
	vma->rb_subtree_gap = own_gap(vma);
	propagate(parent, NULL);
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
}

/* What a merge taught about the boundary does not outlive its left side. */
static void forget_boundary(struct vm_area_struct *vma)
{
	if (vma)
		vma->bits &= (uint8_t)~VMA_ANON_MEMO;
}

static void link_at(struct mm_struct *mm, struct vm_area_struct *vma,
		    struct vm_area_struct *prev, struct rb_node **link,
		    struct rb_node *parent)
{
	vma->guard_pages = guard_pages(mm, vma->vm_flags);
	__vma_link_list(mm, vma, prev);
	__vma_link_rb(mm, vma, link, parent);
	if (vma->vm_file)
		__vma_link_file(vma);
	vm_stat_account(mm, vma->vm_flags, (long)vma_pages(vma));
	if (++mm->map_count > mm->map_count_peak)
		mm->map_count_peak = mm->map_count;
	vma_open_faults(mm, vma);
}

int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev;
	struct rb_node **link, *parent;

	if (!find_vma_links(mm, vma->vm_start, vma->vm_end, &prev, &link,
			    &parent))
		return -ENOMEM;
	link_at(mm, vma, prev, link, parent);
	forget_boundary(vma->vm_next);
	return 0;
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	int err = insert_vm_struct(mm, vma);

	VS_ASSERT(!err);
	(void)err;
}

static void vmacache_invalidate(struct mm_struct *mm)
{
	for (unsigned int i = 0; i < VMACACHE_SIZE; i++)
		mm->vmacache[i] = NULL;
}

void __vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;

	rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next)
		next->vm_prev = prev;
	gap_behind(mm, prev, next);
	forget_boundary(next);
	if (vma->vm_file)
		__vma_unlink_file(vma);
	vm_stat_account(mm, vma->vm_flags, -(long)vma_pages(vma));
	vmacache_invalidate(mm);
	mm->map_count--;
}

/* --- changing ------------------------------------------------------------- */

static void set_extent(struct mm_struct *mm, struct vm_area_struct *vma,
		       unsigned long start, unsigned long end,
		       unsigned long pgoff)
{
	bool start_moved = start != vma->vm_start;
	bool end_moved = end != vma->vm_end;

	if (vma->vm_file)
		__vma_unlink_file(vma);
	vm_stat_account(mm, vma->vm_flags, -(long)vma_pages(vma));
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
	vm_stat_account(mm, vma->vm_flags, (long)vma_pages(vma));
	if (vma->vm_file)
		__vma_link_file(vma);
	if (start_moved)
		vma_gap_update(vma);
	if (end_moved)
		gap_behind(mm, vma, vma->vm_next);
}

/* Mirrors __vma_adjust() as far as one VMA grows over another, or shrinks. */
void __vma_adjust(struct mm_struct *mm, struct vm_area_struct *vma,
		  unsigned long start, unsigned long end, unsigned long pgoff,
		  struct vm_area_struct *remove)
{
	if (remove) {
		__vma_unlink(mm, remove);
		vma_free(mm, remove);
	}
	set_extent(mm, vma, start, end, pgoff);
	vma->changed = mm->event;
	vma_open_faults(mm, vma);
}

/*
 * Mirrors anon_vma_clone() as far as it decides merges: @upper and the half
 * below it have the one object. If there is one, it will surely be remembered.
 */
static void anon_vma_clone(struct vm_area_struct *upper)
{
	if (!(upper->anon_state & ANON_NONE))
		upper->bits |= VMA_ANON_SAME;
}

/* Mirrors __split_vma(); the new half is the lower one if @new_below. */
struct vm_area_struct *__split_vma(struct mm_struct *mm,
				   struct vm_area_struct *vma,
				   unsigned long addr, bool new_below)
{
	struct vm_area_struct *new = vma_alloc(mm);
	unsigned long pages = (addr - vma->vm_start) >> PAGE_SHIFT;
	uint8_t behind = 0;

	if (!new)
		return NULL;
	*new = *vma;
	if (new_below) {
		new->vm_end = addr;
		__vma_adjust(mm, vma, addr, vma->vm_end, vma->vm_pgoff + pages,
			     NULL);
	} else {
		if (vma->vm_next)
			behind = vma->vm_next->bits & VMA_ANON_MEMO;
		new->vm_start = addr;
		new->vm_pgoff += pages;
		new->bits &= (uint8_t)~VMA_ANON_MEMO;
		__vma_adjust(mm, vma, vma->vm_start, addr, vma->vm_pgoff, NULL);
	}
	new->changed = mm->event;
	vma_link(mm, new);
	if (behind)
		new->vm_next->bits |= behind;
	anon_vma_clone(new_below ? vma : new);
	return new;
}

void vma_set_flags(struct mm_struct *mm, struct vm_area_struct *vma,
		   uint64_t flags)
{
	long pages = (long)vma_pages(vma);
	uint32_t guard = guard_pages(mm, flags);

	vm_stat_account(mm, vma->vm_flags, -pages);
	vm_stat_account(mm, flags, pages);
	vma->vm_flags = flags;
	if (vma->guard_pages != guard) {
		vma->guard_pages = guard;
		vma_gap_update(vma);
	}
	vma->changed = mm->event;
	vma_open_faults(mm, vma);
}

void vma_set_attr(struct mm_struct *mm, struct vm_area_struct *vma,
		  const struct vma_attr *a)
{
	vma->vm_unsure = a->vm_unsure;
	vma->vm_policy = a->policy;
	vma->anon_name = a->anon_name;
	vma->uffd = a->uffd;
	vma->anon_state = a->anon_state;
	vma->anon_vma = a->anon_vma;
	vma_set_flags(mm, vma, a->vm_flags);
}

/* --- memory --------------------------------------------------------------- */

void mm_pool_add(struct mm_struct *mm, void *mem, unsigned long bytes)
{
	struct vm_area_struct *vma = mem;

	for (; bytes >= sizeof(*vma); bytes -= sizeof(*vma), vma++) {
		vma->vm_next = mm->pool;
		mm->pool = vma;
		mm->pool_free++;
	}
}

struct vm_area_struct *vma_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = mm->pool;

	if (!vma)
		return NULL;
	mm->pool = vma->vm_next;
	mm->pool_free--;
	*vma = (struct vm_area_struct){ 0 };
	return vma;
}

void vma_free(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct mm_file *file = vma->vm_file;

	vma->vm_next = mm->pool;
	mm->pool = vma;
	mm->pool_free++;
	if (file && !file->mapcount && mm->file_release)
		mm->file_release(mm, file);
}

struct vm_area_struct *vma_from_attr(struct mm_struct *mm, unsigned long start,
				     unsigned long end,
				     const struct vma_attr *a)
{
	struct vm_area_struct *vma = vma_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_flags = a->vm_flags;
	vma->vm_unsure = a->vm_unsure;
	vma->vm_pgoff = a->pgoff;
	vma->vm_file = a->file;
	vma->vm_policy = a->policy;
	vma->anon_name = a->anon_name;
	vma->uffd = a->uffd;
	vma->anon_state = a->anon_state;
	vma->anon_vma = a->anon_vma;
	vma->bits = a->bits & VMA_OWN;
	if (a->pgoff_unsure)
		vma->bits |= VMA_PGOFF_UNSURE;
	if (a->file && (a->file->flags & MM_FILE_SPECIAL))
		vma->bits |= VMA_SYSFAULT;
	if (a->file && (a->file->flags & MM_FILE_OWN))
		vma->bits |= VMA_OWN;
	vma->born = vma->changed = mm->event;
	return vma;
}
