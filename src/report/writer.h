/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside report: how each event is said in either form. One function a form and
 * event; both take the event's struct and the process's number.
 */
#ifndef VS_REPORT_WRITER_H
#define VS_REPORT_WRITER_H

#include "report/event.h"
#include "report/json.h"

/* A sentence in the making. */
struct text {
	struct fmt *f;
	size_t cut;		/* longest string of others, 0: any */
	int pid;
};

/* What begins each line: "vmashadow[PID]: ". */
void text_prefix(struct text *t);
void text_words(struct text *t, const char *s);
/* @word, then the number. */
void text_count(struct text *t, const char *word, uint64_t n);
/* What others wrote, made harmless for a terminal. */
void text_bytes(struct text *t, const char *s, size_t n);

/* The members behind "event". */
void json_start(struct json *j, int pid, const void *event);
void json_sites(struct json *j, int pid, const void *event);
void json_check(struct json *j, int pid, const void *event);
void json_drift(struct json *j, int pid, const void *event);
void json_limit(struct json *j, int pid, const void *event);
void json_fork(struct json *j, int pid, const void *event);
void json_exec_failed(struct json *j, int pid, const void *event);
void json_summary(struct json *j, int pid, const void *event);
void json_passive(struct json *j, int pid, const void *event);
void json_fault(struct json *j, int pid, const void *event);
void json_notice(struct json *j, int pid, const void *event);

/* What follows "vmashadow[PID]: ". */
void text_start(struct text *t, const void *event);
void text_sites(struct text *t, const void *event);
void text_check(struct text *t, const void *event);
void text_drift(struct text *t, const void *event);
void text_limit(struct text *t, const void *event);
void text_fork(struct text *t, const void *event);
void text_exec_failed(struct text *t, const void *event);
void text_summary(struct text *t, const void *event);
void text_passive(struct text *t, const void *event);
void text_fault(struct text *t, const void *event);
void text_notice(struct text *t, const void *event);

#endif
