/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files as maps shows them. Device, inode and name of a mapping cannot be
 * predicted (overlay and btrfs show other numbers than fstat does, shared
 * memory has inodes of its own), so a new file mapping's line is read from the
 * kernel once. Names are interned and stay for ever: vmashadow_find() hands
 * them out.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/buffers.h"
#include "shadow/door.h"
#include "shadow/trace.h"

#define VS_HASH_ALLOC(bytes) memory_alloc(bytes)
#include "base/hash.h"

struct name {
	UT_hash_handle hh;
	uint32_t len;
	char text[];
};

static struct name *names;
static struct mm_file *free_files;	/* linked through name */

static const char *intern(const char *text, uint32_t len)
{
	struct name *n;

	HASH_FIND(hh, names, text, len, n);
	if (n)
		return n->text;
	n = memory_alloc(sizeof(*n) + len + 1);
	if (!n)
		return NULL;
	n->len = len;
	memcpy(n->text, text, len);
	n->text[len] = '\0';
	HASH_ADD_KEYPTR(hh, names, n->text, len, n);
	return n->text;
}

static struct mm_file *alloc_file(void)
{
	struct mm_file *file = free_files;

	if (!file)
		return memory_alloc(sizeof(*file));
	free_files = (struct mm_file *)(uintptr_t)file->name;
	return file;
}

static bool named(const struct vma_view *v, const char *prefix)
{
	size_t n = str_len(prefix);

	return v->name_len >= n && !memcmp(v->name, prefix, n);
}

/* What the name and numbers of a line say about the struct file behind it. */
static uint32_t flags_of(const struct vma_view *v)
{
	uint32_t flags = mm_file_flags(v);

	if (named(v, "/memfd:") && memory_is_own(v))
		flags |= MM_FILE_OWN | MM_FILE_UNIQUE;
	return flags;
}

struct mm_file *shadow_file(const struct vma_view *v)
{
	struct mm_file *file;
	const char *name;

	if (!v->inode && !v->dev_major && !v->dev_minor &&
	    !named(v, "[v") && !named(v, "[uprobes"))
		return NULL;
	name = intern(v->name, v->name_len);
	file = name ? alloc_file() : NULL;
	if (!file)
		return NULL;
	*file = (struct mm_file){
		.inode = v->inode,
		.dev_major = v->dev_major,
		.dev_minor = v->dev_minor,
		.name = name,
		.name_len = v->name_len,
		.ofd = ++shadow.mm.next_ofd,
		.flags = flags_of(v),
	};
	return file;
}

void shadow_file_unused(struct mm_file *file)
{
	if (!file || file->mapcount || (file->flags & MM_FILE_OWN))
		return;
	file->name = (const char *)free_files;
	free_files = file;
}

void shadow_keep_name(struct vma_view *v, const struct mm_file *file)
{
	if (file)
		v->name = file->name;
	else
		v->name = v->name_len ? intern(v->name, v->name_len) : NULL;
	if (!v->name)
		v->name_len = 0;
}

struct mm_file *shadow_file_at(unsigned long addr, struct vma_view *line)
{
	if (shadow.sealed || shadow_query(addr, 0, line) < 0)
		return NULL;
	shadow.count.named++;
	return shadow_file(line);
}

void shadow_rename(const struct vma_view *v)
{
	struct vm_area_struct *vma = find_vma(&shadow.mm, v->start);
	const char *name = intern(v->name, v->name_len);

	if (!name || !vma || vma->vm_start > v->start || !vma->vm_file)
		return;
	vma->vm_file->name = name;
	vma->vm_file->name_len = v->name_len;
	trace_state(vma->vm_start, vma->vm_end);
}

/*
 * F_GETFL, the size, and a look at devices: what a line does not show. The size
 * tells later whether the file was truncated after it was mapped.
 */
void shadow_file_hooks(struct mm_op *op, int fd)
{
	static struct stat st;	/* [lock] */
	struct mm_file *file = op->file;
	struct vma_view v = { .name = file->name, .name_len = file->name_len };
	long mode;

	if (!raw_sys2(SYS_fstat, fd, &st) && st.st_size > 0)
		file->mapped_size = (unsigned long)st.st_size;

	if ((op->flags & MAP_TYPE) != MAP_PRIVATE) {
		mode = raw_sys2(SYS_fcntl, fd, F_GETFL);
		op->file_unwritable = (mode & O_ACCMODE) == O_RDONLY;
	}
	if (!named(&v, "/dev/zero") && (named(&v, "/dev/") ||
					named(&v, "anon_inode:") ||
					named(&v, "/[")))
		op->file_flags = VM_DONTEXPAND;
}

const struct vm_area_struct *shadow_find_text(unsigned long start,
					      unsigned long end)
{
	const struct vm_area_struct *vma = find_vma(&shadow.mm, start);

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		const struct mm_file *file = vma->vm_file;

		if (file && vma->vm_flags & VM_EXEC &&
		    !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) &&
		    !(file->flags & (MM_FILE_SPECIAL | MM_FILE_OWN)))
			return vma;
	}
	return NULL;
}
