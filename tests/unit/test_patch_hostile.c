/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are no objects, or broken ones: whoever maps them as text must not
 * be the worse for it. This program's own file, with bytes changed where the
 * scan reads, is scanned over and over; it has to end, in bounds, each time.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "patch/patch.h"
#include "tap.h"

#define ROUNDS	  4000
#define MAX_SITES 64
#define PHDRS_MAX 32

static unsigned char *good;
static size_t size;
static int fd;
static struct patch_nrset nrs;
static uint64_t seed = 88172645463325252ULL;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void read_self(void)
{
	int self = open("/proc/self/exe", O_RDONLY);
	struct stat st;

	fstat(self, &st);
	size = (size_t)st.st_size;
	good = malloc(size);
	fd = memfd_create("hostile", 0);
	if (read(self, good, size) != (ssize_t)size ||
	    write(fd, good, size) != (ssize_t)size) {
		printf("Bail out! cannot copy myself\n");
		exit(1);
	}
	close(self);
}

/* The pieces of the file that the scan reads, text apart. */
struct piece {
	size_t at, len;
};

static size_t find_pieces(struct piece *p)
{
	const Elf64_Ehdr *e = (const void *)good;
	const Elf64_Phdr *ph = (const void *)(good + e->e_phoff);
	const Elf64_Shdr *sh = (const void *)(good + e->e_shoff);
	size_t n = 0;

	p[n++] = (struct piece){ 0, sizeof(*e) };
	p[n++] = (struct piece){ e->e_phoff, e->e_phnum * sizeof(*ph) };
	p[n++] = (struct piece){ e->e_shoff, e->e_shnum * sizeof(*sh) };
	for (int i = 0; i < e->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC ||
		    ph[i].p_type == PT_GNU_EH_FRAME)
			p[n++] = (struct piece){ ph[i].p_offset,
						 ph[i].p_filesz };
	for (int i = 0; i < e->e_shnum && n < 24; i++)
		if (sh[i].sh_type == SHT_SYMTAB || sh[i].sh_type == SHT_DYNSYM ||
		    sh[i].sh_type == SHT_GNU_HASH ||
		    (sh[i].sh_type == SHT_PROGBITS &&
		     !(sh[i].sh_flags & (SHF_WRITE | SHF_EXECINSTR))) ||
		    sh[i].sh_flags & SHF_EXECINSTR)
			p[n++] = (struct piece){ sh[i].sh_offset,
						 sh[i].sh_size };
	return n;
}

static void put(size_t at, unsigned char byte)
{
	if (at < size && pwrite(fd, &byte, 1, (off_t)at) != 1)
		abort();
}

static int scan(void)
{
	static unsigned char search[16384], detail[4096];
	static struct patch_site sites[MAX_SITES];
	static Elf64_Phdr phdrs[PHDRS_MAX];
	struct patch_file file = {
		.fd = fd,
		.search = { .mem = search, .size = sizeof(search) },
		.detail = { .mem = detail, .size = sizeof(detail) },
	};
	struct patch_object obj = {
		.name = "hostile", .base = 0x7f1234560000, .phdr = phdrs,
		.exit_symbol = "main", .only_in = next() % 2 ? "main" : NULL,
		.any_shape = true, .file = &file,
	};
	Elf64_Ehdr e;

	if (pread(fd, &e, sizeof(e), 0) != sizeof(e) || e.e_phnum > PHDRS_MAX ||
	    pread(fd, phdrs, e.e_phnum * sizeof(*phdrs), (off_t)e.e_phoff) < 0)
		return 0;
	obj.phnum = e.e_phnum;
	return patch_scan(&obj, &nrs, sites, MAX_SITES);
}

static unsigned char any_byte(void)
{
	static const unsigned char odd[] = { 0, 1, 0x7f, 0x80, 0xff, 0x0f, 5 };

	return next() % 2 ? (unsigned char)next() : odd[next() % sizeof(odd)];
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_broken_objects_are_survived(void)
{
	struct piece pieces[32];
	size_t n = find_pieces(pieces), changed[64];
	double worst = 0;

	ok(scan() > 0, "unbroken it has sites");
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int changes = 1 + (unsigned int)(next() % 24);
		double begun;

		for (unsigned int i = 0; i < changes; i++) {
			const struct piece *p = &pieces[next() % n];

			changed[i] = p->at + (p->len ? next() % p->len : 0);
			put(changed[i], any_byte());
		}
		begun = seconds();
		scan();
		if (seconds() - begun > worst)
			worst = seconds() - begun;
		for (unsigned int i = 0; i < changes; i++)
			if (changed[i] < size)
				put(changed[i], good[changed[i]]);
	}
	diag("the longest scan of %d took %.1f ms", ROUNDS, worst * 1e3);
	ok(worst < 5, "each scan ended");
	ok(scan() > 0, "unbroken again it has sites");
}

/* A megabyte of nothing but the two bytes of a syscall instruction. */
static void test_suspicions_have_a_bound(void)
{
	static unsigned char all[1 << 20];
	const Elf64_Ehdr *e = (const void *)good;
	Elf64_Phdr *ph = (void *)(good + e->e_phoff);
	off_t end = (off_t)(size + 4095) & ~4095L;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = i % 2 ? 0x05 : 0x0f;
	for (int i = 0; i < e->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_X) {
			ph[i].p_offset = (Elf64_Off)end;
			ph[i].p_filesz = sizeof(all);
		}
	ok(pwrite(fd, all, sizeof(all), end) == sizeof(all) &&
	   pwrite(fd, good, size, 0) == (ssize_t)size, "text of suspicions");
	is_i64(scan(), -E2BIG, "is given up");
}

int main(void)
{
	patch_nrset_add(&nrs, 9);
	patch_nrset_add(&nrs, 11);
	read_self();
	test_broken_objects_are_survived();
	test_suspicions_have_a_bound();
	return done_testing();
}

/* Sites for the scan: of the usual shape, and of another. */
__asm__(".text\n"
	".type hostile_site, @function\n"
	"hostile_site:\n"
	".cfi_startproc\n"
	"mov $9, %eax; syscall; ret\n"
	"mov $11, %eax; mov %rcx, %r10; syscall; ret\n"
	".cfi_endproc\n"
	".size hostile_site, . - hostile_site\n");
