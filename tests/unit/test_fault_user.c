/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page faults of the program (kernel-facts 7, prior-art 2.4): for each thing that
 * can be wrong, what the kernel sends.
 */
#include "fault_lab.h"

static struct mm_file data = { .inode = 7, .name = "/data", .name_len = 5 };

static void reset(void)
{
	lab_reset(&rules_6_18);
	mm.task_size = (1UL << 47) - PAGE_SIZE;
	mm.rlim = (struct mm_limits){ ~0UL, ~0UL, 8UL << 20, ~0UL, false };
	memset(&data.i_mmap, 0, sizeof(data.i_mmap));
	data.mapcount = 0;
}

static void set_flags(int n, uint64_t flags)
{
	vma_set_flags(&mm, at(n), at(n)->vm_flags | flags);
}

/*
 *	....AAAA..BB
 */
static void test_no_mapping(void)
{
	reset();
	map(4, 4, RW);
	map(10, 2, R);
	is_str(fault(P(8), READ_ERR), "SEGV MAPERR 4 unmapped", "read");
	is_str(fault(P(8) + 16, WRITE_ERR), "SEGV MAPERR 6 unmapped", "write");
	ok(verdict.before == at(4) && verdict.after == at(10) && !verdict.vma,
	   "between two mappings");
	is_u64(verdict.past, 16, "bytes past the end of the first");
	is_u64(verdict.ahead, 2 * PAGE_SIZE - 16, "bytes before the second");
	is_str(fault(P(8), EXEC_ERR), "SEGV MAPERR 14 unmapped", "execution");
	is_str(fault(0x18, READ_ERR), "SEGV MAPERR 4 unmapped", "null and more");
	ok(!verdict.before && verdict.after == at(4), "below everything");
	is_str(fault(P(100), READ_ERR), "SEGV MAPERR 4 unmapped", "above");
	ok(verdict.before == at(10) && !verdict.after, "... everything");
	is_u64(verdict.address, P(100), "the address is reported");
}

static void test_no_right(void)
{
	reset();
	map(0, 1, R);
	map(2, 1, NONE);
	map(4, 1, RW);
	map(6, 1, W);
	map(8, 1, PROT_EXEC);
	is_str(fault(P(0), WRITE_ERR), "SEGV ACCERR 6 write",
	       "a write to r--, never touched");
	is_str(fault(P(0), WRITE_ERR | THERE), "SEGV ACCERR 7 write",
	       "the same page, present: the same error");
	ok(verdict.vma == at(0) && !verdict.before && verdict.after == at(2),
	   "the mapping that was hit");
	is_str(fault(P(2), READ_ERR), "SEGV ACCERR 4 read", "PROT_NONE read");
	is_str(fault(P(2), WRITE_ERR), "SEGV ACCERR 6 write", "written");
	is_str(fault(P(2), EXEC_ERR), "SEGV ACCERR 14 exec", "executed");
	is_str(fault(P(4), EXEC_ERR | THERE), "SEGV ACCERR 15 exec",
	       "execution of rw-: always with the page present");
	is_str(fault(P(6), READ_ERR), "needs the page",
	       "a page that may only be written is readable");
	is_str(fault(P(8), READ_ERR), "needs the page",
	       "as one that may only be executed");
	is_str(fault(P(4), EXEC_ERR), "needs the page",
	       "the first touch populates; it faults again, with PROT");
}

static void test_the_page_decides_what_rights_allow(void)
{
	struct mm_fault f;

	reset();
	map(0, 1, RW);
	f = page_fault(P(0), WRITE_ERR);
	is_str(judged(&f), "needs the page", "anonymous memory, all allowed");
	f.page = FAULT_PAGE_FINE;
	is_str(judged(&f), "resolved allowed", "nothing is wrong with it");
	f.page = FAULT_PAGE_GUARD;
	is_str(judged(&f), "SEGV MAPERR 6 guard",
	       "a guard region is no mapping to the kernel");
	ok(verdict.vma == at(0), "though one covers it");
	f.error_code = READ_ERR;
	is_str(judged(&f), "SEGV MAPERR 4 guard", "read");
	f.page = FAULT_PAGE_POISON;
	is_str(judged(&f), "BUS MCEERR_AR 4 poison", "broken memory");
	f.page = FAULT_PAGE_REFUSED;
	is_str(judged(&f), "BUS ADRERR 4 refused",
	       "no huge page, no space, a userfaultfd that sends signals");
	mm.guards = true;
	f.page = FAULT_PAGE_UNKNOWN;
	is_str(judged(&f), "needs the page", "where guards are used");
	f.page = FAULT_PAGE_GUARD;
	map(0, 1, R);
	f.error_code = WRITE_ERR;
	is_str(judged(&f), "SEGV ACCERR 6 write",
	       "rights are looked at before the page");
}

/*
 *	file:	0 1 2|3		5 bytes into page 2 it ends
 *	VMA:	  1 2 3 4
 */
static void test_beyond_the_end_of_a_file(void)
{
	struct mm_fault f;

	reset();
	map_flags(0, 4, RW, MAP_SHARED, &data, PAGE_SIZE);
	f = page_fault(P(1), READ_ERR);
	is_str(judged(&f), "needs the size", "the mirror does not know it");
	f.file_size = 2 * PAGE_SIZE + 5;
	f.page = FAULT_PAGE_FINE;
	is_str(judged(&f), "resolved allowed", "the last page is whole");
	f.address = P(2);
	is_str(judged(&f), "BUS ADRERR 4 eof", "the first behind it");
	f.error_code = WRITE_ERR;
	is_str(judged(&f), "BUS ADRERR 6 eof", "written");
	f.error_code = EXEC_ERR;
	is_str(judged(&f), "BUS ADRERR 14 eof", "executed");
	f.file_size = 0;
	f.error_code = READ_ERR;
	f.address = P(0);
	is_str(judged(&f), "BUS ADRERR 4 eof", "truncated to nothing");
	f.file_size = FAULT_SIZE_UNKNOWN;
	f.page = FAULT_PAGE_REFUSED;
	is_str(judged(&f), "BUS ADRERR 4 refused",
	       "whatever the reason, if the page is refused");
	f.page = FAULT_PAGE_UNKNOWN;
	f.file_size = 0;
	mm.guards = true;
	is_str(judged(&f), "needs the page", "a guard would come first");
	mm.guards = false;
	f.file_size = 1UL << 30;
	is_str(judged(&f), "needs the page", "a large file may lack a page");
}

static void test_huge_pages_end_late(void)
{
	struct mm_fault f;

	reset();
	map_flags(0, 1024, RW, MAP_SHARED, &data, 0);
	set_flags(0, VM_HUGETLB);
	f = page_fault(P(511), READ_ERR);
	f.file_size = PAGE_SIZE;
	f.page = FAULT_PAGE_FINE;
	is_str(judged(&f), "resolved allowed", "a huge page is there to its end");
	f.address = P(512);
	is_str(judged(&f), "BUS ADRERR 4 eof", "and the next is not");
}

static void test_keys(void)
{
	struct mm_fault f;

	reset();
	map(0, 1, RW);
	set_flags(0, 3ULL << VM_PKEY_SHIFT);
	is_str(fault(P(0), READ_ERR | THERE | X86_PF_PK),
	       "SEGV PKUERR 25 pkey", "a page that is there says PK");
	is_u64(verdict.pkey, 3, "and which key");
	is_str(fault(P(0), WRITE_ERR | THERE | X86_PF_PK),
	       "SEGV PKUERR 27 pkey", "written");
	f = page_fault(P(0), READ_ERR);
	is_str(judged(&f), "needs the pkru", "one that is not there does not");
	f.pkru_known = true;
	f.pkru = 1U << 6;
	is_str(judged(&f), "SEGV PKUERR 4 pkey", "access disabled");
	f.pkru = 2U << 6;
	f.page = FAULT_PAGE_FINE;
	is_str(judged(&f), "resolved allowed", "write disabled, read");
	f.error_code = WRITE_ERR;
	is_str(judged(&f), "SEGV PKUERR 6 pkey", "and written");
	f.pkru = 0;
	is_str(judged(&f), "resolved allowed", "all rights");
	f.pkru = ~0U;
	f.error_code = EXEC_ERR;
	is_str(judged(&f), "resolved allowed", "keys never stop execution");
	protect(0, 1, R);
	f.error_code = WRITE_ERR;
	is_str(judged(&f), "SEGV PKUERR 6 pkey", "keys come before rights");
	map(4, 1, RW);
	f.address = P(4);
	is_str(judged(&f), "resolved allowed", "key 0 is not looked up");
}

static void test_shadow_stacks(void)
{
	reset();
	map(0, 1, RW);
	set_flags(0, VM_SHADOW_STACK);
	map(2, 1, RW);
	is_str(fault(P(0), WRITE_ERR | THERE),
	       "SEGV ACCERR 7 shadow stack written", "an ordinary write");
	is_str(fault(P(0), WRITE_ERR | X86_PF_SHSTK), "needs the page",
	       "a call's own");
	is_str(fault(P(2), WRITE_ERR | THERE | X86_PF_SHSTK),
	       "SEGV ACCERR 47 no shadow stack", "to ordinary memory");
	is_str(fault(P(2), READ_ERR | X86_PF_SGX | THERE),
	       "SEGV ACCERR 8005 sgx", "an enclave's page");
}

/*
 *	A............SSSS	A is n pages below the stack's end
 */
static void stack(int below)
{
	reset();
	map_flags(10000, 4, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN,
		  NULL, 0);
	if (below >= 0)
		map(10000 - below, 1, RW);
}

static void test_stacks(void)
{
	struct mm_fault f;

	stack(-1);
	f = page_fault(P(9999) + 8, WRITE_ERR);
	f.page = FAULT_PAGE_FINE;
	is_str(judged(&f), "resolved allowed", "it grows");
	ok(!verdict.vma && verdict.after == at(10000), "to the mapping above");
	f.address = P(10004 - 2048);
	is_str(judged(&f), "resolved allowed", "to the very limit");
	f.address--;
	is_str(judged(&f), "SEGV MAPERR 6 stack limit", "not a byte beyond");
	mm.rlim.stack = 4 * PAGE_SIZE + 100;
	f.address = P(10000) - 50;
	is_str(judged(&f), "SEGV MAPERR 6 stack limit", "whole pages count");
	mm.rlim.stack = 8UL << 20;
	f.address = P(9000);
	f.sp = P(3);
	is_str(judged(&f), "resolved allowed",
	       "wherever the stack pointer is (64 kB were asked once)");
	mm.rlim.as = mm.total_vm << PAGE_SHIFT;
	is_str(judged(&f), "SEGV MAPERR 6 stack space", "RLIMIT_AS");

	stack(300);
	f.address = P(9701 + 256);
	is_str(judged(&f), "resolved allowed", "a gap of 256 pages stays");
	f.address = P(9701 + 255);
	is_str(judged(&f), "SEGV MAPERR 6 stack gap", "255 are too few");
	protect(9700, 1, NONE);
	is_str(judged(&f), "resolved allowed", "PROT_NONE needs no gap");
	stack(-1);
	mm.rules.mmap_min_addr = P(9990);
	f.address = P(9989);
	is_str(judged(&f), "SEGV MAPERR 6 stack low", "mmap_min_addr");
	f.address = P(9990);
	is_str(judged(&f), "resolved allowed", "is inclusive");
	protect(10000, 4, R);
	is_str(judged(&f), "SEGV ACCERR 6 write",
	       "a stack grows first and is asked for rights then");
}

static void test_growth_changes_nothing(void)
{
	stack(-1);
	fault(P(9999), WRITE_ERR);
	is_str(lay(), "10000+4 rw ac gd", "a verdict is no deed");
}

static void test_addresses_of_the_kernel(void)
{
	reset();
	map(4, 4, RW);
	is_str(fault(mm.task_size, READ_ERR), "SEGV MAPERR 5 kernel address",
	       "the first one: PROT is always set");
	is_str(fault(0xffffffff81000000UL, WRITE_ERR),
	       "SEGV MAPERR 7 kernel address", "written");
	is_str(fault(0xffffffff81000000UL, EXEC_ERR),
	       "SEGV MAPERR 15 kernel address", "executed");
	is_u64(verdict.address, 0xffffffff81000000UL, "the address is real");
	is_str(fault(mm.task_size - 1, READ_ERR), "SEGV MAPERR 4 unmapped",
	       "the last one of ours");
}

int main(void)
{
	test_no_mapping();
	test_no_right();
	test_the_page_decides_what_rights_allow();
	test_beyond_the_end_of_a_file();
	test_huge_pages_end_late();
	test_keys();
	test_shadow_stacks();
	test_stacks();
	test_growth_changes_nothing();
	test_addresses_of_the_kernel();
	return done_testing();
}
