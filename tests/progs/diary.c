/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a diary of its own address space: changes something, asks the library
 * for the number of the event, and writes that number and what the kernel prints
 * in /proc/self/maps. The last change of each step is a new mapping, whose birth
 * has the number.
 *
 *	diary FILE STEPS SEED
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define VMASHADOW_WEAK
#include "vmashadow.h"

#define PAGE  4096UL
#define PAGES 64
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)

static char *arena;
static uint64_t state;
static int file;

static unsigned int any(unsigned int n)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned int)(state >> 33) % n;
}

static void change(void)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	char *at = arena + any(PAGES - 8) * PAGE;	/* at most eight pages */
	size_t len = (1 + any(8)) * PAGE;
	int prot = prots[any(3)];

	switch (any(8)) {
	case 0:
		munmap(at, len);
		break;
	case 1:
		mprotect(at, len, prot);
		break;
	case 2:
		madvise(at, len, any(2) ? MADV_DONTFORK : MADV_DOFORK);
		break;
	case 3:
		mmap(at, len, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
		break;
	case 4:
		mremap(at, PAGE, len, MREMAP_MAYMOVE);
		break;
	case 5:		/* written pages decide what merges later */
		if (mmap(at, len, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1,
			 0) == at)
			*at = 1;
		break;
	case 6:
		mlock(at, len);
		break;
	default:
		mmap(at, len, prot, ANON | MAP_FIXED, -1, 0);
		break;
	}
}

/* The step's number, and a mapping that must be taken away again. */
static uint64_t number(void **mark)
{
	struct vmashadow_vma vma;

	*mark = mmap(NULL, PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return vmashadow_find(*mark, &vma) ? 0 : vma.born;
}

/* The kernel is asked before libc may have need of memory. */
static void write_down(int to, uint64_t event)
{
	static char text[1 << 17];
	int maps = open("/proc/self/maps", O_RDONLY);
	size_t len = 0;
	ssize_t n;

	while ((n = read(maps, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	close(maps);
	dprintf(to, "event %ju\n", (uintmax_t)event);
	if (write(to, text, len) != (ssize_t)len)
		exit(2);
}

int main(int argc, char **argv)
{
	int to = argc > 3 ? open(argv[1], O_CREAT | O_WRONLY | O_TRUNC, 0600) : -1;
	void *mark;

	if (to < 0 || !vmashadow_present())
		return 2;
	state = (uint64_t)atoi(argv[3]);
	file = open(argv[0], O_RDONLY);
	arena = mmap(NULL, PAGES * PAGE, PROT_NONE, ANON, -1, 0);
	for (int i = atoi(argv[2]); i; i--) {
		change();
		write_down(to, number(&mark));
		munmap(mark, PAGE);
	}
	puts("done");
	return 0;
}
