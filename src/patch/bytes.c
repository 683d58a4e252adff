/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an object: where they lie, or out of its file. Reading a text of
 * 100 MB through its mapping would make it resident; pread() copies from the
 * page cache and leaves no trace in the process.
 */
#include "base/raw_syscall.h"
#include "patch/object.h"

/* How many bytes from @addr on are in the file part of one readable segment. */
static size_t held(const struct patch_object *obj, uintptr_t addr,
		   uint64_t *offset)
{
	for (unsigned int i = 0; i < obj->phnum; i++) {
		const ElfW(Phdr) *ph = &obj->phdr[i];
		uintptr_t off = addr - (obj->base + ph->p_vaddr);

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_R) ||
		    off >= ph->p_filesz)
			continue;
		*offset = ph->p_offset + off;
		return ph->p_filesz - off;
	}
	return 0;
}

bool object_holds(const struct patch_object *obj, uintptr_t addr, size_t len)
{
	uint64_t offset;
	size_t have = held(obj, addr, &offset);

	return have && len <= have;
}

static bool fill(const struct patch_object *obj, struct patch_buffer *b,
		 uintptr_t addr)
{
	uint64_t offset;
	size_t have = held(obj, addr, &offset);
	long got;

	b->start = b->end = addr;
	if (have > b->size)
		have = b->size;
	if (!have)
		return false;
	got = raw_sys4(SYS_pread64, obj->file->fd, b->mem, have, offset);
	if (got <= 0)
		return false;
	b->end = addr + (size_t)got;
	return true;
}

static const unsigned char *view(const struct patch_object *obj,
				 struct patch_buffer *b, uintptr_t addr,
				 size_t len, size_t *have)
{
	if ((addr < b->start || addr >= b->end || b->end - addr < len) &&
	    !fill(obj, b, addr))
		return NULL;
	*have = b->end - addr;
	return *have < len ? NULL : b->mem + (addr - b->start);
}

const unsigned char *object_bytes(const struct patch_object *obj,
				  uintptr_t addr, size_t len)
{
	size_t have;

	if (obj->file)
		return view(obj, &obj->file->detail, addr, len, &have);
	return object_holds(obj, addr, len) ? (const unsigned char *)addr : NULL;
}

const unsigned char *object_text(const struct patch_object *obj, uintptr_t addr,
				 size_t *have)
{
	uint64_t offset;

	if (obj->file) {
		struct patch_buffer *b = &obj->file->search;

		if (b->start == b->end || b->start != addr)
			fill(obj, b, addr);
		*have = b->end - b->start;
		return *have ? b->mem : NULL;
	}
	*have = held(obj, addr, &offset);
	return *have ? (const unsigned char *)addr : NULL;
}

bool object_copy(const struct patch_object *obj, uintptr_t addr, void *to,
		 size_t len)
{
	const unsigned char *from = object_bytes(obj, addr, len);
	unsigned char *p = to;

	/* a few bytes mostly: memcpy() would take longer to begin */
	for (size_t i = 0; from && i < len; i++)
		p[i] = from[i];
	return from;
}
