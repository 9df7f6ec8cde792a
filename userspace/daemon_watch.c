// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon watches of the machine; see daemon_watch.h.
 */
#include "daemon_watch.h"

#include <stdio.h>
#include <string.h>

#include "util/clock.h"

/* So late a libpam that was replaced, or a folder that came, is noticed. */
#define LOOK_NS 10000000000ULL

static void tell(void *state, struct cordon_event *event)
{
	cordon_recorder_tell(state, event);
}

static void follow_logins(struct cordon_daemon_watch *watch)
{
	struct cordon_failure failure = { .text = "" };

	if (cordon_auth_attach(watch->context, &watch->pam, &failure) &&
	    strcmp(failure.text, watch->said.text) != 0)
		fprintf(stderr, "cordon: %s; the log is without logins\n", failure.text);
	watch->said = failure;
}

void cordon_daemon_watch_open(struct cordon_daemon_watch *watch,
			      const struct cordon_context *context,
			      struct cordon_recorder *recorder)
{
	struct cordon_failure failure = { .text = "" };

	*watch = (struct cordon_daemon_watch){ .context = context, .recorder = recorder };
	if (cordon_watch_files_open(context, tell, recorder, &failure, &watch->files))
		fprintf(stderr, "cordon: %s\n", failure.text);
	cordon_daemon_watch_tick(watch);
}

void cordon_daemon_watch_close(struct cordon_daemon_watch *watch)
{
	cordon_watch_files_close(watch->files);
	watch->files = NULL;
}

int cordon_daemon_watch_fd(const struct cordon_daemon_watch *watch)
{
	return watch->files ? cordon_watch_files_fd(watch->files) : -1;
}

void cordon_daemon_watch_read(struct cordon_daemon_watch *watch)
{
	cordon_watch_files_read(watch->files);
	cordon_recorder_lost(watch->recorder, CORDON_CLASS_CONFIG,
			     cordon_watch_files_lost(watch->files));
}

void cordon_daemon_watch_tick(struct cordon_daemon_watch *watch)
{
	const uint64_t now = cordon_clock_ns();

	if (now < watch->look_by)
		return;
	watch->look_by = now + LOOK_NS;
	follow_logins(watch);
	if (watch->files)
		cordon_watch_files_look(watch->files);
}
