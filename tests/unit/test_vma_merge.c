/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which neighbours become one mapping. Pictures show the pages before the call
 * and after it; each letter is one VMA, a * one that was written to.
 */
#include "ops_lab.h"

#define FILE_MAP(at, pages, off, f) \
	map_flags(at, pages, R, MAP_PRIVATE, f, (unsigned long)(off) << 12)

static const struct {
	const char *name;
	const struct mm_rules *rules;
} kernels[] = {
	{ "5.10", &rules_5_10 }, { "6.1", &rules_6_1 },
	{ "6.12", &rules_6_12 }, { "6.18", &rules_6_18 },
};

#define for_each_kernel(k) for (unsigned int k = 0; k < 4; k++)

/* --- the eight cases ------------------------------------------------------- */

/*
 *	PPPP....NNNN  ->  PPPPAAAANNNN  ->  PPPPPPPPPPPP
 */
static void test_case_1_a_new_range_joins_both(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, R);
	map(8, 4, R);
	at(0)->born = 77;
	map(4, 4, R);
	is_str(lay(), "0+12 r", "case 1: one VMA");
	is_u64(mm.map_count, 1, "the mapping count follows");
	is_u64(at(0)->born, 77, "it is prev that grew");
}

/*
 *	PPPP....  ->  PPPPAAAA  ->  PPPPPPPP
 */
static void test_case_2_a_new_range_joins_prev(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, R);
	map(8, 4, RW);
	map(4, 4, R);
	is_str(lay(), "0+8 r | 8+4 rw ac", "case 2: prev grew");
}

/*
 *	....NNNN  ->  AAAANNNN  ->  NNNNNNNN
 */
static void test_case_3_a_new_range_joins_next(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, RW);
	map(8, 4, R);
	at(8)->born = 77;
	map(4, 4, R);
	is_str(lay(), "0+4 rw ac | 4+8 r", "case 3: next grew");
	is_u64(at(4)->vm_pgoff, P(4) >> PAGE_SHIFT, "its offset moved down");
	is_u64(at(4)->born, 77, "it is next");
}

/*
 *	VVVVVVVVNNNN  ->  VVVVAAAANNNN  ->  VVVVNNNNNNNN
 */
static void test_case_4_the_end_of_a_vma_joins_next(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 8, NONE);
	map(8, 4, R);
	protect(4, 4, R);
	is_str(lay(), "0+4 - | 4+8 r", "case 4: the boundary moved down");
	is_u64(at(4)->vm_pgoff, P(4) >> PAGE_SHIFT, "next's offset with it");
	is_u64(mm.pool_free, ROOM - 2, "no VMA was used up");
}

/*
 *	PPPPVVVVVVVV  ->  PPPPAAAAVVVV  ->  PPPPPPPPVVVV
 */
static void test_case_5_the_start_of_a_vma_joins_prev(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, R);
	map(4, 8, NONE);
	protect(4, 4, R);
	is_str(lay(), "0+8 r | 8+4 -", "case 5: the boundary moved up");
	is_u64(at(8)->vm_pgoff, P(8) >> PAGE_SHIFT, "X's offset with it");
}

/*
 *	PPPPVVVVNNNN  ->  PPPPAAAANNNN  ->  PPPPPPPPPPPP
 */
static void test_case_6_a_whole_vma_joins_both(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, R);
	map(4, 4, NONE);
	map(8, 4, R);
	protect(4, 4, R);
	is_str(lay(), "0+12 r", "case 6: one VMA");
	is_u64(mm.pool_free, ROOM - 1, "two are back in the pool");
}

/*
 *	PPPPVVVVYYYY  ->  PPPPAAAAYYYY  ->  PPPPPPPPYYYY
 */
static void test_case_7_a_whole_vma_joins_prev(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, R);
	map(4, 4, NONE);
	map(8, 4, RW);
	protect(4, 4, R);
	is_str(lay(), "0+8 r | 8+4 rw ac", "case 7: prev grew over it");
}

/*
 *	YYYYVVVVNNNN  ->  YYYYAAAANNNN  ->  YYYYNNNNNNNN
 */
static void test_case_8_a_whole_vma_joins_next(const struct mm_rules *kernel)
{
	lab_reset(kernel);
	map(0, 4, RW);
	map(4, 4, NONE);
	map(8, 4, R);
	at(8)->born = 77;
	protect(4, 4, R);
	is_str(lay(), "0+4 rw ac | 4+8 r", "case 8: next grew over it");
	is_u64(at(4)->born, 77, "it is next that stays");
}

static void the_eight_cases(const struct mm_rules *kernel)
{
	test_case_1_a_new_range_joins_both(kernel);
	test_case_2_a_new_range_joins_prev(kernel);
	test_case_3_a_new_range_joins_next(kernel);
	test_case_4_the_end_of_a_vma_joins_next(kernel);
	test_case_5_the_start_of_a_vma_joins_prev(kernel);
	test_case_6_a_whole_vma_joins_both(kernel);
	test_case_7_a_whole_vma_joins_prev(kernel);
	test_case_8_a_whole_vma_joins_next(kernel);
}

/*
 *	VVVVVVVVVVVV  ->  VVVVAAAAVVVV
 */
static void test_the_middle_of_a_vma_is_only_split(void)
{
	lab_reset(&rules_6_18);
	map(0, 12, NONE);
	protect(4, 4, R);
	is_str(lay(), "0+4 - | 4+4 r | 8+4 -", "two splits, no merge");
	is_u64(lab_asked, 0, "nothing was asked");
}

/* --- what must match: kernel-facts 1.1 -------------------------------------- */

static struct mm_file files[4];

static void reset_files(void)
{
	memset(files, 0, sizeof(files));
	for (unsigned int i = 0; i < 4; i++)
		files[i] = (struct mm_file){
			.inode = 7, .dev_major = 8, .name = "/f", .name_len = 2,
			.ofd = i + 1,
		};
}

static void test_contiguity(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(5, 4, R);
	is_str(lay(), "0+4 r | 5+4 r", "a page between: two VMAs");
}

static void test_flags_must_be_equal(void)
{
	static const unsigned long flags[] = { MAP_NORESERVE, MAP_STACK,
					       MAP_GROWSDOWN, MAP_LOCKED };

	for (unsigned int i = 0; i < 4; i++) {
		lab_reset(&rules_6_18);
		map(0, 4, RW);
		map_flags(4, 4, RW, MAP_PRIVATE | MAP_ANONYMOUS | flags[i],
			  NULL, 0);
		is_u64(mm.map_count, 2, "flag 0x%lx keeps apart", flags[i]);
	}
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(4, 4, RW);
	at(0)->vm_flags |= VM_SOFTDIRTY;
	map(8, 4, RW);
	is_u64(mm.map_count, 1, "VM_SOFTDIRTY does not");
}

static void test_special_mappings_never_merge(void)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(0), .len = 4 * PAGE_SIZE, .prot = R,
		.flags = MAP_PRIVATE | MAP_FIXED, .file = &files[0],
		.file_flags = VM_DONTEXPAND,
	};

	reset_files();
	lab_reset(&rules_6_18);
	lab_run(&op, (long)P(0));
	op.addr = P(4);
	op.off = 4 * PAGE_SIZE;
	lab_run(&op, (long)P(4));
	is_str(lay(), "0+4 r | 4+4 r", "VM_DONTEXPAND: no merge is tried");
}

static void test_files(void)
{
	reset_files();
	lab_reset(&rules_6_18);
	FILE_MAP(0, 4, 0, &files[0]);
	FILE_MAP(4, 4, 4, &files[0]);
	is_str(lay(), "0+8 r", "one open file, contiguous: one VMA");
	FILE_MAP(8, 4, 9, &files[0]);
	is_str(lay(), "0+8 r | 8+4 r", "a page of it left out: two");

	reset_files();
	lab_reset(&rules_6_18);
	files[1].inode = 8;
	FILE_MAP(0, 4, 0, &files[0]);
	FILE_MAP(4, 4, 4, &files[1]);
	is_str(lay(), "0+4 r | 4+4 r", "two inodes: two VMAs");
	map(8, 4, R);
	is_u64(mm.map_count, 3, "a file and no file: two VMAs");
	is_u64(lab_asked, 0, "nothing was asked");
}

/* The kernel's answer says whether two descriptors share one open file. */
static void test_open_file_descriptions_are_asked(void)
{
	reset_files();
	lab_reset(&rules_6_18);
	FILE_MAP(0, 4, 0, &files[0]);
	FILE_MAP(4, 4, 4, &files[1]);
	is_str(lay(), "0+8 r", "the kernel merged them");
	is_u64(lab_asked, 1, "it was asked once");
	is_u64(files[1].ofd, files[0].ofd, "so they are one open file");
	is_u64(files[1].mapcount, 0, "and its file is not mapped");
	FILE_MAP(8, 4, 8, &files[1]);
	is_str(lay(), "0+12 r", "that is remembered");
	is_u64(lab_asked, 1, "nothing more was asked");

	reset_files();
	lab_reset(&rules_6_18);
	kernel_boundary(4);
	FILE_MAP(0, 4, 0, &files[0]);
	FILE_MAP(4, 4, 4, &files[1]);
	is_str(lay(), "0+4 r | 4+4 r", "the kernel did not merge them");
	is_u64(lab_asked, 1, "it was asked once");

	reset_files();
	lab_reset(&rules_6_18);
	files[1].flags = MM_FILE_UNIQUE;
	FILE_MAP(0, 4, 0, &files[0]);
	FILE_MAP(4, 4, 4, &files[1]);
	is_str(lay(), "0+4 r | 4+4 r", "a struct file of its own: two VMAs");
	is_u64(lab_asked, 0, "which needs no asking");
}

/* Split and undo is one struct file, whatever file it is. */
static void test_a_unique_file_merges_with_itself(void)
{
	reset_files();
	lab_reset(&rules_6_18);
	files[0].flags = MM_FILE_UNIQUE | MM_FILE_ANON_SHM;
	map_flags(0, 8, RW, MAP_SHARED, &files[0], 0);
	protect(4, 4, R);
	is_str(lay(), "0+4 rw s | 4+4 r s", "split");
	protect(4, 4, RW);
	is_str(lay(), "0+8 rw s", "and undone");
	is_u64(lab_asked, 0, "nothing was asked");
}

static void test_hidden_attributes(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->vm_policy = 5;
	map(4, 4, R);
	is_u64(mm.map_count, 2, "a memory policy keeps apart");
	at(4)->vm_policy = 5;
	map(8, 4, R);
	is_u64(mm.map_count, 3, "a new range has none");

	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->uffd = 3;
	map(4, 4, R);
	is_u64(mm.map_count, 2, "a userfaultfd context keeps apart");

	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->anon_name = 9;
	map(4, 4, R);
	is_u64(mm.map_count, 2, "a name keeps apart");

	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->vm_pgoff += 1;
	map(4, 4, R);
	is_u64(mm.map_count, 2, "an offset that a move left keeps apart");
}

/*
 *	SSSSSSSS	one System V segment, split and undone
 */
static void test_close_hooks(void)
{
	for_each_kernel(k) {
		reset_files();
		lab_reset(kernels[k].rules);
		files[0].flags = MM_FILE_UNIQUE | MM_FILE_CLOSE;
		map_flags(0, 8, RW, MAP_SHARED, &files[0], 0);
		protect(4, 4, R);
		protect(4, 4, RW);
		is_str(lay(), "0+4 rw s | 4+4 rw s",
		       "%s: a VMA with a close hook is not deleted",
		       kernels[k].name);
		protect(2, 2, R);
		protect(2, 1, RW);
		is_str(lay(), k < 2
		       ? "0+2 rw s | 2+1 rw s | 3+1 r s | 4+4 rw s"
		       : "0+3 rw s | 3+1 r s | 4+4 rw s",
		       "%s: its boundary moves only since 6.8",
		       kernels[k].name);
	}
}

/* --- anon_vma: kernel-facts 1.2 --------------------------------------------- */

int main(void)
{
	the_eight_cases(&rule_sets[RULES_4_X].rules);	/* as they stood */
	the_eight_cases(&rules_6_18);
	test_the_middle_of_a_vma_is_only_split();
	test_contiguity();
	test_flags_must_be_equal();
	test_special_mappings_never_merge();
	test_files();
	test_open_file_descriptions_are_asked();
	test_a_unique_file_merges_with_itself();
	test_hidden_attributes();
	test_close_hooks();
	return done_testing();
}
