// SPDX-License-Identifier: GPL-2.0-or-later
#include "faults.h"

#include <stdarg.h>

#include "array.h"

void faults_add(struct faults *faults, const char *format, ...)
{
	char **line = array_push(faults->line, faults->nr);
	va_list arguments;

	if (!line)
		return;
	va_start(arguments, format);
	if (vasprintf(line, format, arguments) < 0)
		*line = NULL;
	va_end(arguments);
}

static const char *line_of(const struct faults *faults, size_t i)
{
	return faults->line[i] ? faults->line[i] : "?";
}

void faults_text(const struct faults *faults, FILE *file, const char *where)
{
	for (size_t i = 0; i < faults->nr; i++)
		fprintf(file, "%s%s%s\n", where ? where : "", where ? ": " : "",
			line_of(faults, i));
}

void faults_json(const struct faults *faults, struct json *json, const char *key)
{
	json_array(json, key);
	for (size_t i = 0; i < faults->nr; i++)
		json_string(json, NULL, line_of(faults, i));
	json_array_end(json);
}

void cleanup_faults(struct faults *faults)
{
	for (size_t i = 0; i < faults->nr; i++)
		free(faults->line[i]);
	free(faults->line);
}
