/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames by name; contracts in symbols.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_LIBDW
#include <elfutils/libdwfl.h>
#endif

#include "base/compiler.h"
#include "cmd/command.h"
#include "cmd/escape.h"
#include "cmd/symbols.h"

#define VS_HASH_ALLOC(bytes) grow(NULL, 1, bytes)
#include "base/hash.h"

/* One object as it was mapped at one place. */
struct object {
	UT_hash_handle hh;
	uint64_t start;			/* of its code, which tells them apart */
	const struct world_code *code;
	char *path;
	bool plumbing;
	void *module;			/* Dwfl_Module, or NULL: no names */
	uint64_t bias;			/* module's address of the file's 0 */
};

struct entry {
	UT_hash_handle hh;
	uint64_t ip;
	struct symbol symbol;
};

static struct object *objects;
static struct entry *entries;

/* --- the object's own file ---------------------------------------------------- */

#ifdef HAVE_LIBDW
static char *debug_folders = NULL;	/* libdw's own choice */
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debug_folders,
};

/* The trace names it: nothing but a plain file is opened. */
static int open_plain(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -1;
}

static bool same_build(Dwfl_Module *module, const struct world_code *c)
{
	const unsigned char *id;
	GElf_Addr at;
	int n;

	if (!c->id_bytes || dwfl_module_getelf(module, &at) == NULL)
		return false;
	n = dwfl_module_build_id(module, &id, &at);
	return n == (int)c->id_bytes && !memcmp(id, c->id, c->id_bytes);
}

/* Nobody is asked over the network for what is not on this machine. */
static void read_object(struct object *o, const char *name)
{
	Dwfl_Module *module = NULL;
	GElf_Addr bias;
	Dwfl *dwfl;
	int fd;

	unsetenv("DEBUGINFOD_URLS");
	fd = open_plain(name);
	if (fd < 0)
		return;
	dwfl = dwfl_begin(&callbacks);
	if (dwfl)
		module = dwfl_report_offline(dwfl, name, name, fd);
	if (!module) {
		close(fd);
		dwfl_end(dwfl);
		return;
	}
	dwfl_report_end(dwfl, NULL, NULL);
	if (!same_build(module, o->code) || !dwfl_module_getelf(module, &bias)) {
		dwfl_end(dwfl);
		return;
	}
	o->module = module;
	o->bias = bias;
}

static void read_line(struct symbol *s, Dwfl_Module *module, GElf_Addr at)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, at);
	const char *file = NULL;

	if (line)
		file = dwfl_lineinfo(line, NULL, &s->line, NULL, NULL, NULL);
	if (file && strrchr(file, '/'))
		file = strrchr(file, '/') + 1;
	if (file)
		s->file = escaped(file, strlen(file));
}

/* @ip comes behind the call: the byte before is the call's. */
static void read_names(struct symbol *s, const struct object *o, uint64_t ip)
{
	GElf_Addr at = ip - o->code->base + o->bias;
	const char *name;
	GElf_Off offset;
	GElf_Sym sym;

	if (!o->module)
		return;
	name = dwfl_module_addrinfo(o->module, at - 1, &offset, &sym, NULL,
				    NULL, NULL);
	if (!name)
		return;
	s->function = escaped(name, strcspn(name, "@"));	/* no version */
	s->offset = offset + 1;
	read_line(s, o->module, at - 1);
}
#else
static void read_object(struct object *o, const char *name)
{
	(void)o;
	(void)name;
}

static void read_names(struct symbol *s, const struct object *o, uint64_t ip)
{
	(void)s;
	(void)o;
	(void)ip;
}
#endif

/* --- finding ------------------------------------------------------------------ */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_plumbing(const char *path)
{
	static const char *const names[] = {
		"libc.so", "libc-", "ld-linux", "ld-2.", "libvmashadow.so",
		"libpthread",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(base_of(path), names[i], strlen(names[i])))
			return true;
	return false;
}

static const struct object *object_of(const struct world_code *c)
{
	struct object *o;
	char *name;

	HASH_FIND(hh, objects, &c->start, sizeof(c->start), o);
	if (o && o->code == c)
		return o;
	name = text("%.*s", (int)c->file->name_len, c->file->name);
	if (!o) {
		o = grow(NULL, 1, sizeof(*o));
		memset(o, 0, sizeof(*o));
		o->start = c->start;
		HASH_ADD(hh, objects, start, sizeof(o->start), o);
	}
	o->code = c;
	o->module = NULL;
	o->path = escaped(name, strlen(name));
	o->plumbing = is_plumbing(o->path);
	read_object(o, name);
	free(name);
	return o;
}

const struct symbol *symbols_find(const struct world *w, uint64_t ip)
{
	const struct world_code *c;
	const struct object *o;
	struct entry *e;

	HASH_FIND(hh, entries, &ip, sizeof(ip), e);
	if (e)
		return &e->symbol;
	e = grow(NULL, 1, sizeof(*e));
	memset(e, 0, sizeof(*e));
	e->ip = ip;
	e->symbol.offset = ip;
	c = world_code_at(w, ip);
	if (c && c->file) {
		o = object_of(c);
		e->symbol.object = o->path;
		e->symbol.plumbing = o->plumbing;
		e->symbol.offset = ip - c->base;
		read_names(&e->symbol, o, ip);
	}
	HASH_ADD(hh, entries, ip, sizeof(e->ip), e);
	return &e->symbol;
}

const struct symbol *symbols_caller(const struct world *w, uint32_t id)
{
	const struct symbol *s, *first = NULL;

	if (id >= w->nr_stacks)
		return NULL;
	for (unsigned int i = 0; i < w->stacks[id].n; i++) {
		s = symbols_find(w, w->stacks[id].frames[i]);
		if (!s->plumbing)
			return s;
		if (!first)
			first = s;
	}
	return first;
}

char *symbols_label(const struct symbol *s)
{
	if (s->function)
		return text("%s", s->function);
	if (s->object)
		return text("%s+0x%llx", base_of(s->object),
			    (unsigned long long)s->offset);
	return text("0x%llx", (unsigned long long)s->offset);
}

char *symbols_long(const struct symbol *s)
{
	if (!s->function && s->object)
		return text("%s+0x%llx", s->object,
			    (unsigned long long)s->offset);
	if (!s->function)
		return symbols_label(s);
	if (!s->file)
		return text("%s+0x%llx in %s", s->function,
			    (unsigned long long)s->offset, s->object);
	return text("%s+0x%llx (%s:%d) in %s", s->function,
		    (unsigned long long)s->offset, s->file, s->line, s->object);
}
