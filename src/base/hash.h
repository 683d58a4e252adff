/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uthash, tamed: it may neither call malloc() nor end the program. The only
 * header that includes uthash.h.
 *
 * Who includes this defines VS_HASH_ALLOC(bytes) first: memory of our own,
 * NULL when there is none. Nothing is ever given back: tables here only grow,
 * and the bucket arrays that uthash outgrows add up to less than the last one.
 * With no memory an insertion does nothing, and the element's hh.tbl is NULL.
 */
#ifndef VS_BASE_HASH_H
#define VS_BASE_HASH_H

#ifndef VS_HASH_ALLOC
#error "define VS_HASH_ALLOC(bytes) before including base/hash.h"
#endif

#include "base/str.h"

#define uthash_malloc(bytes)	VS_HASH_ALLOC(bytes)
#define uthash_free(ptr, bytes)	((void)(ptr))
#define uthash_bzero(a, n)	memset(a, 0, n)
#define uthash_strlen(s)	str_len(s)
#define HASH_NONFATAL_OOM	1
#define uthash_nonfatal_oom(e)	((void)(e))
#include <uthash.h>

#endif
