/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's lines become VMAs: all of them at the start, and later those of
 * a range that the mirror lost sight of. What a line does not show is taken
 * from what the mirror knew there, or is unsure.
 */
#include "engine/internal.h"

#include "base/str.h"

/* Flags that calls set, that maps does not show and that decide merges. */
#define VM_HIDDEN							\
	((uint32_t)(VM_ACCOUNT | VM_NORESERVE | VM_LOCKED_MASK |	\
		    VM_SEQ_READ | VM_RAND_READ | VM_DONTCOPY |		\
		    VM_DONTDUMP | VM_WIPEONFORK | VM_HUGEPAGE |		\
		    VM_NOHUGEPAGE | VM_MERGEABLE))

static bool is_special(const struct mm_file *file)
{
	return file && (file->flags & MM_FILE_SPECIAL);
}

static bool is_stack(const struct vma_view *v)
{
	return v->name_len == 7 && !memcmp(v->name, "[stack]", 7);
}

/*
 * vvar cannot be written or run, nor is it memory; the vdso may be written to
 * by a debugger.
 */
static void special_flags(const struct vma_view *v, struct vma_attr *a)
{
	static const char vvar[] = "[vvar";
	bool data = v->name_len >= sizeof(vvar) - 1 &&
		    !memcmp(v->name, vvar, sizeof(vvar) - 1);

	a->vm_flags |= VM_DONTEXPAND;
	if (data) {
		a->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTDUMP;
		a->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
	}
}

/* The flags that a line stands for, and those that it leaves open. */
static void flags_of_view(const struct vma_view *v, const struct mm_file *file,
			  struct vma_attr *a)
{
	a->vm_flags = (v->prot & VM_ACCESS_FLAGS) | VM_MAYREAD | VM_MAYWRITE |
		      VM_MAYEXEC;
	a->vm_unsure = VM_HIDDEN;
	if (v->prot & VIEW_SHARED) {
		a->vm_flags |= VM_MAYSHARE | VM_SHARED;
		a->vm_unsure &= ~(uint32_t)VM_ACCOUNT;
		if (!(v->prot & VIEW_WRITE))
			a->vm_unsure |= VM_SHARED | VM_MAYWRITE;
	} else if (v->prot & VIEW_WRITE) {
		a->vm_flags |= VM_ACCOUNT;
	}
	if (file && file->flags & MM_FILE_NOEXEC)
		a->vm_flags &= ~VM_MAYEXEC;
	if (is_special(file))
		special_flags(v, a);
	if (is_stack(v))
		a->vm_flags |= VM_GROWSDOWN;
}

static void attr_of_view(struct mm_struct *mm, const struct vma_view *v,
			 struct mm_file *file, struct vma_attr *a)
{
	flags_of_view(v, file, a);
	a->file = file;
	a->pgoff = file ? v->offset >> PAGE_SHIFT : v->start >> PAGE_SHIFT;
	/* A stack was moved down when its program began. */
	a->pgoff_unsure = !file && (a->vm_flags & VM_GROWSDOWN);
	a->anon_vma = 0;
	a->anon_state = v->prot & VIEW_SHARED ? ANON_NONE
					      : ANON_NONE | ANON_FAULTED;
	a->policy = a->anon_name = a->uffd = 0;
	a->bits = 0;
	a->grows = false;
	if (v->name_len && mm->anon_name_id)
		a->anon_name = mm->anon_name_id(mm, v->name, v->name_len);
}

/*
 * A private mapping that was ever writable has VM_ACCOUNT or VM_NORESERVE, and
 * loses it only where it was never touched: without both nobody wrote to it.
 */
static uint8_t seed_state(uint64_t flags, bool flags_known, bool faulted)
{
	if (faulted)
		return ANON_FAULTED;
	if (flags_known && !(flags & (VM_WRITE | VM_ACCOUNT | VM_NORESERVE)))
		return ANON_NONE;
	return ANON_NONE | ANON_FAULTED;
}

struct vm_area_struct *mm_seed(struct mm_struct *mm, const struct vma_view *v,
			       struct mm_file *file, uint64_t vm_flags,
			       bool flags_known, bool faulted)
{
	struct vm_area_struct *vma;
	struct vma_attr a;

	if (v->start >= v->end || v->start < mm->highest_vm_end)
		return NULL;
	attr_of_view(mm, v, file, &a);
	if (flags_known) {
		a.vm_flags = vm_flags;
		a.vm_unsure = 0;
		a.pgoff_unsure = !file && (vm_flags & VM_GROWSDOWN);
	}
	if (!(a.vm_flags & VM_MAYSHARE))
		a.anon_state = seed_state(a.vm_flags, flags_known, faulted);
	vma = vma_from_attr(mm, v->start, v->end, &a);
	if (vma)
		vma_link(mm, vma);
	return vma;
}

/* --- adopting -------------------------------------------------------------- */

static bool same_object(const struct mm_file *a, const struct mm_file *b)
{
	if (!a || !b || is_special(a) != is_special(b))
		return a == b;
	if (is_special(a))
		return a->name_len == b->name_len &&
		       !memcmp(a->name, b->name, a->name_len);
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/* The page of the file, or of anonymous memory, that @vma would have at @addr. */
static unsigned long pgoff_at(const struct vm_area_struct *vma,
			      unsigned long addr)
{
	return vma->vm_pgoff +
	       (unsigned long)((long)(addr - vma->vm_start) >> PAGE_SHIFT);
}

/* May the line be what became of @vma? */
static bool agrees(const struct vm_area_struct *vma, const struct vma_view *v,
		   const struct mm_file *file)
{
	uint64_t flags = vma->vm_flags;

	if ((flags & VM_ACCESS_FLAGS) != (v->prot & VM_ACCESS_FLAGS) ||
	    !(flags & VM_MAYSHARE) != !(v->prot & VIEW_SHARED) ||
	    !same_object(vma->vm_file, file))
		return false;
	return !file || is_special(file) || vma->bits & VMA_PGOFF_UNSURE ||
	       pgoff_at(vma, v->start) == v->offset >> PAGE_SHIFT;
}

/* Somebody may have renamed the file that both mean. */
static void take_name(struct mm_file *file, const struct mm_file *now)
{
	if (!file || file == now)
		return;
	file->name = now->name;
	file->name_len = now->name_len;
}

static unsigned int nr_flags(uint32_t flags)
{
	unsigned int n = 0;

	for (; flags; flags &= flags - 1)
		n++;
	return n;
}

/* What the mirror knew in the line's range goes over to @a. */
static void inherit(struct mm_struct *mm, const struct vma_view *v,
		    struct mm_file *file, struct vma_attr *a)
{
	struct vm_area_struct *vma = find_vma(mm, v->start);
	uint32_t name = a->anon_name;
	unsigned int best = 33;		/* more than there are unsure flags */
	uint8_t forked = 0;

	a->pgoff_unsure = !file;
	if (vma && vma->vm_start < v->end && !vma->vm_file && !file) {
		a->vm_flags |= vma->vm_flags & VM_GROWSDOWN;
		a->vm_unsure |= vma->vm_flags & VM_GROWSDOWN;
	}
	for (; vma && vma->vm_start < v->end; vma = vma->vm_next) {
		forked |= vma->anon_state & ANON_FORKED;
		if (nr_flags(vma->vm_unsure) >= best || !agrees(vma, v, file))
			continue;
		best = nr_flags(vma->vm_unsure);
		vma_attr_of(vma, a);
		a->pgoff_unsure &= !file;
		a->anon_name = mm->anon_name_id ? name : a->anon_name;
		a->pgoff = file ? v->offset >> PAGE_SHIFT
				: pgoff_at(vma, v->start);
		a->anon_vma = 0;
		take_name(vma->vm_file, file);
	}
	a->anon_state = ANON_NONE | ANON_FAULTED | forked;
}

/* [at, v->end) becomes one VMA over the line's range. */
static void replace(struct mm_struct *mm, unsigned long at,
		    const struct vma_view *v, struct mm_file *file)
{
	struct vm_area_struct *vma;
	struct vma_attr a;

	attr_of_view(mm, v, file, &a);
	inherit(mm, v, file, &a);
	if (a.file)
		a.file->mapcount++;
	do_munmap(mm, at, v->end);
	vma = vma_from_attr(mm, v->start, v->end, &a);
	if (vma)
		vma_link(mm, vma);
	if (a.file)
		a.file->mapcount--;
}

/* What a move left open, the line of a file tells. */
static void take_pgoff(struct vm_area_struct *vma, unsigned long pgoff)
{
	__vma_unlink_file(vma);
	vma->vm_pgoff = pgoff;
	vma->bits &= (uint8_t)~VMA_PGOFF_UNSURE;
	__vma_link_file(vma);
}

static void adopt_one(struct mm_struct *mm, unsigned long at,
		      const struct vma_view *v, struct mm_file *file)
{
	struct vm_area_struct *vma = find_vma(mm, v->start);

	if (!vma || vma->vm_start != v->start || vma->vm_end != v->end ||
	    !agrees(vma, v, file)) {
		replace(mm, at, v, file);
		return;
	}
	do_munmap(mm, at, v->start);
	vma->bits &= (uint8_t)~VMA_EXTENT_UNSURE;
	take_name(vma->vm_file, file);
	if (file && vma->bits & VMA_PGOFF_UNSURE)
		take_pgoff(vma, v->offset >> PAGE_SHIFT);
	if (mm->anon_name_id)
		vma->anon_name = v->name_len
			? mm->anon_name_id(mm, v->name, v->name_len) : 0;
}

static void cut_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma && vma->vm_start < addr)
		__split_vma(mm, vma, addr, true);
}

/* Files that came with the lines stay until all lines are through. */
static void hold(struct mm_file *const *files, unsigned int n, int by)
{
	for (unsigned int i = 0; i < n; i++)
		if (files[i])
			files[i]->mapcount += (uint32_t)by;
}

/* Only what lies inside is in doubt: a VMA across an end is cut there. */
void mm_doubt(struct mm_struct *mm, unsigned long start, unsigned long end,
	      uint32_t flags)
{
	struct vm_area_struct *vma;

	if (start >= end || mm->pool_free < 2)
		return;
	cut_at(mm, start);
	cut_at(mm, end);
	vma = find_vma(mm, start);
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		vma->vm_unsure |= flags & VM_HIDDEN;
		if (vma->vm_flags & VM_MAYSHARE)
			continue;
		if (vma->anon_state != ANON_FAULTED || flags == MM_DOUBT_ALL) {
			vma->anon_state |= ANON_NONE | ANON_FAULTED;
			vma->anon_vma = 0;
		}
		if (!vma->vm_file && flags == MM_DOUBT_ALL)
			vma->bits |= VMA_PGOFF_UNSURE;
	}
}

int mm_adopt(struct mm_struct *mm, unsigned long start, unsigned long end,
	     const struct vma_view *v, struct mm_file *const *files,
	     unsigned int n)
{
	unsigned long at = start;

	if (mm->pool_free < n + 2)
		return -ENOMEM;
	hold(files, n, 1);
	cut_at(mm, start);
	cut_at(mm, end);
	for (unsigned int i = 0; i < n; i++) {
		adopt_one(mm, at, &v[i], files[i]);
		at = v[i].end;
	}
	do_munmap(mm, at, end);
	hold(files, n, -1);
	return 0;
}
