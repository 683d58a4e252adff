/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmashadow: the mirror of a process's memory mappings, asked from inside.
 *
 * Every function is thread-safe and async-signal-safe, waits for nothing
 * without bound and never touches the caller's buffer while it holds the
 * mirror's lock. Errors are returned, errno is left alone:
 *
 *	-ENODATA	the library is passive (it said why when it started)
 *	-EBUSY		the mirror was not had in time, or this call interrupted
 *			a call of the same thread that holds it
 *
 * A program that defines VMASHADOW_WEAK before it includes this header may be
 * linked and run without the library: ask vmashadow_present() first. It must be
 * position independent (-fPIE), or it finds the library absent always.
 */
#ifndef VMASHADOW_H
#define VMASHADOW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef VMASHADOW_WEAK
#define VMASHADOW_API __attribute__((weak))
/* Is the library loaded? Only with VMASHADOW_WEAK can the answer be 0. */
#define vmashadow_present() (&vmashadow_find != NULL)
#else
#define VMASHADOW_API
#define vmashadow_present() 1
#endif

#define VMASHADOW_SHARED    0x1	/* 's' in maps */
#define VMASHADOW_GROWSDOWN 0x2
#define VMASHADOW_OWN	    0x4	/* the library's own memory */

/* One mapping, as one line of /proc/self/maps. */
struct vmashadow_vma {
	uint64_t start, end;	/* bytes, [start, end) */
	uint64_t offset;	/* bytes into the file; 0 for anonymous memory,
				 * as maps prints it */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t prot;		/* PROT_READ | PROT_WRITE | PROT_EXEC */
	uint32_t flags;		/* VMASHADOW_* */
	uint64_t born, changed;	/* event ids: the call that made it, the last
				 * call that changed it; 0: before the start */
	const char *name;	/* as maps prints it, "" if none; interned,
				 * never freed or changed */
	uint64_t reserved[4];	/* 0; room to grow without a new layout */
};

/* The caller sets size; the library fills no more than that. */
struct vmashadow_check {
	uint32_t size, reserved;
	uint64_t vmas, drift, growth, renamed;
};

struct vmashadow_stats {
	uint32_t size, reserved;
	uint64_t calls, vmas, vmas_peak, checks, drift, growth, renamed, asked,
		 settled, own, faults;
};

/*
 * vmashadow_find() - the first mapping with addr < end, as find_vma() does:
 * @addr may lie in the hole before it. Returns 0, or -ENOENT above the last.
 */
VMASHADOW_API int vmashadow_find(const void *addr, struct vmashadow_vma *out);

/*
 * vmashadow_snapshot() - all mappings in address order, [vsyscall] not
 * included. Fills up to @n elements of @buf (NULL with @n 0) and returns how
 * many mappings there are. The mirror is not held throughout: if other threads
 * map meanwhile, it starts again a few times, then returns what it has.
 */
VMASHADOW_API ssize_t vmashadow_snapshot(struct vmashadow_vma *buf, size_t n);

/*
 * vmashadow_check() - full comparison with /proc/self/maps now; differences are
 * logged and the kernel's state is adopted. @out may be NULL. Returns 0, or the
 * number of differences.
 */
VMASHADOW_API int vmashadow_check(struct vmashadow_check *out);

/*
 * vmashadow_explain() - why the boundary at @addr between two touching mappings
 * did not merge, in words. Writes at most @n bytes, NUL included. Returns the
 * length needed without the NUL, or -EINVAL if @addr is no such boundary.
 */
VMASHADOW_API ssize_t vmashadow_explain(const void *addr, char *buf, size_t n);

/* vmashadow_stats() - the counters so far. Returns 0. */
VMASHADOW_API int vmashadow_stats(struct vmashadow_stats *out);

#ifdef __cplusplus
}
#endif

#endif
