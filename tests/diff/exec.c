/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call, as the library's door makes it: prepare, the system call, what the
 * kernel's own line says of a new file, commit with as many questions as it
 * has, adopt what stays unknown. Then all lines are compared.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "diff.h"
#include "shadow/probe.h"

static bool differs(const char *why)
{
	world.why = why;
	return false;
}

/* --- addresses ------------------------------------------------------------- */

static unsigned long resolve(const struct where *w)
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
	case AT_ABSOLUTE:
		return w->offset;
	case AT_WINDOW:
		break;
	}
	return WINDOW + w->offset;
}

/* Does the range meet what this program stands on? */
static bool hits_us(unsigned long start, unsigned long len)
{
	unsigned long end = start + len;

	if (end < start)
		end = ~0UL;
	return (start < world.first_brk &&
		end > (world.mm.start_code & PAGE_MASK)) ||
	       (end > world.mm.mmap_base && start < world.mm.task_size);
}

static bool is_fixed(const struct call *c)
{
	return c->flags & MAP_FIXED;
}

/* A call that would saw off the branch; the kernel's refusals are let pass. */
static bool too_dangerous(const struct call *c, const struct mm_op *op)
{
	unsigned long end = op->addr + op->len;
	bool refused = end < op->addr || end > world.mm.task_size;

	switch (c->kind) {
	case DO_MMAP:
		return is_fixed(c) && !refused && hits_us(op->addr, op->len);
	case DO_MADVISE:
		return end >= op->addr && hits_us(op->addr, op->len);
	case DO_MREMAP:
		if (c->flags & MREMAP_FIXED &&
		    op->new_len <= world.mm.task_size &&
		    op->new_addr <= world.mm.task_size - op->new_len &&
		    hits_us(op->new_addr, op->new_len))
			return true;
		/* fall through */
	case DO_MUNMAP:
	case DO_NAME:
	case DO_REMAP_FILE_PAGES:
		return !refused && hits_us(op->addr, op->len);
	case DO_MPROTECT:
	case DO_MLOCK:
	case DO_MUNLOCK:
		return op->len < 1UL << 40 && hits_us(op->addr, op->len);
	case DO_SHMAT:
		return c->flags & 040000 &&
		       hits_us(op->addr, world.shm_len[c->file]);
	default:
		return false;
	}
}

/* --- calls ----------------------------------------------------------------- */

struct request {
	const char *name;
	long nr;
	unsigned long args[6];
	unsigned int n;
	struct mm_op op;
};

#define REQUEST(r, call_name, ...)					\
	do {								\
		const unsigned long args_[] = { __VA_ARGS__ };		\
		(r)->name = #call_name;					\
		(r)->nr = SYS_##call_name;				\
		(r)->n = ARRAY_SIZE(args_);				\
		memcpy((r)->args, args_, sizeof(args_));		\
	} while (0)

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

static void request(struct request *r, const struct call *c)
{
	struct mm_op *op = &r->op;

	*op = (struct mm_op){
		.addr = resolve(&c->at),
		.len = c->len,
		.flags = c->flags,
		.prot = c->prot,
		.pkey = -1,
	};
	switch (c->kind) {
	case DO_MMAP:
		request_mmap(r, c);
		break;
	case DO_MUNMAP:
		op->call = MM_MUNMAP;
		REQUEST(r, munmap, op->addr, op->len);
		break;
	case DO_MPROTECT:
		op->call = MM_MPROTECT;
		REQUEST(r, mprotect, op->addr, op->len, op->prot);
		break;
	case DO_MADVISE:
		op->call = MM_MADVISE;
		REQUEST(r, madvise, op->addr, op->len, op->flags);
		break;
	case DO_MREMAP:
		request_mremap(r, c);
		break;
	case DO_BRK:
		op->call = MM_BRK;
		REQUEST(r, brk, op->addr);
		break;
	case DO_MLOCK:
		request_mlock(r);
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
	case DO_SHMAT:
		request_shmat(r, c);
		break;
	case DO_NAME:
		op->call = MM_SET_ANON_NAME;
		op->name = op->flags;
		REQUEST(r, prctl, 0x53564d41, 0, op->addr, op->len,
			(unsigned long)(op->flags ? ANON_NAME : NULL));
		break;
	case DO_SHMDT:
		op->call = MM_SHMDT;
		REQUEST(r, shmdt, op->addr);
		break;
	default:
		break;
	}
}

/* --- the mirror's side ----------------------------------------------------- */

static void count_verdict(const struct mm_op *op)
{
	struct totals *t = &world.totals;
	bool failed = raw_is_error(op->ret);
	bool hit = failed ? op->ret == op->predicted :
			    !raw_is_error(op->predicted);

	if (op->call == MM_BRK)
		hit = op->ret == op->predicted;
	if (!op->verdict_known)
		t->unpredictable++;
	else if (failed)
		t->failed++, t->failed_hit += hit;
	else
		t->ok++, t->ok_hit += hit;
	if (failed || !op->place_known ||
	    (op->call != MM_MMAP && op->call != MM_MREMAP))
		return;
	t->placement++;
	t->placement_hit += op->ret == op->predicted;
}

static bool verdict_holds(const struct mm_op *op)
{
	bool failed = raw_is_error(op->ret);

	if (op->call == MM_BRK)
		return !op->verdict_known || op->ret == op->predicted ||
		       differs("the break");
	if (op->verdict_known && failed != raw_is_error(op->predicted))
		return differs("the verdict");
	if (op->verdict_known && failed && op->ret != op->predicted)
		return differs("the errno");
	if (!failed && op->place_known && op->ret != op->predicted &&
	    (op->call == MM_MMAP || op->call == MM_MREMAP))
		return differs("the address");
	return true;
}

/* Shared memory that came into being: the kernel's line says what it is. */
static bool discover_file(struct mm_op *op)
{
	struct vma_view v;

	if (op->call == MM_MMAP &&
	    (op->file || (op->anonymous && !is_shared(op->flags) &&
			  !(op->flags & MAP_HUGETLB))))
		return true;
	if ((op->call != MM_MMAP && op->call != MM_SHMAT) ||
	    raw_is_error(op->ret))
		return true;
	if (!maps_line(op->ret, &v))
		return differs("no line where the kernel mapped");
	op->file = world_file(&v);
	if (!op->file)
		return differs("the test is out of files");
	op->file->flags |= MM_FILE_UNIQUE | MM_FILE_ANON_SHM;
	return true;
}

static bool boundary_in_text(unsigned long addr)
{
	struct vma_view v;

	return !maps_line(addr - 1, &v) || v.end == addr;
}

static bool commit(struct mm_op *op)
{
	unsigned int asked = 0;
	int answer;

	while (mm_commit(&world.mm, op) == MM_ASK) {
		answer = probe_boundary(op->ask);
		if (answer == MM_BOUNDARY_UNKNOWN)
			answer = boundary_in_text(op->ask);
		if (answer != boundary_in_text(op->ask))
			return differs("the boundary probe");
		if (world.verbose)
			show_call("  asked", &op->ask, 1, answer);
		mm_answer(op, answer);
		world.totals.asked++;
		if (++asked > 64)
			return differs("asking for ever");
	}
	if (op->unknown_start < op->unknown_end) {
		world.totals.unknown++;
		if (!maps_adopt(op->unknown_start, op->unknown_end))
			return differs("adopting");
	}
	return true;
}

static bool check_mirror(void)
{
	if (validate_mm(&world.mm))
		return differs("validate_mm");
	if (!maps_compare())
		return differs("the list");
	return true;
}

/* A slot that gets a new mapping gives back the one it had. */
static bool empty_slot(int slot)
{
	struct slot *s = &world.slots[slot];
	struct call c = {
		.kind = DO_MUNMAP,
		.at = { .base = AT_SLOT, .slot = slot },
		.len = s->len,
		.slot = -1,
	};
	bool ok = execute(&c);

	s->len = 0;
	return ok;
}

static void fill_slot(const struct call *c, const struct mm_op *op)
{
	struct slot *s = &world.slots[c->slot];

	s->addr = op->ret;
	s->len = PAGE_ALIGN(c->kind == DO_MREMAP ? op->new_len : op->len);
}

static struct request last;

void show_last(void)
{
	static char buf[128];
	struct fmt f;

	if (!last.name)
		return;
	show_call(last.name, last.args, last.n, last.op.ret);
	fmt_init(&f, buf, sizeof(buf));
	fmt_str(&f, "#   foretold ");
	fmt_s64(&f, last.op.predicted);
	fmt_str(&f, " 0x");
	fmt_hex(&f, last.op.predicted, 1);
	fmt_str(&f, last.op.verdict_known ? " known" : " not known");
	fmt_str(&f, last.op.place_known ? ", place known\n" : "\n");
	say_fmt(&f);
}

static bool do_call(const struct call *c)
{
	struct request *r = &last;
	struct mm_op *op = &r->op;

	request(r, c);
	if (too_dangerous(c, op))
		return true;
	if (mm_prepare(&world.mm, op))
		return differs("the pool is empty");
	op->ret = raw_sys6(r->nr, r->args[0], r->args[1], r->args[2],
			   r->args[3], r->args[4], r->args[5]);
	world.totals.calls++;
	if (world.verbose)
		show_call(r->name, r->args, r->n, op->ret);
	maps_read();
	count_verdict(op);
	if (!verdict_holds(op) && !world.lenient)
		return false;
	world.why = NULL;
	if (!discover_file(op) || !commit(op) || !check_mirror())
		return false;
	if (c->slot >= 0 && !raw_is_error(op->ret) &&
	    op->ret != (long)op->addr)
		fill_slot(c, op);
	return true;
}

/* --- touching and forking -------------------------------------------------- */

/* An access below a GROWSDOWN mapping may have grown it. */
static bool check_growth(unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(&world.mm, addr);
	unsigned long page = addr & PAGE_MASK;
	struct vma_view v;

	if (!vma || vma->vm_start <= addr || !(vma->vm_flags & VM_GROWSDOWN))
		return true;
	maps_read();
	if (maps_line(addr, &v) != !expand_stack(&world.mm, page))
		return differs("growth");
	return check_mirror();
}

/* Kernel accesses, so that a fault is an error and no signal. */
static bool touch(const struct call *c)
{
	unsigned long addr = resolve(&c->at), i;
	long ret;

	for (i = 0; i < c->len; i++, addr += PAGE_SIZE) {
		if (hits_us(addr, 1))
			return true;
		if (c->kind == DO_WRITE)
			ret = raw_sys4(SYS_pread64, world.zero_fd, addr, 1, 0);
		else
			ret = raw_sys4(SYS_pwrite64, world.scratch_fd, addr, 1,
				       0);
		if (world.verbose)
			show_call(c->kind == DO_WRITE ? "write_to" :
							"read_from",
				  &addr, 1, ret);
		if (!check_growth(addr))
			return false;
	}
	return true;
}

/* The child goes on, the parent becomes its messenger. */
static bool do_fork(void)
{
	long pid = raw_sys0(SYS_fork);
	int status = 0;

	if (pid < 0)
		return true;
	if (pid > 0) {
		while (raw_sys4(SYS_wait4, pid, &status, 0, 0) == -EINTR)
			;
		raw_sys1(SYS_exit_group, WIFEXITED(status) ?
					 WEXITSTATUS(status) : RUN_TROUBLE);
	}
	world.totals.forks++;
	if (world.verbose)
		show_call("fork", NULL, 0, 0);
	maps_open();
	dup_mmap(&world.mm);
	maps_read();
	return check_mirror();
}

bool execute(const struct call *c)
{
	switch (c->kind) {
	case DO_WRITE:
	case DO_READ:
		return touch(c);
	case DO_FORK:
		return do_fork();
	default:
		break;
	}
	if (c->slot >= 0 && world.slots[c->slot].len && !empty_slot(c->slot))
		return false;
	return do_call(c);
}
