/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a trace's records go.
 *
 * The owner of the mirror adds them to a ring of ours; whoever left the lock
 * copies the ring into a mapped piece of the file. So the file's pages are never
 * touched under the lock, no descriptor is kept, and after a SIGKILL the file
 * has all but what was still in the ring. Each piece is allocated on disk before
 * it is mapped: a full disk ends the trace and not the program.
 *
 *	ring:   ...tail|== not copied yet ==|head...
 *	file:   header, records          |piece|piece|
 */
#ifndef VS_SHADOW_TRACE_FILE_H
#define VS_SHADOW_TRACE_FILE_H

#include "shadow/shadow.h"
#include "shadow/trace_format.h"

/*
 * [lock] trace_file_open() - create the file that trace= names, with its header.
 * One that exists is left alone: ".1" and so on is tried. False: there is none,
 * and it was said why.
 */
bool trace_file_open(void);

/* [lock] A record, its payload padded to whole words. */
void trace_file_add(const struct trace_record *r, const uint64_t *payload,
		    size_t bytes);
/*
 * [lock] trace_file_drain() - the same as a flush, by the owner: for a state that
 * is larger than the ring.
 */
void trace_file_drain(void);
/* [lock] Something could not be added. */
void trace_file_lost(void);
/* [lock] Was something lost, and is there room again? Asked once for each. */
bool trace_file_was_lost(void);

/*
 * [lock] trace_file_reserve() - map the next piece where it will be needed soon,
 * let go of one that is full; both are mirrored. True: a new piece was begun.
 */
bool trace_file_reserve(void);

/* trace_file_flush() - copy what waits; not under the lock, by one at a time. */
void trace_file_flush(void);

/* [lock] In a fork child: the file is the parent's; it was not inherited. */
void trace_file_forget(void);

#endif
