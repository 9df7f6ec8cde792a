// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What records told of names; see event_names.h.
 */
#include "event_names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/limits.h>
#include <cordon/uapi/policy.h>

#include "event.h"
#include "util/cleanup.h"

/* Of 37 kB each, and their names. */
#define GENERATIONS 256U

DEFINE_CLEANUP(events, struct cordon_events *, cordon_events_close)

struct generation {
	uint8_t boot_id[16];
	uint32_t number;
	char *zone[CORDON_IDENTITIES_MAX];
	char *rule[CORDON_RULE_SLOTS];
};

/* struct cordon_event_names - @told: how many generations were, the forgotten included */
struct cordon_event_names {
	struct generation *generation[GENERATIONS];
	size_t told;
};

struct cordon_event_names *cordon_event_names_new(void)
{
	return calloc(1, sizeof(struct cordon_event_names));
}

static void free_generation(struct generation *generation)
{
	for (size_t i = 0; generation && i < CORDON_IDENTITIES_MAX; i++)
		free(generation->zone[i]);
	for (size_t i = 0; generation && i < CORDON_RULE_SLOTS; i++)
		free(generation->rule[i]);
	free(generation);
}

void cordon_event_names_free(struct cordon_event_names *names)
{
	for (size_t i = 0; names && i < GENERATIONS; i++)
		free_generation(names->generation[i]);
	free(names);
}

static struct generation *find(const struct cordon_event_names *names, const uint8_t *boot_id,
			       uint32_t number)
{
	for (size_t i = 0; i < GENERATIONS && names->generation[i]; i++) {
		struct generation *generation = names->generation[i];

		if (generation->number == number &&
		    !memcmp(generation->boot_id, boot_id, sizeof(generation->boot_id)))
			return generation;
	}
	return NULL;
}

/* Return: NULL: no memory */
static struct generation *find_or_add(struct cordon_event_names *names, const uint8_t *boot_id,
				      uint32_t number)
{
	struct generation *generation = find(names, boot_id, number), **place;

	if (generation)
		return generation;
	generation = calloc(1, sizeof(*generation));
	if (!generation)
		return NULL;
	generation->number = number;
	memcpy(generation->boot_id, boot_id, sizeof(generation->boot_id));
	place = &names->generation[names->told++ % GENERATIONS];
	free_generation(*place);
	*place = generation;
	return generation;
}

/* As a policy has them; in what is no log of ours anything may stand. */
static bool is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
			return false;
	}
	return length < CORDON_NAME_SIZE;
}

static void take_name(char **name, const char *text, size_t length)
{
	if (!is_name(text, length))
		return;
	free(*name);
	*name = strndup(text, length);
}

static void take_texts(const struct cordon_event_names_told *told, char **table, size_t size)
{
	const char *at = (const char *)(told + 1), *end = (const char *)told + told->event.size;

	for (size_t i = told->first; i < size && at < end; i++) {
		const size_t length = strnlen(at, (size_t)(end - at));

		if (at + length == end || !length)
			return;
		take_name(&table[i], at, length);
		at += length + 1;
	}
}

void cordon_event_names_take(struct cordon_event_names *names,
			     const struct cordon_events_record *record)
{
	const struct cordon_event_names_told *told = (const void *)record->event;
	struct generation *generation;

	if (!cordon_event_is(record->event, CORDON_EVENT_NAMES, sizeof(*told)))
		return;
	generation = find_or_add(names, record->boot_id, told->generation);
	if (generation && told->of == CORDON_NAMES_ZONES)
		take_texts(told, generation->zone, CORDON_IDENTITIES_MAX);
	else if (generation && told->of == CORDON_NAMES_RULES)
		take_texts(told, generation->rule, CORDON_RULE_SLOTS);
}

void cordon_event_names_read(struct cordon_event_names *names, int folder)
{
	struct cordon_events *events CLEANUP(events) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_events_record record;

	if (cordon_events_open(folder, 1U << CORDON_CLASS_ENFORCEMENT, &unsaid, &events))
		return;
	while (cordon_events_next(events, &record))
		cordon_event_names_take(names, &record);
}

const char *cordon_event_names_zone(const struct cordon_event_names *names, const uint8_t *boot_id,
				    uint32_t generation, uint32_t identity)
{
	const struct generation *told = find(names, boot_id, generation);

	return told && identity < CORDON_IDENTITIES_MAX ? told->zone[identity] : NULL;
}

const char *cordon_event_names_rule(const struct cordon_event_names *names, const uint8_t *boot_id,
				    uint32_t generation, uint32_t slot)
{
	const struct generation *told = find(names, boot_id, generation);

	return told && slot < CORDON_RULE_SLOTS ? told->rule[slot] : NULL;
}
