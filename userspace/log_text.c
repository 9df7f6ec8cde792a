// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the log is doing, as people and programs read it; see log_text.h.
 */
#include "log_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "log_segment.h"

/* The daemon writes down what it is told in less than a second. */
#define LATE_S 5

bool cordon_log_judge(const struct cordon_log_state *state, struct cordon_failure *fault)
{
	if (state->problem.text[0])
		cordon_fail(fault, -EIO, "the log cannot be written to %s: %s", state->path.text,
			    state->problem.text);
	else if (!state->open)
		cordon_fail(
			fault, -EIO,
			"the log is not written: cordon run does not have %s open, and says why",
			state->path.text);
	else if (state->waiting_s > LATE_S)
		cordon_fail(fault, -EIO,
			    "the log is not written: records wait for %" PRIu64
			    " s, and are lost when their ring is full",
			    state->waiting_s);
	return !fault->text[0];
}

static void print_class(FILE *file, const struct cordon_log_state *state,
			enum cordon_event_class class)
{
	const struct cordon_losses *losses = &state->losses[class];
	const uint64_t records = state->tail[class].records;

	if (!records && !losses->records && !losses->lost)
		return;
	fprintf(file, "            %s: %" PRIu64 " record%s", cordon_event_class_name(class),
		records, records == 1 ? "" : "s");
	if (losses->lost)
		fprintf(file, ", %" PRIu64 " LOST as their ring was full", losses->lost);
	fputc('\n', file);
}

void cordon_log_text(FILE *file, const struct cordon_log_state *state, uint64_t budget)
{
	char bytes[32], most[32];

	if (!state->begun) {
		fputs("log         none was begun yet\n", file);
		return;
	}
	fprintf(file, "log         %s of %s", print_size(state->bytes, &bytes),
		print_size(budget, &most));
	if (state->aged)
		fprintf(file, ", last written %" PRIu64 " s ago", state->age_s);
	fputc('\n', file);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		print_class(file, state, i);
	if (state->key_waits)
		fputs("            its key is still on this node: take it with cordon log key\n",
		      file);
}

static void json_class(struct json *json, const struct cordon_log_state *state,
		       enum cordon_event_class class)
{
	json_object(json, cordon_event_class_name(class));
	json_number(json, "blocks", state->tail[class].blocks);
	json_number(json, "records", state->tail[class].records);
	json_number(json, "lost", state->losses[class].lost);
	json_object_end(json);
}

void cordon_log_json(struct json *json, const struct cordon_log_state *state, uint64_t budget)
{
	json_object(json, "log");
	json_bool(json, "begun", state->begun);
	json_bool(json, "open", state->open);
	json_bool(json, "key_waits", state->key_waits);
	json_number(json, "bytes", state->bytes);
	json_number(json, "budget", budget);
	if (state->aged)
		json_number(json, "age_seconds", state->age_s);
	else
		json_null(json, "age_seconds");
	json_number(json, "waiting_seconds", state->waiting_s);
	json_string(json, "problem", state->problem.text);
	json_object(json, "classes");
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		json_class(json, state, i);
	json_object_end(json);
	json_object_end(json);
}
