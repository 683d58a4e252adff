/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct vma_view: one line of /proc/self/maps as data. The rooms exchange
 * mappings in this form: procmaps makes views of the kernel's text, the engine
 * makes views of its VMAs, crosscheck compares the two.
 */
#ifndef VS_BASE_VIEW_H
#define VS_BASE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#define VIEW_READ   0x1		/* PROT_READ, _WRITE, _EXEC: the same bits */
#define VIEW_WRITE  0x2
#define VIEW_EXEC   0x4
#define VIEW_SHARED 0x8		/* 's' in maps: VM_MAYSHARE */

struct vma_view {
	uint64_t start, end;	/* bytes, [start, end) */
	uint64_t offset;	/* bytes into the file; 0 without a file */
	uint64_t inode;		/* 0 without a file */
	uint32_t dev_major, dev_minor;
	uint8_t prot;		/* VIEW_* */
	uint32_t name_len;	/* bytes in name */
	const char *name;	/* as maps prints it, '\n' as "\012"; no NUL;
				 * owned by whoever made the view */
};

struct fmt;

/*
 * view_format() - print @v as the kernel prints the line, without the newline:
 * names begin in column 73 (fs/proc/task_mmu.c:show_vma_header_prefix,
 * kernel-facts 2).
 */
void view_format(struct fmt *f, const struct vma_view *v);

/* view_format_head() - all of it up to where the name begins, if it has one. */
void view_format_head(struct fmt *f, const struct vma_view *v);

#endif
