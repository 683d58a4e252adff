/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rewriting proven sites.
 *
 * The kernel writes for us: a pwrite to /proc/thread-self/mem gives a private
 * copy of the page whatever its protection is (FOLL_FORCE), so that no flag, no
 * split and no moment without execution arises; also where mprotect() may not
 * bring execution back (MDWE) or anything at all (sealed text). That the bytes
 * change under another address than they are executed at is no matter: x86
 * snoops instructions by physical address, and a system call lies between.
 *
 * No libc may be called between the two mprotect()s of the fallback: its text
 * is the one that cannot be executed then.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "base/raw_syscall.h"
#include "base/str.h"
#include "patch/entry.h"
#include "patch/patch.h"
#include "patch/slot.h"

#define KERNEL_SIG_SETMASK 2
#define KERNEL_SIGSET_SIZE 8

struct patch_entry patch_entries[PATCH_ENTRIES];
uint8_t patch_numbers[1 << 16];

/* What is to stand at a site. */
struct change {
	unsigned char bytes[PATCH_SITE_MAX];
	unsigned int len;
};

static void refuse(struct patch_site *s, const char *why)
{
	s->state = PATCH_REFUSED;
	s->why = why;
}

/* --- entries ----------------------------------------------------------------- */

static int free_entry(void)
{
	for (int i = 0; i < PATCH_ENTRIES; i++)
		if (!patch_entries[i].in_use)
			return i;
	return -1;
}

static void drop_entry(struct patch_site *s)
{
	if (s->kind != PATCH_SITE_EXIT)
		patch_entries[s->entry].in_use = 0;
}

static bool reaches(uintptr_t from, uintptr_t to)
{
	intptr_t rel = (intptr_t)(to - (from + 5));

	return rel == (int32_t)rel;
}

/* Where the jump goes: entry.S, a slot of ours there, or one in obj->area. */
static uintptr_t code_for(const struct patch_site *s, unsigned int i,
			  uintptr_t area)
{
	uintptr_t slot = (uintptr_t)patch_slots + i * PATCH_SLOT_SIZE;
	uintptr_t entry = (uintptr_t)patch_entry_code + i * PATCH_ENTRY_SIZE;

	if (s->kind == PATCH_SITE_SYSCALL && reaches(s->addr, entry))
		return entry;
	if (!reaches(s->addr, slot) && area)
		slot = area + i * PATCH_SLOT_SIZE;
	return slot;
}

bool patch_is_near(const struct patch_site *s)
{
	return reaches(s->addr, (uintptr_t)patch_slots) &&
	       reaches(s->addr, (uintptr_t)patch_slots + PATCH_AREA_SIZE);
}

static bool is_slot(const struct patch_entry *e)
{
	return e->code - (uintptr_t)patch_entry_code >=
	       PATCH_ENTRIES * PATCH_ENTRY_SIZE;
}

/* jmp rel32, and nops behind it. */
static bool encode(const struct patch_site *s, uintptr_t target,
		   struct change *c)
{
	int32_t rel32 = (int32_t)(target - (s->addr + 5));

	if (!reaches(s->addr, target))
		return false;
	c->len = patch_site_len(s);
	memset(c->bytes, 0x90, sizeof(c->bytes));
	c->bytes[0] = 0xe9;
	memcpy(c->bytes + 1, &rel32, sizeof(rel32));
	if (c->len == 7) {
		c->bytes[5] = 0x66;	/* one nop of two bytes */
		c->bytes[6] = 0x90;
	}
	return true;
}

/* --- the kernel writes -------------------------------------------------------- */

static int open_mem(void)
{
	long fd;

	/* "self" has no memory once the leader thread has left. */
	fd = raw_sys4(SYS_openat, AT_FDCWD, "/proc/thread-self/mem",
		      O_RDWR | O_CLOEXEC, 0);
	if (raw_is_error(fd))
		fd = raw_sys4(SYS_openat, AT_FDCWD, "/proc/self/mem",
			      O_RDWR | O_CLOEXEC, 0);
	return (int)fd;
}

/*
 * The program's memory: what is read of it and what is written to it. What was
 * scanned where it lies can be read there, for nothing; text that comes from a
 * file need not be readable, or there at all, and is read as it is written.
 */
struct mem {
	int fd;			/* /proc/thread-self/mem */
	int look;		/* the same, or -1 */
};

/* Are these the bytes of the program's memory? @fd: mem.look. */
static bool same_bytes(int fd, uintptr_t addr, const void *bytes,
		       unsigned int len)
{
	unsigned char now[PATCH_SITE_MAX];
	const unsigned char *want = bytes;

	for (unsigned int n; len; len -= n, addr += n, want += n) {
		n = len < sizeof(now) ? len : sizeof(now);
		if (fd < 0)
			memcpy(now, (const void *)addr, n);
		else if (raw_sys4(SYS_pread64, fd, now, n, addr) != (long)n)
			return false;
		if (memcmp(now, want, n))
			return false;
	}
	return true;
}

/* All of it or, at a page that refuses, nothing. */
static bool write_mem(const struct mem *m, const struct patch_site *s,
		      const struct change *c)
{
	long n = raw_sys4(SYS_pwrite64, m->fd, c->bytes, c->len, s->addr);

	if (n == (long)c->len)
		return same_bytes(m->look, s->addr, c->bytes, c->len);
	if (n > 0)
		raw_sys4(SYS_pwrite64, m->fd, s->old, n, s->addr);
	return false;
}

/*
 * The slot's code is complete before the first jump comes. No store of ours:
 * the area is never writable.
 */
static const char *write_slot(const struct mem *m, const struct patch_site *s,
			      struct patch_entry *e)
{
	struct slot_code code;

	if (!slot_encode(s, e->code, (unsigned int)(e - patch_entries), &code))
		return PATCH_WHY_FAR;
	if (raw_sys4(SYS_pwrite64, m->fd, code.bytes, code.len, e->code) !=
	    (long)code.len ||
	    !same_bytes(m->look, e->code, code.bytes, code.len))
		return PATCH_WHY_NO_WRITE;
	e->raw = e->code + code.raw;
	if (code.back)
		e->ret = e->code + code.back;
	return NULL;
}

/*
 * On success the site has its entry, which a failed write gives back. Without a
 * descriptor no slot can be written.
 */
static bool prepare(struct patch_site *s, const struct mem *m, uintptr_t area,
		    struct change *c)
{
	uintptr_t target = (uintptr_t)patch_exit_code;
	const char *why = NULL;

	if (!same_bytes(m->look, s->addr, s->old, patch_site_len(s))) {
		refuse(s, PATCH_WHY_CHANGED);
		return false;
	}
	if (s->kind != PATCH_SITE_EXIT) {
		int i = free_entry();
		struct patch_entry *e = &patch_entries[i];

		if (i < 0) {
			refuse(s, PATCH_WHY_FULL);
			return false;
		}
		target = code_for(s, (unsigned int)i, area);
		*e = (struct patch_entry){
			.ret = s->addr + patch_site_len(s),
			.site = s->addr, .code = target, .nr = s->nr, .in_use = 1,
		};
		s->entry = (uint16_t)i;
		if (is_slot(e))
			why = write_slot(m, s, e);
	}
	if (!why && !encode(s, target, c))
		why = PATCH_WHY_FAR;
	if (why) {
		drop_entry(s);
		refuse(s, why);
	}
	return !why;
}

static int apply_by_mem(struct patch_site *sites, size_t n,
			const struct patch_object *obj)
{
	int fd = open_mem(), done = 0;
	struct mem m = { .fd = fd, .look = obj->file ? fd : -1 };

	if (fd < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct patch_site *s = &sites[i];
		struct change c;

		if (s->state != PATCH_PROVEN || !prepare(s, &m, obj->area, &c))
			continue;
		if (write_mem(&m, s, &c)) {
			s->state = PATCH_WRITTEN;
			done++;
		} else {
			drop_entry(s);
		}
	}
	raw_sys1(SYS_close, fd);
	return done;
}

/*
 * Would text become executable again? Asked of a scratch page: where MDWE or a
 * policy like it rules, the answer must not be learnt on libc.
 */
static bool may_make_text(void)
{
	long page = raw_sys6(SYS_mmap, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long ret;

	if (raw_is_error(page))
		return false;
	*(volatile char *)page = 1;
	ret = raw_sys3(SYS_mprotect, page, PAGE_SIZE, PROT_READ | PROT_EXEC);
	raw_sys2(SYS_munmap, page, PAGE_SIZE);
	return !ret;
}

static int apply_in(struct patch_site *sites, size_t n, uintptr_t start,
		    uintptr_t end)
{
	const struct mem none = { .fd = -1, .look = -1 };
	int done = 0;

	for (size_t i = 0; i < n; i++) {
		struct patch_site *s = &sites[i];
		struct change c;

		if (s->state != PATCH_PROVEN || s->addr < start ||
		    s->addr >= end || !prepare(s, &none, 0, &c))
			continue;
		memcpy((void *)s->addr, c.bytes, c.len);
		s->state = PATCH_WRITTEN;
		done++;
	}
	return done;
}

/*
 * One segment is one mapping, and stays one: it changes as a whole. The text
 * that does the change cannot be the text that is changed.
 */
static int rewrite_segment(struct patch_site *sites, size_t n,
			   uintptr_t start, uintptr_t end)
{
	uintptr_t self = (uintptr_t)&patch_apply;
	int done;

	if (self >= start && self < end)
		return 0;
	if (raw_sys3(SYS_mprotect, start, end - start, PROT_READ | PROT_WRITE))
		return 0;
	done = apply_in(sites, n, start, end);
	raw_sys3(SYS_mprotect, start, end - start, PROT_READ | PROT_EXEC);
	return done;
}

static bool has_work(const struct patch_site *sites, size_t n, uintptr_t start,
		     uintptr_t end)
{
	for (size_t i = 0; i < n; i++)
		if (sites[i].state == PATCH_PROVEN && sites[i].addr >= start &&
		    sites[i].addr < end)
			return true;
	return false;
}

/* A signal handler would run into text that cannot be executed. */
static int apply_by_mprotect(struct patch_site *sites, size_t n,
			     const struct patch_object *obj)
{
	uint64_t all = ~0UL, before;
	int done = 0;

	if (!may_make_text() ||
	    raw_sys4(SYS_rt_sigprocmask, KERNEL_SIG_SETMASK, &all, &before,
		     KERNEL_SIGSET_SIZE))
		return 0;
	for (unsigned int i = 0; i < obj->phnum; i++) {
		const ElfW(Phdr) *ph = &obj->phdr[i];
		uintptr_t start = (obj->base + ph->p_vaddr) & PAGE_MASK;
		uintptr_t end = PAGE_ALIGN(obj->base + ph->p_vaddr +
					   ph->p_memsz);

		if (ph->p_type == PT_LOAD &&
		    ph->p_flags == (PF_R | PF_X) &&
		    has_work(sites, n, start, end))
			done += rewrite_segment(sites, n, start, end);
	}
	raw_sys4(SYS_rt_sigprocmask, KERNEL_SIG_SETMASK, &before, 0,
		 KERNEL_SIGSET_SIZE);
	return done;
}

int patch_apply(struct patch_site *sites, size_t n,
		const struct patch_object *obj, unsigned int flags)
{
	int done = apply_by_mem(sites, n, obj);
	bool left = false;

	if (flags & PATCH_ALLOW_MPROTECT && has_work(sites, n, 0, UINTPTR_MAX))
		done += apply_by_mprotect(sites, n, obj);
	for (size_t i = 0; i < n; i++) {
		if (sites[i].state != PATCH_PROVEN)
			continue;
		refuse(&sites[i], PATCH_WHY_NO_WRITE);
		left = true;
	}
	return !done && left ? -EPERM : done;
}

/* Does the site still jump to its entry? */
static bool is_alive(int fd, const struct patch_entry *e)
{
	struct patch_site s = { .addr = e->site };
	struct change c;

	return encode(&s, e->code, &c) && same_bytes(fd, e->site, c.bytes, 5);
}

unsigned int patch_forget(uintptr_t start, uintptr_t end)
{
	unsigned int gone = 0;
	int fd = -1;

	for (unsigned int i = 0; i < PATCH_ENTRIES; i++) {
		struct patch_entry *e = &patch_entries[i];

		if (!e->in_use || e->site < start || e->site >= end)
			continue;
		if (fd < 0 && (fd = open_mem()) < 0)
			break;
		if (is_alive(fd, e))
			continue;
		e->in_use = 0;
		gone++;
	}
	if (fd >= 0)
		raw_sys1(SYS_close, fd);
	return gone;
}

void patch_wrote(const struct patch_site *s, void (*fn)(uintptr_t start,
							 uintptr_t end))
{
	const struct patch_entry *e = &patch_entries[s->entry];

	fn(s->addr, s->addr + patch_site_len(s));
	if (s->kind != PATCH_SITE_EXIT && is_slot(e))
		fn(e->code, e->code + PATCH_SLOT_SIZE);
}

static bool put_back(int fd, struct patch_site *s)
{
	unsigned int len = patch_site_len(s);

	if (raw_sys4(SYS_pwrite64, fd, s->old, len, s->addr) != (long)len)
		return false;
	s->state = PATCH_PROVEN;
	return true;
}

bool patch_undo(struct patch_site *sites, size_t n)
{
	int fd = open_mem();
	bool all = fd >= 0;

	for (size_t i = 0; fd >= 0 && i < n; i++)
		if (sites[i].state == PATCH_WRITTEN && !put_back(fd, &sites[i]))
			all = false;
	if (fd >= 0)
		raw_sys1(SYS_close, fd);
	return all;
}
