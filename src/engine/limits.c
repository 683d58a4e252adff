/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What refuses a change before it is made: resource limits, the number of
 * mappings, seals, mappings that cannot be cut. Read only.
 */
#include "engine/predict.h"

static unsigned long limit_pages(unsigned long bytes)
{
	return bytes == ~0UL ? ~0UL : bytes >> PAGE_SHIFT;
}

/*
 * Mirrors mm/mmap.c:may_expand_vm(). A negative @pages (a mapping that replaces
 * a larger one) can only be refused where a limit is already exceeded.
 */
bool may_expand_vm(const struct mm_struct *mm, uint64_t flags, long pages)
{
	if (mm->total_vm + pages > limit_pages(mm->rlim.as))
		return false;
	return !is_data_mapping(flags) ||
	       mm->data_vm + pages <= limit_pages(mm->rlim.data);
}

bool may_become_data(const struct mm_struct *mm, uint64_t old, uint64_t new,
		     long pages, long grown)
{
	if (!is_data_mapping(new) || is_data_mapping(old) ||
	    mm->total_vm + pages > limit_pages(mm->rlim.as))
		return true;
	return mm->data_vm + grown + pages <= limit_pages(mm->rlim.data);
}

/* Mirrors mm/mlock.c:can_do_mlock() */
bool can_do_mlock(const struct mm_struct *mm)
{
	return mm->rlim.memlock || mm->rlim.ipc_lock;
}

/* Mirrors mm/mmap.c:mlock_future_check(), mlock_future_check() since 6.4. */
bool mlock_future_check(const struct mm_struct *mm, uint64_t flags,
		     unsigned long bytes)
{
	if (!(flags & VM_LOCKED) || mm->rlim.ipc_lock)
		return true;
	return mm_locked(mm) + (bytes >> PAGE_SHIFT) <=
	       limit_pages(mm->rlim.memlock);
}

/* What a range has of each of the things that limits count, in pages. */
struct counts {
	unsigned long total, data, locked;
};

static void count_range(const struct mm_struct *mm, unsigned long start,
			unsigned long end, struct counts *c)
{
	const struct vm_area_struct *vma = vma_after(mm, start);
	unsigned long from, to, pages;

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		from = vma->vm_start > start ? vma->vm_start : start;
		to = vma->vm_end < end ? vma->vm_end : end;
		pages = (to - from) >> PAGE_SHIFT;
		c->total += pages;
		if (is_data_mapping(vma->vm_flags))
			c->data += pages;
		if (vma->vm_flags & VM_LOCKED)
			c->locked += pages;
	}
}

int may_grow(const struct mm_struct *mm, uint64_t flags, unsigned long bytes,
	     unsigned long start, unsigned long end)
{
	unsigned long pages = bytes >> PAGE_SHIFT;
	struct counts gone = { .total = 0 };

	count_range(mm, start, end, &gone);
	if (flags & VM_LOCKED && !mm->rlim.ipc_lock &&
	    mm_locked(mm) - gone.locked + pages > limit_pages(mm->rlim.memlock))
		return -EAGAIN;
	if (mm->total_vm - gone.total + pages > limit_pages(mm->rlim.as))
		return -ENOMEM;
	return is_data_mapping(flags) &&
	       mm->data_vm - gone.data + pages > limit_pages(mm->rlim.data) ?
		       -ENOMEM : 0;
}

void count_mapped(const struct mm_struct *mm, unsigned long start,
		  unsigned long end, unsigned long *total, unsigned long *data)
{
	struct counts c = { .total = 0 };

	count_range(mm, start, end, &c);
	*total += c.total;
	*data += c.data;
}

bool may_gain(const struct mm_struct *mm, long total, bool counts, long data)
{
	return mm->total_vm + total <= limit_pages(mm->rlim.as) &&
	       (!counts || mm->data_vm + data <= limit_pages(mm->rlim.data));
}

int may_split(const struct mm_struct *mm, const struct vm_area_struct *vma,
	      unsigned long addr)
{
	bool special = vma->vm_file && vma->vm_file->flags & MM_FILE_SPECIAL;

	if (special && !mm->rules.special_splits)
		return -EINVAL;
	if (vma->vm_flags & VM_HUGETLB && addr & (HUGE_SIZE - 1))
		return -EINVAL;
	return 0;
}

/* One VMA of the range that may_cut() looks at. */
static int may_cut_vma(const struct mm_struct *mm,
		       const struct vm_area_struct *vma, unsigned long start,
		       unsigned long end)
{
	bool below = start > vma->vm_start, above = end < vma->vm_end;
	int err = 0;

	if (below && above && mm->map_count >= mm->max_map_count)
		return -ENOMEM;
	if (vma->vm_flags & VM_SEALED)
		return -EPERM;
	if (below)
		err = may_split(mm, vma, start);
	if (!err && above)
		err = may_split(mm, vma, end);
	return err;
}

/* Mirrors mm/vma.c:vms_gather_munmap_vmas(), and __do_munmap() before it. */
int may_cut(const struct mm_struct *mm, unsigned long start, unsigned long end)
{
	const struct vm_area_struct *vma = vma_after(mm, start);
	int err = 0;

	for (; vma && vma->vm_start < end && !err; vma = vma->vm_next)
		err = may_cut_vma(mm, vma, start, end);
	return err;
}

/* Mirrors mm/vma.c:do_vmi_munmap() */
int may_unmap(const struct mm_struct *mm, unsigned long addr,
	      unsigned long len)
{
	if (addr & ~PAGE_MASK || addr > mm->task_size ||
	    len > mm->task_size - addr || !PAGE_ALIGN(len))
		return -EINVAL;
	return may_cut(mm, addr, addr + PAGE_ALIGN(len));
}

/* Mirrors mm/mmap.c:count_vma_pages_range() */
unsigned long count_vma_pages_range(const struct mm_struct *mm,
				    unsigned long start, unsigned long end)
{
	const struct vm_area_struct *vma = vma_after(mm, start);
	unsigned long pages = 0, from, to;

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		from = vma->vm_start > start ? vma->vm_start : start;
		to = vma->vm_end < end ? vma->vm_end : end;
		pages += (to - from) >> PAGE_SHIFT;
	}
	return pages;
}

struct vm_area_struct *vma_after(const struct mm_struct *mm,
				 unsigned long addr)
{
	struct rb_node *node = mm->mm_rb.rb_node;
	struct vm_area_struct *vma, *found = NULL;

	while (node) {
		vma = container_of(node, struct vm_area_struct, vm_rb);
		if (addr < vma->vm_end) {
			found = vma;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

struct vm_area_struct *vma_holding(const struct mm_struct *mm,
				   unsigned long addr)
{
	struct vm_area_struct *vma = vma_after(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}
