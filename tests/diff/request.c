/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call of the generator as the system call that makes it, and as the op that
 * the engine gets. Addresses become numbers here.
 */
#include <linux/ioctl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "diff.h"

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#define PR_SET_VMA	0x53564d41
#define ARCH_MAP_VDSO_64 0x2003
#define SHM_REMAP_FLAG	040000

/* --- addresses ------------------------------------------------------------- */

unsigned long resolve(const struct where *w)
{
	const struct slot *slot = &world.slots[w->slot];

	switch (w->base) {
	case AT_NULL:
		return 0;
	case AT_SLOT:
		return (slot->len ? slot->addr : WINDOW) + w->offset;
	case AT_HEAP:
		return world.first_brk + w->offset;
	case AT_BRK:
		return world.mm.brk + w->offset;
	case AT_VDSO:
		return world.vdso + w->offset;
	case AT_LANE:
		return LANE(w->slot) + w->offset;
	case AT_ABSOLUTE:
		return w->offset;
	case AT_WINDOW:
		break;
	}
	return WINDOW + w->offset;
}

/* Does the range meet what this program stands on? */
bool hits_us(unsigned long start, unsigned long len)
{
	unsigned long end = start + len;

	if (end < start)
		end = ~0UL;
	return (start < world.first_brk &&
		end > (world.mm.start_code & PAGE_MASK)) ||
	       (end > world.mm.mmap_base && start < world.mm.task_size);
}

/* A call that would saw off the branch; the kernel's refusals are let pass. */
static bool too_dangerous(const struct call *c, const struct mm_op *op)
{
	unsigned long end = op->addr + op->len;
	bool refused = end < op->addr || end > world.mm.task_size;

	switch (c->kind) {
	case DO_MMAP:
		return c->flags & MAP_FIXED && !refused &&
		       hits_us(op->addr, op->len);
	case DO_MADVISE:
	case DO_PROCESS_MADVISE:
	case DO_UFFD_REGISTER:
	case DO_MSEAL:
		return c->at.base != AT_VDSO && end >= op->addr &&
		       hits_us(op->addr, op->len);
	case DO_MREMAP:
		if (c->flags & MREMAP_FIXED &&
		    op->new_len <= world.mm.task_size &&
		    op->new_addr <= world.mm.task_size - op->new_len &&
		    hits_us(op->new_addr, op->new_len))
			return true;
		/* fall through */
	case DO_MUNMAP:
	case DO_NAME:
	case DO_MBIND:
	case DO_REMAP_FILE_PAGES:
		return !refused && hits_us(op->addr, op->len);
	case DO_MPROTECT:
	case DO_PKEY_MPROTECT:
	case DO_MLOCK:
	case DO_MUNLOCK:
		return op->len < 1UL << 40 && hits_us(op->addr, op->len);
	case DO_SHMAT:
		return c->flags & SHM_REMAP_FLAG &&
		       hits_us(op->addr, world.shm_len[c->file]);
	default:
		return false;
	}
}

/* --- calls ----------------------------------------------------------------- */

#define REQUEST(r, call_name, ...)					\
	do {								\
		const unsigned long args_[] = { __VA_ARGS__ };		\
		(r)->name = #call_name;					\
		(r)->nr = SYS_##call_name;				\
		(r)->n = ARRAY_SIZE(args_);				\
		memcpy((r)->args, args_, sizeof(args_));		\
	} while (0)

/* What the C program calls it, where it is more than a system call there. */
#define HELPER(r, helper_name)						\
	do {								\
		(r)->name = #helper_name;				\
		(r)->helper = true;					\
	} while (0)

static const char *const file_text[MAX_FILES] = {
	"file[0]", "file[1]", "file[2]", "file[3]", "file[4]", "file[5]",
	"file[6]", "file[7]", "file[8]", "file[9]", "file[10]", "file[11]",
};
static const char *const index_text[] = { "0", "1" };

static bool is_shared(unsigned long flags)
{
	return (flags & 3) == MAP_SHARED || (flags & 3) == 3;
}

static void request_mmap(struct request *r, const struct call *c)
{
	struct mm_op *op = &r->op;
	const struct file *file = c->file < 0 ? NULL : &world.files[c->file];

	op->call = MM_MMAP;
	op->off = c->off;
	op->anonymous = c->flags & MAP_ANONYMOUS;
	if (file && !op->anonymous) {
		op->file = file->mirror;
		op->file_unwritable = file->unwritable && is_shared(c->flags);
		/* Each shared mapping of it is a file of its own. */
		if (op->file && op->file->flags & MM_FILE_ZERO &&
		    is_shared(c->flags))
			op->file = NULL;
	}
	REQUEST(r, mmap, op->addr, op->len, op->prot, op->flags,
		file ? file->fd : -1, op->off);
	if (file)
		r->text[4] = file_text[c->file];
}

static void request_mremap(struct request *r, const struct call *c)
{
	struct mm_op *op = &r->op;

	op->call = MM_MREMAP;
	op->new_len = c->new_len;
	op->new_addr = resolve(&c->to);
	REQUEST(r, mremap, op->addr, op->len, op->new_len, op->flags,
		op->new_addr);
}

static void request_shmat(struct request *r, const struct call *c)
{
	struct mm_op *op = &r->op;

	op->call = MM_SHMAT;
	op->len = world.shm_len[c->file];
	REQUEST(r, shmat, world.shmid[c->file], op->addr, op->flags);
	r->text[0] = c->file ? "segment[1]" : "segment[0]";
}

static void request_mlock(struct request *r)
{
	struct mm_op *op = &r->op;

	op->call = MM_MLOCK;
	if (op->flags)
		REQUEST(r, mlock2, op->addr, op->len, op->flags);
	else
		REQUEST(r, mlock, op->addr, op->len);
}

/* Modes of mbind(), by the id that the mirror has for such a policy. */
static void request_mbind(struct request *r)
{
	static const unsigned long node0 = 1;
	static const int modes[] = { 0, 2, 1, 3 };	/* MPOL_* */
	struct mm_op *op = &r->op;
	unsigned long mode = modes[op->flags & 3];

	op->call = MM_MBIND;
	op->policy = op->flags & 3;
	REQUEST(r, mbind, op->addr, op->len, mode,
		(unsigned long)(mode ? &node0 : NULL), mode ? 64 : 0,
		op->flags >> 2 & 1);
	r->text[3] = mode ? "(long)&node0" : "0";
	op->flags = 0;
}

static void request_process_madvise(struct request *r)
{
	static struct iovec range;
	struct mm_op *op = &r->op;

	op->call = MM_MADVISE;
	range.iov_base = (void *)op->addr;
	range.iov_len = op->len;
	REQUEST(r, process_madvise, world.pidfd, (unsigned long)&range, 1,
		op->flags, 0);
	r->by_bytes = true;
}

static void request_uffd_register(struct request *r, const struct call *c)
{
	static struct uffdio_register arg;
	struct mm_op *op = &r->op;

	op->call = MM_UFFD_REGISTER;
	op->uffd = world.uffd_id[c->file];
	arg = (struct uffdio_register){
		.range = { op->addr, op->len }, .mode = op->flags,
	};
	REQUEST(r, ioctl, world.uffd[c->file], UFFDIO_REGISTER,
		(unsigned long)&arg);
	op->flags = (op->flags & 1 ? VM_UFFD_MISSING : 0) |
		    (op->flags & 2 ? VM_UFFD_WP : 0);
}

static void request_uffd_unregister(struct request *r, const struct call *c)
{
	static struct uffdio_range arg;
	struct mm_op *op = &r->op;

	op->call = MM_UFFD_UNREGISTER;
	arg = (struct uffdio_range){ op->addr, op->len };
	REQUEST(r, ioctl, world.uffd[c->file], UFFDIO_UNREGISTER,
		(unsigned long)&arg);
}

static void request_uffd_close(struct request *r, const struct call *c)
{
	r->op.call = MM_UFFD_RELEASE;
	r->op.uffd = world.uffd_id[c->file];
	REQUEST(r, close, world.uffd[c->file]);
	HELPER(r, uffd_close);
	r->text[0] = index_text[c->file];
}

static void request_name(struct request *r)
{
	struct mm_op *op = &r->op;

	op->call = MM_SET_ANON_NAME;
	op->name = op->flags;
	REQUEST(r, prctl, PR_SET_VMA, 0, op->addr, op->len,
		(unsigned long)(op->flags ? ANON_NAME : NULL));
	r->text[4] = op->flags ? "(long)\"" ANON_NAME "\"" : "0";
}

/* The calls of which there is no more to say than their arguments. */
static void request_plain(struct request *r, const struct call *c)
{
	struct mm_op *op = &r->op;

	switch (c->kind) {
	case DO_MUNMAP:
		op->call = MM_MUNMAP;
		REQUEST(r, munmap, op->addr, op->len);
		break;
	case DO_MPROTECT:
		op->call = MM_MPROTECT;
		REQUEST(r, mprotect, op->addr, op->len, op->prot);
		break;
	case DO_PKEY_MPROTECT:
		op->call = MM_MPROTECT;
		op->pkey = -1;
		REQUEST(r, pkey_mprotect, op->addr, op->len, op->prot, -1UL);
		break;
	case DO_MADVISE:
		op->call = MM_MADVISE;
		REQUEST(r, madvise, op->addr, op->len, op->flags);
		break;
	case DO_BRK:
		op->call = MM_BRK;
		REQUEST(r, brk, op->addr);
		break;
	case DO_MUNLOCK:
		op->call = MM_MUNLOCK;
		REQUEST(r, munlock, op->addr, op->len);
		break;
	case DO_MLOCKALL:
		op->call = MM_MLOCKALL;
		REQUEST(r, mlockall, op->flags);
		break;
	case DO_MUNLOCKALL:
		op->call = MM_MUNLOCKALL;
		REQUEST(r, munlockall, 0);
		break;
	case DO_REMAP_FILE_PAGES:
		op->call = MM_REMAP_FILE_PAGES;
		op->off = c->off;
		REQUEST(r, remap_file_pages, op->addr, op->len, op->prot,
			op->off, op->flags);
		break;
	case DO_SHMDT:
		op->call = MM_SHMDT;
		REQUEST(r, shmdt, op->addr);
		break;
	case DO_HOME_NODE:
		op->call = MM_HOME_NODE;
		REQUEST(r, set_mempolicy_home_node, op->addr, op->len,
			op->flags, 0);
		break;
	case DO_MSEAL:
		op->call = MM_MSEAL;
		REQUEST(r, mseal, op->addr, op->len, op->flags);
		break;
	case DO_MEMORY_MERGE:
		op->call = MM_MEMORY_MERGE;
		REQUEST(r, prctl, PR_SET_MEMORY_MERGE, op->flags, 0, 0, 0);
		break;
	case DO_MAP_VDSO:
		op->call = MM_NONE;
		REQUEST(r, arch_prctl, ARCH_MAP_VDSO_64, op->addr);
		break;
	default:
		break;
	}
}

static void make_request(struct request *r, const struct call *c)
{
	switch (c->kind) {
	case DO_MMAP:
		request_mmap(r, c);
		break;
	case DO_MREMAP:
		request_mremap(r, c);
		break;
	case DO_MLOCK:
		request_mlock(r);
		break;
	case DO_SHMAT:
		request_shmat(r, c);
		break;
	case DO_NAME:
		request_name(r);
		break;
	case DO_MBIND:
		request_mbind(r);
		break;
	case DO_PROCESS_MADVISE:
		request_process_madvise(r);
		HELPER(r, advise_oneself);
		break;
	case DO_UFFD_REGISTER:
		request_uffd_register(r, c);
		HELPER(r, uffd_register);
		break;
	case DO_UFFD_UNREGISTER:
		request_uffd_unregister(r, c);
		HELPER(r, uffd_unregister);
		break;
	case DO_UFFD_CLOSE:
		request_uffd_close(r, c);
		break;
	default:
		request_plain(r, c);
	}
}

bool request(struct request *r, const struct call *c)
{
	*r = (struct request){
		.call = c,
		.op = {
			.addr = resolve(&c->at),
			.len = c->len,
			.flags = c->flags,
			.prot = c->prot,
			.pkey = -1,
		},
	};
	make_request(r, c);
	return !too_dangerous(c, &r->op);
}

long request_make(const struct request *r)
{
	long ret = raw_sys6(r->nr, r->args[0], r->args[1], r->args[2],
			    r->args[3], r->args[4], r->args[5]);

	if (r->by_bytes && !raw_is_error(ret))
		ret = 0;
	return ret;
}
