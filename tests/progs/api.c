/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api MODE: asks the library what it is, through the public header, and judges
 * the answers itself. Prints "absent" where the library is not loaded, "MODE:
 * as it should" where all holds, else what does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#define VMASHADOW_WEAK
#include "hidden.h"
#include "vmashadow.h"

#define PAGE	4096UL
#define MOST	512
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static int wrong;

#define expect(cond) \
	do { \
		if (!(cond)) { \
			printf("%s:%d: %s\n", __func__, __LINE__, #cond); \
			wrong++; \
		} \
	} while (0)

/* --- what the kernel says --------------------------------------------------- */

struct line {
	unsigned long start, end, offset, inode;
	unsigned int prot, shared, dev_major, dev_minor;
	char name[256];
};

static char text[256 * 1024];
static struct line lines[MOST];
static struct vmashadow_vma vmas[MOST];

/* The stack has grown as far as it will: nobody's call makes it grow. */
static void grow_stack(void)
{
	volatile char deep[512 * 1024];

	for (size_t i = 0; i < sizeof(deep); i += PAGE)
		deep[i] = 1;
}

static void parse(char *s, struct line *l)
{
	char prot[5];
	int name = 0;

	sscanf(s, "%lx-%lx %4s %lx %x:%x %lu %n", &l->start, &l->end, prot,
	       &l->offset, &l->dev_major, &l->dev_minor, &l->inode, &name);
	l->prot = (prot[0] == 'r' ? PROT_READ : 0) |
		  (prot[1] == 'w' ? PROT_WRITE : 0) |
		  (prot[2] == 'x' ? PROT_EXEC : 0);
	l->shared = prot[3] == 's';
	snprintf(l->name, sizeof(l->name), "%s", s + name);
}

/* Without stdio: what it allocates would change what is read. */
static void read_text(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
}

static size_t parse_text(void)
{
	size_t count = 0;

	for (char *s = strtok(text, "\n"); s && count < MOST;
	     s = strtok(NULL, "\n"))
		if (!strstr(s, "[vsyscall]"))
			parse(s, &lines[count++]);
	return count;
}

/* --- find ------------------------------------------------------------------- */

static char *three_pages(void)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_NONE, ANON, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	return p;
}

static void test_find(void)
{
	struct vmashadow_vma v, same;
	char *p = three_pages();
	uint64_t born;

	munmap(p, PAGE);
	mprotect(p + PAGE, PAGE, PROT_READ);
	expect(vmashadow_find(p + PAGE + 5, &v) == 0);
	expect(v.start == (uintptr_t)p + PAGE);
	expect(v.end == (uintptr_t)p + 2 * PAGE);
	expect(v.prot == PROT_READ && !v.flags && !v.offset && !v.inode);
	expect(!strcmp(v.name, ""));
	expect(v.born && v.changed > v.born);
	born = v.born;

	expect(vmashadow_find(p + 7, &v) == 0);
	expect(v.start == (uintptr_t)p + PAGE);		/* above the hole */
	expect(vmashadow_find(p + 2 * PAGE, &v) == 0);
	expect(v.start == (uintptr_t)p + 2 * PAGE && !v.prot);
	expect(v.born >= born);

	expect(vmashadow_find(&v, &v) == 0);
	expect(!strcmp(v.name, "[stack]") && v.flags == VMASHADOW_GROWSDOWN);
	expect(!v.born);
	expect(vmashadow_find((void *)parse, &v) == 0);
	expect(strstr(v.name, "/api") && v.prot == (PROT_READ | PROT_EXEC));
	expect(vmashadow_find("", &same) == 0);
	expect(same.inode == v.inode && same.name == v.name);	/* interned */

	memset(&v, 0xee, sizeof(v));
	same = v;
	expect(vmashadow_find((void *)-PAGE, &v) == -ENOENT);
	expect(!memcmp(&v, &same, sizeof(v)));
	expect(vmashadow_find(NULL, &v) == 0);
	expect(vmashadow_snapshot(&same, 1) > 1 && same.start == v.start);
}

/* --- snapshot --------------------------------------------------------------- */

static void compare(const struct vmashadow_vma *v, const struct line *l)
{
	if (v->start == l->start && v->end == l->end && v->prot == l->prot &&
	    !!(v->flags & VMASHADOW_SHARED) == l->shared &&
	    v->offset == l->offset && v->inode == l->inode &&
	    v->dev_major == l->dev_major && v->dev_minor == l->dev_minor &&
	    !strcmp(v->name, l->name) && !v->reserved[0] && !v->reserved[3])
		return;
	wrong++;
	printf("kernel %lx-%lx %x %x %lx %u:%u %lu %s\n", l->start, l->end,
	       l->prot, l->shared, l->offset, l->dev_major, l->dev_minor,
	       l->inode, l->name);
	printf("mirror %lx-%lx %x %x %lx %u:%u %lu %s\n", v->start, v->end,
	       v->prot, v->flags, v->offset, v->dev_major, v->dev_minor,
	       v->inode, v->name);
}

static void some_mappings(void)
{
	char *p = three_pages();
	int fd = open("/proc/self/exe", O_RDONLY);

	mprotect(p + PAGE, PAGE, RW);
	mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	free(malloc(1));
}

static void test_snapshot(void)
{
	ssize_t n;
	size_t own = 0;

	some_mappings();
	expect(vmashadow_check(NULL) >= 0);
	n = vmashadow_snapshot(vmas, MOST);
	read_text();
	expect(n == (ssize_t)parse_text());
	for (ssize_t i = 0; i < n; i++) {
		compare(&vmas[i], &lines[i]);
		own += !!(vmas[i].flags & VMASHADOW_OWN);
	}
	expect(own > 0 && own < (size_t)n);

	memset(vmas, 0xee, sizeof(vmas));
	expect(vmashadow_snapshot(NULL, 0) == n);
	expect(vmashadow_snapshot(vmas, 3) == n);
	expect(vmas[2].start == lines[2].start);
	expect(vmas[3].start == 0xeeeeeeeeeeeeeeee);
	expect(vmashadow_snapshot(vmas, 5) == n);
	expect(vmas[4].start == lines[4].start);
	expect(vmas[5].start == 0xeeeeeeeeeeeeeeee);
}

/* --- check, stats ----------------------------------------------------------- */

/* A call that nothing intercepts, as the victim raw makes it. */
static void *unseen_mmap(void)
{
	return (void *)hidden_call(SYS_mmap, 0, 3 * PAGE, PROT_NONE, ANON, -1,
				   0);
}

static void test_check(void)
{
	struct vmashadow_check c = { .size = sizeof(c) };

	expect(vmashadow_check(&c) == 1);	/* grow_stack() was not seen */
	expect(c.growth == 1 && !c.drift && !c.renamed);
	expect(vmashadow_check(&c) == 0);
	expect(c.size == sizeof(c));
	expect(c.vmas == (uint64_t)vmashadow_snapshot(NULL, 0));
	expect(!c.drift && !c.growth && !c.renamed);

	c.vmas = c.drift = 0xee;
	c.size = 16;			/* of a program older than drift */
	expect(vmashadow_check(&c) == 0);
	expect(c.vmas != 0xee && c.drift == 0xee);
	c.vmas = 0xee;
	c.size = 0;
	expect(vmashadow_check(&c) == 0);
	expect(c.vmas == 0xee);
}

static void test_drift(void)
{
	struct vmashadow_check c = { .size = sizeof(c) };
	struct vmashadow_vma v;
	void *p;

	vmashadow_check(NULL);
	p = unseen_mmap();
	expect(vmashadow_check(&c) == 1);
	expect(c.drift == 1 && !c.growth && !c.renamed);
	expect(vmashadow_check(&c) == 0);	/* the kernel's was adopted */
	expect(!c.drift);
	expect(vmashadow_find(p, &v) == 0 && v.start == (uintptr_t)p);
}

static void test_stats(void)
{
	/* a newer program's struct, longer than the library's */
	struct { struct vmashadow_stats s; uint64_t more; } now;
	struct vmashadow_stats s = { .size = sizeof(s) };
	char *p;

	vmashadow_check(NULL);
	expect(vmashadow_stats(&s) == 0);
	expect(s.vmas == (uint64_t)vmashadow_snapshot(NULL, 0));
	expect(s.vmas_peak >= s.vmas);
	expect(!s.drift && s.growth == 1);

	p = three_pages();
	munmap(p, 3 * PAGE);
	expect(vmashadow_check(NULL) == 0);
	memset(&now, 0xee, sizeof(now));
	now.s.size = sizeof(now);
	expect(vmashadow_stats(&now.s) == 0);
	expect(now.s.calls == s.calls + 2 && now.s.vmas == s.vmas);
	expect(now.s.checks == s.checks + 1);
	expect(now.s.size == sizeof(now) && now.more == 0xeeeeeeeeeeeeeeee);

	memset(&s, 0xee, sizeof(s));
	s.size = 20;			/* half a counter more than calls */
	expect(vmashadow_stats(&s) == 0);
	expect(s.calls == now.s.calls && s.size == 20);
	expect(s.vmas == (0xeeeeeeee00000000 | (uint32_t)now.s.vmas));
	expect(s.vmas_peak == 0xeeeeeeeeeeeeeeee);
}

/* --- errors ----------------------------------------------------------------- */

static void test_errno(void)
{
	struct vmashadow_stats s = { .size = sizeof(s) };
	struct vmashadow_vma v;
	char words[8] = "";

	errno = 77;
	vmashadow_find((void *)-PAGE, &v);
	vmashadow_snapshot(vmas, MOST);
	vmashadow_check(NULL);
	vmashadow_stats(&s);
	vmashadow_explain(words, words, sizeof(words));
	expect(errno == 77);
}

/* Under a filter that lets everything pass the library stays passive. */
static void test_passive(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		perror("prctl");
	execl("/proc/self/exe", "api", "beneath", (char *)NULL);
	wrong++;
}

static void test_beneath(void)
{
	struct vmashadow_check c = { .size = sizeof(c) };
	struct vmashadow_stats s = { .size = sizeof(s) };
	struct vmashadow_vma v;
	char words[8] = "";

	expect(vmashadow_find(words, &v) == -ENODATA);
	expect(vmashadow_snapshot(vmas, MOST) == -ENODATA);
	expect(vmashadow_check(&c) == -ENODATA);
	expect(vmashadow_stats(&s) == -ENODATA);
	expect(vmashadow_explain(words, words, sizeof(words)) == -ENODATA);
}

/* --- from a handler --------------------------------------------------------- */

static volatile sig_atomic_t handled, answered, other;
static volatile sig_atomic_t busy[5];		/* of each function */
static char *hammered;

static void count(int which, long ret)
{
	if (ret == -EBUSY)
		busy[which]++;
	else if (ret >= 0)
		answered++;
	else
		other++;
}

static void handler(int sig)
{
	struct vmashadow_stats s = { .size = sizeof(s) };
	static struct vmashadow_vma some[8];
	char words[200];

	(void)sig;
	switch (handled++ % 5) {
	case 0:
		count(0, vmashadow_find(hammered, &some[0]));
		break;
	case 1:
		count(1, vmashadow_snapshot(some, 8));
		break;
	case 2:
		count(2, vmashadow_stats(&s));
		break;
	case 3:
		count(3, vmashadow_explain(hammered + PAGE, words,
					   sizeof(words)));
		break;
	default:
		count(4, vmashadow_check(NULL));
	}
}

/* Did each of them once interrupt a call of its own thread? */
static int all_were_busy(void)
{
	return busy[0] && busy[1] && busy[2] && busy[3] && busy[4];
}

static void test_handler(void)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct itimerval t = { { 0, 200 }, { 0, 200 } };

	hammered = three_pages();
	mprotect(hammered, PAGE, PROT_READ);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	for (int i = 0; i < 2000000 && (handled < 3000 || !all_were_busy()); i++)
		munmap(three_pages(), 3 * PAGE);
	memset(&t, 0, sizeof(t));
	setitimer(ITIMER_REAL, &t, NULL);
	expect(handled > 500);
	expect(answered > 0);
	expect(all_were_busy());
	expect(other == 0);
	expect(vmashadow_check(NULL) >= 0);
	expect(vmashadow_check(NULL) == 0);
}

static const struct {
	const char *mode;
	void (*test)(void);
} tests[] = {
	{ "find", test_find },
	{ "snapshot", test_snapshot },
	{ "check", test_check },
	{ "drift", test_drift },
	{ "stats", test_stats },
	{ "errno", test_errno },
	{ "passive", test_passive },
	{ "beneath", test_beneath },
	{ "handler", test_handler },
};

int main(int argc, char **argv)
{
	grow_stack();
	if (!vmashadow_present()) {
		puts("absent");
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(argv[1], tests[i].mode)) {
			tests[i].test();
			if (!wrong)
				printf("%s: as it should\n", argv[1]);
			return wrong != 0;
		}
	return 2;
}
