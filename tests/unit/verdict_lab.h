/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which refusal wins? A call that would succeed is spoilt in one way, then in
 * two ways at once; the ways stand in the order in which the kernel looks for
 * them, so the first of the two must be what is foretold.
 */
#ifndef TESTS_UNIT_VERDICT_LAB_H
#define TESTS_UNIT_VERDICT_LAB_H

#include "place_lab.h"

struct spoiler {
	const char *what;
	int group;	/* two of one group cannot be had at once; 0: none */
	long err;
	void (*spoil)(struct mm_op *op);
};

/* What fresh() sets up, and the call that succeeds there. */
typedef void fresh_fn(const struct mm_rules *rules, struct mm_op *op);

static long spoilt(fresh_fn *fresh, const struct mm_rules *rules,
		   const struct spoiler *a, const struct spoiler *b)
{
	struct mm_op op;

	fresh(rules, &op);
	if (a)
		a->spoil(&op);
	if (b)
		b->spoil(&op);
	if (mm_prepare(&mm, &op))
		return UNKNOWN;
	return op.verdict_known ? op.predicted : UNKNOWN;
}

__attribute__((unused))
static void refused_in_order(const char *name, const struct mm_rules *rules,
			     fresh_fn *fresh, const struct spoiler *s,
			     unsigned int n)
{
	unsigned int wrong = 0;
	long got = spoilt(fresh, rules, NULL, NULL);

	ok(got >= 0, "%s: it succeeds as it is (%ld)", name, got);
	for (unsigned int i = 0; i < n; i++)
		is_i64(spoilt(fresh, rules, &s[i], NULL), s[i].err, "%s: %s",
		       name, s[i].what);
	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int j = i + 1; j < n; j++) {
			if (s[i].group && s[i].group == s[j].group)
				continue;
			got = spoilt(fresh, rules, &s[i], &s[j]);
			if (got == s[i].err)
				continue;
			diag("%s and %s: %ld", s[i].what, s[j].what, got);
			wrong++;
		}
	}
	is_u64(wrong, 0, "%s: of two refusals the first is told", name);
}

#define in_order(name, rules, fresh, list) \
	refused_in_order(name, rules, fresh, list, ARRAY_SIZE(list))

/* A VMA of the given flags over pages; no call could have made some of them. */
__attribute__((unused))
static struct vm_area_struct *special(int at, int pages, uint64_t flags)
{
	return wall(P(at), P(at + pages), flags | VM_MAYREAD | VM_MAYWRITE |
					  VM_MAYEXEC);
}

/* What a call of these arguments would say; UNKNOWN where nobody can. */
__attribute__((unused))
static long verdict(struct mm_op *op)
{
	if (mm_prepare(&mm, op) || !op->verdict_known)
		return UNKNOWN;
	return op->predicted;
}

__attribute__((unused))
static long verdict_on(enum mm_call call, int at, int pages, int prot,
		       unsigned long flags)
{
	struct mm_op op = {
		.call = call, .addr = P(at),
		.len = (unsigned long)pages * PAGE_SIZE, .prot = prot,
		.flags = flags, .pkey = -1,
	};

	return verdict(&op);
}

#endif
