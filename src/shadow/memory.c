/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of our own.
 *
 * It must never merge with the program's and must be recognisable in maps. A
 * private mapping of a memfd is both on every kernel: another file never merges,
 * and maps prints "/memfd:vmashadow (deleted)". The first chunk also holds the
 * page that tells a fork child (MADV_WIPEONFORK works on anonymous memory only,
 * so the page lies between two pages of the memfd and has no other neighbour):
 *
 *	| memfd: 1 page | anonymous, wiped on fork | memfd: names, files ... |
 *
 * VMAs for an ordinary program lie in the library's own bss; chunks for more
 * are mapped in the reserve step, before the program's call is made.
 */
#include <errno.h>
#include <linux/memfd.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/buffers.h"
#include "shadow/shadow.h"
#include "shadow/trace.h"

#define FIRST_CHUNK  (32 * PAGE_SIZE)
#define SMALL_CHUNK  (32 * PAGE_SIZE)
#define LARGE_CHUNK  (512 * PAGE_SIZE)		/* 2 MiB: the design's limit */
#define CHUNKS_MAX   256
#define OWN_NAME     "/memfd:vmashadow (deleted)"

struct chunk {
	char *mem;
	size_t bytes;
};

uint32_t *memory_fork_word;
unsigned int memory_chunks;

/* Handed in by parts: a pool links all it gets, and so touches every page. */
#define FIRST_PART 96
static struct vm_area_struct first_vmas[4 * FIRST_PART];
static unsigned int nr_first;			/* of them handed in */
static struct chunk vma_chunks[CHUNKS_MAX];
static unsigned int nr_vma_chunks;
static struct mm_file own_files[CHUNKS_MAX];
static unsigned int nr_own_files;
static char *arena, *arena_end;
static size_t next_size = SMALL_CHUNK;

static void count_own(unsigned int calls_made)
{
	if (shadow.mode == SHADOW_LIVE)
		shadow.count.own += calls_made;
}

/* -errno or an address: @at, or any where that is 0. */
static long map_memfd(unsigned long at, size_t bytes, int prot)
{
	long fd, mem;

	fd = raw_sys2(SYS_memfd_create, "vmashadow", MFD_CLOEXEC);
	if (raw_is_error(fd))
		return fd;
	mem = raw_sys2(SYS_ftruncate, fd, bytes);
	if (!raw_is_error(mem)) {
		mem = raw_sys6(SYS_mmap, at, bytes, prot,
			       MAP_PRIVATE | (at ? MAP_FIXED_NOREPLACE : 0),
			       fd, 0);
		count_own(1);
	}
	raw_sys1(SYS_close, fd);
	return mem;
}

static void commit(struct mm_op *op)
{
	shadow_commit(op);
	trace_call(NULL, op, NULL);
}

/*
 * The new chunk is a mapping like any other: it goes into the mirror, too, but
 * not into one that is just being read.
 */
static void mirror_chunk(const struct chunk *c, int prot)
{
	unsigned long addr = (unsigned long)c->mem;
	struct mm_op *op = &shadow.own_op;
	struct mm_file *file;
	struct vma_view line = { .inode = 0 };

	if (shadow.mode != SHADOW_LIVE || shadow.rebuilding)
		return;
	file = &own_files[nr_own_files++];
	/* shadow_query() would overwrite the name that this memory is for */
	procmaps_query(&shadow.maps, addr, 0, NULL, 0, &line);
	*file = (struct mm_file){
		.inode = line.inode,
		.dev_major = line.dev_major,
		.dev_minor = line.dev_minor,
		.name = OWN_NAME,
		.name_len = sizeof(OWN_NAME) - 1,
		.ofd = ++shadow.mm.next_ofd,
		.flags = MM_FILE_UNIQUE | MM_FILE_OWN,
	};
	*op = (struct mm_op){
		.call = MM_MMAP, .len = c->bytes, .prot = prot,
		.flags = MAP_PRIVATE, .file = file, .own = true, .pkey = -1,
		.ret = (long)addr,
	};
	commit(op);
}

/* Nothing is asked before there is a mirror, nor of one that is just being read. */
static struct mm_op *mirror_begin(void)
{
	struct mm_op *op = &shadow.own_op;

	if (shadow.mode != SHADOW_LIVE || shadow.rebuilding)
		return NULL;
	count_own(1);
	*op = (struct mm_op){ .own = true, .pkey = -1 };
	return op;
}

void memory_mirror_map(unsigned long addr, size_t bytes, unsigned long flags,
		       unsigned long off)
{
	struct mm_op *op = mirror_begin();
	struct vma_view line;

	if (!op)
		return;
	op->call = MM_MMAP;
	op->len = bytes;
	op->prot = PROT_READ | PROT_WRITE;
	op->flags = flags;
	op->ret = (long)addr;
	op->off = off;
	op->file = shadow_file_at(addr, &line);
	if (op->file)
		op->file->flags |= MM_FILE_OWN;
	commit(op);
}

void memory_mirror_advice(unsigned long addr, size_t bytes, int advice)
{
	struct mm_op *op = mirror_begin();

	if (!op)
		return;
	op->call = MM_MADVISE;
	op->addr = addr;
	op->len = bytes;
	op->flags = (unsigned long)advice;
	commit(op);
}

void memory_mirror_unmap(unsigned long addr, size_t bytes)
{
	struct mm_op *op = mirror_begin();

	if (!op)
		return;
	op->call = MM_MUNMAP;
	op->addr = addr;
	op->len = bytes;
	commit(op);
}

#define CHUNK_PROT (PROT_READ | PROT_WRITE)

/*
 * Chunks lie far from where the kernel puts the program's mappings. A program
 * may unmap something and map it again at that very address (MAP_FIXED,
 * SHM_REMAP): alone in its address space it may rely on nobody having been
 * there. And what it maps itself comes where it would come without us.
 *
 *	image, heap ... | home + up to 1 TiB | ... mmap_base, stack
 */
#define HOME	    0x480000000000UL
#define HOME_SPREAD ((1UL << 40) - PAGE_SIZE)
#define HOME_TRIES  8

unsigned long memory_place(size_t bytes)
{
	static unsigned long next;		/* [lock] */
	unsigned long at;

	if (!next)	/* as random as where the loader put us */
		next = HOME + ((uintptr_t)&next & HOME_SPREAD);
	at = next;
	next += bytes + PAGE_SIZE;
	return at;
}

static struct chunk map_chunk(size_t bytes)
{
	struct chunk c = { NULL, bytes };
	long mem = -EEXIST;

	if (shadow.sealed || nr_own_files == CHUNKS_MAX)
		return c;
	for (unsigned int i = 0; i < HOME_TRIES && mem == -EEXIST; i++)
		mem = map_memfd(memory_place(bytes), bytes, CHUNK_PROT);
	if (mem == -EEXIST)
		mem = map_memfd(0, bytes, CHUNK_PROT);
	if (!raw_is_error(mem)) {
		c.mem = (char *)mem;
		memory_chunks++;
	}
	return c;
}

int memory_start(void)
{
	long mem = map_memfd(0, FIRST_CHUNK, CHUNK_PROT), page;

	if (raw_is_error(mem))
		return (int)mem;
	page = raw_sys6(SYS_mmap, mem + PAGE_SIZE, PAGE_SIZE,
			PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (raw_is_error(page))
		return (int)page;
	page = raw_sys3(SYS_madvise, mem + PAGE_SIZE, PAGE_SIZE, MADV_WIPEONFORK);
	if (raw_is_error(page))
		return (int)page;
	memory_fork_word = (uint32_t *)(mem + PAGE_SIZE);
	*memory_fork_word = 2;
	arena = (char *)mem + 2 * PAGE_SIZE;
	arena_end = (char *)mem + FIRST_CHUNK;
	return 0;
}

void *memory_alloc(size_t bytes)
{
	struct chunk c;
	void *mem;

	bytes = (bytes + 15) & ~15UL;
	if (bytes > (size_t)(arena_end - arena)) {
		size_t want = bytes > next_size ? PAGE_ALIGN(bytes) : next_size;

		c = map_chunk(want);
		if (!c.mem)
			return NULL;
		mirror_chunk(&c, CHUNK_PROT);
		arena = c.mem;
		arena_end = c.mem + c.bytes;
		next_size = LARGE_CHUNK / 4;
	}
	mem = arena;
	arena += bytes;
	return mem;
}

bool memory_spare_vmas(void)
{
	if (nr_first == ARRAY_SIZE(first_vmas))
		return false;
	mm_pool_add(&shadow.mm, first_vmas + nr_first,
		    FIRST_PART * sizeof(*first_vmas));
	nr_first += FIRST_PART;
	return true;
}

bool memory_more_vmas(void)
{
	static size_t size = SMALL_CHUNK;
	struct chunk c;

	if (memory_spare_vmas())
		return true;
	if (nr_vma_chunks == CHUNKS_MAX)
		return false;
	c = map_chunk(size);
	if (!c.mem)
		return false;
	if (size < LARGE_CHUNK)
		size *= 2;
	vma_chunks[nr_vma_chunks++] = c;
	mm_pool_add(&shadow.mm, c.mem, c.bytes);
	mirror_chunk(&c, CHUNK_PROT);	/* itself takes VMAs */
	return true;
}

#define CODE_GAP (16 * PAGE_SIZE)	/* between us and what is above */

unsigned long memory_code(unsigned long below, unsigned long top,
			  unsigned long reach, size_t bytes)
{
	const struct vm_area_struct *vma;
	struct chunk c = { NULL, bytes };
	unsigned long at = below;
	long mem;

	do {
		if (at < bytes + 2 * CODE_GAP)
			return 0;
		at -= bytes + CODE_GAP;
		vma = find_vma_intersection(&shadow.mm, at - CODE_GAP,
					    at + bytes + CODE_GAP);
		if (vma)
			at = vma->vm_start;
	} while (vma);
	if (top - at > reach || shadow.sealed || nr_own_files == CHUNKS_MAX ||
	    (shadow.mm.pool_free < MM_RESERVE && !memory_more_vmas()))
		return 0;
	mem = map_memfd(at, bytes, PROT_READ | PROT_EXEC);
	if (raw_is_error(mem))
		return 0;
	c.mem = (char *)mem;
	memory_chunks++;
	mirror_chunk(&c, PROT_READ | PROT_EXEC);
	return (unsigned long)mem;
}

void memory_reset_vmas(void)
{
	if (nr_first)
		mm_pool_add(&shadow.mm, first_vmas,
			    nr_first * sizeof(*first_vmas));
	else
		memory_spare_vmas();
	for (unsigned int i = 0; i < nr_vma_chunks; i++)
		mm_pool_add(&shadow.mm, vma_chunks[i].mem, vma_chunks[i].bytes);
}

bool memory_is_own(const struct vma_view *v)
{
	if (v->start == (unsigned long)memory_fork_word)
		return true;
	return v->name_len == sizeof(OWN_NAME) - 1 &&
	       !memcmp(v->name, OWN_NAME, sizeof(OWN_NAME) - 1);
}
