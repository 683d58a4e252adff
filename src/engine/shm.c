/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System V shared memory, as far as it is mappings: shmat is an mmap of a file
 * that nobody else has, shmdt unmaps what is left of one. Mirrors ipc/shm.c.
 */
#include <linux/mman.h>
#include <linux/shm.h>

#include "engine/internal.h"

/* do_shmat() opens a struct file for each attach, with a close hook. */
static void as_mmap(struct mm_op *op)
{
	bool exec = op->flags & SHM_EXEC;

	op->file_unwritable = op->flags & SHM_RDONLY;
	op->prot = op->file_unwritable ? PROT_READ : PROT_READ | PROT_WRITE;
	if (exec)
		op->prot |= PROT_EXEC;
	op->flags = MAP_SHARED | (op->flags & SHM_REMAP ? MAP_FIXED : 0);
	op->off = 0;
	op->anonymous = false;
	if (op->file) {
		op->file->size = op->len;
		op->file->flags |= MM_FILE_UNIQUE | MM_FILE_CLOSE |
				   MM_FILE_ANON_SHM;
	}
}

/*
 * An attach of this call can merge with nothing, so this never asks; on errors
 * only SHM_REMAP may have unmapped something, as MAP_FIXED may.
 */
int commit_shmat(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long start = op->addr & PAGE_MASK;
	unsigned long end = start + PAGE_ALIGN(op->len);

	if (is_error(op->ret)) {
		if (op->flags & SHM_REMAP &&
		    find_vma_intersection(mm, start, end))
			op_unknown(mm, op, start, end);
		return MM_DONE;
	}
	if (!op->phase)
		as_mmap(op);
	return commit_mmap(mm, op);
}

static bool is_attach(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_file && (vma->vm_file->flags & MM_FILE_CLOSE) &&
	       vma->vm_start >= addr &&
	       (vma->vm_start - addr) >> PAGE_SHIFT == vma->vm_pgoff;
}

/* The search ends with the segment: a piece that grew beyond it stays. */
static bool beyond(const struct mm_file *file, unsigned long addr,
		   unsigned long end)
{
	return file->size && end - addr > file->size;
}

/*
 * Mirrors ksys_shmdt(): the first piece at its place in the segment names the
 * file, and goes; so do the others of that file in their places.
 */
int commit_shmdt(struct mm_struct *mm, struct mm_op *op)
{
	struct vm_area_struct *vma = find_vma(mm, op->addr), *next;
	const struct vm_area_struct *first;
	struct mm_file *file = NULL;

	if (op->ret)
		return MM_DONE;
	while (vma && !is_attach(vma, op->addr))
		vma = vma->vm_next;
	if (!vma) {
		op_unknown(mm, op, op->addr, op->addr + PAGE_SIZE);
		return MM_DONE;
	}
	file = vma->vm_file;
	for (first = vma; vma; vma = next) {
		next = vma->vm_next;
		if (vma != first && beyond(file, op->addr, vma->vm_end))
			break;
		if (vma->vm_file != file || !is_attach(vma, op->addr))
			continue;
		/* What is sealed stays, and nobody is told. */
		if (vma->vm_flags & VM_SEALED)
			continue;
		op_touch(op, vma->vm_start, vma->vm_end);
		__vma_unlink(mm, vma);
		vma_free(mm, vma);
	}
	return MM_DONE;
}
