/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The face of the room patch: in a loaded ELF object, find the places where it
 * makes system calls, prove that each may be rewritten, and rewrite it so that
 * the call comes to our door.
 *
 *	before	b8 NR NR NR NR 0f 05	mov $NR,%eax ; syscall
 *	after	e9 rr rr rr rr 66 90	jmp entry    ; nop	(patch/entry.S)
 *
 * Other shapes are rewritten with their neighbours (patch/moved.h).
 *
 * A site is proven when all of this holds; else it is refused, with a reason:
 *   - .eh_frame knows the function, and all of it decodes;
 *   - what is rewritten are instructions of it;
 *   - no direct jump or call of the object lands behind the first byte of that:
 *     those of the function, by decoding it; all others, by a search of the
 *     object's text;
 *   - the function has no indirect jump (only compilers know where those go),
 *     but for one through the GOT, which is a tail call;
 *   - the function makes no process or thread: a child that shares the stack
 *     must not find its frames rewritten.
 *
 * Law of the room: no libc call, no allocation, no globals but patch_entries[]
 * and patch_numbers[]; raw system calls, base and Zydis only. Zydis is ordinary code and clobbers
 * vector registers: patch_scan() is for start-up and for places where the
 * program expects a function call.
 *
 * Not thread-safe: the caller serialises. patch_apply() rewrites code that no
 * other thread may be executing.
 */
#ifndef VS_PATCH_PATCH_H
#define VS_PATCH_PATCH_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* A piece of a file: mem has what will be at [start, end). */
struct patch_buffer {
	unsigned char *mem;
	size_t size;
	uintptr_t start, end;
};

/*
 * Where the bytes of an object are read from that is not all mapped yet, or that
 * is too large for its text to become resident.
 */
struct patch_file {
	int fd;
	struct patch_buffer search;	/* for the search: the larger the better */
	struct patch_buffer detail;	/* for everything else: a page or two */
};

/* A loaded object, in the words of dl_iterate_phdr(). */
struct patch_object {
	const char *name;
	uintptr_t base;			/* load bias: address 0 of the file */
	const ElfW(Phdr) *phdr;
	unsigned int phnum;
	const char *exit_symbol;	/* a function to detour at its entry:
					 * "_exit" for libc, NULL for none */
	struct patch_file *file;	/* NULL: it is read where it lies */
	uintptr_t text_start, text_end;	/* sites lie in here; 0, 0: anywhere */
	bool any_shape;			/* look for PATCH_SITE_MOVED, too */
	const char *only_in;		/* NULL, or: those of unknown number in
					 * this function only */
	uintptr_t area;			/* PATCH_AREA_SIZE bytes of ours, private
					 * and executable, near the text; or 0 */
};

/* A set of system call numbers below 512 (all that x86-64 has). */
struct patch_nrset {
	uint64_t bits[8];
};

static inline void patch_nrset_add(struct patch_nrset *set, unsigned int nr)
{
	if (nr < 512)
		set->bits[nr / 64] |= 1UL << nr % 64;
}

static inline bool patch_nrset_has(const struct patch_nrset *set,
				   unsigned int nr)
{
	return nr < 512 && set->bits[nr / 64] >> nr % 64 & 1;
}

enum patch_kind {
	PATCH_SITE_SYSCALL,	/* the seven bytes above */
	PATCH_SITE_EXIT,	/* the first five bytes of exit_symbol */
	PATCH_SITE_MOVED,	/* a syscall instruction and neighbours */
};

enum patch_state {
	PATCH_REFUSED,		/* not to be rewritten: see why */
	PATCH_PROVEN,		/* may be rewritten */
	PATCH_WRITTEN,		/* is rewritten */
};

#define PATCH_SITE_MAX 24	/* no site is longer */

struct patch_site {
	uintptr_t addr;
	int nr;			/* -1: PATCH_SITE_EXIT, or known when it runs */
	unsigned char len;	/* of a PATCH_SITE_MOVED, bytes; */
	unsigned char at;	/* its syscall instruction begins there */
	unsigned char kind;	/* enum patch_kind */
	unsigned char state;	/* enum patch_state */
	uint16_t entry;		/* patch_entries[] index, once written */
	bool uses_red_zone;	/* the function may keep data below rsp; false
				 * is proven, true is an assumption */
	unsigned char old[PATCH_SITE_MAX];	/* its bytes at the scan */
	const char *why;	/* a PATCH_WHY_* where refused, else NULL */
};

/* How many bytes of @s are rewritten. */
static inline unsigned int patch_site_len(const struct patch_site *s)
{
	if (s->kind == PATCH_SITE_MOVED)
		return s->len;
	return s->kind == PATCH_SITE_EXIT ? 5 : 7;
}

#define PATCH_WHY_NO_FDE	"no unwind entry"
#define PATCH_WHY_LONG		"function too long"
#define PATCH_WHY_BOUNDARY	"not an instruction boundary"
#define PATCH_WHY_JUMP		"jump into the site"
#define PATCH_WHY_INDIRECT	"indirect jump in the function"
#define PATCH_WHY_UNDECODABLE	"function does not decode"
#define PATCH_WHY_CLONES	"function makes a process or thread"
#define PATCH_WHY_SHORT		"function shorter than the detour"
#define PATCH_WHY_NEIGHBOURS	"no neighbour can be moved"
#define PATCH_WHY_FAR		"too far"
#define PATCH_WHY_FULL		"no entry left"
#define PATCH_WHY_CHANGED	"text changed since the scan"
#define PATCH_WHY_NO_WRITE	"text cannot be written"

/*
 * patch_scan() - find the sites of @obj whose number is in @nrs, and the entry
 * of @obj->exit_symbol, and prove each. Sites come in the order of addresses,
 * the detour last. Only readable executable segments are searched.
 *
 * Returns how many sites of @out it filled, or -E2BIG if there are more than
 * @max, or more suspicions than text has (none is proven then), or -ENOSYS if
 * Zydis is of no use. Well under a millisecond for libc and ld.so, less than
 * half of one for each megabyte of other text; uses about 8 kB of stack.
 */
VS_HIDDEN int patch_scan(const struct patch_object *obj,
			 const struct patch_nrset *nrs,
			 struct patch_site *out, size_t max);

/*
 * patch_is_near() - do slots of the library's own serve @s? Else patch_apply()
 * needs obj->area: PATCH_AREA_SIZE bytes that jumps from the text reach.
 */
VS_HIDDEN bool patch_is_near(const struct patch_site *s);

/* Where /proc/self/mem cannot be had, rewrite by mprotect(). */
#define PATCH_ALLOW_MPROTECT 0x1

/*
 * patch_apply() - rewrite the proven ones of the @n @sites of @obj. Others are
 * left alone. Each of the kind PATCH_SITE_SYSCALL takes one of PATCH_ENTRIES
 * entries for the life of the process.
 *
 * The text is written through /proc/thread-self/mem: mappings keep their lines
 * and flags (they do get private pages). With PATCH_ALLOW_MPROTECT, and only if
 * that fails, each segment with sites becomes writable and not executable, all
 * signals blocked, and then what it was. The caller promises that no other
 * thread runs and that no seccomp filter kills mprotect(); MDWE and like
 * policies are found out beforehand on a scratch page.
 *
 * Returns how many sites were written now; -EPERM if there was no way to write
 * (all have PATCH_WHY_NO_WRITE then). What could not be written is refused,
 * with its bytes as they were.
 */
VS_HIDDEN int patch_apply(struct patch_site *sites, size_t n,
			  const struct patch_object *obj, unsigned int flags);

/*
 * patch_undo() - put back what stood at the written ones of @sites.
 * Their entries are not used again. Returns
 * whether all of them could be.
 */
VS_HIDDEN bool patch_undo(struct patch_site *sites, size_t n);

/*
 * patch_forget() - free the entries of sites in [start, end) that are no longer
 * there: unmapped, or other bytes. Returns how many.
 */
VS_HIDDEN unsigned int patch_forget(uintptr_t start, uintptr_t end);

/* patch_wrote() - tell @fn all that was written for the written site @s. */
VS_HIDDEN void patch_wrote(const struct patch_site *s,
			   void (*fn)(uintptr_t start, uintptr_t end));

#endif
