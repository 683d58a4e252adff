/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closes every descriptor but the standard ones, then puts a file of its own
 * where others may have had theirs. Its file must hold what it wrote alone. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd;

	syscall(SYS_close_range, 3u, ~0u, 0u);
	fd = open(argc > 1 ? argv[1] : "closer.out",
		  O_RDWR | O_CREAT | O_TRUNC, 0600);
	/* Some of the usual 1,024 stay free, or no log could be opened again. */
	for (int i = 3; i < 1000; i++)
		if (i != fd)
			dup2(fd, i);
	for (int i = 0; i < 100; i++) {
		void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED)
			return 1;
		if (i % 2)
			munmap(p, 4096);
	}
	if (write(fd, "mine\n", 5) != 5)
		return 1;
	puts("done");
	return 0;
}
