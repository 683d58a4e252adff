/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What patch_scan() finds and what it says of it: of the golden patterns of
 * tests/patch, which are linked into this program, and of the libc and ld.so
 * that it runs with, against what objdump sees in the same files.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "patch/patch.h"
#include "../patch/pattern.h"
#include "tap.h"

#define MAX_SITES 96

static const unsigned int numbers[] = {
	9, 10, 11, 12, 25, 28, 30, 67, 149, 150, 151, 152, 216, 237, 325, 329,
	157, 59, 322, 135,
};

static struct patch_site sites[MAX_SITES];
static struct patch_nrset nrs;

struct lookup {
	const char *end_of_name;
	struct patch_object *obj;
};

static int take_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct lookup *l = arg;
	size_t want = strlen(l->end_of_name), len = strlen(info->dlpi_name);

	(void)size;
	if (len < want || strcmp(info->dlpi_name + len - want, l->end_of_name) ||
	    (!want && len))
		return 0;
	*l->obj = (struct patch_object){
		.name = info->dlpi_name, .base = info->dlpi_addr,
		.phdr = info->dlpi_phdr, .phnum = info->dlpi_phnum,
	};
	return 1;
}

/* The loaded object whose name ends so; "" is the program itself. */
static struct patch_object object(const char *end_of_name)
{
	struct patch_object obj = { 0 };
	struct lookup l = { end_of_name, &obj };

	if (!dl_iterate_phdr(take_object, &l)) {
		printf("Bail out! no object %s\n", end_of_name);
		exit(1);
	}
	return obj;
}

static const struct patch_site *site_at(int n, uintptr_t addr)
{
	for (int i = 0; i < n; i++)
		if (sites[i].addr == addr)
			return &sites[i];
	return NULL;
}

/* A sanitizer's runtime, in the same program, has sites as well. */
static int among_patterns(int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += sites[i].addr >= (uintptr_t)__start_patch_text &&
			 sites[i].addr < (uintptr_t)__stop_patch_text;
	return count;
}

static void test_golden_patterns_get_their_verdict(void)
{
	const struct pattern *p = __start_patch_expect;
	struct patch_object self = object("");
	int n, want = (int)(__stop_patch_expect - p);

	n = patch_scan(&self, &nrs, sites, MAX_SITES);
	is_i64(among_patterns(n), want,
	       "the patterns' sites are found, and nothing else");
	for (; p < __stop_patch_expect; p++) {
		const struct patch_site *s = site_at(n, p->site);

		if (!ok(s != NULL, "%s: found", p->name))
			continue;
		is_str(s->why ? s->why : "", p->why, "%s: %s", p->name,
		       *p->why ? p->why : "proven");
		is_i64(s->state, *p->why ? PATCH_REFUSED : PATCH_PROVEN,
		       "%s: state", p->name);
		if (!*p->why)
			is_i64(s->uses_red_zone, p->red_zone, "%s: red zone",
			       p->name);
		is_i64(s->nr, 9, "%s: number", p->name);
	}
}

/* Pieces of a size that puts something across each border. */
static void scan_file(struct patch_object *obj, int fd, size_t piece)
{
	static unsigned char search[8192], detail[4096];
	static struct patch_site in_memory[MAX_SITES];
	struct patch_file file = {
		.fd = fd,
		.search = { .mem = search, .size = piece },
		.detail = { .mem = detail, .size = sizeof(detail) },
	};
	int n, m, differ = 0;

	obj->file = NULL;
	n = patch_scan(obj, &nrs, in_memory, MAX_SITES);
	obj->file = &file;
	m = patch_scan(obj, &nrs, sites, MAX_SITES);
	if (!is_i64(m, n, "pieces of %zu bytes: as many sites", piece))
		return;
	for (int i = 0; i < n; i++) {
		const char *a = in_memory[i].why, *b = sites[i].why;

		differ += in_memory[i].addr != sites[i].addr ||
			  in_memory[i].nr != sites[i].nr ||
			  memcmp(in_memory[i].old, sites[i].old, 7) ||
			  strcmp(a ? a : "", b ? b : "");
	}
	is_i64(differ, 0, "pieces of %zu bytes: each with the same verdict",
	       piece);
}

static void test_a_file_says_what_memory_says(void)
{
	static const size_t sizes[] = { 17, 64, 100, 127, 4096, 8192 };
	struct patch_object self = object(""), libc = object("/libc.so.6");
	int fd = open("/proc/self/exe", O_RDONLY);
	int libc_fd = open(libc.name, O_RDONLY);

	libc.exit_symbol = "_exit";
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		scan_file(&self, fd, sizes[i]);
		if (sizes[i] >= 4096)
			scan_file(&libc, libc_fd, sizes[i]);
	}
	close(fd);
	close(libc_fd);
}

static void check_exit(const char *symbol, const char *why)
{
	struct patch_nrset none = { { 0 } };
	struct patch_object self = object("");
	int n;

	self.exit_symbol = symbol;
	n = patch_scan(&self, &none, sites, MAX_SITES);
	if (!is_i64(n, 1, "%s: one detour", symbol))
		return;
	is_i64(sites[0].kind, PATCH_SITE_EXIT, "%s: kind", symbol);
	is_u64(sites[0].addr, (uintptr_t)dlsym(RTLD_DEFAULT, symbol),
	       "%s: address", symbol);
	is_str(sites[0].why, why, "%s: %s", symbol, why ? why : "proven");
}

static void test_exit_functions_get_their_verdict(void)
{
	struct patch_nrset none = { { 0 } };
	struct patch_object self = object("");

	check_exit("exit_plain", NULL);
	check_exit("exit_loop", PATCH_WHY_JUMP);
	check_exit("exit_short", PATCH_WHY_SHORT);
	check_exit("exit_jumped", PATCH_WHY_JUMP);
	self.exit_symbol = "no_such_function";
	is_i64(patch_scan(&self, &none, sites, MAX_SITES), 0,
	       "a symbol that is not there is no site");
}

static void test_without_unwind_table_all_is_refused(void)
{
	struct patch_object libc = object("/libc.so.6");
	ElfW(Phdr) phdr[64];
	int n, refused = 0;

	memcpy(phdr, libc.phdr, libc.phnum * sizeof(*phdr));
	for (unsigned int i = 0; i < libc.phnum; i++)
		if (phdr[i].p_type == PT_GNU_EH_FRAME)
			phdr[i].p_type = PT_NULL;
	libc.phdr = phdr;
	n = patch_scan(&libc, &nrs, sites, MAX_SITES);
	ok(n > 0, "sites are found without .eh_frame_hdr");
	for (int i = 0; i < n; i++)
		refused += sites[i].state == PATCH_REFUSED &&
			   !strcmp(sites[i].why, PATCH_WHY_NO_FDE);
	is_i64(refused, n, "and each is refused for it");
}

static void test_too_many_sites_are_said(void)
{
	struct patch_object libc = object("/libc.so.6");

	is_i64(patch_scan(&libc, &nrs, sites, 3), -E2BIG,
	       "three places are not enough for libc");
}

/* The number of sites that objdump sees and, of those, the scan found. */
static void compare_with_objdump(const struct patch_object *obj, int n,
				 int *seen, int *found)
{
	unsigned long addr, mov_at = 0;
	unsigned int nr, mov_nr = 0;
	char cmd[512], line[512], rest[64];
	FILE *f;

	*seen = *found = 0;
	snprintf(cmd, sizeof(cmd), "objdump -d --no-show-raw-insn '%s'",
		 obj->name);
	f = popen(cmd, "r");
	while (f && fgets(line, sizeof(line), f)) {
		const struct patch_site *s;

		if (sscanf(line, " %lx: mov $0x%x,%63s", &addr, &nr, rest) == 3 &&
		    !strcmp(rest, "%eax")) {
			mov_at = addr;
			mov_nr = nr;
			continue;
		}
		if (sscanf(line, " %lx: %63s", &addr, rest) != 2 ||
		    strcmp(rest, "syscall") || addr != mov_at + 5 ||
		    !patch_nrset_has(&nrs, mov_nr))
			continue;
		++*seen;
		s = site_at(n, obj->base + mov_at);
		if (s && s->nr == (int)mov_nr)
			++*found;
		else
			diag("not found: %s+0x%lx number %u", obj->name, mov_at,
			     mov_nr);
	}
	if (f)
		pclose(f);
}

/*
 * ld.so's execve, number 59, stands in its main function, among jump tables; it
 * runs only where ld.so is the program. Every other site must be proven.
 */
static void check_object(const char *name, int at_least)
{
	struct patch_object obj = object(name);
	int n = patch_scan(&obj, &nrs, sites, MAX_SITES);
	int seen, found, refused = 0, red = 0;

	if (system("objdump --version >/dev/null 2>&1")) {
		skip("no objdump");
		return;
	}
	compare_with_objdump(&obj, n, &seen, &found);
	for (int i = 0; i < n; i++) {
		red += sites[i].uses_red_zone;
		if (sites[i].state == PATCH_PROVEN)
			continue;
		refused += sites[i].nr != 59;
		diag("%s+0x%lx number %d: %s", name, sites[i].addr - obj.base,
		     sites[i].nr, sites[i].why);
	}
	diag("%s: %d sites, %d may use the red zone", name, n, red);
	ok(seen >= at_least, "%s has at least %d sites", name, at_least);
	is_i64(found, seen, "%s: each site that objdump sees is found", name);
	is_i64(n, seen, "%s: no site that objdump does not see", name);
	is_i64(refused, 0, "%s: all that matter are proven", name);
}

static void test_libc_and_ldso_as_objdump_sees_them(void)
{
	check_object("/libc.so.6", 16);
	check_object("/ld-linux-x86-64.so.2", 4);
}

static void test_libc_exit_is_proven(void)
{
	struct patch_object libc = object("/libc.so.6");
	struct patch_nrset none = { { 0 } };

	libc.exit_symbol = "_exit";
	is_i64(patch_scan(&libc, &none, sites, MAX_SITES), 1, "_exit is found");
	is_u64(sites[0].addr,
	       (uintptr_t)dlsym(dlopen("libc.so.6", RTLD_NOW), "_exit"),
	       "where the dynamic linker finds it");
	is_str(sites[0].why, NULL, "and may be detoured");
}

static double scan_both_ms(void)
{
	struct patch_object libc = object("/libc.so.6");
	struct patch_object ldso = object("/ld-linux-x86-64.so.2");
	struct timespec a, b;

	libc.exit_symbol = "_exit";
	clock_gettime(CLOCK_MONOTONIC, &a);
	patch_scan(&libc, &nrs, sites, MAX_SITES);
	patch_scan(&ldso, &nrs, sites, MAX_SITES);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e3 +
	       (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

static void test_a_scan_costs_about_a_millisecond(double first)
{
	double best = first;

	for (int i = 0; i < 50; i++) {
		double ms = scan_both_ms();

		if (ms < best)
			best = ms;
	}
	diag("libc and ld.so: first scan %.3f ms, best of 50 %.3f ms", first,
	     best);
	ok(best < 10, "a scan of libc and ld.so is far from 10 ms");
}

int main(void)
{
	double first;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		patch_nrset_add(&nrs, numbers[i]);
	first = scan_both_ms();
	test_golden_patterns_get_their_verdict();
	test_a_file_says_what_memory_says();
	test_exit_functions_get_their_verdict();
	test_without_unwind_table_all_is_refused();
	test_too_many_sites_are_said();
	test_libc_and_ldso_as_objdump_sees_them();
	test_libc_exit_is_proven();
	test_a_scan_costs_about_a_millisecond(first);
	return done_testing();
}
