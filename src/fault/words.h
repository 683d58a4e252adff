/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside fault: the phrases that verdicts are made of. Each appends to @f. */
#ifndef VS_FAULT_WORDS_H
#define VS_FAULT_WORDS_H

#include "fault/scene.h"

/* "write of 4 bytes", "read", "jump" */
void words_deed(struct fmt *f, const struct scene *s);
/* The same with "to" or "from" behind it. */
void words_access(struct fmt *f, const struct scene *s);
/* "64 kB", "8 MB", "16 bytes" */
void words_bytes(struct fmt *f, unsigned long n);
/* "the 64 kB mapping of /etc/passwd", "a 4 kB mapping" */
void words_mapping(struct fmt *f, const struct vm_area_struct *vma);
/* "read-only memory", "a read-only mapping of /etc/passwd" */
void words_kind(struct fmt *f, const struct scene *s, const char *adjective);
/* " by thread 7, 3 ms ago, in libx.so+0x123" */
void words_who(struct fmt *f, struct scene *s, const struct history_entry *e);
/* " made by ..." where the history knows, of memory without a name. */
void words_maker(struct fmt *f, struct scene *s,
		 const struct vm_area_struct *vma);

#endif
