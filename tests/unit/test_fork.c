/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fork child finds: dup_mmap() and anon_vma_fork(). */
#include "ops_lab.h"

static void test_flags_that_go(void)
{
	struct mm_file file = { .inode = 3, .name = "/f", .name_len = 2 };

	lab_reset(&rules_6_18);
	map_flags(0, 2, R, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, NULL, 0);
	map(4, 2, R);
	advise(4, 2, MADV_DONTFORK);
	map_flags(6, 2, R, MAP_PRIVATE, &file, 0);
	at(6)->vm_flags |= VM_DONTCOPY;
	map(8, 2, R);
	at(8)->uffd = 4;
	vma_set_flags(&mm, at(8), at(8)->vm_flags | VM_UFFD_WP);
	mm.def_flags = VM_LOCKED | VM_LOCKONFAULT | VM_NOHUGEPAGE;
	dup_mmap(&mm);
	is_i64(validate_mm(&mm), 0, "the child is valid");
	is_str(lay(), "0+2 r | 8+2 r", "DONTFORK is gone, locks are off");
	is_u64(at(8)->uffd, 0, "no userfaultfd context");
	ok(!(at(8)->vm_flags & VM_UFFD_WP), "nor its flags");
	is_u64(mm.locked_vm, 0, "nothing is locked");
	is_u64(mm.total_vm, 4, "the accounts follow");
	is_u64(mm.def_flags, VM_NOHUGEPAGE, "MCL_FUTURE is not inherited");
	is_u64(file.mapcount, 0, "nothing maps the file");
}

static void test_states(void)
{
	lab_reset(&rules_6_18);
	map(0, 1, R);
	map(2, 1, R);
	touch(2, 1);
	map(4, 1, RW);
	map(6, 1, RW);
	protect(6, 1, R);
	map_flags(8, 1, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	is_str(lays(), "0+1 r {N} | 2+1 r {F} | 4+1 rw ac {NF} | "
	       "6+1 r ?ac {NF} | 8+1 rw s {N}", "the parent");
	dup_mmap(&mm);
	is_str(lays(), "0+1 r {N} | 2+1 r {K} | 4+1 rw ac {NFK} | "
	       "6+1 r ?ac {NK} | 8+1 rw s {N}",
	       "the child: F is K, what may be F may be K");
	dup_mmap(&mm);
	is_str(lays(), "0+1 r {N} | 2+1 r {K} | 4+1 rw ac {NFK} | "
	       "6+1 r ?ac {NK} | 8+1 rw s {N}", "a grandchild");
	is_i64(validate_mm(&mm), 0, "valid");
}

static void test_each_vma_has_an_object_of_its_own(void)
{
	uint32_t a, b;

	lab_reset(&rules_6_18);
	map(0, 2, R);
	touch(0, 2);
	protect(1, 1, NONE);
	is_u64(at(0)->anon_vma, at(1)->anon_vma, "one object in the parent");
	dup_mmap(&mm);
	a = at(0)->anon_vma;
	b = at(1)->anon_vma;
	ok(a && b && a != b, "two in the child");
	dup_mmap(&mm);
	ok(at(0)->anon_vma != a && at(0)->anon_vma != b, "new ones again");
}

static void test_wipe_on_fork(void)
{
	lab_reset(&rules_6_18);
	map(0, 2, R);
	touch(0, 2);
	advise(0, 2, MADV_WIPEONFORK);
	map(4, 2, RW);
	advise(4, 2, MADV_WIPEONFORK);
	dup_mmap(&mm);
	is_str(lays(), "0+2 r wf {N} | 4+2 rw ac wf {NF}",
	       "an empty one is untouched, until it is written");
}

/*
 *	S*S*	a stack that grows: the growth needs an anon_vma
 */
static void test_stack_growth(void)
{
	lab_reset(&rules_6_18);
	mm.rlim.stack = 1024 * PAGE_SIZE;
	map_flags(600, 4, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN,
		  NULL, 0);
	is_i64(expand_stack(&mm, P(590)), 0, "it grows");
	is_str(lays(), "590+14 rw ac gd {F}", "down to there, and is touched");
	is_u64(at(590)->vm_pgoff, P(590) >> PAGE_SHIFT, "the offset as well");
	is_u64(mm.stack_vm, 14, "it is stack");
	map(300, 4, RW);
	is_i64(expand_stack(&mm, P(500)), -EINVAL,
	       "not within 256 pages of what is below");
	protect(300, 4, NONE);
	is_i64(expand_stack(&mm, P(500)), 0, "unless nobody may use that");
	mm.rlim.stack = 110 * PAGE_SIZE;
	is_i64(expand_stack(&mm, P(494)), 0, "up to RLIMIT_STACK");
	is_i64(expand_stack(&mm, P(493)), -EINVAL, "and not over it");
	is_i64(expand_stack(&mm, P(290)), -EINVAL, "PROT_NONE is no stack");
	is_i64(expand_stack(&mm, P(4000)), -EINVAL, "nor is nothing");
	is_i64(validate_mm(&mm), 0, "the address space is valid");
}

int main(void)
{
	test_flags_that_go();
	test_states();
	test_each_vma_has_an_object_of_its_own();
	test_wipe_on_fork();
	test_stack_growth();
	return done_testing();
}
