/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log's way out, in a process that closes, replaces and limits what it
 * likes. Each case runs in a child of its own, with a file as standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "report/sink.h"
#include "report/write.h"
#include "tap.h"

static char dir[] = "/tmp/vs_sink.XXXXXX";
static struct sink *s;			/* shared with the children */
static char content[1 << 20];

static const char *in_dir(const char *name)
{
	static char path[4][256];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, 256, "%s/%s", dir, name);
	return p;
}

static const char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof(content) - 1);

	close(fd);
	content[n < 0 ? 0 : n] = '\0';
	return n < 0 ? NULL : content;
}

static const char *err(void)
{
	return read_file(in_dir("stderr"));
}

static int line(enum sink_weight weight, const char *text)
{
	return sink_line(s, weight, text, strlen(text));
}

/*
 * Runs @body in a child, with a new standard error. Returns its wait status; 0
 * is well.
 */
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
	bad("/nowhere/at/all", ENOENT, "no such folder");
	bad(dir, EISDIR, "it is a folder");
	bad("/dev/null/x", ENOTDIR, "a part of the path is no folder");
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

static void test_a_folder_without_permission(void)
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

static int removed_folder_body(void)
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

static void test_a_folder_outside_the_root(void)
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
	is_i64(in_child(removed_folder_body), 0, "a folder that is gone");
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
	ok(lines > WRITERS * LINES, "%u are there", lines);
}

static void test_errors_have_words(void)
{
	is_str(error_text(ENOSPC), "no space is left", "a known one");
	ok(!error_text(EDOM), "any other has a number");
}

int main(void)
{
	char command[64];

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED || !mkdtemp(dir))
		return 99;
	test_by_default_only_alerts_are_seen();
	test_dash_is_standard_error_for_all();
	test_a_file_is_appended_to();
	test_a_new_file_is_private();
	test_paths_that_are_no_log();
	test_a_folder_without_permission();
	test_a_full_disk();
	test_a_limited_file_size_raises_no_signal();
	test_nobody_reads_standard_error();
	test_the_programs_own_signals_stay();
	test_a_fifo_that_is_full_holds_nobody();
	test_a_closed_log_is_found_again();
	test_a_replaced_log_is_not_written_to();
	test_a_lost_log_is_given_up_silently();
	test_a_relative_path_is_made_absolute();
	test_a_folder_outside_the_root();
	test_few_descriptors_are_allowed();
	test_a_replaced_standard_error_is_not_written_to();
	test_standard_error_is_not_held();
	test_a_restricted_sink();
	test_lines_of_many_writers_are_whole();
	test_errors_have_words();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? 99 : done_testing();
}
