/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mapping by its address: the ioctl PROCMAP_QUERY where the kernel has it
 * (6.11), else the text (kernel-facts 3). Both answer alike.
 */
#include <errno.h>
#include <linux/limits.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "procmaps/source.h"

#define QUERY_VIEW  (VIEW_READ | VIEW_WRITE | VIEW_EXEC | VIEW_SHARED)
#define QUERY_FLAGS (QUERY_VIEW | PROCMAPS_OR_NEXT | PROCMAPS_FILE)

/* Where the kernel's half begins; only [vsyscall] is printed from there. */
#define KERNEL_HALF 0xffff800000000000ULL

/* The argument of the ioctl; headers older than the kernel lack it. */
struct query {
	uint64_t size, flags, addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size;
	uint64_t vma_offset, inode;
	uint32_t dev_major, dev_minor;
	uint32_t name_size, build_id_size;
	uint64_t name_addr, build_id_addr;
};

#define PROCMAP_QUERY 0xc0686611UL	/* _IOWR('f', 17, struct query) */
_Static_assert(sizeof(struct query) == 104, "the size is part of the number");

/*
 * Newlines to "\012" in place: the text grows from its end, so that no byte is
 * overwritten before it was moved. Returns the new length or -ENAMETOOLONG.
 */
static long escape_name(char *name, size_t len, size_t size)
{
	size_t to = len;

	for (size_t i = 0; i < len; i++)
		to += name[i] == '\n' ? 3 : 0;
	if (to >= size)
		return -ENAMETOOLONG;
	name[to] = '\0';
	for (size_t from = len, at = to; from != at;) {
		char c = name[--from];

		at -= c == '\n' ? 4 : 1;
		if (c == '\n')
			memcpy(name + at, "\\012", 4);
		else
			name[at] = c;
	}
	return (long)to;
}

static int ask(struct procmaps_source *s, struct query *q)
{
	return (int)raw_sys3(SYS_ioctl, s->maps.fd, PROCMAP_QUERY, q);
}

static int query_ioctl(struct procmaps_source *s, uint64_t addr,
		       unsigned int flags, char *name, size_t size,
		       struct vma_view *out)
{
	struct query q = {
		.size = sizeof(q),
		.flags = flags,
		.addr = addr,
		.name_addr = (uintptr_t)name,
		.name_size = (uint32_t)(size < PATH_MAX ? size : PATH_MAX),
	};
	long len = 0;
	int err = ask(s, &q);

	if (err)
		return err;
	if (q.name_size)
		len = escape_name(name, q.name_size - 1, size);
	if (len < 0)
		return (int)len;
	*out = (struct vma_view){
		.start = q.vma_start,
		.end = q.vma_end,
		.offset = q.vma_offset,
		.inode = q.inode,
		.dev_major = q.dev_major,
		.dev_minor = q.dev_minor,
		.prot = (uint8_t)(q.vma_flags & QUERY_VIEW),
		.name_len = (uint32_t)len,
		.name = len ? name : "",
	};
	return 0;
}

static bool wanted(const struct vma_view *v, unsigned int flags)
{
	bool file = v->inode || v->dev_major || v->dev_minor;

	if (flags & PROCMAPS_FILE && !file)
		return false;
	return (v->prot & flags & QUERY_VIEW) == (flags & QUERY_VIEW);
}

static int take_name(struct vma_view *v, char *name, size_t size)
{
	if (!name || !v->name_len) {
		v->name = "";
		v->name_len = 0;
		return 0;
	}
	if (v->name_len >= size)
		return -ENAMETOOLONG;
	memcpy(name, v->name, v->name_len);
	name[v->name_len] = '\0';
	v->name = name;
	return 0;
}

static int query_text(struct procmaps_source *s, uint64_t addr,
		      unsigned int flags, char *name, size_t size,
		      struct vma_view *out)
{
	struct procmaps_cursor c;
	int ret = procmaps_begin(&c, s, s->scratch, s->scratch_size);

	if (ret)
		return ret;
	while ((ret = procmaps_read(&c, out)) > 0) {
		if (out->start >= KERNEL_HALF)
			return -ENOENT;
		if (out->end <= addr)
			continue;
		if (out->start > addr && !(flags & PROCMAPS_OR_NEXT))
			return -ENOENT;
		if (wanted(out, flags))
			return take_name(out, name, size);
		if (!(flags & PROCMAPS_OR_NEXT))
			return -ENOENT;
	}
	return ret ? ret : -ENOENT;
}

/*
 * The ioctl's own limit is PATH_MAX, and a path can be longer than that: then,
 * too, the text knows.
 */
int procmaps_query(struct procmaps_source *s, uint64_t addr, unsigned int flags,
		   char *name, size_t size, struct vma_view *out)
{
	int err;

	if (flags & ~(unsigned int)QUERY_FLAGS)
		return -EINVAL;
	if (!name || !size) {
		name = NULL;
		size = 0;
	}
	err = own_fd_check(&s->maps) ? procmaps_reopen(s) : 0;
	if (err)
		return err;
	if (!s->no_query) {
		err = query_ioctl(s, addr, flags, name, size, out);
		if (err == -ENOTTY)
			s->no_query = true;
		else if (err != -ENAMETOOLONG || size <= PATH_MAX)
			return err;
	}
	return query_text(s, addr, flags, name, size, out);
}

int procmaps_boundary(struct procmaps_source *s, uint64_t addr)
{
	struct vma_view v;
	int err = procmaps_query(s, addr, 0, NULL, 0, &v);

	if (err == -ENOENT)
		return 1;
	return err ? err : v.start == addr;
}
