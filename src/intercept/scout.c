/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The early start, both sides of it; contracts in scout.h. */
#include <link.h>
#include <linux/memfd.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "intercept/object.h"
#include "intercept/scout.h"
#include "shadow/start.h"

#define NAME	"vmashadow-early"
#define MAPPED	"/memfd:" NAME " (deleted)"
#define RECORDS 2048	/* calls; ld.so makes some four for each library */

struct record {
	uint64_t ip;
	long ret, arg[6];
	uint32_t call;			/* enum call_index */
};

/* What both copies see. */
struct list {
	char version[32];		/* both must be the same library */
	uint64_t bytes;			/* sizeof(struct list) */
	bool (*go_home)(void);		/* in the scout's copy */
	uint64_t n, lost;
	struct record record[RECORDS];
};

static struct list *list;
bool scout_out;

/* --- the scout ----------------------------------------------------------------- */

static const char *const *environment;
static struct patch_site sites[SITES_MAX];
static int nr_sites;

static int compare_phdr(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	return (unsigned long)info->dlpi_phdr == *(unsigned long *)arg;
}

bool scout_is_base(unsigned long phdr)
{
	return !phdr || dl_iterate_phdr(compare_phdr, &phdr) == 1;
}

void scout_prepare(const char *const *envp)
{
	environment = envp;
}

long scout_call(struct door *d)
{
	long ret = shadow_raw(d);
	struct record *r;

	if (d->info->kind != CALL_MEMORY)
		return ret;
	if (list->n == RECORDS) {
		list->lost++;
		return ret;
	}
	r = &list->record[list->n++];
	r->ip = d->regs->ret;
	r->ret = ret;
	r->call = (uint32_t)(d->info - calls);
	for (unsigned int i = 0; i < ARRAY_SIZE(r->arg); i++)
		r->arg[i] = d->regs->arg[i];
	return ret;
}

/* Called by the other copy. A site that cannot be put back makes its calls as
 * before, past this copy, which never has a mirror. */
static bool go_home(void)
{
	scout_out = false;
	return patch_undo(sites, (size_t)nr_sites);
}

static struct list *make_list(void)
{
	struct list *l;
	long fd, mem;

	fd = raw_sys2(SYS_memfd_create, NAME, MFD_CLOEXEC);
	if (raw_is_error(fd))
		return NULL;
	mem = raw_sys2(SYS_ftruncate, fd, sizeof(*l));
	if (!raw_is_error(mem))
		mem = raw_sys6(SYS_mmap, 0, sizeof(*l), PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd, 0);
	raw_sys1(SYS_close, fd);
	if (raw_is_error(mem))
		return NULL;
	l = (struct list *)mem;
	str_copy(l->version, sizeof(l->version), PACKAGE_VERSION);
	l->bytes = sizeof(*l);
	l->go_home = go_home;
	return l;
}

static int patch_linker(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct patch_object obj = {
		.name = info->dlpi_name,
		.base = info->dlpi_addr,
		.phdr = info->dlpi_phdr,
		.phnum = info->dlpi_phnum,
	};
	int n;

	(void)size;
	if (object_family(obj.name) != OBJECT_LINKER)
		return 0;
	n = patch_scan(&obj, object_wants(&obj, OBJECT_LINKER), sites,
		       SITES_MAX);
	if (n <= 0)
		return 1;
	nr_sites = n;
	*(int *)arg = patch_apply(sites, (size_t)n, &obj, 0);
	return 1;
}

/* A filter may kill for what the scout would do. */
static bool may_go(void)
{
	struct fmt unsaid;

	fmt_init(&unsaid, shadow.program, sizeof(shadow.program));
	options_parse(&shadow.options, (char *const *)(uintptr_t)environment,
		      &unsaid);
	return shadow.options.early &&
	       shadow.options.intercept != OPTIONS_INTERCEPT_SYMBOL &&
	       !shadow_seccomp_mode();
}

/*
 * ld.so asks this of an LD_AUDIT module and unloads it if the answer is 0; of a
 * preloaded library it does not ask. It comes after the constructor.
 */
__attribute__((visibility("default"))) unsigned int la_version(unsigned int v);

unsigned int la_version(unsigned int v)
{
	int written = 0;

	if (!environment || !may_go())
		return 0;
	list = make_list();
	if (!list)
		return 0;
	object_start();
	scout_out = true;
	dl_iterate_phdr(patch_linker, &written);
	if (written > 0)
		return v;
	scout_out = false;
	raw_sys2(SYS_munmap, list, sizeof(*list));
	return 0;
}

/* --- the other copy ------------------------------------------------------------ */

static struct list taken;		/* untouched and so free where unused */

static int find_list(void *ctx, const struct vma_view *v)
{
	if (v->end - v->start < sizeof(struct list) ||
	    v->name_len != sizeof(MAPPED) - 1 ||
	    memcmp(v->name, MAPPED, sizeof(MAPPED) - 1))
		return 0;
	*(struct list **)ctx = (struct list *)v->start;
	return 1;
}

void scout_relieve(void)
{
	static char buf[PROCMAPS_BUF];
	struct list *l = NULL;
	size_t used;

	if (!shadow.options.early)
		return;
	procmaps_each(&shadow.maps, buf, sizeof(buf), find_list, &l);
	if (!l || !str_eq(l->version, PACKAGE_VERSION) ||
	    l->bytes != sizeof(*l)) {
		shadow_say_notice("early=1, but no copy of this library came "
				  "by LD_AUDIT: what ld.so mapped is read "
				  "from the kernel");
		return;
	}
	if (!l->go_home())
		shadow_say_notice("early=1: a call of ld.so could not be given "
				  "back, and is unseen from now on");
	used = offsetof(struct list, record) + l->n * sizeof(struct record);
	memcpy(&taken, l, used);
	raw_sys2(SYS_munmap, l, PAGE_ALIGN(sizeof(*l)));
}

void scout_tell(void)
{
	for (uint64_t i = 0; i < taken.n; i++) {
		const struct record *r = &taken.record[i];

		shadow_had_been(&calls[r->call], r->arg, r->ret, r->ip);
	}
	if (taken.lost)
		shadow_say_notice("early=1: ld.so made more calls than there "
				  "was room for; the rest is not counted");
}
