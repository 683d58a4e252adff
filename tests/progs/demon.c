/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Becomes a daemon: whoever reads its output must see its end while it lives on,
 * until the file is there that its argument names, or a while. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t child = fork();

	if (child) {
		printf("%d\n", (int)child);
		return child < 0;
	}
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (int i = 0; i < 200 && argc > 1 && access(argv[1], F_OK); i++) {
		void *p = mmap(NULL, 4096, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(p, 4096);
		usleep(50000);
	}
	return 0;
}
