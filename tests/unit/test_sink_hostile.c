/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log in a process that closes, replaces, limits and forbids what it likes,
 * and in which many write at once.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sink_lab.h"

/* --- a program that does as it likes ------------------------------------- */

static int closed_body(void)
{
	must(!sink_open(s, in_dir("log"), 42));
	must(!line(SINK_RECORD, "one\n"));
	close(s->log.fd);
	must(!line(SINK_RECORD, "two\n"));
	must(s->log.fd >= 500);
	return 0;
}

static void test_a_closed_log_is_found_again(void)
{
	is_i64(in_child(closed_body), 0, "closed by the program");
	is_str(read_file(in_dir("log")), "one\ntwo\n", "no line is lost");
}

static int replaced_body(void)
{
	int theirs = open(in_dir("theirs"), O_CREAT | O_TRUNC | O_RDWR, 0600);
	struct stat st;

	must(!sink_open(s, in_dir("log"), 42));
	must(dup2(theirs, s->log.fd) == s->log.fd);
	must(!line(SINK_RECORD, "ours\n"));
	must(!fstat(theirs, &st) && st.st_size == 0);
	return 0;
}

static void test_a_replaced_log_is_not_written_to(void)
{
	is_i64(in_child(replaced_body), 0, "replaced by the program");
	is_str(read_file(in_dir("log")), "ours\n", "the line is in the log");
	is_str(read_file(in_dir("theirs")), "", "not in the program's file");
}

static int lost_body(void)
{
	must(!sink_open(s, in_dir("log"), 42));
	must(!unlink(in_dir("log")));
	must(!line(SINK_RECORD, "still open\n"));
	close(s->log.fd);
	must(line(SINK_RECORD, "lost\n") == -EBADF);
	must(access(in_dir("log"), F_OK));	/* not made anew */
	must(close(open(in_dir("log"), O_CREAT | O_RDWR, 0600)) == 0);
	must(line(SINK_RECORD, "lost\n") == -EBADF);
	must(!line(SINK_ALERT, "alert\n"));
	return 0;
}

static int other_body(void)
{
	must(!sink_open(s, in_dir("log"), 42));
	close(s->log.fd);
	must(!rename(in_dir("log"), in_dir("log.1")));
	must(close(open(in_dir("log"), O_CREAT | O_RDWR, 0600)) == 0);
	must(line(SINK_RECORD, "lost\n") == -EBADF);
	for (int fd = 3; fd < 1024; fd++)
		must(fcntl(fd, F_GETFD) == -1);
	return 0;
}

static void test_a_lost_log_is_given_up_silently(void)
{
	is_i64(in_child(lost_body), 0, "removed and closed");
	is_str(err(), "alert\n", "nothing is said; alerts are seen");
	is_u64(s->dropped, 2, "two lines are counted");
	is_i64(in_child(other_body), 0, "another file under its name");
	is_str(read_file(in_dir("log")), "", "is not ours to write to");
}

static int relative_body(void)
{
	must(!chdir(dir));
	must(!sink_open(s, "log", 42));
	must(!chdir("/"));
	close(s->log.fd);
	must(!line(SINK_RECORD, "one\n"));
	return 0;
}

static int removed_directory_body(void)
{
	must(!mkdir(in_dir("gone"), 0700) && !chdir(in_dir("gone")));
	must(!sink_open(s, "../log", 42));
	must(s->path[0] == '/');
	sink_close(s);
	must(!rmdir(in_dir("gone")));
	must(sink_open(s, "log", 42) == -ENOENT);
	return 0;
}

/* Outside its root, getcwd() says "(unreachable)/...". */
static int unreachable_body(void)
{
	must(!mkdir(in_dir("root"), 0700));
	must(!chdir(dir) && !chroot("root"));
	must(!sink_open(s, "log", 42));
	must(!s->path[0]);
	must(!line(SINK_RECORD, "one\n"));
	close(s->log.fd);
	must(line(SINK_RECORD, "lost\n") == -EBADF);
	return 0;
}

static int few_descriptors_body(void)
{
	struct rlimit few;
	int next = dup(0);

	must(!close(next));
	few = (struct rlimit){ (rlim_t)next + 1, 4096 };
	must(!setrlimit(RLIMIT_NOFILE, &few));
	must(!sink_open(s, in_dir("log"), 42));
	must(s->log.fd == next && fcntl(next, F_GETFD) == FD_CLOEXEC);
	sink_close(s);
	few.rlim_cur--;
	must(!setrlimit(RLIMIT_NOFILE, &few));
	must(sink_open(s, in_dir("log"), 42) == -EMFILE);
	return 0;
}

static void test_few_descriptors_are_allowed(void)
{
	is_i64(in_child(few_descriptors_body), 0, "one, then none");
	ok(strstr(err(), "no descriptor is free; there is no log\n"),
	   "which is said");
}

static void test_a_directory_outside_the_root(void)
{
	if (getuid()) {
		skip("needs root to chroot");
		return;
	}
	is_i64(in_child(unreachable_body), 0, "there is no way back to it");
	is_str(read_file(in_dir("log")), "one\n", "while it is open it serves");
}

static void test_a_relative_path_is_made_absolute(void)
{
	char want[300];

	is_i64(in_child(relative_body), 0, "a relative path, then chdir()");
	is_str(read_file(in_dir("log")), "one\n", "is found again");
	snprintf(want, sizeof(want), "%s/log", dir);
	is_str(s->path, want, "from the root");
	is_i64(in_child(removed_directory_body), 0, "a directory that is gone");
}

static int new_stderr_body(void)
{
	int theirs = open(in_dir("theirs"), O_CREAT | O_TRUNC | O_RDWR, 0600);

	must(!sink_open(s, "-", 42));
	must(!line(SINK_RECORD, "before\n"));
	must(dup2(theirs, 2) == 2);
	must(line(SINK_ALERT, "after\n") == -EBADF);
	close(2);
	must(line(SINK_ALERT, "closed\n") == -EBADF);
	return 0;
}

static void test_a_replaced_standard_error_is_not_written_to(void)
{
	is_i64(in_child(new_stderr_body), 0, "replaced, then closed");
	is_str(err(), "before\n", "what came before is there");
	is_str(read_file(in_dir("theirs")), "", "the program's file is its own");
}

static int no_dup_body(void)
{
	struct stat err_st, st;

	must(!sink_open(s, in_dir("log"), 42));
	must(!line(SINK_ALERT, "x\n"));
	must(!fstat(2, &err_st));
	for (int fd = 3; fd < 1024; fd++)
		must(fstat(fd, &st) || st.st_ino != err_st.st_ino ||
		     st.st_dev != err_st.st_dev);
	return 0;
}

static int no_stderr_body(void)
{
	close(2);
	must(sink_open(s, "/nowhere/x", 42) == -ENOENT);
	must(line(SINK_ALERT, "x\n") == -EBADF);
	must(!sink_open(s, in_dir("log"), 42));
	must(s->log.fd != 2);
	must(!line(SINK_ALERT, "kept\n"));
	return 0;
}

static void test_standard_error_is_not_held(void)
{
	is_i64(in_child(no_dup_body), 0, "no second descriptor leads there");
	is_i64(in_child(no_stderr_body), 0, "and it may be missing");
	is_str(read_file(in_dir("log")), "kept\n", "the log does without");
}

/* --- under seccomp ------------------------------------------------------- */

static int restricted_body(void)
{
	must(!sink_open(s, in_dir("log"), 42));
	must(!line(SINK_RECORD, "one\n"));
	sink_restrict(s, SINK_MAY_WRITE);
	must(!line(SINK_RECORD, "two\n"));
	close(s->log.fd);
	must(line(SINK_RECORD, "three\n") == -EBADF);
	must(!s->given_up);
	sink_restrict(s, SINK_MAY_WRITE | SINK_MAY_OPEN);
	must(line(SINK_RECORD, "what is forbidden stays so\n") == -EBADF);
	return 0;
}

/* In strict mode any system call but read, write and exit kills. */
static int strict_body(void)
{
	must(!sink_open(s, "-", 42));
	sink_restrict(s, 0);
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	/* exit_group would kill, too */
	syscall(SYS_exit, line(SINK_ALERT, "alert\n") == -EPERM ? 0 : 1);
	return 0;
}

static void test_a_restricted_sink(void)
{
	is_i64(in_child(restricted_body), 0, "opens nothing");
	is_str(read_file(in_dir("log")), "one\ntwo\n", "and writes on");
	is_i64(in_child(strict_body), 0, "or makes no system call at all");
	is_u64(s->dropped, 1, "lines are counted");
}

/* --- many at once -------------------------------------------------------- */

#define WRITERS 4
#define LINES	500

static void *write_many(void *arg)
{
	char text[200];

	memset(text, *(char *)arg, sizeof(text));
	text[199] = '\n';
	for (int i = 0; i < LINES; i++)
		sink_line(s, SINK_RECORD, text, sizeof(text));
	return NULL;
}

static int many_body(void)
{
	static char names[] = "abcd";
	pthread_t threads[WRITERS];

	must(!sink_open(s, in_dir("log"), 42));
	must(fork() >= 0);			/* two processes, one file */
	for (int i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, write_many, names + i);
	/* meanwhile the program closes what it does not know */
	for (int i = 0; i < 20; i++) {
		usleep(200);
		close(s->log.fd);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	wait(NULL);
	return 0;
}

static void test_lines_of_many_writers_are_whole(void)
{
	unsigned int lines = 0, torn = 0;
	const char *at;

	is_i64(in_child(many_body), 0, "threads of two processes");
	at = read_file(in_dir("log"));
	for (; at && *at; at += 200, lines++) {
		char want[201];

		memset(want, *at, 199);
		want[199] = '\n';
		torn += strncmp(at, want, 200) != 0;
	}
	is_u64(torn, 0, "no line is torn");
	is_u64(lines + s->dropped, 2 * WRITERS * LINES,
	       "each of them is there or counted");
	/* how many, is a matter of who was run when the descriptor was gone */
	ok(lines > WRITERS * LINES / 4, "%u are there", lines);
}

int main(void)
{
	if (!lab_begin())
		return 99;
	test_a_closed_log_is_found_again();
	test_a_replaced_log_is_not_written_to();
	test_a_lost_log_is_given_up_silently();
	test_a_relative_path_is_made_absolute();
	test_a_directory_outside_the_root();
	test_few_descriptors_are_allowed();
	test_a_replaced_standard_error_is_not_written_to();
	test_standard_error_is_not_held();
	test_a_restricted_sink();
	test_lines_of_many_writers_are_whole();
	return lab_end();
}
