/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What processes do, as the daemon has it told: from its start on, also while no
 * daemon runs.  For daemon.c.
 */
#ifndef CORDON_DAEMON_PROCESS_H
#define CORDON_DAEMON_PROCESS_H

#include "live.h"
#include "recorder.h"

/** cordon_daemon_process_start() - it is told, and what the cgroups are called; a kernel that
 *	refuses it is complained of, once
 */
void cordon_daemon_process_start(const struct cordon_context *context,
				 const struct cordon_live *live, struct cordon_recorder *recorder);

/** cordon_daemon_process_timer() - readable so often that no record gets old. Return: fd; -errno */
int cordon_daemon_process_timer(void);

#endif
