/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink_lab.h - a process of its own for each case of the log's sink: with a
 * file as standard error, the sink in memory that the test can look into
 * afterwards, and a directory that goes when the test goes.
 *
 * Included by exactly one source of each test program, in place of tap.h.
 */
#ifndef TESTS_UNIT_SINK_LAB_H
#define TESTS_UNIT_SINK_LAB_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/sink.h"
#include "tap.h"

static char dir[] = "/tmp/vs_sink.XXXXXX";
static struct sink *s;			/* shared with the children */
static char content[1 << 20];

__attribute__((unused))
static const char *in_dir(const char *name)
{
	static char path[4][256];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, 256, "%s/%s", dir, name);
	return p;
}

__attribute__((unused))
static const char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof(content) - 1);

	close(fd);
	content[n < 0 ? 0 : n] = '\0';
	return n < 0 ? NULL : content;
}

__attribute__((unused))
static const char *err(void)
{
	return read_file(in_dir("stderr"));
}

__attribute__((unused))
static int line(enum sink_weight weight, const char *text)
{
	return sink_line(s, weight, text, strlen(text));
}

/*
 * Runs @body in a child, with a new standard error. Returns its wait status; 0
 * is well.
 */
__attribute__((unused))
static int in_child(int (*body)(void))
{
	int status, fd;
	pid_t pid;

	unlink(in_dir("log"));
	unlink(in_dir("stderr"));
	memset(s, 0, sizeof(*s));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		fd = open(in_dir("stderr"), O_CREAT | O_RDWR | O_APPEND, 0600);
		dup2(fd, 2);
		for (fd = 3; fd < 1024; fd++)	/* also what make leaves open */
			close(fd);
		_exit(body());
	}
	waitpid(pid, &status, 0);
	return status;
}

/* In a child: 0, or the line at which it stands. */
#define must(cond) do { if (!(cond)) return __LINE__ % 255 + 1; } while (0)

static bool lab_begin(void)
{
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return s != MAP_FAILED && mkdtemp(dir);
}

static int lab_end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? 99 : done_testing();
}

#endif /* TESTS_UNIT_SINK_LAB_H */
