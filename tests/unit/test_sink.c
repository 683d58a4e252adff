/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log's way out: where lines go, paths that are no log, writes that fail. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "report/write.h"
#include "sink_lab.h"

/* --- where lines go ------------------------------------------------------ */

static int default_body(void)
{
	must(!sink_open(s, "", 42));
	must(s->mode == SINK_ALERTS);
	must(line(SINK_RECORD, "record\n") < 0);
	must(!line(SINK_ALERT, "alert\n"));
	return 0;
}

static void test_by_default_only_alerts_are_seen(void)
{
	is_i64(in_child(default_body), 0, "no log asked for");
	is_str(err(), "alert\n", "the alert is on standard error");
	is_u64(s->dropped, 1, "the record is counted");
}

static int dash_body(void)
{
	must(!sink_open(s, "-", 42));
	must(!line(SINK_RECORD, "record\n"));
	must(!line(SINK_ALERT, "alert\n"));
	return 0;
}

static void test_dash_is_standard_error_for_all(void)
{
	is_i64(in_child(dash_body), 0, "log=-");
	is_str(err(), "record\nalert\n", "both are there");
}

static int file_body(void)
{
	int fd = open(in_dir("log"), O_CREAT | O_WRONLY, 0644);

	must(write(fd, "old\n", 4) == 4);
	must(!close(fd));
	must(!sink_open(s, in_dir("log"), 42));
	must(s->mode == SINK_FILE);
	must(s->log.fd >= 500);
	must(fcntl(s->log.fd, F_GETFD) == FD_CLOEXEC);
	must(fcntl(s->log.fd, F_GETFL) & O_APPEND);
	must(!line(SINK_RECORD, "record\n"));
	must(!line(SINK_ALERT, "alert\n"));
	fd = s->log.fd;
	sink_close(s);
	must(fcntl(fd, F_GETFD) == -1);
	must(line(SINK_RECORD, "late\n") == 0);	/* it finds its way back */
	return 0;
}

static void test_a_file_is_appended_to(void)
{
	is_i64(in_child(file_body), 0, "log=PATH");
	is_str(read_file(in_dir("log")), "old\nrecord\nalert\nlate\n",
	       "all lines, behind what was there");
	is_str(err(), "", "nothing on standard error");
}

static int new_body(void)
{
	umask(0);
	must(!sink_open(s, in_dir("log"), 42));
	return 0;
}

static void test_a_new_file_is_private(void)
{
	struct stat st;

	is_i64(in_child(new_body), 0, "under umask 0");
	is_i64(stat(in_dir("log"), &st), 0, "the file is there");
	is_u64(st.st_mode & 07777, 0600, "for the owner only");
}

/* --- paths that are no log ----------------------------------------------- */

static const char *bad_path;
static int bad_error;

static int bad_path_body(void)
{
	int before = dup(0);

	must(!close(before));
	must(sink_open(s, bad_path, 42) == -bad_error);
	must(s->mode == SINK_ALERTS && s->log.fd == -1);
	must(line(SINK_RECORD, "record\n") < 0);
	must(!line(SINK_ALERT, "alert\n"));
	must(dup(0) == before);			/* nothing is left open */
	return 0;
}

static void bad(const char *path, int error, const char *why)
{
	char want[8192];

	bad_path = path;
	bad_error = error;
	is_i64(in_child(bad_path_body), 0, "log=%.40s", path);
	snprintf(want, sizeof(want),
		 "vmashadow[42]: log=%s: %s; there is no log\nalert\n", path,
		 why);
	is_str(err(), want, "one line says why; alerts are still seen");
}

static void test_paths_that_are_no_log(void)
{
	static char longest[4200];

	memset(longest, 'x', sizeof(longest) - 1);
	symlink("target", in_dir("link"));
	mkfifo(in_dir("fifo"), 0600);
	bad("/nowhere/at/all", ENOENT, "no such directory");
	bad(dir, EISDIR, "it is a directory");
	bad("/dev/null/x", ENOTDIR, "a part of the path is no directory");
	bad("/dev/stderr", ELOOP,
	    "it is a symbolic link, or leads through too many");
	bad(in_dir("link"), ELOOP,
	    "it is a symbolic link, or leads through too many");
	bad(in_dir("fifo"), ENXIO, "nobody reads from it");
	ok(access(in_dir("target"), F_OK), "nothing was made behind the link");
	bad_path = longest;
	bad_error = ENAMETOOLONG;
	is_i64(in_child(bad_path_body), 0, "a path beyond PATH_MAX");
	ok(strstr(err(), "the name is too long; there is no log\nalert\n"),
	   "is said");
}

static int not_allowed_body(void)
{
	must(!mkdir(in_dir("closed"), 0700));
	must(!setgid(65534) && !setuid(65534));
	must(sink_open(s, in_dir("closed/log"), 42) == -EACCES);
	return 0;
}

static void test_a_directory_without_permission(void)
{
	if (getuid()) {
		skip("needs root to become somebody else");
		return;
	}
	chmod(dir, 0777);
	is_i64(in_child(not_allowed_body), 0, "permission is denied");
	ok(strstr(err(), "closed/log: permission denied; there is no log\n"),
	   "and that is said");
}

/* --- writes that fail ---------------------------------------------------- */

static int full_body(void)
{
	must(!sink_open(s, "/dev/full", 42));
	must(line(SINK_RECORD, "one\n") == -ENOSPC);
	must(line(SINK_RECORD, "two\n") == -ENOSPC);
	must(!line(SINK_ALERT, "alert\n"));
	return 0;
}

static void test_a_full_disk(void)
{
	is_i64(in_child(full_body), 0, "the program goes on");
	is_str(err(), "vmashadow[42]: log=/dev/full: no space is left; lines are "
	       "missing\nalert\n", "one line says so, alerts are seen");
	is_u64(s->dropped, 2, "records are counted");
}

/* A limit cuts a line in two: the next does not go on in it. */
static int limited_body(void)
{
	struct rlimit tight = { 10, RLIM_INFINITY };
	struct rlimit loose = { RLIM_INFINITY, RLIM_INFINITY };
	int ends[2];
	ssize_t n;

	/* The limit would hold for a file as standard error, too. */
	must(!pipe(ends) && dup2(ends[1], 2) == 2);
	must(!sink_open(s, in_dir("log"), 42));
	must(!setrlimit(RLIMIT_FSIZE, &tight));
	must(!line(SINK_RECORD, "12345\n"));
	must(line(SINK_RECORD, "67890\n") < 0);
	must(line(SINK_RECORD, "abcde\n") < 0);
	must(!setrlimit(RLIMIT_FSIZE, &loose));
	must(!line(SINK_RECORD, "whole\n"));
	must(!line(SINK_RECORD, "again\n"));
	n = read(ends[0], content, sizeof(content));
	must(n > 0 && memchr(content, '\n', (size_t)n) == content + n - 1);
	must(memmem(content, (size_t)n, "; lines are missing\n", 20));
	return 0;
}

static void test_a_limited_file_size_raises_no_signal(void)
{
	is_i64(in_child(limited_body), 0,
	       "no SIGXFSZ is raised, and it is said once");
	is_str(read_file(in_dir("log")), "12345\n6789\nwhole\nagain\n",
	       "lines stay apart");
}

static int pipe_body(void)
{
	sigset_t set, before, after;
	int ends[2];

	must(!pipe(ends));
	must(dup2(ends[1], 2) == 2);
	close(ends[1]);
	sigprocmask(SIG_BLOCK, NULL, &before);
	must(!sink_open(s, "-", 42));
	must(!line(SINK_RECORD, "read\n"));
	close(ends[0]);
	must(line(SINK_RECORD, "not read\n") == -EPIPE);
	sigpending(&set);
	must(!sigismember(&set, SIGPIPE));
	sigprocmask(SIG_BLOCK, NULL, &after);
	for (int sig = 1; sig < 65; sig++)
		must(sigismember(&before, sig) == sigismember(&after, sig));
	return 0;
}

static void test_nobody_reads_standard_error(void)
{
	is_i64(in_child(pipe_body), 0, "no SIGPIPE, and the mask is as before");
}

static volatile sig_atomic_t pipes;

static void count_pipe(int sig)
{
	(void)sig;
	pipes++;
}

/* The program blocks SIGPIPE and has one of its own waiting. */
static int own_pipe_signal_body(void)
{
	struct sigaction act = { .sa_handler = count_pipe };
	sigset_t set, now;
	int ends[2];

	sigaction(SIGPIPE, &act, NULL);
	must(!pipe(ends) && dup2(ends[1], 2) == 2);
	close(ends[0]);
	close(ends[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	must(!sink_open(s, "-", 42));
	must(line(SINK_RECORD, "x\n") == -EPIPE);
	sigpending(&now);
	must(!sigismember(&now, SIGPIPE));
	raise(SIGPIPE);
	must(line(SINK_RECORD, "x\n") == -EPIPE);
	sigpending(&now);
	must(sigismember(&now, SIGPIPE));
	sigprocmask(SIG_BLOCK, NULL, &now);
	must(sigismember(&now, SIGPIPE));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	must(pipes == 1);
	return 0;
}

static void test_the_programs_own_signals_stay(void)
{
	is_i64(in_child(own_pipe_signal_body), 0,
	       "one that was pending is still pending");
}

static int slow_fifo_body(void)
{
	int reader = open(in_dir("fifo"), O_RDONLY | O_NONBLOCK);
	static char big[4096];
	int dropped = 0;

	memset(big, 'x', sizeof(big));
	must(!sink_open(s, in_dir("fifo"), 42));
	for (int i = 0; i < 64; i++)
		dropped += sink_line(s, SINK_RECORD, big, sizeof(big)) < 0;
	must(dropped >= 32);
	close(reader);
	return 0;
}

static void test_a_fifo_that_is_full_holds_nobody(void)
{
	is_i64(in_child(slow_fifo_body), 0, "lines are dropped");
	ok(strstr(err(), "its reader does not keep up; lines are missing\n"),
	   "and that is said");
}

static void test_errors_have_words(void)
{
	is_str(error_text(ENOSPC), "no space is left", "a known one");
	ok(!error_text(EDOM), "any other has a number");
}

int main(void)
{
	if (!lab_begin())
		return 99;
	test_by_default_only_alerts_are_seen();
	test_dash_is_standard_error_for_all();
	test_a_file_is_appended_to();
	test_a_new_file_is_private();
	test_paths_that_are_no_log();
	test_a_directory_without_permission();
	test_a_full_disk();
	test_a_limited_file_size_raises_no_signal();
	test_nobody_reads_standard_error();
	test_the_programs_own_signals_stay();
	test_a_fifo_that_is_full_holds_nobody();
	test_errors_have_words();
	return lab_end();
}
