/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd: registered and not, released by a close: of the only descriptor,
 * of a duplicate, under the eyes of a thread that reads; moved; inherited.
 */
#include "deed.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static int request(int fd, unsigned long cmd, void *arg)
{
	if (hidden)
		return (int)deed(SYS_ioctl, fd, (long)cmd, (long)arg, 0, 0);
	return ioctl(fd, cmd, arg);
}

static int monitor_of(uint64_t events)
{
	struct uffdio_api api = { .api = UFFD_API, .features = events };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		lacks("userfaultfd, or it is not for us");
	return fd;
}

static int monitor(void)
{
	return monitor_of(0);
}

static bool enter(int fd, char *p, unsigned long n, int mode)
{
	struct uffdio_register r = {
		.range = { (unsigned long)p, n * PAGE }, .mode = mode,
	};

	return !request(fd, UFFDIO_REGISTER, &r);
}

static bool leave(int fd, char *p, unsigned long n)
{
	struct uffdio_range r = { (unsigned long)p, n * PAGE };

	return !request(fd, UFFDIO_UNREGISTER, &r);
}

static void done_with(int fd)
{
	if (hidden)
		deed(SYS_close, fd, 0, 0, 0, 0);
	else
		close(fd);
}

static void registers(char *p)
{
	int a = monitor(), b = monitor();

	must(enter(a, p + 2 * PAGE, 4, UFFDIO_REGISTER_MODE_MISSING), "enter");
	must(!enter(b, p + 5 * PAGE, 2, UFFDIO_REGISTER_MODE_MISSING), "taken");
	must(enter(b, p + 6 * PAGE, 2, UFFDIO_REGISTER_MODE_MISSING), "enter");
	must(enter(a, p + 3 * PAGE, 1, UFFDIO_REGISTER_MODE_WP), "enter");
	must(leave(a, p + 2 * PAGE, 1), "leave");
	must(!leave(a, p + PAGE / 2, 1), "leave");
	done_with(a);
	done_with(b);
}

static void duplicates(char *p)
{
	int a = monitor(), b = dup(a);

	must(enter(a, p + 2 * PAGE, 4, UFFDIO_REGISTER_MODE_MISSING), "enter");
	done_with(a);
	must(!mprotect(p + 3 * PAGE, PAGE, PROT_READ), "mprotect");
	must(leave(b, p + 4 * PAGE, 1), "leave");
	done_with(b);
	must(!mprotect(p + 3 * PAGE, PAGE, RW), "mprotect");
}

static void *reads(void *arg)
{
	struct uffd_msg msg;
	ssize_t n = read(*(int *)arg, &msg, sizeof(msg));

	(void)n;
	return NULL;
}

/* Kept by what is moved only if the monitor wants to hear of it. */
static void moves(char *p, uint64_t events)
{
	int a = monitor_of(events);
	pthread_t thread;
	char *q;

	must(enter(a, p + 2 * PAGE, 4, UFFDIO_REGISTER_MODE_MISSING), "enter");
	must(!pthread_create(&thread, NULL, reads, &a), "a thread");
	q = mremap(p + 3 * PAGE, PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED, "mremap");
	must(!mprotect(q + PAGE, PAGE, PROT_READ), "mprotect");
	must(leave(a, q + 3 * PAGE, 1), "leave");
	must(!mprotect(q + 2 * PAGE, PAGE, PROT_READ), "mprotect");
	must(mmap(p + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) !=
	     MAP_FAILED, "mmap");
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	done_with(a);
	must(!mprotect(q + PAGE, PAGE, RW), "mprotect");
}

/* Closed while a thread reads: released when the read comes back. */
static void is_read(char *p)
{
	int a = monitor(), was = a;
	pthread_t thread;

	must(enter(a, p, 4, UFFDIO_REGISTER_MODE_MISSING), "enter");
	must(!pthread_create(&thread, NULL, reads, &was), "a thread");
	usleep(20000);
	done_with(a);
	must(!mprotect(p + PAGE, PAGE, PROT_READ), "mprotect");
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	must(!mprotect(p + PAGE, PAGE, RW), "mprotect");
}

/* A child's memory is registered only if the monitor wants to hear of it. */
static void inherits(char *p, uint64_t events)
{
	int a = monitor_of(events);
	pthread_t thread;
	pid_t child;

	must(enter(a, p, 4, UFFDIO_REGISTER_MODE_MISSING), "enter");
	must(!pthread_create(&thread, NULL, reads, &a), "a thread");
	child = fork();
	if (!child) {
		must(!mprotect(p + PAGE, PAGE, PROT_READ), "mprotect");
		must(!mprotect(p + PAGE, PAGE, RW), "mprotect");
		must(mmap(p + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) !=
		     MAP_FAILED, "mmap");
		close(a);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	done_with(a);
}

static void act(void)
{
	registers(pages(8, RW));
	duplicates(pages(8, RW));
	moves(pages(8, RW), 0);
	moves(pages(8, RW), UFFD_FEATURE_EVENT_REMAP);
	inherits(pages(8, RW), 0);
	inherits(pages(8, RW), UFFD_FEATURE_EVENT_FORK);
	is_read(pages(8, RW));
	/* Hidden, the last word is a difference that stays. */
	if (hidden)
		must(enter(monitor(), pages(8, RW) + PAGE, 4,
			   UFFDIO_REGISTER_MODE_MISSING), "enter");
}
