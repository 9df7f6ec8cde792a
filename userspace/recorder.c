// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the rings into the log; see recorder.h.
 */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "log_tail.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* As much as the largest ring holds: others want their turn, too. */
#define BLOCKS_AT_ONCE 64

/* What cannot be opened is tried again so often. */
#define PAUSE_NS 1000000000ULL

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
	uint64_t lost[CORDON_CLASS_COUNT];
	uint64_t unheard[CORDON_CLASS_COUNT]; /* likewise, and the kernel told more than was read */
	struct cordon_ring *ring[CORDON_CLASS_COUNT];
	struct cordon_log_block *block;
	int wake;
};

/* What was written already is not written again. */
static void resume(struct cordon_recorder *recorder)
{
	const int folder CLEANUP(close) =
		open(recorder->folder.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t boot_id[16];

	cordon_boot_id(&boot_id);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct cordon_log_block *last CLEANUP(free) = NULL;

		if (!recorder->ring[i] || cordon_log_tail_block(folder, i, &last) || !last)
			continue;
		if (!memcmp(last->boot_id, boot_id, sizeof(boot_id)))
			cordon_ring_resume(recorder->ring[i], last);
	}
}

static void try_to_open(struct cordon_recorder *recorder)
{
	const uint64_t now = cordon_clock_ns();

	if (recorder->store || now < recorder->again_ns)
		return;
	recorder->again_ns = now + PAUSE_NS;
	recorder->problem.text[0] = '\0';
	if (cordon_log_store_open(recorder->folder.text, recorder->limit, &recorder->problem,
				  &recorder->store))
		return;
	resume(recorder);
	cordon_log_store_set_wake(recorder->store, recorder->wake);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		cordon_log_store_lost(recorder->store, i, CORDON_LOG_LOSS_UNWRITTEN,
				      recorder->lost[i]);
		cordon_log_store_lost(recorder->store, i, CORDON_LOG_LOSS_UNHEARD,
				      recorder->unheard[i]);
		recorder->lost[i] = recorder->unheard[i] = 0;
	}
}

static int open_rings(struct cordon_recorder *recorder, const struct cordon_maps *maps,
		      cordon_ring_viewer viewer, void *state)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		const int error = cordon_ring_open(maps, i, viewer, state, &recorder->ring[i]);

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
	recorder->folder = cordon_path_root(context, CORDON_LOG_FOLDER);
	recorder->limit = limit;
	recorder->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
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
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		cordon_ring_close(recorder->ring[i]);
	cordon_log_store_close(recorder->store);
	cleanup_close(&recorder->wake);
	free(recorder->block);
	free(recorder);
}

static void view_nothing(void *state, const struct cordon_event *event)
{
	(void)state, (void)event;
}

void cordon_recorder_flush(const struct cordon_context *context)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_recorder *recorder = NULL;

	if (cordon_daemon_pid(context) || cordon_maps_open(context, &unsaid, &maps) ||
	    cordon_recorder_open(context, &maps, CORDON_LOG_LIMIT_DEFAULT, view_nothing, NULL,
				 &unsaid, &recorder))
		return;
	cordon_recorder_close(recorder);
}

void cordon_recorder_set_limit(struct cordon_recorder *recorder, uint64_t limit)
{
	recorder->limit = limit;
	if (recorder->store)
		cordon_log_store_set_limit(recorder->store, limit);
}

int cordon_recorder_fd(const struct cordon_recorder *recorder, enum cordon_event_class class)
{
	return recorder->ring[class] ? cordon_ring_fd(recorder->ring[class]) : -1;
}

unsigned int cordon_recorder_level(const struct cordon_recorder *recorder,
				   enum cordon_event_class class)
{
	return recorder->ring[class] ? cordon_ring_level(recorder->ring[class]) : 0;
}

uint64_t cordon_recorder_bad(const struct cordon_recorder *recorder, enum cordon_event_class class)
{
	return recorder->ring[class] ? cordon_ring_bad(recorder->ring[class]) : 0;
}

static bool write_block(struct cordon_recorder *recorder)
{
	return recorder->store && !cordon_log_store_write(recorder->store, recorder->block);
}

int cordon_recorder_wake(const struct cordon_recorder *recorder)
{
	return recorder->wake;
}

void cordon_recorder_take(struct cordon_recorder *recorder, enum cordon_event_class class)
{
	struct cordon_ring *ring = recorder->ring[class];

	if (!ring)
		return;
	for (int i = 0; i < BLOCKS_AT_ONCE; i++) {
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
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		cordon_recorder_take(recorder, i);
}

void cordon_recorder_tell(struct cordon_recorder *recorder, struct cordon_event *event)
{
	if (recorder->store)
		cordon_log_store_tell(recorder->store, event);
	else
		recorder->lost[CORDON_EVENT_CLASS(event->type)]++;
}

void cordon_recorder_lost(struct cordon_recorder *recorder, enum cordon_event_class class,
			  uint64_t records)
{
	if (recorder->store)
		cordon_log_store_lost(recorder->store, class, CORDON_LOG_LOSS_UNHEARD, records);
	else
		recorder->unheard[class] += records;
}

void cordon_recorder_checkpoint(struct cordon_recorder *recorder, const uint8_t *policy,
				uint32_t latch)
{
	if (recorder->store)
		cordon_log_store_checkpoint(recorder->store, policy, latch);
}

void cordon_recorder_settle(struct cordon_recorder *recorder)
{
	if (recorder->store)
		cordon_log_store_settle(recorder->store);
}

void cordon_recorder_tick(struct cordon_recorder *recorder)
{
	try_to_open(recorder);
	cordon_recorder_take_all(recorder);
	if (recorder->store)
		cordon_log_store_tick(recorder->store);
}

const char *cordon_recorder_problem(struct cordon_recorder *recorder)
{
	const int error = recorder->store ? cordon_log_store_figures(recorder->store).error : 0;

	if (recorder->store)
		recorder->problem.text[0] = '\0';
	if (error)
		cordon_fail(&recorder->problem, error, "cannot write the log %s: %s",
			    recorder->folder.text, strerror(-error));
	return recorder->problem.text;
}

struct cordon_log_store *cordon_recorder_store(struct cordon_recorder *recorder)
{
	return recorder->store;
}
