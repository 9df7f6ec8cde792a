// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the lockdown level changed; see ledger.h.
 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define FOLDER "/var/lib/cordon"
#define FILE_NAME FOLDER "/lockdown"
#define SIZE_MOST (16UL << 20)

/* A value may be empty, and the next line is none. */
static bool read_line(const char *text, struct cordon_ledger_line *line)
{
	memset(line, 0, sizeof(*line));
	return sscanf(text, "%15s %255s%*1[ ]%95[^\n]", line->kind, line->name, line->value) >= 2;
}

int cordon_ledger_read(const struct cordon_context *context, struct cordon_ledger *ret_ledger)
{
	const struct cordon_path path = cordon_path_root(context, FILE_NAME);
	struct cordon_ledger_line line, *added;
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	int error = cordon_file_read(path.text, SIZE_MOST, &file);

	*ret_ledger = (struct cordon_ledger){ .context = context };
	if (error)
		return error == -ENOENT ? 0 : error;
	text = file.text;
	for (const char *at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!read_line(at, &line))
			continue;
		added = array_push(ret_ledger->line, ret_ledger->nr);
		if (!added) {
			cordon_ledger_clear(ret_ledger);
			return -ENOMEM;
		}
		*added = line;
	}
	return 0;
}

void cordon_ledger_clear(struct cordon_ledger *ledger)
{
	free(ledger->line);
	ledger->line = NULL;
	ledger->nr = 0;
}

const struct cordon_ledger_line *cordon_ledger_find(const struct cordon_ledger *ledger,
						    const char *kind, const char *name)
{
	for (size_t i = 0; i < ledger->nr; i++) {
		if (!strcmp(ledger->line[i].kind, kind) && !strcmp(ledger->line[i].name, name))
			return &ledger->line[i];
	}
	return NULL;
}

static int write_lines(const struct cordon_ledger *ledger, const char *path)
{
	FILE *file CLEANUP(fclose) = fopen(path, "we");

	if (!file)
		return -errno;
	for (size_t i = 0; i < ledger->nr; i++)
		fprintf(file, "%s %s %s\n", ledger->line[i].kind, ledger->line[i].name,
			ledger->line[i].value);
	return fflush(file) || fsync(fileno(file)) ? -errno : 0;
}

int cordon_ledger_save(const struct cordon_ledger *ledger)
{
	const struct cordon_path folder = cordon_path_root(ledger->context, FOLDER);
	const struct cordon_path aside = cordon_path_root(ledger->context, FILE_NAME ".new");
	const struct cordon_path path = cordon_path_root(ledger->context, FILE_NAME);
	int error = cordon_folder_make(folder.text, 0700);

	if (!error)
		error = write_lines(ledger, aside.text);
	if (!error && rename(aside.text, path.text))
		error = -errno;
	return error ? error : cordon_folder_sync(folder.text);
}

int cordon_ledger_add(struct cordon_ledger *ledger, const char *kind, const char *name,
		      const char *value)
{
	struct cordon_ledger_line *line = array_push(ledger->line, ledger->nr);

	if (!line)
		return -ENOMEM;
	snprintf(line->kind, sizeof(line->kind), "%s", kind);
	snprintf(line->name, sizeof(line->name), "%s", name);
	snprintf(line->value, sizeof(line->value), "%s", value);
	return 0;
}

int cordon_ledger_note(struct cordon_ledger *ledger, const char *kind, const char *name,
		       const char *value)
{
	int error;

	if (cordon_ledger_find(ledger, kind, name))
		return 0;
	error = cordon_ledger_add(ledger, kind, name, value);
	if (error)
		return error;
	error = cordon_ledger_save(ledger);
	if (error)
		ledger->nr--;
	cordon_step("noted in the ledger");
	return error;
}

int cordon_ledger_end(struct cordon_ledger *ledger)
{
	const struct cordon_path folder = cordon_path_root(ledger->context, FOLDER);
	const struct cordon_path path = cordon_path_root(ledger->context, FILE_NAME);

	cordon_ledger_clear(ledger);
	if (unlink(path.text) && errno != ENOENT)
		return -errno;
	return cordon_folder_sync(folder.text);
}
