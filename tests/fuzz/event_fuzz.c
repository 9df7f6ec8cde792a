// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a record, in words and as JSON.  The first byte says which type; each record is
 * taken twice, so that it also is what came before.  Whatever it holds, a line is a line: nothing
 * in it steers a terminal.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_filter.h"
#include "event_past.h"
#include "event_shape.h"
#include "event_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPES_A_CLASS 16

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* So many lines, and no control character but their ends. */
static void check_lines(const char *text, size_t size, size_t lines)
{
	for (size_t i = 0; i < size; i++) {
		const unsigned char byte = (unsigned char)text[i];

		lines -= byte == '\n';
		check(byte == '\n' || (byte >= ' ' && byte != 0x7f));
		check(byte != 0xc2 || (unsigned char)text[i + 1] >= 0xa0);
	}
	check(!lines && (!size || text[size - 1] == '\n'));
}

static void show(const struct cordon_event_view *view,
		 void (*how)(FILE *, const struct cordon_event_view *))
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	how(file, view);
	fclose(file);
	check_lines(text, size, 1);
	free(text);
}

static void show_tree(const struct cordon_event_view *view, bool json)
{
	static struct cordon_event_tree *tree;
	char *text = NULL;
	size_t size = 0, lines = 0;
	FILE *file = open_memstream(&text, &size);

	tree = tree ? tree : cordon_event_tree_new();
	cordon_event_tree_take(tree, view, true);
	check(!cordon_event_tree_print(tree, file, json));
	fclose(file);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	check_lines(text, size, lines);
	free(text);
}

static void take(const struct cordon_events_record *record)
{
	static struct cordon_event_past *past;
	static const struct cordon_event_wish wish = { .unit = "a.service" };
	const struct cordon_event_shape *shape = cordon_event_shape_of(record->event);
	struct cordon_failure failure = { .text = "" };
	struct cordon_event_filter filter;
	struct cordon_event_view view;

	if (!shape)
		return;
	past = past ? past : cordon_event_past_new();
	cordon_event_past_take(past, record);
	cordon_event_view_of(record, shape, past, NULL, &view);
	check(!cordon_event_filter_read(&wish, 0, &failure, &filter));
	cordon_event_filter_passes(&filter, &view);
	show(&view, cordon_event_view_text);
	show(&view, cordon_event_view_json);
	show_tree(&view, false);
	show_tree(&view, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t boot_id[16] = { 1 };
	struct cordon_events_record record = { .boot_id = boot_id };
	struct cordon_event *event;

	if (size < 9 + sizeof(*event) || size > UINT16_MAX)
		return 0;
	memcpy(&record.wall, data + 1, sizeof(record.wall));
	size = (size - 9) & ~7UL;
	event = aligned_alloc(8, size);
	check(event);
	memcpy(event, data + 9, size);
	event->size = (uint16_t)size;
	event->type = (uint16_t)CORDON_EVENT_TYPE(data[0] / TYPES_A_CLASS % CORDON_CLASS_COUNT,
						  1 + data[0] % TYPES_A_CLASS);
	record.event = event;
	record.class = CORDON_EVENT_CLASS(event->type);
	take(&record);
	take(&record);
	free(event);
	return 0;
}
