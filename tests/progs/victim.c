/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim MISDEED: ends by the fault that is asked for. Where the kernel or the
 * processor lacks what it takes, it says so and exits with 77.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void lacks(const char *what)
{
	printf("there is no %s\n", what);
	exit(77);
}

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* @n pages where nobody ever was, with nothing near. */
static char *island(unsigned long n, int prot)
{
	static char *sea = (char *)0x200000000000;
	char *p = mmap(sea, n * PAGE, prot, ANON | MAP_FIXED_NOREPLACE, -1, 0);

	must(p == sea, "mmap");
	sea += 1UL << 30;
	return p;
}

/* The compiler must not see what is done to the pointer. */
static void read_byte(const volatile char *p)
{
	__asm__("" : "+r"(p));
	(void)*p;
}

static void write_byte(volatile char *p)
{
	__asm__("" : "+r"(p));
	*p = 1;
}

static void jump(const void *p)
{
	void (*volatile f)(void) = (void (*)(void))(uintptr_t)p;

	f();
}

/* Bits that an address must copy differ from each other. */
#define NOT_CANONICAL ((char *)0x8000000000001000)
#define KERNEL	      ((char *)0xffffffff81000000)
#define VSYSCALL      ((char *)0xffffffffff600000)

/* --- nothing there --------------------------------------------------------------- */

static void null(void)
{
	write_byte(NULL);
}

static void null_field(void)
{
	read_byte((char *)0x18);
}

static void null_call(void)
{
	jump(NULL);
}

static void far_away(void)
{
	read_byte((char *)0x123456789000);
}

static void past_end(void)
{
	write_byte(island(16, RW) + 16 * PAGE + 16);
}

static void before_start(void)
{
	read_byte(island(16, RW) - 8);
}

static void jump_nowhere(void)
{
	jump(island(1, RW) + 5 * PAGE);
}

static void after_munmap(void)
{
	char *p = island(16, RW);

	must(!munmap(p, 16 * PAGE), "munmap");
	read_byte(p + PAGE);
}

static void after_mremap(void)
{
	char *p = island(16, RW), *to = island(16, RW);

	must(mremap(p, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		    to) == to, "mremap");
	write_byte(p);
}

static void after_brk(void)
{
	char *p = sbrk(64 * PAGE);

	must(p != (char *)-1, "sbrk");
	must(sbrk(-64 * (long)PAGE) != (char *)-1, "sbrk");
	write_byte(p + 32 * PAGE);
}

/* --- no right ----------------------------------------------------------------------- */

static void read_none(void)
{
	read_byte(island(1, PROT_NONE));
}

static void write_none(void)
{
	write_byte(island(1, PROT_NONE));
}

static void jump_none(void)
{
	jump(island(1, PROT_NONE));
}

static void write_touched(void)
{
	char *p = island(1, PROT_READ);

	read_byte(p);
	write_byte(p);
}

static void write_untouched(void)
{
	write_byte(island(1, PROT_READ));
}

static void jump_data(void)
{
	jump(island(1, RW));
}

static int data_file(off_t size)
{
	int fd = open("data.bin", O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && !ftruncate(fd, size), "data.bin");
	return fd;
}

static char *map_data(int fd, unsigned long n, int prot)
{
	char *p = mmap(NULL, n, prot, MAP_SHARED, fd, 0);

	must(p != MAP_FAILED, "mmap");
	return p;
}

static void write_file(void)
{
	write_byte(map_data(data_file(PAGE), PAGE, PROT_READ));
}

static void own_mprotect(void)
{
	char *p = island(4, RW);

	write_byte(p);
	must(!mprotect(p, 4 * PAGE, PROT_READ), "mprotect");
	write_byte(p);
}

/* --- the page -------------------------------------------------------------------------- */

static void truncated(void)
{
	int fd = data_file(16 * PAGE);
	char *p = map_data(fd, 16 * PAGE, RW);

	write_byte(p + 8 * PAGE);
	must(!ftruncate(fd, PAGE), "ftruncate");
	read_byte(p + 8 * PAGE);
}

static void short_file(void)
{
	read_byte(map_data(data_file(100), 4 * PAGE, PROT_READ) + PAGE);
}

static void write_short_file(void)
{
	write_byte(map_data(data_file(100), 4 * PAGE, RW) + PAGE);
}

static void jump_short_file(void)
{
	jump(map_data(data_file(100), 4 * PAGE, PROT_READ | PROT_EXEC) + PAGE);
}

static void memfd(void)
{
	int fd = memfd_create("victim", 0);

	must(fd >= 0 && !ftruncate(fd, PAGE), "memfd");
	write_byte(map_data(fd, 4 * PAGE, RW) + 2 * PAGE);
}

static void guard_region(void)
{
	char *p = island(4, RW);

	if (madvise(p + PAGE, PAGE, 102))	/* MADV_GUARD_INSTALL */
		lacks("MADV_GUARD_INSTALL");
	write_byte(p + PAGE);
}

static void no_huge_page(void)
{
	char *p = mmap(NULL, 2UL << 20, RW, ANON | MAP_HUGETLB | MAP_NORESERVE,
		       -1, 0);

	if (p == MAP_FAILED)
		lacks("hugetlb");
	write_byte(p);
	lacks("lack of huge pages");
}

static int uffd(char *p, unsigned long n, unsigned long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, n }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		lacks("userfaultfd with these features");
	return fd;
}

static void uffd_signal(void)
{
	char *p = island(4, RW);

	uffd(p, 4 * PAGE, UFFD_FEATURE_SIGBUS);
	read_byte(p + PAGE);
}

static void uffd_poison(void)
{
	char *p = island(4, RW);
	struct { uint64_t start, len, mode, updated; } poisoned = {
		(uintptr_t)p + PAGE, PAGE, 0, 0,
	};
	int fd = uffd(p, 4 * PAGE, 1 << 14);	/* UFFD_FEATURE_POISON */

	if (ioctl(fd, _IOWR(UFFDIO, 8, poisoned), &poisoned))
		lacks("UFFDIO_POISON");
	read_byte(p + PAGE);
}

static void poison(void)
{
	char *p = island(1, RW);

	write_byte(p);
	if (madvise(p, PAGE, MADV_HWPOISON))
		lacks("MADV_HWPOISON");
	write_byte(p);
}

static void key(void)
{
	char *p = island(1, RW);
	int k = pkey_alloc(0, PKEY_DISABLE_WRITE);

	if (k < 0 || pkey_mprotect(p, PAGE, RW, k))
		lacks("protection keys");
	write_byte(p);
}

/* --- no address ----------------------------------------------------------------------- */

static void kernel_read(void)
{
	read_byte(KERNEL);
}

static void kernel_write(void)
{
	write_byte(KERNEL);
}

static void kernel_jump(void)
{
	jump(KERNEL);
}

static void vsyscall_read(void)
{
	read_byte(VSYSCALL);
}

static void vsyscall_jump(void)
{
	jump(VSYSCALL + 1);
}

static void not_canonical(void)
{
	__asm__ volatile("mov %%rdx, 0x10(%0,%1,2)"
			 : : "r"(NOT_CANONICAL), "r"(8UL) : "memory");
}

static void not_canonical_stack(void)
{
	__asm__ volatile("mov %0, %%rbp\n mov 8(%%rbp), %%rax"
			 : : "r"(NOT_CANONICAL) : "rax", "memory");
}

static void unaligned(void)
{
	__asm__ volatile("movaps %%xmm0, 8(%0)"
			 : : "r"(island(1, RW)) : "memory");
}

static void alignment_check(void)
{
	char *p = island(1, RW);

	__asm__ volatile("sub $128, %%rsp\n pushf\n orl $0x40000, (%%rsp)\n"
			 "popf\n add $128, %%rsp\n mov 1(%0), %%eax"
			 : : "r"(p) : "rax", "memory", "cc");
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

/* --- who did it ------------------------------------------------------------------------ */

static char *buffer;
static int (*take)(void *, unsigned long);

static void *taker(void *arg)
{
	must(!take(buffer, 16 * PAGE), "take");
	return arg;
}

/* Another thread, in another library, takes it away. */
static void taken(const char *how)
{
	void *lib = dlopen(getenv("TAKER"), RTLD_NOW);
	pthread_t thread;

	must(lib != NULL, "dlopen");
	*(void **)&take = dlsym(lib, how);
	buffer = island(16, RW);
	write_byte(buffer);
	pthread_create(&thread, NULL, taker, NULL);
	pthread_join(thread, NULL);
	write_byte(buffer + 5 * PAGE);
}

static void taken_memory(void)
{
	taken("take_memory");
}

static void taken_right(void)
{
	taken("take_right");
}

static void taken_place(void)
{
	taken("take_place");
}

/* --- stacks ---------------------------------------------------------------------------- */

static volatile int endless = 1;

static int recurse(volatile char *above)
{
	volatile char room[4096];

	room[0] = above[0];
	return endless ? recurse(room) + room[0] : 0;
}

static void overflow(void)
{
	char first = 0;

	recurse(&first);
}

static void *overflow_thread(void *arg)
{
	static char stack[64 * 1024];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };

	must(!sigaltstack(&alternate, NULL), "sigaltstack");
	overflow();
	return arg;
}

static void thread_overflow(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, overflow_thread, NULL);
	pthread_join(thread, NULL);
}

static void main_overflow(void)
{
	overflow_thread(NULL);
}

#define MISDEED(name) { #name, name }

static const struct { const char *name; void (*act)(void); } misdeeds[] = {
	MISDEED(null), MISDEED(null_field), MISDEED(null_call),
	MISDEED(far_away), MISDEED(past_end), MISDEED(before_start),
	MISDEED(jump_nowhere), MISDEED(after_munmap), MISDEED(after_mremap),
	MISDEED(after_brk), MISDEED(read_none), MISDEED(write_none),
	MISDEED(jump_none), MISDEED(write_touched), MISDEED(write_untouched),
	MISDEED(jump_data), MISDEED(write_file), MISDEED(own_mprotect),
	MISDEED(truncated), MISDEED(short_file), MISDEED(write_short_file),
	MISDEED(jump_short_file), MISDEED(memfd), MISDEED(guard_region),
	MISDEED(no_huge_page), MISDEED(uffd_signal), MISDEED(uffd_poison), MISDEED(poison),
	MISDEED(key), MISDEED(kernel_read), MISDEED(kernel_write),
	MISDEED(kernel_jump), MISDEED(vsyscall_read), MISDEED(vsyscall_jump),
	MISDEED(not_canonical), MISDEED(not_canonical_stack),
	MISDEED(unaligned), MISDEED(alignment_check), MISDEED(privileged),
	MISDEED(taken_memory), MISDEED(taken_right), MISDEED(taken_place),
	MISDEED(main_overflow), MISDEED(thread_overflow),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(misdeeds) / sizeof(*misdeeds); i++)
		if (argc > 1 && !strcmp(argv[1], misdeeds[i].name))
			misdeeds[i].act();
	fprintf(stderr, "victim: no such misdeed, or it was survived\n");
	return 2;
}
