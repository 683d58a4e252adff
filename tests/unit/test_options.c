/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMASHADOW_OPTIONS: what is understood, what is said of the rest. */
#include <errno.h>

#include "base/fmt.h"
#include "options/options.h"
#include "options/table.h"
#include "tap.h"
#include "text.h"

static struct options o;
static char said[4096];

/* Parses @value as VMASHADOW_OPTIONS; what is said stands in @said. */
static void parse(const char *value)
{
	static const char name[] = "VMASHADOW_OPTIONS=";
	size_t len = strlen(value) + 1;
	struct text t = text_guarded(value, len);
	char *var = malloc(sizeof(name) + len);
	char *env[] = { (char[]){ "PATH=/bin" }, NULL,
			(char[]){ "VMASHADOW_OPTIONS=check=off" }, NULL };
	struct text guarded;
	struct fmt f;

	memcpy(var, name, sizeof(name) - 1);
	memcpy(var + sizeof(name) - 1, t.s, len);
	guarded = text_guarded(var, sizeof(name) - 1 + len);
	env[1] = guarded.s;
	memset(&o, 0xee, sizeof(o));
	fmt_init(&f, said, sizeof(said));
	options_parse(&o, env, &f);
	text_free(&guarded);
	text_free(&t);
	free(var);
}

static void is_default(const char *when)
{
	ok(!o.log[0] && !o.trace[0] && !o.rules[0] &&
	   o.format == OPTIONS_FORMAT_TEXT && o.check == OPTIONS_CHECK_EXIT &&
	   o.intercept == OPTIONS_INTERCEPT_PATCH && o.stacks == 8 &&
	   o.faults == OPTIONS_FAULTS_FATAL && o.history == 65536 &&
	   !o.abort_on_drift && !o.mark && !o.help,
	   "%s: all defaults", when);
}

static void test_defaults(void)
{
	char *none[] = { (char[]){ "VMASHADOW_OPTION=check=off" },
			 (char[]){ "XVMASHADOW_OPTIONS=check=off" }, NULL };
	struct fmt f;

	fmt_init(&f, said, sizeof(said));
	memset(&o, 0xee, sizeof(o));
	options_parse(&o, NULL, &f);
	is_default("no environment");
	memset(&o, 0xee, sizeof(o));
	options_parse(&o, none, &f);
	is_default("other variables");
	parse("");
	is_default("an empty value");
	parse(":::");
	is_default("nothing between colons");
	is_str(said, "", "nothing is said");
}

static void test_values_are_understood(void)
{
	parse("log=/var/log/x.%p:check=each:intercept=symbol:abort_on_drift=1:"
	      "mark=1:follow=0:help=1:rules=account_cleared=0,multi_move=1");
	is_str(o.log, "/var/log/x.%p", "log");
	is_u64(o.format, OPTIONS_FORMAT_JSON, "a file gets JSON");
	is_u64(o.check, OPTIONS_CHECK_EACH, "check=each");
	is_u64(o.intercept, OPTIONS_INTERCEPT_SYMBOL, "intercept");
	ok(o.abort_on_drift && o.mark && !o.follow && o.help,
	   "switches");
	is_str(o.rules, "account_cleared=0,multi_move=1",
	       "a value may hold equals signs and commas");
	is_str(said, "", "nothing is said");
	parse("check=off");
	is_u64(o.check, OPTIONS_CHECK_OFF, "check=off");
	parse("check=1");
	is_u64(o.check, 1, "check=1");
	parse("check=1000000000");
	is_u64(o.check, 1000000000, "check=N, the largest");
	parse("check=exit:check=7");
	is_u64(o.check, 7, "of two values the last counts");
	is_str(said, "", "nothing is said");
}

static void test_the_format_follows_the_log_unless_given(void)
{
	static const struct {
		const char *text;
		uint32_t format;
	} cases[] = {
		{ "", OPTIONS_FORMAT_TEXT },
		{ "log=-", OPTIONS_FORMAT_TEXT },
		{ "log=x", OPTIONS_FORMAT_JSON },
		{ "log=-x", OPTIONS_FORMAT_JSON },
		{ "format=json", OPTIONS_FORMAT_JSON },
		{ "log=-:format=json", OPTIONS_FORMAT_JSON },
		{ "format=text:log=x", OPTIONS_FORMAT_TEXT },
		{ "format=text:format=auto:log=x", OPTIONS_FORMAT_JSON },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(cases[i].text);
		is_u64(o.format, cases[i].format, "\"%s\"", cases[i].text);
	}
}

static void test_quotes_keep_colons(void)
{
	parse("log='/a:b=c':check=off");
	is_str(o.log, "/a:b=c", "in '...'");
	is_u64(o.check, OPTIONS_CHECK_OFF, "what follows is read");
	parse("log=\"it's:here\"");
	is_str(o.log, "it's:here", "in \"...\"");
	parse("log=a'b:check=off");
	is_str(o.log, "a'b", "inside a value a quote is a byte");
	is_u64(o.check, OPTIONS_CHECK_OFF, "of no meaning");
	parse("check='off'");
	is_u64(o.check, OPTIONS_CHECK_OFF, "any value may be quoted");
	is_str(said, "", "nothing is said");
}

#define PREFIX "vmashadow: VMASHADOW_OPTIONS: "
#define NOT_CLOSED " has a quote that is not closed, or text behind it; " \
	"the rest is ignored\n"

static void test_one_clear_line_for_each_mistake(void)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "frobnicate=1",
		  "\"frobnicate\" is no option; help=1 lists them" },
		{ "=1", "\"\" is no option; help=1 lists them" },
		{ "Check=off", "\"Check\" is no option; help=1 lists them" },
		{ "checks=off", "\"checks\" is no option; help=1 lists them" },
		{ "chec=off", "\"chec\" is no option; help=1 lists them" },
		{ "check", "\"check\" has no value; key=value is wanted" },
		{ "check=banana", "check=banana is none of "
		  "off|exit|each|1..1000000000; check=exit is used" },
		{ "check=", "check= is none of "
		  "off|exit|each|1..1000000000; check=exit is used" },
		{ "check=0", "check=0 is none of "
		  "off|exit|each|1..1000000000; check=exit is used" },
		{ "check=-1", "check=-1 is none of "
		  "off|exit|each|1..1000000000; check=exit is used" },
		{ "check=1000000001", "check=1000000001 is none of "
		  "off|exit|each|1..1000000000; check=exit is used" },
		{ "check=99999999999999999999", "check=99999999999999999999 is "
		  "none of off|exit|each|1..1000000000; check=exit is used" },
		{ "format=xml",
		  "format=xml is none of auto|text|json; format=auto is used" },
		{ "mark=yes", "mark=yes is none of 0|1; mark=0 is used" },
		{ "intercept=magic", "intercept=magic is none of "
		  "symbol|patch|trap; intercept=patch is used" },
		{ "mark=a\nb\x1b[31m\x7f",
		  "mark=a?b?[31m? is none of 0|1; mark=0 is used" },
	};
	char want[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(cases[i].text);
		snprintf(want, sizeof(want), PREFIX "%s\n", cases[i].said);
		is_str(said, want, "%zu", i);
		is_default("and");
	}
	parse("log='abc");
	is_str(said, PREFIX "\"log\"" NOT_CLOSED, "an open quote");
	parse("log='abc'd:check=off");
	is_str(said, PREFIX "\"log\"" NOT_CLOSED, "text behind a quote");
	is_default("and");
}

static void test_numbers_have_bounds(void)
{
	parse("stacks=65");
	is_str(said, PREFIX
	       "stacks=65 is none of off|0..64; stacks=8 is used\n", "too deep");
	is_default("and");
	parse("stacks=off:stacks=0:trace=");
	is_str(said, "", "off is off, and nothing is said");
	parse("stacks=64");
	is_u64(o.stacks, 64, "the deepest stacks");
	parse("history=off");
	is_u64(o.history, 0, "no history");
	parse("history=1000000");
	is_u64(o.history, 1000000, "the longest one");
	is_str(said, "", "and nothing is said");
	parse("history=1000001");
	is_str(said, PREFIX "history=1000001 is none of off|0..1000000; "
	       "history=65536 is used\n", "a longer one");
	is_default("and");
}

static void test_a_bad_value_brings_the_default_back(void)
{
	parse("check=off:check=banana:mark=1:mark=2:log=x");
	is_u64(o.check, OPTIONS_CHECK_EXIT, "as the message says");
	is_u64(o.mark, 0, "for each of them");
	is_str(o.log, "x", "the others are read");
	is_str(said, PREFIX "check=banana is none of off|exit|each|"
	       "1..1000000000; check=exit is used\n"
	       PREFIX "mark=2 is none of 0|1; mark=0 is used\n",
	       "one line each");
}

static void test_long_values(void)
{
	static char text[3 * OPTIONS_TEXT];

	strcpy(text, "log=");
	memset(text + 4, 'x', OPTIONS_TEXT - 1);
	parse(text);
	is_u64(strlen(o.log), OPTIONS_TEXT - 1, "the longest path");
	text[4 + OPTIONS_TEXT - 1] = 'x';
	parse(text);
	is_str(o.log, "", "one byte more is not cut");
	is_str(said, PREFIX "log=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "... is too long; it is ignored\n", "but said, in few words");
}

/* Messages that do not fit are left out whole. */
static void test_messages_are_whole_lines(void)
{
	char *env[] = { (char[]){ "VMASHADOW_OPTIONS=aaaaaaaaaaaaaaaaaa=1:b=1:"
				  "cccccccccccc=1:mark=7" }, NULL };
	unsigned int wrong = 0;
	struct fmt f;

	for (size_t size = 1; size < 400; size++) {
		char *buf = malloc(size);

		fmt_init(&f, buf, size);
		options_parse(&o, env, &f);
		wrong += strlen(buf) != f.len ||
			 (f.len && buf[f.len - 1] != '\n') ||
			 (f.len && strncmp(buf, PREFIX, strlen(PREFIX)));
		free(buf);
	}
	is_u64(wrong, 0, "in a buffer of any size");
	fmt_init(&f, said, 70);
	options_parse(&o, env, &f);
	is_str(said, PREFIX "\"b\" is no option; help=1 lists them\n",
	       "one that fits is not lost behind one that does not");
}

static void test_any_bytes_are_survived(void)
{
	static const char *const parts[] = {
		"check", "log", "mark", "=", "=", ":", ":", "'", "\"", "off",
		"1", "%p", "a", "\n", "\xff", "rules", "stacks", "8", " ",
	};
	unsigned int wrong = 0, rnd = 1;

	for (int i = 0; i < 20000; i++) {
		char text[256] = "";

		for (int n = i % 20; n; n--) {
			rnd = rnd * 1103515245 + 12345;
			strcat(text, parts[(rnd >> 16) %
				(sizeof(parts) / sizeof(*parts))]);
		}
		parse(text);
		wrong += o.format == OPTIONS_FORMAT_AUTO || o.format > 2 ||
			 o.mark > 1 || o.stacks > 64 || strlen(o.log) > 300;
		for (char *line = said; *line; line = strchr(line, '\n') + 1)
			wrong += strncmp(line, PREFIX, strlen(PREFIX)) != 0;
	}
	is_u64(wrong, 0, "20000 random texts");
}

static void test_help_names_every_option(void)
{
	static char help[8192];
	struct fmt f;

	fmt_init(&f, help, sizeof(help));
	options_help(&f);
	ok(!f.overflow, "it fits 8 KiB");
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n  %s=", options_table[i].key);
		ok(strstr(help, line), "%s", options_table[i].key);
	}
	ok(strstr(help, "\n  check=off|exit|each|1..1000000000  (default exit)\n"),
	   "with values and default");
}

static void expands(const char *path, const char *want)
{
	char dst[64];

	is_i64(options_expand(dst, sizeof(dst), path, 42, "a/b"), 0, "%s", path);
	is_str(dst, want, "becomes %s", want);
}

static void test_expansion(void)
{
	char dst[8] = "#######";

	expands("plain", "plain");
	expands("/log.%p", "/log.42");
	expands("%n.%p.%n", "a_b.42.a_b");
	expands("100%%p", "100%p");
	expands("%x%", "%x%");
	expands("%%%", "%%");
	expands("", "");
	is_i64(options_expand(dst, 8, "12345%p", 42, "x"), 0, "just fits");
	is_str(dst, "1234542", "whole");
	is_i64(options_expand(dst, 8, "123456%p", 42, "x"), -ENAMETOOLONG,
	       "does not fit");
	is_str(dst, "", "nothing is left in half");
}

int main(void)
{
	test_defaults();
	test_values_are_understood();
	test_the_format_follows_the_log_unless_given();
	test_quotes_keep_colons();
	test_one_clear_line_for_each_mistake();
	test_numbers_have_bounds();
	test_a_bad_value_brings_the_default_back();
	test_long_values();
	test_messages_are_whole_lines();
	test_any_bytes_are_survived();
	test_help_names_every_option();
	test_expansion();
	return done_testing();
}
