/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's lines become VMAs: mm_seed() at the start, mm_adopt() for what
 * the mirror lost; and back into lines with mm_view().
 */
#include "ops_lab.h"

static struct mm_file file, again;

static void reset_file(void)
{
	file = (struct mm_file){ .inode = 7, .dev_major = 8, .name = "/old",
				 .name_len = 4, .ofd = 1 };
	again = file;
	again.ofd = 2;
	again.name = "/renamed";
	again.name_len = 8;
}

static struct vma_view line(int from, int n, unsigned int prot,
			    const char *name)
{
	return (struct vma_view){
		.start = P(from), .end = P(from + n), .prot = (uint8_t)prot,
		.name = name, .name_len = (uint32_t)strlen(name),
	};
}

static struct vma_view file_line(int from, int n, unsigned int prot, int page)
{
	struct vma_view v = line(from, n, prot, "/old");

	v.offset = (uint64_t)page << PAGE_SHIFT;
	v.inode = 7;
	v.dev_major = 8;
	return v;
}

/* --- seeding ---------------------------------------------------------------- */

static void test_seed_without_flags(void)
{
	struct vma_view v = line(0, 2, VIEW_READ | VIEW_WRITE, "");
	struct vma_view stack = line(10, 2, VIEW_READ | VIEW_WRITE, "[stack]");

	lab_reset(&rules_6_18);
	ok(mm_seed(&mm, &v, NULL, 0, false, false), "a line");
	is_str(lays(), "0+2 rw ?ac {NF}", "what it hides is unsure");
	ok(!mm_seed(&mm, &v, NULL, 0, false, false), "it comes once only");
	mm_seed(&mm, &stack, NULL, 0, false, true);
	is_str(lays(), "0+2 rw ?ac {NF} | 10+2 rw gd ?ac {F}",
	       "the stack grows down; smaps shows its pages");
	v = line(5, 1, VIEW_READ, "");
	ok(!mm_seed(&mm, &v, NULL, 0, false, false), "in order only");
	is_i64(validate_mm(&mm), 0, "valid");
}

static void test_seed_with_flags(void)
{
	const uint64_t may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	struct vma_view v[4] = {
		file_line(0, 1, VIEW_READ, 0), file_line(1, 1, VIEW_READ, 1),
		line(2, 1, VIEW_READ | VIEW_WRITE, ""),
		line(4, 1, VIEW_READ | VIEW_SHARED, ""),
	};

	reset_file();
	lab_reset(&rules_6_18);
	mm_seed(&mm, &v[0], &file, VM_READ | may, true, false);
	mm_seed(&mm, &v[1], &file, VM_READ | VM_ACCOUNT | may, true, false);
	mm_seed(&mm, &v[2], NULL, VM_READ | VM_WRITE | VM_ACCOUNT | may, true,
		true);
	mm_seed(&mm, &v[3], NULL, VM_READ | VM_MAYSHARE | may, true, false);
	is_str(lays(), "0+1 r {N} | 1+1 r ac {NF} | 2+1 rw ac {F} | 4+1 r s {N}",
	       "never accounted: never written");
	is_u64(lab_asked, 0, "nothing was asked");
	map(3, 1, RW);
	is_str(lays(), "0+1 r {N} | 1+1 r ac {NF} | 2+2 rw ac {F} | 4+1 r s {N}",
	       "flags that are sure merge without asking");
}

static void test_pool_empty(void)
{
	struct vma_view v = line(0, 2, VIEW_READ, "");

	mm_init(&mm, &rules_6_18);
	ok(!mm_seed(&mm, &v, NULL, 0, false, false), "no memory: no VMA");
	is_u64(mm.map_count, 0, "nothing changed");
}

/* --- adopting --------------------------------------------------------------- */

static int adopt(int from, int to, const struct vma_view *v,
		 struct mm_file *const *files, unsigned int n)
{
	int ret = mm_adopt(&mm, P(from), P(to), v, files, n);
	int err = validate_mm(&mm);

	if (err)
		is_i64(err, 0, "the address space is valid");
	return ret;
}

/* What is as it was keeps all that was known. */
static void test_what_agrees_is_kept(void)
{
	struct mm_file *files[2] = { NULL, &again };
	struct vma_view v[2] = { line(0, 2, VIEW_READ, ""),
				 file_line(4, 2, VIEW_READ, 4) };

	reset_file();
	lab_reset(&rules_6_18);
	map_flags(0, 2, R, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
	touch(0, 2);
	map_flags(4, 2, R, MAP_PRIVATE, &file, 4UL << 12);
	is_i64(adopt(0, 6, v, files, 2), 0, "adopted");
	is_str(lays(), "0+2 r nr {F} | 4+2 r {N}", "nothing is lost");
	ok(at(4)->vm_file == &file, "the open file is the one it was");
	is_str(file.name, "/renamed", "its new name is taken over");
	is_u64(again.mapcount, 0, "the other is not used");
}

/*
 *	AAAAAAAAAA	the mirror
 *	A BBBB   A	the kernel
 */
static void test_what_differs_is_replaced(void)
{
	struct mm_file *files[3] = { NULL, NULL, NULL };
	struct vma_view v[3] = {
		line(0, 1, VIEW_READ, ""), line(2, 4, VIEW_WRITE, ""),
		line(9, 1, VIEW_READ, ""),
	};

	lab_reset(&rules_6_18);
	map_flags(0, 10, R, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
	is_i64(adopt(0, 10, v, files, 3), 0, "adopted");
	is_str(lays(), "0+1 r nr {NF} | 2+4 w ?ac {NF} | 9+1 r nr {NF}",
	       "flags stay where the rights agree");
	ok(at(2)->bits & VMA_PGOFF_UNSURE, "a stranger's offset is unsure");
	ok(at(9)->vm_pgoff == P(9) >> PAGE_SHIFT, "a piece has its own");
}

static void test_what_reaches_over_is_cut(void)
{
	struct mm_file *files[1] = { NULL };
	struct vma_view v = line(6, 2, VIEW_READ, "");

	lab_reset(&rules_6_18);
	map(0, 10, R);
	is_i64(adopt(3, 6, NULL, NULL, 0), 0, "a hole is adopted");
	is_str(lays(), "0+3 r {N} | 6+4 r {N}", "the ends are cut and kept");
	is_i64(adopt(6, 8, &v, files, 1), 0, "the lower part of one");
	is_str(lays(), "0+3 r {N} | 6+2 r {N} | 8+2 r {N}",
	       "is found as it is, once it is cut");
}

/* The last VMA of a file goes, and the same file comes. */
static void test_a_file_that_moves(void)
{
	struct mm_file *files[1] = { &file };
	struct vma_view v = file_line(8, 2, VIEW_READ | VIEW_EXEC, 0);

	reset_file();
	lab_reset(&rules_6_18);
	map_flags(4, 2, R, MAP_PRIVATE, &file, 0);
	is_i64(adopt(0, 12, &v, files, 1), 0, "adopted");
	is_str(lay(), "8+2 rx ?ac", "elsewhere, with other rights");
	is_u64(file.mapcount, 1, "one VMA maps it");
}

static void test_forked_states_are_not_lost(void)
{
	struct mm_file *files[1] = { NULL };
	struct vma_view v = line(0, 4, VIEW_READ, "");

	lab_reset(&rules_6_18);
	map(0, 2, R);
	touch(0, 2);
	dup_mmap(&mm);
	adopt(0, 4, &v, files, 1);
	is_str(lays(), "0+4 r {NFK}", "it may have come by fork");
}

static void test_too_little_memory(void)
{
	struct mm_file *files[3] = { NULL, NULL, NULL };
	struct vma_view v[3] = { line(0, 1, VIEW_READ, ""),
				 line(2, 1, VIEW_READ, ""),
				 line(4, 1, VIEW_READ, "") };

	lab_reset(&rules_6_18);
	map(0, 10, RW);
	mm.pool_free = 4;
	is_i64(mm_adopt(&mm, P(0), P(10), v, files, 3), -ENOMEM, "refused");
	is_str(lay(), "0+10 rw ac", "and nothing changed");
}

/* --- lines ------------------------------------------------------------------ */

static const char *label(const struct mm_struct *m,
			 const struct vm_area_struct *vma, uint32_t *len)
{
	(void)m;
	*len = vma->vm_file ? 14 : 8;
	return vma->vm_file ? "[anon_shmem:x]" : "[anon:x]";
}

static const char *name_at(int n)
{
	static char name[32];
	struct vma_view v;

	mm_view(&mm, at(n), &v);
	memcpy(name, v.name, v.name_len);
	name[v.name_len] = '\0';
	return name;
}

static void test_names(void)
{
	struct mm_file vdso = { .flags = MM_FILE_SPECIAL, .name = "[vdso]",
				.name_len = 6, .inode = 1, .dev_major = 1 };
	struct vma_view v;

	reset_file();
	lab_reset(&rules_6_18);
	mm.start_brk = P(0);
	mm.brk = P(1);
	mm.start_stack = P(5);
	mm.anon_label = label;
	map(0, 1, RW);
	map(2, 1, RW);
	map(4, 2, RW);
	map_flags(8, 1, R, MAP_PRIVATE, &file, 3UL << 12);
	map_flags(10, 1, R, MAP_PRIVATE, &vdso, 1UL << 12);
	is_str(name_at(0), "[heap]", "the heap");
	is_str(name_at(2), "", "no name");
	is_str(name_at(4), "[stack]", "the stack");
	is_str(name_at(8), "/old", "a file");
	is_str(name_at(10), "[vdso]", "a special mapping");
	at(0)->anon_name = at(2)->anon_name = at(8)->anon_name = 1;
	is_str(name_at(0), "[heap]", "the heap's label wins");
	is_str(name_at(2), "[anon:x]", "a name given by prctl");
	is_str(name_at(8), "[anon_shmem:x]", "it replaces a path");
	mm_view(&mm, at(8), &v);
	is_u64(v.offset, 3UL << 12, "offset");
	is_u64(v.inode, 7, "inode");
	is_u64(v.dev_major, 8, "device");
	is_u64(v.prot, VIEW_READ, "rights");
	mm_view(&mm, at(2), &v);
	is_u64(v.offset, 0, "anonymous memory shows no offset");
	mm_view(&mm, at(10), &v);
	is_u64(v.inode | v.offset, 0, "nor does a special mapping");
}

int main(void)
{
	test_seed_without_flags();
	test_seed_with_flags();
	test_pool_empty();
	test_what_agrees_is_kept();
	test_what_differs_is_replaced();
	test_what_reaches_over_is_cut();
	test_a_file_that_moves();
	test_forked_states_are_not_lost();
	test_too_little_memory();
	test_names();
	return done_testing();
}
