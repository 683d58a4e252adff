/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading JSON Lines (vmashadow-log(5)) with json-c; contracts in logs.h. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/command.h"
#include "cmd/logs.h"

/* --- which files --------------------------------------------------------------- */

/* %p and %n can be anything; what glob() would read as a pattern cannot. */
static char *pattern_of(const char *path)
{
	char *s = grow(NULL, 2 * strlen(path) + 1, 1), *to = s;

	for (; *path; path++) {
		if (*path == '%' && (path[1] == 'p' || path[1] == 'n')) {
			*to++ = '*';
			path++;
			continue;
		}
		if (*path == '%' && path[1] == '%')
			path++;
		else if (strchr("*?[\\", *path))
			*to++ = '\\';
		*to++ = *path;
	}
	*to = '\0';
	return s;
}

void logs_before(struct logs *l, const char *path)
{
	struct stat st;

	*l = (struct logs){ .pattern = pattern_of(path) };
	if (glob(l->pattern, GLOB_NOSORT, NULL, &l->old))
		l->old.gl_pathc = 0;
	l->old_size = grow(NULL, l->old.gl_pathc + 1, sizeof(*l->old_size));
	for (size_t i = 0; i < l->old.gl_pathc; i++)
		l->old_size[i] = stat(l->old.gl_pathv[i], &st) ? 0 :
				 st.st_size;
}

static off_t began_at(const struct logs *l, const char *path)
{
	for (size_t i = 0; i < l->old.gl_pathc; i++)
		if (!strcmp(l->old.gl_pathv[i], path))
			return l->old_size[i];
	return 0;
}

/* --- what they say ------------------------------------------------------------- */

static uint64_t number(json_object *o, const char *key)
{
	int64_t n = json_object_get_int64(json_object_object_get(o, key));

	return n > 0 ? (uint64_t)n : 0;
}

/* A new string; NULL if there is none. */
static char *string(json_object *o, const char *key)
{
	json_object *s = json_object_object_get(o, key);

	return json_object_is_type(s, json_type_string) ?
	       text("%s", json_object_get_string(s)) : NULL;
}

static struct log_life *new_life(struct logs *l, int pid)
{
	if (!(l->nr_lives & (l->nr_lives - 1)))
		l->lives = grow(l->lives, l->nr_lives ? 2 * l->nr_lives : 1,
				sizeof(*l->lives));
	l->lives[l->nr_lives] = (struct log_life){ .pid = pid };
	return &l->lives[l->nr_lives++];
}

/* The life of @pid that a line belongs to; lines before a start make one. */
static struct log_life *life_of(struct logs *l, size_t from, int pid)
{
	for (size_t i = l->nr_lives; i > from; i--)
		if (l->lives[i - 1].pid == pid)
			return &l->lives[i - 1];
	return new_life(l, pid);
}

static void take_start(struct logs *l, int pid, json_object *line)
{
	struct log_life *life = new_life(l, pid);

	life->program = string(line, "program");
	life->passive = string(line, "passive");
}

/* Of several summaries of one life (an exec failed) the last one counts. */
static void take_summary(struct log_life *life, json_object *line)
{
	json_object_put(life->calls);
	life->calls = json_object_get(json_object_object_get(line, "calls"));
	life->ended = true;
	life->checks = number(line, "checks");
	life->drift = number(line, "drift");
	life->asked = number(line, "asked");
	life->peak = number(line, "vmas_peak");
	life->faults = number(line, "faults");
	if (!life->program)
		life->program = string(line, "program");
}

static void take_line(struct logs *l, size_t from, json_object *line)
{
	const char *event = json_object_get_string(
		json_object_object_get(line, "event"));
	int pid = json_object_get_int(json_object_object_get(line, "pid"));
	struct log_life *life;

	if (!event) {
		l->lines_bad++;
	} else if (!strcmp(event, "start")) {
		take_start(l, pid, line);
	} else if (!strcmp(event, "summary")) {
		take_summary(life_of(l, from, pid), line);
	} else if (!strcmp(event, "passive")) {
		life = life_of(l, from, pid);
		free(life->passive);
		life->passive = string(line, "why");
	}
}

static void take_file(struct logs *l, const char *path)
{
	json_object *line;
	size_t room = 0, from = l->nr_lives;
	char *bytes = NULL;
	FILE *f = fopen(path, "re");

	if (!f) {
		complain("%s: %s", path, strerror(errno));
		return;
	}
	fseeko(f, began_at(l, path), SEEK_SET);
	while (getline(&bytes, &room, f) > 0) {
		line = json_tokener_parse(bytes);
		if (json_object_is_type(line, json_type_object))
			take_line(l, from, line);
		else
			l->lines_bad++;
		json_object_put(line);
	}
	free(bytes);
	fclose(f);
}

static void add_calls(json_object *sums, json_object *calls)
{
	struct json_object_iter i;
	int64_t sum;

	if (!json_object_is_type(calls, json_type_object))
		return;
	json_object_object_foreachC(calls, i) {
		sum = json_object_get_int64(
			json_object_object_get(sums, i.key));
		sum += json_object_get_int64(i.val);
		json_object_object_add(sums, i.key,
				       json_object_new_int64(sum));
	}
}

void logs_after(struct logs *l)
{
	glob_t now;

	if (glob(l->pattern, GLOB_NOSORT, NULL, &now))
		return;
	for (size_t i = 0; i < now.gl_pathc; i++)
		take_file(l, now.gl_pathv[i]);
	globfree(&now);
	l->calls = json_object_new_object();
	for (size_t i = 0; i < l->nr_lives; i++)
		add_calls(l->calls, l->lives[i].calls);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

size_t logs_processes(const struct logs *l)
{
	int *pids = grow(NULL, l->nr_lives + 1, sizeof(*pids));
	size_t n = 0;

	for (size_t i = 0; i < l->nr_lives; i++)
		pids[i] = l->lives[i].pid;
	qsort(pids, l->nr_lives, sizeof(*pids), by_number);
	for (size_t i = 0; i < l->nr_lives; i++)
		n += !i || pids[i] != pids[i - 1];
	free(pids);
	return n;
}
