/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Red-black tree with augmented nodes. Interface after include/linux/rbtree.h
 * and rbtree_augmented.h, so that a reader of mm/ reads on; contracts here.
 *
 * The caller descends by itself, then rb_link_node() and one of the insert
 * functions. An augmented node carries a value computed from itself and its
 * children; the callbacks keep it right through rotations.
 */
#ifndef VS_ENGINE_RBTREE_H
#define VS_ENGINE_RBTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct rb_node {
	unsigned long __rb_parent_color;	/* parent | colour (1: black) */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

struct rb_augment_callbacks {
	/* recompute from @node up to, not including, @stop */
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	/* @new takes @old's place and value */
	void (*copy)(struct rb_node *old, struct rb_node *new);
	/* rotated: @new takes @old's value, @old is recomputed */
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

#define RB_RED		0
#define RB_BLACK	1
#define rb_parent(n)	((struct rb_node *)((n)->__rb_parent_color & ~3UL))
#define rb_color(n)	((n)->__rb_parent_color & 1)
#define rb_is_red(n)	(!rb_color(n))
#define rb_is_black(n)	rb_color(n)
#define rb_entry(ptr, type, member) container_of(ptr, type, member)

#define RB_EMPTY_ROOT(root) (!(root)->rb_node)

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->__rb_parent_color = (unsigned long)parent;
	node->rb_left = node->rb_right = NULL;
	*link = node;
}

/* rb_insert_augmented() - rebalance after @node was linked. */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment);
/* rb_erase_augmented() - take @node out; it must be in @root. */
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);

struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

#endif
