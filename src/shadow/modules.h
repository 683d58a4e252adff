/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF objects behind executable mappings, found by the mirror alone: the
 * loader is asked nothing, so that no lock of its is taken. All [lock].
 */
#ifndef VS_SHADOW_MODULES_H
#define VS_SHADOW_MODULES_H

#include <elf.h>

#include "base/ehframe.h"
#include "shadow/shadow.h"

struct module {
	unsigned long start, end;	/* of the executable mapping; 0, 0: free */
	unsigned long base;		/* address 0 of the file's own counting */
	const struct mm_file *file;
	const Elf64_Phdr *phdr;		/* readable; NULL: no object */
	unsigned int phnum;
	struct eh_table eh;		/* .count 0: it has none */
};

/*
 * modules_find() - the object whose code lies at @pc. NULL: no file's code. One
 * whose headers are not mapped as its text is has no table and base 0. Valid
 * until modules_forget().
 */
const struct module *modules_find(unsigned long pc);

/* Are [addr, addr + len) readable bytes of one mapping of @m's file? */
bool modules_hold(const struct module *m, unsigned long addr, size_t len);
/* The first program header of @type, NULL if there is none. */
const Elf64_Phdr *modules_segment(const struct module *m, uint32_t type);

/* Returns whether code that was looked up, or its table, lies in [start, end). */
bool modules_forget(unsigned long start, unsigned long end);

#endif
