/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON writer: structure, numbers, and any bytes as a string. */
#include <stdlib.h>

#include "base/fmt.h"
#include "report/json.h"
#include "tap.h"

static char out[8192];
static struct fmt f;
static struct json j;

static void begin(void)
{
	fmt_init(&f, out, sizeof(out));
	json_init(&j, &f, 0);
}

static void test_structure(void)
{
	begin();
	json_object(&j, NULL);
	json_close(&j);
	is_str(out, "{}", "an empty object");

	begin();
	json_object(&j, NULL);
	json_u64(&j, "a", 1);
	json_object(&j, "b");
	json_array(&j, "c");
	json_u64(&j, NULL, 2);
	json_array(&j, NULL);
	json_close(&j);
	json_object(&j, NULL);
	json_null(&j, "d");
	json_close(&j);
	json_str(&j, NULL, "e");
	json_close(&j);
	json_bool(&j, "f", true);
	json_close(&j);
	json_array(&j, "g");
	json_u64(&j, NULL, 3);
	json_close(&j);
	json_bool(&j, "h", false);
	json_close(&j);
	is_str(out, "{\"a\":1,\"b\":{\"c\":[2,[],{\"d\":null},\"e\"],"
	       "\"f\":true},\"g\":[3],\"h\":false}", "nesting and commas");
	ok(!f.overflow, "it fitted");
}

static void test_depth(void)
{
	begin();
	for (int i = 0; i < JSON_DEPTH - 1; i++) {
		if (i & 1)
			json_array(&j, i == 1 ? "a" : NULL);
		else
			json_object(&j, NULL);
		json_u64(&j, i & 1 ? NULL : "n", 1);
	}
	for (int i = 0; i < JSON_DEPTH - 1; i++)
		json_close(&j);
	ok(!strncmp(out, "{\"n\":1,\"a\":[1,{\"n\":1,[1,{", 24),
	   "as deep as it goes, down");
	ok(!strcmp(out + strlen(out) - 5, "}]}]}"), "and up");
}

static void test_numbers(void)
{
	begin();
	json_array(&j, NULL);
	json_u64(&j, NULL, UINT64_MAX);
	json_s64(&j, NULL, -1);
	json_s64(&j, NULL, INT64_MIN);
	json_hex(&j, NULL, 0);
	json_hex(&j, NULL, UINT64_MAX);
	json_close(&j);
	is_str(out, "[18446744073709551615,-1,-9223372036854775808,\"0x0\","
	       "\"0xffffffffffffffff\"]", "of all sizes");
}

static void string(const char *s, size_t n)
{
	begin();
	json_bytes(&j, NULL, s, n);
}

static void test_escapes(void)
{
	static const struct {
		const char *s, *want, *what;
	} cases[] = {
		{ "", "\"\"", "nothing" },
		{ "plain /text", "\"plain /text\"", "ASCII" },
		{ "\"\\", "\"\\\"\\\\\"", "quote and backslash" },
		{ "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"", "those with a letter" },
		{ "\x01\x0b\x1f\x7f", "\"\\u0001\\u000b\\u001f\\u007f\"",
		  "those without" },
		/* valid UTF-8, at each end of each length */
		{ "\xc2\x80 \xdf\xbf", "\"\xc2\x80 \xdf\xbf\"", "two bytes" },
		{ "\xe0\xa0\x80 \xef\xbf\xbf", "\"\xe0\xa0\x80 \xef\xbf\xbf\"",
		  "three bytes" },
		{ "\xed\x9f\xbf \xee\x80\x80", "\"\xed\x9f\xbf \xee\x80\x80\"",
		  "beside the surrogates" },
		{ "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
		  "\"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"", "four bytes" },
		/* bytes that are no UTF-8 */
		{ "\x80", "\"\\udc80\"", "a lone continuation" },
		{ "\xff\xfe", "\"\\udcff\\udcfe\"", "never in UTF-8" },
		{ "\xc0\x80", "\"\\udcc0\\udc80\"", "overlong, two bytes" },
		{ "\xc1\xbf", "\"\\udcc1\\udcbf\"", "overlong, its end" },
		{ "\xe0\x9f\xbf", "\"\\udce0\\udc9f\\udcbf\"",
		  "overlong, three bytes" },
		{ "\xf0\x8f\xbf\xbf", "\"\\udcf0\\udc8f\\udcbf\\udcbf\"",
		  "overlong, four bytes" },
		{ "\xed\xa0\x80", "\"\\udced\\udca0\\udc80\"", "a surrogate" },
		{ "\xf4\x90\x80\x80", "\"\\udcf4\\udc90\\udc80\\udc80\"",
		  "beyond U+10FFFF" },
		{ "\xf5\x80\x80\x80", "\"\\udcf5\\udc80\\udc80\\udc80\"",
		  "far beyond" },
		{ "\xc3", "\"\\udcc3\"", "cut short, two bytes" },
		{ "\xe2\x82", "\"\\udce2\\udc82\"", "cut short, three bytes" },
		{ "\xf0\x9f\x98", "\"\\udcf0\\udc9f\\udc98\"",
		  "cut short, four bytes" },
		{ "\xc3(", "\"\\udcc3(\"", "the byte behind is kept" },
		{ "\xe2\x82\"", "\"\\udce2\\udc82\\\"\"", "and escaped" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		string(cases[i].s, strlen(cases[i].s));
		is_str(out, cases[i].want, "%s", cases[i].what);
	}
	string("a\0b", 3);
	is_str(out, "\"a\\u0000b\"", "NUL");
	begin();
	json_str(&j, NULL, NULL);
	is_str(out, "null", "no string");
}

static int hex(const char *s)
{
	char two[3] = { s[0], s[1], 0 };

	return (int)strtol(two, NULL, 16);
}

/* What a reader with surrogateescape gets back. */
static size_t unescape(const char *s, unsigned char *to)
{
	static const char letters[] = "\"\\btnfr", means[] = "\"\\\b\t\n\f\r";
	size_t n = 0;

	for (s++; *s != '"'; s++) {
		if (*s != '\\') {
			to[n++] = (unsigned char)*s;
		} else if (*++s != 'u') {
			to[n++] = (unsigned char)means[strchr(letters, *s) -
						       letters];
		} else {
			to[n++] = (unsigned char)hex(s + 3);
			s += 4;
		}
	}
	return n;
}

static void test_any_bytes_come_back(void)
{
	unsigned char in[64], back[64];
	unsigned int wrong = 0, rnd = 7;

	for (int i = 0; i < 200000; i++) {
		size_t n = (size_t)i % 9;

		for (size_t k = 0; k < n; k++) {
			rnd = rnd * 1664525 + 1013904223;
			/* half of them in the range of UTF-8's own bytes */
			in[k] = (unsigned char)(rnd >> 24 | (rnd >> 8 & 0x80));
		}
		string((const char *)in, n);
		wrong += unescape(out, back) != n || memcmp(in, back, n);
		for (const char *c = out; *c; c++)
			wrong += (unsigned char)*c < ' ';
	}
	is_u64(wrong, 0, "200000 random strings");
}

static void test_long_strings_are_cut(void)
{
	fmt_init(&f, out, sizeof(out));
	json_init(&j, &f, 4);
	json_array(&j, NULL);
	json_str(&j, NULL, "abcd");
	json_str(&j, NULL, "abcde");
	json_bytes(&j, NULL, "abc\xc3\xa4", 5);
	json_close(&j);
	is_str(out, "[\"abcd\",\"abcd...\",\"abc\\udcc3...\"]",
	       "if that is asked for");
}

static void test_strings_of_parts(void)
{
	begin();
	json_object(&j, NULL);
	json_open_string(&j, "k");
	fmt_str(&f, "head ");
	json_part(&j, "\n", 1);
	json_part(&j, "x", 1);
	json_close_string(&j);
	json_u64(&j, "n", 1);
	json_close(&j);
	is_str(out, "{\"k\":\"head \\nx\",\"n\":1}", "escape only what asks");
}

int main(void)
{
	test_structure();
	test_depth();
	test_numbers();
	test_escapes();
	test_any_bytes_come_back();
	test_long_strings_are_cut();
	test_strings_of_parts();
	return done_testing();
}
