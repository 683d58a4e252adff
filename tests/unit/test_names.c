/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of anonymous memory: what maps prints, as numbers and back. Few kernels
 * are built with them; the text is the same on all that are.
 */
#include <stdlib.h>

#include "shadow/names.h"
#include "shadow/shadow.h"

#include "tap.h"

struct shadow shadow;

void *memory_alloc(size_t bytes)
{
	return calloc(1, bytes);
}

static const char *label_of(uint32_t id, struct mm_file *file)
{
	static char text[256];
	struct vm_area_struct vma = { .anon_name = id, .vm_file = file };
	uint32_t len = 0;
	const char *s = shadow.mm.anon_label(&shadow.mm, &vma, &len);

	snprintf(text, sizeof(text), "%.*s", (int)len, s);
	return text;
}

static uint32_t id_of(const char *label)
{
	return shadow.mm.anon_name_id(&shadow.mm, label,
				      (uint32_t)strlen(label));
}

static void test_labels(void)
{
	struct mm_file shm = { .inode = 1 };
	uint32_t a = names_id("one", 3), b = names_id("two words", 9);

	ok(a && b && a != b, "two names, two numbers");
	is_u64(names_id("one", 3), a, "the same name, the same number");
	is_str(label_of(a, NULL), "[anon:one]", "private memory");
	is_str(label_of(b, &shm), "[anon_shmem:two words]", "shared memory");
	is_str(label_of(names_id("", 0), NULL), "[anon:]", "an empty name");
}

static void test_numbers_of_lines(void)
{
	uint32_t a = names_id("one", 3);

	is_u64(id_of("[anon:one]"), a, "private memory");
	is_u64(id_of("[anon_shmem:one]"), a, "shared memory, the same name");
	is_u64(id_of("[heap]"), 0, "the heap has no name");
	is_u64(id_of("[anon:"), 0, "nor has half a label");
	is_u64(id_of("/memfd:x (deleted)"), 0, "nor a file");
	ok(id_of("[anon:new]") && id_of("[anon:new]") != a,
	   "a name first seen in a line");
}

static void test_limits(void)
{
	char name[NAMES_MAX + 1];
	uint32_t last = 0;

	memset(name, 'x', sizeof(name));
	ok(names_id(name, NAMES_MAX - 1), "79 bytes");
	is_u64(names_id(name, NAMES_MAX), 0, "80 are too many");
	for (int i = 0; i < 5000; i++)
		last = names_id(name, (uint32_t)snprintf(name, sizeof(name),
							 "name %d", i));
	is_u64(last, 0, "there is an end to them");
	ok(names_id("one", 3), "the first are still there");
}

int main(void)
{
	names_start();
	ok(!shadow.mm.anon_label, "a kernel without names has no labels");
	shadow.mm.rules.anon_names = true;
	names_start();
	test_labels();
	test_numbers_of_lines();
	test_limits();
	return done_testing();
}
