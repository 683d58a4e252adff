/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why two mappings are two: each rule's words, the order of the rules, and, over
 * random pairs, that what is said is what vma_merge() does.
 */
#include "base/fmt.h"
#include "ops_lab.h"

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define NOTHING	"nothing: no call touched this boundary since they became equal"
#define APART	"both touched separately: different anon_vma"

static char words[MM_EXPLAIN_SIZE];

static const char *explain(int page)
{
	struct fmt f;
	int err;

	fmt_init(&f, words, sizeof(words));
	err = mm_explain(&mm, P(page), &f);
	return err ? strerror(-err) : words;
}

#define says(page, want, ...)	is_str(explain(page), want, __VA_ARGS__)

static struct mm_file files[3];

static void reset(void)
{
	static const char *const names[] = { "/lib/a", "/lib/b", "/SYSV" };

	lab_reset(&rules_6_18);
	for (unsigned int i = 0; i < 3; i++)
		files[i] = (struct mm_file){
			.inode = i + 7, .dev_major = 8, .name = names[i],
			.name_len = (uint32_t)strlen(names[i]), .ofd = i + 1,
		};
}

static void map_file(int page, int off, struct mm_file *file)
{
	map_flags(page, 4, R, MAP_PRIVATE, file,
		  (unsigned long)off * PAGE_SIZE);
}

/* --- where there is something to explain ------------------------------------ */

static void test_only_a_boundary_between_touching_mappings(void)
{
	struct fmt f;

	reset();
	map(0, 4, R);
	map(4, 4, NONE);
	map(9, 4, R);
	says(4, "protection r-- and ---", "two that touch");
	says(2, "Invalid argument", "inside one there is no boundary");
	says(8, "Invalid argument", "an end before a hole is none");
	says(9, "Invalid argument", "nor is a start after one");
	says(20, "Invalid argument", "nothing is mapped");
	fmt_init(&f, words, sizeof(words));
	is_i64(mm_explain(&mm, 0, &f), -EINVAL, "address 0");
	is_i64(mm_explain(&mm, P(4) + 1, &f), -EINVAL,
	       "a byte after the boundary is inside");
	is_i64(mm_explain(&mm, P(4) - 1, &f), -EINVAL,
	       "and so is a byte before it");
	is_str(words, "", "nothing was written");
}

static void test_it_appends(void)
{
	struct fmt f;

	reset();
	map(0, 4, R);
	map(4, 4, NONE);
	fmt_init(&f, words, sizeof(words));
	fmt_str(&f, "why: ");
	mm_explain(&mm, P(4), &f);
	is_str(words, "why: protection r-- and ---", "after what stands there");
}

/* --- flags ------------------------------------------------------------------ */

static void test_what_maps_shows(void)
{
	reset();
	map(0, 4, RW | PROT_EXEC);
	map(4, 4, R);
	says(4, "protection rwx and r--", "protection");
	files[0].flags = MM_FILE_UNIQUE;
	map_flags(8, 4, R, MAP_SHARED, &files[0], 0);
	says(8, "sharing: private and shared", "sharing");
	map(12, 4, R);
	map(16, 4, NONE);
	at(12)->vm_flags |= 3ULL << VM_PKEY_SHIFT;
	protect(16, 4, R);
	says(16, "pkey: 3 and 0", "protection keys");
}

static void test_flags_of_mmap(void)
{
	static const struct {
		unsigned long flag;
		const char *words;
	} cases[] = {
		{ MAP_NORESERVE, "VM_NORESERVE: the right one has "
		  "MAP_NORESERVE, the left one has not" },
		{ MAP_STACK, "VM_NOHUGEPAGE: the right one has MAP_STACK or "
		  "MADV_NOHUGEPAGE, the left one has not" },
		{ MAP_GROWSDOWN, "VM_GROWSDOWN: the right one grows down, the "
		  "left one does not" },
		{ MAP_LOCKED, "locked: no and yes" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		reset();
		map(0, 4, RW);
		map_flags(4, 4, RW, ANON | cases[i].flag, NULL, 0);
		says(4, cases[i].words, "flag 0x%lx", cases[i].flag);
	}
}

static void test_advice(void)
{
	static const struct {
		int advice;
		const char *words;
	} cases[] = {
		{ MADV_DONTFORK, "advice: the left one has MADV_DONTFORK, the "
		  "right one has not" },
		{ MADV_DONTDUMP, "advice: the left one has MADV_DONTDUMP, the "
		  "right one has not" },
		{ MADV_WIPEONFORK, "advice: the left one has MADV_WIPEONFORK, "
		  "the right one has not" },
		{ MADV_MERGEABLE, "advice: the left one has MADV_MERGEABLE, "
		  "the right one has not" },
		{ MADV_HUGEPAGE, "advice: the left one has MADV_HUGEPAGE, the "
		  "right one has not" },
		{ MADV_NOHUGEPAGE, "VM_NOHUGEPAGE: the left one has MAP_STACK "
		  "or MADV_NOHUGEPAGE, the right one has not" },
		{ MADV_RANDOM, "advice: MADV_RANDOM and MADV_NORMAL" },
		{ MADV_SEQUENTIAL, "advice: MADV_SEQUENTIAL and MADV_NORMAL" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		reset();
		map(0, 8, R);
		advise(0, 4, cases[i].advice);
		says(4, cases[i].words, "advice %d", cases[i].advice);
	}
	lock_ret(4, 4, MLOCK_ONFAULT, 0);
	advise(0, 4, MADV_NORMAL);
	says(4, "locked: no and on fault", "locked on fault");
}

/*
 *	W*W*  ->  R*R*....  ->  R*R*RRRR	never equal again
 */
static void test_account(void)
{
	reset();
	map(0, 4, RW);
	touch(0, 4);
	protect(0, 4, R);
	map(4, 4, R);
	says(4, "VM_ACCOUNT: the left one was writable once, the right one "
	     "never was, or was untouched then", "left");
	map(-4, 4, R);
	says(0, "VM_ACCOUNT: the right one was writable once, the left one "
	     "never was, or was untouched then", "right");
	at(4)->vm_unsure = VM_ACCOUNT;
	says(4, "unknown: either a difference in VM_ACCOUNT, which nobody "
	     "saw, or " NOTHING, "not known");
	at(4)->vm_unsure |= VM_LOCKED;
	says(4, "unknown: either a difference in flags, which nobody saw, "
	     "or " NOTHING, "several that are not known");
	at(4)->vm_flags |= VM_DONTCOPY;
	says(4, "advice: the right one has MADV_DONTFORK, the left one has "
	     "not", "a difference that is known comes before doubt");
}

static void test_flags_without_words(void)
{
	reset();
	map(0, 4, R);
	map(4, 4, NONE);
	at(4)->vm_flags = at(0)->vm_flags | VM_ARCH_1;
	at(0)->vm_flags |= VM_SOFTDIRTY;
	says(4, "flags 0x71 and 0x1000071", "the numbers, at least");
}

/* --- files, offsets --------------------------------------------------------- */

static void test_files(void)
{
	reset();
	map_file(0, 0, &files[0]);
	map_file(4, 4, &files[1]);
	says(4, "different files: /lib/a and /lib/b", "two files");
	map(8, 4, R);
	says(8, "different files: /lib/b and anonymous memory",
	     "a file and none");

	reset();
	map_file(0, 0, &files[0]);
	map_file(4, 5, &files[0]);
	says(4, "offsets do not follow: 0x4000 and 0x5000", "offsets");

	reset();
	files[1] = files[0];
	files[1].ofd++;
	files[1].mapcount = 0;
	kernel_boundary(4);
	map_file(0, 0, &files[0]);
	map_file(4, 4, &files[1]);
	says(4, "unknown: either different open file descriptions, or "
	     NOTHING, "one file, opened twice or not");
	files[1].flags = MM_FILE_UNIQUE;
	says(4, "different open file descriptions of /lib/a",
	     "one file, surely opened twice");
}

static void test_long_names(void)
{
	char name[300];

	reset();
	memset(name, 'n', sizeof(name));
	memcpy(name + sizeof(name) - 5, "/last", 5);
	files[0].name = files[1].name = name;
	files[0].name_len = files[1].name_len = sizeof(name);
	map_file(0, 0, &files[0]);
	map_file(4, 4, &files[1]);
	explain(4);
	is_u64(strlen(words), sizeof("different files:  and ") - 1 + 206,
	       "both are cut");
	ok(strstr(words, ": ...nnn"), "at the beginning");
	is_str(words + strlen(words) - 5, "/last", "the end stays");
}

static void test_special(void)
{
	reset();
	map_file(0, 0, &files[0]);
	map_file(4, 4, &files[1]);
	map(8, 4, R);
	at(4)->vm_flags |= VM_PFNMAP;
	says(4, "special mapping: the right one, /lib/b", "right");
	says(8, "special mapping: the left one, /lib/b", "left");
	at(0)->vm_flags |= VM_IO;
	says(4, "special mapping: /lib/a and /lib/b", "both");
}

static void test_close_hooks(void)
{
	static const struct mm_rules *const kernels[] = {
		&rules_5_10, &rules_6_18,
	};

	for (unsigned int i = 0; i < 2; i++) {
		reset();
		mm.rules = *kernels[i];
		files[2].flags = MM_FILE_UNIQUE | MM_FILE_CLOSE;
		map_flags(0, 8, RW, MAP_SHARED, &files[2], 0);
		protect(4, 4, R);
		says(4, "protection rw- and r--", "flags come first");
		protect(4, 4, RW);
		says(4, "close hook: the kernel gives up neither, both of "
		     "/SYSV", "equal, and yet two");
		at(4)->uffd = 1;
		says(4, i ? "userfaultfd: none and number 1"
		     : "close hook: the kernel gives up neither, both of /SYSV",
		     "where the rule stands in the order");
	}
}

/*
 *	A*A*....  moved to  M*M*: its offsets are those of the old place
 */
static void test_moved_memory(void)
{
	reset();
	map(0, 4, RW);
	map(20, 4, RW);
	touch(20, 4);
	remap(20, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, 4, 4);
	protect(0, 8, R);
	at(0)->vm_flags |= VM_ACCOUNT;
	at(0)->vm_unsure = 0;
	at(0)->anon_state = ANON_NONE;
	says(4, "offsets do not follow: 0x7f0000004000 and 0x7f0000014000 "
	     "(hidden: one was moved)", "the addresses at birth");
	at(4)->bits |= VMA_PGOFF_UNSURE;
	says(4, "unknown: either offsets do not follow (hidden: one was "
	     "moved), or " NOTHING, "not known whether it was touched then");
}

/* --- what userspace cannot see ---------------------------------------------- */

static void two_untouched(const struct mm_rules *rules)
{
	reset();
	mm.rules = *rules;
	map(0, 4, R);
	map(4, 4, NONE);
	at(4)->vm_flags = at(0)->vm_flags;
}

static void test_hidden_attributes(void)
{
	two_untouched(&rules_6_18);
	says(4, NOTHING, "two equal ones");
	at(4)->vm_policy = 3;
	says(4, "policy: none and mbind's number 3", "policy");
	at(0)->vm_policy = 2;
	says(4, "policy: mbind's number 2 and mbind's number 3", "policies");
	at(4)->vm_policy = 2;
	at(0)->uffd = 1;
	says(4, "userfaultfd: number 1 and none", "userfaultfd");
	at(4)->uffd = 1;
	at(0)->anon_name = 5;
	says(4, "name: number 5 and none", "name");
	at(0)->bits |= VMA_EXTENT_UNSURE;
	says(4, "name: number 5 and none", "a rule counts more than doubt");
	at(4)->anon_name = 5;
	says(4, "unknown: either no boundary at all, for nobody could be "
	     "asked, or " NOTHING, "the boundary itself is a guess");
}

/* Two that differ in everything; one rule after the other is met. */
static void test_the_order_is_the_kernels(void)
{
	reset();
	map_file(0, 0, &files[0]);
	map_flags(4, 4, NONE, MAP_PRIVATE, &files[1], 9 * PAGE_SIZE);
	at(4)->vm_flags |= VM_PFNMAP;
	at(4)->vm_policy = at(4)->uffd = at(4)->anon_name = 1;
	at(0)->anon_state = at(4)->anon_state = ANON_FAULTED;
	at(0)->anon_vma = 1;
	at(4)->anon_vma = 2;
	says(4, "special mapping: the right one, /lib/b", "first of all");
	at(4)->vm_flags &= ~VM_PFNMAP;
	says(4, "policy: none and mbind's number 1", "then the policy");
	at(4)->vm_policy = 0;
	says(4, "protection r-- and ---", "then the flags");
	at(4)->vm_flags = at(0)->vm_flags;
	says(4, "different files: /lib/a and /lib/b", "then the file");
	at(4)->vm_file = at(0)->vm_file;
	says(4, "userfaultfd: none and number 1", "then userfaultfd");
	at(4)->uffd = 0;
	says(4, "name: none and number 1", "then the name");
	at(4)->anon_name = 0;
	says(4, APART, "then anon_vma");
	at(4)->anon_vma = 1;
	says(4, "offsets do not follow: 0x4000 and 0x9000", "then offsets");
	at(4)->vm_pgoff = 4;
	says(4, NOTHING, "and then no more");
}

static const char *label(const struct mm_struct *m,
			 const struct vm_area_struct *vma, uint32_t *len)
{
	(void)m;
	*len = 8;
	return vma->anon_name == 5 ? "[anon:a]" : "[anon:b]";
}

static void test_names_in_words(void)
{
	two_untouched(&rules_6_18);
	mm.anon_label = label;
	at(0)->anon_name = 5;
	says(4, "name: [anon:a] and none", "one name");
	at(4)->anon_name = 6;
	says(4, "name: [anon:a] and [anon:b]", "two names");
}

static void states(uint8_t left, uint32_t left_id, uint8_t right,
		   uint32_t right_id)
{
	at(0)->anon_state = left;
	at(0)->anon_vma = left_id;
	at(4)->anon_state = right;
	at(4)->anon_vma = right_id;
}

static void test_objects(void)
{
	two_untouched(&rules_6_18);
	states(ANON_FAULTED, 1, ANON_FAULTED, 2);
	says(4, APART, "two objects");
	states(ANON_FAULTED, 1, ANON_FAULTED, 1);
	says(4, NOTHING, "one object");
	states(ANON_FAULTED, 1, ANON_NONE, 0);
	says(4, NOTHING, "one touched");
	states(ANON_NONE | ANON_FAULTED, 0, ANON_NONE | ANON_FAULTED, 0);
	says(4, "unknown: either " APART ", or " NOTHING, "both may be");
	states(ANON_FORKED, 1, ANON_NONE, 0);
	says(4, "came by fork: the left one came by fork, the right one was "
	     "never touched", "fork, untouched");
	states(ANON_FAULTED, 1, ANON_FORKED, 2);
	says(4, "came by fork: the left one was touched, the right one came "
	     "by fork", "fork, touched");
	states(ANON_NONE | ANON_FORKED, 0, ANON_NONE, 0);
	says(4, "unknown: either came by fork: the left one came by fork or "
	     "was never touched, the right one was never touched, or "
	     NOTHING, "fork or not");
}

static void test_what_was_learnt_of_objects(void)
{
	two_untouched(&rules_6_18);
	states(ANON_FAULTED, 0, ANON_FAULTED, 0);
	says(4, "unknown: either " APART ", or " NOTHING, "nothing learnt");
	at(4)->bits |= VMA_ANON_DIFFERS;
	says(4, APART, "learnt: two");
	at(4)->bits ^= VMA_ANON_DIFFERS | VMA_ANON_SAME;
	says(4, NOTHING, "learnt: one");
	at(0)->anon_state |= ANON_NONE;
	at(4)->bits ^= VMA_ANON_DIFFERS | VMA_ANON_SAME;
	says(4, "unknown: either " APART ", or " NOTHING,
	     "learnt of objects that may be gone");
}

/* Until 6.15 it matters which side changes. */
static void test_older_kernels(void)
{
	two_untouched(&rules_6_12);
	states(ANON_FAULTED, 1, ANON_NONE, 0);
	says(4, "touched on one side, or separately: the left one was "
	     "touched, the right one was never touched", "one touched");
	states(ANON_NONE | ANON_FAULTED, 0, ANON_NONE, 0);
	says(4, "unknown: either touched on one side, or separately: the left "
	     "one was touched or not, the right one was never touched, or "
	     NOTHING, "one may be");
}

static void test_everything_in_doubt_fits(void)
{
	struct fmt f;

	two_untouched(&rules_6_18);
	files[1] = files[0];
	for (unsigned int i = 0; i < 2; i++) {
		at(i * 4)->bits |= VMA_EXTENT_UNSURE | VMA_PGOFF_UNSURE;
		at(i * 4)->vm_unsure = VM_NORESERVE;
		at(i * 4)->vm_file = &files[i];
		files[i].ofd = i;
	}
	states(ANON_NONE | ANON_FORKED, 0, ANON_NONE | ANON_FORKED, 0);
	fmt_init(&f, words, sizeof(words));
	mm_explain(&mm, P(4), &f);
	ok(!f.overflow, "%zu bytes of %zu", f.len, sizeof(words));
	ok(strstr(words, "or " NOTHING), "to the end");
	ok(strstr(words, "descriptions, or came by fork"), "in between");
}

/* --- the rules are the engine's --------------------------------------------- */

static uint64_t seed;

static bool one_in(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n == 0;
}

static uint32_t below(unsigned int n)
{
	one_in(2);
	return (uint32_t)((seed >> 33) % n);
}

static const uint64_t odd_flags[] = {
	VM_READ, VM_WRITE, VM_ACCOUNT, VM_NORESERVE, VM_DONTEXPAND, VM_IO,
	VM_DONTCOPY, VM_LOCKED, VM_SOFTDIRTY, 1ULL << VM_PKEY_SHIFT,
	VM_NOHUGEPAGE, VM_MAYSHARE | VM_SHARED, VM_ARCH_1,
};

/* Make each attribute of @a another, rarely. */
static void vary(struct vma_attr *a)
{
	if (one_in(8))
		a->vm_flags ^= odd_flags[below(ARRAY_SIZE(odd_flags))];
	if (one_in(12))
		a->vm_unsure ^= (uint32_t)odd_flags[below(9)];
	if (one_in(12))
		a->file = &files[below(3)];
	a->pgoff += one_in(12);
	a->pgoff_unsure = one_in(12);
	a->policy ^= one_in(16);
	a->anon_name ^= one_in(16);
	a->uffd ^= one_in(16);
	a->anon_state = (uint8_t)(1 + below(7));
	a->anon_vma = a->anon_state == ANON_NONE ? 0 : below(3);
}

static void random_pair(const struct mm_rules *rules, uint64_t from)
{
	static const uint8_t memos[] = { 0, VMA_ANON_DIFFERS, VMA_ANON_SAME };
	struct vma_attr a = { .vm_flags = VM_READ | VM_MAYREAD };

	reset();
	seed = from;
	mm.rules = *rules;
	files[1].inode = files[0].inode;
	files[1].flags = one_in(2) ? MM_FILE_UNIQUE : 0;
	files[2].flags = MM_FILE_UNIQUE | MM_FILE_CLOSE;
	a.file = one_in(2) ? &files[below(3)] : NULL;
	vary(&a);
	vma_link(&mm, vma_from_attr(&mm, P(0), P(4), &a));
	a.pgoff += 4;
	vary(&a);
	vma_link(&mm, vma_from_attr(&mm, P(4), P(8), &a));
	at(4)->bits |= memos[below(3)];
	/* What is one object has one identity, and came the same way. */
	if (at(4)->bits & VMA_ANON_SAME) {
		at(4)->anon_vma = at(0)->anon_vma;
		at(4)->anon_state = at(0)->anon_state;
	}
}

/* What the engine does when a call leaves the page's VMA as it is. */
static enum may engine_says(const struct mm_rules *rules, uint64_t from,
			    int page)
{
	struct mm_op op = { .call = MM_MPROTECT };
	struct vm_area_struct *vma, *out;
	struct vma_attr a;

	random_pair(rules, from);
	vma = at(page);
	vma_attr_of(vma, &a);
	if (vma_merge(&mm, &op, vma->vm_prev, vma->vm_start, vma->vm_end, &a,
		      false, &out) == MM_ASK)
		return MAY_UNDECIDED;
	return out ? MAY_YES : MAY_NO;
}

static enum may words_say(const char *text)
{
	if (!strncmp(text, "nothing: ", 9))
		return MAY_YES;
	return strncmp(text, "unknown: ", 9) ? MAY_NO : MAY_UNDECIDED;
}

static void test_what_is_said_is_what_merges(void)
{
	static const struct mm_rules *const kernels[] = {
		&rules_5_10, &rules_6_1, &rules_6_12, &rules_6_18,
	};
	unsigned int seen[3] = { 0 }, wrong = 0;

	for (uint64_t i = 0; i < 100000; i++) {
		const struct mm_rules *rules = kernels[i % 4];
		enum may want = may_and(engine_says(rules, i, 0),
					engine_says(rules, i, 4));
		enum may got;

		random_pair(rules, i);
		got = words_say(explain(4));
		seen[got]++;
		if (got == want || wrong++ > 3)
			continue;
		diag("%s: %s: engine %d, \"%s\"", lays(), "pair", want, words);
	}
	is_u64(wrong, 0, "in 100000 pairs");
	ok(seen[MAY_NO] > 5000 && seen[MAY_YES] > 2000 &&
	   seen[MAY_UNDECIDED] > 5000, "%u no, %u yes, %u undecided",
	   seen[MAY_NO], seen[MAY_YES], seen[MAY_UNDECIDED]);
}

int main(void)
{
	test_only_a_boundary_between_touching_mappings();
	test_it_appends();
	test_what_maps_shows();
	test_flags_of_mmap();
	test_advice();
	test_account();
	test_flags_without_words();
	test_files();
	test_long_names();
	test_special();
	test_close_hooks();
	test_moved_memory();
	test_hidden_attributes();
	test_the_order_is_the_kernels();
	test_names_in_words();
	test_objects();
	test_what_was_learnt_of_objects();
	test_older_kernels();
	test_everything_in_doubt_fits();
	test_what_is_said_is_what_merges();
	return done_testing();
}
