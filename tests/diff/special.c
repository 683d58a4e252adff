/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is more, or less, than one call that the engine knows: accesses that may
 * grow a stack, forks, limits and marks that change, the ring of io_setup(),
 * an address space that is full.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "diff.h"

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
		struct request r = {
			.call = c,
			.helper = true,
			.name = c->kind == DO_WRITE ? "write_to" : "read_from",
			.args = { addr },
			.n = 1,
			.op = { .addr = addr },
		};

		if (hits_us(addr, 1))
			return true;
		if (c->kind == DO_WRITE)
			ret = raw_sys4(SYS_pread64, world.zero_fd, addr, 1, 0);
		else
			ret = raw_sys4(SYS_pwrite64, world.scratch_fd, addr, 1,
				       0);
		if (world.verbose)
			show_call(r.name, &addr, 1, ret);
		r.op.ret = ret;
		program_call(&r);
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
	program_text("\tgo_on_in_child();\n");
	world_forked();
	team_forked();
	maps_open();
	dup_mmap(&world.mm);
	maps_read();
	return check_mirror();
}

/* --- what changes the rules ------------------------------------------------ */

static bool flip_personality(void)
{
	struct mm_struct *mm = &world.mm;
	unsigned long wanted = mm->personality ^ 0x0400000;

	if (raw_is_error(raw_sys1(SYS_personality, wanted)))
		return true;
	mm->personality = wanted;
	if (world.verbose)
		show_call("personality", &wanted, 1, 0);
	program_text("\tpersonality(personality(0xffffffff) ^ 0x0400000);\n");
	return true;
}

static unsigned long used_now(int resource)
{
	const struct mm_struct *mm = &world.mm;

	switch (resource) {
	case RLIMIT_AS:
		return mm->total_vm << PAGE_SHIFT;
	case RLIMIT_DATA:
		return mm->data_vm << PAGE_SHIFT;
	case RLIMIT_MEMLOCK:
		return mm->locked_vm << PAGE_SHIFT;
	}
	return 64UL << 10;
}

/* A little more than is in use now; @c->len 0: as much as is allowed. */
static bool change_limit(const struct call *c)
{
	int resource = c->prot;
	struct rlimit now;

	if (raw_sys4(SYS_prlimit64, 0, resource, NULL, &now))
		return true;
	now.rlim_cur = c->len ? used_now(resource) + c->len : now.rlim_max;
	if (now.rlim_cur > now.rlim_max ||
	    raw_sys4(SYS_prlimit64, 0, resource, &now, NULL))
		return true;
	know_limits(&world.mm);
	if (world.verbose)
		show_call("limit", (const unsigned long[]){
			resource, now.rlim_cur }, 2, 0);
	return true;
}

/*
 * The heap's marks move without a mapping: labels, and where brk goes on. All
 * marks at once, as moving one of them takes a capability.
 */
static bool move_mark(const struct call *c)
{
	const struct mm_struct *mm = &world.mm;
	unsigned long to = resolve(&c->at);
	bool start = c->flags == PR_SET_MM_START_BRK;
	struct prctl_mm_map map = {
		.start_code = mm->start_code,
		.end_code = mm->end_code,
		.start_data = mm->start_data,
		.end_data = mm->end_data,
		.start_brk = start ? to : mm->start_brk,
		.brk = start ? mm->brk : to,
		.start_stack = mm->start_stack,
		.arg_start = mm->start_stack,
		.arg_end = mm->start_stack,
		.env_start = mm->start_stack,
		.env_end = mm->start_stack,
		.exe_fd = -1,
	};
	struct request r = {
		.call = c,
		.helper = true,
		.name = start ? "move_start_brk" : "move_brk",
		.args = { to },
		.n = 1,
		.op = { .addr = to },
	};

	r.op.ret = raw_sys6(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map,
			    sizeof(map), 0, 0);
	if (world.verbose)
		show_call(r.name, r.args, r.n, r.op.ret);
	program_call(&r);
	if (!r.op.ret) {
		world.mm.start_brk = map.start_brk;
		world.mm.brk = map.brk;
	}
	maps_read();
	return check_mirror();
}

/* --- the ring of io_setup() ------------------------------------------------ */

static bool follow_ring(struct mm_op *op, enum kind kind)
{
	if (mm_prepare(&world.mm, op))
		return differs("the pool is empty");
	maps_read();
	world.totals.by[kind].calls++;
	world.totals.by[kind].unpredictable++;
	return follow(op, kind) && check_mirror();
}

static bool set_up_ring(const struct call *c)
{
	unsigned long ring = 0;
	struct mm_op op;
	struct vma_view v;

	if (world.ring || raw_sys2(SYS_io_setup, 1, &ring))
		return true;
	if (world.verbose)
		show_call("io_setup", &ring, 1, 0);
	program_text("\tCALL(io_setup, 1, &ring);\n");
	maps_read();
	if (!maps_line(ring, &v))
		return differs("no line where the ring is");
	world.ring = ring;
	world.ring_len = v.end - v.start;
	op = (struct mm_op){
		.call = MM_MMAP,
		.addr = ring,
		.len = v.end - v.start,
		.prot = PROT_READ | PROT_WRITE,
		.flags = MAP_SHARED,
		.pkey = -1,
		.file = world_file(&v),
		.file_flags = VM_DONTEXPAND,
		.ret = (long)ring,
	};
	if (!op.file)
		return differs("the test is out of files");
	op.file->flags |= MM_FILE_UNIQUE | MM_FILE_NOEXEC;
	return follow_ring(&op, c->kind);
}

/* It unmaps what is there, be it the ring or not. */
static bool take_ring_down(const struct call *c)
{
	struct mm_op op = {
		.call = MM_MUNMAP,
		.addr = world.ring,
		.len = world.ring_len,
		.pkey = -1,
	};
	long ret;

	if (!world.ring)
		return true;
	ret = raw_sys1(SYS_io_destroy, world.ring);
	if (world.verbose)
		show_call("io_destroy", &world.ring, 1, ret);
	program_text("\tCALL(io_destroy, ring);\n");
	world.ring = 0;
	return ret ? true : follow_ring(&op, c->kind);
}

/* --- no room --------------------------------------------------------------- */

#define FILLS 64

static bool call_at(enum kind kind, unsigned long addr, unsigned long len,
		    unsigned long flags)
{
	struct call c = {
		.kind = kind,
		.at = { .base = addr ? AT_ABSOLUTE : AT_NULL, .offset = addr },
		.len = len,
		.flags = flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		.file = -1,
		.slot = -1,
	};

	return execute(&c);
}

/* Every hole that is at least @len, but the lowest, is filled. */
static unsigned int fill_holes(unsigned long len, unsigned long *start,
			       unsigned long *size)
{
	const struct vm_area_struct *vma = world.mm.mmap, *next;
	unsigned int n = 0;

	for (; vma && n < FILLS; vma = next) {
		next = vma->vm_next;
		start[n] = vma->vm_end;
		size[n] = (next ? next->vm_start : world.mm.mmap_base) -
			  vma->vm_end;
		if (vma->vm_end >= world.mm.mmap_base)
			break;
		n += size[n] >= len;
	}
	return n;
}

/*
 * Room is left at the very bottom only, and a page less or more than is asked
 * for: shows where the search ends.
 */
static bool exhaust(const struct call *c)
{
	static unsigned long start[FILLS], size[FILLS];
	unsigned long len = world.mm.mmap->vm_start -
			    world.mm.rules.mmap_min_addr + c->len;
	unsigned int n = fill_holes(len, start, size), i;
	bool ok = true;

	for (i = 0; i < n && ok; i++)
		ok = call_at(DO_MMAP, start[i], size[i], MAP_FIXED);
	ok = ok && call_at(DO_MMAP, 0, len, 0);
	if (ok && !(world.mm.mmap->vm_flags & VM_ACCESS_FLAGS) &&
	    world.mm.mmap->vm_start < world.mm.start_code - len / 2)
		ok = call_at(DO_MUNMAP, world.mm.mmap->vm_start, len, 0);
	for (i = 0; i < n && ok; i++)
		ok = call_at(DO_MUNMAP, start[i], size[i], 0);
	return ok;
}

bool execute_special(const struct call *c)
{
	switch (c->kind) {
	case DO_WRITE:
	case DO_READ:
		return touch(c);
	case DO_FORK:
		return do_fork();
	case DO_PERSONALITY:
		return flip_personality();
	case DO_LIMIT:
		return change_limit(c);
	case DO_MARK:
		return move_mark(c);
	case DO_IO_SETUP:
		return set_up_ring(c);
	case DO_IO_DESTROY:
		return take_ring_down(c);
	case DO_EXHAUST:
		return exhaust(c);
	default:
		return true;
	}
}
