/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dynamic symbols of an object, as it lies in memory. [lock] */
#ifndef VS_SHADOW_SYMBOLS_H
#define VS_SHADOW_SYMBOLS_H

#include "shadow/modules.h"

/*
 * symbols_at() - the name of the function of @m that holds @addr, NULL if the
 * object has none. Reads its whole table: for reports only. The name is in the
 * object's own memory.
 */
const char *symbols_at(const struct module *m, unsigned long addr);

#endif
