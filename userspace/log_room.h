/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for the log: closed segments are compressed, and deleted when all of
 * them are more than the log may have.  The least important class gives way
 * first, its oldest segment first; but what a class has within its own share is
 * only taken when no class has more than its share.
 */
#ifndef CORDON_LOG_ROOM_H
#define CORDON_LOG_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/event.h>

/** cordon_log_room_teller - gets each deletion before it is done, its event all but filled in */
typedef void (*cordon_log_room_teller)(void *state, struct cordon_event_deletion *deletion);

/**
 * cordon_log_room_make() - compress one segment, delete as many as it takes
 * @folder: the log's, open
 * @limit: bytes
 * @current: by class, number of the segment that is written: it stays as it is
 * @ret_used: bytes of all segments then
 * Return: 0; -errno: something could not be looked at, compressed or deleted.
 */
int cordon_log_room_make(int folder, uint64_t limit, const uint32_t current[CORDON_CLASS_COUNT],
			 cordon_log_room_teller teller, void *state, uint64_t *ret_used);

#endif
