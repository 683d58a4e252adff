/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process of a run: what it may map, which limits it has, and the mirror as
 * it is before the first call.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "diff.h"
#include "procmaps/source.h"
#include "shadow/probe.h"

#define POOL		6000
#define MOST		65600	/* vm.max_map_count, about */
#define SPARE		24	/* mappings left, where there are many */
#define FILES		512
#define FILE_PAGES	16
#define LEGACY_BASE	0x2aaaaaaab000UL	/* that is not randomised */
#define LOCK_LIMIT	(96UL << 10)

struct world world;

static struct vm_area_struct pool[POOL + MOST];
static struct mm_file files[FILES];
static char names[64][128];	/* interned: the mirror keeps pointers */
static char smaps_buf[2 * PROCMAPS_BUF];
static char *const file_dir = ".";

/* --- struct mm_file -------------------------------------------------------- */

static void release(struct mm_struct *mm, struct mm_file *file)
{
	(void)mm;
	if (!(file->flags & (MM_FILE_UNIQUE | MM_FILE_SPECIAL)))
		return;
	file->name_len = 0;
}

static const char *intern(const char *name, uint32_t len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names) && names[i][0]; i++)
		if (str_len(names[i]) == len && !memcmp(names[i], name, len))
			return names[i];
	if (i == ARRAY_SIZE(names) || len >= sizeof(names[i]))
		return NULL;
	memcpy(names[i], name, len);
	return names[i];
}

struct mm_file *world_file(const struct vma_view *v)
{
	const char *name = intern(v->name, v->name_len);
	unsigned int i;

	for (i = 0; i < FILES; i++)
		if (!files[i].name_len)
			break;
	if (i == FILES || !name)
		return NULL;
	files[i] = (struct mm_file){
		.inode = v->inode,
		.dev_major = v->dev_major,
		.dev_minor = v->dev_minor,
		.name = name,
		.name_len = v->name_len,
		.ofd = ++world.mm.next_ofd,
	};
	return &files[i];
}

/* A descriptor's file, as maps will show it. */
static struct mm_file *mirror_of(int fd)
{
	char link[32], name[256];
	struct vma_view v = { .name = name };
	struct stat st;
	struct fmt f;
	ssize_t n;

	fmt_init(&f, link, sizeof(link));
	fmt_str(&f, "/proc/self/fd/");
	fmt_u64(&f, fd);
	n = readlink(link, name, sizeof(name));
	if (n < 0 || fstat(fd, &st) < 0)
		return NULL;
	v.name_len = n;
	v.inode = st.st_ino;
	v.dev_major = major(st.st_dev);
	v.dev_minor = minor(st.st_dev);
	return world_file(&v);
}

static void add_file(int fd, const char *path, int flags, uint32_t mirror_flags)
{
	struct file *file = &world.files[world.nr_files++];

	file->fd = path ? open(path, flags) : fd;
	file->unwritable = (flags & O_ACCMODE) == O_RDONLY;
	file->mirror = mirror_of(file->fd);
	if (file->mirror)
		file->mirror->flags |= mirror_flags;
}

/*
 * Where maps shows other numbers than fstat, or each mapping has a file of its
 * own, memfds stand in for files on disk.
 */
static bool disk_is_plain(uint32_t *align)
{
	struct statfs fs;

	if (statfs(file_dir, &fs) < 0)
		return false;
	*align = 0;
	switch ((unsigned long)fs.f_type) {
	case 0xef53:		/* ext4 */
	case 0x58465342:	/* xfs */
		*align = MM_FILE_THP_ALIGN;
		return true;
	case 0x01021994:	/* tmpfs */
		*align = MM_FILE_ANON_SHM;
		return true;
	}
	return false;
}

static int disk_file(char *path, const char *name, uint32_t *flags)
{
	bool plain = disk_is_plain(flags);
	int fd;

	strcpy(path, file_dir);
	strcat(path, "/oracle-XXXXXX");
	fd = plain ? mkstemp(path) : memfd_create(name, 0);
	if (!plain)
		*flags = MM_FILE_ANON_SHM;
	if (fd >= 0 && ftruncate(fd, FILE_PAGES * PAGE_SIZE) < 0)
		fd = -1;
	return fd;
}

static void reopen(int fd, int flags, uint32_t mirror_flags)
{
	char link[32];
	struct fmt f;

	fmt_init(&f, link, sizeof(link));
	fmt_str(&f, "/proc/self/fd/");
	fmt_u64(&f, fd);
	add_file(-1, link, flags, mirror_flags);
}

static void forget(int index)
{
	struct mm_file *mirror = world.files[index].mirror;

	world.files[index].mirror = NULL;
	if (mirror)
		mirror->name_len = 0;
}

static int open_files(void)
{
	char a_path[256], b_path[256];
	int a, b, m;
	uint32_t flags;

	a = disk_file(a_path, "a", &flags);
	b = disk_file(b_path, "b", &flags);
	m = memfd_create("m", 0);
	if (a < 0 || b < 0 || m < 0 || ftruncate(m, FILE_PAGES * PAGE_SIZE))
		return -1;
	unlink(a_path);
	unlink(b_path);
	add_file(a, NULL, O_RDWR, flags);
	reopen(a, O_RDWR, flags);
	add_file(dup(a), NULL, O_RDWR, flags);
	forget(2);
	world.files[2].mirror = world.files[0].mirror;
	reopen(a, O_RDONLY, flags);
	add_file(b, NULL, O_RDWR, flags);
	add_file(m, NULL, O_RDWR, MM_FILE_ANON_SHM);
	reopen(m, O_RDWR, MM_FILE_ANON_SHM);
	reopen(m, O_RDONLY, MM_FILE_ANON_SHM);
	add_file(-1, "/dev/zero", O_RDWR, MM_FILE_ZERO);
	/* Three that cannot be mapped at all, each for its own reason. */
	reopen(a, O_WRONLY, 0);
	forget(9);
	add_file(-1, ".", O_RDONLY, 0);
	forget(10);
	world.files[world.nr_files++].fd = 999;
	world.zero_fd = open("/dev/zero", O_RDONLY);
	world.scratch_fd = memfd_create("scratch", 0);
	return 0;
}

static void know_segments(void)
{
	const char *text = getenv("ORACLE_SEGMENTS");

	world.shmid[0] = world.shmid[1] = -1;
	if (text)
		sscanf(text, "%d %lu %d %lu", &world.shmid[0],
		       &world.shm_len[0], &world.shmid[1], &world.shm_len[1]);
}

/* --- limits ---------------------------------------------------------------- */

static void drop_ipc_lock(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (raw_sys2(SYS_capget, &head, data))
		return;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	raw_sys2(SYS_capset, &head, data);
}

static bool has_ipc_lock(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	return !raw_sys2(SYS_capget, &head, data) &&
	       data[0].effective & 1U << CAP_IPC_LOCK;
}

static void set_limit(int resource, unsigned long bytes)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = bytes;
	setrlimit(resource, &limit);
}

static unsigned long get_limit(int resource)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) ? ~0UL : limit.rlim_cur;
}

/* Some seeds live under a limit that is met now and then. */
static void choose_limits(uint64_t seed)
{
	switch (seed % 8) {
	case 1:
		set_limit(RLIMIT_AS, 72UL << 20);
		break;
	case 2:
		set_limit(RLIMIT_DATA, 36UL << 20);
		break;
	case 3:
		set_limit(RLIMIT_MEMLOCK, LOCK_LIMIT);
		drop_ipc_lock();
		break;
	case 4:
		set_limit(RLIMIT_MEMLOCK, 0);
		drop_ipc_lock();
		break;
	case 5:
		set_limit(RLIMIT_STACK, 64UL << 10);
		break;
	}
}

void know_limits(struct mm_struct *mm)
{
	mm->rlim.as = get_limit(RLIMIT_AS);
	mm->rlim.data = get_limit(RLIMIT_DATA);
	mm->rlim.stack = get_limit(RLIMIT_STACK);
	mm->rlim.memlock = get_limit(RLIMIT_MEMLOCK);
	mm->rlim.ipc_lock = has_ipc_lock();
}

/* --- the first mirror ------------------------------------------------------ */

static struct mm_file *seeded_file(const struct vma_view *v)
{
	unsigned int i;
	struct mm_file *file;

	if (!v->inode && (v->name_len < 2 || memcmp(v->name, "[v", 2)))
		return NULL;
	for (i = 0; i < FILES && v->inode; i++)
		if (files[i].name_len && files[i].inode == v->inode &&
		    files[i].dev_major == v->dev_major &&
		    files[i].dev_minor == v->dev_minor)
			return &files[i];
	file = world_file(v);
	if (file && !v->inode)
		file->flags |= MM_FILE_SPECIAL;
	return file;
}

static int seed_one(void *ctx, const struct smaps_entry *e)
{
	struct mm_struct *mm = ctx;

	if (e->view.start >= mm->task_size)
		return 0;
	if (!mm_seed(mm, &e->view, seeded_file(&e->view), e->vm_flags, true,
		     e->faulted))
		return -1;
	if (e->view.name_len == 6 && !memcmp(e->view.name, "[vdso]", 6))
		world.vdso = e->view.start;
	/* The first to be placed: the highest below the stack, or the lowest. */
	if (mm->legacy_layout ? e->view.start < mm->mmap_base &&
				e->view.start >= LEGACY_BASE :
				!(e->vm_flags & VM_GROWSDOWN))
		mm->mmap_base = mm->legacy_layout ? e->view.start : e->view.end;
	return 0;
}

/* setarch -L, or the setting of the machine. */
static bool bottom_up(void)
{
	int fd = open("/proc/sys/vm/legacy_va_layout", O_RDONLY);
	char value = '0';

	if (fd >= 0 && read(fd, &value, 1) != 1)
		value = '0';
	if (fd >= 0)
		close(fd);
	return value != '0' || personality(0xffffffff) & ADDR_COMPAT_LAYOUT;
}

static void mutate_rule(struct mm_rules *rules, const char *name)
{
	const struct rule_field *field;

	for (field = rule_fields; field->name; field++)
		if (name && !field->number && !strcmp(field->name, name))
			*rule_switch(rules, field) ^= true;
	if (name && !strcmp(name, "stack_guard_gap"))
		rules->stack_guard_gap -= PAGE_SIZE;
	if (name && !strcmp(name, "mmap_min_addr"))
		rules->mmap_min_addr += PAGE_SIZE;
}

static const char *label(const struct mm_struct *mm,
			 const struct vm_area_struct *vma, uint32_t *len)
{
	const char *text = vma->vm_file ? "[anon_shmem:" ANON_NAME "]" :
					  "[anon:" ANON_NAME "]";

	(void)mm;
	*len = str_len(text);
	return text;
}

static uint32_t name_id(struct mm_struct *mm, const char *text, uint32_t len)
{
	(void)mm;
	return len > 6 && !memcmp(text, "[anon", 5);
}

static int seed_mirror(struct mm_struct *mm)
{
	struct procmaps_stat marks;

	if (procmaps_read_stat(&marks, smaps_buf, sizeof(smaps_buf)))
		return -1;
	mm->start_code = marks.start_code;
	mm->end_code = marks.end_code;
	mm->start_data = marks.start_data;
	mm->end_data = marks.end_data;
	mm->start_brk = marks.start_brk;
	mm->start_stack = marks.start_stack;
	mm->brk = raw_sys1(SYS_brk, 0);
	mm->file_release = release;
	mm->anon_label = label;
	mm->anon_name_id = name_id;
	world.first_brk = PAGE_ALIGN(mm->brk);
	mm->task_size = probe_task_size();
	mm->legacy_layout = bottom_up();
	know_limits(mm);
	return procmaps_each_smaps(smaps_buf, sizeof(smaps_buf), seed_one, mm);
}

/* --- policies -------------------------------------------------------------- */

/* request.c: 1 is MPOL_BIND; 4 is that with node 0 for its home. */
static uint32_t policy_home(struct mm_struct *mm, uint32_t id,
			    unsigned long node)
{
	(void)mm;
	return !node && (id == 1 || id == 4) ? 4 : 0;
}

/* --- as many mappings as there may be -------------------------------------- */

static unsigned int max_map_count(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
	unsigned int n = 0;

	if (!f || fscanf(f, "%u", &n) != 1)
		n = 65530;
	if (f)
		fclose(f);
	return n;
}

static int wall_call(struct mm_struct *mm, struct mm_op *op, long nr)
{
	if (mm_prepare(mm, op))
		return -1;
	op->ret = raw_sys6(nr, op->addr, op->len, op->prot, op->flags, -1, 0);
	return raw_is_error(op->ret) || mm_commit(mm, op) != MM_DONE;
}

/*
 * A wall of pages, each other one with another protection, right below what is
 * mapped highest.
 */
static int build_wall(struct mm_struct *mm, uint64_t seed)
{
	unsigned long pages = mm->max_map_count - SPARE - seed % 8 - 20, i;
	struct mm_op op = {
		.call = MM_MMAP,
		.len = pages * PAGE_SIZE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		.anonymous = true,
		.pkey = -1,
	};
	unsigned long wall;

	if (seed % 25 != 7 || mm->max_map_count > MOST ||
	    mm->rlim.as != ~0UL)
		return 0;
	mm_pool_add(mm, pool + POOL, MOST * sizeof(*pool));
	if (wall_call(mm, &op, SYS_mmap))
		return -1;
	wall = op.ret;
	for (i = 1; i < pages; i += 2) {
		op = (struct mm_op){
			.call = MM_MPROTECT,
			.addr = wall + i * PAGE_SIZE,
			.len = PAGE_SIZE,
			.prot = PROT_READ,
			.pkey = -1,
		};
		if (wall_call(mm, &op, SYS_mprotect))
			return -1;
	}
	/* Calls beside it may cut into it. */
	world.compare_end = wall + 2048 * PAGE_SIZE;
	return 0;
}

/* --- beginning ------------------------------------------------------------- */

void world_forked(void)
{
	unsigned int i;

	for (i = 0; i < CONTEXTS; i++) {
		if (world.uffd[i] >= 0)
			raw_sys1(SYS_close, world.uffd[i]);
		world.uffd[i] = -1;
	}
	world.ring = 0;
	if (world.pidfd >= 0)
		raw_sys1(SYS_close, world.pidfd);
	world.pidfd = raw_sys2(SYS_pidfd_open, raw_sys0(SYS_getpid), 0);
}

static void open_nothing(void)
{
	unsigned int i;

	for (i = 0; i < CONTEXTS; i++)
		world.uffd[i] = -1;
	world.pidfd = raw_sys2(SYS_pidfd_open, raw_sys0(SYS_getpid), 0);
}

/* The stack must not grow while the mirror looks. */
static void deepen_stack(void)
{
	volatile char deep[48 << 10];
	unsigned long i;

	for (i = 0; i < sizeof(deep); i += PAGE_SIZE)
		deep[i] = 1;
}

int world_begin(uint64_t seed, const char *mutate)
{
	struct mm_rules rules;
	uint32_t next_ofd;

	deepen_stack();
	choose_limits(seed);
	know_segments();
	if (open_files())
		return -1;
	calibrate_rules(&rules);
	mutate_rule(&rules, mutate);
	next_ofd = world.mm.next_ofd;
	mm_init(&world.mm, &rules);
	world.mm.next_ofd = next_ofd;
	world.mm.max_map_count = max_map_count();
	world.mm.policy_home = policy_home;
	world.personality = personality(0xffffffff);
	world.mm.personality = world.personality;
	world.compare_end = ~0UL;
	mm_pool_add(&world.mm, pool, POOL * sizeof(*pool));
	maps_open();
	open_nothing();
	if (seed_mirror(&world.mm))
		return -1;
	return build_wall(&world.mm, seed);
}
