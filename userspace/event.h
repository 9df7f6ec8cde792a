/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records with texts, made and read; the shapes are <cordon/uapi/event.h>'s.
 * It believes nothing about a record but what it has looked at.
 */
#ifndef CORDON_EVENT_H
#define CORDON_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/event.h>

/** union cordon_event_room - where a record is made; begin, texts in their order, end */
union cordon_event_room {
	struct cordon_event event;
	uint8_t bytes[CORDON_EVENT_MAX];
};

/** cordon_event_begin() - a record of zeros. Return: its struct, @size bytes */
void *cordon_event_begin(union cordon_event_room *room, enum cordon_event_type type, size_t size);

/** cordon_event_add() - a text at its end; what does not fit is cut */
void cordon_event_add(union cordon_event_room *room, const char *text);

/** cordon_event_end() - filled up to a multiple of 8 */
struct cordon_event *cordon_event_end(union cordon_event_room *room);

/** cordon_event_is() - is it of this type, and whole? */
static inline bool cordon_event_is(const struct cordon_event *event, enum cordon_event_type type,
				   size_t size)
{
	return event->type == type && event->size >= size;
}

/**
 * cordon_event_next() - records one behind the other
 * @at: where the next one is, moved behind it
 * Return: NULL: @at is at the end, or what is there is no record.
 */
static inline const struct cordon_event *cordon_event_next(const void *bytes, size_t size,
							   size_t *at)
{
	const size_t left = size - *at;
	const struct cordon_event *event = (const void *)((const uint8_t *)bytes + *at);

	if (left < sizeof(*event) || event->size < sizeof(*event) || event->size > left ||
	    event->size % 8)
		return NULL;
	*at += event->size;
	return event;
}

/**
 * cordon_event_text() - a text of a record
 * @size: of its struct
 * @index: from 0 on
 * Return: the text, as anybody may have written it; "" if it has none.
 */
const char *cordon_event_text(const struct cordon_event *event, size_t size, unsigned int index);

#endif
