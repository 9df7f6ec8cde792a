// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records with texts; see event.h.
 */
#include "event.h"

#include <string.h>

void *cordon_event_begin(union cordon_event_room *room, enum cordon_event_type type, size_t size)
{
	memset(room, 0, sizeof(*room));
	room->event.type = (uint16_t)type;
	room->event.size = (uint16_t)size;
	return room;
}

void cordon_event_add(union cordon_event_room *room, const char *text)
{
	const size_t left = sizeof(*room) - room->event.size;
	size_t length = strlen(text);

	if (left <= 1)
		return;
	if (length > left - 1)
		length = left - 1;
	memcpy(room->bytes + room->event.size, text, length);
	room->event.size += (uint16_t)(length + 1);
}

struct cordon_event *cordon_event_end(union cordon_event_room *room)
{
	room->event.size = (uint16_t)((room->event.size + 7) & ~7);
	return &room->event;
}

const char *cordon_event_text(const struct cordon_event *event, size_t size, unsigned int index)
{
	const char *at = (const char *)event + size;
	const char *end = (const char *)event + event->size;

	while (at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!nul)
			break;
		if (!index--)
			return at;
		at = nul + 1;
	}
	return "";
}
