/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each event of the log, word for word, in both forms. */
#include <errno.h>
#include <stdlib.h>

#include "base/view.h"
#include "report/event.h"
#include "tap.h"

static char buf[16384];
static const struct report json = { REPORT_JSON, 42, buf, sizeof(buf) };
static const struct report text = { REPORT_TEXT, 42, buf, sizeof(buf) };

/* The line just made is @want, and its length is what was returned. */
#define is_line(call, want, ...)					\
	do {								\
		long len_ = (call);					\
		is_str(buf, want, __VA_ARGS__);				\
		is_i64(len_, (long)strlen(buf), "its length");		\
	} while (0)

static const struct report_count rules[] = {
	{ "account_cleared", 1 }, { "multi_move", 0 },
	{ "stack_guard_gap", 1048576 },
};

static const struct report_site left[] = {
	{ "/lib/libc.so.6", 0x10a2b3, "a jump leads into it" },
	{ "/lib/ld.so", 0x1f, "no eh_frame" },
};

static const struct report_start start = {
	.version = "0.1.0", .kernel = "6.18.44", .program = "ls \"x\"",
	.rules = rules, .nr_rules = 3, .patched = 19, .unpatched = 2,
	.left = left, .nr_left = 2, .seccomp = 2, .passive = "no /proc",
};

static void test_start(void)
{
	const struct report_start usual = {
		.version = "0.1.0", .kernel = "6.18.44", .program = "ls",
		.patched = 21,
	};

	is_line(report_start(&json, &start),
		"{\"event\":\"start\",\"pid\":42,\"version\":\"0.1.0\","
		"\"kernel\":\"6.18.44\",\"program\":\"ls \\\"x\\\"\","
		"\"rules\":{\"account_cleared\":1,\"multi_move\":0,"
		"\"stack_guard_gap\":1048576},"
		"\"sites\":{\"patched\":19,\"unpatched\":2,\"left\":["
		"{\"object\":\"/lib/libc.so.6\",\"offset\":\"0x10a2b3\","
		"\"why\":\"a jump leads into it\"},"
		"{\"object\":\"/lib/ld.so\",\"offset\":\"0x1f\","
		"\"why\":\"no eh_frame\"}]},"
		"\"seccomp\":2,\"passive\":\"no /proc\"}\n", "with everything");
	is_line(report_start(&text, &start),
		"vmashadow[42]: start: ls \"x\", vmashadow 0.1.0, kernel "
		"6.18.44, sites: 19 patched, 2 not (/lib/libc.so.6+0x10a2b3 a "
		"jump leads into it, /lib/ld.so+0x1f no eh_frame), seccomp 2, "
		"passive: no /proc\n", "as a sentence");
	is_line(report_start(&json, &usual),
		"{\"event\":\"start\",\"pid\":42,\"version\":\"0.1.0\","
		"\"kernel\":\"6.18.44\",\"program\":\"ls\",\"rules\":{},"
		"\"sites\":{\"patched\":21,\"unpatched\":0,\"left\":[]},"
		"\"seccomp\":0,\"passive\":null}\n", "as usual");
	is_line(report_start(&text, &usual),
		"vmashadow[42]: start: ls, vmashadow 0.1.0, kernel 6.18.44, "
		"sites: 21 patched, 0 not\n", "as a sentence");
}

static void test_check(void)
{
	static const struct report_check e = {
		"exit", 37, 1, 2, 3, 123456,
	};

	is_line(report_check(&json, &e),
		"{\"event\":\"check\",\"trigger\":\"exit\",\"vmas\":37,"
		"\"drift\":1,\"growth\":2,\"renamed\":3,\"ns\":123456}\n",
		"check");
	is_line(report_check(&text, &e),
		"vmashadow[42]: check (exit): 37 mappings, drift 1, growth 2, "
		"renamed 3, 123 us\n", "as a sentence");
}

#define HEAD "7f0000000000-7f0000001000 rw-p 00000000 fe:00 12 "
#define PAD  "                        "

static const struct vma_view kernel = {
	.start = 0x7f0000000000, .end = 0x7f0000001000, .inode = 12,
	.dev_major = 0xfe, .prot = VIEW_READ | VIEW_WRITE,
	.name = "/a\\012\xff\x1b\"", .name_len = 9,
};
static const struct vma_view mirror = {
	.start = 0x7f0000000000, .end = 0x7f0000001000, .inode = 12,
	.dev_major = 0xfe, .prot = VIEW_READ | VIEW_WRITE, .name = "",
};
static const char *const stack[] = { "/lib/a.so+0x12 run", "0x7f\033" };
static const struct report_last last = {
	77, "munmap", 43, 0x7f0000000000, 0x1000, -22, stack, 2,
};

static void test_drift(void)
{
	const struct report_drift both = { &kernel, &mirror, &last };
	const struct report_drift missing = { &mirror, NULL, NULL };
	const struct report_drift extra = { NULL, &mirror, NULL };

	is_line(report_drift(&json, &both),
		"{\"event\":\"drift\",\"kernel\":\"" HEAD PAD
		"/a\\\\012\\udcff\\u001b\\\"\",\"mirror\":\"" HEAD "\","
		"\"last\":{\"event\":77,\"call\":\"munmap\",\"thread\":43,"
		"\"addr\":\"0x7f0000000000\",\"len\":\"0x1000\","
		"\"ret\":\"0xffffffffffffffea\","
		"\"stack\":[\"/lib/a.so+0x12 run\",\"0x7f\\u001b\"]}}\n",
		"two lines differ");
	is_line(report_drift(&text, &both),
		"vmashadow[42]: drift: kernel \"" HEAD PAD "/a\\012\xff\\033\"\""
		", mirror \"" HEAD "\", last call there: "
		"munmap(0x7f0000000000, 0x1000) = 0xffffffffffffffea, event 77,"
		" thread 43, by /lib/a.so+0x12 run < 0x7f\\033\n",
		"as a sentence");
	is_line(report_drift(&json, &missing),
		"{\"event\":\"drift\",\"kernel\":\"" HEAD "\",\"mirror\":null,"
		"\"last\":null}\n", "the mirror lacks a line");
	is_line(report_drift(&text, &missing),
		"vmashadow[42]: drift: kernel \"" HEAD "\", mirror none, "
		"no call known there\n", "as a sentence");
	is_line(report_drift(&json, &extra),
		"{\"event\":\"drift\",\"kernel\":null,\"mirror\":\"" HEAD "\","
		"\"last\":null}\n", "the kernel lacks a line");
}

static void test_small_events(void)
{
	static const struct report_limit limit = { 60000, 65530 };
	static const struct report_fork forked = { 41, "sh" };
	static const struct report_exec_failed exec = { "/bin/no\n", 2 };

	is_line(report_limit(&json, &limit),
		"{\"event\":\"limit\",\"pid\":42,\"vmas\":60000,"
		"\"max_map_count\":65530}\n", "limit");
	is_line(report_limit(&text, &limit),
		"vmashadow[42]: limit: 60000 mappings of the 65530 that "
		"vm.max_map_count allows\n", "as a sentence");
	is_line(report_fork(&json, &forked),
		"{\"event\":\"fork\",\"pid\":42,\"parent\":41,"
		"\"program\":\"sh\"}\n", "fork");
	is_line(report_fork(&text, &forked),
		"vmashadow[42]: fork: sh, child of 41\n", "as a sentence");
	is_line(report_exec_failed(&json, &exec),
		"{\"event\":\"exec_failed\",\"pid\":42,\"path\":"
		"\"/bin/no\\n\",\"errno\":2}\n", "exec_failed");
	is_line(report_exec_failed(&text, &exec),
		"vmashadow[42]: exec failed: /bin/no\\012: errno 2; the program "
		"goes on, and a summary above was not its last\n",
		"as a sentence");
	is_line(report_passive(&json, "no /proc"),
		"{\"event\":\"passive\",\"pid\":42,\"why\":\"no /proc\"}\n",
		"passive");
	is_line(report_passive(&text, "no /proc"),
		"vmashadow[42]: passive: no /proc; the program runs on, nothing "
		"is mirrored\n", "as a sentence");
}

static const struct report_count calls[] = {
	{ "mmap", 30 }, { "munmap", 0 }, { "brk", 3 },
};

static const struct report_summary summary = {
	.program = "ls", .calls = calls, .nr_calls = 3,
	.by_symbol = 1, .by_patch = 32, .by_trap = 0,
	.vmas = 37, .vmas_peak = 40, .checks = 2, .drift = 3, .growth = 4,
	.renamed = 5, .asked = 6, .settled = 7, .own = 8,
	.placement = { 20, 19 }, .ok = { 30, 29 }, .failed = { 2, 1 },
	.unpredictable = 9, .faults = 10, .ended = "exit",
};

static void test_summary(void)
{
	struct report_summary none = { .program = "true", .ended = "exec" };

	is_line(report_summary(&json, &summary),
		"{\"event\":\"summary\",\"pid\":42,\"program\":\"ls\","
		"\"calls\":{\"mmap\":30,\"brk\":3},"
		"\"by\":{\"symbol\":1,\"patch\":32,\"trap\":0},"
		"\"vmas\":37,\"vmas_peak\":40,\"checks\":2,\"drift\":3,"
		"\"growth\":4,\"renamed\":5,\"asked\":6,\"settled\":7,"
		"\"own\":8,\"placement\":{\"predicted\":20,\"hit\":19},"
		"\"verdict\":{\"ok\":{\"predicted\":30,\"hit\":29},"
		"\"failed\":{\"predicted\":2,\"hit\":1},\"unpredictable\":9},"
		"\"faults\":10,\"ended\":\"exit\"}\n", "summary");
	is_line(report_summary(&text, &summary),
		"vmashadow[42]: summary: ls: calls mmap 30, brk 3 (symbol 1, "
		"patch 32, trap 0); mappings 37, peak 40; checks 2: drift 3, "
		"growth 4, renamed 5; asked 6, settled 7, own 8; foretold: "
		"addresses 19/20, successes 29/30, failures 1/2, unpredictable "
		"9; faults 10; ended by exit\n", "as a sentence");
	report_summary(&json, &none);
	ok(strstr(buf, "\"calls\":{},\"by\":"), "no calls");
	report_summary(&text, &none);
	ok(strstr(buf, "true: no calls (symbol 0"), "as a sentence");
}

/* Quotes and braces match: what there is, is whole. */
static bool whole_object(const char *s, size_t n)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < n - 1; i++) {
		if (quoted && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && (s[i] == '{' || s[i] == '['))
			depth++;
		else if (!quoted && (s[i] == '}' || s[i] == ']'))
			depth--;
	}
	return s[n - 1] == '\n' && !quoted && !depth && !memchr(s, '\n', n - 1);
}

/* A name of 4000 newlines and quotes takes 8000 bytes as JSON. */
static void test_long_names_are_cut_rather_than_the_line(void)
{
	static char name[4000];
	struct vma_view v = kernel;
	struct report_drift e = { &v, &v, &last };
	unsigned int made = 0, refused = 0, wrong = 0;

	memset(name, '"', sizeof(name));
	v.name = name;
	v.name_len = sizeof(name);
	ok(report_drift(&json, &e) > 16000, "16 KiB hold two such lines");
	ok(!strstr(buf, "..."), "whole");
	for (size_t size = 1; size < 8000; size += 1 + size / 300) {
		for (int form = 0; form < 2; form++) {
			char *small = malloc(size);
			struct report r = { form ? REPORT_JSON : REPORT_TEXT,
					    42, small, size };
			long n = report_drift(&r, &e);

			if (n < 0) {
				refused++;
				wrong += n != -EMSGSIZE || size > 600;
			} else {
				made++;
				wrong += (size_t)n >= size || (form &&
					 !whole_object(small, (size_t)n)) ||
					 !memmem(small, (size_t)n, "...", 3);
			}
			free(small);
		}
	}
	ok(made > 500 && refused > 200, "%u lines made, %u refused", made,
	   refused);
	is_u64(wrong, 0, "what is made is whole, and 600 bytes hold it");
}

static void test_strings_that_are_not_known(void)
{
	const struct report_start e = { .version = "0.1.0" };

	report_start(&json, &e);
	ok(strstr(buf, "\"kernel\":null,\"program\":null"), "are null");
	report_start(&text, &e);
	ok(strstr(buf, "start: ?, vmashadow 0.1.0, kernel ?,"), "or ?");
}

int main(void)
{
	test_start();
	test_check();
	test_drift();
	test_small_events();
	test_summary();
	test_long_names_are_cut_rather_than_the_line();
	test_strings_that_are_not_known();
	return done_testing();
}
