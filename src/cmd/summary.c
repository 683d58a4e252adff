/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run was, in a dozen lines at the most. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/logs.h"
#include "cmd/summary.h"

#define CALLS_SHOWN 5

struct tally {
	const char *name;
	int64_t n;
};

static int most_first(const void *a, const void *b)
{
	int64_t x = ((const struct tally *)a)->n;
	int64_t y = ((const struct tally *)b)->n;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* "mmap 600, munmap 500, 7 others", in a new string. */
static char *list_calls(const struct logs *l, int64_t *total)
{
	size_t n = 0, max = (size_t)json_object_object_length(l->calls);
	struct tally *t = grow(NULL, max + 1, sizeof(*t));
	char *list = text("%s", ""), *longer;
	struct json_object_iter it;
	int64_t shown = 0;

	*total = 0;
	json_object_object_foreachC(l->calls, it) {
		t[n++] = (struct tally){ it.key, json_object_get_int64(it.val) };
		*total += t[n - 1].n;
	}
	qsort(t, n, sizeof(*t), most_first);
	for (size_t i = 0; i < n && i < CALLS_SHOWN; i++) {
		longer = text("%s%s%s %" PRId64, list, i ? ", " : "",
			      t[i].name, t[i].n);
		free(list);
		list = longer;
		shown += t[i].n;
	}
	free(t);
	if (shown == *total)
		return list;
	longer = text("%s, %" PRId64 " others", list, *total - shown);
	free(list);
	return longer;
}

static const char *name_of(const struct log_life *life)
{
	const char *base = life->program ? strrchr(life->program, '/') : NULL;

	if (base && base[1])
		return base + 1;
	return life->program ? life->program : "?";
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static uint64_t mapping_limit(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
	uint64_t n = 0;

	if (f && fscanf(f, "%" SCNu64, &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void say_peak(const struct logs *l)
{
	const struct log_life *most = NULL;

	for (size_t i = 0; i < l->nr_lives; i++)
		if (l->lives[i].ended && (!most ||
					  l->lives[i].peak > most->peak))
			most = &l->lives[i];
	if (most)
		complain("at most %" PRIu64 " mappings at once (%s, process "
			 "%d), of %" PRIu64 " allowed", most->peak,
			 name_of(most), most->pid, mapping_limit());
}

static bool has_drift(const struct log_life *life)
{
	return life->ended && life->drift;
}

static bool has_faults(const struct log_life *life)
{
	return life->ended && life->faults;
}

static bool is_passive(const struct log_life *life)
{
	return life->passive;
}

static bool is_open(const struct log_life *life)
{
	return !life->ended && !life->passive;
}

/* Those that ask for attention: the first by name. */
static void say_lives(const struct logs *l, const char *what,
		      bool (*which)(const struct log_life *life))
{
	const struct log_life *first = NULL;
	char others[32] = "";
	size_t n = 0;

	for (size_t i = 0; i < l->nr_lives; i++) {
		if (!which(&l->lives[i]))
			continue;
		if (!n++)
			first = &l->lives[i];
	}
	if (n > 1)
		snprintf(others, sizeof(others), " and %zu more", n - 1);
	if (first)
		complain("%s (process %d)%s: %s", name_of(first), first->pid,
			 others, which == is_passive ? first->passive : what);
}

void summary_print(const struct logs *l, const char *where)
{
	uint64_t drift = 0, checks = 0, asked = 0;
	size_t processes = logs_processes(l);
	int64_t calls;
	char *list;

	if (!l->nr_lives) {
		complain("nothing was mirrored: the library was not loaded");
		return;
	}
	for (size_t i = 0; i < l->nr_lives; i++) {
		drift += l->lives[i].drift;
		checks += l->lives[i].checks;
		asked += l->lives[i].asked;
	}
	list = list_calls(l, &calls);
	complain("%zu process%s, %zu program%s, %" PRId64 " call%s%s%s",
		 processes, processes == 1 ? "" : "es", l->nr_lives,
		 plural(l->nr_lives), calls,
		 plural((uint64_t)calls), *list ? ": " : "", list);
	free(list);
	complain("drift %" PRIu64 " in %" PRIu64 " check%s, %" PRIu64
		 " boundar%s asked about", drift, checks, plural(checks),
		 asked, asked == 1 ? "y" : "ies");
	say_peak(l);
	say_lives(l, "the mirror differed from the kernel, see the log",
		  has_drift);
	say_lives(l, "a fault: the log says what, where and whose the memory was", has_faults);
	say_lives(l, NULL, is_passive);
	say_lives(l, "no summary: killed, or still running", is_open);
	if (l->lines_bad)
		complain("%" PRIu64 " line%s of the log could not be read",
			 l->lines_bad, plural(l->lines_bad));
	complain("log: %s", where);
}
