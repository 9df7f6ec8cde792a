// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To take everything out of the kernel; see detach.h.
 */
#include "detach.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "fault.h"
#include "guard.h"
#include "latch.h"
#include "load.h"
#include "module.h"
#include "probe.h"
#include "recorder.h"
#include "seal.h"
#include "tell.h"
#include "util/cleanup.h"

/* It may be within an order that takes its time, and waits for the lock 2 seconds at most. */
#define END_TRIES 150
#define END_PAUSE_NS 100000000L

int cordon_detach_daemon(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct timespec pause = { .tv_nsec = END_PAUSE_NS };
	const int daemon = cordon_daemon_pid(context);

	if (!daemon || daemon == getpid())
		return 0;
	if (kill(daemon, SIGTERM) && errno != ESRCH)
		return cordon_fail(failure, -errno, "cannot end cordon run (pid %d): %s", daemon,
				   strerror(errno));
	for (int i = 0; i < END_TRIES; i++) {
		if (!cordon_daemon_pid(context))
			return 0;
		nanosleep(&pause, NULL);
	}
	return cordon_fail(failure, -EBUSY,
			   "cordon run (pid %d) does not end, and would attach again", daemon);
}

uint32_t cordon_detach_level(const struct cordon_context *context)
{
	const uint32_t module = cordon_module_level(context);
	const uint32_t level = cordon_latch_level(context);

	return level > module ? level : module;
}

/* To take the guard down takes its time, and who seals does not wait for the lock to store. */
static int still_open(const struct cordon_context *context, struct cordon_failure *failure)
{
	const uint32_t level = cordon_detach_level(context);

	if (!level)
		return 0;
	return cordon_fail(failure, -EBUSY,
			   "the node was sealed again in this moment (%s): its hooks stay, and "
			   "cordon run puts back what is gone of the guard",
			   cordon_latch_name(level));
}

int cordon_detach_hooks(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_event_policy told = { .how = CORDON_SWITCH_DETACHED };
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	bool tcx;
	int error = cordon_probe_kernel(failure, &tcx);

	if (!error && !tcx)
		error = cordon_nl_links_read(failure, &links);
	/* To take hooks away may take longer than its watch waits, which would shut the node. */
	if (!error)
		error = cordon_module_rest(context, failure);
	if (error)
		return error;
	cordon_step("module rests");
	error = cordon_guard_lower(context, failure);
	cordon_step("guard lowered");
	if (!error)
		error = still_open(context, failure);
	if (!error)
		error = cordon_attach_detach(context, &links, failure);
	if (error)
		return error;
	cordon_tell_policy(context, &told);
	cordon_step("hooks gone");
	return 0;
}

/* With all that a seal means: what it stored in has nothing that follows it. */
static int seal_again(const struct cordon_context *context, uint32_t level,
		      struct cordon_failure *failure)
{
	struct cordon_failure faults = { .text = "" };
	struct cordon_sealed sealed;
	const int error = cordon_seal(context, level, "cordon, which was about to detach",
				      "sealed in that moment", failure, &sealed);

	if (error)
		return error;
	cordon_sealed_faults(&sealed, &faults);
	return cordon_fail(failure, -EBUSY,
			   "the node was sealed again in this moment, and is shut (%s)%s%.300s: "
			   "cordon run puts back what is gone",
			   cordon_latch_name(level), faults.text[0] ? ", but " : "", faults.text);
}

/* The ring goes with the rest: it is written down before. */
int cordon_detach_rest(const struct cordon_context *context, int *lock,
		       struct cordon_failure *failure)
{
	uint32_t level;

	cordon_recorder_flush(context);
	level = cordon_detach_level(context);
	if (!level)
		return cordon_load_unpin(context, failure);
	cleanup_close(lock);
	*lock = -1;
	return seal_again(context, level, failure);
}
