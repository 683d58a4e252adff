/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the text of maps, smaps and stat; contracts in source.h. */
#include <errno.h>
#include <fcntl.h>

#include "base/raw_syscall.h"
#include "procmaps/source.h"

/* What one read of maps returns at the most, whatever is asked for. */
#define CHUNK_MAX 4096

static long open_own(const char *path)
{
	return raw_sys4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

static int ensure_open(struct procmaps_source *s)
{
	long fd;

	if (!own_fd_check(&s->maps))
		return 0;
	s->maps.fd = -1;
	if (s->frozen)
		return -EBADF;
	fd = open_own("/proc/thread-self/maps");
	if (raw_is_error(fd))
		return (int)fd;
	return own_fd_take(&s->maps, (int)fd);
}

int procmaps_open(struct procmaps_source *s, char *scratch, size_t size)
{
	*s = (struct procmaps_source){
		.maps = { .fd = -1 },
		.scratch = scratch,
		.scratch_size = size,
	};
	return ensure_open(s);
}

void procmaps_close(struct procmaps_source *s)
{
	own_fd_drop(&s->maps);
}

int procmaps_reopen(struct procmaps_source *s)
{
	procmaps_close(s);
	return ensure_open(s);
}

static long read_at(int fd, char *buf, size_t size, uint64_t at)
{
	long n;

	do {
		n = raw_sys4(SYS_pread64, fd, buf, size, at);
	} while (n == -EINTR);
	return n;
}

int procmaps_begin(struct procmaps_cursor *c, struct procmaps_source *s,
		   char *buf, size_t size)
{
	size_t chunk = size / 2 < CHUNK_MAX ? size / 2 : CHUNK_MAX;

	if (size < PROCMAPS_BUF_MIN)
		return -EINVAL;
	*c = (struct procmaps_cursor){
		.source = s,
		.chunk = buf,
		.chunk_size = chunk,
	};
	procmaps_parser_init(&c->parser, buf + chunk, size - chunk);
	return ensure_open(s);
}

/*
 * A read goes through the thread that opened the file, and says -ESRCH when that
 * has ended (fs/proc/task_mmu.c:m_start()); any other thread's file shows the
 * same text and takes over where this one stood.
 */
static int refill(struct procmaps_cursor *c)
{
	struct procmaps_source *s = c->source;
	long n = read_at(s->maps.fd, c->chunk, c->chunk_size, c->at);
	int err;

	if (n == -ESRCH && !s->frozen) {
		err = procmaps_reopen(s);
		if (err)
			return err;
		n = read_at(s->maps.fd, c->chunk, c->chunk_size, c->at);
	}
	if (raw_is_error(n))
		return (int)n;
	c->at += (uint64_t)n;
	c->end = n == 0;
	procmaps_feed(&c->parser, c->chunk, (size_t)n);
	return 0;
}

int procmaps_read(struct procmaps_cursor *c, struct vma_view *out)
{
	for (;;) {
		int ret = procmaps_next(&c->parser, out);

		if (ret)
			return ret;
		if (c->end)
			return procmaps_finish(&c->parser);
		ret = refill(c);
		if (ret)
			return ret;
	}
}

int procmaps_each(struct procmaps_source *s, char *buf, size_t size,
		  int (*callback)(void *ctx, const struct vma_view *v),
		  void *ctx)
{
	struct procmaps_cursor c;
	struct vma_view v;
	int ret = procmaps_begin(&c, s, buf, size);

	if (ret)
		return ret;
	while ((ret = procmaps_read(&c, &v)) > 0) {
		ret = callback(ctx, &v);
		if (ret)
			return ret;
	}
	return ret;
}

int procmaps_each_smaps(char *buf, size_t size,
			int (*callback)(void *ctx, const struct smaps_entry *e),
			void *ctx)
{
	size_t part = size / 5;
	struct smaps_entry e;
	struct smaps_parser p;
	uint64_t at = 0;
	long fd, n;
	int ret;

	if (size < PROCMAPS_BUF_MIN)
		return -EINVAL;
	fd = open_own("/proc/thread-self/smaps");
	if (raw_is_error(fd))
		return (int)fd;
	smaps_parser_init(&p, buf + 2 * part, 2 * part, buf + 4 * part, part);
	while ((n = read_at((int)fd, buf, 2 * part, at)) > 0) {
		at += (uint64_t)n;
		smaps_feed(&p, buf, (size_t)n);
		while ((ret = smaps_next(&p, &e)) > 0) {
			ret = callback(ctx, &e);
			if (ret)
				goto out_close;
		}
		if (ret)
			goto out_close;
	}
	ret = n ? (int)n : smaps_finish(&p);
out_close:
	raw_sys1(SYS_close, fd);
	return ret;
}

int procmaps_read_stat(struct procmaps_stat *out, char *buf, size_t size)
{
	long fd = open_own("/proc/thread-self/stat");
	long n;

	if (raw_is_error(fd))
		return (int)fd;
	n = read_at((int)fd, buf, size, 0);
	raw_sys1(SYS_close, fd);
	if (raw_is_error(n))
		return (int)n;
	return procmaps_parse_stat(buf, (size_t)n, out);
}
