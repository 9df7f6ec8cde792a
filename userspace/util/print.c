// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON and tables.
 */
#include "print.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "utf8.h"

/* Control characters, C1 too, and what turns the direction of a line or cannot be seen in it. */
static bool steers_terminal(uint32_t rune)
{
	return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || (rune >= 0x200b && rune <= 0x200f) ||
	       (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2060 && rune <= 0x206f) ||
	       rune == 0xfeff;
}

/* A character as it may stand in a JSON text and on a terminal.
 * Return: bytes of @text that were written. */
static size_t write_rune(FILE *file, const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t rune = 0;
	const size_t length = utf8_decode(bytes, size, &rune);

	if (!length) {
		fputs("\\ufffd", file);
		return 1;
	}
	if (steers_terminal(rune))
		fprintf(file, "\\u%04x", rune);
	else if (rune == '"' || rune == '\\')
		fprintf(file, "\\%c", (int)rune);
	else
		fwrite(text, 1, length, file);
	return length;
}

/* Bytes of @text that can stand anywhere as they are: most of it. */
static size_t plain_size(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && text[i] >= ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '\\')
		i++;
	return i;
}

static void write_string(FILE *file, const char *text)
{
	const size_t size = strlen(text);

	fputc('"', file);
	for (size_t at = 0; at < size;) {
		const size_t plain = plain_size(text + at, size - at);

		fwrite(text + at, 1, plain, file);
		at += plain;
		if (at < size)
			at += write_rune(file, text + at, size - at);
	}
	fputc('"', file);
}

static void begin_value(struct json *json, const char *key)
{
	if (json->more)
		fputc(',', json->file);
	if (key) {
		write_string(json->file, key);
		fputc(':', json->file);
	}
	json->more = true;
}

static void open_level(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	fputc(bracket, json->file);
	json->depth++;
	json->more = false;
}

static void close_level(struct json *json, char bracket)
{
	fputc(bracket, json->file);
	json->depth--;
	json->more = true;
}

void json_object(struct json *json, const char *key)
{
	open_level(json, key, '{');
}

void json_object_end(struct json *json)
{
	close_level(json, '}');
}

void json_array(struct json *json, const char *key)
{
	open_level(json, key, '[');
}

void json_array_end(struct json *json)
{
	close_level(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	write_string(json->file, value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->file, "%" PRIu64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->file);
}

void json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->file);
}

void json_line_end(struct json *json)
{
	fputc('\n', json->file);
	json->more = false;
}

void print_clean(FILE *file, const char *text, size_t size)
{
	size_t length;

	for (size_t at = 0; at < size && text[at]; at += length) {
		uint32_t rune = 0;

		length = utf8_decode((const unsigned char *)text + at, size - at, &rune);
		if (length && !steers_terminal(rune))
			fwrite(text + at, 1, length, file);
		else
			fputc('?', file);
		length = length ? length : 1;
	}
}

static bool ends_a_name(char character)
{
	return character && strchr(" \"[]()", character);
}

static bool is_a_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (ends_a_name(text[i]))
			return false;
	}
	return true;
}

/* A quotation mark in it becomes another one. */
void print_name(FILE *file, const char *text, size_t size)
{
	const size_t length = strnlen(text, size);

	if (is_a_word(text, length)) {
		print_clean(file, text, length);
		return;
	}
	fputc('"', file);
	for (size_t at = 0, part; at < length; at += part + 1) {
		const char *mark = memchr(text + at, '"', length - at);

		part = mark ? (size_t)(mark - text) - at : length - at;
		print_clean(file, text + at, part);
		if (mark)
			fputc('\'', file);
	}
	fputc('"', file);
}

static void push_cell(struct table *table, char *text)
{
	char **cell = text ? array_push(table->cells, table->nr_cells) : NULL;

	if (cell) {
		*cell = text;
		return;
	}
	free(text);
	table->failed = true;
}

void table_head(struct table *table, const char *const *titles)
{
	for (; *titles && table->columns < TABLE_COLUMNS_MAX; titles++) {
		push_cell(table, strdup(*titles));
		table->columns++;
	}
}

void table_cell(struct table *table, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	push_cell(table, size < 0 ? NULL : text);
}

static bool is_number_column(const struct table *table, size_t column)
{
	return table->cells[column][0] == '>';
}

static const char *cell_text(const struct table *table, size_t index)
{
	const char *text = table->cells[index];

	return index < table->columns && text[0] == '>' ? text + 1 : text;
}

static void measure_columns(const struct table *table, int *width)
{
	for (size_t i = 0; i < table->nr_cells; i++) {
		const int length = (int)strlen(cell_text(table, i));

		if (width[i % table->columns] < length)
			width[i % table->columns] = length;
	}
}

/* Blanks before a cell, not after it: a line must not end in some. */
static void print_cell(const struct table *table, size_t index, const int *width, int *blanks,
		       FILE *file)
{
	const size_t column = index % table->columns;
	const char *text = cell_text(table, index);
	const int rest = width[column] - (int)strlen(text);

	if (is_number_column(table, column))
		*blanks += rest;
	if (text[0])
		fprintf(file, "%*s%s", *blanks, "", text);
	*blanks = (text[0] ? 0 : *blanks) + (is_number_column(table, column) ? 0 : rest) + 2;
	if (column + 1 < table->columns)
		return;
	fputc('\n', file);
	*blanks = 0;
}

void table_print(struct table *table, FILE *file)
{
	int width[TABLE_COLUMNS_MAX] = { 0 }, blanks = 0;

	if (table->failed)
		fputs("(out of memory)\n", file);
	else
		measure_columns(table, width);
	for (size_t i = 0; i < table->nr_cells; i++) {
		if (!table->failed)
			print_cell(table, i, width, &blanks, file);
	}
	for (size_t i = 0; i < table->nr_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	memset(table, 0, sizeof(*table));
}

const char *print_size(uint64_t bytes, char (*buffer)[32])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(*buffer, sizeof(*buffer), "%" PRIu64 " B", bytes);
		return *buffer;
	}
	for (value /= 1000; value >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1000;
	snprintf(*buffer, sizeof(*buffer), "%.1f %s", value, units[unit]);
	return *buffer;
}

const char *print_address(const uint8_t bytes[16], char (*buffer)[64])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(bytes, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, bytes + sizeof(mapped), *buffer, sizeof(*buffer));
	else
		inet_ntop(AF_INET6, bytes, *buffer, sizeof(*buffer));
	return *buffer;
}

const char *print_protocol(uint8_t protocol, char (*buffer)[16])
{
	static const char *const names[256] = {
		[IPPROTO_ICMP] = "icmp",       [IPPROTO_IGMP] = "igmp",
		[IPPROTO_IPIP] = "ipip",       [IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp",	       [IPPROTO_DCCP] = "dccp",
		[IPPROTO_GRE] = "gre",	       [IPPROTO_ESP] = "esp",
		[IPPROTO_AH] = "ah",	       [IPPROTO_ICMPV6] = "icmpv6",
		[IPPROTO_SCTP] = "sctp",       [IPPROTO_FRAGMENT] = "fragment",
		[IPPROTO_UDPLITE] = "udplite",
	};

	if (names[protocol])
		return names[protocol];
	snprintf(*buffer, sizeof(*buffer), "%u", protocol);
	return *buffer;
}
