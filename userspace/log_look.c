// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Findings of a log; see log_look.h.
 */
#include "log_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "util/array.h"

/* After this a block that was being written is there, and so is a segment that was being
 * compressed. */
#define PAUSE_S 1

void cordon_log_look_clear(struct cordon_log_look *look)
{
	free(look->finding);
	*look = (struct cordon_log_look){ .finding = NULL };
}

/* ---- one look ----------------------------------------------------------------------------- */

struct collector {
	struct cordon_log_look look;
	bool failed; /* no memory for a finding */
};

/* Records of one segment that were lost, and blocks one after the other. */
static bool goes_on(const struct cordon_log_finding *last, const struct cordon_log_finding *next)
{
	if (last->kind != next->kind || last->class != next->class)
		return false;
	switch (next->kind) {
	case CORDON_LOG_FINDING_LOST:
		return last->segment == next->segment;
	case CORDON_LOG_FINDING_FORGED:
	case CORDON_LOG_FINDING_REORDERED:
		return last->segment == next->segment && last->first + last->count == next->first;
	case CORDON_LOG_FINDING_DELETED:
		return last->first + last->count == next->first;
	default:
		return false;
	}
}

static void add(struct collector *collector, const struct cordon_log_finding *finding)
{
	struct cordon_log_look *look = &collector->look;
	struct cordon_log_finding *next;

	look->breaches += cordon_log_finding_is_breach(finding->kind);
	if (look->nr == CORDON_LOG_LOOK_MAX) {
		look->more++;
		return;
	}
	next = array_push(look->finding, look->nr);
	if (next)
		*next = *finding;
	else
		collector->failed = true;
}

static void take(void *state, const struct cordon_log_finding *finding)
{
	struct collector *collector = state;
	struct cordon_log_look *look = &collector->look;
	struct cordon_log_finding *last = look->nr ? &look->finding[look->nr - 1] : NULL;

	if (finding->kind == CORDON_LOG_FINDING_LOST)
		look->lost[finding->class] += finding->count;
	if (last && goes_on(last, finding))
		last->count += finding->count;
	else
		add(collector, finding);
}

static int look_once(int folder, const uint8_t *secret, struct cordon_failure *failure,
		     struct cordon_log_look *ret_look)
{
	struct collector collector = { .failed = false };
	int error;

	error = cordon_log_verify(folder, secret, take, &collector, failure, &collector.look.sum);
	if (!error && collector.failed)
		error = cordon_fail(failure, -ENOMEM, "out of memory");
	if (error) {
		cordon_log_look_clear(&collector.look);
		return error;
	}
	*ret_look = collector.look;
	return 0;
}

/* ---- two looks ---------------------------------------------------------------------------- */

bool cordon_log_is_written(int folder)
{
	if (flock(folder, LOCK_SH | LOCK_NB))
		return errno == EWOULDBLOCK;
	flock(folder, LOCK_UN);
	return false;
}

static bool has(const struct cordon_log_look *look, const struct cordon_log_finding *finding)
{
	/* The end that nothing proves moves on. */
	const bool end = finding->kind == CORDON_LOG_FINDING_UNPROVED;

	for (size_t i = 0; i < look->nr; i++) {
		const struct cordon_log_finding *other = &look->finding[i];

		if (other->kind == finding->kind && other->class == finding->class &&
		    other->segment == finding->segment && (other->first == finding->first || end))
			return true;
	}
	return false;
}

/* A breach that was not there before, or is no longer, is what the writer was doing. */
static void keep_what_stays(struct cordon_log_look *look, const struct cordon_log_look *former)
{
	size_t kept = 0;

	for (size_t i = 0; i < look->nr; i++) {
		const struct cordon_log_finding finding = look->finding[i];

		if (cordon_log_finding_is_breach(finding.kind) && !has(former, &finding))
			look->breaches--;
		else
			look->finding[kept++] = finding;
	}
	look->nr = kept;
}

static int look_again(int folder, const uint8_t *secret, struct cordon_failure *failure,
		      struct cordon_log_look *look)
{
	struct cordon_log_look again;
	int error;

	nanosleep(&(struct timespec){ .tv_sec = PAUSE_S }, NULL);
	error = look_once(folder, secret, failure, &again);
	if (error)
		return error;
	/* What is not listed cannot be compared; then there is enough that is. */
	if (!again.more && !look->more)
		keep_what_stays(&again, look);
	cordon_log_look_clear(look);
	*look = again;
	return 0;
}

int cordon_log_look(int folder, const uint8_t *secret, struct cordon_failure *failure,
		    struct cordon_log_look *ret_look)
{
	struct cordon_log_look look;
	int error;

	error = look_once(folder, secret, failure, &look);
	if (!error && look.breaches && cordon_log_is_written(folder)) {
		error = look_again(folder, secret, failure, &look);
		if (error)
			cordon_log_look_clear(&look);
	}
	if (!error)
		*ret_look = look;
	return error;
}
