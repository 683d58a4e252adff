/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd contexts: which file is which, and when one is gone. A context
 * goes with its last descriptor, which may be a duplicate, another process's, or
 * held by a thread that still reads; so after a close the kernel is asked, and
 * asked again with later calls while mappings are still registered.
 */
#ifndef VS_SHADOW_UFFD_H
#define VS_SHADOW_UFFD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* Has anything been registered? A hint, without the lock. */
extern bool uffd_any;
static inline bool uffd_live(void)
{
	return __atomic_load_n(&uffd_any, __ATOMIC_RELAXED);
}

/* [lock] The number of the context behind @fd; never 0. */
uint16_t uffd_id(int fd);
/* [lock] The number for a registered mapping found by reading smaps. */
uint16_t uffd_id_unknown(void);
/* UFFDIO_REGISTER_MODE_* as vm_flags. */
uint64_t uffd_vm_flags(uint64_t mode);

/* [lock] A descriptor of a userfaultfd was closed. */
void uffd_closed(void);
/*
 * [lock] Is a context gone that was closed, but still in use, before? Asked
 * before a call is made, as its effects would look like that. Uses shadow.op.
 */
void uffd_settle(void);
/* [lock] A mapping was moved: whether it stays registered depends. */
void uffd_moved(const struct mm_op *op);

#endif
