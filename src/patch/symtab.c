/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From addresses to functions where .eh_frame has none (Go's text, assembly
 * without unwind rows): by the file's symbol table, if it was not stripped. It
 * is in no segment and in no order, so one pass serves many addresses.
 */
#include "base/raw_syscall.h"
#include "patch/object.h"

struct table {
	uint64_t offset, size;
};

static bool read_file(const struct patch_object *obj, void *to, size_t n,
		      uint64_t offset)
{
	return raw_sys4(SYS_pread64, obj->file->fd, to, n, offset) == (long)n;
}

static bool find_table(const struct patch_object *obj, struct table *t)
{
	ElfW(Ehdr) e;
	ElfW(Shdr) s;

	if (!read_file(obj, &e, sizeof(e), 0) ||
	    e.e_shentsize != sizeof(s))
		return false;
	for (unsigned int i = 0; i < e.e_shnum; i++) {
		if (!read_file(obj, &s, sizeof(s), e.e_shoff + i * sizeof(s)))
			return false;
		if (s.sh_type != SHT_SYMTAB)
			continue;
		*t = (struct table){ s.sh_offset, s.sh_size };
		return s.sh_entsize == sizeof(ElfW(Sym));
	}
	return false;
}

/* The first query at or above @start: they are sorted. */
static size_t first_from(const struct symtab_query *q, size_t n,
			 uintptr_t start)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (q[mid].at < start)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

static void answer(const struct patch_object *obj, const ElfW(Sym) *sym,
		   struct symtab_query *q, size_t n)
{
	struct patch_fn fn = { obj->base + sym->st_value,
			       obj->base + sym->st_value + sym->st_size };

	if (ELF64_ST_TYPE(sym->st_info) != STT_FUNC || !sym->st_size ||
	    sym->st_shndx == SHN_UNDEF ||
	    !object_holds(obj, fn.start, sym->st_size))
		return;
	for (size_t i = first_from(q, n, fn.start); i < n && q[i].at < fn.end;
	     i++)
		q[i].fn = fn;
}

void symtab_find(const struct patch_object *obj, struct symtab_query *q,
		 size_t n)
{
	struct patch_buffer *b;
	struct table t;

	if (!n || !obj->file || !find_table(obj, &t))
		return;
	b = &obj->file->detail;
	b->start = b->end = 0;		/* its bytes are others now */
	while (t.size >= sizeof(ElfW(Sym))) {
		size_t want = t.size < b->size ? t.size : b->size;

		want -= want % sizeof(ElfW(Sym));
		if (!read_file(obj, b->mem, want, t.offset))
			return;
		for (size_t at = 0; at < want; at += sizeof(ElfW(Sym)))
			answer(obj, (const ElfW(Sym) *)(b->mem + at), q, n);
		t.offset += want;
		t.size -= want;
	}
}
