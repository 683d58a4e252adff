/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: random memory calls in one real process, the engine driven by the
 * same calls, and the engine's list of mappings compared with the kernel's after
 * each of them, all lines, byte for byte.
 *
 *	gen.c		seed -> calls, with addresses still symbolic
 *	recipes.c	short sequences that leave nothing in doubt
 *	exec.c		one call: kernel first foretold, then asked, then mirrored
 *	world.c		the process: files, segments, limits, the first mirror
 *	maps.c		the kernel's text; comparing; adopting
 *	show.c		calls and lists as text
 *	shrink.c	processes: runs, totals, the shortest sequence that fails
 *	oracle.c	options, the run itself
 *
 * A run is reproducible by its seed: each starts in a fresh process without
 * address randomisation, all memory of its own is static, and from the first
 * call to the last nothing of libc is used that could map, allocate or grow.
 */
#ifndef TESTS_DIFF_DIFF_H
#define TESTS_DIFF_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "engine/engine.h"
#include "shadow/calibrate.h"

#define WINDOW		0x100000000000UL	/* nothing else lives near it */
#define WINDOW_PAGES	40
#define HEAP_PAGES	40
#define SLOTS		12		/* mappings where the kernel chose */
#define MAX_OPS		20000
#define MAX_FILES	12
#define ANON_NAME	"oracle"	/* PR_SET_VMA_ANON_NAME */

/* --- gen.c: what to do ----------------------------------------------------- */

enum kind {
	DO_MMAP, DO_MUNMAP, DO_MPROTECT, DO_MADVISE, DO_MREMAP, DO_BRK,
	DO_MLOCK, DO_MUNLOCK, DO_MLOCKALL, DO_MUNLOCKALL, DO_REMAP_FILE_PAGES,
	DO_SHMAT, DO_SHMDT, DO_NAME, DO_WRITE, DO_READ, DO_FORK,
};

/* An address that gets its value when the call is made. */
enum base { AT_NULL, AT_WINDOW, AT_SLOT, AT_HEAP, AT_BRK, AT_ABSOLUTE };

struct where {
	enum base base;
	unsigned int slot;
	long offset;		/* bytes */
};

struct call {
	enum kind kind;
	struct where at, to;
	unsigned long len, new_len, off, flags;
	int prot;
	int file;		/* index into world.files; -1: anonymous */
	int slot;		/* that remembers the result; -1: none */
};

void generate(struct call *calls, unsigned int n, uint64_t seed);

#define RECIPE_CALLS	8	/* at the most */

/* recipes.c: one of them, at @page of the window. Returns how many calls. */
unsigned int recipe(struct call *calls, unsigned long number,
		    unsigned long page);

/* --- world.c: the process -------------------------------------------------- */

struct file {
	int fd;
	bool unwritable;
	struct mm_file *mirror;
};

struct slot {
	unsigned long addr, len;
};

struct totals {
	unsigned long calls, forks, asked, unknown, adopted;
	unsigned long placement, placement_hit;
	unsigned long ok, ok_hit, failed, failed_hit, unpredictable;
	unsigned long failed_at;	/* the call that differs, from 1 */
};

struct world {
	struct mm_struct mm;
	struct file files[MAX_FILES];
	unsigned int nr_files;
	int shmid[2];
	unsigned long shm_len[2];
	unsigned long first_brk;
	struct slot slots[SLOTS];
	int maps_fd;
	int scratch_fd;		/* where reads from memory go */
	int zero_fd;		/* where writes to memory come from */
	struct totals totals;
	const char *why;	/* the difference that was found, or NULL */
	bool lenient;		/* wrong predictions are only counted */
	bool verbose;
};

extern struct world world;

/* Open files, set limits, calibrate, seed the mirror. 0 or -1: said why. */
int world_begin(uint64_t seed, const char *mutate);
/* A struct mm_file that nothing refers to yet. */
struct mm_file *world_file(const struct vma_view *v);

/* --- exec.c ---------------------------------------------------------------- */

/* Make the call; false: stop, world.why says what differs. */
bool execute(const struct call *c);

/* --- maps.c: the kernel's list --------------------------------------------- */

void maps_open(void);
/* Read all of it into a static buffer; each read is one moment's list. */
void maps_read(void);
/* The line that holds @addr, from the text last read. */
bool maps_line(unsigned long addr, struct vma_view *out);
/* The first line that ends above @addr. */
bool maps_after(unsigned long addr, struct vma_view *out);
bool maps_compare(void);
/* Take over what the engine said it does not know. */
bool maps_adopt(unsigned long start, unsigned long end);

/* --- show.c ---------------------------------------------------------------- */

void say(const char *text);
void say_fmt(struct fmt *f);
/* The call that was made last, and what was foretold. */
void show_last(void);
void show_call(const char *name, const unsigned long *args, unsigned int n,
	       long ret);
/* Both lists around the first difference. */
void show_lists(void);

/* --- shrink.c: processes --------------------------------------------------- */

struct plan {
	uint64_t seed;
	unsigned int ops;
	const char *mutate;	/* a field of struct mm_rules to invert */
	bool verbose, lenient;
};

#define RUN_EQUAL	0
#define RUN_DIFFERS	1
#define RUN_TROUBLE	2

/* Returns RUN_*; adds to @sum. @keep: NULL or a byte for each call. */
int run_once(const struct plan *plan, const unsigned char *keep,
	     struct totals *sum, bool quiet);
void shrink(const struct plan *plan);

#endif
