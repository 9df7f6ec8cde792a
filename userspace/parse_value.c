// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readers of values: what a text, list or map may be, and what is said when it
 * is not.  They know no part of a policy.
 */
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Room for a message, or for a list of what is allowed. */
#define MESSAGE_SIZE 512

int cordon_parse_refuse(const struct parse *parse, struct cordon_position at, const char *format,
			...)
{
	char text[MESSAGE_SIZE] = "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	cordon_diag_error(parse->diag, at, "%s", text);
	return -EINVAL;
}

int cordon_parse_unknown(const struct parse *parse, const struct cordon_value *word,
			 const char *what, const char *const *allowed, size_t count)
{
	struct cordon_nearest nearest = { .wanted = word->text };
	char list[MESSAGE_SIZE / 2] = "";
	size_t used = 0;

	for (size_t i = 0; i < count && !cordon_parse_is_full(parse); i++) {
		cordon_nearest_offer(&nearest, allowed[i]);
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 i ? ", " : "", allowed[i]);
	}
	if (nearest.best)
		return cordon_parse_refuse(parse, word->at,
					   "unknown %s '%.40s'; did you mean '%s'? (allowed: %s)",
					   what, word->text, nearest.best, list);
	return cordon_parse_refuse(parse, word->at, "unknown %s '%.40s' (allowed: %s)", what,
				   word->text, list);
}

int cordon_parse_need_kind(const struct parse *parse, const struct cordon_value *value,
			   const char *what, enum cordon_value_kind kind)
{
	static const char *const wanted[] = {
		[CORDON_VALUE_TEXT] = "a single value",
		[CORDON_VALUE_LIST] = "a list: [one, two]",
		[CORDON_VALUE_MAP] = "a map: {key: value}",
	};
	static const char *const found[] = {
		[CORDON_VALUE_TEXT] = "a single value",
		[CORDON_VALUE_LIST] = "a list",
		[CORDON_VALUE_MAP] = "a map",
	};
	bool empty = value->kind == CORDON_VALUE_TEXT && !*value->text;

	if (value->kind == kind && !empty)
		return 0;
	return cordon_parse_refuse(parse, value->at, "%s must be %s; here is %s", what,
				   wanted[kind], empty ? "nothing" : found[value->kind]);
}

int cordon_parse_each(struct parse *parse, const struct cordon_value *container, const char *what,
		      enum cordon_value_kind kind,
		      int (*read)(struct parse *parse, const struct cordon_value *value,
				  void *target),
		      void *target)
{
	int result = cordon_parse_need_kind(parse, container, what, kind);

	if (result)
		return result;
	for (const struct cordon_value *value = container->first; value; value = value->next) {
		int error = read(parse, value, target);

		if (cordon_parse_is_fatal(error))
			return error;
		if (error)
			result = error;
	}
	return result;
}

/* ---- maps with known keys ---------------------------------------------------------------- */

static const struct cordon_value *find_field(const struct cordon_value *map, const char *name)
{
	const struct cordon_value *value = map->first;

	while (value && strcmp(value->key->text, name))
		value = value->next;
	return value;
}

static bool is_known(const char *key, const struct parse_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(fields[i].name, key))
			return true;
	}
	return false;
}

#define FIELDS_MAX 16

/* Return: whether there was none. */
static bool tell_unknown(const struct parse *parse, const struct cordon_value *map,
			 const char *what, const struct parse_field *fields, size_t count)
{
	const char *names[FIELDS_MAX];
	bool none = true;
	char where[64];

	for (size_t i = 0; i < count; i++)
		names[i] = fields[i].name;
	snprintf(where, sizeof(where), "key in %s:", what);
	for (const struct cordon_value *value = map->first; value; value = value->next) {
		if (is_known(value->key->text, fields, count))
			continue;
		cordon_parse_unknown(parse, value->key, where, names, count);
		none = false;
	}
	return none;
}

static int read_field(struct parse *parse, const struct cordon_value *map, const char *what,
		      const struct parse_field *field, bool complete, void *target)
{
	const struct cordon_value *value = find_field(map, field->name);

	if (value)
		return field->read(parse, value, target);
	if (!field->required || !complete)
		return 0;
	return cordon_parse_refuse(parse, map->at, "%s needs '%s'%s%s", what, field->name,
				   field->hint ? "; " : "", field->hint ? field->hint : "");
}

int cordon_parse_fields(struct parse *parse, const struct cordon_value *map, const char *what,
			const struct parse_field *fields, size_t count, void *target)
{
	int result = cordon_parse_need_kind(parse, map, what, CORDON_VALUE_MAP);
	bool complete;

	if (result)
		return result;
	/* What is missing is there most likely, but misspelt. */
	complete = tell_unknown(parse, map, what, fields, count);
	result = complete ? 0 : -EINVAL;
	for (size_t i = 0; i < count; i++) {
		int error = read_field(parse, map, what, &fields[i], complete, target);

		if (cordon_parse_is_fatal(error))
			return error;
		if (error)
			result = error;
	}
	return result;
}

/* ---- texts ------------------------------------------------------------------------------- */

int cordon_parse_choice(const struct parse *parse, const struct cordon_value *value,
			const char *what, const char *const *allowed, size_t count,
			size_t *ret_index)
{
	char where[64];
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(allowed[i], value->text)) {
			*ret_index = i;
			return 0;
		}
	}
	snprintf(where, sizeof(where), "value of %s:", what);
	return cordon_parse_unknown(parse, value, where, allowed, count);
}

static bool read_digits(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text || (*text == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*ret_number = number;
	return true;
}

int cordon_parse_number(const struct parse *parse, const struct cordon_value *value,
			const char *what, uint64_t least, uint64_t most, uint64_t *ret_number)
{
	uint64_t number;
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	if (!read_digits(value->text, &number) || number < least || number > most)
		return cordon_parse_refuse(parse, value->at,
					   "%s must be a decimal number from %" PRIu64
					   " to %" PRIu64 ", not '%.40s'",
					   what, least, most, value->text);
	*ret_number = number;
	return 0;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(const char *text)
{
	if (!is_alnum(*text))
		return false;
	while (is_alnum(*text) || (*text && strchr("_.-", *text)))
		text++;
	return !*text;
}

int cordon_parse_name(const struct parse *parse, const struct cordon_value *value, const char *what,
		      size_t size, char *ret_name)
{
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	if (!is_name(value->text))
		return cordon_parse_refuse(parse, value->at,
					   "%s '%.40s' must start with a letter or digit and have "
					   "letters, digits, '_', '.' and '-' only",
					   what, value->text);
	if (strlen(value->text) >= size)
		return cordon_parse_refuse(parse, value->at,
					   "%s '%.40s' is longer than %zu characters", what,
					   value->text, size - 1);
	memcpy(ret_name, value->text, strlen(value->text) + 1);
	return 0;
}

/* The kernel's dev_valid_name(), and a '*' at the end. */
static const char *interface_problem(const char *text)
{
	size_t length = strlen(text);
	const char *star = strchr(text, '*');

	if (length >= CORDON_INTERFACE_NAME_SIZE)
		return "is longer than 15 characters";
	if (strpbrk(text, "/: \t\r\n"))
		return "has a character that no interface's name has";
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return "is no interface's name";
	if (star && star[1])
		return "may have a '*' at its end only";
	if (!strcmp(text, "lo"))
		return "is loopback, which is never filtered";
	return NULL;
}

int cordon_parse_interface(const struct parse *parse, const struct cordon_value *value)
{
	const char *problem;
	int error = cordon_parse_need_kind(parse, value, "an interface", CORDON_VALUE_TEXT);

	if (error)
		return error;
	problem = interface_problem(value->text);
	if (!problem)
		return 0;
	return cordon_parse_refuse(parse, value->at, "interface '%.40s' %s", value->text, problem);
}

/* ---- names that must differ -------------------------------------------------------------- */

static bool is_reserved(const char *name)
{
	return !strcmp(name, "node") || !strcmp(name, "any") || !strcmp(name, "stranger");
}

int cordon_parse_end(struct parse *parse, const struct cordon_value *value, uint16_t identity)
{
	size_t former;
	int error;

	if (is_reserved(value->text))
		return cordon_parse_refuse(
			parse, value->at,
			"'%s' has a meaning of its own and cannot name a zone or "
			"workload",
			value->text);
	error = cordon_names_add(&parse->names, PARSE_SCOPE_ENDS, value->text, identity, &former);
	if (error != -EEXIST)
		return error;
	return cordon_parse_refuse(
		parse, value->at,
		"'%.40s' is the name of a zone already; zones and workloads share "
		"their names",
		value->text);
}

int cordon_parse_once(struct parse *parse, uint32_t scope, const struct cordon_value *value,
		      const char *what)
{
	size_t former;
	int error = cordon_names_add(&parse->names, scope, value->text, value->at.line, &former);

	if (error != -EEXIST)
		return error;
	return cordon_parse_refuse(parse, value->at,
				   "%s '%.40s' is given twice; the first is in line %zu", what,
				   value->text, former);
}

int cordon_parse_push_name(const struct cordon_value *value, struct cordon_name_at **names,
			   size_t *count)
{
	char *text CLEANUP(free) = strdup(value->text);
	struct cordon_name_at *name = text ? array_push(*names, *count) : NULL;

	if (!name)
		return -ENOMEM;
	name->text = TAKE(text);
	name->at = value->at;
	return 0;
}

/* Told once, at the first that is too many. */
int cordon_parse_limit(const struct parse *parse, const struct cordon_value *value, size_t count,
		       size_t most, const char *what)
{
	if (count != most + 1)
		return 0;
	return cordon_parse_refuse(parse, value->at, "more than %zu %s", most, what);
}
