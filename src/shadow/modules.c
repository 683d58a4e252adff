/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects behind code; contracts in modules.h. */
#include "base/compiler.h"
#include "base/str.h"
#include "shadow/modules.h"
#include "shadow/trace.h"

#define MODULES 64

static struct module modules[MODULES];		/* [lock] */
static unsigned int next;

static bool is_of(const struct vm_area_struct *vma, const struct mm_file *f)
{
	const struct mm_file *g = vma->vm_file;

	return g && f->inode == g->inode && f->dev_major == g->dev_major &&
	       f->dev_minor == g->dev_minor;
}

/*
 * The first page of the file, below its text: the loader keeps the distances
 * between segments.
 *
 *	| r-- offset 0: ELF header | r-x text | r-- | rw- |
 */
static const struct vm_area_struct *first_of(const struct vm_area_struct *vma)
{
	const struct mm_file *file = vma->vm_file;

	while (vma && is_of(vma, file)) {
		if (vma->vm_pgoff == 0)
			return vma;
		vma = vma->vm_prev;
	}
	return NULL;
}

/* The mapping of @m's file that holds [addr, addr + len), if it may be read. */
static const struct vm_area_struct *holder(const struct module *m,
					   unsigned long addr, size_t len)
{
	const struct vm_area_struct *vma = find_vma(&shadow.mm, addr);

	if (!vma || vma->vm_start > addr || vma->vm_end - addr < len ||
	    !(vma->vm_flags & VM_READ) || !is_of(vma, m->file))
		return NULL;
	return vma;
}

bool modules_hold(const struct module *m, unsigned long addr, size_t len)
{
	return holder(m, addr, len) != NULL;
}

const Elf64_Phdr *modules_segment(const struct module *m, uint32_t type)
{
	for (unsigned int i = 0; i < m->phnum; i++)
		if (m->phdr[i].p_type == type)
			return &m->phdr[i];
	return NULL;
}

static void read_table(struct module *m)
{
	const Elf64_Phdr *ph = modules_segment(m, PT_GNU_EH_FRAME);
	const struct vm_area_struct *vma;
	unsigned long hdr;

	if (!ph)
		return;
	hdr = m->base + ph->p_vaddr;
	vma = holder(m, hdr, ph->p_memsz);
	if (vma)
		eh_table_open(&m->eh, hdr, ph->p_memsz, vma->vm_start,
			      vma->vm_end);
}

static void read_object(struct module *m, const struct vm_area_struct *text)
{
	const struct vm_area_struct *first = first_of(text);
	const Elf64_Ehdr *eh;
	const Elf64_Phdr *load;
	unsigned long at;

	if (!first || !(first->vm_flags & VM_READ))
		return;
	at = first->vm_start;
	eh = (const Elf64_Ehdr *)at;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    !modules_hold(m, at + eh->e_phoff, eh->e_phnum * sizeof(Elf64_Phdr)))
		return;
	m->phdr = (const Elf64_Phdr *)(at + eh->e_phoff);
	m->phnum = eh->e_phnum;
	load = modules_segment(m, PT_LOAD);
	m->base = load ? at - (load->p_vaddr & PAGE_MASK) : at;
	read_table(m);
}

/* The linker's mark of this very build, for readers of traces: an ELF note. */
static void tell(const struct module *m)
{
	const Elf64_Phdr *ph = modules_segment(m, PT_NOTE);
	const Elf64_Nhdr *note;
	unsigned long at, end;

	for (; ph && ph < m->phdr + m->phnum; ph++) {
		at = m->base + ph->p_vaddr;
		end = at + ph->p_memsz;
		if (ph->p_type != PT_NOTE || !modules_hold(m, at, ph->p_memsz))
			continue;
		while (end - at >= sizeof(*note)) {
			note = (const Elf64_Nhdr *)at;
			at += sizeof(*note) + ((note->n_namesz + 3UL) & ~3UL);
			if (at > end || note->n_descsz > end - at)
				break;
			if (note->n_type == NT_GNU_BUILD_ID &&
			    note->n_namesz == 4) {
				trace_code(m, (const void *)at, note->n_descsz);
				return;
			}
			at += (note->n_descsz + 3UL) & ~3UL;
		}
	}
	trace_code(m, NULL, 0);
}

const struct module *modules_find(unsigned long pc)
{
	const struct vm_area_struct *vma;
	struct module *m;

	for (unsigned int i = 0; i < MODULES; i++)
		if (pc >= modules[i].start && pc < modules[i].end)
			return &modules[i];
	vma = find_vma(&shadow.mm, pc);
	if (!vma || vma->vm_start > pc || !(vma->vm_flags & VM_EXEC) ||
	    !vma->vm_file)
		return NULL;
	m = &modules[next++ % MODULES];
	*m = (struct module){
		.start = vma->vm_start, .end = vma->vm_end,
		.file = vma->vm_file,
	};
	read_object(m, vma);
	if (trace_on)
		tell(m);
	return m;
}

bool modules_forget(unsigned long start, unsigned long end)
{
	bool met = false;

	for (unsigned int i = 0; i < MODULES; i++) {
		struct module *m = &modules[i];

		if ((start < m->end && end > m->start) ||
		    (start < m->eh.hi && end > m->eh.lo)) {
			*m = (struct module){ .start = 0 };
			met = true;
		}
	}
	return met;
}
