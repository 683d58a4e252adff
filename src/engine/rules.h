/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct mm_rules by name: what each field means and since which kernel, the
 * sets of the kernels that are known, and how a set is written as text.
 *
 * Law of the room: pure. No libc, no system call, no clock, no global that is
 * written; async-signal-safe.
 */
#ifndef VS_ENGINE_RULES_H
#define VS_ENGINE_RULES_H

#include <stddef.h>

#include "engine/mm_types.h"

struct fmt;

/*
 * Whether a field follows from the kernel's version. Those that do not stand in
 * a named set with what is usual.
 */
enum rule_source {
	RULE_VERSION,		/* yes */
	RULE_CONFIG,		/* it needs a choice of the kernel's builder too */
	RULE_SETTING,		/* no: a sysctl, a boot argument */
	RULE_POINT_RELEASE,	/* it was mended in some: 6.1.192 has it */
};

struct rule_field {
	const char *name;
	unsigned int offset;	/* in struct mm_rules */
	bool number;		/* an unsigned long, in bytes; else a bool */
	enum rule_source source;
	const char *kernels;	/* where it is 1: "6.16 and later"; "" if the
				 * version does not say */
	const char *meaning;	/* one sentence, said of a kernel where it is 1 */
};

/* Every field, the switches first; ends with a NULL name. */
extern const struct rule_field rule_fields[];

static inline bool *rule_switch(struct mm_rules *rules,
				const struct rule_field *field)
{
	return (bool *)((char *)rules + field->offset);
}

uint64_t rule_value(const struct mm_rules *rules,
		    const struct rule_field *field);

/* rules_describe() - "name=value name=value ...", all fields. */
void rules_describe(struct fmt *f, const struct mm_rules *rules);

/*
 * The kernels that are known, each in its newest point release that was looked
 * at, oldest first. 4.x is the tree whose merge has its classic eight cases.
 */
enum {
	RULES_4_X, RULES_5_10, RULES_5_15, RULES_6_1, RULES_6_6, RULES_6_12,
	RULES_6_17, RULES_6_18, RULES_7_0, RULE_SETS
};

struct rule_set {
	const char *name;	/* "6.12" */
	struct mm_rules rules;
};
extern const struct rule_set rule_sets[RULE_SETS];

/* rules_named() - the set called by the first @len bytes of @name, or NULL. */
const struct rule_set *rules_named(const char *name, size_t len);

/*
 * rules_for_kernel() - the set of the kernel of this release ("6.1.0-13-amd64"):
 * the newest that is not newer than it; the oldest for one older than all.
 */
const struct rule_set *rules_for_kernel(const char *release);

/*
 * rules_parse() - change @rules as @text says: "NAME,FIELD=VALUE,...", where
 * NAME, a set that replaces all fields, may be missing. Returns NULL, or where
 * in @text the first item stands that is neither; items after it are not read.
 */
const char *rules_parse(struct mm_rules *rules, const char *text);

/*
 * rules_next_difference() - the first field at or after @from, which is one of
 * rule_fields, whose values differ; NULL if there is none.
 */
const struct rule_field *rules_next_difference(const struct rule_field *from,
					       const struct mm_rules *a,
					       const struct mm_rules *b);

#endif
