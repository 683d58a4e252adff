/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a boundary between two mappings? Asked of the kernel without /proc
 * and without changing anything.
 */
#ifndef VS_SHADOW_PROBE_H
#define VS_SHADOW_PROBE_H

/*
 * probe_boundary() - do two VMAs meet at @addr (page aligned)? One or two
 * system calls, 0.25 us each; async-signal-safe; takes no lock.
 *
 * Returns MM_BOUNDARY_YES also where a side is unmapped, and always where the
 * VMA may not grow (VM_DONTEXPAND, VM_PFNMAP); MM_BOUNDARY_UNKNOWN where the
 * kernel refuses for another reason (hugetlb, sealed, a filter).
 */
int probe_boundary(unsigned long addr);

/*
 * probe_task_size() - the first address beyond those that a mapping can have:
 * the kernel's TASK_SIZE, which with five page table levels is 2^56 less a page
 * even for a program that never asks for such addresses. One system call
 * that does nothing; async-signal-safe; takes no lock. Call it before anything
 * can be mapped at the top of 56 bits.
 */
unsigned long probe_task_size(void);

#endif
