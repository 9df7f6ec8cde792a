// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the rings into the log; see recorder.h.
 */
#include "recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

#define FOLDER "/var/lib/cordon/log"
/* What cannot be opened is tried again so often. */
#define PAUSE_NS 10000000000ULL

/**
 * struct cordon_recorder
 * @store: NULL: it could not be opened, as @problem says
 * @lost: what was to be told meanwhile, by class
 * @block: room for one
 */
struct cordon_recorder {
	struct cordon_path folder;
	uint64_t limit;
	struct cordon_log_store *store;
	struct cordon_failure problem;
	uint64_t again_ns;
	struct cordon_ring *ring[CORDON_CLASS_COUNT];
	struct cordon_log_block *block;
};

static void try_to_open(struct cordon_recorder *recorder)
{
	const uint64_t now = cordon_clock_ns();

	if (recorder->store || now < recorder->again_ns)
		return;
	recorder->again_ns = now + PAUSE_NS;
	if (!cordon_log_store_open(recorder->folder.text, recorder->limit, &recorder->problem,
				   &recorder->store))
		recorder->problem.text[0] = '\0';
}

static int open_rings(struct cordon_recorder *recorder, const struct cordon_maps *maps,
		      cordon_ring_viewer viewer, void *state)
{
	for (int class = 0; class < CORDON_CLASS_COUNT; class ++) {
		const int error =
			cordon_ring_open(maps, class, viewer, state, &recorder->ring[class]);

		if (error && error != -ENOENT)
			return error;
	}
	return 0;
}

int cordon_recorder_open(const struct cordon_context *context, const struct cordon_maps *maps,
			 uint64_t limit, cordon_ring_viewer viewer, void *state,
			 struct cordon_failure *failure, struct cordon_recorder **ret_recorder)
{
	struct cordon_recorder *recorder = calloc(1, sizeof(*recorder));
	int error;

	if (!recorder)
		return cordon_fail(failure, -ENOMEM, "no memory for the log");
	recorder->folder = cordon_path_root(context, FOLDER);
	recorder->limit = limit;
	recorder->block = calloc(1, CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX);
	error = recorder->block ? open_rings(recorder, maps, viewer, state) : -ENOMEM;
	if (error) {
		cordon_recorder_close(recorder);
		return cordon_fail(failure, error, "cannot read the records: %s", strerror(-error));
	}
	try_to_open(recorder);
	*ret_recorder = recorder;
	return 0;
}

void cordon_recorder_close(struct cordon_recorder *recorder)
{
	if (!recorder)
		return;
	if (recorder->store)
		cordon_recorder_take_all(recorder);
	for (int class = 0; class < CORDON_CLASS_COUNT; class ++)
		cordon_ring_close(recorder->ring[class]);
	cordon_log_store_close(recorder->store);
	free(recorder->block);
	free(recorder);
}

int cordon_recorder_fd(const struct cordon_recorder *recorder, enum cordon_event_class class)
{
	return recorder->ring[class] ? cordon_ring_fd(recorder->ring[class]) : -1;
}

static bool write_block(struct cordon_recorder *recorder)
{
	return recorder->store && !cordon_log_store_write(recorder->store, recorder->block);
}

void cordon_recorder_take(struct cordon_recorder *recorder, enum cordon_event_class class)
{
	struct cordon_ring *ring = recorder->ring[class];

	if (!ring)
		return;
	for (;;) {
		memset(recorder->block, 0, sizeof(*recorder->block));
		recorder->block->class = class;
		if (!cordon_ring_fill(ring, recorder->block))
			return;
		if (!write_block(recorder)) {
			cordon_ring_rewind(ring);
			return;
		}
		cordon_ring_keep(ring);
	}
}

void cordon_recorder_take_all(struct cordon_recorder *recorder)
{
	for (int class = 0; class < CORDON_CLASS_COUNT; class ++)
		cordon_recorder_take(recorder, class);
}

void cordon_recorder_tell(struct cordon_recorder *recorder, struct cordon_event *event)
{
	if (recorder->store)
		cordon_log_store_tell(recorder->store, event);
}

void cordon_recorder_tick(struct cordon_recorder *recorder)
{
	try_to_open(recorder);
	cordon_recorder_take_all(recorder);
	if (recorder->store)
		cordon_log_store_tick(recorder->store);
}

const char *cordon_recorder_problem(const struct cordon_recorder *recorder)
{
	return recorder->problem.text;
}

struct cordon_log_store *cordon_recorder_store(struct cordon_recorder *recorder)
{
	return recorder->store;
}
