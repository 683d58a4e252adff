/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marks in /proc/PID/stat, whatever the program is called. */
#include <errno.h>

#include "procmaps/stat.h"
#include "tap.h"
#include "text.h"

#define FIELDS " R 13226 13226 11253 0 -1 4194304 101 0 0 0 0 0 0 0 20 0 1 0 " \
	"113568 3133440 390 18446744073709551615 94360060932096 " \
	"94360060951977 140732669596176 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 " \
	"94360060967984 94360060969600 94360094097408 140732669602234 " \
	"140732669602254 140732669602254 140732669603819 0\n"

static int parse(const char *text, struct procmaps_stat *s)
{
	struct text t = text_guarded(text, strlen(text));
	int ret = procmaps_parse_stat(t.s, t.len, s);

	text_free(&t);
	return ret;
}

static void test_the_marks_stand_in_their_fields(void)
{
	struct procmaps_stat s;

	is_i64(parse("13239 (cat)" FIELDS, &s), 0, "a recorded line");
	is_u64(s.start_code, 94360060932096, "field 26: start_code");
	is_u64(s.end_code, 94360060951977, "field 27: end_code");
	is_u64(s.start_stack, 140732669596176, "field 28: start_stack");
	is_u64(s.start_data, 94360060967984, "field 45: start_data");
	is_u64(s.end_data, 94360060969600, "field 46: end_data");
	is_u64(s.start_brk, 94360094097408, "field 47: start_brk");
}

static void test_a_program_may_be_called_anything(void)
{
	static const char *const names[] = {
		"", ")", ") R 1 2 3", "a b", "((", "(a) S 5 (b)", "\n", "1 2 3",
	};
	struct procmaps_stat s;
	char text[1024];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text), "7 (%s)" FIELDS, names[i]);
		memset(&s, 0, sizeof(s));
		is_i64(parse(text, &s), 0, "called \"%s\"", names[i]);
		is_u64(s.start_code, 94360060932096, "fields are not moved");
		is_u64(s.start_brk, 94360094097408, "up to the last");
	}
}

static void test_what_is_no_stat_line_is_refused(void)
{
	struct procmaps_stat s;

	is_i64(parse("", &s), -EINVAL, "nothing");
	is_i64(parse("1 cat R 1", &s), -EINVAL, "no name in parentheses");
	is_i64(parse("1 (cat)", &s), -EINVAL, "no field");
	is_i64(parse("1 (cat) R 1 1 1 0 -1 4194304 101 0 0 0 0 0 0 0 20 0 1 0 "
		     "1 3133440 390 1 x", &s), -EINVAL, "a mark of letters");
}

/* A mark that is cut short would be a wrong address, not a missing one. */
static void test_a_line_cut_before_the_last_mark_ends_is_refused(void)
{
	static const char line[] = "13239 (cat)" FIELDS;
	size_t end = (size_t)(strstr(line, "94360094097408") - line) + 14;
	unsigned int wrong = 0;
	struct procmaps_stat s;

	for (size_t n = 0; n < strlen(line); n++) {
		struct text t = text_guarded(line, n);

		wrong += procmaps_parse_stat(t.s, n, &s) !=
			 (n > end ? 0 : -EINVAL);
		text_free(&t);
	}
	is_u64(wrong, 0, "every cut is judged");
}

int main(void)
{
	test_the_marks_stand_in_their_fields();
	test_a_program_may_be_called_anything();
	test_what_is_no_stat_line_is_refused();
	test_a_line_cut_before_the_last_mark_ends_is_refused();
	return done_testing();
}
