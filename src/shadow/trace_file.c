/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace's file; contracts in trace_file.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/door.h"
#include "shadow/trace_file.h"
#include "shadow/who.h"

#define RING	 (256 * 1024UL)
#define PIECE	 (512 * 1024UL)
#define PIECES	 2		/* mapped at a time: one is filled, one waits */
#define AHEAD	 (2 * TRACE_PAYLOAD_MAX)
#define NAMES_TRIED 1000

struct piece {
	uint8_t *mem;			/* NULL: not mapped */
	uint64_t start;			/* bytes into the file */
};

static uint8_t ring[RING];
static uint64_t head;			/* [lock] bytes of the file made so far */
static uint64_t tail;			/* copied so far */
static uint64_t allocated;		/* [lock] bytes of the file mapped so far */
static struct piece pieces[PIECES];
static uint32_t flushing;
static bool lost, full;			/* [lock] */

static char path[SINK_PATH + 8];
static uint64_t dev, ino;

/* --- the file ---------------------------------------------------------------- */

static void complain(const char *what, long error)
{
	static char line[SINK_PATH + 128];
	struct fmt f;

	fmt_init(&f, line, sizeof(line));
	fmt_str(&f, "trace=");
	fmt_str(&f, path);
	fmt_str(&f, what);
	fmt_s64(&f, -error);
	shadow_say_words(line);
}

/* The program may change its folder. */
static bool expand_path(void)
{
	size_t at = 0;
	long n;

	if (shadow.options.trace[0] != '/') {
		n = raw_sys2(SYS_getcwd, path, SINK_PATH / 2);
		if (raw_is_error(n) || path[0] != '/')
			return false;
		at = (size_t)n - 1;
		path[at++] = '/';
	}
	return !options_expand(path + at, SINK_PATH - at, shadow.options.trace,
			       shadow.pid, str_base(shadow.program));
}

static long create(void)
{
	size_t len = str_len(path);
	long fd = -EEXIST;
	struct fmt f;

	for (unsigned int i = 0; i < NAMES_TRIED && fd == -EEXIST; i++) {
		fmt_init(&f, path + len, sizeof(path) - len);
		if (i) {
			fmt_char(&f, '.');
			fmt_u64(&f, i);
		}
		fd = raw_sys3(SYS_open, path, O_RDWR | O_CREAT | O_EXCL |
			      O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	return fd;
}

static long remember(long fd)
{
	struct stat st;
	long err = raw_sys2(SYS_fstat, fd, &st);

	dev = st.st_dev;
	ino = st.st_ino;
	return err;
}

/* The same file again, by its name: no descriptor was kept. */
static long reopen(void)
{
	struct stat st;
	long fd = raw_sys3(SYS_open, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);

	if (raw_is_error(fd))
		return fd;
	if (!raw_sys2(SYS_fstat, fd, &st) && st.st_dev == dev &&
	    st.st_ino == ino)
		return fd;
	raw_sys1(SYS_close, fd);
	return -ESTALE;
}

/* Blocks of the disk for it; where the file system cannot, zeros do. */
static long allocate(long fd, uint64_t start)
{
	static const uint8_t zeros[PAGE_SIZE];
	long err = raw_sys4(SYS_fallocate, fd, 0, start, PIECE);

	if (err != -EOPNOTSUPP)
		return err;
	for (uint64_t at = start; at < start + PIECE; at += PAGE_SIZE) {
		err = raw_sys4(SYS_pwrite64, fd, zeros, PAGE_SIZE, at);
		if (raw_is_error(err))
			return err;
	}
	return 0;
}

/* --- the pieces --------------------------------------------------------------- */

static long map_piece(struct piece *p, long fd)
{
	long mem = allocate(fd, allocated);

	if (!raw_is_error(mem))
		mem = raw_sys6(SYS_mmap, memory_place(PIECE), PIECE,
			       PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED_NOREPLACE, fd, allocated);
	if (raw_is_error(mem))
		return mem;
	p->start = allocated;
	allocated += PIECE;
	memory_mirror_map((unsigned long)mem, PIECE, MAP_SHARED, p->start);
	/* a child has no business with it */
	if (!raw_sys3(SYS_madvise, mem, PIECE, MADV_DONTFORK))
		memory_mirror_advice((unsigned long)mem, PIECE, MADV_DONTFORK);
	__atomic_store_n(&p->mem, (uint8_t *)mem, __ATOMIC_RELEASE);
	return 0;
}

static void unmap_piece(struct piece *p)
{
	unsigned long mem = (unsigned long)p->mem;

	p->mem = NULL;
	if (!raw_sys2(SYS_munmap, mem, PIECE))
		memory_mirror_unmap(mem, PIECE);
}

static struct piece *free_piece(void)
{
	uint64_t copied = __atomic_load_n(&tail, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < PIECES; i++) {
		if (pieces[i].mem && pieces[i].start + PIECE <= copied)
			unmap_piece(&pieces[i]);
		if (!pieces[i].mem)
			return &pieces[i];
	}
	return NULL;
}

bool trace_file_reserve(void)
{
	struct piece *p;
	long fd, err;

	if (likely(head + AHEAD < allocated) || full || shadow.sealed)
		return false;
	while (shadow.mm.pool_free < MM_RESERVE)
		if (!memory_more_vmas())
			return false;
	p = free_piece();
	if (!p)
		return false;
	fd = reopen();
	err = raw_is_error(fd) ? fd : map_piece(p, fd);
	if (!raw_is_error(fd))
		raw_sys1(SYS_close, fd);
	if (err) {
		full = true;
		complain(" ends here, errno ", err);
	}
	return !err;
}

static void write_header(long fd)
{
	struct trace_header h = {
		.magic = TRACE_MAGIC, .version = TRACE_VERSION,
		.bytes = sizeof(h), .pid = shadow.pid, .ticks = who_now(),
	};
	struct timespec t = { .tv_sec = 0 };

	raw_sys2(SYS_clock_gettime, CLOCK_REALTIME, &t);
	h.wall_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	raw_sys4(SYS_pwrite64, fd, &h, sizeof(h), 0);
}

bool trace_file_open(void)
{
	long fd, err;

	if (!expand_path()) {
		complain(" is no path, errno ", -ENAMETOOLONG);
		return false;
	}
	fd = create();
	if (raw_is_error(fd)) {
		complain(" cannot be created, errno ", fd);
		return false;
	}
	head = tail = sizeof(struct trace_header);
	allocated = 0;
	lost = full = false;
	err = remember(fd);
	if (!err)
		err = map_piece(&pieces[0], fd);
	if (!err)
		write_header(fd);
	raw_sys1(SYS_close, fd);
	if (err)
		complain(" cannot be written, errno ", err);
	return !err;
}

void trace_file_forget(void)
{
	for (unsigned int i = 0; i < PIECES; i++)
		pieces[i].mem = NULL;
	flushing = 0;
}

/* --- the ring ------------------------------------------------------------------ */

static void put(uint64_t at, const void *bytes, size_t n)
{
	size_t from = at % RING, first = RING - from;

	if (first > n)
		first = n;
	memcpy(ring + from, bytes, first);
	memcpy(ring, (const uint8_t *)bytes + first, n - first);
}

void trace_file_add(const struct trace_record *r, const uint64_t *payload,
		    size_t bytes)
{
	uint64_t waiting = head - __atomic_load_n(&tail, __ATOMIC_ACQUIRE);

	if (lost || waiting + sizeof(*r) + bytes > RING ||
	    head + sizeof(*r) + bytes > allocated) {
		lost = true;
		return;
	}
	put(head, r, sizeof(*r));
	put(head + sizeof(*r), payload, bytes);
	__atomic_store_n(&head, head + sizeof(*r) + bytes, __ATOMIC_RELEASE);
}

void trace_file_lost(void)
{
	lost = true;
}

bool trace_file_was_lost(void)
{
	uint64_t waiting = head - __atomic_load_n(&tail, __ATOMIC_ACQUIRE);

	if (!lost || waiting > RING / 4 || head + AHEAD > allocated)
		return false;
	lost = false;
	return true;
}

/* The piece that holds byte @at of the file, and how much of it from there. */
static uint8_t *place(uint64_t at, size_t *room)
{
	for (unsigned int i = 0; i < PIECES; i++) {
		uint8_t *mem = __atomic_load_n(&pieces[i].mem, __ATOMIC_ACQUIRE);

		if (!mem || at < pieces[i].start ||
		    at >= pieces[i].start + PIECE)
			continue;
		*room = pieces[i].start + PIECE - at;
		return mem + (at - pieces[i].start);
	}
	return NULL;
}

/* Backwards: the first word of all that is copied comes last. */
static void copy_out(uint8_t *to, uint64_t from, size_t n)
{
	while (n) {
		n -= 8;
		__atomic_store_n((uint64_t *)(to + n),
				 *(uint64_t *)(ring + (from + n) % RING),
				 __ATOMIC_RELAXED);
		__asm__ volatile("" ::: "memory");
	}
}

static void flush(uint64_t end)
{
	while (tail < end) {
		size_t n = end - tail, room;
		uint8_t *to = place(tail, &room);

		if (!to)
			return;
		copy_out(to, tail, n < room ? n : room);
		__atomic_store_n(&tail, tail + (n < room ? n : room),
				 __ATOMIC_RELEASE);
	}
}

static bool waiting(void)
{
	return __atomic_load_n(&head, __ATOMIC_ACQUIRE) !=
	       __atomic_load_n(&tail, __ATOMIC_ACQUIRE);
}

void trace_file_flush(void)
{
	for (unsigned int i = 0; i < 4 && waiting(); i++) {
		if (__atomic_exchange_n(&flushing, 1, __ATOMIC_SEQ_CST))
			return;
		flush(__atomic_load_n(&head, __ATOMIC_ACQUIRE));
		__atomic_store_n(&flushing, 0, __ATOMIC_SEQ_CST);
	}
}

void trace_file_drain(void)
{
	if (__atomic_exchange_n(&flushing, 1, __ATOMIC_SEQ_CST))
		return;
	flush(head);
	__atomic_store_n(&flushing, 0, __ATOMIC_SEQ_CST);
}
