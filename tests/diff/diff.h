/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: random memory calls in one real process, the engine driven by the
 * same calls, and the engine's list of mappings compared with the kernel's after
 * each of them, all lines, byte for byte.
 *
 *	gen.c		seed -> calls, with addresses still symbolic
 *	gen_rare.c	... the calls that few programs make
 *	recipes.c	short sequences that leave nothing in doubt
 *	request.c	a call as system call and as the engine's op
 *	exec.c		one call: kernel first foretold, then asked, then mirrored
 *	team.c		threads: calls in turns, calls at the same time
 *	special.c	what is more than one call: forks, limits, filling up
 *	world.c		the process: files, segments, limits, the first mirror
 *	maps.c		the kernel's text; comparing; adopting
 *	show.c		calls and lists as text
 *	program.c	the calls of a run as a C program
 *	tally.c		what was asked and left unknown, by call
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
#define SEALED_PAGES	6		/* the window's last may be sealed */
#define LANES		3		/* threads; a part of the window each */
#define LANE_PAGES	24
#define LANE(n)		(WINDOW + (64UL << 20) * (1 + (n)))
#define SLOTS		12		/* mappings where the kernel chose */
#define MAX_OPS		20000
#define MAX_FILES	12
#define ANON_NAME	"oracle"	/* PR_SET_VMA_ANON_NAME */

/* --- gen.c: what to do ----------------------------------------------------- */

enum kind {
	DO_MMAP, DO_MUNMAP, DO_MPROTECT, DO_MADVISE, DO_MREMAP, DO_BRK,
	DO_MLOCK, DO_MUNLOCK, DO_MLOCKALL, DO_MUNLOCKALL, DO_REMAP_FILE_PAGES,
	DO_SHMAT, DO_SHMDT, DO_NAME, DO_MBIND, DO_HOME_NODE, DO_MSEAL,
	DO_PROCESS_MADVISE, DO_PKEY_MPROTECT, DO_MEMORY_MERGE,
	DO_UFFD_REGISTER, DO_UFFD_UNREGISTER, DO_UFFD_CLOSE, DO_MAP_VDSO,
	/* Not one call that the engine knows. */
	DO_IO_SETUP, DO_IO_DESTROY, DO_PERSONALITY, DO_LIMIT, DO_MARK,
	DO_EXHAUST, DO_WRITE, DO_READ, DO_FORK,
	KINDS
};

/* An address that gets its value when the call is made. */
enum base {
	AT_NULL, AT_WINDOW, AT_SLOT, AT_HEAP, AT_BRK, AT_VDSO, AT_LANE,
	AT_ABSOLUTE,
};

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
	unsigned int thread;	/* who makes it; 0: the first */
	unsigned int together;	/* so many from this one on at the same time */
};

void generate(struct call *calls, unsigned int n, uint64_t seed);

/* Shared by both generators. */
uint64_t draw(void);
static inline unsigned long below(unsigned long n)
{
	return draw() % n;
}
static inline bool one_in(unsigned long n)
{
	return below(n) == 0;
}
#define PICK(...)							\
	({								\
		static const unsigned long choice_[] = { __VA_ARGS__ };	\
		choice_[below(ARRAY_SIZE(choice_))];			\
	})
int some_prot(void);
unsigned long some_advice(void);
/* @kind over some pages, somewhere. */
void gen_range(struct call *c, enum kind kind);

/* gen_rare.c */
void gen_rare(struct call *c);
/* LANES calls that do not touch each other. */
void gen_together(struct call *calls);

#define RECIPE_CALLS	12	/* at the most */

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

struct tally {
	unsigned long calls, asked, unknown, adopted, unpredictable;
};

/* Added up by shrink.c as an array of unsigned long. */
struct totals {
	unsigned long forks, together;
	unsigned long placement, placement_hit;
	unsigned long ok, ok_hit, failed, failed_hit;
	unsigned long failed_at;	/* the call that differs, from 1 */
	struct tally by[KINDS];
};

#define POLICIES	6	/* of mbind(); the last two have a home node */
#define CONTEXTS	2	/* of userfaultfd() */

struct world {
	struct mm_struct mm;
	struct file files[MAX_FILES];
	unsigned int nr_files;
	int shmid[2];
	unsigned long shm_len[2];
	unsigned long first_brk;
	struct slot slots[SLOTS];
	unsigned long vdso;		/* address of [vdso], or 0 */
	int uffd[CONTEXTS];		/* -1: not open */
	uint16_t uffd_id[CONTEXTS], next_uffd_id;
	unsigned long ring, ring_len;	/* of io_setup(), or 0 */
	int pidfd;			/* of this process, or -1 */
	unsigned long personality;	/* as it was at first */
	/* The mirror is compared up to here; all of it now and then. */
	unsigned long compare_end;
	int maps_fd;
	int scratch_fd;		/* where reads from memory go */
	int zero_fd;		/* where writes to memory come from */
	struct totals totals;
	const char *why;	/* the difference that was found, or NULL */
	bool answer_differs;	/* an answer, not the list */
	int program_fd;		/* where program.c writes, or 0 */
	bool lenient;		/* wrong predictions are only counted */
	bool verbose;
};

extern struct world world;

/* Open files, set limits, calibrate, seed the mirror. 0 or -1: said why. */
int world_begin(uint64_t seed, const char *mutate);
/* A struct mm_file that nothing refers to yet. */
struct mm_file *world_file(const struct vma_view *v);

/* Read the limits that the process has now. */
void know_limits(struct mm_struct *mm);
/* The settings that a process has not after a fork: contexts, its pidfd. */
void world_forked(void);

/* --- request.c ------------------------------------------------------------- */

struct request {
	const struct call *call;
	const char *name;	/* of the system call, or of a helper */
	bool helper;		/* a function of program.c's prologue */
	bool by_bytes;		/* the answer is a number of bytes: all, or error */
	long nr;
	unsigned long args[6];
	const char *text[6];	/* C text instead of the number, or NULL */
	unsigned int n;
	struct mm_op op;
};

/* False: not to be made, it might hit what the test stands on. */
bool request(struct request *r, const struct call *c);
unsigned long resolve(const struct where *w);
bool hits_us(unsigned long start, unsigned long len);
/* By the calling thread; the result as the engine wants it. */
long request_make(const struct request *r);

/* --- exec.c ---------------------------------------------------------------- */

/* Make the call; false: stop, world.why says what differs. */
bool execute(const struct call *c);
/* @calls[0].together calls at once, one by each thread. */
bool execute_together(const struct call *calls);
/* Set world.why; returns false. */
bool differs(const char *why);
/* What an op that the kernel answered does to the mirror, and the comparison. */
bool follow(struct mm_op *op, enum kind kind);
bool check_mirror(void);

/* --- team.c ---------------------------------------------------------------- */

/* @r's answers, made by thread 1..@n at the same time; n == 1: by @first. */
void team_make(struct request *r, unsigned int n, unsigned int first);
/* After a fork there is only the first thread. */
void team_forked(void);

/* --- special.c ------------------------------------------------------------- */

bool execute_special(const struct call *c);

/* --- program.c ------------------------------------------------------------- */

void program_begin(uint64_t seed);
void program_call(const struct request *r);
void program_text(const char *text);
/* Its end: what the mirror says, or foretold of @last, against the kernel. */
void program_end(const struct request *last);

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
bool maps_adopt(unsigned long start, unsigned long end, unsigned long *lines);

/* --- show.c ---------------------------------------------------------------- */

void say(const char *text);
void say_fmt(struct fmt *f);
/* The call that was made last, and what was foretold. */
void show_last(void);
void show_call(const char *name, const unsigned long *args, unsigned int n,
	       long ret);
/* Both lists around the first difference. */
void show_lists(void);
/* The mirror's line at the first difference; NULL: it has none left. */
const struct vm_area_struct *maps_differs_at(void);

/* --- shrink.c: processes --------------------------------------------------- */

struct plan {
	uint64_t seed;
	unsigned int ops;
	const char *mutate;	/* a field of struct mm_rules to invert */
	bool verbose, lenient;
	bool program;		/* written to a file, too */
};

#define RUN_EQUAL	0
#define RUN_DIFFERS	1
#define RUN_TROUBLE	2

/* Returns RUN_*; adds to @sum. @keep: NULL or a byte for each call. */
int run_once(const struct plan *plan, const unsigned char *keep,
	     struct totals *sum, bool quiet);
void shrink(const struct plan *plan);

/* --- tally.c --------------------------------------------------------------- */

void tally_print(const struct totals *t);
struct tally tally_sum(const struct totals *t);

#endif
