/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments and dynamic symbols of a loaded object.
 */
#include "base/str.h"
#include "patch/object.h"

const ElfW(Phdr) *object_phdr(const struct patch_object *obj, uint32_t type)
{
	for (unsigned int i = 0; i < obj->phnum; i++)
		if (obj->phdr[i].p_type == type)
			return &obj->phdr[i];
	return NULL;
}

struct dynamic {
	uintptr_t symtab, strtab, gnu_hash;
	size_t strsz;
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
	ElfW(Dyn) dyn = { .d_tag = DT_DEBUG };

	*d = (struct dynamic){ 0 };
	if (!ph)
		return false;
	for (size_t at = 0; at + sizeof(dyn) <= ph->p_filesz &&
	     dyn.d_tag != DT_NULL; at += sizeof(dyn)) {
		if (!object_copy(obj, obj->base + ph->p_vaddr + at, &dyn,
				 sizeof(dyn)))
			return false;
		if (dyn.d_tag == DT_SYMTAB)
			d->symtab = absolute(obj, dyn.d_un.d_ptr);
		else if (dyn.d_tag == DT_STRTAB)
			d->strtab = absolute(obj, dyn.d_un.d_ptr);
		else if (dyn.d_tag == DT_STRSZ)
			d->strsz = dyn.d_un.d_val;
		else if (dyn.d_tag == DT_GNU_HASH)
			d->gnu_hash = absolute(obj, dyn.d_un.d_ptr);
	}
	return d->symtab && d->strtab && d->gnu_hash;
}

static uint32_t gnu_hash(const char *s)
{
	uint32_t h = 5381;

	while (*s)
		h = h * 33 + (unsigned char)*s++;
	return h;
}

/* The function that is symbol @i, if that is its name; else 0. */
static uintptr_t named(const struct patch_object *obj, const struct dynamic *d,
		       uint32_t i, const char *symbol)
{
	size_t len = str_len(symbol) + 1;
	const unsigned char *name;
	ElfW(Sym) sym;

	if (!object_copy(obj, d->symtab + i * sizeof(sym), &sym, sizeof(sym)) ||
	    sym.st_shndx == SHN_UNDEF ||
	    ELF64_ST_TYPE(sym.st_info) != STT_FUNC ||
	    sym.st_name >= d->strsz || d->strsz - sym.st_name < len)
		return 0;
	name = object_bytes(obj, d->strtab + sym.st_name, len);
	return name && !memcmp(name, symbol, len) ? obj->base + sym.st_value : 0;
}

uintptr_t object_function(const struct patch_object *obj, const char *symbol)
{
	uint32_t h = gnu_hash(symbol), head[4], i, link;
	uintptr_t buckets, chain, found;
	struct dynamic d;

	/* buckets, first symbol, bloom words, shift; bloom; buckets; chains */
	if (!read_dynamic(obj, &d) ||
	    !object_copy(obj, d.gnu_hash, head, sizeof(head)) || !head[0])
		return 0;
	buckets = d.gnu_hash + sizeof(head) + 8 * (uintptr_t)head[2];
	chain = buckets + 4 * (uintptr_t)head[0];
	if (!object_copy(obj, buckets + 4 * (uintptr_t)(h % head[0]), &i, 4) ||
	    i < head[1])
		return 0;
	for (;; i++) {
		if (!object_copy(obj, chain + 4 * (uintptr_t)(i - head[1]),
				 &link, 4))
			return 0;
		found = (link | 1) == (h | 1) ? named(obj, &d, i, symbol) : 0;
		if (found || link & 1)
			return found;
	}
}
