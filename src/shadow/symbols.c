/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dynamic symbols; contract in symbols.h. */
#include "base/compiler.h"
#include "shadow/symbols.h"

struct dynamic {
	const struct module *m;
	unsigned long symtab, strtab, strsz, gnu_hash;
};

/* The loader makes these absolute, but for objects with a read-only section. */
static unsigned long absolute(const struct module *m, unsigned long ptr)
{
	return ptr < m->base ? m->base + ptr : ptr;
}

static bool read_dynamic(const struct module *m, struct dynamic *d)
{
	const Elf64_Phdr *ph = modules_segment(m, PT_DYNAMIC);
	const Elf64_Dyn *dyn;

	*d = (struct dynamic){ .m = m };
	if (!ph || !modules_hold(m, m->base + ph->p_vaddr, ph->p_filesz))
		return false;
	dyn = (const Elf64_Dyn *)(m->base + ph->p_vaddr);
	for (size_t n = ph->p_filesz / sizeof(*dyn); n && dyn->d_tag; n--) {
		if (dyn->d_tag == DT_SYMTAB)
			d->symtab = absolute(m, dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_STRTAB)
			d->strtab = absolute(m, dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_STRSZ)
			d->strsz = dyn->d_un.d_val;
		else if (dyn->d_tag == DT_GNU_HASH)
			d->gnu_hash = absolute(m, dyn->d_un.d_ptr);
		dyn++;
	}
	return d->symtab && d->gnu_hash && d->strsz &&
	       modules_hold(m, d->strtab, d->strsz);
}

static uint32_t word(const struct dynamic *d, unsigned long at)
{
	return modules_hold(d->m, at, 4) ? *(const uint32_t *)at : 0;
}

/*
 * How many symbols there are stands nowhere; the hash table's last chain ends
 * with the last of them.
 */
static uint32_t count_symbols(const struct dynamic *d)
{
	uint32_t nbuckets = word(d, d->gnu_hash);
	uint32_t offset = word(d, d->gnu_hash + 4);
	unsigned long buckets = d->gnu_hash + 16 +
				8UL * word(d, d->gnu_hash + 8);
	unsigned long chain = buckets + 4UL * nbuckets;
	uint32_t last = 0;

	if (!modules_hold(d->m, buckets, 4UL * nbuckets))
		return 0;
	for (uint32_t i = 0; i < nbuckets; i++)
		if (word(d, buckets + 4UL * i) > last)
			last = word(d, buckets + 4UL * i);
	if (last < offset)
		return 0;
	while (modules_hold(d->m, chain + 4UL * (last - offset), 4) &&
	       !(word(d, chain + 4UL * (last - offset)) & 1))
		last++;
	return last + 1;
}

static bool covers(const struct dynamic *d, const Elf64_Sym *sym,
		   unsigned long addr)
{
	unsigned long start = d->m->base + sym->st_value;
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_name < d->strsz &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC) &&
	       addr >= start && addr - start < sym->st_size;
}

const char *symbols_at(const struct module *m, unsigned long addr)
{
	const Elf64_Sym *sym;
	struct dynamic d;
	uint32_t n;

	if (!m->phdr || !read_dynamic(m, &d))
		return NULL;
	n = count_symbols(&d);
	if (!modules_hold(m, d.symtab, n * sizeof(*sym)))
		return NULL;
	sym = (const Elf64_Sym *)d.symtab;
	for (; n; n--, sym++)
		if (covers(&d, sym, addr))
			return (const char *)(d.strtab + sym->st_name);
	return NULL;
}
