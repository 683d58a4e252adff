/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event trace as it lies in a file; doc/vmashadow-trace.5 is the full
 * description. A header, then records, each a whole number of eight bytes:
 *
 *	| trace_header | record: payload | record: payload | ... 0 0 0 0
 *
 * Numbers in headers are the machine's own (little endian); payloads are packed
 * (base/pack.h). A record is written before its first word is: where that word
 * is 0 the trace ends, whatever happened to the process.
 */
#ifndef VS_SHADOW_TRACE_FORMAT_H
#define VS_SHADOW_TRACE_FORMAT_H

#include <stdint.h>

#define TRACE_MAGIC	"vmatrace"
#define TRACE_VERSION	1

struct trace_header {
	char magic[8];
	uint32_t version;
	uint32_t bytes;		/* of this header: where the records begin */
	uint64_t wall_ns;	/* CLOCK_REALTIME when it began */
	uint64_t ticks;		/* the clock of the records at that moment */
	int32_t pid;
	uint32_t reserved[7];
};

_Static_assert(sizeof(struct trace_header) == 64, "the file's layout");

enum trace_type {
	TRACE_START = 1,	/* version kernel program, rules */
	TRACE_TIME,		/* ticks, ns of CLOCK_MONOTONIC */
	TRACE_FILE,		/* number, what maps shows of it */
	TRACE_NAME,		/* number, text: a name of anonymous memory */
	TRACE_CODE,		/* start end base, number of the file, build id */
	TRACE_STACK,		/* number, return addresses */
	TRACE_CALL,		/* of the program: who and when, the call, answers */
	TRACE_OWN,		/* of the library: the call, answers */
	TRACE_STATE,		/* [start, end) is now this: mappings */
	TRACE_LOST,		/* records are missing here; a state follows */
	TRACE_END,		/* how it ended */
	TRACE_TYPES,
};

struct trace_record {
	uint32_t bytes_type;	/* payload's bytes << 8 | enum trace_type */
	uint32_t check;		/* trace_check() of the padded payload */
};

/* [vsyscall] of a START: this and its VIEW_* rights; 0 where there is none. */
#define TRACE_GATE 0x80

#define TRACE_PAYLOAD_MAX (64 * 1024)

/* Eight bytes at a time; what a torn or overwritten record fails. */
static inline uint32_t trace_check(uint32_t bytes_type, const uint64_t *word,
				   unsigned int words)
{
	uint64_t h = bytes_type + 0x9e3779b97f4a7c15UL;

	for (unsigned int i = 0; i < words; i++) {
		h = (h ^ word[i]) * 0x9e3779b97f4a7c15UL;
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ h >> 32);
}

#endif
