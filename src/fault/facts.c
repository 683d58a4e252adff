/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the classifier cannot know is found out here, one fact at a time and only
 * where it says that its answer hangs on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "base/str.h"
#include "fault/scene.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef EHWPOISON
#define EHWPOISON 133
#endif
#define MADV_GUARD_INSTALL_ 102
#define MADV_GUARD_REMOVE_  103

/* /proc/PID/pagemap, one word a page (Documentation/admin-guide/mm). */
#define PM_PRESENT	(1UL << 63)
#define PM_SWAP		(1UL << 62)
#define PM_GUARD	(1UL << 58)	/* 6.15 */

/* --- how long is the file? ----------------------------------------------------- */

static bool size_of(const char *path, uint64_t inode, unsigned long *size)
{
	static struct stat st;	/* [lock] */

	if (raw_sys2(SYS_stat, path, &st) || (inode && st.st_ino != inode))
		return false;
	*size = (unsigned long)st.st_size;
	return true;
}

/*
 * By the mapping itself, which needs a privilege, else by the file's name if the
 * same file still has it. Devices have no size.
 */
static void ask_size(struct scene *s)
{
	const struct vm_area_struct *vma = s->v.vma;
	char path[64];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_str(&f, "/proc/self/map_files/");
	fmt_hex(&f, vma->vm_start, 1);
	fmt_char(&f, '-');
	fmt_hex(&f, vma->vm_end, 1);
	if (!size_of(path, 0, &s->fault.file_size) && vma->vm_file->inode)
		size_of(vma->vm_file->name, vma->vm_file->inode,
			&s->fault.file_size);
}

/* --- what about the page? ------------------------------------------------------ */

static bool pagemap(unsigned long addr, uint64_t *word)
{
	long fd = raw_sys3(SYS_open, "/proc/thread-self/pagemap",
			   O_RDONLY | O_CLOEXEC, 0);
	long got;

	if (raw_is_error(fd))
		return false;
	got = raw_sys4(SYS_pread64, fd, word, sizeof(*word),
		       (addr >> PAGE_SHIFT) * sizeof(*word));
	raw_sys1(SYS_close, fd);
	return got == sizeof(*word);
}

/* Before 6.15 only the calls themselves say where guards are. */
static bool was_guarded(unsigned long addr)
{
	const struct history_entry *e;

	for (uint32_t back = 0; (e = history_find(addr, &back)); back++) {
		if (e->call == CALL_madvise && e->detail == MADV_GUARD_INSTALL_)
			return true;
		if (e->deed != HISTORY_CHANGED ||
		    (e->call == CALL_madvise &&
		     e->detail == MADV_GUARD_REMOVE_))
			return false;
	}
	return false;
}

/* Without CONFIG_MEMORY_FAILURE a poisoned page is like any that is refused. */
static bool poison_is_told(unsigned long page)
{
	return !raw_sys3(SYS_madvise, page, 0, MADV_HWPOISON);
}

/*
 * The kernel is asked for the page as the program asked, but for an errno: it
 * would have given it to the program, too, if it gives it now.
 */
static enum fault_page probe(const struct scene *s, bool write)
{
	unsigned long page = s->fault.address & PAGE_MASK;
	char byte;
	struct iovec local = { &byte, 1 }, remote = { (void *)page, 1 };
	long ret = raw_sys3(SYS_madvise, page, PAGE_SIZE,
			    write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);

	if (ret == -EINVAL || ret == -ENOMEM)	/* before 5.14 */
		ret = raw_sys6(SYS_process_vm_readv, shadow.pid, &local, 1,
			       &remote, 1, 0);
	if (ret >= 0)
		return FAULT_PAGE_FINE;
	return ret == -EHWPOISON && poison_is_told(page) ? FAULT_PAGE_POISON :
	       FAULT_PAGE_REFUSED;
}

/*
 * Where a userfaultfd serves them, nobody touches a missing page again, nor
 * writes: that might wait for ever. A page that is missing there is served, or
 * costs the signal that came.
 */
static void ask_page(struct scene *s)
{
	uint64_t word = 0;
	bool known = pagemap(s->fault.address, &word);
	bool served = s->v.vma && s->v.vma->vm_flags & VM_UFFD;

	if (known && word & PM_GUARD)
		s->fault.page = FAULT_PAGE_GUARD;
	else if (shadow.mm.guards && was_guarded(s->fault.address))
		s->fault.page = FAULT_PAGE_GUARD;
	else if (!served)
		s->fault.page = probe(s, s->fault.error_code & X86_PF_WRITE);
	else if (known)
		s->fault.page = word & (PM_PRESENT | PM_SWAP) ?
				probe(s, false) : FAULT_PAGE_REFUSED;
}

/* --- the rest -------------------------------------------------------------------- */

/* The page of the vsyscalls is the last line of maps, if it is there. */
static void ask_vsyscall(struct scene *s)
{
	static const char name[] = "[vsyscall]\n";
	static char text[4096];	/* [lock] */
	size_t kept = 0;
	long fd = raw_sys3(SYS_open, "/proc/thread-self/maps",
			   O_RDONLY | O_CLOEXEC, 0);
	long n;

	if (raw_is_error(fd))
		return;
	while ((n = raw_sys3(SYS_read, fd, text + kept,
			     sizeof(text) - kept)) > 0) {
		kept += (size_t)n;
		if (kept > sizeof(name)) {
			memmove(text, text + kept - sizeof(name), sizeof(name));
			kept = sizeof(name);
		}
	}
	raw_sys1(SYS_close, fd);
	s->fault.vsyscall = kept == sizeof(name) &&
			    !memcmp(text + 1, name, sizeof(name) - 1) ?
			    FAULT_YES : FAULT_NO;
}

#define XSAVE_MAGIC_AT	464	/* of the legacy area: there is more */
#define XSAVE_MAGIC	0x46505853U
#define XSAVE_BV_AT	512	/* which components are not in their init state */
#define XFEATURE_PKRU	9

/* Where the processor puts PKRU: CPUID, leaf 0xd. 0: it has none. */
static uint32_t pkru_offset(void)
{
	uint32_t a = 0xd, b = 0, c = XFEATURE_PKRU, d = 0;

	__asm__ volatile("cpuid" : "+a"(a), "+b"(b), "+c"(c), "+d"(d));
	return a ? b : 0;
}

/* The handler's own PKRU is another: the program's lies in the signal frame. */
static void ask_pkru(struct scene *s)
{
	const char *area = (const char *)s->uc->uc_mcontext.fpregs;
	uint32_t offset = pkru_offset(), magic;
	uint64_t present;

	if (!area || !offset)
		return;
	memcpy(&magic, area + XSAVE_MAGIC_AT, sizeof(magic));
	if (magic != XSAVE_MAGIC)
		return;
	memcpy(&present, area + XSAVE_BV_AT, sizeof(present));
	if (present >> XFEATURE_PKRU & 1)
		memcpy(&s->fault.pkru, area + offset, sizeof(s->fault.pkru));
	s->fault.pkru_known = true;
}

static void ask(struct scene *s, enum fault_needs needs)
{
	switch (needs) {
	case FAULT_NEEDS_SIZE:
		ask_size(s);
		if (s->fault.file_size == FAULT_SIZE_UNKNOWN)
			ask_page(s);
		break;
	case FAULT_NEEDS_PAGE:
		ask_page(s);
		break;
	case FAULT_NEEDS_VSYSCALL:
		ask_vsyscall(s);
		break;
	case FAULT_NEEDS_PKRU:
		ask_pkru(s);
		break;
	default:
		break;
	}
}

/* The limit may have been changed since it was read. */
static void renew_limit(void)
{
	struct rlimit r;

	if (!raw_sys4(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &r))
		shadow.mm.rlim.stack = r.rlim_cur == RLIM_INFINITY ? ~0UL :
				       r.rlim_cur;
}

#define FACTS 5			/* each is asked about once */

void scene_judge(struct scene *s)
{
	renew_limit();
	for (unsigned int i = 0; i <= FACTS; i++) {
		enum fault_needs needs;

		classify(&shadow.mm, &s->fault, &s->v);
		needs = s->v.needs;
		if (s->v.outcome != FAULT_UNDECIDED || i == FACTS)
			break;
		ask(s, needs);
	}
}
