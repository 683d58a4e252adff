/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes pairs of mappings that touch and are two, each for another reason, and
 * prints what vmashadow_explain() says of each; "absent" without the library.
 * "cannot" where the kernel does not know the thing.
 *
 *	....AAAABBBB....	a pair in an arena: holes around it
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define VMASHADOW_WEAK
#include "vmashadow.h"

#define PAGE	4096UL
#define R	PROT_READ
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED	(ANON | MAP_FIXED)

static char *a, *b;		/* the pair: a page each */

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(2);
}

static void map(char *at, int prot, int flags, int fd, long page)
{
	if (mmap(at, PAGE, prot, flags | MAP_FIXED, fd,
		 page * (long)PAGE) != at)
		fail("mmap");
}

static void anon(char *at, int prot, int flags)
{
	map(at, prot, ANON | flags, -1, 0);
}

static void protect(char *at, int prot)
{
	if (mprotect(at, PAGE, prot))
		fail("mprotect");
}

static int advise(char *at, int advice)
{
	return madvise(at, PAGE, advice);
}

static void write_to(char *at)
{
	*(volatile char *)at = 1;
}

static void say(const char *what, const char *at)
{
	static char words[600];
	ssize_t n = vmashadow_explain(at, words, sizeof(words));

	if (n < 0)
		printf("%s: %s\n", what, strerror((int)-n));
	else if (n != (ssize_t)strlen(words))
		printf("%s: %zd is not the length of: %s\n", what, n, words);
	else
		printf("%s: %s\n", what, words);
}

/* --- what maps shows, flags ------------------------------------------------- */

static void protection(void)
{
	anon(a, R, 0);
	anon(b, RW, 0);
}

static void sharing(void)
{
	anon(a, R, 0);
	map(b, R, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void account(void)
{
	anon(a, RW, MAP_POPULATE);
	protect(a, R);
	anon(b, R, 0);
}

static void noreserve(void)
{
	anon(a, RW, MAP_NORESERVE);
	anon(b, RW, 0);
}

static void map_stack(void)
{
	anon(a, RW, 0);
	anon(b, RW, MAP_STACK);
}

static void grows_down(void)
{
	anon(a, RW, MAP_GROWSDOWN);
	anon(b, RW, 0);
}

static void locked(void)
{
	anon(a, R, 0);
	anon(b, R, MAP_LOCKED);
}

static void dontfork(void)
{
	anon(a, R, 0);
	anon(b, R, 0);
	advise(b, MADV_DONTFORK);
}

static void reading(void)
{
	anon(a, R, 0);
	anon(b, R, 0);
	advise(a, MADV_RANDOM);
	advise(b, MADV_SEQUENTIAL);
}

static int policy(void)
{
	unsigned long nodes = 1;

	anon(a, R, 0);
	anon(b, R, 0);
	return syscall(SYS_mbind, b, PAGE, 2 /* bind */, &nodes, 64, 0) == 0;
}

static int pkey(void)
{
	int key = pkey_alloc(0, 0);

	anon(a, R, 0);
	anon(b, R, 0);
	return key > 0 && pkey_mprotect(b, PAGE, R, key) == 0;
}

/* --- files ------------------------------------------------------------------ */

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail(path);
	return fd;
}

static void files(void)
{
	map(a, R, MAP_PRIVATE, open_file("/proc/self/exe"), 0);
	map(b, R, MAP_PRIVATE, open_file("/etc/passwd"), 1);
}

static void no_file(void)
{
	map(a, R, MAP_PRIVATE, open_file("/etc/passwd"), 0);
	anon(b, R, 0);
}

static void opened_twice(void)
{
	map(a, R, MAP_PRIVATE, open_file("/proc/self/exe"), 0);
	map(b, R, MAP_PRIVATE, open_file("/proc/self/exe"), 1);
}

static void offsets(void)
{
	int fd = open_file("/proc/self/exe");

	map(a, R, MAP_PRIVATE, fd, 0);
	map(b, R, MAP_PRIVATE, fd, 2);
}

static int segment(void)
{
	int id = shmget(IPC_PRIVATE, 2 * PAGE, IPC_CREAT | 0600);

	if (id < 0)
		fail("shmget");
	return id;
}

/* Split and equal again: the kernel does not give up a half. */
static void close_hook(void)
{
	int id = segment();

	if (shmat(id, a, 0) != a)
		fail("shmat");
	shmctl(id, IPC_RMID, NULL);
	protect(b, R);
	protect(b, RW);
}

static void attached_twice(void)
{
	int id = segment();

	if (shmat(id, a, 0) != a || munmap(b, PAGE) || shmat(id, b, 0) != b)
		fail("shmat");
	shmctl(id, IPC_RMID, NULL);
}

/* --- what nobody can see ---------------------------------------------------- */

/* Written while they differed, and equal again. */
static void objects(void)
{
	anon(a, RW, 0);
	anon(b, RW, 0);
	advise(b, MADV_DONTFORK);
	write_to(a);
	write_to(b);
	advise(b, MADV_DOFORK);
}

static void moved(void)
{
	char *far = mmap(NULL, PAGE, RW, ANON | MAP_POPULATE, -1, 0);

	anon(a, RW, MAP_POPULATE);
	if (mremap(far, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, b) != b)
		fail("mremap");
}

/* An untouched page beside one that was moved: only the offset is in the way. */
static void moved_beside_untouched(void)
{
	char *far = mmap(NULL, PAGE, RW, ANON | MAP_POPULATE, -1, 0);

	anon(a, RW, 0);
	if (mremap(far, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, b) != b)
		fail("mremap");
}

static void written_by_parent(void)
{
	anon(a, RW, MAP_POPULATE);
	anon(b, RW, MAP_POPULATE);
	protect(b, PROT_NONE);
}

static void equal_in_child(void)
{
	protect(b, RW);
}

static void brought_by_fork(void)
{
	anon(a, RW, MAP_POPULATE);
}

static void new_in_child(void)
{
	anon(b, RW, 0);
}

static void locked_by_parent(void)
{
	anon(a, R, 0);
	anon(b, R, MAP_LOCKED);
}

static void unlocked_by_fork(void)
{
}

/* --- the pairs, one after the other ----------------------------------------- */

static const struct {
	const char *what;
	void (*make)(void);
	int (*may)(void);		/* instead of make: does it work here? */
	void (*in_child)(void);		/* and is explained there */
} pairs[] = {
	{ "protection", protection, NULL, NULL },
	{ "sharing", sharing, NULL, NULL },
	{ "account", account, NULL, NULL },
	{ "noreserve", noreserve, NULL, NULL },
	{ "map_stack", map_stack, NULL, NULL },
	{ "grows_down", grows_down, NULL, NULL },
	{ "locked", locked, NULL, NULL },
	{ "dontfork", dontfork, NULL, NULL },
	{ "reading", reading, NULL, NULL },
	{ "policy", NULL, policy, NULL },
	{ "pkey", NULL, pkey, NULL },
	{ "files", files, NULL, NULL },
	{ "no_file", no_file, NULL, NULL },
	{ "opened_twice", opened_twice, NULL, NULL },
	{ "offsets", offsets, NULL, NULL },
	{ "close_hook", close_hook, NULL, NULL },
	{ "attached_twice", attached_twice, NULL, NULL },
	{ "objects", objects, NULL, NULL },
	{ "moved", moved, NULL, NULL },
	{ "moved_beside_untouched", moved_beside_untouched, NULL, NULL },
	{ "halves_by_fork", written_by_parent, NULL, equal_in_child },
	{ "new_beside_fork", brought_by_fork, NULL, new_in_child },
	{ "nothing", locked_by_parent, NULL, unlocked_by_fork },
};

static void new_pair(void)
{
	char *arena = mmap(NULL, 1024 * PAGE, PROT_NONE, ANON, -1, 0);

	if (arena == MAP_FAILED)
		fail("arena");
	/* 512 pages below are in no VMA's guard gap, nor are those above */
	munmap(arena, 1024 * PAGE);
	a = arena + 512 * PAGE;
	b = a + PAGE;
}

static void in_child(const char *what, void (*make)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		make();
		say(what, b);
		fflush(stdout);
		_exit(vmashadow_check(NULL) != 0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		printf("%s: the child's status is %d\n", what, status);
}

static void explain_pairs(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		const char *what = pairs[i].what;

		new_pair();
		if (pairs[i].make)
			pairs[i].make();
		if (pairs[i].may && !pairs[i].may())
			printf("%s: cannot\n", what);
		else if (pairs[i].in_child)
			in_child(what, pairs[i].in_child);
		else
			say(what, b);
		munmap(a, 2 * PAGE);
	}
}

static void explain_others(void)
{
	char words[8] = "xxxxxxx";

	say("vdso", (char *)getauxval(AT_SYSINFO_EHDR));
	new_pair();
	protection();
	say("inside", b + 1);
	say("inside", b - 1);
	say("before a hole", b + PAGE);
	say("after a hole", a);
	say("nowhere", NULL);
	say("above", (char *)-PAGE);
	printf("no room: %zd\n", vmashadow_explain(b, NULL, 0));
	printf("little room: %zd", vmashadow_explain(b, words, 7));
	printf(" %s %c\n", words, words[7] ? words[7] : '-');
	printf("check: %d\n", vmashadow_check(NULL));
}

/* So that no later call makes it grow, which a check would count. */
static void grow_stack(void)
{
	volatile char deep[256 * 1024];

	for (size_t i = 0; i < sizeof(deep); i += PAGE)
		deep[i] = 1;
}

int main(void)
{
	grow_stack();
	if (!vmashadow_present()) {
		puts("absent");
		return 0;
	}
	vmashadow_check(NULL);
	explain_pairs();
	explain_others();
	return 0;
}
