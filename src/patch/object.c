/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments and dynamic symbols of a loaded object.
 */
#include "base/str.h"
#include "patch/object.h"

bool object_holds(const struct patch_object *obj, uintptr_t addr, size_t len)
{
	for (unsigned int i = 0; i < obj->phnum; i++) {
		const ElfW(Phdr) *ph = &obj->phdr[i];
		uintptr_t off = addr - (obj->base + ph->p_vaddr);

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_R &&
		    off < ph->p_filesz && len <= ph->p_filesz - off)
			return true;
	}
	return false;
}

const ElfW(Phdr) *object_phdr(const struct patch_object *obj, uint32_t type)
{
	for (unsigned int i = 0; i < obj->phnum; i++)
		if (obj->phdr[i].p_type == type)
			return &obj->phdr[i];
	return NULL;
}

struct dynamic {
	const ElfW(Sym) *symtab;
	const char *strtab;
	size_t strsz;
	uintptr_t gnu_hash;
};

/*
 * ld.so turns the addresses of a dynamic section into absolute ones, in place,
 * but for objects whose section is read-only.
 */
static uintptr_t absolute(const struct patch_object *obj, uintptr_t ptr)
{
	return ptr < obj->base ? obj->base + ptr : ptr;
}

static bool read_dynamic(const struct patch_object *obj, struct dynamic *d)
{
	const ElfW(Phdr) *ph = object_phdr(obj, PT_DYNAMIC);
	const ElfW(Dyn) *dyn;
	size_t n;

	*d = (struct dynamic){ 0 };
	if (!ph || !object_holds(obj, obj->base + ph->p_vaddr, ph->p_filesz))
		return false;
	dyn = (const ElfW(Dyn) *)(obj->base + ph->p_vaddr);
	n = ph->p_filesz / sizeof(*dyn);
	for (size_t i = 0; i < n && dyn[i].d_tag != DT_NULL; i++) {
		uintptr_t ptr = absolute(obj, dyn[i].d_un.d_ptr);

		if (dyn[i].d_tag == DT_SYMTAB)
			d->symtab = (const ElfW(Sym) *)ptr;
		else if (dyn[i].d_tag == DT_STRTAB)
			d->strtab = (const char *)ptr;
		else if (dyn[i].d_tag == DT_STRSZ)
			d->strsz = dyn[i].d_un.d_val;
		else if (dyn[i].d_tag == DT_GNU_HASH)
			d->gnu_hash = ptr;
	}
	return d->symtab && d->gnu_hash &&
	       object_holds(obj, (uintptr_t)d->strtab, d->strsz) &&
	       object_holds(obj, d->gnu_hash, 16);
}

static uint32_t gnu_hash(const char *s)
{
	uint32_t h = 5381;

	while (*s)
		h = h * 33 + (unsigned char)*s++;
	return h;
}

static bool names(const struct patch_object *obj, const struct dynamic *d,
		  uint32_t i, const char *symbol)
{
	const ElfW(Sym) *sym = &d->symtab[i];

	return object_holds(obj, (uintptr_t)sym, sizeof(*sym)) &&
	       sym->st_shndx != SHN_UNDEF &&
	       ELF64_ST_TYPE(sym->st_info) == STT_FUNC &&
	       sym->st_name < d->strsz &&
	       str_eq(d->strtab + sym->st_name, symbol);
}

uintptr_t object_function(const struct patch_object *obj, const char *symbol)
{
	uint32_t h = gnu_hash(symbol), nbuckets, first, i;
	const uint32_t *head, *buckets, *chain;
	struct dynamic d;

	if (!read_dynamic(obj, &d))
		return 0;
	/* nbuckets, first symbol, bloom words, shift; bloom; buckets; chains */
	head = (const uint32_t *)d.gnu_hash;
	nbuckets = head[0];
	first = head[1];
	buckets = head + 4 + 2 * (size_t)head[2];
	chain = buckets + nbuckets;
	if (!nbuckets || !object_holds(obj, (uintptr_t)buckets, 4UL * nbuckets))
		return 0;
	i = buckets[h % nbuckets];
	if (i < first)
		return 0;
	for (;; i++) {
		const uint32_t *link = &chain[i - first];

		if (!object_holds(obj, (uintptr_t)link, sizeof(*link)))
			return 0;
		if ((*link | 1) == (h | 1) && names(obj, &d, i, symbol))
			return obj->base + d.symtab[i].st_value;
		if (*link & 1)
			return 0;
	}
}
