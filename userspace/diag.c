// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps diagnostics until a command prints them.  A text often quotes what it
 * complains of, so nothing that a terminal would obey is ever stored.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/utf8.h"

/* Control characters and what is not UTF-8 become '?', in place. */
static void make_printable(char *text)
{
	size_t left = strlen(text);
	unsigned char *byte = (unsigned char *)text;

	while (left) {
		uint32_t rune;
		size_t size = utf8_decode(byte, left, &rune);

		if (!size || rune < 0x20 || (rune >= 0x7f && rune < 0xa0)) {
			size = size ? size : 1;
			memset(byte, '?', size);
		}
		byte += size;
		left -= size;
	}
}

static void clear_one(struct cordon_diagnostic *diagnostic)
{
	free(diagnostic->file);
	free(diagnostic->text);
	memset(diagnostic, 0, sizeof(*diagnostic));
}

static void remove_one(struct cordon_diag *diag, size_t index)
{
	clear_one(&diag->entry[index]);
	diag->stored--;
	memmove(&diag->entry[index], &diag->entry[index + 1],
		(diag->stored - index) * sizeof(diag->entry[0]));
	memset(&diag->entry[diag->stored], 0, sizeof(diag->entry[0]));
}

/* Errors must not go unsaid because warnings came first. */
static bool make_room(struct cordon_diag *diag, enum cordon_severity severity)
{
	if (diag->stored < CORDON_DIAG_MAX)
		return true;
	if (severity != CORDON_SEVERITY_ERROR)
		return false;
	for (size_t i = diag->stored; i-- > 0;) {
		if (diag->entry[i].severity == CORDON_SEVERITY_WARNING) {
			remove_one(diag, i);
			return true;
		}
	}
	return false;
}

static void store(struct cordon_diag *diag, struct cordon_position at,
		  enum cordon_severity severity, const char *format, va_list arguments)
{
	struct cordon_diagnostic *entry;

	if (!make_room(diag, severity))
		return;
	entry = &diag->entry[diag->stored++];
	entry->line = at.line;
	entry->column = at.column;
	entry->severity = severity;
	entry->file = strdup(at.file ? at.file : "");
	if (vasprintf(&entry->text, format, arguments) < 0)
		entry->text = NULL;
	if (entry->file)
		make_printable(entry->file);
	if (entry->text)
		make_printable(entry->text);
}

void cordon_diag_error(struct cordon_diag *diag, struct cordon_position at, const char *format, ...)
{
	va_list arguments;

	diag->errors++;
	va_start(arguments, format);
	store(diag, at, CORDON_SEVERITY_ERROR, format, arguments);
	va_end(arguments);
}

void cordon_diag_warning(struct cordon_diag *diag, struct cordon_position at, const char *format,
			 ...)
{
	va_list arguments;

	diag->warnings++;
	va_start(arguments, format);
	store(diag, at, CORDON_SEVERITY_WARNING, format, arguments);
	va_end(arguments);
}

char *cordon_diag_format(const struct cordon_diagnostic *diagnostic)
{
	const char *severity = diagnostic->severity == CORDON_SEVERITY_ERROR ? "error" : "warning";
	const char *file = diagnostic->file ? diagnostic->file : "";
	const char *text = diagnostic->text ? diagnostic->text : "out of memory";
	char *line;
	int length;

	if (!diagnostic->line)
		length = asprintf(&line, "%s%s%s: %s", file, *file ? ": " : "", severity, text);
	else
		length = asprintf(&line, "%s:%u:%u: %s: %s", file, diagnostic->line,
				  diagnostic->column, severity, text);
	return length < 0 ? NULL : line;
}

void cordon_diag_clear(struct cordon_diag *diag)
{
	for (size_t i = 0; i < diag->stored; i++)
		clear_one(&diag->entry[i]);
	memset(diag, 0, sizeof(*diag));
}
