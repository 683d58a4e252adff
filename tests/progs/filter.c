/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter HOW: installs a seccomp filter that kills for everything but a handful
 * of calls, then maps, protects and ends; HOW is prctl or seccomp, or "bad" for
 * a filter that the kernel refuses. "strict" and "mode" forbid everything but
 * read, write, exit and sigreturn, by seccomp and by prctl.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter rules[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(SYS_mmap), ALLOW(SYS_munmap), ALLOW(SYS_mprotect), ALLOW(SYS_brk),
	ALLOW(SYS_write), ALLOW(SYS_exit_group),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static int maps(void)
{
	int failed = 0;

	for (int i = 0; i < 200; i++) {
		char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		failed |= p == MAP_FAILED;
		p[5000] = 1;
		failed |= mprotect(p + 4096, 4096, PROT_READ);
		failed |= i % 2 && munmap(p, 16384);
	}
	return failed;
}

static void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		_exit(9);
}

/* Not a call more than is allowed: exit_group would be one. */
static void be_strict(const char *how)
{
	long ret;

	if (!strcmp(how, "strict"))
		ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL);
	else
		ret = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	say(ret ? "refused\n" : "strict\n");
	syscall(SYS_exit, 5);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "prctl";
	struct sock_fprog prog = { sizeof(rules) / sizeof(rules[0]), rules };
	long ret;

	if (!strcmp(how, "strict") || !strcmp(how, "mode"))
		be_strict(how);
	if (!strcmp(how, "bad"))
		prog.len = 0;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!strcmp(how, "seccomp"))
		ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
	else
		ret = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
	say(ret ? "refused\n" : "filtered\n");
	ret = maps();
	say(ret ? "failed\n" : "done\n");
	return (int)ret;
}
