/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What records told of names: what people call the zones and rules of a
 * generation, for which other records only have numbers.  Its memory is bounded:
 * the generation that was told of longest ago is forgotten first.
 */
#ifndef CORDON_EVENT_NAMES_H
#define CORDON_EVENT_NAMES_H

#include <stdint.h>

#include "events.h"

struct cordon_event_names;

/** cordon_event_names_new() - Return: NULL: no memory */
struct cordon_event_names *cordon_event_names_new(void);
void cordon_event_names_free(struct cordon_event_names *names);

/** cordon_event_names_take() - a record; it need not be one that tells names */
void cordon_event_names_take(struct cordon_event_names *names,
			     const struct cordon_events_record *record);

/**
 * cordon_event_names_read() - all that a log tells: who wrote them down did so a moment after the
 *	generation's first records
 * @folder: of the log, open; stays the caller's
 */
void cordon_event_names_read(struct cordon_event_names *names, int folder);

/**
 * cordon_event_names_zone(), cordon_event_names_rule() - of a generation of a boot
 * Return: the name; NULL: nobody told it.
 */
const char *cordon_event_names_zone(const struct cordon_event_names *names, const uint8_t *boot_id,
				    uint32_t generation, uint32_t identity);
const char *cordon_event_names_rule(const struct cordon_event_names *names, const uint8_t *boot_id,
				    uint32_t generation, uint32_t slot);

#endif
