/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prison EMPTY_DIRECTORY: maps, goes to live where there is no /proc, no log and
 * nothing else, and maps on: files held open, forks, an exec that cannot work.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static int maps(int fd)
{
	int failed = 0;

	for (int i = 0; i < 100; i++) {
		char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

		failed |= p == MAP_FAILED || q == MAP_FAILED ||
			  mprotect(p + PAGE, PAGE, PROT_NONE);
		free(malloc(300000));
		if (i % 3)
			failed |= munmap(p, 4 * PAGE) || munmap(q, PAGE);
	}
	return failed;
}

int main(int argc, char **argv)
{
	static char *args[] = { "true", NULL };
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC), status = -1;
	int failed = maps(fd);
	pid_t child;

	if (argc < 2 || chroot(argv[1]) || chdir("/")) {
		puts("no prison for us");
		return 77;
	}
	failed |= maps(fd);
	child = fork();
	if (!child) {
		execv("/bin/true", args);
		_exit(maps(fd));
	}
	waitpid(child, &status, 0);
	failed |= maps(fd) || status;
	puts(failed ? "failed" : "done");
	return failed;
}
