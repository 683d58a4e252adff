/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calibration finds on the running kernel is what is known of its version,
 * apart from what its builder or its settings decide.
 */
#include <sys/utsname.h>

#include "base/compiler.h"
#include "shadow/calibrate.h"

#include "tap.h"

/* Is this version one that a set was made from, and no other? */
static bool known(const char *release, const struct rule_set *set)
{
	size_t n = strlen(set->name);

	return !strncmp(release, set->name, n) &&
	       (release[n] < '0' || release[n] > '9');
}

int main(void)
{
	const struct rule_field *f = rule_fields;
	const struct rule_set *set;
	struct mm_rules rules;
	struct utsname host;

	uname(&host);
	set = rules_for_kernel(host.release);
	calibrate_rules(&rules);
	if (!known(host.release, set)) {
		ok(true, "%s # SKIP no set is called so", host.release);
		return done_testing();
	}
	for (; f->name; f++) {
		uint64_t got = rule_value(&rules, f);

		if (f->source == RULE_VERSION)
			is_u64(got, rule_value(&set->rules, f), "%s of %s",
			       f->name, set->name);
		else
			printf("# %s=%lu\n", f->name, (unsigned long)got);
	}
	return done_testing();
}
