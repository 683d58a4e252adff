/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct mm_rules by name: the table knows every byte of it, the sets are those
 * of their kernels, text is read as it is written.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "engine/rules.h"

#include "tap.h"

static void test_every_byte_has_a_name(void)
{
	unsigned char named[sizeof(struct mm_rules)] = { 0 };
	size_t end = 0, nameless = 0;

	for (const struct rule_field *f = rule_fields; f->name; f++) {
		size_t n = f->number ? sizeof(unsigned long) : 1;

		for (size_t i = f->offset; i < f->offset + n; i++)
			named[i]++;
		end = f->number ? end : f->offset + 1;
		ok(f->meaning[0] && strlen(f->meaning) < 160 &&
		   (f->kernels[0] != 0) == (f->source == RULE_VERSION ||
					    f->source == RULE_CONFIG),
		   "%s says what it means and since when", f->name);
	}
	for (size_t i = 0; i < sizeof(named); i++)
		nameless += named[i] != 1 &&
			    (i < end ||
			     i >= offsetof(struct mm_rules, stack_guard_gap));
	is_u64(nameless, 0, "each byte belongs to one field");
}

/* "6.7 and later", "up to 6.11" and "6.1 to 6.11", as numbers. */
static unsigned int number_of(const char *s)
{
	char *end;
	unsigned int major = (unsigned int)strtoul(s, &end, 10);

	return major * 1000 + (unsigned int)strtoul(end + 1, NULL, 10);
}

static bool one_of(const char *kernels, unsigned int kernel)
{
	const char *to = strstr(kernels, "to ");

	if (strstr(kernels, "and later"))
		return kernel >= number_of(kernels);
	return (kernels[0] == 'u' || kernel >= number_of(kernels)) &&
	       kernel <= number_of(to + 3);
}

/* The sentence and the sets were written by hand, each on its own. */
static void test_sets_agree_with_the_words(void)
{
	for (const struct rule_field *f = rule_fields; f->name; f++) {
		unsigned int wrong = 0;

		if (!f->kernels[0] || !strcmp(f->name, "anon_names"))
			continue;
		for (unsigned int i = 0; i < RULE_SETS; i++)
			if (rule_value(&rule_sets[i].rules, f) !=
			    one_of(f->kernels, number_of(rule_sets[i].name))) {
				printf("# %s: %s\n", f->name,
				       rule_sets[i].name);
				wrong++;
			}
		is_u64(wrong, 0, "%s is 1 in the sets %s", f->name, f->kernels);
	}
}

static void test_names(void)
{
	static const struct {
		const char *release, *set;
	} known[] = {
		{ "5.10.0-28-amd64", "5.10" }, { "5.14.21", "5.10" },
		{ "5.15.0-97-generic", "5.15" }, { "6.1.192", "6.1" },
		{ "6.5.0", "6.1" }, { "6.8.0-94-generic", "6.6" },
		{ "6.12.107+deb12-amd64", "6.12" }, { "6.17.0", "6.17" },
		{ "6.18.44", "6.18" }, { "7.0.14", "7.0" }, { "9.1", "7.0" },
		{ "4.19.0", "4.x" }, { "5.4.0", "4.x" }, { "", "4.x" },
		{ "6.10-rc1", "6.6" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		is_str(rules_for_kernel(known[i].release)->name, known[i].set,
		       "%s follows %s", known[i].release, known[i].set);
	ok(rules_named("6.1", 3) == &rule_sets[RULES_6_1], "6.1 is 6.1");
	ok(rules_named("6.12", 3) == &rule_sets[RULES_6_1],
	   "a name has a length");
	ok(!rules_named("6.", 2) && !rules_named("", 0), "6. is no name");
}

static struct mm_rules rules;

static unsigned int differ(const struct mm_rules *a, const struct mm_rules *b)
{
	const struct rule_field *f = rule_fields;
	unsigned int n = 0;

	for (; (f = rules_next_difference(f, a, b)); f++)
		n++;
	return n;
}

static void test_text_is_read(void)
{
	const struct mm_rules *old = &rule_sets[RULES_5_10].rules;

	rules = *old;
	ok(!rules_parse(&rules, ""), "nothing is fine");
	is_u64(differ(&rules, old), 0, "and changes nothing");
	ok(!rules_parse(&rules, "6.1"), "a set alone");
	is_u64(differ(&rules, &rule_sets[RULES_6_1].rules), 0, "is that set");
	ok(!rules_parse(&rules, "6.12,account_cleared=0,stack_guard_gap=4096"),
	   "a set and fields");
	is_u64(differ(&rules, &rule_sets[RULES_6_12].rules), 2, "two differ");
	ok(!rules.account_cleared && rules.stack_guard_gap == 4096,
	   "those that were named");
	ok(!rules_parse(&rules, "account_cleared=1"), "a field alone");
	is_u64(differ(&rules, &rule_sets[RULES_6_12].rules), 1,
	       "leaves the others");
}

static void test_nonsense_is_shown(void)
{
	static const char *const bad[] = {
		"6.3", "6.1x", "account_cleared", "account_cleared=2",
		"account_cleared=", "=1", "no_such_rule=1", "account=1",
		"multi_move=-1", "mmap_min_addr=4k", ",",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[80];

		rules = rule_sets[RULES_6_12].rules;
		snprintf(text, sizeof(text), "multi_move=1,%s,multi_move=0",
			 bad[i]);
		is_str(rules_parse(&rules, text), text + 13, "%s is nothing",
		       bad[i]);
		ok(rules.multi_move, "what stands before it holds");
	}
}

static void test_text_is_written(void)
{
	static char text[2048];
	struct fmt f;

	for (unsigned int i = 0; i < RULE_SETS; i++) {
		fmt_init(&f, text, sizeof(text));
		rules_describe(&f, &rule_sets[i].rules);
		for (char *p = text; *p; p++)
			*p = *p == ' ' ? ',' : *p;
		memset(&rules, 0, sizeof(rules));
		ok(!f.overflow && !rules_parse(&rules, text) &&
		   !differ(&rules, &rule_sets[i].rules),
		   "%s is read as it is written", rule_sets[i].name);
	}
}

int main(void)
{
	test_every_byte_has_a_name();
	test_sets_agree_with_the_words();
	test_names();
	test_text_is_read();
	test_nonsense_is_shown();
	test_text_is_written();
	return done_testing();
}
