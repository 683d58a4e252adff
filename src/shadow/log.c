/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines are composed under the mirror's lock and written without it: a write may
 * block for as long as the reader of a pipe likes. Two buffers: one collects,
 * the other is written out by the one thread that flushes.
 */
#include <signal.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "base/switch.h"
#include "shadow/door.h"
#include "shadow/log.h"
#include "shadow/start.h"
#include "shadow/trace.h"

#define LINE_MIN    4096	/* any event fits (report/event.h) */
#define FLUSH_STACK 8192
#define FLUSHES	    4		/* in a row, where others add lines, too */
#define DRAIN_NS    1000000L
#define DRAIN_TRIES 2000

struct record {
	uint32_t len;
	uint32_t weight;	/* enum sink_weight */
};

static struct queue {
	char buf[SHADOW_LOG_SIZE];
	size_t len;
} queue[2];

static struct queue *filling = &queue[0];	/* [lock] */
static uint32_t flushing;
static bool closed;				/* [lock] the last line is made */
static struct report current;			/* [lock] */

/* Waiting lines, or 0: read without the lock, as a hint. */
static size_t waiting(void)
{
	return __atomic_load_n(&filling->len, __ATOMIC_RELAXED);
}

struct report *log_begin(void)
{
	size_t at = filling->len + sizeof(struct record);

	if (closed || at + LINE_MIN > sizeof(filling->buf)) {
		shadow.count.unlogged++;
		return NULL;
	}
	current.format = shadow.options.format == OPTIONS_FORMAT_TEXT
		? REPORT_TEXT : REPORT_JSON;
	current.pid = shadow.pid;
	current.buf = filling->buf + at;
	current.size = sizeof(filling->buf) - at;
	return &current;
}

void log_end(enum sink_weight weight, long len)
{
	struct record r = { (uint32_t)len, weight };
	size_t need = sizeof(r) + (size_t)len;

	if (len <= 0)
		return;
	memcpy(filling->buf + filling->len, &r, sizeof(r));
	__atomic_store_n(&filling->len,
			 filling->len + ((need + 7) & ~(size_t)7),
			 __ATOMIC_RELAXED);
}

static void write_out(struct queue *q)
{
	struct record r;

	for (size_t at = 0; at < q->len;
	     at += (sizeof(r) + r.len + 7) & ~(size_t)7) {
		memcpy(&r, q->buf + at, sizeof(r));
		sink_line(&shadow.sink, r.weight, q->buf + at + sizeof(r),
			  r.len);
	}
	q->len = 0;
}

static struct queue *swap(void)
{
	struct queue *full = filling;

	filling = full == &queue[0] ? &queue[1] : &queue[0];
	return full;
}

/* Whoever flushes also takes what others add meanwhile. */
static long flush(void *arg)
{
	volatile uint64_t ticket;
	struct queue *full;

	(void)arg;
	while (waiting()) {
		if (!door_lock(&ticket))
			break;
		full = swap();
		lock_release(&shadow.lock, &ticket);
		write_out(full);
	}
	return 0;
}

/*
 * On a stack of ours, for the program's may have room for the door and no more;
 * with signals blocked, for a handler that never returns would keep the log. A
 * line that comes just before the flag is cleared is its maker's again.
 */
static void flush_once(void)
{
	static char stack[FLUSH_STACK] __attribute__((aligned(16)));
	struct door_mask mask;

	door_block_signals(&mask);
	if (!__atomic_exchange_n(&flushing, 1, __ATOMIC_SEQ_CST)) {
		vs_call_on_stack(flush, NULL, stack + sizeof(stack));
		__atomic_store_n(&flushing, 0, __ATOMIC_SEQ_CST);
	}
	door_unblock_signals(&mask);
}

static bool is_flushing(void)
{
	return __atomic_load_n(&flushing, __ATOMIC_SEQ_CST);
}

/* abort_on_drift=1: the lines are written, the process may go. */
static void raise_abort(void)
{
	shadow.abort_wanted = false;
	raw_sys3(SYS_tgkill, shadow.pid, raw_sys0(SYS_gettid), SIGABRT);
}

void shadow_log_flush(void)
{
	if (likely(!waiting()))
		return;
	for (unsigned int i = 0; i < FLUSHES && waiting() && !is_flushing(); i++)
		flush_once();
	if (unlikely(shadow.abort_wanted) && !is_flushing())
		raise_abort();
}

void log_close(void)
{
	closed = true;
}

void log_reopen(void)
{
	closed = false;
}

void shadow_log_drain(void)
{
	struct timespec pause = { 0, DRAIN_NS };

	trace_flush();
	for (unsigned int i = 0; i < DRAIN_TRIES; i++) {
		shadow_log_flush();
		if (!waiting() && !is_flushing())
			return;
		raw_sys2(SYS_nanosleep, &pause, NULL);
	}
}

/*
 * The process ends and the lock was not to be had, or a flush was interrupted
 * for good: what is there is written as it is.
 */
void shadow_log_last(void)
{
	write_out(&queue[0]);
	write_out(&queue[1]);
}

/* --- the sink ---------------------------------------------------------------- */

static char path[SINK_PATH];		/* expanded; scratch at start */

static void open_sink(void)
{
	const char *log = shadow.options.log;

	if (log[0] && !str_eq(log, "-") &&
	    !options_expand(path, sizeof(path), log, shadow.pid,
			    str_base(shadow.program)))
		log = path;
	sink_open(&shadow.sink, log, shadow.pid);
}

/*
 * Messages for a person, not events: on standard error one line at a time, never
 * among the lines of a log.
 */
static void complain(const char *text, size_t len)
{
	static struct sink console;
	size_t from = 0;

	sink_open(&console, "-", shadow.pid);
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n')
			continue;
		sink_line(&console, SINK_ALERT, text + from, i + 1 - from);
		from = i + 1;
	}
}

void shadow_say_notice(const char *text)
{
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_str(&f, "vmashadow[");
	fmt_u64(&f, (uint64_t)shadow.pid);
	fmt_str(&f, "]: ");
	fmt_str(&f, text);
	fmt_char(&f, '\n');
	complain(f.buf, f.len);
}

void shadow_log_start(const char *const *envp)
{
	struct fmt messages;

	/* before there is a second thread the queues serve as scratch */
	fmt_init(&messages, queue[0].buf, sizeof(queue[0].buf));
	options_parse(&shadow.options, (char *const *)(uintptr_t)envp,
		      &messages);
	complain(messages.buf, messages.len);
	if (shadow.options.help) {
		fmt_init(&messages, queue[0].buf, sizeof(queue[0].buf));
		options_help(&messages);
		complain(messages.buf, messages.len);
	}
	open_sink();
}

void shadow_log_forget(void)
{
	queue[0].len = queue[1].len = 0;
	flushing = 0;
	closed = false;
}

/* The log is the child's own if its path says so (%p); else both append to one
 * file. */
void shadow_log_child(void)
{
	shadow_log_forget();
	if (shadow.options.log[0] && !str_eq(shadow.options.log, "-") &&
	    shadow_log_is_per_process()) {
		sink_close(&shadow.sink);
		open_sink();
	}
	shadow.sink.pid = shadow.pid;
}

bool shadow_log_is_per_process(void)
{
	for (const char *p = shadow.options.log; *p; p++)
		if (p[0] == '%' && p[1] == 'p')
			return true;
	return false;
}
