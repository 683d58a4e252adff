/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few words that C lacks, and the page.
 */
#ifndef VS_BASE_COMPILER_H
#define VS_BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* x86-64 only: the base page is fixed by the architecture. */
#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) (((unsigned long)(x) + PAGE_SIZE - 1) & PAGE_MASK)

#define VS_HIDDEN __attribute__((visibility("hidden")))
#define VS_EXPORT __attribute__((visibility("default")))
#define VS_NOINLINE __attribute__((noinline))

#endif
