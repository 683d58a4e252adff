/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The augmented red-black tree, and on it the interval tree of a file: random
 * inserts and erases against a plain array, every law looked at after each.
 */
#include "engine/internal.h"

#include "tap.h"

#define KEYS 400

struct item {
	struct rb_node rb;
	unsigned int key;
	unsigned long weight, max;	/* max: of all weights below */
	bool in;
};

static struct item items[KEYS];
static struct rb_root root;
static uint64_t seed = 88172645463325252ULL;

static unsigned int dice(unsigned int sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed % sides);
}

#define item_of(n) rb_entry(n, struct item, rb)

static unsigned long weight_below(struct item *it)
{
	unsigned long max = it->weight;

	if (it->rb.rb_left && item_of(it->rb.rb_left)->max > max)
		max = item_of(it->rb.rb_left)->max;
	if (it->rb.rb_right && item_of(it->rb.rb_right)->max > max)
		max = item_of(it->rb.rb_right)->max;
	return max;
}

static void propagate(struct rb_node *node, struct rb_node *stop)
{
	for (; node != stop; node = rb_parent(node)) {
		if (item_of(node)->max == weight_below(item_of(node)))
			break;
		item_of(node)->max = weight_below(item_of(node));
	}
}

static void copy(struct rb_node *old, struct rb_node *new)
{
	item_of(new)->max = item_of(old)->max;
}

static void rotate(struct rb_node *old, struct rb_node *new)
{
	copy(old, new);
	item_of(old)->max = weight_below(item_of(old));
}

static const struct rb_augment_callbacks callbacks = {
	.propagate = propagate, .copy = copy, .rotate = rotate,
};

static void insert(struct item *it)
{
	struct rb_node **link = &root.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < item_of(parent)->key ? &parent->rb_left
						      : &parent->rb_right;
	}
	rb_link_node(&it->rb, parent, link);
	it->max = it->weight;
	propagate(parent, NULL);
	rb_insert_augmented(&it->rb, &root, &callbacks);
	it->in = true;
}

static unsigned int blacks(struct rb_node *node)
{
	unsigned int n = 0;

	for (; node; node = rb_parent(node))
		n += rb_is_black(node);
	return n;
}

/* Returns the first broken law, or NULL. */
static const char *broken_node(struct rb_node *n, unsigned int *height)
{
	struct rb_node *parent = rb_parent(n);

	if ((n->rb_left && rb_parent(n->rb_left) != n) ||
	    (n->rb_right && rb_parent(n->rb_right) != n))
		return "parent pointers";
	if (parent ? rb_is_red(n) && rb_is_red(parent) : rb_is_red(n))
		return "colours";
	if (!n->rb_left || !n->rb_right) {
		if (*height && *height != blacks(n))
			return "black height";
		*height = blacks(n);
	}
	return item_of(n)->max == weight_below(item_of(n)) ? NULL : "maxima";
}

static const char *broken(void)
{
	struct rb_node *n = rb_first(&root), *prev = NULL;
	unsigned int height = 0;
	const char *law;

	for (unsigned int i = 0; i < KEYS; i++) {
		if (!items[i].in)
			continue;
		if (n != &items[i].rb)
			return "order forwards";
		if (rb_prev(n) != prev)
			return "order backwards";
		law = broken_node(n, &height);
		if (law)
			return law;
		prev = n;
		n = rb_next(n);
	}
	return n || rb_last(&root) != prev ? "the ends" : NULL;
}

/* Grow, hold, and shrink to nothing; each step is looked at. */
static void test_random_inserts_and_erases_keep_every_law(void)
{
	const char *law = NULL;
	unsigned int step;

	for (unsigned int i = 0; i < KEYS; i++)
		items[i] = (struct item){ .key = i, .weight = dice(1000) };
	for (step = 0; step < 12000 && !law; step++) {
		struct item *it = &items[dice(KEYS)];
		unsigned int grow = step < 4000 ? 7 : step < 8000 ? 5 : 2;

		if (!it->in && dice(10) < grow) {
			insert(it);
		} else if (it->in && dice(10) >= grow) {
			rb_erase_augmented(&it->rb, &root, &callbacks);
			it->in = false;
		}
		law = broken();
	}
	is_str(law, NULL, "no law is broken in %u steps", step);
	for (unsigned int i = 0; i < KEYS && !law; i++) {
		if (items[i].in)
			rb_erase_augmented(&items[i].rb, &root, &callbacks);
		items[i].in = false;
		law = broken();
	}
	is_str(law, NULL, "nor while it is emptied");
	ok(RB_EMPTY_ROOT(&root), "it is empty");
}

static void test_a_sorted_run_stays_balanced(void)
{
	unsigned int depth = 0, d;

	root = (struct rb_root){ NULL };
	for (unsigned int i = 0; i < 256; i++) {
		items[i] = (struct item){ .key = i, .weight = i };
		insert(&items[i]);
	}
	for (unsigned int i = 0; i < 256; i++) {
		d = 0;
		for (struct rb_node *n = &items[i].rb; n; n = rb_parent(n))
			d++;
		if (d > depth)
			depth = d;
	}
	ok(depth <= 16, "256 in order: %u deep, at most 2 log2(257)", depth);
	is_u64(item_of(root.rb_node)->max, 255, "the root knows the maximum");
}

/* --- a file's interval tree ------------------------------------------------ */

#define MAPS 80

static struct vm_area_struct vmas[MAPS];
static bool linked[MAPS];
static struct mm_file file;

static bool maps_any(const struct vm_area_struct *vma, unsigned long first,
		     unsigned long last)
{
	return vma->vm_pgoff <= last &&
	       vma->vm_pgoff + vma_pages(vma) - 1 >= first;
}

/* Each VMA that maps [first, last], once, in order of its first page. */
static const char *query_wrong(unsigned long first, unsigned long last)
{
	struct vm_area_struct *vma, *prev = NULL;
	unsigned int want = 0, got = 0;

	for (unsigned int i = 0; i < MAPS; i++)
		want += linked[i] && maps_any(&vmas[i], first, last);
	for (vma = vma_interval_tree_iter_first(&file, first, last); vma;
	     vma = vma_interval_tree_iter_next(vma, first, last)) {
		if (!maps_any(vma, first, last))
			return "found one that does not map it";
		if (prev && prev->vm_pgoff > vma->vm_pgoff)
			return "out of order";
		prev = vma;
		got++;
	}
	return got == want ? NULL : "missed one, or found one twice";
}

static void test_a_file_knows_who_maps_it(void)
{
	const char *wrong = NULL;
	unsigned int count = 0, i, from;

	for (unsigned int step = 0; step < 4000 && !wrong; step++) {
		i = dice(MAPS);
		if (linked[i]) {
			__vma_unlink_file(&vmas[i]);
			count--;
		} else {
			from = dice(200);
			vmas[i] = (struct vm_area_struct){
				.vm_start = PAGE_SIZE, .vm_file = &file,
				.vm_end = (2 + dice(30)) * PAGE_SIZE,
				.vm_pgoff = from,
			};
			__vma_link_file(&vmas[i]);
			count++;
		}
		linked[i] = !linked[i];
		from = dice(220);
		wrong = query_wrong(from, from + dice(12));
	}
	is_str(wrong, NULL, "every query finds what a plain search finds");
	is_u64(file.mapcount, count, "the file counts its VMAs");
	wrong = query_wrong(0, ~0UL);
	is_str(wrong, NULL, "a query for all finds all");
	is_str(query_wrong(5000, 6000), NULL, "one beyond finds none");
}

int main(void)
{
	test_random_inserts_and_erases_keep_every_law();
	test_a_sorted_run_stays_balanced();
	test_a_file_knows_who_maps_it();
	return done_testing();
}
