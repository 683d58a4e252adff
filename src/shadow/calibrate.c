/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start-up calibration (kernel-facts 9): each rule that a few mappings and a
 * boundary probe can tell is tried in scratch memory; the others follow one
 * that came with the same kernel version.
 *
 * The scratch is one wall of PROT_NONE|NORESERVE pages. A trial lays its pages
 * over a stretch of the wall of its own, or cuts holes into it, so that it never
 * touches memory of the program nor of another trial. No page of a trial is
 * PROT_NONE, so none merges with the wall.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "engine/engine.h"
#include "shadow/calibrate.h"
#include "shadow/probe.h"

/* ABI numbers, as userspace headers may lack or hide them. */
#define R		0x1		/* PROT_READ */
#define RW		0x3		/* PROT_READ | PROT_WRITE */
#define ANON		0x22		/* MAP_PRIVATE | MAP_ANONYMOUS */
#define FIXED		0x10
#define NORESERVE	0x4000
#define STACK		0x20000
#define GROWSDOWN	0x100
#define DONTFORK	10
#define DOFORK		11
#define POPULATE_READ	22
#define MOVE		3		/* MREMAP_MAYMOVE | MREMAP_FIXED */
#define DONTUNMAP	4
#define SET_VMA		0x53564d41

#define WALL_PAGES	560
#define STRETCH		16		/* pages for a trial, at the most */
#define HUGE		(1UL << 21)

struct scratch {
	unsigned long wall;		/* address of the wall's first page */
	unsigned long stretch;		/* of this trial's first page */
	unsigned int calls;		/* memory system calls made */
	bool failed;			/* a call of this trial did not work */
};

static unsigned long page(const struct scratch *s, unsigned long n)
{
	return s->stretch + n * PAGE_SIZE;
}

static long map(struct scratch *s, unsigned long addr, unsigned long pages,
		int prot, unsigned long flags)
{
	s->calls++;
	return raw_sys6(SYS_mmap, addr, pages * PAGE_SIZE, prot, flags | ANON,
			-1, 0);
}

static void lay(struct scratch *s, unsigned long n, unsigned long pages,
		int prot, unsigned long flags)
{
	if (raw_is_error(map(s, page(s, n), pages, prot, flags | FIXED)))
		s->failed = true;
}

static void hole(struct scratch *s, unsigned long n, unsigned long pages)
{
	s->calls++;
	raw_sys2(SYS_munmap, page(s, n), pages * PAGE_SIZE);
}

static long remap(struct scratch *s, unsigned long n, unsigned long pages,
		  unsigned long new_pages, int flags, unsigned long to)
{
	s->calls++;
	return raw_syscall(SYS_mremap, page(s, n), pages * PAGE_SIZE,
			   new_pages * PAGE_SIZE, flags, page(s, to), 0);
}

static void touch(const struct scratch *s, unsigned long n)
{
	if (!s->failed)
		*(volatile char *)page(s, n) = 1;
}

static void advise(struct scratch *s, unsigned long n, int advice)
{
	s->calls++;
	raw_sys3(SYS_madvise, page(s, n), PAGE_SIZE, advice);
}

/* Are the pages on both sides of page @n's start in one VMA? */
static bool joined(struct scratch *s, unsigned long n)
{
	int boundary = probe_boundary(page(s, n));

	s->calls++;
	if (boundary == MM_BOUNDARY_UNKNOWN)
		s->failed = true;
	return boundary == MM_BOUNDARY_NO;
}

/* A touched page becomes equal to its untouched neighbour. */
static bool faulted_merges_untouched(struct scratch *s)
{
	lay(s, 0, 2, RW, 0);
	advise(s, 1, DONTFORK);
	touch(s, 1);
	advise(s, 1, DOFORK);
	return joined(s, 1);
}

/* A page between two that were touched apart. */
static bool gap_fill_next_first(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	lay(s, 2, 1, RW, 0);
	touch(s, 0);
	touch(s, 2);
	lay(s, 1, 1, RW, 0);
	return !joined(s, 1);
}

static bool account_cleared(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	s->calls++;
	raw_sys3(SYS_mprotect, page(s, 0), PAGE_SIZE, R);
	lay(s, 1, 1, R, 0);
	return joined(s, 1);
}

static bool map_stack_nohuge(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	lay(s, 1, 1, RW, STACK);
	return !joined(s, 1);
}

static bool grow_merges_next(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	hole(s, 1, 1);
	lay(s, 2, 1, RW, 0);
	if (raw_is_error(remap(s, 0, 1, 2, 0, 0)))
		s->failed = true;
	return joined(s, 2);
}

static bool shrink_checks_source(struct scratch *s)
{
	hole(s, 0, 2);
	return remap(s, 0, 2, 1, 0, 0) == -EFAULT;
}

/*
 * A move that asks for more than its source has: is the target still there,
 * whole? A source that begins in a hole would tell nothing: that is looked at
 * first since 5.17. Nor would a move of the same length: see multi_move().
 */
static bool fixed_move_checks_first(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	hole(s, 1, 1);
	lay(s, 4, 4, RW, 0);
	if (!raw_is_error(remap(s, 0, 2, 3, MOVE, 5)))
		s->failed = true;
	return joined(s, 5);
}

static bool multi_move(struct scratch *s)
{
	lay(s, 0, 1, R, 0);
	lay(s, 1, 1, RW, 0);
	return !raw_is_error(remap(s, 0, 2, 2, MOVE, 4));
}

/* Untouched memory, "moved" right behind itself without going away. */
static bool dontunmap_fixed(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	hole(s, 1, 1);
	if (raw_is_error(remap(s, 0, 1, 1, MOVE | DONTUNMAP, 1)))
		s->failed = true;
	return !joined(s, 1);
}

static bool anon_names(struct scratch *s)
{
	lay(s, 0, 1, RW, 0);
	return raw_syscall(SYS_prctl, SET_VMA, 0, page(s, 0), PAGE_SIZE, 0,
			   0) == 0;
}

/* No probe splits a special mapping for good: a neighbour in time instead. */
static bool special_splits(struct scratch *s)
{
	s->calls++;
	return raw_sys3(SYS_madvise, page(s, 0), 0, POPULATE_READ) == -EINVAL;
}

/*
 * Two mappings of huge size, and between them one that is a page longer: without
 * alignment at most one of the two is aligned by chance. A single page would not
 * do: it may find a small hole elsewhere.
 */
static bool thp_aligned_anon(struct scratch *s)
{
	static const unsigned int pages[] = { HUGE >> PAGE_SHIFT,
					      (HUGE >> PAGE_SHIFT) + 1,
					      HUGE >> PAGE_SHIFT };
	unsigned long at[ARRAY_SIZE(pages)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		at[i] = map(s, 0, pages[i], 0, NORESERVE);
		s->failed |= raw_is_error(at[i]);
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++, s->calls++)
		if (!raw_is_error(at[i]))
			raw_sys2(SYS_munmap, at[i], pages[i] * PAGE_SIZE);
	return !((at[0] | at[2]) & (HUGE - 1));
}

struct trial {
	bool (*try)(struct scratch *s);
	unsigned int offset;
};

#define TRIAL(name) { name, offsetof(struct mm_rules, name) }

static const struct trial trials[] = {
	TRIAL(faulted_merges_untouched),
	TRIAL(gap_fill_next_first),
	TRIAL(account_cleared),
	TRIAL(map_stack_nohuge),
	TRIAL(grow_merges_next),
	TRIAL(shrink_checks_source),
	TRIAL(fixed_move_checks_first),
	TRIAL(multi_move),
	TRIAL(dontunmap_fixed),
	TRIAL(anon_names),
	TRIAL(special_splits),
	TRIAL(thp_aligned_anon),
};

/* Is a hint honoured that leaves @gap pages below a GROWSDOWN mapping? */
static bool gap_suffices(struct scratch *s, unsigned long top,
			 unsigned long gap)
{
	unsigned long hint = page(s, top - gap - 1);
	unsigned long at = map(s, hint, 1, R, NORESERVE);

	if (raw_is_error(at)) {
		s->failed = true;
		return false;
	}
	s->calls++;
	raw_sys2(SYS_munmap, at, PAGE_SIZE);
	return at == hint;
}

/* The guard gap in pages; it may be set by the kernel's command line. */
static unsigned long guard_gap(struct scratch *s, unsigned long usual)
{
	const unsigned long top = WALL_PAGES - 2;
	unsigned long low = 0, high = top - 2, middle;

	s->stretch = s->wall;
	s->failed = false;
	hole(s, 0, top);
	lay(s, top, 1, RW, GROWSDOWN);
	if (gap_suffices(s, top, usual) && !gap_suffices(s, top, usual - 1))
		return usual;
	if (!gap_suffices(s, top, high))
		return usual;
	while (low < high && !s->failed) {
		middle = (low + high) / 2;
		if (gap_suffices(s, top, middle))
			high = middle;
		else
			low = middle + 1;
	}
	return s->failed ? usual : low;
}

/* The beginning of a small file; returns its length, 0 if there is none. */
static size_t read_file(const char *path, char *buf, size_t size)
{
	long n, fd = raw_sys3(SYS_openat, -100, path, 02000000);

	if (raw_is_error(fd))
		return 0;
	n = raw_sys3(SYS_read, fd, buf, size);
	raw_sys1(SYS_close, fd);
	return raw_is_error(n) ? 0 : n;
}

static bool read_number(const char *path, uint64_t *value)
{
	char buf[24];
	size_t n = read_file(path, buf, sizeof(buf));

	while (n && buf[n - 1] == '\n')
		n--;
	return n && !str_to_u64(buf, n, 10, value);
}

/*
 * Hints are raised to vm.mmap_min_addr, or to the kernel's own limit where that is
 * higher (CONFIG_LSM_MMAP_MIN_ADDR): the first page asked for tells both. One that
 * ends up high above found its place taken; one that was not raised tells nothing.
 */
#define LOW_END 0x1000000UL

static void find_min_addr(struct scratch *s, struct mm_rules *r)
{
	unsigned long at = map(s, PAGE_SIZE, 1, 0, NORESERVE);
	uint64_t value;

	if (!raw_is_error(at)) {
		s->calls++;
		raw_sys2(SYS_munmap, at, PAGE_SIZE);
		if (at > PAGE_SIZE && at < LOW_END) {
			r->mmap_min_addr = at;
			return;
		}
	}
	if (read_number("/proc/sys/vm/mmap_min_addr", &value))
		r->mmap_min_addr = value;
}

/* Rules that no trial tells: those of the kernels that have the other. */
static void derive(struct mm_rules *r)
{
	r->brk_extends_only = r->shrink_checks_source;
	r->brk_shrink_checks = r->shrink_checks_source;
	r->thp_aligned_file = r->shrink_checks_source;
	r->guard_skips = r->shrink_checks_source;
	r->heap_inclusive = !r->account_cleared;
	r->close_blocks_merge = !r->account_cleared;
	r->low_limit_min_addr = r->account_cleared;
	r->ksm_flag_after_merge = !r->faulted_merges_untouched;
	r->map_fixed_enomem = r->gap_fill_next_first || !r->grow_merges_next;
}

static void read_settings(struct mm_rules *r)
{
	char buf[8];
	uint64_t value;

	if (read_number("/proc/sys/vm/overcommit_memory", &value))
		r->overcommit_never = value == 2;
	/* "[always] madvise never": the one in brackets holds. */
	if (read_file("/sys/kernel/mm/transparent_hugepage/enabled", buf,
		      sizeof(buf)))
		r->thp_read_faults = buf[0] == '[';
}

unsigned int calibrate_rules(struct mm_rules *rules)
{
	struct scratch s = { .calls = 0 };
	const struct trial *t;
	bool found;

	*rules = rule_sets[RULES_6_18].rules;
	read_settings(rules);
	s.wall = map(&s, 0, WALL_PAGES, 0, NORESERVE);
	if (raw_is_error(s.wall))
		return s.calls;
	s.stretch = s.wall + PAGE_SIZE;
	for (t = trials; t < trials + ARRAY_SIZE(trials); t++) {
		s.failed = false;
		found = t->try(&s);
		if (!s.failed)
			*((bool *)rules + t->offset) = found;
		s.stretch += STRETCH * PAGE_SIZE;
	}
	rules->stack_guard_gap =
		guard_gap(&s, rules->stack_guard_gap >> PAGE_SHIFT)
		<< PAGE_SHIFT;
	find_min_addr(&s, rules);
	derive(rules);
	s.calls++;
	raw_sys2(SYS_munmap, s.wall, WALL_PAGES * PAGE_SIZE);
	return s.calls;
}
