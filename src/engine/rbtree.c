/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Red-black tree with augmented nodes; contracts in rbtree.h.
 *
 * The invariants: the root is black, a red node has black children, each way
 * from the root to a missing child passes the same number of black nodes.
 * Written once for both sides: "dir" says on which side of its parent a node
 * hangs (1: left), and the mirrored case is the same code with !dir.
 */
#include "engine/rbtree.h"

static struct rb_node **child_at(struct rb_node *node, bool left)
{
	return left ? &node->rb_left : &node->rb_right;
}

static bool red(const struct rb_node *node)
{
	return node && rb_is_red(node);
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->__rb_parent_color = (unsigned long)parent | rb_color(node);
}

static void set_color(struct rb_node *node, unsigned long color)
{
	node->__rb_parent_color =
		(node->__rb_parent_color & ~1UL) | color;
}

/* What hung on @old hangs on @new: @parent (NULL: the root) points to it. */
static void change_child(struct rb_node *old, struct rb_node *new,
			 struct rb_node *parent, struct rb_root *root)
{
	if (!parent)
		root->rb_node = new;
	else
		*child_at(parent, parent->rb_left == old) = new;
}

/*
 *	   top			   up
 *	  /   \			  /  \
 *	a      up	->	top   c		(to the left)
 *	      /  \	       /   \
 *	     b    c	      a     b
 */
static void rotate(struct rb_node *top, bool left, struct rb_root *root,
		   const struct rb_augment_callbacks *augment)
{
	struct rb_node *up = *child_at(top, !left);
	struct rb_node *inner = *child_at(up, left);
	struct rb_node *parent = rb_parent(top);

	*child_at(top, !left) = inner;
	if (inner)
		set_parent(inner, top);
	*child_at(up, left) = top;
	set_parent(up, parent);
	set_parent(top, up);
	change_child(top, up, parent, root);
	augment->rotate(top, up);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent, *gparent, *uncle;
	bool left;

	set_color(node, RB_RED);
	/* The only law that may be broken: node and its parent are red. */
	while ((parent = rb_parent(node)) && rb_is_red(parent)) {
		gparent = rb_parent(parent);
		left = gparent->rb_left == parent;
		uncle = *child_at(gparent, !left);
		if (red(uncle)) {
			set_color(uncle, RB_BLACK);
			set_color(parent, RB_BLACK);
			set_color(gparent, RB_RED);
			node = gparent;
			continue;
		}
		if (*child_at(parent, !left) == node) {
			rotate(parent, left, root, augment);
			parent = node;
		}
		set_color(parent, RB_BLACK);
		set_color(gparent, RB_RED);
		rotate(gparent, !left, root, augment);
		break;
	}
	set_color(root->rb_node, RB_BLACK);
}

/*
 * All ways through @node (which may be missing), a child of @parent, have one
 * black node too few.
 */
static void erase_fixup(struct rb_node *node, struct rb_node *parent,
			struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	struct rb_node *sibling;
	bool left;

	while (parent && !red(node)) {
		left = parent->rb_left == node;
		sibling = *child_at(parent, !left);
		if (rb_is_red(sibling)) {
			set_color(sibling, RB_BLACK);
			set_color(parent, RB_RED);
			rotate(parent, left, root, augment);
			sibling = *child_at(parent, !left);
		}
		if (!red(sibling->rb_left) && !red(sibling->rb_right)) {
			set_color(sibling, RB_RED);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (!red(*child_at(sibling, !left))) {
			set_color(*child_at(sibling, left), RB_BLACK);
			set_color(sibling, RB_RED);
			rotate(sibling, !left, root, augment);
			sibling = *child_at(parent, !left);
		}
		set_color(sibling, rb_color(parent));
		set_color(parent, RB_BLACK);
		set_color(*child_at(sibling, !left), RB_BLACK);
		rotate(parent, left, root, augment);
		return;
	}
	if (node)
		set_color(node, RB_BLACK);
}

/*
 * @node has two children: its successor takes its place, colour and value.
 * Returns the node below which the successor is missing now.
 */
static struct rb_node *take_place(struct rb_node *node, struct rb_node *next,
				  struct rb_root *root,
				  const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent = rb_parent(next);
	struct rb_node *child = next->rb_right;

	if (parent == node) {
		parent = next;
	} else {
		parent->rb_left = child;
		if (child)
			set_parent(child, parent);
		next->rb_right = node->rb_right;
		set_parent(next->rb_right, next);
	}
	next->rb_left = node->rb_left;
	set_parent(next->rb_left, next);
	next->__rb_parent_color = node->__rb_parent_color;
	change_child(node, next, rb_parent(node), root);
	augment->copy(node, next);
	/* The value of @next is of its old place: recompute it in any case. */
	if (parent != next)
		augment->propagate(parent, next);
	augment->propagate(next, NULL);
	return parent;
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	struct rb_node *child, *parent, *next;
	bool black;

	if (node->rb_left && node->rb_right) {
		for (next = node->rb_right; next->rb_left;)
			next = next->rb_left;
		black = rb_is_black(next);
		child = next->rb_right;
		parent = take_place(node, next, root, augment);
	} else {
		child = node->rb_left ? node->rb_left : node->rb_right;
		parent = rb_parent(node);
		black = rb_is_black(node);
		change_child(node, child, parent, root);
		if (child)
			set_parent(child, parent);
		if (parent)
			augment->propagate(parent, NULL);
	}
	if (black)
		erase_fixup(child, parent, root, augment);
}

static struct rb_node *outermost(struct rb_node *node, bool left)
{
	struct rb_node *next;

	while (node && (next = *child_at(node, left)))
		node = next;
	return node;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->rb_node, true);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->rb_node, false);
}

/* The neighbour on the other side than @left. */
static struct rb_node *neighbour(const struct rb_node *node, bool left)
{
	struct rb_node *below = left ? node->rb_right : node->rb_left;
	struct rb_node *parent;

	if (below)
		return outermost(below, left);
	while ((parent = rb_parent(node)) &&
	       node == (left ? parent->rb_right : parent->rb_left))
		node = parent;
	return parent;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, true);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, false);
}
