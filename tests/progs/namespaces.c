/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespaces PLUGIN: the same object in namespaces of its own, each with a libc of
 * its own that maps. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	int sum = 0;

	for (int i = 0; i < 4 && argc > 1; i++) {
		void *object = dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW);
		int (*answer)(void);

		if (!object) {
			puts(dlerror());
			return 1;
		}
		answer = (int (*)(void))dlsym(object, "plugin_answer");
		sum += answer();
		if (i % 2)
			dlclose(object);
	}
	printf("%d\n", sum);
	return 0;
}
