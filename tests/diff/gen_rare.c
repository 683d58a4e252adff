/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls that few programs make, and those that threads make at the same
 * time.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "diff.h"

static void gen_policy(struct call *c)
{
	if (one_in(4)) {
		gen_range(c, DO_HOME_NODE);
		return;
	}
	gen_range(c, DO_MBIND);
	c->flags = PICK(0, 0, 1, 1, 2, 3) | (one_in(6) ? 4 : 0);
}

/* What is sealed stays so: only a corner of the window may be. */
static void gen_seal(struct call *c)
{
	gen_range(c, DO_MSEAL);
	c->at.base = AT_WINDOW;
	c->at.offset = (WINDOW_PAGES - SEALED_PAGES + below(SEALED_PAGES)) *
		       PAGE_SIZE;
	c->len = (1 + below(2)) * PAGE_SIZE;
	if (one_in(8))
		c->flags = 1;
	if (one_in(8))
		c->at.offset++;
	if (one_in(4))
		c->len = 100 * PAGE_SIZE;	/* over holes: refused */
}

static void gen_context(struct call *c)
{
	static const enum kind kinds[] = {
		DO_UFFD_REGISTER, DO_UFFD_REGISTER, DO_UFFD_REGISTER,
		DO_UFFD_UNREGISTER, DO_UFFD_CLOSE,
	};

	gen_range(c, kinds[below(ARRAY_SIZE(kinds))]);
	c->file = below(CONTEXTS);
	c->flags = PICK(1, 1, 1, 2, 3);
	if (c->kind == DO_UFFD_CLOSE)
		c->len = 0;
}

static void gen_limit(struct call *c)
{
	c->kind = DO_LIMIT;
	c->prot = PICK(RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK);
	c->len = one_in(2) ? 0 : (1 + below(64)) * PAGE_SIZE;
}

static void gen_mark(struct call *c)
{
	c->kind = DO_MARK;
	c->flags = PICK(PR_SET_MM_BRK, PR_SET_MM_START_BRK);
	c->at.base = AT_HEAP;
	c->at.offset = below(HEAP_PAGES) * PAGE_SIZE;
	if (one_in(3))
		c->at = (struct where){ .base = AT_BRK };
}

static void gen_vdso(struct call *c)
{
	*c = (struct call){
		.kind = one_in(2) ? DO_MADVISE : DO_MAP_VDSO,
		.at = { .base = AT_VDSO, .offset = below(2) * PAGE_SIZE },
		.len = PAGE_SIZE,
		.flags = PICK(MADV_SEQUENTIAL, MADV_NORMAL),
		.file = -1,
		.slot = -1,
	};
}

void gen_rare(struct call *c)
{
	switch (below(16)) {
	case 0: case 1: case 2: case 3:
		gen_policy(c);
		break;
	case 4:
		gen_seal(c);
		break;
	case 5: case 6: case 7:
		gen_context(c);
		break;
	case 8:
		c->kind = DO_MEMORY_MERGE;
		c->flags = one_in(2);
		break;
	case 9: case 10:
		gen_range(c, DO_PROCESS_MADVISE);
		c->flags = some_advice();
		break;
	case 11:
		gen_range(c, DO_PKEY_MPROTECT);
		c->prot = some_prot();
		break;
	case 12:
		c->kind = one_in(2) ? DO_IO_SETUP : DO_IO_DESTROY;
		break;
	case 13:
		if (one_in(2))
			gen_limit(c);
		else
			gen_mark(c);
		break;
	case 14:
		if (one_in(4))
			c->kind = DO_PERSONALITY;
		else
			gen_vdso(c);
		break;
	case 15:
		if (one_in(12)) {
			c->kind = DO_EXHAUST;
			c->len = below(3) * PAGE_SIZE;
		} else {
			gen_policy(c);
		}
		break;
	}
}

/* --- at the same time ------------------------------------------------------ */

/* Inside its lane, whose last page stays free: lanes never meet. */
static struct where in_lane(unsigned int lane, unsigned long pages)
{
	return (struct where){
		.base = AT_LANE,
		.slot = lane,
		.offset = below(LANE_PAGES - 1 - pages) * PAGE_SIZE,
	};
}

static void gen_in_lane(struct call *c, unsigned int lane)
{
	static const enum kind kinds[] = {
		DO_MMAP, DO_MMAP, DO_MMAP, DO_MUNMAP, DO_MPROTECT,
		DO_MPROTECT, DO_MADVISE, DO_MREMAP, DO_MBIND,
	};
	unsigned long pages = 1 + below(5);

	*c = (struct call){
		.kind = kinds[below(ARRAY_SIZE(kinds))],
		.at = in_lane(lane, pages),
		.len = pages * PAGE_SIZE,
		.file = -1,
		.slot = -1,
		.thread = lane + 1,
	};
	switch (c->kind) {
	case DO_MMAP:
		c->prot = some_prot();
		c->flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
			   (one_in(4) ? MAP_NORESERVE : 0) |
			   (one_in(4) ? MAP_POPULATE : 0);
		break;
	case DO_MPROTECT:
		c->prot = some_prot();
		break;
	case DO_MADVISE:
		c->flags = PICK(MADV_SEQUENTIAL, MADV_NORMAL, MADV_DONTFORK,
				MADV_DOFORK, MADV_DONTNEED);
		break;
	case DO_MREMAP:
		c->flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		c->new_len = c->len;
		c->to = in_lane(lane, pages);
		break;
	case DO_MBIND:
		c->flags = below(2);
		break;
	default:
		break;
	}
}

void gen_together(struct call *calls)
{
	unsigned int i;

	for (i = 0; i < LANES; i++)
		gen_in_lane(&calls[i], i);
	calls[0].together = LANES;
}
