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
#include "guard.h"
#include "load.h"
#include "module.h"
#include "probe.h"
#include "recorder.h"
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

int cordon_detach_hooks(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_event_policy told = { .how = CORDON_SWITCH_DETACHED };
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	bool tcx;
	int error = cordon_probe_kernel(failure, &tcx);

	if (!error && !tcx)
		error = cordon_nl_links_read(failure, &links);
	if (error)
		return error;
	/* To take hooks away may take longer than its watch waits, which would shut the node. */
	cordon_module_rest(context);
	error = cordon_guard_lower(context, failure);
	if (!error)
		error = cordon_attach_detach(context, &links, failure);
	if (!error)
		cordon_tell_policy(context, &told);
	return error;
}

/* The ring goes with the rest: it is written down before. */
int cordon_detach_rest(const struct cordon_context *context, struct cordon_failure *failure)
{
	cordon_recorder_flush(context);
	return cordon_load_unpin(context, failure);
}
