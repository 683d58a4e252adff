/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can the library be loaded into this file? What execve(2) and ld.so(8) do with
 * it is followed: a script's interpreter, set-user-ID and capabilities, the
 * machine, the loader.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/victim.h"

#define SCRIPT_LINE  256	/* bytes that the kernel reads of a #! line */
#define SCRIPT_DEPTH 5		/* scripts as interpreters of scripts */

/* --- where it is ------------------------------------------------------------- */

/* 0, or the errno that execve would give for the file itself. */
static int cannot_run(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/* A file that may not be run is remembered, one further on may do. */
static char *along_path(const char *name, int *err)
{
	const char *dirs = getenv("PATH"), *end;
	char *path;
	int bad;

	if (!dirs)
		dirs = "/bin:/usr/bin";
	for (*err = ENOENT;; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		path = end == dirs ? text("./%s", name) :
		       text("%.*s/%s", (int)(end - dirs), dirs, name);
		bad = cannot_run(path);
		if (!bad)
			return path;
		if (bad == EACCES)
			*err = EACCES;
		free(path);
		if (!*end)
			return NULL;
	}
}

static int locate(struct victim *v, const char *name)
{
	int err;

	if (strchr(name, '/')) {
		v->path = text("%s", name);
		err = cannot_run(name);
	} else {
		v->path = *name ? along_path(name, &err) : NULL;
		err = v->path ? 0 : *name ? err : ENOENT;
	}
	if (!err)
		return 0;
	v->why = text("%s", strerror(err));
	return err == ENOENT || err == ENOTDIR ? STATUS_MISSING :
						 STATUS_REFUSED;
}

/* --- what kind of ELF file it is ---------------------------------------------- */

/* The path in PT_INTERP; NULL: it has none, or it is not one. */
static const char *loader_of(Elf *elf)
{
	size_t n, size;
	char *bytes = elf_rawfile(elf, &size);
	GElf_Phdr ph;

	if (!bytes || elf_getphdrnum(elf, &n))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_INTERP)
			continue;
		if (ph.p_offset < size && ph.p_filesz <= size - ph.p_offset &&
		    memchr(bytes + ph.p_offset, '\0', ph.p_filesz))
			return bytes + ph.p_offset;
	}
	return NULL;
}

/* The loader itself can be run as a program that is given another to load. */
static bool is_loader(const char *path)
{
	char *real = realpath(path, NULL);
	const char *base = real ? strrchr(real, '/') + 1 : "";
	bool is = !strncmp(base, "ld-linux-x86-64.so", 18) ||
		  !strncmp(base, "ld-2.", 5);

	free(real);
	return is;
}

static char *judge_loader(Elf *elf, const char *path)
{
	const char *loader = loader_of(elf), *base;

	if (!loader)
		return is_loader(path) ? NULL :
		       text("%s is linked statically: no library can be loaded "
			    "into it", path);
	base = strrchr(loader, '/');
	base = base ? base + 1 : loader;
	if (!strncmp(base, "ld-linux", 8))
		return NULL;
	return text("%s is loaded by %.200s, which is not glibc's loader%s",
		    path, loader,
		    strncmp(base, "ld-musl", 7) ? "" : " but musl's");
}

static char *judge_elf(Elf *elf, const char *path)
{
	GElf_Ehdr eh;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
		return text("%s is a damaged ELF file", path);
	if (eh.e_machine != EM_X86_64)
		return text("%s is for another machine (ELF number %u), not "
			    "for x86-64", path, eh.e_machine);
	if (eh.e_ident[EI_CLASS] != ELFCLASS64)
		return text("%s is a 32-bit program", path);
	return judge_loader(elf, path);
}

/* A library that the dynamic section names. */
static bool needs_asan(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	const char *name;
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn); i++) {
		if (dyn.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, sh->sh_link, dyn.d_un.d_val);
		if (name && strstr(name, "libasan."))
			return true;
	}
	return false;
}

static bool names_asan(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	const char *name;
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		name = elf_strptr(elf, sh->sh_link, sym.st_name);
		if (name && !strcmp(name, "__asan_init"))
			return true;
	}
	return false;
}

static bool has_asan(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	bool found = false;

	while (!found && (scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			break;
		if (sh.sh_type == SHT_DYNAMIC)
			found = needs_asan(elf, scn, &sh);
		else if (sh.sh_type == SHT_DYNSYM)
			found = names_asan(elf, scn, &sh);
	}
	return found;
}

/* --- what the kernel gives it -------------------------------------------------- */

/* Where the kernel ignores set-user-ID and file capabilities. */
static bool no_privileges(const char *path)
{
	struct statvfs fs;

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	       (!statvfs(path, &fs) && fs.f_flag & ST_NOSUID);
}

/* AT_SECURE: ld.so ignores LD_PRELOAD then. */
static char *judge_privileges(const char *path)
{
	struct stat st;

	if (no_privileges(path) || stat(path, &st))
		return NULL;
	if (st.st_mode & S_ISUID && st.st_uid != getuid())
		return text("%s is set-user-ID", path);
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    st.st_gid != getgid())
		return text("%s is set-group-ID", path);
	if (getuid() && getxattr(path, "security.capability", NULL, 0) > 0)
		return text("%s has file capabilities", path);
	return NULL;
}

/* --- scripts ------------------------------------------------------------------- */

/* The interpreter that "#! /path/to/it argument" names; NULL: no script. */
static char *interpreter_of(const char *line, size_t len)
{
	const char *p = line + 2, *end = line + len, *from;

	if (len < 2 || memcmp(line, "#!", 2))
		return NULL;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	for (from = p; p < end && *p && !strchr(" \t\n", *p);)
		p++;
	return p == from ? NULL : text("%.*s", (int)(p - from), from);
}

static int judge(struct victim *v, const char *path, unsigned int depth);

static int judge_interpreter(struct victim *v, const char *path,
			     char *interpreter, unsigned int depth)
{
	int err = cannot_run(interpreter), status;

	if (depth == SCRIPT_DEPTH)
		err = ELOOP;
	if (!err) {
		status = judge(v, interpreter, depth + 1);
	} else {
		v->why = text("%s: its interpreter %s: %s", path, interpreter,
			      strerror(err));
		status = err == ENOENT ? STATUS_MISSING : STATUS_REFUSED;
	}
	free(interpreter);
	return status;
}

/* A file that is neither a script nor ELF is the shell's, or binfmt_misc's. */
static int judge(struct victim *v, const char *path, unsigned int depth)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char line[SCRIPT_LINE], *interpreter;
	ssize_t n;
	Elf *elf;

	if (fd < 0)
		return 0;
	n = read(fd, line, sizeof(line));
	if (n < 0) {
		close(fd);
		return 0;
	}
	interpreter = interpreter_of(line, (size_t)n);
	if (interpreter) {
		close(fd);
		return judge_interpreter(v, path, interpreter, depth);
	}
	elf = elf_version(EV_CURRENT) ?
	      elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	if ((size_t)n >= SELFMAG && !memcmp(line, ELFMAG, SELFMAG)) {
		v->why = judge_elf(elf, path);
		v->asan = !v->why && has_asan(elf);
	}
	if (!v->why)
		v->why = judge_privileges(path);
	elf_end(elf);
	close(fd);
	return 0;
}

int victim_find(struct victim *v, const char *name)
{
	int status;

	*v = (struct victim){ .path = NULL };
	status = locate(v, name);
	return status ? status : judge(v, v->path, 0);
}
