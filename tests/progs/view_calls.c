/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of view.c: what they are given, and what is put right after each. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "view_calls.h"

#define PAGE 4096L
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#define NR_HOME_NODE	    450
#define NR_MAP_SHADOW_STACK 453
#define NR_MSEAL	    462
#define ARCH_GET_FS_	    0x1003
#define PR_SET_VMA_	    0x53564d41
#define MLOCK_ONFAULT_	    1

static const struct {
	const char *name, *function;
	long nr;
} table[] = {
	{ "mmap", "mmap", SYS_mmap },
	{ "munmap", "munmap", SYS_munmap },
	{ "brk", "brk", SYS_brk },
	{ "mremap", "mremap", SYS_mremap },
	{ "mprotect", "mprotect", SYS_mprotect },
	{ "pkey_mprotect", "pkey_mprotect", SYS_pkey_mprotect },
	{ "madvise", "madvise", SYS_madvise },
	{ "mlock", "mlock", SYS_mlock },
	{ "mlock2", "mlock2", SYS_mlock2 },
	{ "munlock", "munlock", SYS_munlock },
	{ "mlockall", "mlockall", SYS_mlockall },
	{ "munlockall", "munlockall", SYS_munlockall },
	{ "shmat", "shmat", SYS_shmat },
	{ "shmdt", "shmdt", SYS_shmdt },
	{ "remap_file_pages", "remap_file_pages", SYS_remap_file_pages },
	{ "mbind", NULL, SYS_mbind },
	{ "mseal", NULL, NR_MSEAL },
	{ "set_mempolicy_home_node", NULL, NR_HOME_NODE },
	{ "process_madvise", NULL, SYS_process_madvise },
	{ "map_shadow_stack", NULL, NR_MAP_SHADOW_STACK },
	{ "io_setup", NULL, SYS_io_setup },
	{ "io_destroy", NULL, SYS_io_destroy },
	{ "personality", "personality", SYS_personality },
	{ "arch_prctl", "arch_prctl", SYS_arch_prctl },
	{ "ioctl", "ioctl", SYS_ioctl },
	{ "close", "close", SYS_close },
	{ "prctl", "prctl", SYS_prctl },
	{ "prctl of a name", "prctl", SYS_prctl },
	{ "seccomp", NULL, SYS_seccomp },
	{ "execve", "execve", SYS_execve },
	{ "execveat", "execveat", SYS_execveat },
	{ "rt_sigaction", NULL, SYS_rt_sigaction },
	{ "rt_sigaction of a pointer", NULL, SYS_rt_sigaction },
	{ "getuid", NULL, SYS_getuid },
};

const unsigned int view_calls = sizeof(table) / sizeof(table[0]);

static char *area, *shared, *attached;
static int segment, pipe_ends[2], self_fd;
static long word, unread;
static aio_context_t ring;
static struct iovec whole;
/* As the kernel has it: handler, flags, restorer, mask. */
static unsigned long action[4], old_action[4];
static char *const nothing[] = { NULL };

static void put_back(void)
{
	/* what a call did to the area, another mapping undoes */
	if (mmap(area, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0) != area)
		abort();
	for (int i = 0; i < 8; i++)
		area[i * PAGE] = 1;
}

void view_calls_start(void)
{
	area = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);
	shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	segment = shmget(IPC_PRIVATE, (size_t)PAGE, IPC_CREAT | 0600);
	attached = shmat(segment, NULL, 0);
	self_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	whole.iov_base = area;
	whole.iov_len = PAGE;
	if (area == MAP_FAILED || shared == MAP_FAILED || segment < 0 ||
	    attached == (char *)-1 || pipe(pipe_ends))
		abort();
	shmctl(segment, IPC_RMID, NULL);
	put_back();
}

#define SIX(...)                                                    \
	do {                                                        \
		const long six[6] = { __VA_ARGS__ };                \
		memcpy(c->arg, six, sizeof(six));                   \
		return true;                                        \
	} while (0)

static bool of_memory(struct view_call *c, bool good)
{
	long a = (long)area, odd = good ? a + PAGE : a + 1;

	switch (c->nr) {
	case SYS_mmap:
		SIX(0, 2 * PAGE, RW, good ? ANON : 0, -1, 0);
	case SYS_munmap:
	case SYS_munlock:
		/* what is unlocked need not be aligned, but be there */
		SIX(c->nr == SYS_munlock && !good ? PAGE : odd, PAGE);
	case SYS_brk:
		SIX(good ? (long)sbrk(0) : 1);
	case SYS_mremap:
		SIX(odd, 2 * PAGE, PAGE, 0);
	case SYS_mprotect:
		SIX(odd, PAGE, PROT_READ);
	case SYS_pkey_mprotect:
		SIX(a, PAGE, PROT_READ, good ? -1 : 99);
	case SYS_madvise:
		SIX(a, PAGE, good ? MADV_DONTFORK : 9999);
	case SYS_mlock:
		SIX(good ? a : PAGE, PAGE);
	case SYS_mlock2:
		SIX(a, PAGE, good ? MLOCK_ONFAULT_ : 99);
	case SYS_mlockall:
		SIX(good ? MCL_CURRENT | MCL_ONFAULT : 0);
	case SYS_munlockall:
		return good;
	case SYS_shmat:
		SIX(good ? segment : -1, 0, 0);
	case SYS_shmdt:
		SIX((long)(good ? attached : area));
	case SYS_remap_file_pages:
		SIX(good ? (long)shared : a, PAGE, 0, 1, 0);
	case SYS_mbind:
		SIX(odd, PAGE, 0, 0, 0, 0);
	case NR_MSEAL:
		if (good)	/* for ever: another each time */
			a = (long)mmap(NULL, (size_t)PAGE, RW, ANON, -1, 0);
		SIX(a, PAGE, good ? 0 : 99);
	case NR_HOME_NODE:
		SIX(odd, PAGE, 0, 0);
	default:
		return false;
	}
}

static bool of_others(struct view_call *c, bool good)
{
	switch (c->nr) {
	case SYS_process_madvise:
		SIX(good ? self_fd : -1, (long)&whole, 1,
		    good ? MADV_COLD : MADV_DONTFORK, 0);
	case NR_MAP_SHADOW_STACK:
		SIX(0, PAGE, good ? 0 : 99);
	case SYS_io_setup:
		ring = 0;
		SIX(good ? 4 : 0, (long)&ring);
	case SYS_io_destroy:
		ring = 0;
		syscall(SYS_io_setup, 4, &ring);
		SIX(good ? (long)ring : 0);
	case SYS_personality:
		SIX(0xffffffffL);
	case SYS_arch_prctl:
		SIX(good ? ARCH_GET_FS_ : 99, (long)&word);
	case SYS_ioctl:
		SIX(pipe_ends[0], good ? FIONREAD : TIOCGWINSZ, (long)&unread);
	case SYS_close:
		SIX(good ? dup(pipe_ends[0]) : -1);
	case SYS_prctl:
		if (strcmp(c->name, "prctl"))
			SIX(PR_SET_VMA_, 0, (long)area, PAGE,
			    (long)(good ? "mine" : "no [name]"));
		SIX(good ? PR_GET_DUMPABLE : 9999, 0, 0, 0, 0);
	case SYS_seccomp:
		word = SECCOMP_RET_ALLOW;
		SIX(good ? SECCOMP_GET_ACTION_AVAIL : 99, 0, (long)&word);
	case SYS_execve:
		SIX((long)"/nonexistent", (long)nothing, (long)nothing);
	case SYS_execveat:
		SIX(-1, (long)(good ? "" : "name"), (long)nothing,
		    (long)nothing, 0);
	case SYS_rt_sigaction:
		if (strcmp(c->name, "rt_sigaction"))
			SIX(SIGSEGV, good ? 0 : 8, (long)old_action, 8);
		SIX(good ? SIGSEGV : SIGKILL, (long)action, (long)old_action,
		    8);
	default:
		return good;
	}
}

bool view_call(unsigned int index, struct view_call *c)
{
	bool good = c->good;

	memset(c, 0, sizeof(*c));
	c->name = table[index].name;
	c->function = table[index].function;
	c->nr = table[index].nr;
	c->good = good;
	return of_memory(c, good) || of_others(c, good);
}

void view_called(unsigned int index)
{
	switch (table[index].nr) {
	case SYS_mlockall:
		munlockall();
		break;
	case SYS_shmdt:
		if (shmat(segment, attached, 0) == (void *)-1)
			attached = shmat(segment, NULL, 0);
		break;
	case SYS_io_setup:
		if (ring)
			syscall(SYS_io_destroy, ring);
		break;
	case SYS_rt_sigaction:
		printf("old action: %lx %lx %lx\n", old_action[0],
		       old_action[1] & ~0x04000000UL, old_action[3]);
		break;
	default:
		break;
	}
	put_back();
}

/* --- the rest ---------------------------------------------------------------------- */

static void print_dispositions(void)
{
	struct sigaction sa;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (!sigaction(sig, NULL, &sa))
			printf("signal %d: %s flags %x mask %lx\n", sig,
			       sa.sa_handler == SIG_DFL ? "default" :
			       sa.sa_handler == SIG_IGN ? "ignored" :
			       "a handler", (unsigned int)sa.sa_flags,
			       *(unsigned long *)(void *)&sa.sa_mask);
}

static void print_descriptors(void)
{
	char path[64], to[256];
	struct stat st;
	ssize_t n;

	for (int fd = 0; fd < 2048; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to) - 1);
		if (n < 0 || fstat(fd, &st))
			continue;
		to[n] = '\0';
		/* pipes and files of the caller have numbers of their own */
		printf("descriptor %d: type %o flags %x %x %s\n", fd,
		       st.st_mode & S_IFMT, (unsigned int)fcntl(fd, F_GETFL),
		       (unsigned int)fcntl(fd, F_GETFD),
		       fd < 3 ? "" : strchr(to, ':') ? "special" : to);
	}
}

static void print_environment(void)
{
	extern char **environ;

	for (char **e = environ; *e; e++)
		if (strncmp(*e, "LD_PRELOAD=", 11) &&
		    strncmp(*e, "VMASHADOW_OPTIONS=", 18))
			printf("%s\n", *e);
}

static void print_limits(void)
{
	struct itimerval timer;
	struct rlimit limit;

	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (!getrlimit(i, &limit))
			printf("limit %d: %lx %lx\n", i, limit.rlim_cur,
			       limit.rlim_max);
	for (int i = 0; i < 3; i++)
		if (!getitimer(i, &timer))
			printf("timer %d: %ld %ld\n", i,
			       (long)timer.it_value.tv_sec,
			       (long)timer.it_interval.tv_sec);
}

/* What is the same in any run of the thread's own status. */
static void print_status(void)
{
	static const char *const fields[] = {
		"Name:", "Umask:", "State:", "TracerPid:", "Uid:", "Gid:",
		"Threads:", "SigPnd:", "ShdPnd:", "SigBlk:",
		"SigIgn:", "CapEff:", "NoNewPrivs:", "Seccomp:", "VmLck:",
		"VmPin:",
	};
	FILE *f = fopen("/proc/thread-self/status", "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (!strncmp(line, fields[i], strlen(fields[i])))
				fputs(line, stdout);
	if (f)
		fclose(f);
}

void view_rest(void)
{
	char name[16] = "", cwd[4096];

	print_dispositions();
	print_descriptors();
	print_environment();
	print_limits();
	print_status();
	prctl(PR_GET_NAME, name);
	printf("named %s, dumpable %d, personality %x, scheduled %d, nice %d, "
	       "here %d\n", name, prctl(PR_GET_DUMPABLE),
	       (unsigned int)personality(0xffffffff), sched_getscheduler(0),
	       getpriority(PRIO_PROCESS, 0), getcwd(cwd, sizeof(cwd)) != NULL);
}
