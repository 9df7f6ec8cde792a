// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of verdicts: read them, walk them with a runner, say what differs.
 * How a packet is judged is the runner's matter.
 */
#include "rows.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define ROWS_MAX 1024
#define FAILURES_SHOWN 12

static const char *const latch_levels[] = { "open", "egress", "isolate", "lockdown" };

static char *next_word(char **text)
{
	return strtok_r(NULL, " \t", text);
}

static int interface_index(const char *name)
{
	for (int i = 0; name && i < STAGE_INTERFACES; i++) {
		if (!strcmp(stage_interfaces[i].name, name))
			return i;
	}
	return -1;
}

static const char *read_expected(struct row *row, char *expected)
{
	char kind[8];

	if (sscanf(expected, "%7s %63s", kind, row->expected) != 2)
		return "wants '-> pass RULE', '-> deny REASON' or '-> audit REASON'";
	row->audit = !strcmp(kind, "audit");
	row->pass = row->audit || !strcmp(kind, "pass");
	return row->pass || !strcmp(kind, "deny") ? NULL : "neither pass nor deny nor audit";
}

/* @word is the first, @rest what follows it */
static const char *read_packet(struct row *row, char *word, char *rest)
{
	char *arrow = strstr(rest, "->");
	const char *wrong;

	row->kind = ROW_PACKET;
	row->came_by = -1;
	if (!arrow)
		return "no '->'";
	*arrow = '\0';
	wrong = read_expected(row, arrow + 2);
	if (wrong)
		return wrong;
	if (!strcmp(word, "cut")) {
		row->cut = true;
		word = next_word(&rest);
	}
	if (!word)
		return "no direction";
	row->out = strcmp(word, "in");
	if (!strcmp(word, "thru")) {
		row->came_by = interface_index(next_word(&rest));
		if (row->came_by < 0)
			return "no such interface";
	}
	row->interface = interface_index(next_word(&rest));
	if (row->interface < 0)
		return "no such interface";
	snprintf(row->text, sizeof(row->text), "%s", rest);
	return packet_text_build(rest, &row->frame);
}

static const char *read_word(struct row *row, const char *word, char *rest)
{
	row->number = atoi(rest);
	if (!strcmp(word, "policy")) {
		row->kind = ROW_POLICY;
		snprintf(row->expected, sizeof(row->expected), "%s", rest);
		return NULL;
	}
	if (!strcmp(word, "fresh")) {
		row->kind = ROW_FRESH;
		return NULL;
	}
	if (!strcmp(word, "wait")) {
		row->kind = ROW_WAIT;
		return NULL;
	}
	if (strcmp(word, "latch"))
		return "unknown word";
	row->kind = ROW_LATCH;
	for (row->number = 0; row->number < 4; row->number++) {
		if (!strcmp(rest, latch_levels[row->number]))
			return NULL;
	}
	return "no such latch level";
}

static const char *read_row(struct row *row, char *line)
{
	char *rest, *word = strtok_r(line, " \t", &rest);

	if (!strcmp(word, "in") || !strcmp(word, "out") || !strcmp(word, "thru") ||
	    !strcmp(word, "cut"))
		return read_packet(row, word, rest);
	return read_word(row, word, rest);
}

static bool read_lines(struct table *table, FILE *file, const char *path)
{
	char line[1024];
	bool host = false, programs = false;

	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		struct row *row = &table->rows[table->nr_rows];
		const char *wrong;

		line[strcspn(line, "#\n")] = '\0';
		if (!line[strspn(line, " \t")])
			continue;
		if (!strcmp(line, "host") || !strcmp(line, "everywhere")) {
			host = line[0] == 'h';
			programs = false;
			continue;
		}
		if (!strcmp(line, "programs")) {
			programs = true;
			continue;
		}
		row->line = number;
		wrong = read_row(row, line);
		host |= row->kind == ROW_WAIT;
		row->host = host;
		row->programs = programs;
		if (wrong || ++table->nr_rows == ROWS_MAX) {
			fprintf(stderr, "# %s:%d: %s\n", path, number, wrong ? wrong : "too long");
			return false;
		}
	}
	return true;
}

struct table *table_read(const char *path)
{
	struct table *table = calloc(1, sizeof(*table));
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "r");
	bool fine = false;

	if (table && file)
		table->rows = calloc(ROWS_MAX, sizeof(*table->rows));
	if (table && table->rows) {
		snprintf(table->folder, sizeof(table->folder), "%.*s",
			 slash ? (int)(slash - path) : 1, slash ? path : ".");
		snprintf(table->name, sizeof(table->name), "%s", slash ? slash + 1 : path);
		table->name[strcspn(table->name, ".")] = '\0';
		fine = read_lines(table, file, path);
	}
	if (file)
		fclose(file);
	if (fine)
		return table;
	table_free(table);
	return NULL;
}

void table_free(struct table *table)
{
	if (table)
		free(table->rows);
	free(table);
}

char **tables_find(size_t *ret_nr)
{
	glob_t found;
	char **paths = NULL;

	*ret_nr = 0;
	if (glob("tests/verdict/*.table", 0, NULL, &found))
		return NULL;
	paths = calloc(found.gl_pathc + 1, sizeof(*paths));
	for (size_t i = 0; paths && i < found.gl_pathc; i++)
		paths[(*ret_nr)++] = strdup(found.gl_pathv[i]);
	globfree(&found);
	return paths;
}

/** struct tally - of one table */
struct tally {
	int judged;
	int skipped;
	int wrong;
};

static void judge(struct runner *runner, const struct table *table, const struct row *row,
		  const struct frame *frame, struct tally *tally)
{
	const struct verdict verdict = runner->packet(runner, row, frame);

	if (verdict.skipped) {
		tally->skipped++;
		return;
	}
	tally->judged++;
	if (verdict.pass == row->pass && !strcmp(verdict.name, row->expected))
		return;
	if (tally->wrong++ >= FAILURES_SHOWN)
		return;
	printf("# %s.table:%d: %s %s, not %s %s (%u bytes): %s\n", table->name, row->line,
	       verdict.pass ? "pass" : "deny", verdict.name, row->pass ? "pass" : "deny",
	       row->expected, frame->size, row->text);
}

static void judge_row(struct runner *runner, const struct table *table, const struct row *row,
		      struct tally *tally)
{
	struct frame frame = row->frame;

	if (!row->cut) {
		judge(runner, table, row, &frame, tally);
		return;
	}
	for (frame.size = 0; frame.size < row->frame.size; frame.size++)
		judge(runner, table, row, &frame, tally);
}

static int run_row(struct runner *runner, const struct table *table, const struct row *row,
		   struct tally *tally)
{
	if (row->host && !runner->on_host) {
		tally->skipped++;
		return 0;
	}
	switch (row->kind) {
	case ROW_PACKET:
		judge_row(runner, table, row, tally);
		break;
	case ROW_POLICY:
		return runner->policy(runner, table, row);
	case ROW_LATCH:
		runner->latch(runner, row->number);
		break;
	case ROW_FRESH:
		runner->fresh(runner);
		break;
	case ROW_WAIT:
		runner->wait(runner, row->number);
		break;
	}
	return 0;
}

static bool run_table(struct runner *runner, const struct table *table, int number)
{
	struct tally tally = { 0 };
	int err = runner->start(runner, table);

	for (size_t i = 0; !err && i < table->nr_rows; i++)
		err = run_row(runner, table, &table->rows[i], &tally);
	runner->stop(runner);
	if (err)
		printf("# %s: could not be run (%d)\n", table->name, err);
	printf("%sok %d %s: %d judged, %d left out\n", err || tally.wrong ? "not " : "", number,
	       table->name, tally.judged, tally.skipped);
	fflush(stdout);
	return !err && !tally.wrong;
}

int tables_run(struct runner *runner, int argc, char **argv)
{
	bool fine = true;
	size_t nr = 0;
	char **paths = argc > 1 ? NULL : tables_find(&nr);
	size_t count = argc > 1 ? (size_t)argc - 1 : nr;

	printf("TAP version 13\n1..%zu\n", count);
	fflush(stdout);
	for (size_t i = 0; i < count; i++) {
		struct table *table = table_read(paths ? paths[i] : argv[i + 1]);

		if (!table)
			printf("not ok %zu cannot be read\n", i + 1);
		fine &= table && run_table(runner, table, (int)i + 1);
		table_free(table);
	}
	for (size_t i = 0; i < nr; i++)
		free(paths[i]);
	free(paths);
	return fine && count ? 0 : 1;
}
