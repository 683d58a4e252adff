/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where libvmashadow.so is, and how ld.so is told. */
#ifndef VS_CMD_LIBRARY_H
#define VS_CMD_LIBRARY_H

/*
 * library_find() - its path as LD_PRELOAD wants it, with ld.so's own $LIB in it,
 * so that a 32-bit program finds an empty namesake instead of what it cannot
 * load. That of the build tree for a command in the build tree, else that
 * installed with it, wherever the installation was moved. NULL: said why not.
 */
char *library_find(void);

/*
 * library_load() - put @path first in @variable, LD_PRELOAD or LD_AUDIT. What
 * stands there stays, but for another libvmashadow.so.
 */
void library_load(const char *variable, const char *path);

#endif
