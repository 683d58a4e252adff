/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base: a descriptor is used only while it leads where it led. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "tap.h"

static int fresh(void)
{
	int fd = memfd_create("test", 0);

	if (fd < 0)
		abort();
	return fd;
}

static void test_a_taken_descriptor_is_moved_away(void)
{
	int fd = fresh();
	struct own_fd o;

	is_i64(own_fd_take(&o, fd), 0, "taken");
	ok(o.fd >= 500, "it stands high: %d", o.fd);
	is_i64(fcntl(fd, F_GETFD), -1, "its first number is free again");
	is_i64(fcntl(o.fd, F_GETFD), FD_CLOEXEC, "close-on-exec is set");
	is_i64(own_fd_check(&o), 0, "it is ours");
	fd = o.fd;
	own_fd_drop(&o);
	is_i64(o.fd, -1, "dropped");
	is_i64(fcntl(fd, F_GETFD), -1, "and closed");
	is_i64(own_fd_check(&o), -EBADF, "none is not ours");
	own_fd_drop(&o);
}

static void test_a_high_descriptor_stays(void)
{
	struct own_fd o;
	int fd = fresh();

	dup2(fd, 900);
	close(fd);
	is_i64(own_fd_take(&o, 900), 0, "taken");
	is_i64(o.fd, 900, "where it was");
	own_fd_drop(&o);
}

static void test_a_closed_or_replaced_one_is_not_ours(void)
{
	int other = fresh(), fd;
	struct own_fd o;

	own_fd_take(&o, fresh());
	close(o.fd);
	is_i64(own_fd_check(&o), -EBADF, "closed");
	own_fd_take(&o, fresh());
	fd = o.fd;
	dup2(other, fd);
	is_i64(own_fd_check(&o), -EBADF, "replaced");
	own_fd_drop(&o);
	is_i64(fcntl(fd, F_GETFD), 0, "the program's own is not closed");
	close(fd);
	close(other);
}

static void test_a_watched_descriptor_stays_where_it_is(void)
{
	int fd = fresh();
	struct own_fd o;

	is_i64(own_fd_watch(&o, fd), 0, "watched");
	is_i64(o.fd, fd, "under its number");
	is_i64(fcntl(fd, F_GETFD), 0, "with its flags");
	is_i64(own_fd_check(&o), 0, "and recognised");
	close(fd);
	is_i64(own_fd_watch(&o, fd), -EBADF, "none to watch");
	is_i64(o.fd, -1, "is none");
	is_i64(own_fd_take(&o, fd), -EBADF, "nor to take");
}

static void test_small_limits(void)
{
	struct rlimit old, small;
	struct own_fd o;
	int fd;

	getrlimit(RLIMIT_NOFILE, &old);
	small = (struct rlimit){ 128, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &small);
	own_fd_take(&o, fresh());
	is_i64(o.fd, 125, "half of half of 500 is the highest that may be");
	own_fd_drop(&o);
	fd = fresh();
	small.rlim_cur = (rlim_t)fd + 1;
	setrlimit(RLIMIT_NOFILE, &small);
	is_i64(own_fd_take(&o, fd), 0, "no number above is free");
	is_i64(o.fd, fd, "so it stays where it is");
	own_fd_drop(&o);
	setrlimit(RLIMIT_NOFILE, &old);
}

int main(void)
{
	test_a_taken_descriptor_is_moved_away();
	test_a_high_descriptor_stays();
	test_a_closed_or_replaced_one_is_not_ours();
	test_a_watched_descriptor_stays_where_it_is();
	test_small_limits();
	return done_testing();
}
