/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bounds the address space; see limits.c. Called once, at start. */
#ifndef VS_SHADOW_LIMITS_H
#define VS_SHADOW_LIMITS_H

/* Resource limits, task size, max_map_count into shadow.mm. */
void limits_start(void);
/* mmap_base, from the freshly seeded mirror. */
void limits_find_base(void);
/* The decimal number in @path, or @fallback. */
unsigned long limits_read_number(const char *path, unsigned long fallback);

#endif
