/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process from outside; contracts in outside.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cmd/command.h"
#include "cmd/outside.h"
#include "procmaps/parse.h"

#define VS_HASH_ALLOC(bytes) grow(NULL, 1, bytes)
#include "base/hash.h"

#define LINE_ROOM	(16 * 1024 + 128)	/* parse.h: any line fits */
#define POOL_VMAS	1024
#define RESERVE		16
#define GATE		0xffffffff00000000UL	/* [vsyscall] lies above */

/* A text that is known by a number: a name, a label, a policy. */
struct word {
	UT_hash_handle hh;
	uint32_t id;			/* from 1 */
	struct outside_name tally;
	char text[];
};

static struct word *names, *labels, *policies;

static struct word *word_of(struct word **table, const char *s, size_t n)
{
	struct word *w;

	HASH_FIND(hh, *table, s, n, w);
	if (w)
		return w;
	w = grow(NULL, 1, sizeof(*w) + n + 1);
	memset(w, 0, sizeof(*w));
	memcpy(w->text, s, n);
	w->text[n] = '\0';
	w->id = HASH_COUNT(*table) + 1;
	w->tally.name = w->text;
	HASH_ADD_KEYPTR(hh, *table, w->text, n, w);
	return w;
}

/* --- names for the engine ------------------------------------------------------ */

static uint32_t id_of_label(struct mm_struct *mm, const char *label,
			    uint32_t len)
{
	(void)mm;
	if (!memmem(label, len, "[anon", 5) || label[0] != '[')
		return 0;
	return word_of(&labels, label, len)->id;
}

static const char *label_of(const struct mm_struct *mm,
			    const struct vm_area_struct *vma, uint32_t *len)
{
	(void)mm;
	for (struct word *w = labels; w; w = w->hh.next)
		if (w->id == vma->anon_name) {
			*len = (uint32_t)strlen(w->text);
			return w->text;
		}
	return NULL;
}

/* One for each line: which of them came by one descriptor nobody shows. */
static struct mm_file *file_of(struct mm_struct *mm, const struct vma_view *v,
			       const char *name)
{
	static const char special[] = "[v", probes[] = "[uprobes";
	struct mm_file *file;

	if (!v->inode && !v->dev_major && !v->dev_minor &&
	    strncmp(name, special, sizeof(special) - 1) &&
	    strncmp(name, probes, sizeof(probes) - 1))
		return NULL;
	file = grow(NULL, 1, sizeof(*file));
	*file = (struct mm_file){
		.inode = v->inode, .dev_major = v->dev_major,
		.dev_minor = v->dev_minor, .name = name,
		.name_len = v->name_len, .ofd = ++mm->next_ofd,
		.flags = mm_file_flags(v),
	};
	return file;
}

/* --- mappings ------------------------------------------------------------------ */

/* The text is no snapshot: what comes again, longer, was there already. */
static void seed(struct outside *o, const struct smaps_entry *e)
{
	const struct vma_view *v = &e->view;
	size_t bytes = POOL_VMAS * sizeof(struct vm_area_struct);
	struct vm_area_struct *vma;
	struct word *w;

	if (v->start >= GATE || v->start < o->mm.highest_vm_end)
		return;
	if (o->mm.pool_free < RESERVE)
		mm_pool_add(&o->mm, grow(NULL, 1, bytes), bytes);
	w = word_of(&names, v->name, v->name_len);
	w->tally.mappings++;
	w->tally.bytes += v->end - v->start;
	vma = mm_seed(&o->mm, v, file_of(&o->mm, v, w->text), e->vm_flags,
		      !e->unknown, e->faulted);
	if (vma && e->vm_flags & VM_UFFD)
		vma->uffd = 1;
}

static int proc_open(int pid, const char *file)
{
	char *path = text("/proc/%d/%s", pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		complain("there is no process %d", pid);
	else if (fd < 0)
		complain("%s: %s", path, strerror(errno));
	free(path);
	return fd;
}

static int read_smaps(struct outside *o)
{
	static char chunk[64 * 1024], carry[LINE_ROOM], name[LINE_ROOM];
	int fd = proc_open(o->pid, "smaps"), ret = 0;
	struct smaps_parser p;
	struct smaps_entry e;
	ssize_t n;

	if (fd < 0)
		return -1;
	smaps_parser_init(&p, carry, sizeof(carry), name, sizeof(name));
	while (ret >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		smaps_feed(&p, chunk, (size_t)n);
		while ((ret = smaps_next(&p, &e)) > 0)
			seed(o, &e);
	}
	close(fd);
	if (ret >= 0 && !n)
		ret = smaps_finish(&p);
	if (ret < 0 || n < 0)
		complain("/proc/%d/smaps cannot be read: %s", o->pid,
			 strerror(n < 0 ? errno : -ret));
	else if (!o->mm.map_count)
		complain("process %d has no mappings: it is a kernel thread, "
			 "or has ended", o->pid);
	return ret < 0 || n < 0 || !o->mm.map_count ? -1 : 0;
}

/* "7f12345000 bind:0 anon=1 ...": of private mappings their own policy. */
static void take_policy(struct outside *o, const char *line)
{
	struct vm_area_struct *vma;
	char *word;
	unsigned long addr = strtoul(line, &word, 16);
	size_t n;

	if (*word++ != ' ')
		return;
	n = strcspn(word, " \n");
	vma = find_vma(&o->mm, addr);
	if (!vma || vma->vm_start != addr || vma->vm_flags & VM_MAYSHARE ||
	    (n == 7 && !memcmp(word, "default", n)))
		return;
	vma->vm_policy = word_of(&policies, word, n)->id;
}

static void read_policies(struct outside *o)
{
	char *path = text("/proc/%d/numa_maps", o->pid), *line = NULL;
	FILE *f = fopen(path, "re");
	size_t room = 0;

	free(path);
	o->no_policies = !f;
	if (!f)
		return;
	while (getline(&line, &room, f) > 0)
		take_policy(o, line);
	free(line);
	fclose(f);
}

/* --- the rest --------------------------------------------------------------------- */

static char *read_comm(int pid)
{
	char *path = text("/proc/%d/comm", pid), *s = NULL;
	FILE *f = fopen(path, "re");
	size_t room = 0;
	ssize_t n = f ? getdelim(&s, &room, '\0', f) : -1;

	free(path);
	if (f)
		fclose(f);
	if (n > 0 && s[n - 1] == '\n')
		s[n - 1] = '\0';
	return n > 0 ? s : text("?");
}

static unsigned int read_limit(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
	unsigned int n = 0;

	if (f && fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static int most_first(const void *a, const void *b)
{
	const struct outside_name *x = a, *y = b;

	if (x->mappings != y->mappings)
		return x->mappings < y->mappings ? 1 : -1;
	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1
					: strcmp(x->name, y->name);
}

static void list_names(struct outside *o)
{
	o->names = grow(NULL, HASH_COUNT(names) + 1, sizeof(*o->names));
	for (struct word *w = names; w; w = w->hh.next)
		o->names[o->nr_names++] = w->tally;
	qsort(o->names, o->nr_names, sizeof(*o->names), most_first);
}

int outside_read(struct outside *o, int pid, const struct mm_rules *rules)
{
	*o = (struct outside){ .pid = pid };
	mm_init(&o->mm, rules);
	o->mm.anon_label = label_of;
	o->mm.anon_name_id = id_of_label;
	o->mm.max_map_count = read_limit();
	if (read_smaps(o))
		return -1;
	read_policies(o);
	o->program = read_comm(pid);
	list_names(o);
	return 0;
}

uint64_t outside_count(int pid)
{
	char *path = text("/proc/%d/maps", pid), *line = NULL;
	FILE *f = fopen(path, "re");
	uint64_t lines = 0;
	size_t room = 0;

	free(path);
	while (f && getline(&line, &room, f) > 0)
		lines += strtoul(line, NULL, 16) < GATE;
	free(line);
	if (f)
		fclose(f);
	return lines;
}
