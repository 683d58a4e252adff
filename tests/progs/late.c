/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that comes late, and code in the program itself:
 *
 *	late shapes [OBJECT]	every shape once, of the program or of OBJECT
 *	late namespace		a second libc, and its calls
 *	late threads OBJECT	four threads load, use and unload copies of it
 *	late again OBJECT	loaded and unloaded three hundred times
 *	late protect OBJECT	mapped by hand, its text made text by mprotect
 *	late vectors OBJECT	its text mapped with all vector registers in use
 *	late large OBJECT	loaded; how much became resident
 *	late pointer		syscall() by an address that libc itself has
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

typedef long call_fn(long, ...);

#define SHAPES(do)							\
	do(plain_mmap) do(wide_mprotect) do(apart_mmap)			\
	do(pushed_munmap) do(again_madvise) do(number) do(vfork)	\
	do(restorer) do(fixed_munmap)

#define DECLARE(name) long shape_##name(long, ...);
SHAPES(DECLARE)

#define MEMBER(name) call_fn *name;
struct shapes {
	SHAPES(MEMBER)
};

static void must(int good, const char *what)
{
	if (good)
		return;
	printf("%s\n", what);
	exit(1);
}

static void *load(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	must(object != NULL, object ? "" : dlerror());
	return object;
}

static struct shapes linked(void)
{
#define ADDRESS(name) .name = shape_##name,
	return (struct shapes){ SHAPES(ADDRESS) };
}

static struct shapes loaded(void *object)
{
	struct shapes s;

#define LOOK_UP(name)							\
	s.name = (call_fn *)dlsym(object, "shape_" #name);		\
	must(s.name != NULL, #name);
	SHAPES(LOOK_UP)
	return s;
}

/* --- each shape ------------------------------------------------------------- */

static void use(const struct shapes *s)
{
	long a = s->plain_mmap(0, 4 * PAGE, RW, ANON, -1, 0);
	long b = s->apart_mmap(0, 4 * PAGE, RW, ANON, -1, 0);
	long c = s->number(SYS_mmap, 0, 4 * PAGE, RW, ANON, -1, 0);

	must(a > 0 && b > 0 && c > 0, "mmap");
	must(!s->wide_mprotect(a + PAGE, PAGE, PROT_READ), "mprotect");
	must(!s->again_madvise(b, PAGE, 1000), "madvise");
	must(s->number(SYS_getpid) == getpid(), "getpid");
	must(s->number(0x10000 + SYS_munmap, a, PAGE) == -38, "no such call");
	must(!s->number(SYS_munmap, b, 4 * PAGE), "munmap");
	must(!s->pushed_munmap(a, 4 * PAGE), "munmap");
	must(!s->number(SYS_munmap, c, 4 * PAGE), "munmap");
}

static void make_child(const struct shapes *s)
{
	int status;
	long pid = s->vfork(SYS_vfork);

	if (!pid)
		_exit(7);
	must(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid &&
	     WEXITSTATUS(status) == 7, "vfork");
}

static void in_clone(void)
{
	syscall(SYS_exit, 9);
}

static void make_clone(const struct shapes *s)
{
	static void *stack[4096];
	void **top = stack + 4000;
	int status;
	long pid;

	top[0] = (void *)in_clone;	/* the child returns to it */
	pid = s->number(SYS_clone, CLONE_VM | SIGCHLD, top, 0, 0, 0);
	must(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid &&
	     WEXITSTATUS(status) == 9, "clone");
}

static volatile int handled;

static void on_signal(int sig)
{
	handled = sig;
}

static void take_signal(const struct shapes *s)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} sa = { on_signal, 0x04000000, (void *)s->restorer, 0 };

	must(!syscall(SYS_rt_sigaction, SIGUSR1, &sa, NULL, 8), "sigaction");
	handled = 0;
	raise(SIGUSR1);
	must(handled == SIGUSR1, "signal");
}

static void shapes(const char *path)
{
	struct shapes s = path ? loaded(load(path)) : linked();

	use(&s);
	make_child(&s);
	make_clone(&s);
	take_signal(&s);
}

/* --- a second libc ----------------------------------------------------------- */

static void second_libc(void)
{
	void *libc = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
	void *(*map)(void *, size_t, int, int, int, off_t);
	int (*unmap)(void *, size_t);
	void *(*allocate)(size_t);
	call_fn *call;
	void *p;

	must(libc != NULL, "dlmopen");
	map = (void *(*)(void *, size_t, int, int, int, off_t))
	      dlsym(libc, "mmap");
	unmap = (int (*)(void *, size_t))dlsym(libc, "munmap");
	allocate = (void *(*)(size_t))dlsym(libc, "malloc");
	call = (call_fn *)dlsym(libc, "syscall");
	for (int i = 0; i < 20; i++) {
		p = map(NULL, 8 * PAGE, RW, ANON, -1, 0);
		must(p != MAP_FAILED && !unmap(p, 4 * PAGE), "its mmap");
		must(!call(SYS_munmap, (char *)p + 4 * PAGE, 4 * PAGE),
		     "its syscall");
		must(allocate(300000) != NULL, "its malloc");
	}
	must(call(SYS_munmap, 1, 1) == -1, "its errno");
}

/* --- load and unload ---------------------------------------------------------- */

static const char *object;

static void *load_and_unload(void *copy)
{
	for (int i = 0; i < 100; i++) {
		void *o = load(copy);
		struct shapes s = loaded(o);

		use(&s);
		dlclose(o);
	}
	return NULL;
}

static void copy_file(const char *from, const char *to)
{
	char buf[4096];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n;

	must(in && out, "copy");
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	fclose(in);
	fclose(out);
}

static void threads(void)
{
	static char copies[4][32];
	pthread_t t[4];

	for (int i = 0; i < 4; i++) {
		snprintf(copies[i], sizeof(copies[i]), "./copy%d.so", i);
		copy_file(object, copies[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, load_and_unload, copies[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

/* --- by hand ------------------------------------------------------------------- */

static unsigned long symbol(const char *file, const char *name)
{
	const Elf64_Ehdr *e = (const void *)file;
	const Elf64_Shdr *sh = (const void *)(file + e->e_shoff);

	for (int i = 0; i < e->e_shnum; i++) {
		const Elf64_Sym *sym = (const void *)(file + sh[i].sh_offset);
		const char *names;

		if (sh[i].sh_type != SHT_DYNSYM)
			continue;
		names = file + sh[sh[i].sh_link].sh_offset;
		for (size_t n = sh[i].sh_size / sizeof(*sym); n--; sym++)
			if (!strcmp(names + sym->st_name, name))
				return sym->st_value;
	}
	return 0;
}

/* Text is where its address is its offset, as linkers put it in small objects. */
static void protect(void)
{
	int fd = open(object, O_RDONLY);
	struct stat st;
	char *file;
	call_fn *map, *unmap;
	long p;

	must(fd >= 0 && !fstat(fd, &st), "open");
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	must(file != MAP_FAILED, "map");
	map = (call_fn *)(file + symbol(file, "shape_plain_mmap"));
	unmap = (call_fn *)(file + symbol(file, "shape_pushed_munmap"));
	must(!mprotect(file, (size_t)st.st_size, PROT_READ | PROT_EXEC),
	     "mprotect");
	p = map(0, 4 * PAGE, RW, ANON, -1, 0);
	must(p > 0 && !unmap(p, 4 * PAGE), "use");
}

/* --- vector registers ---------------------------------------------------------- */

#define EACH_VECTOR(op)							\
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9)	\
	op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD_XMM(n)  "movdqu 32*" #n "(%%r12), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movdqu %%xmm" #n ", 32*" #n "(%%r13)\n\t"
#define LOAD_YMM(n)  "vmovdqu 32*" #n "(%%r12), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", 32*" #n "(%%r13)\n\t"
#define XMM(n) "xmm" #n,

/* A site of the program's own, where nobody expects a function call. */
#define MAP_TEXT(load, store)						\
	__asm__ volatile("mov %2, %%r12\n\tmov %3, %%r13\n\t"		\
			 EACH_VECTOR(load)				\
			 "mov $9, %%eax\n\tsyscall\n\t"			\
			 EACH_VECTOR(store)				\
			 : "=&a"(ret), "+r"(r10)				\
			 : "r"(in), "r"(out), "D"(0L), "S"(length),	\
			   "d"((long)(PROT_READ | PROT_EXEC)), "r"(r8),	\
			   "r"(r9)					\
			 : EACH_VECTOR(XMM) "r12", "r13", "rcx", "r11",	\
			   "memory")

static void vectors(void)
{
	static unsigned char before[512], after[512];
	unsigned char *in = before, *out = after;
	int fd = open(object, O_RDONLY);
	struct stat st;
	long length, ret;

	must(fd >= 0 && !fstat(fd, &st), "open");
	length = st.st_size;
	for (int round = 0; round < 2; round++) {
		register long r10 __asm__("r10") = MAP_PRIVATE;
		register long r8 __asm__("r8") = fd;
		register long r9 __asm__("r9") = 0;
		size_t each = round ? 32 : 16;

		if (round && !__builtin_cpu_supports("avx"))
			break;
		for (int i = 0; i < 512; i++)
			before[i] = (unsigned char)(i * 7 + 1);
		memset(after, 0, sizeof(after));
		if (round)
			MAP_TEXT(LOAD_YMM, STORE_YMM);
		else
			MAP_TEXT(LOAD_XMM, STORE_XMM);
		must(ret > 0, "map");
		for (size_t i = 0; i < 512; i += 32)
			must(!memcmp(before + i, after + i, each),
			     "a vector register changed");
	}
	close(fd);
}

static long resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kb = -1;

	while (kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &kb);
	fclose(f);
	return kb;
}

static void large(void)
{
	long before = resident();
	long (*one)(void) = (long (*)(void))dlsym(load(object), "large_mmap");
	long grown = resident() - before;

	must(one && one() > 0, "large_mmap");
	printf("grown by %s\n", grown <= 1024 ? "at most 1 MB" : "more");
	if (grown > 1024)
		printf("%ld kB\n", grown);
}

static void pointer(void)
{
	call_fn *call = (call_fn *)dlsym(dlopen("libc.so.6", RTLD_NOW),
					 "syscall");
	long p = call(SYS_mmap, 0, PAGE, RW, ANON, -1, 0);

	must(p > 0 && !call(SYS_munmap, p, PAGE), "libc's syscall");
	p = syscall(SYS_mmap, 0, PAGE, RW, ANON, -1, 0);
	must(p > 0 && !syscall(SYS_munmap, p, PAGE), "the program's syscall");
	must(call(SYS_getppid) == getppid(), "getppid");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	object = argc > 2 ? argv[2] : NULL;
	if (!strcmp(what, "shapes"))
		shapes(object);
	else if (!strcmp(what, "namespace"))
		second_libc();
	else if (!strcmp(what, "threads"))
		threads();
	else if (!strcmp(what, "again"))
		for (int i = 0; i < 3; i++)
			load_and_unload((void *)(long)object);
	else if (!strcmp(what, "protect"))
		protect();
	else if (!strcmp(what, "vectors"))
		vectors();
	else if (!strcmp(what, "large"))
		large();
	else if (!strcmp(what, "pointer"))
		pointer();
	else
		return 2;
	puts("done");
	return 0;
}
