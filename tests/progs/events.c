/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A userfaultfd monitor in the very process that it watches: who unmaps waits in
 * the kernel until the monitor has read of it, and the monitor maps before it
 * reads.
 */
#include "deed.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>

static int monitored;
static volatile int over, events;

static void *monitor(void *arg)
{
	struct pollfd p = { .fd = monitored, .events = POLLIN };
	struct uffd_msg msg;

	(void)arg;
	while (!over) {
		char *buf;

		if (poll(&p, 1, 20) <= 0)
			continue;
		buf = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
		must(buf != MAP_FAILED, "the monitor's mmap");
		buf[0] = 1;
		if (read(monitored, &msg, sizeof(msg)) == sizeof(msg))
			events++;
		must(!munmap(buf, 2 * PAGE), "the monitor's munmap");
	}
	return NULL;
}

static void *others(void *arg)
{
	(void)arg;
	while (!over) {
		char *p = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);

		must(p != MAP_FAILED && !munmap(p, 3 * PAGE), "another thread");
		usleep(100);
	}
	return NULL;
}

static void act(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_EVENT_UNMAP |
			    UFFD_FEATURE_EVENT_REMOVE |
			    UFFD_FEATURE_EVENT_REMAP,
	};
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *p = pages(64, RW), *q;
	pthread_t thread[2];

	monitored = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (monitored < 0 || ioctl(monitored, UFFDIO_API, &api))
		lacks("userfaultfd with events, or it is not for us");
	r.range.start = (unsigned long)p;
	r.range.len = 64 * PAGE;
	must(!ioctl(monitored, UFFDIO_REGISTER, &r), "register");
	must(!pthread_create(&thread[0], NULL, monitor, NULL), "a thread");
	must(!pthread_create(&thread[1], NULL, others, NULL), "a thread");
	for (unsigned long i = 0; i < 12; i++) {
		must(!madvise(p + i * PAGE, PAGE, MADV_DONTNEED), "madvise");
		must(!munmap(p + i * PAGE, PAGE), "munmap");
	}
	for (unsigned long i = 12; i < 16; i++)
		must(mmap(p + i * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) !=
		     MAP_FAILED, "mmap over it");
	q = mremap(p + 20 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED, "mremap");
	must(!munmap(q, 2 * PAGE), "munmap");
	over = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	must(events >= 24, "as many events");
	close(monitored);
}
