/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events of the log, each as one line: a JSON object for machines or a
 * sentence for people. doc/vmashadow-log.5 is the schema; keys and their order
 * are fixed by it.
 *
 * Each function writes one line, newline included, into the report's buffer and
 * returns its length, or -EMSGSIZE. A line too long for the buffer is made again
 * with its strings cut ("..."), so that 4 KiB hold any event but a start with
 * hundreds of sites. Pure and async-signal-safe; strings may be NULL where null
 * makes sense.
 */
#ifndef VS_REPORT_EVENT_H
#define VS_REPORT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vma_view;

enum report_format { REPORT_TEXT, REPORT_JSON };

/* How and where a line is made. */
struct report {
	enum report_format format;
	int pid;
	char *buf;
	size_t size;
};

struct report_count {
	const char *name;
	uint64_t count;
};

struct report_site {			/* a system call left unpatched */
	const char *object;		/* path of the ELF file */
	uint64_t offset;		/* bytes into it */
	const char *why;
};

struct report_start {
	const char *version, *kernel, *program;
	const struct report_count *rules;	/* struct mm_rules, by field */
	size_t nr_rules;
	uint64_t patched, unpatched;		/* sites */
	const struct report_site *left;		/* some of the unpatched */
	size_t nr_left;
	unsigned int seccomp;			/* as "Seccomp:" in status */
	const char *passive;			/* why, or NULL: it mirrors */
};

/* An object that was mapped after the start: its sites. */
struct report_object {
	const char *object;
	uint64_t patched, unpatched;
	const struct report_site *left;		/* some of the unpatched */
	size_t nr_left;
	uint64_t ns;				/* what finding them cost */
};

struct report_check {
	const char *trigger;	/* exit exec signal api count each */
	uint64_t vmas, drift, growth, renamed, ns;
};

/* The last call that touched a range. */
struct report_last {
	uint64_t event;
	const char *call;
	int tid;		/* 0: not known, not said */
	uint64_t addr, len;
	int64_t ret;
	const char *const *stack;	/* who called, innermost first */
	unsigned int nr_stack;
};

struct report_drift {
	const struct vma_view *kernel, *mirror;	/* NULL: has no such line */
	const struct report_last *last;		/* NULL: none is known */
};

struct report_limit {
	uint64_t vmas, max_map_count;
};

struct report_fork {
	int parent;
	const char *program;
};

struct report_exec_failed {
	const char *path;
	int error;			/* errno, positive */
};

struct report_ratio {
	uint64_t predicted, hit;
};

struct report_summary {
	const char *program;
	const struct report_count *calls;	/* those of 0 are left out */
	size_t nr_calls;
	uint64_t by_symbol, by_patch, by_trap;
	uint64_t vmas, vmas_peak;
	uint64_t checks, drift, growth, renamed;
	uint64_t asked, settled, own;
	struct report_ratio placement, ok, failed;
	uint64_t unpredictable;
	uint64_t faults;
	const char *ended;		/* exit exec signal */
};

struct report_near {			/* a mapping hit or missed */
	const struct vma_view *view;	/* NULL: there is none */
	uint64_t born, changed;		/* events */
	uint64_t distance;		/* bytes from it */
};

/* What once happened where the fault is. */
struct report_past {
	const char *what;		/* the call */
	uint64_t event;
	int thread;			/* 0: not known */
	uint64_t ago_ns;		/* ~0: not known */
	uint64_t addr, len;		/* what it did it to */
	const char *rights;		/* given by it, as "rw-"; NULL: none */
	int error;			/* errno: it may have done a part */
	const char *const *stack;	/* of the call, innermost first */
	size_t nr_stack;
};

#define REPORT_REGISTERS 18		/* as report_register_names says */
extern const char report_register_names[REPORT_REGISTERS][8];

struct report_fault {
	int thread;
	const char *signal, *si_code;
	uint64_t addr;			/* computed, where the kernel has none */
	bool addr_known;
	const char *access;		/* read write exec unknown */
	uint32_t size;			/* bytes; 0: not known */
	uint64_t error_code;		/* of a page fault */
	bool is_page_fault;
	const char *predicted_signal, *predicted_code;	/* NULL: no signal */
	const char *undecided;		/* why nothing was predicted, or NULL */
	bool agrees;
	bool handled;			/* by the program */
	const char *verdict, *instruction;
	struct report_near vma, before, after;
	const struct report_past *history;	/* newest first */
	size_t nr_history;
	const uint64_t *registers;
	const char *const *stack;
	size_t nr_stack;
};

long report_start(const struct report *r, const struct report_start *e);
long report_object(const struct report *r, const struct report_object *e);
long report_check(const struct report *r, const struct report_check *e);
long report_drift(const struct report *r, const struct report_drift *e);
long report_limit(const struct report *r, const struct report_limit *e);
long report_fork(const struct report *r, const struct report_fork *e);
long report_exec_failed(const struct report *r,
			const struct report_exec_failed *e);
long report_summary(const struct report *r, const struct report_summary *e);
/* report_passive() - the library only looks on from now, and why. */
long report_passive(const struct report *r, const char *why);
/* report_fault() - as text it is several lines, each begun as any line is. */
long report_fault(const struct report *r, const struct report_fault *e);
/* report_notice() - something that a person must know. */
long report_notice(const struct report *r, const char *words);

#endif
