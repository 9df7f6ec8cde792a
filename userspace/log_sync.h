/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log's slow work, in a thread of its own: a disk takes its time, and who
 * reads the rings must not wait for it.  First the segments and their names come
 * to stable storage, then the keys to come: power that fails in between leaves
 * older keys, from which those of the blocks follow.  Then room is made.
 */
#ifndef CORDON_LOG_SYNC_H
#define CORDON_LOG_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include <cordon/log.h>

#include "log_room.h"

struct cordon_log_sync;

/**
 * struct cordon_log_files - segments that were written to; owned
 * @made: some of them are new: so are their names in the folder
 */
struct cordon_log_files {
	int *fd;
	size_t nr;
	bool made;
};

/** cordon_log_files_sync() - all of them, which are closed then, and take no more memory.
 * @folder: theirs
 * Return: 0, or the first -errno
 */
int cordon_log_files_sync(struct cordon_log_files *files, int folder);

/**
 * struct cordon_log_job - what is to be done, in this order, and what came of it
 * @files: to be brought to stable storage
 * @keys: to be written then
 * @makes_room, @room: to be looked at then; owned
 * @error: 0, or why something is not on stable storage
 * @failed: not the files: no later synchronisation says whether they are
 * @room_error: 0, or why nothing is known of the room
 */
struct cordon_log_job {
	struct cordon_log_files files;
	struct cordon_log_keys keys;
	bool makes_room;
	struct cordon_log_room room;
	int error;
	bool failed;
	int room_error;
};

/** cordon_log_job_clear() - with the keys in it */
void cordon_log_job_clear(struct cordon_log_job *job);

/** cordon_log_sync_open() - Return: 0 or -ENOMEM; the thread begins with the first work
 * @folder: the log's, open; stays the caller's
 */
int cordon_log_sync_open(int folder, struct cordon_log_sync **ret_sync);

/** cordon_log_sync_close() - what was begun is ended */
void cordon_log_sync_close(struct cordon_log_sync *sync);

/** cordon_log_sync_set_wake() - an eventfd that is told when something ended; -1: none */
void cordon_log_sync_set_wake(struct cordon_log_sync *sync, int wake);

/**
 * cordon_log_sync_begin()
 * @job: taken over, and empty then
 * Return: false: it is at work, or was not asked what became of the last; nothing is taken.
 */
bool cordon_log_sync_begin(struct cordon_log_sync *sync, struct cordon_log_job *job);

/** cordon_log_sync_is_busy() - it is at work, or was not asked what became of the last */
bool cordon_log_sync_is_busy(struct cordon_log_sync *sync);

/**
 * cordon_log_sync_end() - what became of it, once
 * @wait: for it
 * @ret_job: @files is empty
 * Return: false: nothing was begun, or it goes on.
 */
bool cordon_log_sync_end(struct cordon_log_sync *sync, bool wait, struct cordon_log_job *ret_job);

#endif
