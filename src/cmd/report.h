/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a trace says about who maps: gathered while the engine goes through it
 * (report_gather.c), added up by stack (report_tally.c), and printed.
 */
#ifndef VS_CMD_REPORT_H
#define VS_CMD_REPORT_H

#include "cmd/boundary.h"
#include "cmd/owners.h"
#include "cmd/trace_read.h"
#include "cmd/world.h"

/* The most there ever was of something. */
struct peak {
	uint64_t value, event, ticks;
};

struct sample {
	uint64_t ticks;
	uint32_t count;
};

#define SAMPLES 2048

/* All that one owner (owners.h) has to do with. */
struct tally {
	uint32_t owner;
	uint64_t made, made_bytes;	/* mappings that its calls made */
	uint64_t alive, alive_bytes;	/* VMAs, bytes at the end */
	uint64_t kept, kept_bytes;	/* mappings never unmapped, not in part */
	uint64_t gone, gone_bytes;	/* mappings unmapped as a whole; bytes */
	uint64_t boundaries;		/* that it made and could go away */
};

/* Boundaries of one kind, made by one owner. */
struct border {
	const struct boundary_kind *kind;
	uint32_t owner;
	uint64_t n;
	char *example;			/* the engine's words, escaped */
	uint64_t address;		/* of the example */
};

struct report {
	struct world *world;
	struct trace_reader *trace;
	struct owners owners;
	uint64_t at;			/* the last event to look at */
	unsigned int top;

	struct peak count, bytes;
	struct sample samples[SAMPLES];
	unsigned int nr_samples, stride, skipped;
	uint64_t refused, first_refused;	/* ENOMEM at the limit */
	uint64_t unfollowed;		/* bytes wrongly followed: should be 0 */
	uint64_t failed;
	bool incomplete;		/* the trace is damaged behind a point */

	struct call_owner *calls;	/* by event */
	size_t nr_calls, room_calls;
	uint32_t first_event;

	struct tally *tallies;
	size_t nr_tallies;
	struct border *kinds, *borders;	/* by kind; by kind and owner */
	size_t nr_kinds, nr_borders;
	uint64_t touching, avoidable, undecided;
};

/* report_gather() - 0; or -1: the rest of the trace cannot be read, and it was
 * said why; what came before is gathered. */
int report_gather(struct report *r);
/* report_owner() - whose call event @event was. */
uint32_t report_owner(const struct report *r, uint32_t event);

/* report_tally() - fill the tables from what was gathered. */
void report_tally(struct report *r);

/* --- what follows from it ----------------------------------------------------- */

/* Seconds since the trace began; negative: the trace does not say. */
double report_seconds(const struct report *r, uint64_t ticks);

/*
 * report_forecast() - mappings a second over the last half of the trace, or
 * negative: too short to tell. In *@left the seconds until the limit, or
 * negative: not at all.
 */
double report_forecast(const struct report *r, double *left);

/* --- printing ----------------------------------------------------------------- */

void report_text(struct report *r);
void report_json(struct report *r);
void report_folded(struct report *r);

/* report_label() - who that owner is, in a new string. */
char *report_label(const struct report *r, uint32_t owner);

enum report_order { BY_ALIVE, BY_KEPT, BY_GONE, BY_BOUNDARIES };
/* report_sort() - those that matter most first. */
void report_sort(struct report *r, enum report_order order);
/* Of a table in that order: what does not stand in it. */
bool report_is_empty(const struct tally *t, enum report_order order);

#endif
