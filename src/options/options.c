/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading VMASHADOW_OPTIONS; contracts in options.h. */
#include <errno.h>

#include "base/fmt.h"
#include "base/str.h"
#include "options/table.h"

#define SHOWN 48	/* bytes of a wrong value that a message repeats */

/* A part of the environment's text. */
struct slice {
	const char *s;
	size_t len;
};

static bool slice_is(struct slice a, const char *b)
{
	return str_len(b) == a.len && !memcmp(a.s, b, a.len);
}

static const struct option_entry *find_option(struct slice key)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++)
		if (slice_is(key, options_table[i].key))
			return &options_table[i];
	return NULL;
}

/* What somebody else wrote, on one line of a terminal. */
static void show(struct fmt *f, struct slice v)
{
	for (size_t i = 0; i < v.len && i < SHOWN; i++) {
		unsigned char c = (unsigned char)v.s[i];

		fmt_char(f, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
	if (v.len > SHOWN)
		fmt_str(f, "...");
}

static void show_values(struct fmt *f, const struct option_entry *o)
{
	const struct option_choice *c = o->choices;

	if (o->text)
		fmt_str(f, o->text);
	for (; c && c->name; c++) {
		fmt_str(f, c == o->choices ? "" : "|");
		fmt_str(f, c->name);
	}
	if (o->max) {
		fmt_str(f, "|");
		fmt_u64(f, o->min);
		fmt_str(f, "..");
		fmt_u64(f, o->max);
	}
}

/* One message: begun, filled, and taken back if it did not fit. */
static size_t message_begin(struct fmt *f)
{
	size_t mark = f->len;

	f->overflow = false;
	fmt_str(f, "vmashadow: VMASHADOW_OPTIONS: ");
	return mark;
}

static void message_end(struct fmt *f, size_t mark)
{
	fmt_char(f, '\n');
	if (!f->overflow)
		return;
	f->len = mark;
	f->buf[mark] = '\0';
}

static void complain_of_key(struct fmt *f, struct slice key, const char *why)
{
	size_t mark = message_begin(f);

	fmt_char(f, '"');
	show(f, key);
	fmt_str(f, "\" ");
	fmt_str(f, why);
	message_end(f, mark);
}

static void default_is_used(struct fmt *f, const struct option_entry *o)
{
	if (!o->standard[0]) {
		fmt_str(f, "; it is ignored");
		return;
	}
	fmt_str(f, "; ");
	fmt_str(f, o->key);
	fmt_char(f, '=');
	fmt_str(f, o->standard);
	fmt_str(f, " is used");
}

static void complain_of_value(struct fmt *f, const struct option_entry *o,
			      struct slice value, int err)
{
	size_t mark = message_begin(f);

	fmt_str(f, o->key);
	fmt_char(f, '=');
	show(f, value);
	if (err == -ENAMETOOLONG) {
		fmt_str(f, " is too long");
	} else {
		fmt_str(f, " is none of ");
		show_values(f, o);
	}
	default_is_used(f, o);
	message_end(f, mark);
}

static int find_value(const struct option_entry *o, struct slice v, uint32_t *out)
{
	uint64_t number;

	for (const struct option_choice *c = o->choices; c->name; c++)
		if (slice_is(v, c->name)) {
			*out = c->value;
			return 0;
		}
	if (!o->max || str_to_u64(v.s, v.len, 10, &number) ||
	    number < o->min || number > o->max)
		return -EINVAL;
	*out = (uint32_t)number;
	return 0;
}

static int set_text(struct options *all, const struct option_entry *o,
		    struct slice v)
{
	char *to = (char *)all + o->offset;

	if (v.len >= OPTIONS_TEXT)
		return -ENAMETOOLONG;
	memcpy(to, v.s, v.len);
	to[v.len] = '\0';
	return 0;
}

static int set(struct options *all, const struct option_entry *o, struct slice v)
{
	uint32_t value;
	int err;

	if (o->text)
		return set_text(all, o, v);
	err = find_value(o, v, &value);
	if (err)
		return err;
	*(uint32_t *)((char *)all + o->offset) = value;
	return 0;
}

static void set_default(struct options *all, const struct option_entry *o)
{
	set(all, o, (struct slice){ o->standard, str_len(o->standard) });
}

/*
 * The value that begins at @s, without its quotes, in *@value. Returns where
 * the text goes on: a ':' or the end; NULL if a quote is not closed or something
 * stands behind it.
 */
static const char *read_value(const char *s, struct slice *value)
{
	char quote = *s == '\'' || *s == '"' ? *s++ : ':';

	value->s = s;
	while (*s && *s != quote)
		s++;
	value->len = (size_t)(s - value->s);
	if (quote == ':')
		return s;
	if (*s != quote || (s[1] && s[1] != ':'))
		return NULL;
	return s + 1;
}

static void assign(struct options *all, struct slice key, struct slice value,
		   struct fmt *messages)
{
	const struct option_entry *o = find_option(key);
	int err;

	if (!o) {
		complain_of_key(messages, key,
				"is no option; help=1 lists them");
		return;
	}
	err = set(all, o, value);
	if (!err)
		return;
	complain_of_value(messages, o, value, err);
	set_default(all, o);
}

static void read_all(struct options *all, const char *s, struct fmt *messages)
{
	while (*s) {
		struct slice key = { s, 0 }, value;

		while (*s && *s != ':' && *s != '=')
			s++;
		key.len = (size_t)(s - key.s);
		if (*s == '=') {
			s = read_value(s + 1, &value);
			if (!s) {
				complain_of_key(messages, key,
					"has a quote that is not closed, or "
					"text behind it; the rest is ignored");
				return;
			}
			assign(all, key, value, messages);
		} else if (key.len) {
			complain_of_key(messages, key,
					"has no value; key=value is wanted");
		}
		s += *s == ':';
	}
}

void options_parse(struct options *o, char *const *envp, struct fmt *messages)
{
	static const char name[] = "VMASHADOW_OPTIONS=";

	for (size_t i = 0; i < OPTIONS_COUNT; i++)
		set_default(o, &options_table[i]);
	for (; envp && *envp; envp++)
		if (str_starts(*envp, name)) {
			read_all(o, *envp + sizeof(name) - 1, messages);
			break;
		}
	if (o->format == OPTIONS_FORMAT_AUTO)
		o->format = !o->log[0] || str_eq(o->log, "-") ?
			    OPTIONS_FORMAT_TEXT : OPTIONS_FORMAT_JSON;
}

void options_help(struct fmt *f)
{
	fmt_str(f, "VMASHADOW_OPTIONS=key=value:key=value; a value that holds a "
		   "colon is quoted\n");
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		const struct option_entry *o = &options_table[i];

		fmt_str(f, "  ");
		fmt_str(f, o->key);
		fmt_char(f, '=');
		show_values(f, o);
		if (o->standard[0]) {
			fmt_str(f, "  (default ");
			fmt_str(f, o->standard);
			fmt_char(f, ')');
		}
		fmt_str(f, "\n\t");
		fmt_str(f, o->help);
		fmt_char(f, '\n');
	}
}

static void expand_name(struct fmt *f, const char *program)
{
	for (; *program; program++)
		fmt_char(f, *program == '/' ? '_' : *program);
}

int options_expand(char *dst, size_t size, const char *path, int pid,
		   const char *program)
{
	struct fmt f;

	fmt_init(&f, dst, size);
	for (; *path; path++) {
		char kind = *path == '%' ? path[1] : '\0';

		if (kind == 'p')
			fmt_s64(&f, pid);
		else if (kind == 'n')
			expand_name(&f, program);
		else
			fmt_char(&f, *path);
		path += kind == 'p' || kind == 'n' || kind == '%';
	}
	if (!f.overflow)
		return 0;
	fmt_init(&f, dst, size);
	return -ENAMETOOLONG;
}
