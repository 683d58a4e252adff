/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options' parser on any bytes: it reads nothing beyond the string, each
 * value that it leaves is one that may be, each complaint is a whole line, and
 * what it leaves is the same a second time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "options/options.h"

#include "fuzz.h"

const char fuzz_name[] = "options";
const size_t fuzz_longest = 256, fuzz_head = 0, fuzz_unit = 1;

static unsigned long strings, complaints;

void fuzz_summary(void)
{
	printf("# %lu strings, %lu complaints\n", strings, complaints);
}

static void parse(struct options *o, char *setting, char *said, size_t room)
{
	char *env[] = { (char *)"PATH=/bin", setting, NULL };
	struct fmt f;

	memset(o, 0x5a, sizeof(*o));
	fmt_init(&f, said, room - 1);
	options_parse(o, env, &f);
	said[f.len] = '\0';
	if (f.len && said[f.len - 1] != '\n')
		fuzz_fail("a complaint is no whole line: %s", said);
	complaints += f.len > 0;
}

static void may_be(const struct options *o)
{
	if (!memchr(o->log, '\0', sizeof(o->log)) ||
	    !memchr(o->trace, '\0', sizeof(o->trace)) ||
	    !memchr(o->rules, '\0', sizeof(o->rules)))
		fuzz_fail("a path without an end");
	if (o->format != OPTIONS_FORMAT_TEXT &&
	    o->format != OPTIONS_FORMAT_JSON)
		fuzz_fail("format is %u", o->format);
	if (o->intercept > OPTIONS_INTERCEPT_TRAP ||
	    o->faults > OPTIONS_FAULTS_ALL)
		fuzz_fail("intercept is %u, faults %u", o->intercept,
			  o->faults);
	if ((o->abort_on_drift | o->mark | o->follow | o->early | o->help) > 1)
		fuzz_fail("a switch is neither on nor off");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char name[] = "VMASHADOW_OPTIONS=";
	static struct options o, again;
	static char said[4096], said_again[4096];
	char *setting = malloc(sizeof(name) + size);

	if (!setting)
		return 0;
	memcpy(setting, name, sizeof(name) - 1);
	memcpy(setting + sizeof(name) - 1, data, size);
	setting[sizeof(name) - 1 + size] = '\0';
	strings++;
	parse(&o, setting, said, sizeof(said));
	parse(&again, setting, said_again, sizeof(said_again));
	free(setting);
	may_be(&o);
	if (strcmp(said, said_again) || strcmp(o.log, again.log) ||
	    strcmp(o.trace, again.trace) || strcmp(o.rules, again.rules) ||
	    memcmp(&o.format, &again.format,
		   sizeof(o) - offsetof(struct options, format)))
		fuzz_fail("the second time it is another");
	return 0;
}
