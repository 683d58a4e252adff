/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One object's sites; contracts in object.h. */
#include <errno.h>

#include "base/compiler.h"
#include "base/str.h"
#include "intercept/object.h"
#include "shadow/shadow.h"

static struct patch_nrset all, libc, linker;

/*
 * Under tier 3 each call that is not patched traps, at some fifteen times its
 * price: in libc what programs make most often is patched, too, and made at the
 * entry. So is rt_sigprocmask: a thread that does not trap for a while is armed
 * again there.
 */
static const uint16_t frequent[] = {
	SYS_write, SYS_pread64, SYS_pwrite64, SYS_writev, SYS_readv, SYS_lseek,
	SYS_openat, SYS_fstat, SYS_newfstatat, SYS_poll, SYS_select,
	SYS_epoll_wait, SYS_futex, SYS_sched_yield, SYS_recvfrom, SYS_sendto,
	SYS_recvmsg, SYS_sendmsg, SYS_accept4, SYS_fcntl, SYS_wait4,
	SYS_clock_nanosleep, SYS_rt_sigprocmask, SYS_getppid,
};

static const struct {
	const char *start;
	enum object_family family;
} families[] = {
	{ "libc.so.6", OBJECT_LIBC },
	{ "libc-2.", OBJECT_LIBC },
	{ "ld-linux-x86-64.so", OBJECT_LINKER },
	{ "ld-2.", OBJECT_LINKER },
	{ "libvmashadow.so", OBJECT_OURS },
	{ "libZydis.so", OBJECT_OURS },		/* no system call in it */
};

enum object_family object_family(const char *name)
{
	const char *base = str_base(name);

	for (unsigned int i = 0; i < ARRAY_SIZE(families); i++)
		if (str_starts(base, families[i].start))
			return families[i].family;
	return OBJECT_OTHER;
}

/*
 * In glibc all other syscall instructions of unknown number are either none of
 * ours or, from 2.41 on, where cancellation looks for a thread by its address.
 */
const struct patch_nrset *object_wants(struct patch_object *obj,
				       enum object_family family)
{
	switch (family) {
	case OBJECT_LIBC:
		obj->exit_symbol = "_exit";
		obj->only_in = "syscall";
		return &libc;
	case OBJECT_LINKER:
		return &linker;
	default:
		obj->any_shape = true;
		return &all;
	}
}

/*
 * Threads begin and end in libc as they should; elsewhere an exit may have no
 * stack any more.
 *
 * The dynamic linker opens and closes files, but no userfaultfd.
 */
void object_start(void)
{
	struct patch_nrset threads = { { 0 } };

	for (unsigned int i = 0; i < CALLS; i++) {
		if (calls[i].kind == CALL_SIGMASK || calls[i].kind == CALL_WAIT)
			continue;	/* of interest where they trap */
		if (calls[i].kind == CALL_THREAD) {
			patch_nrset_add(&threads, calls[i].nr);
			continue;
		}
		patch_nrset_add(&all, calls[i].nr);
		if (i != CALL_close && i != CALL_ioctl)
			patch_nrset_add(&linker, calls[i].nr);
		patch_numbers[calls[i].nr] = calls_index[calls[i].nr];
	}
	libc = all;
	for (unsigned int i = 0; i < ARRAY_SIZE(threads.bits); i++)
		libc.bits[i] |= threads.bits[i];
	if (shadow.options.intercept != OPTIONS_INTERCEPT_TRAP)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(frequent); i++)
		patch_nrset_add(&libc, frequent[i]);
}

/* --- memory for slots that are near -------------------------------------------- */

#define AREAS 8
#define REACH (1UL << 31)

static struct area {
	unsigned long start;
} areas[AREAS];

static bool reaches(unsigned long a, unsigned long lo, unsigned long hi)
{
	unsigned long end = a + PATCH_AREA_SIZE;

	return (hi <= a || hi - a < REACH) && (lo >= end || end - lo < REACH);
}

struct wanted_area {
	unsigned long low, lo, hi;	/* the image begins; sites from, to */
	unsigned long found;
};

static long area_errand(void *arg)
{
	struct wanted_area *w = arg;

	w->found = memory_code(w->low, w->hi, REACH - PAGE_SIZE,
			       PATCH_AREA_SIZE);
	return 0;
}

/*
 * Below the image, never between its bss and the heap: what lies there the
 * program counts on growing into.
 */
static unsigned long find_area(const struct patch_object *obj,
			       unsigned long lo, unsigned long hi)
{
	struct wanted_area w = { ~0UL, lo, hi, 0 };
	unsigned int i;

	for (i = 0; i < AREAS && areas[i].start; i++)
		if (reaches(areas[i].start, lo, hi))
			return areas[i].start;
	if (i == AREAS)
		return 0;
	for (unsigned int j = 0; j < obj->phnum; j++) {
		unsigned long start = (obj->base + obj->phdr[j].p_vaddr) &
				      PAGE_MASK;

		if (obj->phdr[j].p_type == PT_LOAD && start < w.low)
			w.low = start;
	}
	if (!shadow_with_lock(area_errand, &w))
		areas[i].start = w.found;
	return w.found;
}

static unsigned long area_for(const struct patch_object *obj,
			      const struct patch_site *sites, int n)
{
	unsigned long lo = ~0UL, hi = 0;

	for (int i = 0; i < n; i++) {
		const struct patch_site *s = &sites[i];

		if (s->state != PATCH_PROVEN || patch_is_near(s))
			continue;
		lo = s->addr < lo ? s->addr : lo;
		hi = s->addr > hi ? s->addr : hi;
	}
	return hi ? find_area(obj, lo, hi + PATCH_SITE_MAX) : 0;
}

/* --- the work ------------------------------------------------------------------ */

/* Read from a file: enough at once that a call costs nothing, little of ours. */
static unsigned char search[128 * 1024], detail[8192];

static bool stands(const struct patch_site *s)
{
	for (unsigned int i = 0; i < PATCH_ENTRIES; i++)
		if (patch_entries[i].in_use && patch_entries[i].site == s->addr)
			return true;
	return false;
}

static int leave_out(struct patch_site *sites, int n)
{
	int left = 0;

	for (int i = 0; i < n; i++)
		if (!stands(&sites[i]))
			sites[left++] = sites[i];
	return left;
}

static bool is_full(const struct patch_site *s)
{
	return s->why && str_eq(s->why, PATCH_WHY_FULL);
}

static bool lacks_entries(const struct patch_site *sites, int n)
{
	for (int i = 0; i < n; i++)
		if (is_full(&sites[i]))
			return true;
	return false;
}

static void try_again(struct patch_site *sites, int n)
{
	for (int i = 0; i < n; i++)
		if (is_full(&sites[i])) {
			sites[i].state = PATCH_PROVEN;
			sites[i].why = NULL;
		}
}

int object_patch(struct patch_object *obj, int fd, struct patch_site *sites)
{
	struct patch_file file = {
		.fd = fd,
		.search = { .mem = search, .size = sizeof(search) },
		.detail = { .mem = detail, .size = sizeof(detail) },
	};
	enum object_family family = object_family(obj->name);
	int n;

	if (family == OBJECT_OURS)
		return 0;
	obj->file = &file;
	n = patch_scan(obj, object_wants(obj, family), sites, SITES_MAX);
	if (n <= 0)
		goto out;
	patch_forget(obj->text_start, obj->text_end);
	n = leave_out(sites, n);
	obj->area = area_for(obj, sites, n);
	patch_apply(sites, (size_t)n, obj, 0);
	if (lacks_entries(sites, n) && patch_forget(0, UINTPTR_MAX)) {
		try_again(sites, n);
		patch_apply(sites, (size_t)n, obj, 0);
	}
out:
	obj->file = NULL;
	return n;
}

static void touch(uintptr_t start, uintptr_t end)
{
	mm_touch(&shadow.mm, start & PAGE_MASK, PAGE_ALIGN(end));
}

void object_wrote(const struct patch_site *sites, int n)
{
	for (int i = 0; i < n; i++)
		if (sites[i].state == PATCH_WRITTEN)
			patch_wrote(&sites[i], touch);
}
