// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What processes do, as the daemon has it told.
 */
#include "daemon_process.h"

#include <errno.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cordon/uapi/process.h>

#include "attach_process.h"
#include "cgroup.h"
#include "event.h"

/* No record is older than this when it is read. */
#define LOOK_NS 100000000L

/* Those that are made later, the kernel tells. */
static uint64_t tell_cgroup(void *recorder, const struct cordon_cgroup *cgroup)
{
	union cordon_event_room room;
	struct cordon_event_cgroup *told =
		cordon_event_begin(&room, CORDON_EVENT_CGROUP, sizeof(*told));

	told->cgroup = cgroup->id;
	cordon_event_add(&room, cgroup->path);
	cordon_recorder_tell(recorder, cordon_event_end(&room));
	return 0;
}

static void start(const struct cordon_daemon_process *process, const struct cordon_live *live)
{
	struct cordon_failure failure = { .text = "" };

	if (cordon_process_attach(process->context, &failure))
		fprintf(stderr, "cordon: %s; the log is without processes\n", failure.text);
	else if (live->has_cgroups)
		cordon_cgroup_walk(&live->cgroups, tell_cgroup, process->recorder);
}

static void stop(const struct cordon_daemon_process *process, struct cordon_daemon_hold *hold)
{
	struct cordon_failure failure = { .text = "" };

	for (unsigned int i = 0; i < CORDON_PROCESS_LINKS; i++)
		cordon_daemon_hold_let_go(hold, cordon_process_link_pin(i));
	if (cordon_process_detach(process->context, &failure))
		fprintf(stderr, "cordon: %s\n", failure.text);
}

void cordon_daemon_process_follow(struct cordon_daemon_process *process,
				  const struct cordon_live *live, struct cordon_daemon_hold *hold)
{
	const struct cordon_settings *settings = live->view.settings;
	const bool wanted = !settings || !(settings->flags & CORDON_SETTINGS_NO_EXEC);

	/* That a policy is gone changes nothing. */
	if (process->followed == wanted || (!settings && process->followed >= 0))
		return;
	process->followed = wanted;
	if (wanted)
		start(process, live);
	else
		stop(process, hold);
}

int cordon_daemon_process_timer(void)
{
	const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return timer < 0 ? -errno : timer;
}

void cordon_daemon_process_wait(int timer)
{
	const struct itimerspec once = { .it_value = { .tv_nsec = LOOK_NS } };

	timerfd_settime(timer, 0, &once, NULL);
}
