/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict: one plain sentence. */
#include "base/compiler.h"
#include "base/fmt.h"
#include "base/str.h"
#include "fault/words.h"

/* What is so near to a mapping was meant for it. */
#define NEAR	 (64UL << 10)
#define NULL_END (64UL << 10)

/* The memory below this thread's stack that shall stop it. */
static bool is_thread_guard(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *stack = vma->vm_next;
	unsigned long thread = thread_pointer();

	return !vma->vm_file && stack && stack->vm_start == vma->vm_end &&
	       thread >= stack->vm_start && thread < stack->vm_end;
}

/* --- addresses where nothing is -------------------------------------------------- */

static void null_pointer(struct fmt *f, const struct scene *s)
{
	words_access(f, s);
	fmt_str(f, " a null pointer");
	if (!s->addr)
		return;
	fmt_str(f, " plus 0x");
	fmt_hex(f, s->addr, 1);
}

static bool was_taken_away(struct fmt *f, struct scene *s)
{
	uint32_t back = 0;
	const struct history_entry *e = history_find(s->addr, &back);

	if (!e || e->deed != HISTORY_GONE)
		return false;
	fmt_str(f, "use after ");
	fmt_str(f, e->call == CALL_brk ? "the heap was shrunk" :
		calls[e->call].name);
	fmt_str(f, ": ");
	words_deed(f, s);
	fmt_str(f, e->call == CALL_mremap ? " where memory was moved away" :
		" where memory was unmapped");
	words_who(f, s, e);
	return true;
}

static void near_miss(struct fmt *f, struct scene *s)
{
	const struct fault_verdict *v = &s->v;
	bool past = v->before && v->past < NEAR &&
		    (!v->after || v->past <= v->ahead);
	const struct vm_area_struct *vma = past ? v->before : v->after;

	if (!past && (!v->after || v->ahead > NEAR)) {
		words_access(f, s);
		fmt_str(f, " unmapped memory, with nothing near");
		return;
	}
	words_deed(f, s);
	fmt_str(f, ", ");
	words_bytes(f, past ? v->past : v->ahead);
	fmt_str(f, past ? " past the end of " : " before the start of ");
	words_mapping(f, vma);
	words_maker(f, s, vma);
}

/* A large frame steps over the guard page. */
static bool overran_guard(struct fmt *f, const struct scene *s)
{
	const struct vm_area_struct *guard = s->v.after;

	if (!guard || s->v.ahead > NEAR || guard->vm_flags & VM_ACCESS_FLAGS ||
	    !is_thread_guard(guard) || s->addr + NEAR < s->fault.sp)
		return false;
	words_deed(f, s);
	fmt_str(f, " beyond the guard page of the stack of thread ");
	fmt_u64(f, (uint64_t)s->thread);
	fmt_str(f, ": stack overflow");
	return true;
}

static void unmapped(struct fmt *f, struct scene *s)
{
	if (overran_guard(f, s))
		return;
	if (s->addr < NULL_END)
		null_pointer(f, s);
	else if (!was_taken_away(f, s))
		near_miss(f, s);
}

/* --- rights ------------------------------------------------------------------------ */

static void guard_page(struct fmt *f, const struct scene *s)
{
	words_access(f, s);
	fmt_str(f, " the guard page of the stack of thread ");
	fmt_u64(f, (uint64_t)s->thread);
	fmt_str(f, ": stack overflow");
}

/*
 * Who took the right away that is missing now: by mprotect, or by a mapping over
 * the one that had it?
 */
static void taken_right(struct fmt *f, struct scene *s, unsigned int missing)
{
	const struct history_entry *e, *before;
	uint32_t back = 0;

	e = history_find(s->addr, &back);
	if (!e)
		return;
	back++;
	before = history_find(s->addr, &back);
	if (e->call == CALL_mprotect || e->call == CALL_pkey_mprotect)
		fmt_str(f, before && before->detail & missing ?
			"; the right was taken away" : "; its rights were set");
	else if (e->deed == HISTORY_MADE && before &&
		 before->deed != HISTORY_GONE)
		fmt_str(f, "; it was put over what was mapped there");
	else
		return;
	words_who(f, s, e);
}

static void no_right(struct fmt *f, struct scene *s)
{
	bool write = s->v.reason == FAULT_WHY_WRITE;
	bool exec = s->v.reason == FAULT_WHY_EXEC;
	bool none = !(s->v.vma->vm_flags & VM_ACCESS_FLAGS);

	if (none && is_thread_guard(s->v.vma)) {
		guard_page(f, s);
		return;
	}
	words_access(f, s);
	fmt_char(f, ' ');
	words_kind(f, s, none ? "inaccessible" : exec ? "non-executable" :
		   write ? "read-only" : "unreadable");
	taken_right(f, s, exec ? VM_EXEC : write ? VM_WRITE : VM_READ);
}

/* --- stacks, pages, and the rest ----------------------------------------------------- */

static void stack_overflow(struct fmt *f, struct scene *s)
{
	fmt_str(f, "stack overflow: ");
	switch (s->v.reason) {
	case FAULT_WHY_STACK_LIMIT:
		words_bytes(f, shadow.mm.rlim.stack);
		fmt_str(f, " limit reached");
		break;
	case FAULT_WHY_STACK_GAP:
		fmt_str(f, "it would come nearer than ");
		words_bytes(f, shadow.mm.rules.stack_guard_gap);
		fmt_str(f, " to ");
		words_mapping(f, s->v.before);
		break;
	case FAULT_WHY_STACK_LOW:
		fmt_str(f, "it would reach the lowest addresses");
		break;
	default:
		fmt_str(f, "a limit of the address space is reached");
		break;
	}
}

static void beyond_eof(struct fmt *f, struct scene *s)
{
	const struct mm_file *file = s->v.vma->vm_file;
	unsigned long at = s->addr - s->v.vma->vm_start +
			   (s->v.vma->vm_pgoff << PAGE_SHIFT);

	words_access(f, s);
	fmt_str(f, " a page beyond the end of ");
	fmt_bytes(f, file->name, file->name_len);
	fmt_str(f, file->mapped_size > (at & PAGE_MASK) ?
		", which was truncated to " : ", which has ");
	fmt_u64(f, s->fault.file_size);
	fmt_str(f, file->mapped_size > (at & PAGE_MASK) ?
		" bytes after it was mapped" : " bytes");
}

static void page(struct fmt *f, struct scene *s)
{
	if (s->v.reason == FAULT_WHY_GUARD && s->v.vma &&
	    thread_pointer() - s->v.vma->vm_start <
	    s->v.vma->vm_end - s->v.vma->vm_start) {
		guard_page(f, s);
		return;
	}
	words_access(f, s);
	fmt_str(f, s->v.reason == FAULT_WHY_GUARD ?
		" a guard region (MADV_GUARD_INSTALL) in " :
		s->v.reason == FAULT_WHY_POISON ?
		" a page of broken memory in " :
		s->v.vma->vm_flags & VM_UFFD ?
		" a page that no userfaultfd provided, of " :
		s->v.vma->vm_flags & VM_HUGETLB ?
		" a huge page, of which none is left, of " :
		" a page that the kernel could not provide (beyond the end, "
		"no space, or an input error), of ");
	words_mapping(f, s->v.vma);
}

static void without_address(struct fmt *f, struct scene *s)
{
	if (s->insn.privileged) {
		fmt_str(f, "an instruction that only the kernel may execute");
	} else if (!s->access) {
		fmt_str(f, "general protection: nothing in the instruction's "
			   "operands says why");
	} else if (s->access != insn_not_canonical(&s->insn,
				shadow.mm.task_size >> 48 ? 57 : 48)) {
		words_access(f, s);
		fmt_str(f, " 0x");
		fmt_hex(f, s->addr, 1);
		fmt_str(f, ", which is not aligned as the instruction wants");
	} else {
		words_access(f, s);
		fmt_str(f, " 0x");
		fmt_hex(f, s->addr, 1);
		fmt_str(f, ", which is not canonical: no mapping can be there");
	}
}

static void sent(struct fmt *f, struct scene *s)
{
	fmt_str(f, "no fault: the signal was sent by process ");
	fmt_s64(f, s->info->si_pid);
}

static const char *plain(enum fault_reason reason)
{
	switch (reason) {
	case FAULT_WHY_ALLOWED:
		return " what is allowed by now";
	case FAULT_WHY_SHSTK_WRITE:
		return " a shadow stack, as if it were ordinary memory";
	case FAULT_WHY_NOT_SHSTK:
		return " ordinary memory, as if it were a shadow stack";
	case FAULT_WHY_SGX:
		return " a page of an enclave";
	case FAULT_WHY_KERNEL_ADDRESS:
		return " an address of the kernel";
	case FAULT_WHY_VSYSCALL:
		return " the vsyscall page, which cannot be accessed so";
	default:
		return ", for a reason without a name";
	}
}

static void rest(struct fmt *f, struct scene *s)
{
	switch (s->v.reason) {
	case FAULT_WHY_SENT:
		sent(f, s);
		return;
	case FAULT_WHY_FORCED:
		fmt_str(f, "no fault: the kernel forced the signal, as it does "
			   "when a handler's stack frame cannot be written");
		return;
	case FAULT_WHY_PKEY:
		words_access(f, s);
		fmt_str(f, " what protection key ");
		fmt_u64(f, s->v.pkey);
		fmt_str(f, " forbids");
		return;
	case FAULT_WHY_CP:
		fmt_str(f, "control protection: the return address is not the "
			   "one on the shadow stack, or a jump missed its "
			   "landing place");
		return;
	case FAULT_WHY_AC:
		fmt_str(f, "unaligned access while alignment is checked");
		return;
	case FAULT_WHY_VSYSCALL_BAD:
		fmt_str(f, "jump to the vsyscall page, but to none of its "
			   "entries");
		return;
	case FAULT_WHY_TRAP:
		fmt_str(f, "trap ");
		fmt_u64(f, s->fault.trap);
		return;
	default:
		words_access(f, s);
		fmt_str(f, plain(s->v.reason));
		return;
	}
}

void scene_say(struct scene *s)
{
	struct fmt f;

	fmt_init(&f, s->verdict, sizeof(s->verdict));
	switch (s->v.reason) {
	case FAULT_WHY_UNMAPPED:
		unmapped(&f, s);
		break;
	case FAULT_WHY_READ:
	case FAULT_WHY_WRITE:
	case FAULT_WHY_EXEC:
		no_right(&f, s);
		break;
	case FAULT_WHY_STACK_LIMIT:
	case FAULT_WHY_STACK_GAP:
	case FAULT_WHY_STACK_LOW:
	case FAULT_WHY_STACK_SPACE:
		stack_overflow(&f, s);
		break;
	case FAULT_WHY_EOF:
		beyond_eof(&f, s);
		break;
	case FAULT_WHY_GUARD:
	case FAULT_WHY_POISON:
	case FAULT_WHY_REFUSED:
		page(&f, s);
		break;
	case FAULT_WHY_GP:
	case FAULT_WHY_SS:
		without_address(&f, s);
		break;
	default:
		rest(&f, s);
		break;
	}
}
