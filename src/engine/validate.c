/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * validate_mm(): every law that the structures of an mm keep between two
 * operations. Slow, for tests and --enable-debug.
 */
#include "engine/internal.h"

enum broken_law {
	MM_OK = 0,
	MM_BAD_EXTENT = -1,	/* empty, unaligned, overlapping, out of order */
	MM_BAD_LIST = -2,	/* vm_prev is not what points here */
	MM_BAD_TREE = -3,	/* tree and list differ, or parent pointers */
	MM_BAD_COLOR = -4,	/* a red node below a red one, a red root */
	MM_BAD_HEIGHT = -5,	/* unequal number of black nodes */
	MM_BAD_GAP = -6,	/* rb_subtree_gap */
	MM_BAD_COUNT = -7,	/* map_count */
	MM_BAD_STAT = -8,	/* total_vm and the like, locked_vm */
	MM_BAD_HIGHEST = -9,	/* highest_vm_end */
	MM_BAD_FILE_TREE = -10,	/* a file's interval tree */
	MM_BAD_MAPCOUNT = -11,
	MM_BAD_STATE = -12,	/* anon_state */
	MM_BAD_CACHE = -13,	/* vmacache names a VMA that is not there */
	MM_BAD_GUARD = -14,
};

#define vma_of(node) rb_entry(node, struct vm_area_struct, vm_rb)
#define file_vma_of(node) rb_entry(node, struct vm_area_struct, shared.rb)

/* Black nodes from @node up to the root. */
static unsigned int black_above(const struct rb_node *node)
{
	unsigned int black = 0;

	for (; node; node = rb_parent(node))
		black += rb_is_black(node);
	return black;
}

/* The laws of red-black trees at one node; @height 0: not known yet. */
static int check_node(const struct rb_node *node, const struct rb_root *root,
		      unsigned int *height)
{
	const struct rb_node *parent = rb_parent(node);

	if ((node->rb_left && rb_parent(node->rb_left) != node) ||
	    (node->rb_right && rb_parent(node->rb_right) != node))
		return MM_BAD_TREE;
	if (!parent && (root->rb_node != node || rb_is_red(node)))
		return MM_BAD_COLOR;
	if (parent && rb_is_red(node) && rb_is_red(parent))
		return MM_BAD_COLOR;
	if (node->rb_left && node->rb_right)
		return MM_OK;
	if (!*height)
		*height = black_above(node);
	return *height == black_above(node) ? MM_OK : MM_BAD_HEIGHT;
}

static unsigned long gap_below(const struct vm_area_struct *vma)
{
	unsigned long start = vm_start_gap(NULL, vma);
	unsigned long prev_end = vma->vm_prev ? vma->vm_prev->vm_end : 0;

	return start > prev_end ? start - prev_end : 0;
}

static int check_gap(const struct vm_area_struct *vma)
{
	unsigned long max = gap_below(vma);
	struct rb_node *left = vma->vm_rb.rb_left;
	struct rb_node *right = vma->vm_rb.rb_right;

	if (left && vma_of(left)->rb_subtree_gap > max)
		max = vma_of(left)->rb_subtree_gap;
	if (right && vma_of(right)->rb_subtree_gap > max)
		max = vma_of(right)->rb_subtree_gap;
	return vma->rb_subtree_gap == max ? MM_OK : MM_BAD_GAP;
}

static int check_vma(const struct vm_area_struct *vma,
		     const struct vm_area_struct *prev)
{
	if (vma->vm_start >= vma->vm_end ||
	    ((vma->vm_start | vma->vm_end) & ~PAGE_MASK) ||
	    (prev && prev->vm_end > vma->vm_start))
		return MM_BAD_EXTENT;
	if (vma->vm_prev != prev)
		return MM_BAD_LIST;
	if (!vma->anon_state || (vma->anon_state & ~ANON_ANY) ||
	    ((vma->vm_flags & VM_MAYSHARE) && vma->anon_state != ANON_NONE) ||
	    (vma->anon_state == ANON_NONE && vma->anon_vma))
		return MM_BAD_STATE;
	if (!(vma->vm_flags & (VM_GROWSDOWN | VM_SHADOW_STACK)) &&
	    vma->guard_pages)
		return MM_BAD_GUARD;
	return check_gap(vma);
}

/* --- the interval tree of one file ----------------------------------------- */

static unsigned long last_page(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static int check_last(const struct vm_area_struct *vma)
{
	struct rb_node *left = vma->shared.rb.rb_left;
	struct rb_node *right = vma->shared.rb.rb_right;
	unsigned long last = last_page(vma);

	if (left && file_vma_of(left)->shared.rb_subtree_last > last)
		last = file_vma_of(left)->shared.rb_subtree_last;
	if (right && file_vma_of(right)->shared.rb_subtree_last > last)
		last = file_vma_of(right)->shared.rb_subtree_last;
	return vma->shared.rb_subtree_last == last ? MM_OK : MM_BAD_FILE_TREE;
}

/* Adds the VMAs of @file to *@seen. */
static int check_file(const struct mm_file *file, unsigned int *seen)
{
	struct rb_node *node = rb_first(&file->i_mmap.rb_root);
	const struct vm_area_struct *prev = NULL, *vma;
	unsigned int height = 0, count = 0;
	int err = MM_OK;

	for (; node && !err; node = rb_next(node), prev = vma, count++) {
		vma = file_vma_of(node);
		if (vma->vm_file != file ||
		    (prev && prev->vm_pgoff > vma->vm_pgoff))
			return MM_BAD_FILE_TREE;
		err = check_node(node, &file->i_mmap.rb_root, &height);
		if (!err)
			err = check_last(vma);
	}
	*seen += count;
	if (!err && count != file->mapcount)
		err = MM_BAD_MAPCOUNT;
	return err;
}

static int check_files(const struct mm_struct *mm)
{
	const struct vm_area_struct *vma;
	unsigned int with_file = 0, seen = 0;
	int err;

	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		if (!vma->vm_file)
			continue;
		with_file++;
		/* Each file once: at the VMA that its tree calls the first. */
		if (vma->vm_file->i_mmap.rb_leftmost != &vma->shared.rb)
			continue;
		if (rb_first(&vma->vm_file->i_mmap.rb_root) != &vma->shared.rb)
			return MM_BAD_FILE_TREE;
		err = check_file(vma->vm_file, &seen);
		if (err)
			return err;
	}
	return seen == with_file ? MM_OK : MM_BAD_FILE_TREE;
}

/* --- the whole ------------------------------------------------------------- */

/* The accounts, counted anew; exec_vm and stack_vm together. */
static void count_stat(const struct mm_struct *mm, unsigned long *locked,
		       unsigned long *data, unsigned long *rest,
		       unsigned long *total)
{
	const struct vm_area_struct *vma;
	uint64_t flags;

	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		flags = vma->vm_flags;
		*total += vma_pages(vma);
		if (flags & VM_LOCKED)
			*locked += vma_pages(vma);
		if ((flags & (VM_GROWSDOWN | VM_SHADOW_STACK)) ||
		    (flags & (VM_WRITE | VM_EXEC)) == VM_EXEC)
			*rest += vma_pages(vma);
		else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
			*data += vma_pages(vma);
	}
}

static int check_stat(const struct mm_struct *mm)
{
	unsigned long locked = 0, data = 0, rest = 0, total = 0;

	count_stat(mm, &locked, &data, &rest, &total);
	return total == mm->total_vm && locked == mm->locked_vm &&
	       data == mm->data_vm && rest == mm->exec_vm + mm->stack_vm
		? MM_OK : MM_BAD_STAT;
}

static int check_cache(const struct mm_struct *mm)
{
	const struct vm_area_struct *vma;
	unsigned int found, i;

	for (i = 0; i < VMACACHE_SIZE; i++) {
		found = !mm->vmacache[i];
		for (vma = mm->mmap; vma && !found; vma = vma->vm_next)
			found = vma == mm->vmacache[i];
		if (!found)
			return MM_BAD_CACHE;
	}
	return MM_OK;
}

/* List and tree together, in order of address. */
static int check_vmas(const struct mm_struct *mm)
{
	const struct rb_node *node = rb_first(&mm->mm_rb);
	const struct vm_area_struct *vma = mm->mmap, *prev = NULL;
	unsigned int height = 0, count = 0;
	int err;

	for (; vma; prev = vma, vma = vma->vm_next, node = rb_next(node)) {
		if (node != &vma->vm_rb)
			return MM_BAD_TREE;
		err = check_vma(vma, prev);
		if (!err)
			err = check_node(node, &mm->mm_rb, &height);
		if (err)
			return err;
		count++;
	}
	if (node)
		return MM_BAD_TREE;
	if (mm->highest_vm_end != (prev ? prev->vm_end : 0))
		return MM_BAD_HIGHEST;
	return count == mm->map_count ? MM_OK : MM_BAD_COUNT;
}

int validate_mm(const struct mm_struct *mm)
{
	int err = check_vmas(mm);

	if (!err)
		err = check_stat(mm);
	if (!err)
		err = check_files(mm);
	return err ? err : check_cache(mm);
}
