/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process's one mirror: the state, and what the rooms above may do with it.
 *
 * Law of the room: no libc. A call of the program goes through shadow_door()
 * exactly once. What is marked [lock] needs the mirror's lock; the rest takes
 * it by itself, never waits longer than LOCK_WAIT_NS, and is
 * async-signal-safe.
 */
#ifndef VS_SHADOW_SHADOW_H
#define VS_SHADOW_SHADOW_H

#include "base/door_regs.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/raw_syscall.h"
#include "engine/engine.h"
#include "options/options.h"
#include "procmaps/source.h"
#include "report/event.h"
#include "report/sink.h"
#include "shadow/calls.h"

enum shadow_mode {
	SHADOW_OFF,		/* not started: calls pass */
	SHADOW_LIVE,
	SHADOW_PASSIVE,		/* cannot mirror, said why: calls pass */
};

/* Which tier saw a call (design 3). */
enum shadow_tier { TIER_SYMBOL, TIER_PATCH, TIER_TRAP, TIERS };

struct shadow_counters {
	uint64_t calls[CALLS];		/* by the program */
	uint64_t by[TIERS];
	uint64_t own;		/* listed system calls of our own, after start */
	uint64_t checks, drift, growth, renamed;
	uint64_t asked;		/* undecided boundaries asked about */
	uint64_t named;		/* file identities read from the kernel */
	uint64_t settled;	/* unordered calls, ranges re-read */
	uint64_t rebuilt;	/* whole mirror seeded anew */
	uint64_t place_predicted, place_hit;
	uint64_t ok_predicted, ok_hit, failed_predicted, failed_hit;
	uint64_t unpredictable;
	uint64_t faults;
	uint64_t unlogged;	/* lines lost because none fitted */
};

/* How a process's life under the library ends, in the summary's words. */
enum shadow_ended { ENDED_EXIT, ENDED_EXEC, ENDED_SIGNAL, ENDED_SECCOMP };

/* Bytes of lines that wait until the lock is free; see log.c. */
#define SHADOW_LOG_SIZE (64 * 1024)

struct shadow {
	struct mirror_lock lock;
	enum shadow_mode mode;
	const char *passive_why;	/* NULL unless passive */
	int pid;
	uint64_t main_thread;		/* thread pointer of the first thread */

	struct mm_struct mm;		/* [lock] */
	struct mm_op op;		/* [lock] the owner's call */
	struct mm_op own_op;		/* [lock] a mapping of our own within it */
	bool engaged;			/* [lock] the tree is being changed: an
					 * owner who dies now leaves it torn */
	bool rebuilding;		/* [lock] the tree is read anew */
	uint64_t seq;			/* [lock] changes of the mirror so far */
	struct shadow_counters count;	/* [lock] */

	struct procmaps_source maps;	/* [lock] */
	struct sink sink;
	struct options options;
	char program[256];
	uint64_t check_every;		/* check=N; 0: not */
	bool check_each, check_exit;
	uint64_t until_check;		/* [lock] */
	bool sealed;			/* a seccomp filter is on: no system call
					 * that the program might not make */
	bool abort_wanted;		/* abort_on_drift=1, and there was drift */
	int seccomp;			/* at start: 0, 1 strict, 2 filter */
	uint32_t sites_patched, sites_refused;
	bool limit_said;
};

extern struct shadow shadow;

struct rare_args;
struct slot;

/* One call of the program on its way through the door. */
struct door {
	struct door_regs *regs;
	const struct call_info *info;
	enum shadow_tier tier;
	unsigned long sp;		/* the program's */
	long ret;
	const struct rare_args *args;	/* rare.c's; NULL: not copied */
	bool no_text;			/* surely no file's text came of it */
	struct slot *slot;		/* unordered.c's; NULL: it had none */
};

/*
 * [lock] shadow_find_text() - the first mapping in [start, end) that is a file's
 * text and the process's own: private and executable. NULL if there is none.
 */
const struct vm_area_struct *shadow_find_text(unsigned long start,
					      unsigned long end);

/*
 * shadow_door() - make the call of @d and mirror it. Returns the kernel's
 * answer. Uses under 512 bytes of a stack that it does not know to be roomy.
 */
long shadow_door(struct door *d);

/* shadow_raw() - make the call of @d and nothing else. */
static inline long shadow_raw(const struct door *d)
{
	const long *a = d->regs->arg;

	return raw_syscall(d->info->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/*
 * shadow_with_lock() - run fn(arg) as owner of the mirror, settled, with all
 * signals blocked and on the library's stack. Returns what @fn returned, or
 * -EBUSY. For checks, the API and the way out; fn must not write a log.
 */
long shadow_with_lock(long (*fn)(void *), void *arg);

/* start.c: from the constructor, single-threaded. */
struct shadow_start {
	const char *const *envp;
	const char *program;		/* argv[0], may be NULL */
	unsigned long hwcap2;		/* AT_HWCAP2 */
	bool secure;			/* AT_SECURE */
};

/* shadow_configure() - options, log, own memory, maps. 0, or -errno: passive. */
int shadow_configure(const struct shadow_start *s);
/* shadow_seed() - read the mirror from the kernel and go live. */
int shadow_seed(void);
/* shadow_mark() - the recognisable harmless call, if mark=1 asks for it. */
void shadow_mark(const char *what);

/* rebuild.c [lock]: the mirror anew from maps and smaps. 0 or -errno. */
int shadow_rebuild(void);
/* The marks of heap, stack, code and data, from /proc. 0 or -errno. */
int shadow_read_marks(void);
/* What maps does not show of the lines in [start, end), from smaps. */
void shadow_reread(unsigned long start, unsigned long end);

/* reconcile.c [lock]: adopt the kernel's lines over [start, end). Returns how
 * many of the mirror's lines were not the kernel's, or -errno. */
int shadow_reconcile(unsigned long start, unsigned long end);
/*
 * The same with the neighbours, that may have merged with it, and with the
 * flags in @doubt and the state of the pages no longer known (mm_doubt()).
 */
int shadow_reconcile_around(unsigned long start, unsigned long end,
			    uint32_t doubt);

/* ask.c [lock]: one undecided boundary. Returns MM_BOUNDARY_*. */
int shadow_ask(unsigned long addr);
/* mm_commit() to its end, asking what is undecided. */
void shadow_commit(struct mm_op *op);

/* files.c [lock]: the file of the mapping that the kernel shows at @addr. */
struct mm_file *shadow_file_at(unsigned long addr, struct vma_view *line);
/* A new struct mm_file (own open file description) for the file in @v. */
struct mm_file *shadow_file(const struct vma_view *v);
void shadow_file_unused(struct mm_file *file);	/* free it if nothing maps it */
/* The file mapped at @v has another name now. */
void shadow_rename(const struct vma_view *v);

/* fork.c: is this still the process that the mirror belongs to? */
bool shadow_is_child(void);
void shadow_fork_child(void);
/* Is this the process itself, and no vfork child that borrows its memory? */
bool shadow_is_process(void);

/* log.c: write the lines that wait; not under the lock. */
void shadow_log_flush(void);

/* say.c [lock] */
struct patch_object;
struct patch_site;
/* One site of tier 2, for the start line: counted, and named if refused. */
void shadow_say_site(const struct patch_object *obj,
		     const struct patch_site *site);
/* An object that was mapped later: its sites, and what it cost to find them. */
void shadow_say_object(const struct patch_object *obj,
		       const struct patch_site *sites, size_t n, uint64_t ns);
void shadow_say_limit(void);
/* One sentence that a person must know, into the log. */
void shadow_say_words(const char *text);
/* One sentence that a person must know; at start only. */
void shadow_say_notice(const char *text);
void shadow_say_start(void);
void shadow_say_summary(enum shadow_ended ended);
/* @error: errno, positive */
void shadow_say_exec_failed(const char *path, int error);

/* memory.c: memory of our own. */
int memory_start(void);
void *memory_alloc(size_t bytes);		/* [lock] NULL: exhausted */
bool memory_more_vmas(void);			/* [lock] */
bool memory_spare_vmas(void);			/* [lock] without a call */
/*
 * [lock] memory_code() - @bytes of ours, executable and never writable, below
 * @below, where nothing is, and at most @reach bytes below @top. 0: none.
 */
unsigned long memory_code(unsigned long below, unsigned long top,
			  unsigned long reach, size_t bytes);
/*
 * [lock] How many chunks were mapped. What was read of the kernel's list before
 * this changed is out of date: the chunk may lie in the part already read.
 */
extern unsigned int memory_chunks;
/* Hand all VMA memory to a freshly initialised mm [lock]. */
void memory_reset_vmas(void);
bool memory_is_own(const struct vma_view *v);
/* [lock] An address, for MAP_FIXED_NOREPLACE, where programs have nothing. */
unsigned long memory_place(size_t bytes);
/*
 * [lock] A mapping of a file that the library itself made, advised or took away.
 * At most three VMAs each, of those that every call leaves in the pool.
 */
void memory_mirror_map(unsigned long addr, size_t bytes, unsigned long flags,
		       unsigned long off);
void memory_mirror_advice(unsigned long addr, size_t bytes, int advice);
void memory_mirror_unmap(unsigned long addr, size_t bytes);
extern uint32_t *memory_fork_word;		/* 0 in a fork child */

/* crosscheck gives itself to the door; NULL until it does. */
extern void (*shadow_check_hook)(const char *trigger);
/* [lock] compare the neighbourhood of the call just recorded */
extern void (*shadow_check_near_hook)(unsigned long start, unsigned long end);

#endif
