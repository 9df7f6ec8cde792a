/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event as JSON, its fields named by the Elastic Common Schema
 * (https://www.elastic.co/guide/en/ecs/8.17/).  Fields are added in any order
 * by their whole names ("process.parent.pid") and written as objects in each
 * other.  What the schema has no name for goes below "cordon.".  It knows no
 * records.
 */
#ifndef CORDON_ECS_H
#define CORDON_ECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CORDON_ECS_VERSION "8.17.0"
#define CORDON_ECS_FIELDS_MAX 96
#define CORDON_ECS_ROOM 4096

enum cordon_ecs_kind {
	CORDON_ECS_NUMBER,
	CORDON_ECS_TEXT,
	CORDON_ECS_LIST,
	CORDON_ECS_FLAG,
};

/** struct cordon_ecs_field - names and texts are not copied
 * @size: of a list: bytes of its texts, each with its NUL
 */
struct cordon_ecs_field {
	const char *name;
	enum cordon_ecs_kind kind;
	uint64_t number;
	const char *text;
	size_t size;
};

/** struct cordon_ecs - an event; a zeroed one is empty
 * @room: for what is formatted
 */
struct cordon_ecs {
	struct cordon_ecs_field field[CORDON_ECS_FIELDS_MAX];
	size_t nr;
	char room[CORDON_ECS_ROOM];
	size_t used;
};

void cordon_ecs_number(struct cordon_ecs *ecs, const char *name, uint64_t number);
void cordon_ecs_flag(struct cordon_ecs *ecs, const char *name, bool flag);

/** cordon_ecs_text() - @text must outlive @ecs; NULL or "": the event has no such field */
void cordon_ecs_text(struct cordon_ecs *ecs, const char *name, const char *text);

/** cordon_ecs_format() - a text that is kept in @ecs */
void cordon_ecs_format(struct cordon_ecs *ecs, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** cordon_ecs_list() - @size bytes of texts, each with its NUL; none: no field */
void cordon_ecs_list(struct cordon_ecs *ecs, const char *name, const char *texts, size_t size);

/** cordon_ecs_words() - one text with a space for each NUL but the last */
void cordon_ecs_words(struct cordon_ecs *ecs, const char *name, const char *texts, size_t size);

/** cordon_ecs_hex() - bytes in hexadecimal */
void cordon_ecs_hex(struct cordon_ecs *ecs, const char *name, const void *bytes, size_t size);

/** cordon_ecs_time() - nanoseconds since 1970 */
void cordon_ecs_time(struct cordon_ecs *ecs, const char *name, int64_t wall);

/** cordon_ecs_write() - one object and a newline */
void cordon_ecs_write(struct cordon_ecs *ecs, FILE *file);

#endif
