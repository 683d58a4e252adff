/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a trace's file; contracts in trace_read.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/trace_read.h"

static int refuse(const struct trace_reader *t, const char *why)
{
	complain("%s: %s", t->path, why);
	return -1;
}

static int map_file(struct trace_reader *t, int fd)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st))
		return refuse(t, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(t, "is no regular file");
	if ((size_t)st.st_size < sizeof(t->header))
		return refuse(t, "is too short for a trace");
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return refuse(t, strerror(errno));
	t->map = map;
	t->size = (size_t)st.st_size;
	return 0;
}

static int check_header(struct trace_reader *t)
{
	memcpy(&t->header, t->map, sizeof(t->header));
	if (memcmp(t->header.magic, TRACE_MAGIC, sizeof(t->header.magic)))
		return refuse(t, "is no trace of vmashadow's");
	if (t->header.version != TRACE_VERSION)
		return refuse(t, "is a trace of another version");
	if (t->header.bytes < sizeof(t->header) || t->header.bytes % 8 ||
	    t->header.bytes > t->size)
		return refuse(t, "has a damaged header");
	trace_rewind(t);
	return 0;
}

int trace_open(struct trace_reader *t, const char *path)
{
	int fd, err;

	*t = (struct trace_reader){ .path = path };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(t, strerror(errno));
	err = map_file(t, fd);
	close(fd);
	if (!err)
		err = check_header(t);
	if (err)
		trace_close(t);
	return err;
}

void trace_close(struct trace_reader *t)
{
	if (t->map)
		munmap((void *)t->map, t->size);
	t->map = NULL;
}

void trace_rewind(struct trace_reader *t)
{
	t->at = t->header.bytes;
	t->damage = NULL;
}

static bool damaged(struct trace_reader *t, const char *why)
{
	t->damage = why;
	return false;
}

bool trace_next(struct trace_reader *t, struct trace_item *item)
{
	struct trace_record r;
	size_t left = t->size - t->at, bytes, padded;

	if (t->damage || left < sizeof(r))
		return false;
	memcpy(&r, t->map + t->at, sizeof(r));
	if (!r.bytes_type)
		return false;
	bytes = r.bytes_type >> 8;
	padded = (bytes + 7) & ~(size_t)7;
	if (bytes > TRACE_PAYLOAD_MAX || padded > left - sizeof(r))
		return damaged(t, "a record does not fit the file");
	item->payload.at = t->map + t->at + sizeof(r);
	if (trace_check(r.bytes_type, (const uint64_t *)item->payload.at,
			(unsigned int)(padded / 8)) != r.check)
		return damaged(t, "a record is not what was written");
	item->type = r.bytes_type & 0xff;
	item->at = t->at;
	item->payload.end = item->payload.at + bytes;
	item->payload.bad = false;
	t->at += sizeof(r) + padded;
	return true;
}
