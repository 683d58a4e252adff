/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line that maps prints: mirrors fs/proc/task_mmu.c:show_map_vma(). */
#include "base/str.h"
#include "engine/internal.h"

static void set_name(struct vma_view *out, const char *name, uint32_t len)
{
	out->name = name;
	out->name_len = len;
}

/* Up to 6.6 a VMA that only touches an end of the heap is labelled as well. */
static bool is_heap(const struct mm_struct *mm,
		    const struct vm_area_struct *vma)
{
	if (mm->rules.heap_inclusive)
		return vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk;
	return vma->vm_start < mm->brk && vma->vm_end > mm->start_brk;
}

static bool is_stack(const struct mm_struct *mm,
		     const struct vm_area_struct *vma)
{
	return vma->vm_start <= mm->start_stack &&
	       vma->vm_end >= mm->start_stack;
}

static void label_anon(const struct mm_struct *mm,
		       const struct vm_area_struct *vma, struct vma_view *out)
{
	const char *label;
	uint32_t len;

	if (!vma->anon_name || !mm->anon_label)
		return;
	label = mm->anon_label(mm, vma, &len);
	if (label)
		set_name(out, label, len);
}

static void view_file(const struct mm_struct *mm,
		      const struct vm_area_struct *vma, struct vma_view *out)
{
	const struct mm_file *file = vma->vm_file;

	set_name(out, file->name, file->name_len);
	if (file->flags & MM_FILE_SPECIAL)
		return;
	out->offset = (uint64_t)vma->vm_pgoff << PAGE_SHIFT;
	out->inode = file->inode;
	out->dev_major = file->dev_major;
	out->dev_minor = file->dev_minor;
	label_anon(mm, vma, out);
}

void mm_view(const struct mm_struct *mm, const struct vm_area_struct *vma,
	     struct vma_view *out)
{
	*out = (struct vma_view){ .start = vma->vm_start, .end = vma->vm_end };
	out->prot = (uint8_t)(vma->vm_flags & VM_ACCESS_FLAGS);
	if (vma->vm_flags & VM_MAYSHARE)
		out->prot |= VIEW_SHARED;
	set_name(out, "", 0);
	if (vma->vm_file)
		view_file(mm, vma, out);
	else if (is_heap(mm, vma))
		set_name(out, "[heap]", sizeof("[heap]") - 1);
	else if (is_stack(mm, vma))
		set_name(out, "[stack]", sizeof("[stack]") - 1);
	else
		label_anon(mm, vma, out);
}

static bool named(const struct vma_view *v, const char *prefix)
{
	size_t n = str_len(prefix);

	return v->name_len >= n && !memcmp(v->name, prefix, n);
}

uint32_t mm_file_flags(const struct vma_view *v)
{
	if (!v->inode && !v->dev_major && !v->dev_minor)
		return MM_FILE_SPECIAL;
	if (named(v, "/dev/zero (deleted)"))
		return MM_FILE_UNIQUE | MM_FILE_ANON_SHM;
	if (named(v, "/SYSV"))
		return MM_FILE_UNIQUE | MM_FILE_ANON_SHM | MM_FILE_CLOSE;
	if (named(v, "/anon_hugepage (deleted)"))
		return MM_FILE_UNIQUE;
	if (named(v, "/dev/zero"))
		return MM_FILE_ZERO;
	return named(v, "/memfd:") ? MM_FILE_ANON_SHM : 0;
}
