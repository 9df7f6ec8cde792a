/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the log is doing, for who asks from outside: read from its files, from
 * the rings and from what the kernel counted.  It asks no process and changes
 * nothing.
 */
#ifndef CORDON_LOG_STATE_H
#define CORDON_LOG_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "log_tail.h"
#include "maps.h"
#include "util/failure.h"

/**
 * struct cordon_log_state
 * @path: its folder
 * @begun: there is a log
 * @open: a process has it open to write
 * @key_waits: nobody has taken its key yet
 * @bytes: of all segments
 * @aged: there is a block; then @age_s is how long ago the last one was written
 * @waiting_s: age of the oldest record in a ring; 0: none is older than a moment
 * @problem: why nothing can be written where it is, or ""
 * @tail: by class
 * @losses: likewise, of the rings since they were made
 */
struct cordon_log_state {
	struct cordon_path path;
	bool begun;
	bool open;
	bool key_waits;
	uint64_t bytes;
	bool aged;
	uint64_t age_s;
	uint64_t waiting_s;
	struct cordon_failure problem;
	struct cordon_log_tail tail[CORDON_CLASS_COUNT];
	struct cordon_losses losses[CORDON_CLASS_COUNT];
};

/** cordon_log_state_read() - Return: 0; -errno: what the kernel counted cannot be read */
int cordon_log_state_read(const struct cordon_context *context, const struct cordon_maps *maps,
			  struct cordon_log_state *ret_state);

#endif
