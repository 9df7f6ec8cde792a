/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of the commands: JSON written as it comes, and tables whose columns
 * line up.  Knows nothing of what it prints.
 */
#ifndef CORDON_UTIL_PRINT_H
#define CORDON_UTIL_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** struct json - a JSON text being written; {.file = stdout} is ready */
struct json {
	FILE *file;
	unsigned int depth;
	bool more; /* something stands before, in the same object or array */
};

/* @key: NULL in an array and at the top */
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
/** json_line_end() - after the outermost object */
void json_line_end(struct json *json);

#define TABLE_COLUMNS_MAX 12

/** struct table - rows of text; {0} is ready */
struct table {
	char **cells; /* owned, row by row */
	size_t nr_cells;
	size_t columns;
	bool failed; /* memory ran out: what is printed is not all */
};

/** table_head() - titles, ended by NULL; a title that starts with '>' is of a column of numbers */
void table_head(struct table *table, const char *const *titles);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** table_print() - and free */
void table_print(struct table *table, FILE *file);

/** print_clean() - a text that anybody may have written, up to its NUL or @size bytes: what is no
 *	UTF-8 or could steer a terminal is a question mark */
void print_clean(FILE *file, const char *text, size_t size);

/** print_name() - the same of a name within a sentence: one with blanks, brackets or quotation
 *	marks is between quotation marks, so that it is no more of the sentence than a name is */
void print_name(FILE *file, const char *text, size_t size);

/** print_size() - bytes as people read them: "12.3 MB" */
const char *print_size(uint64_t bytes, char (*buffer)[32]);

/** print_address() - 16 bytes as in the ABI, IPv4 as IPv4 */
const char *print_address(const uint8_t bytes[16], char (*buffer)[64]);

/** print_protocol() - name of an IP protocol, or its number */
const char *print_protocol(uint8_t protocol, char (*buffer)[16]);

#endif
