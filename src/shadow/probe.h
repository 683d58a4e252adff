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

#endif
