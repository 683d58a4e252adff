/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call, as the library's door makes it: prepare, the system call, what the
 * kernel's own line says of a new file, commit with as many questions as it
 * has, adopt what stays unknown. Then all lines are compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>

#include "diff.h"
#include "shadow/probe.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

bool differs(const char *why)
{
	world.why = why;
	return false;
}

static bool is_shared(unsigned long flags)
{
	return (flags & 3) == MAP_SHARED || (flags & 3) == 3;
}

/* --- the mirror's side ----------------------------------------------------- */

static void count_verdict(const struct mm_op *op, enum kind kind)
{
	struct totals *t = &world.totals;
	bool failed = raw_is_error(op->ret);
	bool hit = failed ? op->ret == op->predicted :
			    !raw_is_error(op->predicted);

	if (op->call == MM_BRK)
		hit = op->ret == op->predicted;
	if (!op->verdict_known)
		t->by[kind].unpredictable++;
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

static bool commit(struct mm_op *op, enum kind kind)
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
		world.totals.by[kind].asked++;
		if (++asked > 64)
			return differs("asking for ever");
	}
	if (op->unknown_start < op->unknown_end) {
		if (world.verbose)
			show_call("  unknown", &op->unknown_start, 2, 0);
		world.totals.by[kind].unknown++;
		if (!maps_adopt(op->unknown_start, op->unknown_end,
				&world.totals.by[kind].adopted))
			return differs("adopting");
	}
	return true;
}

bool check_mirror(void)
{
	/* The wall takes its time: see ALL_EVERY. */
	if (world.compare_end == ~0UL && validate_mm(&world.mm))
		return differs("validate_mm");
	if (!maps_compare())
		return differs("the list");
	return true;
}

bool follow(struct mm_op *op, enum kind kind)
{
	return discover_file(op) && commit(op, kind);
}

/* --- slots ----------------------------------------------------------------- */

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

/* --- calls ----------------------------------------------------------------- */

static struct request last[LANES];
static unsigned int nr_last;

void show_last(void)
{
	static char buf[128];
	struct request *r;
	struct fmt f;

	for (r = last; r < last + nr_last; r++) {
		show_call(r->name, r->args, r->n, r->op.ret);
		fmt_init(&f, buf, sizeof(buf));
		fmt_str(&f, "#   foretold ");
		fmt_s64(&f, r->op.predicted);
		fmt_str(&f, " 0x");
		fmt_hex(&f, r->op.predicted, 1);
		fmt_str(&f, r->op.verdict_known ? " known" : " not known");
		fmt_str(&f, r->op.place_known ? ", place known\n" : "\n");
		say_fmt(&f);
	}
	program_end(nr_last ? last : NULL);
}

/* After the kernel's answer; the text of its list has been read. */
static bool answered(struct request *r)
{
	enum kind kind = r->call->kind;

	world.totals.by[kind].calls++;
	if (world.verbose)
		show_call(r->name, r->args, r->n, r->op.ret);
	program_call(r);
	count_verdict(&r->op, kind);
	if (!verdict_holds(&r->op) && !world.lenient) {
		world.answer_differs = true;
		return false;
	}
	world.why = NULL;
	return follow(&r->op, kind);
}

/* Older kernels take little advice from another process, be it oneself. */
static bool takes_no_advice(const struct call *c)
{
	return c->kind == DO_PROCESS_MADVISE && !world.mm.rules.multi_move;
}

static bool do_call(const struct call *c)
{
	struct request *r = last;
	struct mm_op *op = &r->op;

	nr_last = 0;
	if (!request(r, c))
		return true;
	if (mm_prepare(&world.mm, op))
		return differs("the pool is empty");
	nr_last = 1;
	if (takes_no_advice(c))
		op->verdict_known = false;
	team_make(r, 1, world.mm.personality == world.personality ?
				c->thread : 0);
	if (takes_no_advice(c) && op->ret == -EINVAL)
		op->call = MM_NONE;
	maps_read();
	if (!answered(r) || !check_mirror())
		return false;
	if (c->slot >= 0 && !raw_is_error(op->ret) &&
	    op->ret != (long)op->addr)
		fill_slot(c, op);
	return true;
}

/* Where something may run out, who comes first gets the last of it. */
static bool limited(void)
{
	const struct mm_limits *limit = &world.mm.rlim;

	return world.compare_end != ~0UL || limit->as != ~0UL ||
	       limit->data != ~0UL || !limit->ipc_lock;
}

static bool execute_in_turns(const struct call *calls)
{
	unsigned int i;

	for (i = 0; i < calls->together; i++)
		if (!do_call(&calls[i]))
			return false;
	return true;
}

/*
 * They have nothing in common but the process, so that any order gives the same
 * list, and each was foretold right before the others were made.
 */
bool execute_together(const struct call *calls)
{
	unsigned int n = 0, i;

	if (limited())
		return execute_in_turns(calls);

	for (i = 0; i < calls->together; i++)
		if (request(&last[n], &calls[i]) &&
		    !mm_prepare(&world.mm, &last[n].op))
			n++;
	nr_last = n;
	if (!n)
		return true;
	/* A personality is a thread's own, the mirror's is the first one's. */
	if (world.mm.personality == world.personality)
		team_make(last, n, 1);
	for (i = 0; i < n && world.mm.personality != world.personality; i++)
		team_make(&last[i], 1, 0);
	maps_read();
	world.totals.together++;
	for (i = 0; i < n; i++)
		if (!answered(&last[i]))
			return false;
	return check_mirror();
}

/* --- contexts of userfaultfd ----------------------------------------------- */

/* It answers a fault with an error: nobody waits here to serve one. */
static bool open_context(int i)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_SIGBUS,
	};

	if (world.uffd[i] >= 0)
		return true;
	world.uffd[i] = raw_sys1(SYS_userfaultfd,
				 O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (world.uffd[i] < 0)
		world.uffd[i] = raw_sys1(SYS_userfaultfd, O_CLOEXEC);
	if (world.uffd[i] < 0)
		return false;
	if (raw_sys3(SYS_ioctl, world.uffd[i], UFFDIO_API, &api)) {
		raw_sys1(SYS_close, world.uffd[i]);
		world.uffd[i] = -1;
		return false;
	}
	world.uffd_id[i] = ++world.next_uffd_id;
	return true;
}

static bool do_context(const struct call *c)
{
	bool ok;

	if (c->kind == DO_UFFD_REGISTER ? !open_context(c->file)
					: world.uffd[c->file] < 0)
		return true;
	ok = do_call(c);
	if (c->kind == DO_UFFD_CLOSE)
		world.uffd[c->file] = -1;
	return ok;
}

/* Without one, that call would map it anew. */
static bool has_vdso(void)
{
	const struct vm_area_struct *vma = world.mm.mmap;

	while (vma && !(vma->vm_file && vma->vm_file->flags & MM_FILE_SPECIAL))
		vma = vma->vm_next;
	return vma;
}

bool execute(const struct call *c)
{
	switch (c->kind) {
	case DO_UFFD_REGISTER:
	case DO_UFFD_UNREGISTER:
	case DO_UFFD_CLOSE:
		return do_context(c);
	case DO_PROCESS_MADVISE:
		return world.pidfd < 0 || do_call(c);
	case DO_MAP_VDSO:
		return !has_vdso() || do_call(c);
	default:
		break;
	}
	if (c->kind >= DO_IO_SETUP)
		return execute_special(c);
	if (c->slot >= 0 && world.slots[c->slot].len && !empty_slot(c->slot))
		return false;
	return do_call(c);
}
