/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short sequences after which nothing is in doubt: mappings that were surely
 * written beside mappings that surely were not. Random calls alone seldom lead
 * there, and where there is doubt the mirror asks, so that a wrong rule would go
 * unnoticed. Each recipe is for one or two rules of struct mm_rules.
 */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "diff.h"

#define R	PROT_READ
#define RW	(PROT_READ | PROT_WRITE)
#define POPULATE_WRITE 23

static struct call *out;

static struct call *next(enum kind kind, unsigned long page,
			 unsigned long pages)
{
	*out = (struct call){
		.kind = kind,
		.at = { .base = AT_WINDOW, .offset = page * PAGE_SIZE },
		.len = pages * PAGE_SIZE,
		.file = -1,
		.slot = -1,
	};
	return out++;
}

static void map(unsigned long page, unsigned long pages, int prot,
		unsigned long flags)
{
	struct call *c = next(DO_MMAP, page, pages);

	c->prot = prot;
	c->flags = flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
}

static void unmap(unsigned long page, unsigned long pages)
{
	next(DO_MUNMAP, page, pages);
}

static void protect(unsigned long page, unsigned long pages, int prot)
{
	next(DO_MPROTECT, page, pages)->prot = prot;
}

static void advise(unsigned long page, unsigned long pages,
		   unsigned long advice)
{
	next(DO_MADVISE, page, pages)->flags = advice;
}

static void remap(unsigned long page, unsigned long pages,
		  unsigned long new_pages, unsigned long flags,
		  unsigned long to)
{
	struct call *c = next(DO_MREMAP, page, pages);

	c->new_len = new_pages * PAGE_SIZE;
	c->flags = flags;
	c->to = (struct where){ .base = AT_WINDOW, .offset = to * PAGE_SIZE };
}

static void set_brk(unsigned long page)
{
	next(DO_BRK, page, 0)->at.base = AT_HEAP;
}

/* A written page becomes equal to one that cannot have been. */
static void faulted_meets_untouched(unsigned long p)
{
	map(p, 2, R, MAP_NORESERVE);
	protect(p + 1, 1, RW);
	advise(p + 1, 1, POPULATE_WRITE);
	protect(p + 1, 1, R);
}

/* A page between two that were written apart. */
static void fill_gap(unsigned long p)
{
	map(p, 1, RW, MAP_POPULATE);
	unmap(p + 1, 1);
	map(p + 2, 1, RW, MAP_POPULATE);
	map(p + 1, 1, RW, 0);
}

static void grow_into_neighbour(unsigned long p)
{
	map(p, 1, R, 0);
	unmap(p + 1, 1);
	map(p + 2, 1, R, 0);
	remap(p, 1, 2, 0, 0);
}

/* The heap's end was taken away before it is given back. */
static void shrink_over_hole(unsigned long p)
{
	set_brk(p + 4);
	unmap(p, 4);
	out[-1].at.base = AT_HEAP;
	set_brk(p);
}

/* A boundary inside a segment moves, no piece of it goes. */
static void shift_segment(unsigned long p)
{
	next(DO_SHMAT, p, 4)->flags = 040000;
	out[-1].file = 0;
	protect(p + 1, 1, R);
	protect(p + 2, 1, R);
}

/* Moved behind itself, away and home again. */
static void move_about(unsigned long p)
{
	map(p, 2, RW, 0);
	unmap(p + 2, 2);
	remap(p, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED | 4, p + 2);
	map(p, 3, RW, MAP_POPULATE);
	remap(p + 1, 1, 1, MREMAP_MAYMOVE | MREMAP_FIXED, p + 6);
	remap(p + 6, 1, 1, MREMAP_MAYMOVE | MREMAP_FIXED, p + 1);
}

static void name_memory(unsigned long p)
{
	map(p, 3, RW, 0);
	next(DO_NAME, p + 1, 1)->flags = 1;
	next(DO_NAME, p + 1, 1)->flags = 0;
}

static void mark_start_brk(unsigned long page)
{
	struct call *c = next(DO_MARK, page, 0);

	c->at.base = AT_HEAP;
	c->flags = PR_SET_MM_START_BRK;
}

/* An empty heap that begins where a mapping ends. */
static void grow_from_nothing(unsigned long p)
{
	set_brk(p + 4);
	mark_start_brk(p + 4);
	set_brk(p + 6);
	mark_start_brk(0);
}

/* What KSM is to look at by itself, beside what it was told to look at. */
static void merge_memory(unsigned long p)
{
	next(DO_MEMORY_MERGE, 0, 0)->flags = 1;
	map(p, 1, RW, 0);
	map(p + 1, 1, RW, 0);
	next(DO_MEMORY_MERGE, 0, 0)->flags = 0;
}

/* A page out of a mapping that is the kernel's own. */
static void cut_vdso(unsigned long p)
{
	advise(p, 1, MADV_SEQUENTIAL);
	out[-1].at = (struct where){ .base = AT_VDSO };
}

/* A read of a whole huge page, beside what was written apart. */
static void read_huge(unsigned long p)
{
	const unsigned long pages = 512, at = pages - 1;

	(void)p;
	map(at + pages + 1, 1, RW, 0);
	advise(at + pages + 1, 1, MADV_DONTFORK);
	advise(at + pages + 1, 1, POPULATE_WRITE);
	map(at + 1, pages, R, 0);
	next(DO_READ, at + 1, 1)->len = 1;
	advise(at + pages + 1, 1, MADV_DOFORK);
	protect(at + 1, pages, RW);
	unmap(at + 1, pages + 1);
}

static void fill_memory(unsigned long p)
{
	next(DO_EXHAUST, 0, p % 3);
}

unsigned int recipe(struct call *calls, unsigned long number,
		    unsigned long page)
{
	static void (*const recipes[])(unsigned long page) = {
		faulted_meets_untouched, fill_gap, grow_into_neighbour,
		shrink_over_hole, shift_segment, move_about, name_memory,
		grow_from_nothing, merge_memory, cut_vdso, read_huge,
		fill_memory,
	};

	out = calls;
	recipes[number % ARRAY_SIZE(recipes)](page);
	return out - calls;
}
