/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose every byte is; contracts in owners.h. */
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/owners.h"

struct piece {
	struct rb_node rb;
	uint64_t start, end;
	uint32_t mapping;
	struct piece *next;		/* while it is free, or on its way */
};

/* The tree is a plain one: nothing is carried along. */
static void propagate_none(struct rb_node *node, struct rb_node *stop)
{
	(void)node;
	(void)stop;
}

static void carry_none(struct rb_node *old, struct rb_node *new)
{
	(void)old;
	(void)new;
}

static const struct rb_augment_callbacks plain = {
	propagate_none, carry_none, carry_none,
};

uint32_t owners_new(struct owners *o, uint32_t owner, uint32_t event)
{
	if (o->nr == o->room) {
		o->room = o->room ? o->room * 2 : 1024;
		o->mappings = grow(o->mappings, o->room, sizeof(*o->mappings));
	}
	o->mappings[o->nr] = (struct mapping){ .owner = owner, .event = event };
	return o->nr++;
}

static struct piece *piece_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct piece, rb) : NULL;
}

/* The first that ends behind @addr. */
static struct piece *first_after(const struct owners *o, uint64_t addr)
{
	struct rb_node *node = o->pieces.rb_node;
	struct piece *found = NULL;

	while (node) {
		struct piece *p = piece_of(node);

		if (p->end > addr) {
			found = p;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static struct piece *after(struct piece *p)
{
	return piece_of(rb_next(&p->rb));
}

/* Where nothing is. */
static void insert(struct owners *o, uint64_t start, uint64_t end,
		   uint32_t mapping)
{
	struct rb_node **link = &o->pieces.rb_node, *parent = NULL;
	struct piece *p = o->free;

	if (p)
		o->free = p->next;
	else
		p = grow(NULL, 1, sizeof(*p));
	p->start = start;
	p->end = end;
	p->mapping = mapping;
	while (*link) {
		parent = *link;
		link = start < piece_of(parent)->start ? &parent->rb_left
						       : &parent->rb_right;
	}
	rb_link_node(&p->rb, parent, link);
	rb_insert_augmented(&p->rb, &o->pieces, &plain);
}

static void cut(struct owners *o, uint64_t addr)
{
	struct piece *p = first_after(o, addr);
	uint64_t end;

	if (!p || p->start >= addr)
		return;
	end = p->end;
	p->end = addr;
	insert(o, addr, end, p->mapping);
}

static uint64_t bytes(const struct piece *p)
{
	return p->end - p->start;
}

/* A list of what was in [start, end), which belongs to the caller. */
static struct piece *take(struct owners *o, uint64_t start, uint64_t end)
{
	struct piece *p, *next, *list = NULL;

	cut(o, start);
	cut(o, end);
	for (p = first_after(o, start); p && p->start < end; p = next) {
		next = after(p);
		rb_erase_augmented(&p->rb, &o->pieces, &plain);
		o->mappings[p->mapping].alive -= bytes(p);
		p->next = list;
		list = p;
	}
	return list;
}

static struct piece *give_back(struct owners *o, struct piece *p)
{
	struct piece *next = p->next;

	p->next = o->free;
	o->free = p;
	return next;
}

void owners_unmap(struct owners *o, uint64_t start, uint64_t end)
{
	struct piece *p;

	if (start >= end)
		return;
	for (p = take(o, start, end); p;)
		p = give_back(o, p);
}

void owners_map(struct owners *o, uint64_t start, uint64_t end,
		uint32_t mapping)
{
	if (start >= end)
		return;
	owners_unmap(o, start, end);
	insert(o, start, end, mapping);
	o->mappings[mapping].made += end - start;
	o->mappings[mapping].alive += end - start;
}

/* As owners_map(), but nothing was made: it is elsewhere, or again. */
static void put(struct owners *o, uint64_t start, uint64_t end,
		uint32_t mapping, bool again)
{
	uint64_t made = o->mappings[mapping].made;

	owners_map(o, start, end, mapping);
	o->mappings[mapping].made = made + (again ? end - start : 0);
}

void owners_move(struct owners *o, uint64_t from, uint64_t len, uint64_t to,
		 uint64_t new_len, bool keep, uint32_t mapping)
{
	struct piece *p = take(o, from, from + len);

	owners_unmap(o, to, to + new_len);
	while (p) {
		uint64_t start = p->start - from, end = p->end - from;

		if (keep)
			put(o, p->start, p->end, p->mapping, false);
		if (end > new_len)
			end = new_len;
		if (start < end)
			put(o, to + start, to + end, p->mapping, keep);
		p = give_back(o, p);
	}
	if (new_len > len)
		owners_map(o, to + len, to + new_len, mapping);
}

static uint64_t drop(struct owners *o, uint64_t start, uint64_t end)
{
	uint64_t n = 0;

	for (struct piece *p = first_after(o, start); p && p->start < end;
	     p = after(p))
		n += (p->end < end ? p->end : end) -
		     (p->start > start ? p->start : start);
	if (n)
		owners_unmap(o, start, end);
	return n;
}

uint64_t owners_sync(struct owners *o, const struct mm_struct *mm,
		     uint64_t start, uint64_t end,
		     uint32_t (*owner)(void *ctx,
				       const struct vm_area_struct *vma),
		     void *ctx)
{
	struct vm_area_struct *vma =
		find_vma_intersection((struct mm_struct *)mm, start, end);
	uint64_t changed = 0, at = start;

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		uint64_t stop = vma->vm_end < end ? vma->vm_end : end;

		if (vma->vm_start > at) {
			changed += drop(o, at, vma->vm_start);
			at = vma->vm_start;
		}
		while (at < stop) {
			struct piece *p = first_after(o, at);
			uint64_t next = p && p->start < stop ? p->start : stop;

			if (next > at) {
				owners_map(o, at, next, owner(ctx, vma));
				changed += next - at;
			} else {
				next = p->end < stop ? p->end : stop;
			}
			at = next;
		}
	}
	return at < end ? changed + drop(o, at, end) : changed;
}
