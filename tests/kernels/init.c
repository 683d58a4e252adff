/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first and only program of a virtual machine (scripts/check-kernels): says
 * which kernel this is and which rules were found on it, runs /oracle with the
 * arguments that stand behind "--" on the kernel's command line, and powers off.
 *
 * What is said goes to the second serial port, where the kernel's own messages
 * do not come between. Without that port, as when it is run by hand, it goes to
 * where standard output goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fmt.h"
#include "shadow/calibrate.h"

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		printf("# %s cannot be mounted: %s\n", where, strerror(errno));
}

static void speak_on(const char *port)
{
	struct termios how;
	int fd = open(port, O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	if (!tcgetattr(fd, &how)) {
		cfmakeraw(&how);
		cfsetspeed(&how, B115200);
		tcsetattr(fd, TCSANOW, &how);
	}
	dup2(fd, 1);
	dup2(fd, 2);
	close(fd);
}

/* What was found is what is known of this version. */
static void compare_rules(const struct mm_rules *rules, const char *release)
{
	const struct rule_set *set = rules_for_kernel(release);
	const struct rule_field *f = rule_fields;

	for (; (f = rules_next_difference(f, rules, &set->rules)); f++)
		printf("%s rule %s is %lu, in the set %s %lu\n",
		       f->source == RULE_VERSION ? "not ok" : "#", f->name,
		       (unsigned long)rule_value(rules, f), set->name,
		       (unsigned long)rule_value(&set->rules, f));
}

static void say_kernel(void)
{
	static char text[1024];
	struct mm_rules rules;
	struct utsname name;
	struct fmt f;

	if (!uname(&name))
		printf("# kernel %s %s\n", name.release, name.version);
	calibrate_rules(&rules);
	fmt_init(&f, text, sizeof(text));
	rules_describe(&f, &rules);
	printf("# rules %s\n", text);
	compare_rules(&rules, name.release);
	fflush(stdout);
}

static void run_oracle(char **argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv("/oracle", argv);
		printf("# /oracle: %s\n", strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		printf("# oracle ended with status %d\n", WEXITSTATUS(status));
	else
		printf("# oracle ended by signal %d\n", WTERMSIG(status));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (getpid() != 1)
		return 1;
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("devtmpfs", "/dev");
	mount_at("tmpfs", "/run");
	speak_on("/dev/ttyS1");
	say_kernel();
	/* Its files are on a real tmpfs, whatever the root is. */
	if (!chdir("/run"))
		run_oracle(argv);
	tcdrain(1);
	reboot(RB_POWER_OFF);
	return 0;
}
