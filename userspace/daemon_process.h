/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What processes do, as the daemon has it told: from its start on, also while no
 * daemon runs.  For daemon.c.
 */
#ifndef CORDON_DAEMON_PROCESS_H
#define CORDON_DAEMON_PROCESS_H

#include "daemon_hold.h"
#include "live.h"
#include "recorder.h"

/** struct cordon_daemon_process - @followed: 0, 1; -1: not known yet */
struct cordon_daemon_process {
	const struct cordon_context *context;
	struct cordon_recorder *recorder;
	int followed;
};

/**
 * cordon_daemon_process_follow() - they are followed, or not, as the policy in force has it
 * @hold: NULL: there is none yet
 *
 * Quick when nothing has changed.  A kernel that refuses it is complained of, once.
 */
void cordon_daemon_process_follow(struct cordon_daemon_process *process,
				  const struct cordon_live *live, struct cordon_daemon_hold *hold);

/** cordon_daemon_process_timer() - for cordon_daemon_process_wait(). Return: fd; -errno */
int cordon_daemon_process_timer(void);

/** cordon_daemon_process_wait() - the timer is readable before a record that came now gets old: who
 *	woke up for each would cost more than the record */
void cordon_daemon_process_wait(int timer);

#endif
