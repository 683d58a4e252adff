/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a seed to calls. Addresses stay symbolic (window, slot, heap), so that a
 * call means the same after others before it were left out.
 *
 * Nothing may hit what the test itself stands on: its image, the first heap and
 * the stack. So every length is short, or so long that the kernel refuses it
 * before it looks at any mapping.
 */
#include <sys/mman.h>

#include "diff.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define NOREPLACE	0x100000
#define HUGE		(2UL << 20)

static uint64_t state;
static unsigned long slot_pages[SLOTS];		/* as far as is known here */

/* splitmix64 */
uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned long few_pages(void)
{
	return one_in(6) ? 1 + below(16) : 1 + below(4);
}

/* Somewhere that @pages pages have room, or nearly. */
static struct where somewhere(unsigned long pages)
{
	struct where w = { .base = AT_WINDOW };
	unsigned long room;

	switch (below(10)) {
	case 0: case 1: case 2:
		w.base = AT_SLOT;
		w.slot = below(SLOTS);
		room = slot_pages[w.slot] + 2;
		w.offset = ((long)below(room) - 1) * (long)PAGE_SIZE;
		break;
	case 3:
		w.base = AT_HEAP;
		w.offset = below(HEAP_PAGES) * PAGE_SIZE;
		break;
	default:
		room = WINDOW_PAGES > pages ? WINDOW_PAGES - pages : 1;
		w.offset = below(room) * PAGE_SIZE;
	}
	return w;
}

/* Lengths and addresses that no sane program gives. */
static void spoil(struct call *c)
{
	switch (below(6)) {
	case 0:
		c->len = 0;
		break;
	case 1:
		c->len = PICK(1UL << 47, 1UL << 62, -PAGE_SIZE, -1UL,
			      (1UL << 47) - PAGE_SIZE);
		/* From within a VMA these might reach what must stay. */
		if (c->kind == DO_MADVISE)
			c->len = -1UL;
		if (c->kind == DO_MREMAP)
			c->len = 1UL << 47;
		break;
	case 2:
		c->at.offset += 1 + below(PAGE_SIZE - 1);
		break;
	case 3:
		c->len += 1 + below(PAGE_SIZE - 1);
		break;
	case 4:
		c->flags ^= 1UL << below(24);
		if (c->kind == DO_MADVISE)
			c->flags = below(130);
		break;
	case 5:
		c->prot ^= 1 << below(26);
		break;
	}
}

int some_prot(void)
{
	return PICK(PROT_NONE, PROT_READ, PROT_READ,
		    PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		    PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		    PROT_READ | PROT_EXEC, PROT_WRITE,
		    PROT_READ | PROT_WRITE | PROT_EXEC);
}

static unsigned long kept_slot(struct call *c, unsigned long pages)
{
	c->slot = below(SLOTS);
	slot_pages[c->slot] = pages;
	return pages * PAGE_SIZE;
}

static unsigned long map_flags(void)
{
	unsigned long flags = 0;

	if (one_in(10))
		flags |= MAP_NORESERVE;
	if (one_in(12))
		flags |= MAP_STACK;
	if (one_in(20))
		flags |= MAP_GROWSDOWN;
	if (one_in(12))
		flags |= MAP_POPULATE;
	if (one_in(25))
		flags |= MAP_LOCKED;
	return flags;
}

static void gen_free_mmap(struct call *c)
{
	unsigned long pages = few_pages();

	if (one_in(6))
		pages = (1 + below(3)) * (HUGE >> PAGE_SHIFT);
	if (one_in(8))
		pages = 500 + below(1200);
	c->len = kept_slot(c, pages);
	if (one_in(3))
		c->at = somewhere(pages);
	if (one_in(30))
		c->flags |= 0x40;		/* MAP_32BIT */
	if (one_in(30))
		c->flags |= 0x80;		/* MAP_ABOVE4G */
}

static void gen_mmap(struct call *c)
{
	unsigned long pages = few_pages();

	c->kind = DO_MMAP;
	c->prot = some_prot();
	c->flags = map_flags();
	c->len = pages * PAGE_SIZE;
	if (one_in(3)) {
		gen_free_mmap(c);
	} else {
		c->at = somewhere(pages);
		c->flags |= one_in(10) ? NOREPLACE : MAP_FIXED;
	}
	if (one_in(4)) {
		c->file = below(MAX_FILES);
		c->off = below(8) * PAGE_SIZE;
		if (one_in(12))
			c->off = PICK(HUGE, HUGE + PAGE_SIZE, 1UL << 40,
				      -PAGE_SIZE, 100);
		/* Neighbours of one file are to meet. */
		if (c->at.base == AT_WINDOW && !one_in(3))
			c->off = c->at.offset;
	} else {
		c->flags |= MAP_ANONYMOUS;
	}
	c->flags |= one_in(4) ? MAP_SHARED : MAP_PRIVATE;
	if (one_in(60))
		c->flags ^= PICK(1, 2, 3, 8, 10);
}

void gen_range(struct call *c, enum kind kind)
{
	unsigned long pages = few_pages();

	c->kind = kind;
	c->len = pages * PAGE_SIZE;
	c->at = somewhere(pages);
}

static void gen_mprotect(struct call *c)
{
	gen_range(c, DO_MPROTECT);
	c->prot = some_prot();
	if (one_in(40))
		c->prot |= PROT_GROWSDOWN;
	if (one_in(200))
		c->prot |= PROT_GROWSUP;
}

unsigned long some_advice(void)
{
	unsigned long advice = PICK(0, 1, 2, 3, 4, 4, 8, 10, 10, 11, 11, 12, 13,
				    14, 15, 16, 16, 17, 17, 18, 18, 19, 20, 21,
				    22, 23, 24, 9, 102, 103, 25);

	return advice == 25 && !one_in(4) ? 0 : advice;
}

static void gen_madvise(struct call *c)
{
	gen_range(c, DO_MADVISE);
	c->flags = some_advice();
}

static void gen_mremap(struct call *c)
{
	unsigned long new_pages = few_pages();

	gen_range(c, DO_MREMAP);
	c->new_len = one_in(3) ? c->len : new_pages * PAGE_SIZE;
	if (one_in(12))
		c->new_len = HUGE;
	if (one_in(30))
		c->len = 0;
	if (one_in(60))
		c->new_len = PICK(0, 1, -1UL, 1UL << 47, 1UL << 62);
	c->to = somewhere(new_pages);
	switch (below(8)) {
	case 0: case 1:
		break;
	case 2: case 3:
		c->flags = MREMAP_MAYMOVE;
		break;
	case 4: case 5: case 6:
		c->flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		break;
	case 7:
		c->flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP |
			   (one_in(2) ? MREMAP_FIXED : 0);
		if (!one_in(8))
			c->new_len = c->len;
		if (one_in(3))
			c->to.base = AT_NULL, c->to.offset = 0;
		break;
	}
	if (!(c->flags & MREMAP_FIXED))
		kept_slot(c, c->new_len < (8UL << 20) ?
				     c->new_len >> PAGE_SHIFT : 0);
	/* A shrink of much would take what lies behind with it. */
	if (c->new_len < (1UL << 40) && c->len > (64UL << 20))
		c->len = PAGE_SIZE;
}

static void gen_brk(struct call *c)
{
	c->kind = DO_BRK;
	c->at.base = AT_HEAP;
	c->at.offset = below(HEAP_PAGES) * PAGE_SIZE;
	if (one_in(3))
		c->at.offset += below(PAGE_SIZE);
	if (one_in(4)) {
		c->at.base = AT_BRK;
		c->at.offset = below(3 * PAGE_SIZE);
	}
	if (one_in(30)) {
		c->at.base = AT_ABSOLUTE;
		c->at.offset = PICK(0, 1, 4096, 1UL << 46, -1UL, -5000UL);
	}
}

static void gen_lock(struct call *c)
{
	switch (below(12)) {
	case 0:
		c->kind = one_in(5) ? DO_MLOCKALL : DO_MUNLOCKALL;
		c->flags = PICK(1, 2, 2, 3, 4, 5, 6, 7, 0, 8);
		return;
	case 1: case 2: case 3: case 4: case 5:
		gen_range(c, DO_MUNLOCK);
		break;
	default:
		gen_range(c, DO_MLOCK);
		c->flags = one_in(3);
		if (one_in(50))
			c->flags = 2;
	}
	if (one_in(5))
		c->at.offset += below(PAGE_SIZE);
}

static void gen_shared(struct call *c)
{
	switch (below(4)) {
	case 0:
		gen_range(c, DO_REMAP_FILE_PAGES);
		c->off = below(8);
		c->flags = one_in(3) ? MAP_NONBLOCK : 0;
		break;
	case 1: case 2:
		c->kind = DO_SHMAT;
		c->file = below(2);
		c->flags = PICK(0, 0, 010000, 020000, 040000, 0100000);
		if (c->flags & 040000 || one_in(3))
			c->at = somewhere(4);
		else
			kept_slot(c, 4);
		break;
	default:
		gen_range(c, DO_SHMDT);
		if (one_in(2)) {
			c->at.base = AT_SLOT;
			c->at.offset = 0;
		}
	}
}

static void gen_name(struct call *c)
{
	gen_range(c, DO_NAME);
	c->flags = one_in(2);
}

static void gen_touch(struct call *c, enum kind kind)
{
	c->kind = kind;
	c->at = somewhere(1);
	c->len = 1 + below(3);		/* pages apart */
	if (one_in(12))
		c->at.offset -= PAGE_SIZE;
}

static void gen_one(struct call *c)
{
	unsigned long n = below(1000);

	*c = (struct call){ .file = -1, .slot = -1 };
	if (n < 280)
		gen_mmap(c);
	else if (n < 370)
		gen_range(c, DO_MUNMAP);
	else if (n < 520)
		gen_mprotect(c);
	else if (n < 600)
		gen_madvise(c);
	else if (n < 700)
		gen_mremap(c);
	else if (n < 750)
		gen_brk(c);
	else if (n < 800)
		gen_lock(c);
	else if (n < 830)
		gen_shared(c);
	else if (n < 835)
		gen_name(c);
	else if (n < 875)
		gen_rare(c);
	else if (n < 970)
		gen_touch(c, DO_WRITE);
	else if (n < 998)
		gen_touch(c, DO_READ);
	else
		c->kind = DO_FORK;
	if (c->kind < DO_NAME && c->kind != DO_BRK && one_in(30))
		spoil(c);
	if (one_in(4))
		c->thread = 1 + below(LANES);
}

void generate(struct call *calls, unsigned int n, uint64_t seed)
{
	unsigned int i;

	state = seed * 0x2545f4914f6cdd1dULL + 1;
	for (i = 0; i < n; i++) {
		if (one_in(25) && n - i >= RECIPE_CALLS) {
			i += recipe(&calls[i], draw() >> 8,
				    below(WINDOW_PAGES - 8)) - 1;
		} else if (one_in(40) && n - i >= LANES) {
			gen_together(&calls[i]);
			i += LANES - 1;
		} else {
			gen_one(&calls[i]);
		}
	}
}
