/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dozen lines at the end of a run. */
#ifndef VS_CMD_SUMMARY_H
#define VS_CMD_SUMMARY_H

struct logs;

/* summary_print() - on standard error; @where: where the logs are. */
void summary_print(const struct logs *l, const char *where);

#endif
