/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base: text into a buffer, the line of a mapping, strings without libc. */
#include <errno.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/view.h"
#include "tap.h"

static char out[256];

static void test_numbers_are_printed(void)
{
	static const uint64_t values[] = {
		0, 1, 9, 10, 15, 16, 99, 100, 4095, 4096, UINT32_MAX,
		INT64_MAX, 1ULL << 63, UINT64_MAX,
	};
	char want[64];
	struct fmt f;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		fmt_init(&f, out, sizeof(out));
		fmt_u64(&f, values[i]);
		snprintf(want, sizeof(want), "%" PRIu64, values[i]);
		is_str(out, want, "decimal");
		fmt_init(&f, out, sizeof(out));
		fmt_s64(&f, (int64_t)values[i]);
		snprintf(want, sizeof(want), "%" PRId64, (int64_t)values[i]);
		is_str(out, want, "signed");
		for (unsigned int width = 0; width < 20; width += 4) {
			fmt_init(&f, out, sizeof(out));
			fmt_hex(&f, values[i], width);
			snprintf(want, sizeof(want), "%0*" PRIx64, (int)width,
				 values[i]);
			is_str(out, want, "hexadecimal, %u digits", width);
		}
	}
}

static void test_what_does_not_fit_is_left_out_whole(void)
{
	char guard[16];
	struct fmt f;

	memset(guard, '#', sizeof(guard));
	fmt_init(&f, guard, 8);
	is_str(guard, "", "empty at first");
	fmt_str(&f, "abcd");
	ok(!f.overflow, "fits");
	fmt_str(&f, "efgh");
	ok(f.overflow, "one byte too many is an overflow");
	is_str(guard, "abcd", "and is not cut");
	fmt_str(&f, "efg");
	is_str(guard, "abcdefg", "the last byte is usable");
	is_u64(f.len, 7, "the length is right");
	ok(f.overflow, "the overflow is remembered");
	fmt_char(&f, 'h');
	is_str(guard, "abcdefg", "full is full");
	is_u64((unsigned char)guard[8], '#', "nothing is written behind");

	fmt_init(&f, guard, 1);
	fmt_u64(&f, 7);
	is_str(guard, "", "a buffer of one byte holds the NUL");
	ok(f.overflow, "and nothing else");
}

static void test_padding_reaches_a_column(void)
{
	char small[8];
	struct fmt f;

	fmt_init(&f, out, sizeof(out));
	fmt_str(&f, "ab");
	fmt_pad(&f, 5);
	is_str(out, "ab   ", "up to it");
	fmt_pad(&f, 4);
	is_str(out, "ab   ", "never back");
	fmt_init(&f, small, sizeof(small));
	fmt_pad(&f, 100);
	ok(f.overflow && f.len == 7, "an overflow ends it");
}

/* Columns as fs/proc/task_mmu.c: the name begins at 73, or behind the inode. */
static void test_the_line_of_a_mapping(void)
{
	struct vma_view v = {
		.start = 0x1000, .end = 0x2000, .name = "", .name_len = 0,
	};
	struct fmt f;

	fmt_init(&f, out, sizeof(out));
	view_format(&f, &v);
	is_str(out, "00001000-00002000 ---p 00000000 00:00 0 ",
	       "without a name it ends with a space");

	v = (struct vma_view){
		.start = 0x5612f2207000, .end = 0x5612f2209000,
		.offset = 0x2000, .dev_major = 0xfe, .inode = 247134,
		.prot = VIEW_READ | VIEW_EXEC | VIEW_SHARED,
		.name = "/usr/bin/cat", .name_len = 12,
	};
	fmt_init(&f, out, sizeof(out));
	fmt_str(&f, "kernel: ");
	view_format(&f, &v);
	is_str(out, "kernel: 5612f2207000-5612f2209000 r-xs 00002000 fe:00 "
	       "247134                     /usr/bin/cat",
	       "columns count from the line's begin");

	v.name_len = 0;
	fmt_init(&f, out, sizeof(out));
	view_format_head(&f, &v);
	is_u64(f.len, 53, "a head without a name to come is not padded");
	v.name_len = 1;
	fmt_init(&f, out, sizeof(out));
	view_format_head(&f, &v);
	is_u64(f.len, 73, "one with a name is");

	v.offset = 0xfffffffffffff000;
	v.dev_major = 0xfff;
	v.dev_minor = 0xfffff;
	v.inode = UINT64_MAX;
	fmt_init(&f, out, sizeof(out));
	view_format(&f, &v);
	is_str(out, "5612f2207000-5612f2209000 r-xs fffffffffffff000 fff:fffff "
	       "18446744073709551615  /", "a long head pushes the name");
}

static void test_strings(void)
{
	char small[4];

	ok(str_eq("", "") && str_eq("ab", "ab"), "equal strings");
	ok(!str_eq("ab", "abc") && !str_eq("abc", "ab") && !str_eq("ab", "aB"),
	   "unequal strings");
	ok(str_starts("abc", "ab") && str_starts("abc", ""), "a prefix");
	ok(!str_starts("ab", "abc") && !str_starts("xab", "ab"), "none");
	is_u64(str_len("abc"), 3, "length");
	is_str(str_base("/usr/bin/cat"), "cat", "last component");
	is_str(str_base("cat"), "cat", "of no path");
	is_str(str_base("/usr/"), "", "of a folder");
	is_u64(str_copy(small, sizeof(small), "abcdef"), 3, "a cut copy");
	is_str(small, "abc", "ends with a NUL");
	is_u64(str_copy(small, sizeof(small), "ab"), 2, "a whole copy");
	is_str(small, "ab", "is whole");
	is_u64(str_copy(NULL, 0, "ab"), 0, "no room, no touch");
}

static void test_numbers_are_read(void)
{
	static const struct {
		const char *text;
		unsigned int base;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "0", 10, 0, 0 }, { "18446744073709551615", 10, 0, UINT64_MAX },
		{ "18446744073709551616", 10, -ERANGE, 0 },
		{ "99999999999999999999", 10, -ERANGE, 0 },
		{ "ffffffffffffffff", 16, 0, UINT64_MAX },
		{ "10000000000000000", 16, -ERANGE, 0 },
		{ "DeadBeef", 16, 0, 0xdeadbeef }, { "007", 10, 0, 7 },
		{ "", 10, -EINVAL, 0 }, { "-1", 10, -EINVAL, 0 },
		{ " 1", 10, -EINVAL, 0 }, { "1 ", 10, -EINVAL, 0 },
		{ "a", 10, -EINVAL, 0 }, { "g", 16, -EINVAL, 0 },
		{ "0x1", 16, -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t v = 0;

		is_i64(str_to_u64(cases[i].text, strlen(cases[i].text),
				  cases[i].base, &v), cases[i].ret,
		       "\"%s\" in base %u", cases[i].text, cases[i].base);
		is_u64(v, cases[i].value, "its value");
	}
}

/* The room's own, not libc's: the test links the room first. */
static void test_bytes(void)
{
	unsigned char a[64], b[64];
	unsigned int wrong = 0;

	for (size_t from = 0; from < 24; from++)
		for (size_t to = 0; to < 24; to++)
			for (size_t n = 0; n < 24; n++) {
				for (int i = 0; i < 64; i++)
					a[i] = b[i] = (unsigned char)i;
				memmove(a + to, a + from, n);
				for (size_t i = 0; i < n; i++)
					wrong += a[to + i] != b[from + i];
				for (size_t i = 0; i < 64; i++)
					wrong += (i < to || i >= to + n) &&
						 a[i] != b[i];
			}
	is_u64(wrong, 0, "memmove() of all overlaps");
	memset(a, 0, sizeof(a));
	memset(a + 3, 0x5a, 7);
	ok(!a[2] && a[3] == 0x5a && a[9] == 0x5a && !a[10], "memset()");
	ok(memcmp("ab", "ac", 2) < 0 && memcmp("b", "a", 1) > 0 &&
	   !memcmp("abx", "aby", 2) && memcmp("\xff", "\x01", 1) > 0,
	   "memcmp() compares bytes without sign");
}

int main(void)
{
	test_numbers_are_printed();
	test_what_does_not_fit_is_left_out_whole();
	test_padding_reaches_a_column();
	test_the_line_of_a_mapping();
	test_strings();
	test_numbers_are_read();
	test_bytes();
	return done_testing();
}
