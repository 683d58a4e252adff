/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smaps: VmFlags to vm_flags, and whether a mapping surely has pages. */
#include <errno.h>

#include "base/fmt.h"
#include "base/vmflags.h"
#include "procmaps/parse.h"
#include "tap.h"
#include "text.h"

#define HEAD "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n"
#define FILE_HEAD "7f0000000000-7f0000001000 rw-p 00000000 fe:00 12 \n"
#define FLAGS "VmFlags: rd wr mr mw me ac \n"

static char carry[8192], name[4096];

/* The first entry of @text, or what the parser says instead. */
static int first_at(const char *text, struct smaps_entry *e, uint64_t *bad)
{
	struct text t = text_guarded(text, strlen(text));
	struct smaps_parser s;
	int ret;

	smaps_parser_init(&s, carry, sizeof(carry), name, sizeof(name));
	smaps_feed(&s, t.s, t.len);
	ret = smaps_next(&s, e);
	if (!ret)
		ret = smaps_finish(&s);
	*bad = s.p.error_at;
	text_free(&t);
	return ret;
}

static int first(const char *text, struct smaps_entry *e)
{
	uint64_t bad;

	return first_at(text, e, &bad);
}

static void test_each_mnemonic(void)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} known[] = {
		{ "rd", 0x1 }, { "wr", 0x2 }, { "ex", 0x4 }, { "sh", 0x8 },
		{ "mr", 0x10 }, { "mw", 0x20 }, { "me", 0x40 },
		{ "ms", 0x80 }, { "gd", 0x100 }, { "um", 0x200 },
		{ "pf", 0x400 }, { "uw", 0x1000 }, { "lo", 0x2000 },
		{ "io", 0x4000 }, { "sr", 0x8000 }, { "rr", 0x10000 },
		{ "dc", 0x20000 }, { "de", 0x40000 }, { "lf", 0x80000 },
		{ "ac", 0x100000 }, { "nr", 0x200000 }, { "ht", 0x400000 },
		{ "sf", 0x800000 }, { "ar", 0x1000000 },
		{ "wf", 0x2000000 }, { "dd", 0x4000000 },
		{ "sd", 0x8000000 }, { "mm", 0x10000000 },
		{ "hg", 0x20000000 }, { "nh", 0x40000000 },
		{ "mg", 0x80000000 }, { "ui", VM_UFFD_MINOR },
		{ "dp", VM_DROPPABLE }, { "ss", VM_SHADOW_STACK },
		{ "sl", VM_SEALED }, { "dw", 0 }, { "gu", 0 },
	};
	struct smaps_entry e;
	char text[256];

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		snprintf(text, sizeof(text), HEAD "VmFlags: %s \n",
			 known[i].name);
		is_i64(first(text, &e), 1, "%s is read", known[i].name);
		is_u64(e.vm_flags, known[i].flag, "as its own bit");
		is_u64(e.unknown, 0, "and is known");
	}
	is_i64(first(HEAD "VmFlags: \n", &e), 1, "no flag at all");
	is_u64(e.vm_flags, 0, "is no flag");
	first(HEAD "VmFlags: rd zz qq \n", &e);
	is_u64(e.vm_flags, VM_READ, "a foreign one sets nothing");
	is_u64(e.unknown, 2, "and is counted");
}

/* Up to 6.1 VM_LOCKONFAULT prints as "??". */
static void test_lock_on_fault_of_old_kernels(void)
{
	struct smaps_entry e;

	first(HEAD "VmFlags: rd lo ?? \n", &e);
	is_u64(e.vm_flags, VM_READ | VM_LOCKED | VM_LOCKONFAULT,
	       "?? behind lo is VM_LOCKONFAULT");
	is_u64(e.unknown, 1, "but not surely");
	first(HEAD "VmFlags: rd ?? \n", &e);
	is_u64(e.vm_flags, VM_READ, "without lo it is not");
}

static void test_protection_key(void)
{
	struct smaps_entry e;

	is_i64(first(HEAD "ProtectionKey:        15\n" FLAGS, &e), 1, "key 15");
	is_u64(e.vm_flags & VM_PKEY_MASK, VM_PKEY_MASK, "stands in vm_flags");
	is_i64(first(HEAD "ProtectionKey:        16\n" FLAGS, &e), -EINVAL,
	       "there is no key 16");
}

static void test_faulted(void)
{
	static const struct {
		const char *text, *what;
		bool faulted;
	} cases[] = {
		{ HEAD "Anonymous:             0 kB\nSwap: 0 kB\n" FLAGS,
		  "no page", false },
		{ HEAD "Anonymous:             4 kB\nSwap: 0 kB\n" FLAGS,
		  "an anonymous page", true },
		{ HEAD "Anonymous:             0 kB\nSwap: 4 kB\n" FLAGS,
		  "a page in swap", true },
		{ HEAD "Swap: 0 kB\nSwapPss: 4 kB\n" FLAGS,
		  "SwapPss is another key", false },
		{ HEAD "AnonHugePages: 4 kB\n" FLAGS,
		  "AnonHugePages is another key", false },
		{ FILE_HEAD "Anonymous: 0 kB\nSwap: 4 kB\n" FLAGS,
		  "of a file, swap may be the file's own", false },
		{ FILE_HEAD "Anonymous: 4 kB\nSwap: 0 kB\n" FLAGS,
		  "of a file, a copied page", true },
	};
	struct smaps_entry e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is_i64(first(cases[i].text, &e), 1, "%s", cases[i].what);
		is_u64(e.faulted, cases[i].faulted, "faulted: %d",
		       cases[i].faulted);
	}
}

static void test_an_entry_begins_anew(void)
{
	static const char text[] = HEAD "Anonymous: 4 kB\nSwap: 4 kB\n"
		"ProtectionKey: 3\nVmFlags: rd zz \n" HEAD FLAGS;
	struct smaps_parser s;
	struct smaps_entry e;

	smaps_parser_init(&s, carry, sizeof(carry), name, sizeof(name));
	smaps_feed(&s, text, strlen(text));
	smaps_next(&s, &e);
	ok(e.faulted && e.unknown, "the first has pages and a foreign flag");
	is_i64(smaps_next(&s, &e), 1, "the second");
	ok(!e.faulted && !e.unknown, "has neither");
	is_u64(e.vm_flags, 0x100073, "nor the first's key");
}

static void test_malformed_entries_are_refused(void)
{
	static const struct {
		const char *text;
		uint64_t at;
	} cases[] = {
		{ "Size: 4 kB\n", 0 },
		{ FLAGS, 0 },
		{ HEAD HEAD, 49 },
		{ HEAD "Size: 4 kB\n", 60 },
		{ HEAD "Anonymous: kB\n" FLAGS, 60 },
		{ HEAD "Anonymous: 04 kB\n" FLAGS, 61 },
		{ HEAD "Anonymous: 4 mB\n" FLAGS, 62 },
		{ HEAD "Anonymous: 4 kB \n" FLAGS, 64 },
		{ HEAD "Swap: 18446744073709551616 kB\n" FLAGS, 74 },
		{ HEAD "VmFlags: rd wr\n", 61 },
		{ HEAD "VmFlags: rd w \n", 61 },
		{ HEAD "VmFlags: rdwr \n", 60 },
		{ HEAD "\n" FLAGS, 49 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct smaps_entry e;
		uint64_t at = 9999;

		is_i64(first_at(cases[i].text, &e, &at), -EINVAL,
		       "case %zu is refused", i);
		is_u64(at, cases[i].at, "at this byte");
	}
}

static void test_a_name_that_does_not_fit(void)
{
	static const char text[] = "7f0000000000-7f0000001000 r--p 00000000 "
		"fe:00 12                         /12345\n" FLAGS;
	struct smaps_parser s;
	struct smaps_entry e;

	smaps_parser_init(&s, carry, sizeof(carry), name, 5);
	smaps_feed(&s, text, strlen(text));
	is_i64(smaps_next(&s, &e), -ENAMETOOLONG, "is said");
	smaps_parser_init(&s, carry, sizeof(carry), name, 6);
	smaps_feed(&s, text, strlen(text));
	is_i64(smaps_next(&s, &e), 1, "one that just fits");
	ok(e.view.name_len == 6 && !memcmp(e.view.name, "/12345", 6),
	   "stays until the next entry");
}

/* Prints every entry of @t, fed in chunks of @chunk bytes. */
static int digest(const struct text *t, size_t chunk, struct fmt *f)
{
	struct smaps_parser s;
	struct smaps_entry e;
	int ret = 0;

	smaps_parser_init(&s, carry, sizeof(carry), name, sizeof(name));
	for (size_t at = 0; at < t->len && ret >= 0; at += chunk) {
		size_t n = t->len - at < chunk ? t->len - at : chunk;
		struct text piece = text_guarded(t->s + at, n);

		smaps_feed(&s, piece.s, n);
		while ((ret = smaps_next(&s, &e)) > 0) {
			view_format(f, &e.view);
			fmt_char(f, '|');
			fmt_hex(f, e.vm_flags, 0);
			fmt_str(f, e.faulted ? "|F\n" : "|\n");
		}
		text_free(&piece);
	}
	return smaps_finish(&s);
}

static void test_recorded_smaps_in_chunks_of_every_size(void)
{
	struct text t = text_load("maps/names.smaps");
	static char once[1 << 16], again[1 << 16];
	size_t sizes = 0, same = 0;
	struct fmt f;

	fmt_init(&f, once, sizeof(once));
	is_i64(digest(&t, t.len, &f), 0, "the recorded smaps parse");
	for (size_t chunk = 1; chunk <= t.len; chunk += 1 + chunk / 37) {
		fmt_init(&f, again, sizeof(again));
		sizes++;
		same += !digest(&t, chunk, &f) && !strcmp(once, again);
	}
	ok(sizes > 150, "%zu sizes were tried", sizes);
	is_u64(same, sizes, "each gave the same entries");
	ok(strstr(once, "[vsyscall]|4|\n"), "[vsyscall] is executable only");
	ok(strstr(once, "|220073|\n"), "MAP_NORESERVE and MADV_DONTFORK");
	ok(strstr(once, "[stack]|100173|F\n"), "the stack is written to");
	ok(strstr(once, "/srv/demo/new\\012line|71|\n"), "a file's is not");
	text_free(&t);
}

static void test_text_cut_anywhere(void)
{
	struct text t = text_load("maps/names.smaps");
	const char *flags = memmem(t.s, t.len, "\nVmFlags", 8);
	const char *end = memchr(flags + 1, '\n', 100);
	size_t len = (size_t)(end - t.s) + 1;
	static char out[4096];
	unsigned int wrong = 0;
	struct fmt f;

	for (size_t n = 1; n < len; n++) {
		struct text cut = text_guarded(t.s, n);

		fmt_init(&f, out, sizeof(out));
		wrong += digest(&cut, n, &f) != -EINVAL || f.len;
		text_free(&cut);
	}
	is_u64(wrong, 0, "%zu cuts of one entry: none gives an entry", len - 1);
	text_free(&t);
}

int main(void)
{
	test_each_mnemonic();
	test_lock_on_fault_of_old_kernels();
	test_protection_key();
	test_faulted();
	test_an_entry_begins_anew();
	test_malformed_entries_are_refused();
	test_a_name_that_does_not_fit();
	test_recorded_smaps_in_chunks_of_every_size();
	test_text_cut_anywhere();
	return done_testing();
}
