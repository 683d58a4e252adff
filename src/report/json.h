/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One JSON value into a struct fmt. Numbers above 2^53 are no numbers to most
 * readers, so addresses and inodes are "0x..." strings. Strings are bytes: valid
 * UTF-8 stays, each byte that is none becomes \udcXX, as Python's surrogateescape
 * reads it back. Whether all of it fitted says fmt's overflow.
 *
 * Law of the room: no libc, no allocation, base only. This file: pure and
 * async-signal-safe.
 */
#ifndef VS_REPORT_JSON_H
#define VS_REPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fmt;

#define JSON_DEPTH 32

struct json {
	struct fmt *f;
	size_t cut;		/* longest string in bytes, 0: any; what is cut
				 * off is shown as "..." */
	unsigned int depth;
	uint32_t begun;		/* bit n: depth n has a member already */
	uint32_t arrays;	/* bit n: depth n is an array */
};

void json_init(struct json *j, struct fmt *f, size_t cut);

/* Members; @key is NULL in an array and at the top. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
/* json_close() - end the innermost object or array. */
void json_close(struct json *j);
void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, bool v);
void json_u64(struct json *j, const char *key, uint64_t v);
void json_s64(struct json *j, const char *key, int64_t v);
void json_hex(struct json *j, const char *key, uint64_t v);
/* A string, null for NULL. */
void json_str(struct json *j, const char *key, const char *s);
void json_bytes(struct json *j, const char *key, const char *s, size_t n);

/*
 * A string made of parts: json_open_string(), then any of json_part() and
 * appends to j->f that need no escape, then json_close_string().
 */
void json_open_string(struct json *j, const char *key);
void json_part(struct json *j, const char *s, size_t n);
void json_close_string(struct json *j);

#endif
