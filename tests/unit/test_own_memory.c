/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of our own that has to be mapped in the middle of something: while the
 * kernel's list is read, while a name is looked at. The mirror of this very
 * process must be right afterwards. What it costs to get there exactly differs
 * from build to build, so each test tries all amounts around it, every one in a
 * process of its own.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "crosscheck/check.h"
#include "patch/entry.h"
#include "shadow/door.h"
#include "shadow/shadow.h"

#include "tap.h"

#define NAME_LENGTH 200
#define HOLE	    (1 << 20)
#define FILE_BYTES  (1 << 17)	/* fits into no gap that a chunk does not */
#define STEP	    256	/* less than a name and its file take */

/* Nothing is patched here: nobody comes in by the entries. */
long vs_door_entry(struct door_regs *regs)
{
	(void)regs;
	abort();
}

void vs_exit_entry(int status)
{
	(void)status;
	abort();
}

/* A child's exit status; 0 and 1 are the answer. */
#define CANNOT 2

static void must(bool done)
{
	if (!done)
		_exit(CANNOT);
}

static void start(void)
{
	static const char *const env[] = { "VMASHADOW_OPTIONS=log=/dev/null",
					   NULL };
	struct shadow_start s = { .envp = env, .program = "test" };

	must(!shadow_configure(&s));
}

/*
 * A hole above all that is mapped between the two calls, where the kernel puts
 * what is mapped next:
 *
 *	read upwards --->
 *	|p|p|p|p|p|p|p|    hole    | libraries |
 */
static void *hole_begin(void)
{
	void *hole = mmap(NULL, HOLE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	must(hole != MAP_FAILED);
	return hole;
}

static void hole_end(void *hole)
{
	must(!munmap(hole, HOLE));
}

/* @n mappings that the mirror has not seen, no two of which merge. */
static void map_pages(unsigned int n)
{
	void *hole = hole_begin();

	for (unsigned int i = 0; i < n; i++)
		must(mmap(NULL, PAGE_SIZE, i % 2 ? PROT_READ : PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	hole_end(hole);
}

/* A file with a long name that no other has. */
static void *map_file(unsigned int number)
{
	char name[256];
	void *mem;
	int fd;

	snprintf(name, sizeof(name), "%0*u", NAME_LENGTH, number);
	fd = memfd_create(name, 0);
	must(fd >= 0);
	must(!ftruncate(fd, FILE_BYTES));
	mem = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	must(mem != MAP_FAILED);
	close(fd);
	return mem;
}

/*
 * Memory is gone when a line above the hole is read, and those below it are read
 * already:
 *
 *	|f|f|f|f|    hole    |f|f|f|f| libraries |
 *		      ^chunk
 */
static void map_files(unsigned int used)
{
	void *hole;

	must(memory_alloc(used * STEP));
	for (unsigned int i = 0; i < 4; i++)
		map_file(i);
	hole = hole_begin();
	for (unsigned int i = 4; i < 8 + used % 8; i++)
		map_file(i);
	hole_end(hole);
}

static bool is_right(void)
{
	struct check_result r;

	must(!check_full("api", &r));
	return !r.drift && !r.renamed;
}

static bool adopted(void)
{
	must(shadow_reconcile(0, shadow.mm.task_size) > 0);
	return is_right();
}

/* So many mappings that for the last of them there is @spare memory left. */
static bool vmas_run_out(unsigned int spare)
{
	start();
	must(!shadow_seed());
	while (memory_spare_vmas())	/* what comes after them is a chunk */
		;
	must(shadow.mm.pool_free > spare);
	map_pages(shadow.mm.pool_free - spare);
	return adopted();
}

static bool names_run_out(unsigned int used)
{
	start();
	must(!shadow_seed());
	map_files(used);
	return adopted();
}

static bool names_run_out_at_start(unsigned int used)
{
	start();
	map_files(used);
	must(!shadow_seed());
	return is_right();
}

static bool names_run_out_in_rebuild(unsigned int used)
{
	start();
	must(!shadow_seed());
	map_files(used);
	must(!shadow_rebuild());
	return is_right();
}

/* The name that the memory is for is read before there is memory for it. */
static bool names_stay(unsigned int n)
{
	const struct mm_file *file;
	struct vma_view line;
	char want[256];

	start();
	must(!shadow_seed());
	for (unsigned int i = 0; i < n; i++) {
		file = shadow_file_at((unsigned long)map_file(i), &line);
		must(file);
		snprintf(want, sizeof(want), "/memfd:%0*u (deleted)",
			 NAME_LENGTH, i);
		if (strcmp(file->name, want))
			return false;
	}
	return true;
}

/* How many of @n, @n + @step ... @end are wrong; all must have been possible. */
static unsigned int wrong(bool (*attempt)(unsigned int), unsigned int n,
			  unsigned int end, unsigned int step)
{
	unsigned int count = 0;

	for (; n <= end; n += step) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(attempt(n) ? 0 : 1);
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		    WEXITSTATUS(status) == CANNOT)
			return ~0U;
		count += WEXITSTATUS(status);
	}
	return count;
}

int main(void)
{
	is_u64(wrong(vmas_run_out, 0, 80, 1), 0,
	       "a chunk for VMAs, mapped while a range is read, stays");
	is_u64(wrong(names_run_out, 400, 480, 1), 0,
	       "a chunk for names, mapped while a range is read, stays");
	is_u64(wrong(names_run_out_at_start, 400, 480, 1), 0,
	       "a chunk mapped while all is read at start is seen");
	is_u64(wrong(names_run_out_in_rebuild, 400, 480, 1), 0,
	       "a chunk mapped while all is read anew is seen");
	is_u64(wrong(names_stay, 1000, 1000, 1), 0,
	       "a chunk for a name does not change the name");
	return done_testing();
}
