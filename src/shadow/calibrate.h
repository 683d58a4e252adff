/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy does the running kernel follow? Found out by doing, since
 * distributions backport and uname lies.
 */
#ifndef VS_SHADOW_CALIBRATE_H
#define VS_SHADOW_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mm_types.h"

struct fmt;

/*
 * calibrate_rules() - fill @rules by trying in a scratch hole: some 60 system
 * calls, 150 us. Leaves no mapping behind, changes no page that the
 * program has, opens and closes three files of /proc and /sys. No libc, no
 * allocation: may run in a constructor; not while other threads map.
 *
 * What cannot be tried (no room, a limit, a filter) keeps its default, that of
 * a current kernel. Returns the number of memory system calls that it made.
 */
unsigned int calibrate_rules(struct mm_rules *rules);

/* rules_default() - a current kernel (6.18) with default settings. */
void rules_default(struct mm_rules *rules);

/* The switches of struct mm_rules by name; ends with a NULL name. */
struct rule_field {
	const char *name;
	unsigned int offset;	/* of a bool in struct mm_rules */
};
extern const struct rule_field rule_fields[];

static inline bool *rule_switch(struct mm_rules *rules,
				const struct rule_field *field)
{
	return (bool *)((char *)rules + field->offset);
}

/* rules_describe() - "name=value name=value ...", all fields. */
void rules_describe(struct fmt *f, const struct mm_rules *rules);

#endif
