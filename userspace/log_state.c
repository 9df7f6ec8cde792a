// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the log is doing; see log_state.h.
 */
#include "log_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <cordon/log.h>

#include "log_block.h"
#include "log_look.h"
#include "ring.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define SECOND 1000000000ULL

/* Across boots there is but the clock that somebody sets. */
static uint64_t age_of(const struct cordon_log_block *block)
{
	const uint64_t now = cordon_clock_ns();
	const int64_t wall = cordon_clock_wall();
	uint8_t boot_id[sizeof(block->boot_id)];

	cordon_boot_id(&boot_id);
	if (!memcmp(boot_id, block->boot_id, sizeof(boot_id)))
		return now > block->monotonic ? (now - block->monotonic) / SECOND : 0;
	return wall > block->wall ? (uint64_t)(wall - block->wall) / SECOND : 0;
}

/* What cannot be read is as if it were not there: cordon log verify says what it is. */
static void read_tails(int folder, struct cordon_log_state *state)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct cordon_log_tail *tail = &state->tail[i];
		uint64_t age;

		if (cordon_log_tail_read(folder, i, tail))
			continue;
		state->bytes += tail->bytes;
		if (!tail->blocks)
			continue;
		age = age_of(&tail->last);
		if (!state->aged || age < state->age_s)
			state->age_s = age;
		state->aged = true;
	}
}

static void find_problem(int folder, struct cordon_failure *problem)
{
	struct statvfs disk;

	if (fstatvfs(folder, &disk))
		cordon_fail(problem, -errno, "its disk cannot be asked: %s", strerror(errno));
	else if (disk.f_flag & ST_RDONLY)
		cordon_fail(problem, -EROFS, "its file system is read-only");
	else if (disk.f_bfree * disk.f_frsize < CORDON_LOG_BLOCK_MAX + CORDON_LOG_BLOCK_FRAME)
		cordon_fail(problem, -ENOSPC, "no room is left on its disk");
}

static void read_folder(struct cordon_log_state *state)
{
	const int folder CLEANUP(close) =
		open(state->path.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder < 0) {
		cordon_fail(&state->problem, -errno, "cannot open it: %s", strerror(errno));
		return;
	}
	state->begun = !faccessat(folder, CORDON_LOG_KEYS_FILE, F_OK, 0);
	state->key_waits = state->begun && !faccessat(folder, CORDON_LOG_ENROL_FILE, F_OK, 0);
	state->open = cordon_log_is_written(folder);
	read_tails(folder, state);
	find_problem(folder, &state->problem);
}

static int read_rings(const struct cordon_maps *maps, struct cordon_log_state *state)
{
	int error = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++) {
		const uint64_t age = cordon_ring_age(maps, i) / SECOND;

		if (age > state->waiting_s)
			state->waiting_s = age;
		error = cordon_losses_read(maps, i, &state->losses[i]);
	}
	return error;
}

int cordon_log_state_read(const struct cordon_context *context, const struct cordon_maps *maps,
			  struct cordon_log_state *ret_state)
{
	struct cordon_log_state state = { .begun = false };
	int error;

	state.path = cordon_path_root(context, CORDON_LOG_FOLDER);
	error = read_rings(maps, &state);
	if (error)
		return error;
	read_folder(&state);
	*ret_state = state;
	return 0;
}
