/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for the log: closed segments are compressed, and give way when all of
 * them are more than the log may have.  The least important class gives way
 * first, its oldest segment first; but what a class has within its own share is
 * only taken when no class has more than its share.
 *
 * What gives way is told before it is deleted: who is killed in between has not
 * deleted in secret.  So one look finds it, and the next one, when the record of
 * it is on stable storage, deletes it.
 */
#ifndef CORDON_LOG_ROOM_H
#define CORDON_LOG_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/event.h>

/**
 * struct cordon_log_room - before a look and behind it
 * @limit: bytes that the log may have
 * @reserve: of these, for what is being written
 * @compresses: a segment: it takes time
 * @current: by class, number of the segment that is written: what comes before it is closed
 * @deletion, @nr: before: told, to be deleted now; behind: to be told, all but its event's place in
 *	the chain is filled in; owned
 * @used: behind: by class, bytes of what is closed
 * @more: behind: there is more to be compressed
 */
struct cordon_log_room {
	uint64_t limit;
	uint64_t reserve;
	bool compresses;
	uint32_t current[CORDON_CLASS_COUNT];
	struct cordon_event_deletion *deletion;
	size_t nr;
	uint64_t used[CORDON_CLASS_COUNT];
	bool more;
};

/**
 * cordon_log_room_look() - delete what was told, find what gives way next
 * @folder: the log's, open
 * Return: 0; -errno: a class could not be looked at, and nothing is known of @used.
 */
int cordon_log_room_look(int folder, struct cordon_log_room *room);

/** cordon_log_room_share() - bytes that are a class's own, of @limit */
uint64_t cordon_log_room_share(enum cordon_event_class class, uint64_t limit);

#endif
