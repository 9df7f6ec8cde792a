// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fields to nested objects: sorted by name, those of an object stand together.
 */
#include "ecs.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "event_time.h"
#include "util/hex.h"
#include "util/print.h"

static struct cordon_ecs_field *add_field(struct cordon_ecs *ecs, const char *name,
					  enum cordon_ecs_kind kind)
{
	struct cordon_ecs_field *field;

	/* No record has so many: what comes beyond takes the place of the last. */
	if (ecs->nr == CORDON_ECS_FIELDS_MAX)
		ecs->nr--;
	field = &ecs->field[ecs->nr++];
	*field = (struct cordon_ecs_field){ .name = name, .kind = kind };
	return field;
}

void cordon_ecs_number(struct cordon_ecs *ecs, const char *name, uint64_t number)
{
	add_field(ecs, name, CORDON_ECS_NUMBER)->number = number;
}

void cordon_ecs_flag(struct cordon_ecs *ecs, const char *name, bool flag)
{
	add_field(ecs, name, CORDON_ECS_FLAG)->number = flag;
}

void cordon_ecs_text(struct cordon_ecs *ecs, const char *name, const char *text)
{
	if (text && text[0])
		add_field(ecs, name, CORDON_ECS_TEXT)->text = text;
}

/* Room is for ids, addresses and times; texts of records are not copied, but for words. */
static char *take_room(struct cordon_ecs *ecs, size_t size)
{
	char *room = ecs->room + ecs->used;

	if (size > sizeof(ecs->room) - ecs->used)
		return NULL;
	ecs->used += size;
	return room;
}

void cordon_ecs_format(struct cordon_ecs *ecs, const char *name, const char *format, ...)
{
	char *room = ecs->room + ecs->used;
	const size_t left = sizeof(ecs->room) - ecs->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(room, left, format, arguments);
	va_end(arguments);
	if (length > 0 && take_room(ecs, (size_t)length + 1))
		cordon_ecs_text(ecs, name, room);
}

void cordon_ecs_list(struct cordon_ecs *ecs, const char *name, const char *texts, size_t size)
{
	struct cordon_ecs_field *field;

	if (!size)
		return;
	field = add_field(ecs, name, CORDON_ECS_LIST);
	field->text = texts;
	field->size = size;
}

void cordon_ecs_words(struct cordon_ecs *ecs, const char *name, const char *texts, size_t size)
{
	char *room = size ? take_room(ecs, size) : NULL;

	if (!room)
		return;
	memcpy(room, texts, size);
	for (size_t i = 0; i + 1 < size; i++)
		room[i] = room[i] ? room[i] : ' ';
	room[size - 1] = '\0';
	cordon_ecs_text(ecs, name, room);
}

void cordon_ecs_hex(struct cordon_ecs *ecs, const char *name, const void *bytes, size_t size)
{
	char *room = take_room(ecs, 2 * size + 1);

	if (!room)
		return;
	cordon_hex_format(bytes, size, room);
	cordon_ecs_text(ecs, name, room);
}

void cordon_ecs_time(struct cordon_ecs *ecs, const char *name, int64_t wall)
{
	struct cordon_event_time time;

	cordon_event_time_iso(wall, &time);
	cordon_ecs_format(ecs, name, "%s", time.text);
}

/* ---- writing ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cordon_ecs_field *)a)->name,
		      ((const struct cordon_ecs_field *)b)->name);
}

/* Bytes of a name that are the objects which @a and @b have in common. */
static size_t common_objects(const char *a, const char *b)
{
	size_t common = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
		if (a[i] == '.')
			common = i + 1;
	}
	return common;
}

static unsigned int count_dots(const char *text)
{
	unsigned int dots = 0;

	for (; *text; text++)
		dots += *text == '.';
	return dots;
}

static void close_objects(struct json *json, const char *name, size_t common)
{
	for (unsigned int i = count_dots(name + common); i > 0; i--)
		json_object_end(json);
}

/* Opens the objects that @name is in. Return: what is left of it. */
static const char *open_objects(struct json *json, const char *name)
{
	const char *dot;

	while ((dot = strchr(name, '.'))) {
		char key[64];

		snprintf(key, sizeof(key), "%.*s", (int)(dot - name), name);
		json_object(json, key);
		name = dot + 1;
	}
	return name;
}

static void write_list(struct json *json, const char *key, const struct cordon_ecs_field *field)
{
	const char *end = field->text + field->size;

	json_array(json, key);
	for (const char *text = field->text; text < end; text += strnlen(text, end - text) + 1)
		json_string(json, NULL, text);
	json_array_end(json);
}

static void write_value(struct json *json, const char *key, const struct cordon_ecs_field *field)
{
	switch (field->kind) {
	case CORDON_ECS_NUMBER:
		json_number(json, key, field->number);
		break;
	case CORDON_ECS_TEXT:
		json_string(json, key, field->text);
		break;
	case CORDON_ECS_LIST:
		write_list(json, key, field);
		break;
	case CORDON_ECS_FLAG:
		json_bool(json, key, field->number);
		break;
	}
}

void cordon_ecs_write(struct cordon_ecs *ecs, FILE *file)
{
	struct json json = { .file = file };
	const char *former = "";

	qsort(ecs->field, ecs->nr, sizeof(ecs->field[0]), by_name);
	json_object(&json, NULL);
	for (size_t i = 0; i < ecs->nr; i++) {
		const struct cordon_ecs_field *field = &ecs->field[i];
		const size_t common = common_objects(former, field->name);

		close_objects(&json, former, common);
		write_value(&json, open_objects(&json, field->name + common), field);
		former = field->name;
	}
	close_objects(&json, former, 0);
	json_object_end(&json);
	json_line_end(&json);
}
