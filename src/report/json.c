/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON into a buffer; contracts in json.h. */
#include "base/bug.h"
#include "base/fmt.h"
#include "base/str.h"
#include "report/json.h"

void json_init(struct json *j, struct fmt *f, size_t cut)
{
	*j = (struct json){ .f = f, .cut = cut };
}

/* What stands between the member before and this one's value. */
static void member(struct json *j, const char *key)
{
	uint32_t bit = 1U << j->depth;

	if (j->begun & bit)
		fmt_char(j->f, ',');
	j->begun |= bit;
	if (!key)
		return;
	fmt_char(j->f, '"');
	fmt_str(j->f, key);
	fmt_str(j->f, "\":");
}

static void open_level(struct json *j, const char *key, char c, bool array)
{
	member(j, key);
	fmt_char(j->f, c);
	VS_ASSERT(j->depth + 1 < JSON_DEPTH);
	j->depth++;
	j->begun &= ~(1U << j->depth);
	j->arrays &= ~(1U << j->depth);
	j->arrays |= (uint32_t)array << j->depth;
}

void json_object(struct json *j, const char *key)
{
	open_level(j, key, '{', false);
}

void json_array(struct json *j, const char *key)
{
	open_level(j, key, '[', true);
}

void json_close(struct json *j)
{
	VS_ASSERT(j->depth);
	fmt_char(j->f, j->arrays & 1U << j->depth ? ']' : '}');
	j->depth--;
}

void json_null(struct json *j, const char *key)
{
	member(j, key);
	fmt_str(j->f, "null");
}

void json_bool(struct json *j, const char *key, bool v)
{
	member(j, key);
	fmt_str(j->f, v ? "true" : "false");
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	member(j, key);
	fmt_u64(j->f, v);
}

void json_s64(struct json *j, const char *key, int64_t v)
{
	member(j, key);
	fmt_s64(j->f, v);
}

void json_hex(struct json *j, const char *key, uint64_t v)
{
	member(j, key);
	fmt_str(j->f, "\"0x");
	fmt_hex(j->f, v, 1);
	fmt_char(j->f, '"');
}

/*
 * The length of the UTF-8 character at @s, 0 if it is none: neither overlong,
 * nor a surrogate, nor beyond U+10FFFF (RFC 3629, section 4).
 */
static size_t utf8_char(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 :
		     s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void escape(struct fmt *f, unsigned char c)
{
	static const char letters[] = "btnvfr";	/* 8 to 13 */

	fmt_char(f, '\\');
	if (c == '"' || c == '\\') {
		fmt_char(f, (char)c);
	} else if (c >= 8 && c <= 13 && c != 11) {
		fmt_char(f, letters[c - 8]);
	} else {
		fmt_str(f, c < 0x80 ? "u00" : "udc");
		fmt_hex(f, c, 2);
	}
}

static bool must_escape(unsigned char c)
{
	return c < ' ' || c == '"' || c == '\\' || c == 0x7f;
}

void json_part(struct json *j, const char *s, size_t n)
{
	size_t end = j->cut && n > j->cut ? j->cut : n;
	const unsigned char *u = (const unsigned char *)s;

	for (size_t i = 0; i < end;) {
		size_t len = utf8_char(u + i, end - i);

		if (!len || must_escape(u[i])) {
			escape(j->f, u[i++]);
			continue;
		}
		fmt_bytes(j->f, s + i, len);
		i += len;
	}
	if (end < n)
		fmt_str(j->f, "...");
}

void json_open_string(struct json *j, const char *key)
{
	member(j, key);
	fmt_char(j->f, '"');
}

void json_close_string(struct json *j)
{
	fmt_char(j->f, '"');
}

void json_bytes(struct json *j, const char *key, const char *s, size_t n)
{
	json_open_string(j, key);
	json_part(j, s, n);
	json_close_string(j);
}

void json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_bytes(j, key, s, str_len(s));
	else
		json_null(j, key);
}
