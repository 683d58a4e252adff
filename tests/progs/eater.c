/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who eats mappings, each by a function of its own:
 *
 *	eater noreserve N	N mappings side by side, every other MAP_NORESERVE
 *	eater advise N		one, and MADV_DONTFORK for every other page of 2 N
 *	eater fixed N		2 N MAP_NORESERVE, every other replaced by one without
 *	eater leak N		N of 7 pages kept, N of 11 pages given back
 *	eater apart N		N pairs that were written to before they met
 *	eater forgotten N	the same, and then what was written is given up
 *	eater slow N		as noreserve, one every 10 ms, after it printed
 *	eater until		as noreserve, until the kernel refuses
 *
 * Prints how many mappings the kernel counts then, and VmPeak in kB; with a
 * third argument it waits for the end of its input before it leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

static char text[64 << 10];

__attribute__((noinline))
static void *map(size_t bytes, int flags)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* The barrier keeps the call from being the function's last deed. */
#define MAP_HERE(bytes, flags)						\
({									\
	void *p_ = map(bytes, flags);					\
									\
	__asm__ volatile("" ::: "memory");				\
	p_;								\
})

__attribute__((noinline))
static long eat_alternating(long n)
{
	long i;

	for (i = 0; i < n; i++)
		if (MAP_HERE(PAGE, i & 1 ? MAP_NORESERVE : 0) == MAP_FAILED)
			break;
	return i;
}

__attribute__((noinline))
static void eat_advising(long n)
{
	char *p = MAP_HERE(2 * (size_t)n * PAGE, 0);

	for (long i = 0; i < n; i++) {
		if (madvise(p + (2 * i + 1) * PAGE, PAGE, MADV_DONTFORK))
			exit(3);
		__asm__ volatile("" ::: "memory");
	}
}

static char *lay(char *at)
{
	at = mmap(at, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (at == MAP_FAILED)
		exit(3);
	return at;
}

/* Two pages are written to before one is laid between them. */
static void eat_apart(long n, int forget)
{
	for (long i = 0; i < n; i++) {
		char *p = mmap(NULL, 5 * PAGE, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			exit(3);
		*lay(p + PAGE) = *lay(p + 3 * PAGE) = 1;
		lay(p + 2 * PAGE);
		if (forget && madvise(p + PAGE, 3 * PAGE, MADV_DONTNEED))
			exit(3);
	}
}

__attribute__((noinline))
static char *reserve_all(long n)
{
	return MAP_HERE(2 * (size_t)n * PAGE, MAP_NORESERVE);
}

__attribute__((noinline))
static void replace_some(char *p, long n)
{
	for (long i = 0; i < n; i++) {
		if (mmap(p + (2 * i + 1) * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    MAP_FAILED)
			exit(3);
		__asm__ volatile("" ::: "memory");
	}
}

__attribute__((noinline))
static void leak_some(void)
{
	if (MAP_HERE(7 * PAGE, 0) == MAP_FAILED)
		exit(3);
}

__attribute__((noinline))
static void churn_some(void)
{
	void *p = MAP_HERE(11 * PAGE, 0);

	if (munmap(p, 11 * PAGE))
		exit(3);
	__asm__ volatile("" ::: "memory");
}

/* Lines of maps but [vsyscall], which is no mapping of the process's. */
static long count_mappings(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	long lines = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		if (strstr(text, "[vsyscall]"))
			lines--;
	}
	close(fd);
	return lines;
}

static long peak_kb(void)
{
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *s;

	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	s = strstr(text, "VmPeak:");
	return s ? atol(s + 7) : -1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;
	char line[80];
	int len;

	if (!strcmp(what, "noreserve"))
		eat_alternating(n);
	else if (!strcmp(what, "until"))
		n = eat_alternating(10000000);
	else if (!strcmp(what, "advise"))
		eat_advising(n);
	else if (!strcmp(what, "fixed"))
		replace_some(reserve_all(n), n);
	else if (!strcmp(what, "apart") || !strcmp(what, "forgotten"))
		eat_apart(n, *what == 'f');
	else if (!strcmp(what, "leak"))
		for (long i = 0; i < n; i++) {
			leak_some();
			churn_some();
		}
	else if (strcmp(what, "slow"))
		return 2;
	len = snprintf(line, sizeof(line), "%ld %ld %ld\n", n,
		       count_mappings(), peak_kb());
	if (write(1, line, (size_t)len) != len)
		return 3;
	for (long i = 0; !strcmp(what, "slow") && i < n; i++) {
		map(PAGE, i & 1 ? MAP_NORESERVE : 0);
		usleep(10000);
	}
	while (argc > 3 && read(0, text, sizeof(text)) > 0)
		;
	return 0;
}
