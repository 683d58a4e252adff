/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that are rarely of any interest; contracts in rare.h. */
#include <errno.h>
#include <linux/ioctl.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/str.h"
#include "shadow/buffers.h"
#include "shadow/door.h"
#include "shadow/names.h"
#include "shadow/rare.h"
#include "shadow/self.h"
#include "shadow/uffd.h"
#include "shadow/trace.h"

/* Newer than some headers. */
#define PR_SET_MEMORY_MERGE_	67
#define PR_GET_MEMORY_MERGE_	68
#define PR_SET_VMA_		0x53564d41
#define MADV_POPULATE_WRITE_	23
#define MADV_GUARD_INSTALL_	102

#define ARCH_MAP_VDSO_X32_	0x2001	/* and _32 and _64 after it */
#define ARCH_MAP_VDSO_64_	0x2003
#define ARCH_SHSTK_ENABLE_	0x5001
#define ARCH_SHSTK_DISABLE_	0x5002

#define PERSONALITY_ASK		0xffffffffL

/* --- what the program's memory held ------------------------------------------ */

#define VECS 64

struct rare_args {
	uint32_t busy;
	size_t n;		/* elements of vec, bytes of name */
	union {
		struct iovec vec[VECS];
		struct uffdio_register reg;
		char name[NAMES_MAX];
	};
};

static struct rare_args copies[4];

/* Read up to @n bytes; what cannot be read is left out. Returns how many. */
static size_t copy_in(void *to, unsigned long from, size_t n)
{
	size_t first = PAGE_SIZE - from % PAGE_SIZE;
	struct iovec local = { to, n };
	struct iovec remote[2] = { { (void *)from, first < n ? first : n },
				   { (void *)(from + first),
				     first < n ? n - first : 0 } };
	long got = raw_sys6(SYS_process_vm_readv, raw_sys0(SYS_getpid), &local,
			    1, remote, 2, 0);

	return raw_is_error(got) ? 0 : (size_t)got;
}

static bool registers(const long *arg)
{
	return (uint32_t)arg[1] == UFFDIO_REGISTER;
}

static bool copy_args(const struct door *d, struct rare_args *a)
{
	const long *arg = d->regs->arg;
	size_t bytes;

	switch ((enum call_index)(d->info - calls)) {
	case CALL_process_madvise:
		a->n = (size_t)arg[2];
		bytes = a->n * sizeof(a->vec[0]);
		return a->n <= VECS &&
		       copy_in(a->vec, (unsigned long)arg[1], bytes) == bytes;
	case CALL_ioctl:
		bytes = registers(arg) ? sizeof(a->reg) : sizeof(a->reg.range);
		return copy_in(&a->reg, (unsigned long)arg[2], bytes) == bytes;
	case CALL_prctl:
		if ((int)arg[0] != PR_SET_VMA_ || !arg[4])
			return false;
		bytes = copy_in(a->name, (unsigned long)arg[4], NAMES_MAX);
		for (a->n = 0; a->n < bytes && a->name[a->n];)
			a->n++;
		return a->n < bytes;
	default:
		return false;
	}
}

static struct rare_args *take_copy(const struct door *d)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(copies); i++) {
		struct rare_args *a = &copies[i];

		if (__atomic_exchange_n(&a->busy, 1, __ATOMIC_ACQUIRE))
			continue;
		if (copy_args(d, a))
			return a;
		__atomic_store_n(&a->busy, 0, __ATOMIC_RELEASE);
		break;
	}
	return NULL;
}

long rare_door(struct door *d)
{
	struct rare_args *a = NULL;

	if (shadow.mode == SHADOW_LIVE && !shadow.sealed)
		a = take_copy(d);
	d->args = a;
	d->ret = shadow_door(d);
	if (a)
		__atomic_store_n(&a->busy, 0, __ATOMIC_RELEASE);
	return d->ret;
}

/* --- does it concern us? ------------------------------------------------------- */

static bool prctl_concerns(const long *arg)
{
	int option = (int)arg[0];

	return option == PR_SET_VMA_ || option == PR_SET_MM ||
	       option == PR_SET_MEMORY_MERGE_;
}

static bool arch_prctl_concerns(const long *arg)
{
	int code = (int)arg[0];

	return (code >= ARCH_MAP_VDSO_X32_ && code <= ARCH_MAP_VDSO_64_) ||
	       code == ARCH_SHSTK_ENABLE_ || code == ARCH_SHSTK_DISABLE_;
}

/* Most advice is about pages, and may take its time over them. */
static bool process_madvise_concerns(const long *arg)
{
	return (calls_advice_doubt((int)arg[3]) ||
		(int)arg[3] == MADV_POPULATE_WRITE_ ||
		(int)arg[3] == MADV_GUARD_INSTALL_) &&
	       !shadow.sealed && self_is_pidfd((int)arg[0]);
}

static bool ioctl_concerns(const long *arg)
{
	return unlikely(registers(arg) ||
			(uint32_t)arg[1] == UFFDIO_UNREGISTER) &&
	       !shadow.sealed && self_is_userfaultfd((int)arg[0]);
}

bool rare_concerns(const struct door *d)
{
	const long *arg = d->regs->arg;

	switch ((enum call_index)(d->info - calls)) {
	case CALL_close:
		return unlikely(uffd_live()) && !shadow.sealed &&
		       self_is_userfaultfd((int)arg[0]);
	case CALL_ioctl:
		return ioctl_concerns(arg);
	case CALL_personality:
		return (uint32_t)arg[0] != (uint32_t)PERSONALITY_ASK;
	case CALL_arch_prctl:
		return arch_prctl_concerns(arg);
	case CALL_prctl:
		return prctl_concerns(arg);
	case CALL_process_madvise:
		return process_madvise_concerns(arg);
	default:
		return true;
	}
}

/* --- what it did ----------------------------------------------------------------- */

/* [lock] All that the parts of one call touched, for check=each. */
static unsigned long touched_start, touched_end;

static void touched(unsigned long start, unsigned long end)
{
	if (start >= end)
		return;
	if (touched_start == touched_end) {
		touched_start = start;
		touched_end = end;
	}
	if (start < touched_start)
		touched_start = start;
	if (end > touched_end)
		touched_end = end;
}

static struct mm_op *begin(enum mm_call call, long ret)
{
	struct mm_op *op = &shadow.op;

	*op = (struct mm_op){ .call = call, .pkey = -1, .ret = ret };
	return op;
}

/* One call as the engine knows it; @op is shadow.op, made by begin(). */
static void run(const struct door *d, struct mm_op *op)
{
	if (!door_reserve(op))
		return;
	door_apply(d->info, d->regs->arg, op);
	touched(op->touched_start, op->touched_end);
}

static void settle(unsigned long start, unsigned long end, uint32_t doubt)
{
	shadow.count.settled++;
	shadow_reconcile_around(start, end, doubt);
	touched(start, end);
}

/* What exactly, nobody said: every line that is another now is adopted. */
static void settle_all(void)
{
	shadow.count.settled++;
	shadow_reconcile(0, shadow.mm.task_size);
	touched(0, shadow.mm.task_size);
}

static void set_anon_name(const struct door *d)
{
	const long *arg = d->regs->arg;
	struct mm_op *op;

	if (arg[1])			/* only PR_SET_VMA_ANON_NAME is there */
		return;
	if (!d->args && arg[4]) {	/* the name is in the lines */
		settle((unsigned long)arg[2],
		       (unsigned long)arg[2] + (unsigned long)arg[3], 0);
		return;
	}
	op = begin(MM_SET_ANON_NAME, d->ret);
	op->addr = (unsigned long)arg[2];
	op->len = (unsigned long)arg[3];
	op->name = d->args ? names_id(d->args->name, (uint32_t)d->args->n) : 0;
	run(d, op);
}

static void follow_prctl(const struct door *d)
{
	const long *arg = d->regs->arg;
	struct mm_op *op;

	if ((int)arg[0] == PR_SET_VMA_) {
		set_anon_name(d);
	} else if ((int)arg[0] == PR_SET_MM && !d->ret) {
		/* Marks move labels, wherever they were and are. */
		shadow_read_marks();
		trace_state(0, PAGE_SIZE);
		touched(0, shadow.mm.task_size);
	} else if ((int)arg[0] == PR_SET_MEMORY_MERGE_) {
		op = begin(MM_MEMORY_MERGE, d->ret);
		op->flags = arg[1] != 0;
		run(d, op);
	}
}

/*
 * One range after the other, each a madvise(); the answer is how many bytes were
 * done, and only where that is none at all, why. Mirrors
 * mm/madvise.c:vector_madvise().
 */
static void follow_process_madvise(const struct door *d)
{
	const struct rare_args *a = d->args;
	long left = d->ret, advice = d->regs->arg[3];
	struct mm_op *op;

	if (raw_is_error(d->ret) && d->ret != -EINVAL && d->ret != -ENOMEM &&
	    d->ret != -EAGAIN)
		return;			/* it came to no madvise() at all */
	if (!a) {
		settle(0, shadow.mm.task_size, calls_advice_doubt(advice));
		return;
	}
	for (size_t i = 0; i < a->n; i++) {
		unsigned long start = (unsigned long)a->vec[i].iov_base;
		unsigned long len = a->vec[i].iov_len;

		if (!raw_is_error(d->ret) && (unsigned long)left < len) {
			settle(start, start + len, calls_advice_doubt(advice));
			return;
		}
		/* A kernel before 6.17 may not take this advice here at all. */
		if (d->ret == -EINVAL && !shadow.mm.rules.multi_move) {
			settle(start, start + len, calls_advice_doubt(advice));
			return;
		}
		op = begin(MM_MADVISE, raw_is_error(d->ret) ? d->ret : 0);
		op->addr = start;
		op->len = len;
		op->flags = (unsigned long)(int)advice;
		run(d, op);
		if (raw_is_error(d->ret))
			return;
		left -= (long)len;
	}
}

/* The kernel mapped its ring where the context says; no file of ours. */
static void follow_io_setup(const struct door *d)
{
	struct vma_view line;
	unsigned long ring;
	struct mm_op *op;

	if (d->ret)
		return;
	if (copy_in(&ring, (unsigned long)d->regs->arg[1], sizeof(ring)) !=
	    sizeof(ring)) {
		settle_all();
		return;
	}
	op = begin(MM_MMAP, (long)ring);
	op->addr = ring;
	op->prot = PROT_READ | PROT_WRITE;
	op->flags = MAP_SHARED;
	op->file_flags = VM_DONTEXPAND;
	op->file = shadow_file_at(ring, &line);
	if (!op->file) {
		settle_all();
		return;
	}
	op->file->flags |= MM_FILE_UNIQUE | MM_FILE_NOEXEC;
	op->len = line.end - ring;
	run(d, op);
}

/* All of the ring that is still there goes: kill_ioctx(). */
static void follow_io_destroy(const struct door *d)
{
	unsigned long ring = (unsigned long)d->regs->arg[0];
	const struct vm_area_struct *vma = find_vma(&shadow.mm, ring);
	const struct mm_file *file = vma ? vma->vm_file : NULL;
	struct mm_op *op;

	if (d->ret)
		return;
	if (!file || vma->vm_start != ring ||
	    !(file->flags & MM_FILE_UNIQUE)) {
		settle_all();
		return;
	}
	op = begin(MM_MUNMAP, 0);
	op->addr = ring;
	for (; vma && vma->vm_file == file; vma = vma->vm_next)
		op->len = vma->vm_end - ring;
	run(d, op);
}

/* Mirrors arch/x86/kernel/shstk.c:alloc_shstk(). */
static void follow_map_shadow_stack(const struct door *d)
{
	struct mm_op *op;

	if (raw_is_error(d->ret))
		return;
	op = begin(MM_MMAP, d->ret);
	op->addr = (unsigned long)d->ret;
	op->len = (unsigned long)d->regs->arg[1];
	op->prot = PROT_READ | PROT_WRITE;
	op->flags = MAP_PRIVATE | MAP_ANONYMOUS;
	op->anonymous = true;
	op->file_flags = VM_SHADOW_STACK;
	run(d, op);
}

static void follow_ioctl(const struct door *d)
{
	const struct rare_args *a = d->args;
	bool begins = registers(d->regs->arg);
	struct mm_op *op;

	if (!a) {
		if (!d->ret)
			shadow_rebuild();
		return;
	}
	op = begin(begins ? MM_UFFD_REGISTER : MM_UFFD_UNREGISTER, d->ret);
	op->addr = a->reg.range.start;
	op->len = a->reg.range.len;
	if (begins) {
		op->uffd = uffd_id((int)d->regs->arg[0]);
		op->flags = uffd_vm_flags(a->reg.mode);
	}
	run(d, op);
	if (op->unknown_start < op->unknown_end)
		shadow_reread(op->unknown_start, op->unknown_end);
}

/* --- personality ------------------------------------------------------------------- */

static bool personalities;		/* [lock] threads may differ */

bool rare_personalities(void)
{
	return personalities;
}

void rare_personality(void)
{
	if (unlikely(personalities) && !shadow.sealed)
		shadow.mm.personality = (unsigned long)
			raw_sys1(SYS_personality, PERSONALITY_ASK);
}

/*
 * The layout was chosen by exec and stays; what reads imply does not. The thread
 * that makes a call is asked then.
 */
static void follow_personality(const long *arg, long ret)
{
	if (!raw_is_error(ret) &&
	    (arg[0] ^ (long)shadow.mm.personality) & READ_IMPLIES_EXEC)
		personalities = true;
}

/* ------------------------------------------------------------------------------------- */

void rare_learn_memory_merge(void)
{
	shadow.mm.def_flags &= ~(uint64_t)VM_MERGEABLE;
	if (raw_syscall(SYS_prctl, PR_GET_MEMORY_MERGE_, 0, 0, 0, 0, 0) == 1)
		shadow.mm.def_flags |= VM_MERGEABLE;
}

static void follow(const struct door *d)
{
	switch ((enum call_index)(d->info - calls)) {
	case CALL_prctl:
		follow_prctl(d);
		break;
	case CALL_process_madvise:
		follow_process_madvise(d);
		break;
	case CALL_io_setup:
		follow_io_setup(d);
		break;
	case CALL_io_destroy:
		follow_io_destroy(d);
		break;
	case CALL_map_shadow_stack:
		follow_map_shadow_stack(d);
		break;
	case CALL_ioctl:
		follow_ioctl(d);
		break;
	case CALL_close:
		uffd_closed();
		touched(0, shadow.mm.task_size);
		break;
	case CALL_personality:
		follow_personality(d->regs->arg, d->ret);
		break;
	case CALL_arch_prctl:
		if (!raw_is_error(d->ret))
			settle_all();
		break;
	default:
		break;
	}
}

void rare_follow(const struct door *d)
{
	touched_start = touched_end = 0;
	begin(MM_NONE, d->ret);
	follow(d);
	shadow.op.touched_start = touched_start;
	shadow.op.touched_end = touched_end;
}

void rare_settle(const struct call_info *c, const long *arg, long ret)
{
	if (c - calls == CALL_personality) {
		follow_personality(arg, ret);
		return;
	}
	if (raw_is_error(ret) && c - calls != CALL_process_madvise)
		return;
	shadow.count.settled++;
	rare_learn_memory_merge();
	shadow_rebuild();
}
