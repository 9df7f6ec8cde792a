// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two copies of the latch's file, and the marks that say that there must
 * be one.  The format is <cordon/latch.h>'s.
 */
#include "latch.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "anchor.h"
#include "fault.h"
#include "lease.h"
#include "order.h"
#include "util/array.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"

#define FOLDER "/var/lib/cordon"
#define COPIES 2

static const char *const copies[COPIES] = { FOLDER "/latch", FOLDER "/latch.copy" };

/* Empty files, in other folders than the copies': the node was sealed once. */
static const char *const marks[] = { "/etc/cordon/sealed-once", FOLDER "/policy/sealed-once" };

static uint32_t sum(const struct cordon_latch_state *state)
{
	struct cordon_latch_state copy = *state;

	copy.crc = 0;
	return (uint32_t)crc32(0, (const Bytef *)&copy, sizeof(copy));
}

static void end_texts(struct cordon_latch_state *state)
{
	state->by[sizeof(state->by) - 1] = '\0';
	state->reason[sizeof(state->reason) - 1] = '\0';
}

static bool read_copy(const struct cordon_context *context, const char *name,
		      struct cordon_latch_state *state)
{
	const struct cordon_path path = cordon_path_root(context, name);
	/* O_NONBLOCK: a FIFO in its place must not hold up a boot. */
	const int fd CLEANUP(close) =
		open(path.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || pread(fd, state, sizeof(*state), 0) != sizeof(*state))
		return false;
	if (memcmp(state->magic, CORDON_LATCH_MAGIC, sizeof(state->magic)) ||
	    state->version != CORDON_LATCH_VERSION || state->crc != sum(state) ||
	    state->level >= CORDON_LATCH_LEVELS)
		return false;
	end_texts(state);
	return true;
}

static bool was_sealed(const struct cordon_context *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const struct cordon_path path = cordon_path_root(context, marks[i]);

		if (!access(path.text, F_OK))
			return true;
	}
	return false;
}

enum cordon_latch_memory cordon_latch_forget(struct cordon_latch_state *state)
{
	memset(state, 0, sizeof(*state));
	state->level = CORDON_LATCH_ISOLATE;
	state->flags = CORDON_LATCH_EVER_SEALED;
	for (int i = 0; i < CORDON_LATCH_ROLES; i++)
		state->role[i].counter = CORDON_LATCH_COUNTER_UNKNOWN;
	snprintf(state->by, sizeof(state->by), "cordon");
	snprintf(state->reason, sizeof(state->reason),
		 "what the node remembered of its latch is gone");
	return CORDON_LATCH_FORGOTTEN;
}

/* What was finished on one copy only may be finished once more. Two who wrote at the same time,
 * each over the other, left counters of both: they only go up. */
static void merge_role(const struct cordon_latch_role *other, struct cordon_latch_role *role)
{
	if (other->counter == role->counter)
		role->unfinished |= other->unfinished;
	else if (other->counter > role->counter && other->counter != CORDON_LATCH_COUNTER_UNKNOWN)
		*role = *other;
}

/* The tighter; of two as tight the later. */
static bool holds_over(const struct cordon_latch_state *one, const struct cordon_latch_state *other)
{
	if (one->level != other->level)
		return one->level > other->level;
	if (one->since.boot != other->since.boot)
		return one->since.boot > other->since.boot;
	return one->since.monotonic > other->since.monotonic;
}

/* Nothing of either is lost that keeps the node shut, or an order from coming again. */
static void merge(const struct cordon_latch_state *other, struct cordon_latch_state *state)
{
	for (int i = 0; i < CORDON_LATCH_ROLES; i++)
		merge_role(&other->role[i], &state->role[i]);
	if (other->sequence > state->sequence)
		state->sequence = other->sequence;
	if (!holds_over(other, state))
		return;
	state->level = other->level;
	state->flags |= other->flags & CORDON_LATCH_EVER_SEALED;
	state->since = other->since;
	memcpy(state->by, other->by, sizeof(state->by));
	memcpy(state->reason, other->reason, sizeof(state->reason));
}

enum cordon_latch_memory cordon_latch_read(const struct cordon_context *context,
					   struct cordon_latch_state *ret_state)
{
	struct cordon_latch_state state[COPIES];
	bool sound[COPIES];

	for (int i = 0; i < COPIES; i++)
		sound[i] = read_copy(context, copies[i], &state[i]);
	if (sound[0] && sound[1]) {
		/* A write that was cut short left two: the later one counts. */
		const int later = state[1].sequence > state[0].sequence;

		*ret_state = state[later];
		merge(&state[!later], ret_state);
		/* One of them is not worth what it says: it is to be written again. */
		return state[0].sequence == state[1].sequence ? CORDON_LATCH_SOUND :
								CORDON_LATCH_HALF;
	}
	if (sound[0] || sound[1]) {
		*ret_state = state[sound[1]];
		return CORDON_LATCH_HALF;
	}
	memset(ret_state, 0, sizeof(*ret_state));
	if (!was_sealed(context))
		return CORDON_LATCH_FRESH;
	return cordon_latch_forget(ret_state);
}

enum cordon_latch_memory cordon_latch_recall(const struct cordon_context *context, uint32_t held,
					     struct cordon_latch_state *ret_state)
{
	enum cordon_latch_memory memory = cordon_latch_read(context, ret_state);

	/* Deleted under a latch, marks and all. */
	if (memory == CORDON_LATCH_FRESH && held) {
		memory = cordon_latch_forget(ret_state);
		ret_state->level = held;
	}
	memory = cordon_anchor_recall(context, memory, ret_state);
	/* The kernel may hold more than `isolate`, which is what is left of what was lost. */
	if (memory == CORDON_LATCH_FORGOTTEN && ret_state->level < held)
		ret_state->level = held;
	return memory;
}

bool cordon_latch_has_challenge(const struct cordon_latch_state *state)
{
	static const uint8_t none[sizeof(state->challenge)];

	return memcmp(state->challenge, none, sizeof(none)) != 0;
}

bool cordon_latch_is_releasing(const struct cordon_latch_state *state)
{
	return state->role[CORDON_ROLE_RELEASE].unfinished &&
	       !memcmp(&state->release_since, &state->since, sizeof(state->since));
}

/* In place: what has its room keeps it. */
static int write_copy(const char *path, const struct cordon_latch_state *state)
{
	const int fd CLEANUP(close) =
		open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = pwrite(fd, state, sizeof(*state), 0);
	if (written != sizeof(*state))
		return written < 0 ? -errno : -ENOSPC;
	return fsync(fd) ? -errno : 0;
}

static int write_copies(const struct cordon_context *context,
			const struct cordon_latch_state *state, struct cordon_failure *failure)
{
	int result = 0;

	for (int i = 0; i < COPIES; i++) {
		const struct cordon_path path = cordon_path_root(context, copies[i]);
		const int error = write_copy(path.text, state);

		cordon_step("latch copy");
		if (error)
			result = cordon_fail(failure, error, "cannot write %s: %s", path.text,
					     strerror(-error));
	}
	return result;
}

static void mark(const struct cordon_context *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const struct cordon_path path = cordon_path_root(context, marks[i]);
		struct cordon_path folder = path;
		int fd CLEANUP(close) = -1;

		*strrchr(folder.text, '/') = '\0';
		if (cordon_folder_make(folder.text, 0700))
			continue;
		fd = open(path.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 && !fsync(fd))
			cordon_folder_sync(folder.text);
	}
}

/* Who seals waits for the lock, but not for long, and writes without it: what he wrote since we
 * read is not undone by us.  Return: whether there is a former state. */
static bool keep_news(const struct cordon_context *context, struct cordon_latch_state *state,
		      struct cordon_latch_state *ret_former)
{
	const enum cordon_latch_memory memory = cordon_latch_read(context, ret_former);

	if (memory != CORDON_LATCH_SOUND && memory != CORDON_LATCH_HALF)
		return false;
	if (ret_former->sequence != state->sequence || ret_former->crc != state->crc)
		merge(ret_former, state);
	return true;
}

static int write_files(const struct cordon_context *context, const struct cordon_path *folder,
		       struct cordon_latch_state *state, struct cordon_failure *failure)
{
	const bool marked = was_sealed(context);
	struct cordon_latch_state former;
	int error;

	/* Once more: a TPM takes its time. */
	keep_news(context, state, &former);
	state->sequence++;
	state->crc = sum(state);
	error = write_copies(context, state, failure);
	if (!marked && state->flags & CORDON_LATCH_EVER_SEALED)
		mark(context);
	if (error)
		return error;
	error = cordon_folder_sync(folder->text);
	return error ? cordon_fail(failure, error, "cannot write %s: %s", folder->text,
				   strerror(-error)) :
		       0;
}

int cordon_latch_write(const struct cordon_context *context, struct cordon_latch_state *state,
		       struct cordon_failure *failure)
{
	const struct cordon_path folder = cordon_path_root(context, FOLDER);
	struct cordon_latch_state former;
	struct cordon_anchor_write anchor;
	bool known;
	int error = cordon_folder_make(folder.text, 0700);

	if (error)
		return cordon_fail(failure, error, "cannot make %s: %s", folder.text,
				   strerror(-error));
	memcpy(state->magic, CORDON_LATCH_MAGIC, sizeof(state->magic));
	state->version = CORDON_LATCH_VERSION;
	known = keep_news(context, state, &former);
	if (state->level)
		state->flags |= CORDON_LATCH_EVER_SEALED;
	cordon_anchor_begin(context, known ? &former : NULL, state, &anchor);
	error = write_files(context, &folder, state, failure);
	if (cordon_anchor_end(&anchor, error, state))
		error = write_files(context, &folder, state, failure);
	return error;
}

struct cordon_latch_moment cordon_latch_now(const struct cordon_latch_state *state)
{
	struct cordon_latch_moment now = { .boot = state->boots };

	now.monotonic = cordon_clock_ns();
	now.wall = time(NULL);
	cordon_boot_id(&now.boot_id);
	return now;
}

bool cordon_latch_count_boot(struct cordon_latch_state *state)
{
	uint8_t boot_id[16];

	cordon_boot_id(&boot_id);
	if (state->boots && !memcmp(boot_id, state->boot_id, sizeof(boot_id)))
		return false;
	memcpy(state->boot_id, boot_id, sizeof(boot_id));
	state->boots++;
	/* Also if no policy can be loaded that says so once more. */
	if (state->flags & CORDON_LATCH_LEASED && state->lease_boots && !--state->lease_boots)
		cordon_lease_lapse(state);
	return true;
}
