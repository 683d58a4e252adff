/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMASHADOW_OPTIONS=key=value:key=value, as the sanitizers read theirs: a value
 * that holds a colon stands in '...' or "..."; of two values for one key the
 * last counts. One table (options.c) says what each option is called, takes,
 * means and is by default; help=1 prints it.
 *
 * Law of the room: pure over an environment array. No libc, no allocation, no
 * system call, no global that is written; async-signal-safe.
 */
#ifndef VS_OPTIONS_OPTIONS_H
#define VS_OPTIONS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct fmt;

#define OPTIONS_TEXT 4096	/* bytes of a path, the NUL included */

/* options.check: one of these, or a full comparison every so many calls. */
#define OPTIONS_CHECK_OFF  0U
#define OPTIONS_CHECK_EACH 0xfffffffeU
#define OPTIONS_CHECK_EXIT 0xffffffffU

enum options_format {
	OPTIONS_FORMAT_AUTO,	/* never seen by callers: it is resolved */
	OPTIONS_FORMAT_TEXT,
	OPTIONS_FORMAT_JSON,
};

enum options_intercept {
	OPTIONS_INTERCEPT_SYMBOL,
	OPTIONS_INTERCEPT_PATCH,
	OPTIONS_INTERCEPT_TRAP,
};

enum options_faults {
	OPTIONS_FAULTS_OFF,
	OPTIONS_FAULTS_FATAL,
	OPTIONS_FAULTS_ALL,
};

struct options {
	char log[OPTIONS_TEXT];		/* "": standard error, alerts only; "-":
					 * everything there; else a path, its %
					 * not yet expanded */
	char trace[OPTIONS_TEXT];	/* "": none */
	char rules[OPTIONS_TEXT];	/* as engine/rules.h parses it */
	uint32_t format;		/* enum options_format */
	uint32_t check;			/* OPTIONS_CHECK_*, or every N calls */
	uint32_t intercept;		/* enum options_intercept */
	uint32_t stacks;		/* frames; 0: off */
	uint32_t faults;		/* enum options_faults */
	uint32_t history;		/* ranges; 0: none */
	uint32_t abort_on_drift;	/* 0 or 1, as the rest */
	uint32_t mark;
	uint32_t follow;
	uint32_t early;
	uint32_t help;
};

/*
 * options_parse() - fill @o from @envp (NULL: all defaults, as under AT_SECURE).
 * Each unknown key and bad value puts one line, newline included, into @messages,
 * whole or not at all, and leaves the default in @o.
 */
void options_parse(struct options *o, char *const *envp, struct fmt *messages);

/* options_help() - every option with its values, default and meaning. */
void options_help(struct fmt *f);

/*
 * options_expand() - @path with %p as the process's number and %n as the
 * program's name (its '/' as '_'), %% as '%'; any other % stays. Returns 0, or
 * -ENAMETOOLONG and an empty @dst.
 */
int options_expand(char *dst, size_t size, const char *path, int pid,
		   const char *program);

#endif
