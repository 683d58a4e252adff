/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Late code: text that appears while the program runs is scanned before the call
 * that made it executable has returned, so before it can run. The scan reads
 * the file, not the mapping, whose other parts may not be there yet (ld.so maps
 * text before data) and whose pages would become the program's.
 *
 * None of this holds the mirror's lock: reading a file may wait for whoever
 * serves the file system. A lock of its own serialises scans, with all signals
 * blocked and on a stack of ours. Zydis and the search use vector registers,
 * which are the program's here: they are saved around it.
 *
 * Only private mappings of files count. What is written to a shared one would be
 * written to the file; what has no file is no object.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "base/switch.h"
#include "intercept/intercept.h"
#include "intercept/object.h"

#define LATE_STACK (48 * 1024)
#define PHDRS_MAX  32
#define TEXTS_MAX  4		/* mappings that one mprotect makes text */

/* One mapping that is text now. */
struct text {
	unsigned long start, end, off;	/* bytes; off: into the file */
	int fd;
};

/* --- whose turn it is ------------------------------------------------------------ */

#define TURN_WAIT_NS  100000L
#define TURN_TRIES    20000	/* two seconds in all */

static uint32_t turn;		/* pid of the process that scans, 0: nobody */

/* What is left of a thread that a fork did not bring along is nobody. */
static bool take_turn(void)
{
	const struct timespec wait = { 0, TURN_WAIT_NS };

	for (unsigned int i = 0; i < TURN_TRIES; i++) {
		uint32_t who = __atomic_load_n(&turn, __ATOMIC_RELAXED);

		if ((!who || who != (uint32_t)shadow.pid) &&
		    __atomic_compare_exchange_n(&turn, &who,
						(uint32_t)shadow.pid, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		raw_sys2(SYS_nanosleep, &wait, NULL);
	}
	return false;
}

static void give_turn(void)
{
	__atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
}

/* --- vector registers ------------------------------------------------------------ */

/* SSE, AVX and AVX-512: what code of ours, of Zydis or of libc's may use. */
#define VECTOR_STATE 0xe6
#define XSAVE_SIZE   2688	/* of these, in the standard form */

static unsigned char vectors[XSAVE_SIZE] __attribute__((aligned(64)));

static bool has_xsave(void)
{
	static int known;
	uint32_t a = 1, b, c = 0, d;

	if (!known) {
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
		known = c & 1U << 27 ? 1 : -1;
	}
	return known > 0;
}

static void save_vectors(void)
{
	if (has_xsave())
		__asm__ volatile("xsave64 %0" : "=m"(vectors)
				 : "a"(VECTOR_STATE), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 %0" : "=m"(vectors) : : "memory");
}

static void restore_vectors(void)
{
	if (has_xsave())
		__asm__ volatile("xrstor64 %0" : : "m"(vectors),
				 "a"(VECTOR_STATE), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 %0" : : "m"(vectors) : "memory");
}

/* --- one object -------------------------------------------------------------------- */

/* All of this: whose turn it is. */
static struct patch_site sites[SITES_MAX];
static ElfW(Phdr) phdrs[PHDRS_MAX];
static char name[4096];
static char stack[LATE_STACK] __attribute__((aligned(16)));

static bool read_at(int fd, void *to, size_t n, uint64_t offset)
{
	return raw_sys4(SYS_pread64, fd, to, n, offset) == (long)n;
}

/*
 * The object that the mapping is a part of: its headers say which segment lies
 * there, and so where the object begins.
 */
static bool read_object(const struct text *t, struct patch_object *obj)
{
	ElfW(Ehdr) e;

	if (!read_at(t->fd, &e, sizeof(e), 0) ||
	    memcmp(e.e_ident, ELFMAG, SELFMAG) ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_machine != EM_X86_64 ||
	    e.e_phentsize != sizeof(*phdrs) || !e.e_phnum ||
	    e.e_phnum > PHDRS_MAX ||
	    !read_at(t->fd, phdrs, e.e_phnum * sizeof(*phdrs), e.e_phoff))
		return false;
	for (unsigned int i = 0; i < e.e_phnum; i++) {
		const ElfW(Phdr) *ph = &phdrs[i];

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X) ||
		    ph->p_offset + ph->p_filesz <= t->off ||
		    ph->p_offset >= t->off + (t->end - t->start))
			continue;
		*obj = (struct patch_object){
			.name = name, .phdr = phdrs, .phnum = e.e_phnum,
			.base = t->start + ph->p_offset - t->off - ph->p_vaddr,
			.text_start = t->start, .text_end = t->end,
		};
		return true;
	}
	return false;
}

static void read_name(int fd)
{
	static char path[32];
	struct fmt f;
	long n;

	fmt_init(&f, path, sizeof(path));
	fmt_str(&f, "/proc/self/fd/");
	fmt_u64(&f, (uint64_t)fd);
	n = raw_sys3(SYS_readlink, path, name, sizeof(name) - 1);
	name[raw_is_error(n) ? 0 : n] = '\0';
}

static uint64_t now_ns(void)
{
	struct timespec ts = { 0, 0 };

	raw_sys2(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct found {
	const struct patch_object *obj;
	int n;
	uint64_t ns;
};

static long found_errand(void *arg)
{
	const struct found *f = arg;

	object_wrote(sites, f->n);
	shadow_say_object(f->obj, sites, (size_t)f->n, f->ns);
	return 0;
}

static void patch_text(const struct text *t)
{
	uint64_t begun = now_ns();
	struct patch_object obj;
	struct found f = { .obj = &obj };

	if (!read_object(t, &obj))
		return;
	read_name(t->fd);
	f.n = object_patch(&obj, t->fd, sites);
	if (f.n <= 0)
		return;
	f.ns = now_ns() - begun;
	for (unsigned int i = 0; i < TURN_TRIES; i++)
		if (shadow_with_lock(found_errand, &f) != -EBUSY)
			break;
}

/* --- what the call made text --------------------------------------------------------- */

/* From the mirror, which holds the names of files. */
struct changed {
	unsigned long start, end;
	struct text text;
	uint64_t inode;
};

static long changed_errand(void *arg)
{
	struct changed *c = arg;
	const struct vm_area_struct *vma = shadow_find_text(c->start, c->end);

	if (!vma)
		return 0;
	c->text = (struct text){
		vma->vm_start, vma->vm_end, vma->vm_pgoff << PAGE_SHIFT, -1,
	};
	c->start = vma->vm_end;
	c->inode = vma->vm_file->inode;
	str_copy(name, sizeof(name), vma->vm_file->name);
	return 1;
}

/* By name, and only if that still is the file. */
static int open_file(uint64_t inode)
{
	struct stat st;
	long fd = raw_sys4(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);

	if (raw_is_error(fd))
		return -1;
	if (!raw_sys2(SYS_fstat, fd, &st) && st.st_ino == inode &&
	    S_ISREG(st.st_mode))
		return (int)fd;
	raw_sys1(SYS_close, fd);
	return -1;
}

static void patch_changed(struct changed *c)
{
	for (unsigned int i = 0; i < TEXTS_MAX; i++) {
		if (shadow_with_lock(changed_errand, c) != 1)
			return;
		c->text.fd = name[0] == '/' ? open_file(c->inode) : -1;
		if (c->text.fd < 0)
			continue;
		patch_text(&c->text);
		raw_sys1(SYS_close, c->text.fd);
	}
}

static long late(void *arg)
{
	const struct door *d = arg;
	const long *a = d->regs->arg;

	save_vectors();
	if (d->info->op == MM_MMAP) {
		struct text t = { (unsigned long)d->ret,
				  PAGE_ALIGN(d->ret + a[1]),
				  (unsigned long)a[5], (int)a[4] };

		patch_text(&t);
	} else {
		struct changed c = { .start = (unsigned long)a[0],
				     .end = (unsigned long)a[0] +
					    (unsigned long)a[1] };

		patch_changed(&c);
	}
	restore_vectors();
	return 0;
}

/* --- from the door -------------------------------------------------------------------- */

static bool makes_text(const struct door *d)
{
	const long *a = d->regs->arg;

	if (!(a[2] & PROT_EXEC) || raw_is_error(d->ret))
		return false;
	if (d->info->op == MM_MPROTECT)
		return !d->no_text;
	return d->info->op == MM_MMAP && !(a[3] & MAP_ANONYMOUS) &&
	       (a[3] & MAP_TYPE) == MAP_PRIVATE;
}

void intercept_late(struct door *d)
{
	uint64_t all = ~0UL, mask;

	if (!makes_text(d) || shadow.mode != SHADOW_LIVE || shadow.sealed ||
	    shadow.options.intercept == OPTIONS_INTERCEPT_SYMBOL)
		return;
	raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(mask));
	if (take_turn()) {
		vs_call_on_stack(late, d, stack + LATE_STACK);
		give_turn();
	}
	raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	shadow_log_flush();
}

/* --- what is there at start -------------------------------------------------------------- */

static bool holds_us(const struct dl_phdr_info *info)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && (uintptr_t)intercept_late -
		    (info->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
			return true;
	}
	return false;
}

static int patch_loaded(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *path = info->dlpi_name[0] ? info->dlpi_name :
			   "/proc/self/exe";
	struct patch_object obj = {
		.name = info->dlpi_name[0] ? info->dlpi_name : shadow.program,
		.base = info->dlpi_addr, .phdr = info->dlpi_phdr,
		.phnum = info->dlpi_phnum,
	};
	const struct vm_area_struct *vma;
	int fd, n;

	(void)size;
	(void)arg;
	if (holds_us(info) || object_family(obj.name) != OBJECT_OTHER)
		return 0;
	vma = find_vma(&shadow.mm, (uintptr_t)info->dlpi_phdr);
	if (!vma || !vma->vm_file || path[0] != '/')
		return 0;
	str_copy(name, sizeof(name), path);
	fd = open_file(vma->vm_file->inode);
	if (fd < 0)
		return 0;
	obj.text_end = UINTPTR_MAX;
	n = object_patch(&obj, fd, sites);
	raw_sys1(SYS_close, fd);
	object_wrote(sites, n);
	for (int i = 0; i < n; i++)
		shadow_say_site(&obj, &sites[i]);
	return 0;
}

void intercept_objects(void)
{
	dl_iterate_phdr(patch_loaded, NULL);
}
