/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each file's i_mmap: the VMAs that map it, an interval tree by file page. A
 * red-black tree ordered by first page; each node knows the last page that any
 * VMA below it maps. Mirrors mm/interval_tree.c and lib/interval_tree.
 */
#include "engine/internal.h"

#define vma_of(node) rb_entry(node, struct vm_area_struct, shared.rb)

static unsigned long last_page(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static unsigned long subtree_last(struct rb_node *node)
{
	return node ? vma_of(node)->shared.rb_subtree_last : 0;
}

static unsigned long compute_last(const struct vm_area_struct *vma)
{
	unsigned long last = last_page(vma);
	unsigned long left = subtree_last(vma->shared.rb.rb_left);
	unsigned long right = subtree_last(vma->shared.rb.rb_right);

	if (left > last)
		last = left;
	return right > last ? right : last;
}

static void propagate(struct rb_node *node, struct rb_node *stop)
{
	for (; node != stop; node = rb_parent(node)) {
		unsigned long last = compute_last(vma_of(node));

		if (vma_of(node)->shared.rb_subtree_last == last)
			break;
		vma_of(node)->shared.rb_subtree_last = last;
	}
}

static void copy(struct rb_node *old, struct rb_node *new)
{
	vma_of(new)->shared.rb_subtree_last =
		vma_of(old)->shared.rb_subtree_last;
}

static void rotate(struct rb_node *old, struct rb_node *new)
{
	copy(old, new);
	vma_of(old)->shared.rb_subtree_last = compute_last(vma_of(old));
}

static const struct rb_augment_callbacks callbacks = {
	.propagate = propagate,
	.copy = copy,
	.rotate = rotate,
};

void __vma_link_file(struct vm_area_struct *vma)
{
	struct mm_file *file = vma->vm_file;
	struct rb_node **link = &file->i_mmap.rb_root.rb_node;
	struct rb_node *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (vma->vm_pgoff < vma_of(parent)->vm_pgoff) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	if (leftmost)
		file->i_mmap.rb_leftmost = &vma->shared.rb;
	rb_link_node(&vma->shared.rb, parent, link);
	vma->shared.rb_subtree_last = last_page(vma);
	propagate(parent, NULL);
	rb_insert_augmented(&vma->shared.rb, &file->i_mmap.rb_root, &callbacks);
	file->mapcount++;
}

void __vma_unlink_file(struct vm_area_struct *vma)
{
	struct rb_root_cached *tree = &vma->vm_file->i_mmap;

	if (tree->rb_leftmost == &vma->shared.rb)
		tree->rb_leftmost = rb_next(&vma->shared.rb);
	rb_erase_augmented(&vma->shared.rb, &tree->rb_root, &callbacks);
	vma->vm_file->mapcount--;
}

/* The leftmost VMA below @node that reaches @first, and what it maps. */
static struct vm_area_struct *search(struct rb_node *node, unsigned long first,
				     unsigned long last)
{
	while (node) {
		if (node->rb_left && subtree_last(node->rb_left) >= first) {
			node = node->rb_left;
			continue;
		}
		if (vma_of(node)->vm_pgoff > last)
			return NULL;
		if (last_page(vma_of(node)) >= first)
			return vma_of(node);
		node = node->rb_right;
		if (subtree_last(node) < first)
			return NULL;
	}
	return NULL;
}

struct vm_area_struct *vma_interval_tree_iter_first(const struct mm_file *file,
						    unsigned long first,
						    unsigned long last)
{
	struct rb_node *root = file->i_mmap.rb_root.rb_node;

	return root && subtree_last(root) >= first ? search(root, first, last)
						   : NULL;
}

struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *vma,
						   unsigned long first,
						   unsigned long last)
{
	struct rb_node *node = &vma->shared.rb, *right = node->rb_right;

	if (right && subtree_last(right) >= first)
		return search(right, first, last);
	/* Up, past the nodes whose left side was already looked at. */
	for (; rb_parent(node); node = rb_parent(node)) {
		struct vm_area_struct *up = vma_of(rb_parent(node));

		if (up->shared.rb.rb_left != node)
			continue;
		if (up->vm_pgoff > last)
			return NULL;
		if (last_page(up) >= first)
			return up;
		right = up->shared.rb.rb_right;
		if (right && subtree_last(right) >= first)
			return search(right, first, last);
	}
	return NULL;
}
