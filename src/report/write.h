/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside report: a write that the program does not notice. */
#ifndef VS_REPORT_WRITE_H
#define VS_REPORT_WRITE_H

#include <stddef.h>

/*
 * quiet_write() - write [s, s + n) to @fd, in one call where the kernel takes it
 * whole. SIGPIPE and SIGXFSZ are held back and, if this write raised them, taken
 * away. Returns @n, or fewer bytes or -errno.
 */
long quiet_write(int fd, const char *s, size_t n);

/* error_text() - what a person calls this errno (positive), or NULL. */
const char *error_text(int error);

#endif
