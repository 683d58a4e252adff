/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd contexts; contracts in uffd.h. */
#include <linux/userfaultfd.h>

#include "base/compiler.h"
#include "base/fd.h"
#include "shadow/buffers.h"
#include "shadow/door.h"
#include "shadow/uffd.h"

/* Newer than some headers. */
#define MODE_MISSING	0x1
#define MODE_WP		0x2
#define MODE_MINOR	0x4

#define CONTEXTS 32	/* known at a time: the oldest is forgotten */
#define TRIES	 1024	/* calls after a close that still ask */

bool uffd_any;

static uint64_t inode[CONTEXTS];	/* [lock] by number, which begins at 1 */
static unsigned int newest;		/* [lock] how many there ever were */
static unsigned int tries;		/* [lock] */

/* Since 5.12 each userfaultfd has an inode of its own. */
uint16_t uffd_id(int fd)
{
	struct own_fd o;

	__atomic_store_n(&uffd_any, true, __ATOMIC_RELAXED);
	if (own_fd_watch(&o, fd))
		return uffd_id_unknown();
	for (unsigned int i = 0; i < CONTEXTS && i < newest; i++)
		if (inode[i] == o.ino)
			return (uint16_t)(i + 1);
	inode[newest++ % CONTEXTS] = o.ino;
	return uffd_id_unknown();
}

uint16_t uffd_id_unknown(void)
{
	__atomic_store_n(&uffd_any, true, __ATOMIC_RELAXED);
	return (uint16_t)(newest ? (newest - 1) % CONTEXTS + 1 : 1);
}

uint64_t uffd_vm_flags(uint64_t mode)
{
	return (mode & MODE_MISSING ? VM_UFFD_MISSING : 0) |
	       (mode & MODE_WP ? VM_UFFD_WP : 0) |
	       (mode & MODE_MINOR ? VM_UFFD_MINOR : 0);
}

/* --- is it gone? ----------------------------------------------------------------- */

/* A mapping that is registered here and not there: its context is gone. */
static int find_gone(void *ctx, const struct smaps_entry *e)
{
	struct vm_area_struct *vma = find_vma(&shadow.mm, e->view.start);

	if ((e->vm_flags & VM_UFFD) ||
	    unordered_explains(e->view.start, e->view.end))
		return 0;
	for (; vma && vma->vm_start < e->view.end; vma = vma->vm_next)
		if (vma->uffd) {
			*(uint16_t *)ctx = vma->uffd;
			return 1;
		}
	return 0;
}

static void released(uint16_t id)
{
	static const struct call_info *const close = &calls[CALL_close];
	static const long none[6];
	struct mm_op *op = &shadow.op;

	*op = (struct mm_op){ .call = MM_UFFD_RELEASE, .uffd = id, .pkey = -1 };
	if (door_reserve(op))
		door_apply(close, none, op);
}

static bool any_registered(void)
{
	const struct vm_area_struct *vma = shadow.mm.mmap;

	while (vma && !vma->uffd)
		vma = vma->vm_next;
	return vma;
}

static void verify(void)
{
	uint16_t id = 0;

	while (any_registered() &&
	       procmaps_each_smaps(shadow_text_buf, sizeof(shadow_text_buf),
				   find_gone, &id) == 1)
		released(id);
	if (!any_registered()) {
		__atomic_store_n(&uffd_any, false, __ATOMIC_RELAXED);
		tries = 0;
	}
}

void uffd_closed(void)
{
	tries = TRIES;
	verify();
}

void uffd_settle(void)
{
	if (likely(!tries) || shadow.sealed)
		return;
	tries--;
	verify();
}

/* Only a context that asked for UFFD_EVENT_REMAP goes with its memory. */
void uffd_moved(const struct mm_op *op)
{
	unsigned long to = (unsigned long)op->ret;

	if (likely(!uffd_live()) || op->call != MM_MREMAP ||
	    raw_is_error(op->ret) || to == op->addr || shadow.sealed)
		return;
	shadow_reread(to, to + PAGE_ALIGN(op->new_len));
}
