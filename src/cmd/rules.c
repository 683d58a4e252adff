/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmashadow rules: what the engine goes by, in words or as JSON. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fmt.h"
#include "cmd/command.h"
#include "engine/rules.h"
#include "report/json.h"
#include "shadow/calibrate.h"

#define JSON_ROOM 32768		/* bytes; all fields take a fifth */

/* What is shown, and the set that it is compared with. */
struct view {
	const char *name;	/* "6.1", or the running kernel's release */
	struct mm_rules rules;
	bool found_out;		/* by trying, on the running kernel */
	const struct rule_set *other;
	bool only_differences;
};

static const char *source_name(enum rule_source source)
{
	switch (source) {
	case RULE_VERSION:
		return "version";
	case RULE_CONFIG:
		return "config";
	case RULE_SETTING:
		return "setting";
	case RULE_POINT_RELEASE:
		return "point release";
	}
	return "";
}

static bool differs(const struct view *v, const struct rule_field *f)
{
	return v->other && rule_value(&v->rules, f) !=
			   rule_value(&v->other->rules, f);
}

static bool shown(const struct view *v, const struct rule_field *f)
{
	return !v->only_differences || differs(v, f);
}

/* --- for people -------------------------------------------------------------- */

static void print_value(const struct mm_rules *rules,
			const struct rule_field *f)
{
	unsigned long value = rule_value(rules, f);

	if (f->number)
		printf("%lu", value);
	else
		fputs(value ? "yes" : "no", stdout);
}

#define WIDTH 70

/* The sentence, wrapped, eight columns in. */
static void print_meaning(const char *s)
{
	size_t len = strlen(s), cut;

	while (len > WIDTH) {
		for (cut = WIDTH; cut && s[cut] != ' ';)
			cut--;
		cut = cut ? cut : WIDTH;
		printf("        %.*s\n", (int)cut, s);
		s += cut + (s[cut] == ' ');
		len = strlen(s);
	}
	printf("        %s\n", s);
}

static void print_field(const struct view *v, const struct rule_field *f)
{
	printf("%s: ", f->name);
	print_value(&v->rules, f);
	if (f->kernels[0])
		printf("  (%s)", f->kernels);
	if (differs(v, f)) {
		printf("  [%s has ", v->other->name);
		print_value(&v->other->rules, f);
		if (f->source != RULE_VERSION)
			printf("; by %s", source_name(f->source));
		putchar(']');
	}
	putchar('\n');
	print_meaning(f->meaning);
}

static void print_verdict(const struct view *v)
{
	const struct rule_field *f = rule_fields;
	unsigned int version = 0, rest = 0;

	for (; (f = rules_next_difference(f, &v->rules, &v->other->rules));
	     f++) {
		version += f->source == RULE_VERSION;
		rest += f->source != RULE_VERSION;
	}
	if (!version && !rest)
		printf("Equal to the set %s.\n", v->other->name);
	else
		printf("Unlike the set %s in %u fields, %u of them not "
		       "decided by the version.\n", v->other->name,
		       version + rest, rest);
}

static void print_text(const struct view *v)
{
	if (v->found_out)
		printf("The running kernel, %s, by trying:\n\n", v->name);
	else
		printf("Linux %s:\n\n", v->name);
	for (const struct rule_field *f = rule_fields; f->name; f++)
		if (shown(v, f))
			print_field(v, f);
	if (!v->other)
		return;
	putchar('\n');
	print_verdict(v);
}

/* --- for programs ------------------------------------------------------------ */

static void json_value(struct json *j, const char *key,
		       const struct mm_rules *rules,
		       const struct rule_field *f)
{
	if (f->number)
		json_u64(j, key, rule_value(rules, f));
	else
		json_bool(j, key, rule_value(rules, f));
}

static void json_field(struct json *j, const struct view *v,
		       const struct rule_field *f)
{
	json_object(j, f->name);
	json_value(j, "value", &v->rules, f);
	if (differs(v, f))
		json_value(j, "other", &v->other->rules, f);
	json_str(j, "kernels", f->kernels[0] ? f->kernels : NULL);
	json_str(j, "decided_by", source_name(f->source));
	json_str(j, "meaning", f->meaning);
	json_close(j);
}

static void print_json(const struct view *v)
{
	static char buf[JSON_ROOM];
	struct json j;
	struct fmt f;

	fmt_init(&f, buf, sizeof(buf));
	json_init(&j, &f, 0);
	json_object(&j, NULL);
	json_str(&j, "kernel", v->name);
	json_bool(&j, "calibrated", v->found_out);
	json_str(&j, "compared_with", v->other ? v->other->name : NULL);
	json_object(&j, "rules");
	for (const struct rule_field *r = rule_fields; r->name; r++)
		if (shown(v, r))
			json_field(&j, v, r);
	json_close(&j);
	json_close(&j);
	puts(buf);
}

/* --- the command ------------------------------------------------------------- */

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "diff", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int help(void)
{
	printf("usage: vmashadow rules [--json] [--diff KERNEL] [KERNEL]\n\n"
	       "What decides, on one kernel or another, whether mappings merge "
	       "and where\nthey are laid. Without KERNEL: the running one, "
	       "found out by trying.\n\n"
	       "  --diff KERNEL  only what is otherwise there\n"
	       "  --json         for programs\n\n"
	       "Kernels:");
	for (unsigned int i = 0; i < RULE_SETS; i++)
		printf(" %s", rule_sets[i].name);
	putchar('\n');
	return flushed();
}

static const struct rule_set *named(const char *name)
{
	const struct rule_set *set = rules_named(name, strlen(name));

	if (!set)
		complain("rules: no kernel \"%s\" is known; --help lists them",
			 name);
	return set;
}

static bool fill(struct view *v, const char *name)
{
	static struct utsname host;
	const struct rule_set *set;

	if (name) {
		set = named(name);
		if (!set)
			return false;
		v->name = set->name;
		v->rules = set->rules;
		return true;
	}
	uname(&host);
	v->name = host.release;
	v->found_out = true;
	calibrate_rules(&v->rules);
	if (!v->other)
		v->other = rules_for_kernel(host.release);
	return true;
}

static int run(int argc, char **argv)
{
	struct view v = { .name = NULL };
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'd':
			v.other = named(optarg);
			if (!v.other)
				return STATUS_TROUBLE;
			v.only_differences = true;
			break;
		case 'h':
			return help();
		default:
			return STATUS_TROUBLE;
		}
	if (argc - optind > 1) {
		complain("rules: one kernel at a time");
		return STATUS_TROUBLE;
	}
	if (!fill(&v, argv[optind]))
		return STATUS_TROUBLE;
	if (json)
		print_json(&v);
	else
		print_text(&v);
	return flushed();
}

const struct command command_rules = {
	"rules", "what the kernel goes by, and since when", run,
};
