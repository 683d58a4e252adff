/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file system whose daemon is a thread of the very process that maps its file.
 * Before each answer the daemon maps and unmaps. Who populates a mapping waits in
 * the kernel for that answer, without the kernel's own lock: such a call must not
 * keep another from mapping. (Who writes to such a file or unmaps what is written
 * stands still for ever by the kernel's own doing.)
 *
 *	fuse DIRECTORY
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE  4096UL
#define SIZE  (16 * PAGE)
#define FILE_NODE 2

static int device;
static volatile unsigned long reads;
static char request[1 << 18];

static void answer(const struct fuse_in_header *in, int error, const void *data,
		   size_t n)
{
	static char out[1 << 18];
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + n), .error = error,
		.unique = in->unique,
	};

	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), data, n);
	if (write(device, out, head.len) < 0 && errno != ENOENT)
		perror("answer");
}

static void attributes(struct fuse_attr *a, uint64_t node)
{
	memset(a, 0, sizeof(*a));
	a->ino = node;
	a->nlink = 1;
	a->mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700;
	a->size = node == FILE_NODE ? SIZE : 0;
	a->uid = getuid();
	a->gid = getgid();
}

static void serve_lookup(const struct fuse_in_header *in)
{
	struct fuse_entry_out e = { .nodeid = FILE_NODE, .attr_valid = 100,
				    .entry_valid = 100 };

	attributes(&e.attr, FILE_NODE);
	answer(in, 0, &e, sizeof(e));
}

static void serve_read(const struct fuse_in_header *in)
{
	static const char zeros[1 << 17];

	reads++;
	answer(in, 0, zeros, ((const struct fuse_read_in *)(in + 1))->size);
}

static void serve(const struct fuse_in_header *in)
{
	struct fuse_init_out init = { .major = 7, .minor = 31,
				      .max_write = 1 << 16 };
	struct fuse_attr_out attr = { .attr_valid = 100 };
	struct fuse_open_out opened = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		answer(in, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		serve_lookup(in);
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		attributes(&attr.attr, in->nodeid);
		answer(in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(in, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		serve_read(in);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_FLUSH:
	case FUSE_FSYNC:
	case FUSE_RELEASE:
		answer(in, 0, NULL, 0);
		break;
	default:
		answer(in, -ENOSYS, NULL, 0);
	}
}

static void *serve_all(void *arg)
{
	(void)arg;
	while (read(device, request, sizeof(request)) > 0) {
		char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		p[0] = 1;
		munmap(p, 2 * PAGE);
		serve((const void *)request);
	}
	return NULL;
}

static void must(int good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

static void use(const char *folder)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/file", folder);
	for (int i = 0; i < 20; i++) {
		char *p;

		fd = open(path, O_RDONLY);	/* and nothing is cached yet */
		must(fd >= 0, "open");
		p = mmap(NULL, SIZE, PROT_READ,
			 MAP_SHARED | (i % 2 ? MAP_POPULATE : 0), fd, 0);
		must(p != MAP_FAILED, "mmap");
		if (i % 2 == 0)
			must(!mlock(p, SIZE), "mlock");
		must(!munmap(p + PAGE, PAGE), "munmap");
		must(!munmap(p, SIZE), "munmap");
		close(fd);
	}
	must(reads >= 20, "reads that somebody waited for");
}

/* Whatever stands still ends when the file system is taken away. */
static void watch(const char *folder)
{
	pid_t parent = getppid();

	for (int i = 0; i < 200 && getppid() == parent; i++)
		usleep(50000);
	if (getppid() == parent) {
		umount2(folder, MNT_FORCE);
		umount2(folder, MNT_DETACH);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ".";
	pthread_t daemon;
	char options[128];

	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%d,group_id=%d", device,
		 (int)getuid(), (int)getgid());
	if (device < 0 || mount("vmashadow", folder, "fuse.vmashadow",
				MS_NOSUID | MS_NODEV, options)) {
		printf("file systems of our own are not for us\n");
		return 77;
	}
	if (!fork()) {
		close(device);
		watch(folder);
	}
	must(!pthread_create(&daemon, NULL, serve_all, NULL), "a thread");
	use(folder);
	must(!umount2(folder, MNT_DETACH), "umount");
	close(device);
	puts("done");
	return 0;
}
