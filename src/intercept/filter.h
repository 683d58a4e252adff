/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a seccomp filter of the program's will say to a call of ours, found out
 * before it is set: its instructions are run here, on the same data. The rules
 * are those of the kernel's classic BPF as seccomp admits it.
 */
#ifndef VS_INTERCEPT_FILTER_H
#define VS_INTERCEPT_FILTER_H

#include <linux/seccomp.h>
#include <stdbool.h>

/*
 * filter_allows() - is the call in @data let through by the struct sock_fprog at
 * @prog, in the program's memory? What cannot be read, or is no filter that the
 * kernel would take, allows nothing. No system call but program_read()'s.
 */
bool filter_allows(unsigned long prog, const struct seccomp_data *data);

#endif
