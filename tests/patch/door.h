/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A door for tests: it counts the calls that come through patched sites and
 * makes them. And what tests of patched code share.
 */
#ifndef TESTS_PATCH_DOOR_H
#define TESTS_PATCH_DOOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "patch/entry.h"
#include "patch/patch.h"

#pragma GCC visibility push(hidden)

typedef int main_fn(void);

enum door_mode {
	DOOR_PLAIN,
	DOOR_UNWIND,		/* walk the stack, into door_frames */
	DOOR_LEAVE,		/* call and go back from another stack */
};

struct frames {
	int n;
	bool main;		/* was program_main among them, */
	bool probe;		/* was probe_fn? */
};

/*
 * volatile: libc's headers promise that mmap() and the like do not call back
 * into a program, which they do here.
 */
extern volatile enum door_mode door_mode;
extern volatile long door_calls[512];
extern volatile long door_stack_most;	/* bytes that entry code took */
extern volatile bool door_misaligned;
extern volatile bool door_backwards;	/* DF was set */
extern volatile struct frames door_frames;
extern volatile int door_exit_offset;	/* a detoured exit adds this */

extern main_fn *program_main;
extern void (*probe_fn)(void);

extern char other_stack[65536];

/* The frames from here on. The first call may allocate. */
struct frames unwind_here(void);

/* The loaded object whose name ends so; "" is the program itself. */
struct patch_object find_object(const char *end_of_name);

/* A proven site of the seven-byte form at @addr, as patch_scan() gives it. */
struct patch_site site_here(const void *addr, int nr);

/* Runs fn in a child; its exit status, or 1000 + the signal that ended it. */
int in_child(int (*fn)(void));

#pragma GCC visibility pop

#endif
