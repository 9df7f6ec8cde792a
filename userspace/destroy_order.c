// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Orders that destroy; see destroy_order.h.
 */
#include "destroy_order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "destroy.h"
#include "fault.h"
#include "latch.h"
#include "lockdown_look.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"

#define LOCK_SECONDS 5
#define LOCK_PAUSE_NS 100000000L

struct job {
	const struct cordon_context *context;
	const struct cordon_delivery *delivery;
	const struct cordon_warrant *warrant;
	struct cordon_outcome *outcome;
};

int cordon_destroy_lock(const struct cordon_context *context, unsigned int seconds)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	const struct cordon_path folder = cordon_path_root(context, "/run/cordon");
	const struct cordon_path path = cordon_path_root(context, "/run/cordon/hand.lock");
	const int made = cordon_folder_make(folder.text, 0700);
	int fd CLEANUP(close) = -1;

	if (made)
		return made;
	fd = open(path.text, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (unsigned int i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i >= 10 * seconds)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		nanosleep(&pause, NULL);
	}
	return TAKE_FD(fd);
}

static struct cordon_path copy_path(const struct cordon_context *context,
				    const struct cordon_warrant *warrant, const char *before)
{
	char name[96], digest[33];

	cordon_hex_format(warrant->message.digest, sizeof(digest) / 2, digest);
	snprintf(name, sizeof(name), CORDON_ORDERS_FOLDER "/%s%s", before, digest);
	return cordon_path_root(context, name);
}

static int write_whole(const char *path, const void *bytes, size_t size)
{
	const int fd CLEANUP(close) =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	const int error = fd < 0 ? -errno : cordon_file_write(fd, bytes, size);

	return error ? error : fsync(fd) ? -errno : 0;
}

/* On stable storage when this returns. */
static int keep_copy(const struct job *job)
{
	const struct cordon_path folder = cordon_path_root(job->context, CORDON_ORDERS_FOLDER);
	const struct cordon_path aside = copy_path(job->context, job->warrant, ".");
	const struct cordon_path path = copy_path(job->context, job->warrant, "");
	int error = cordon_folder_make(folder.text, 0700);

	if (!error)
		error = write_whole(aside.text, job->delivery->cms, job->delivery->size);
	if (!error && rename(aside.text, path.text))
		error = -errno;
	return error ? error : cordon_folder_sync(folder.text);
}

static enum cordon_refusal fail(struct job *job, bool passing)
{
	job->outcome->refusal = CORDON_REFUSAL_FAILED;
	job->outcome->passing = passing;
	return CORDON_REFUSAL_FAILED;
}

/* Whoever is to do it looks at all of it again. */
static enum cordon_refusal hand_over(struct job *job)
{
	struct cordon_outcome *outcome = job->outcome;
	struct cordon_latch_state state;
	int error;

	cordon_latch_read(job->context, &state);
	outcome->refusal = cordon_warrant_is_new(job->warrant, &state, &outcome->why);
	if (outcome->refusal)
		return outcome->refusal;
	error = keep_copy(job);
	outcome->handed = !error;
	if (!error)
		return CORDON_REFUSAL_NONE;
	cordon_fail(&outcome->why, error, "it cannot be handed to cordon run --hand: %s",
		    strerror(-error));
	return fail(job, true);
}

/* No program need stand for it, and no policy: what destroys works where nothing else does. */
static enum cordon_refusal take(struct job *job)
{
	struct cordon_outcome *outcome = job->outcome;
	struct cordon_failure unkept = { .text = "" };
	struct cordon_latch_state state;
	struct cordon_control control;
	int lock CLEANUP(close) = -1;
	uint32_t held;

	if (cordon_lock_take(job->context, &outcome->why, &lock))
		return fail(job, true);
	held = cordon_latch_held(job->context, &control);
	cordon_latch_recall(job->context, held, &state);
	cordon_latch_count_boot(&state);
	outcome->before = outcome->after = state.level > held ? state.level : held;
	outcome->refusal = cordon_warrant_is_new(job->warrant, &state, &outcome->why);
	if (outcome->refusal)
		return outcome->refusal;
	cordon_warrant_take(job->warrant, &state);
	if (!cordon_latch_write(job->context, &state, &unkept))
		return CORDON_REFUSAL_NONE;
	/* A disk that cannot be written must not save a secret; a disk to be wiped can wait. */
	cordon_fail_also(&outcome->why, "its counter is not kept", &unkept);
	return job->warrant->order.action == CORDON_ACTION_WIPE ? fail(job, true) :
								  CORDON_REFUSAL_NONE;
}

static void destroy(struct job *job, const struct cordon_image *image)
{
	struct cordon_destruction *destruction = &job->outcome->destruction;
	struct cordon_failure *why = &job->outcome->why;
	int error;

	if (job->warrant->order.action == CORDON_ACTION_WIPE)
		error = cordon_destroy_disks(job->context, image, destruction);
	else
		error = cordon_destroy_secrets(job->context, image, destruction);
	destruction->failed += error != 0;
	if (error)
		cordon_fail(why, error, "no memory for all of them");
	else if (destruction->failed)
		cordon_fail(why, -EIO,
			    "%zu of %zu are not, or not wholly, destroyed: the receipt says which; "
			    "the same order may come again",
			    destruction->failed, destruction->nr);
}

static bool is_any(const struct cordon_image *image, enum cordon_action action)
{
	if (action == CORDON_ACTION_WIPE)
		return cordon_lockdown_count(image, CORDON_LOCKDOWN_LUKS) ||
		       cordon_lockdown_count(image, CORDON_LOCKDOWN_WIPE);
	return cordon_lockdown_count(image, CORDON_LOCKDOWN_FILE) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_KEY) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_TPM);
}

static enum cordon_refusal carry_out(struct job *job, const struct cordon_image *image)
{
	if (!is_any(image, job->warrant->order.action)) {
		cordon_fail(&job->outcome->why, -EINVAL,
			    "the policy in force names nothing to %s, under 'lockdown'",
			    job->warrant->order.action == CORDON_ACTION_WIPE ? "wipe" : "revoke");
		return fail(job, false);
	}
	if (take(job))
		return job->outcome->refusal;
	cordon_step("order taken");
	keep_copy(job);
	cordon_step("order kept");
	destroy(job, image);
	return CORDON_REFUSAL_NONE;
}

enum cordon_refusal cordon_destroy_order(const struct cordon_context *context,
					 const struct cordon_delivery *delivery,
					 const struct cordon_warrant *warrant,
					 struct cordon_outcome *outcome, int *ret_lock)
{
	struct job job = { context, delivery, warrant, outcome };
	struct cordon_image *image CLEANUP(image) = NULL;
	int lock CLEANUP(close) = -1;
	enum cordon_refusal refusal;

	if (delivery->confined)
		return hand_over(&job);
	if (!delivery->locked) {
		lock = cordon_destroy_lock(context, LOCK_SECONDS);
		if (lock < 0) {
			cordon_fail(&outcome->why, lock, "another that destroys is under way: %s",
				    strerror(-lock));
			return fail(&job, true);
		}
	}
	if (cordon_lockdown_image(context, &outcome->why, &image))
		return fail(&job, true);
	refusal = carry_out(&job, image);
	*ret_lock = TAKE_FD(lock);
	return refusal;
}

int cordon_destroy_end(const struct cordon_context *context, const struct cordon_warrant *warrant,
		       const struct cordon_outcome *outcome, struct cordon_failure *failure)
{
	struct cordon_latch_state state;
	int lock CLEANUP(close) = -1;
	int error;

	unlink(copy_path(context, warrant, "").text);
	cordon_step("order done");
	if (outcome->destruction.failed)
		return 0;
	error = cordon_lock_take(context, failure, &lock);
	if (error)
		return error;
	cordon_latch_read(context, &state);
	cordon_warrant_finish(warrant, &state);
	return cordon_latch_write(context, &state, failure);
}
