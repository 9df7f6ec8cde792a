/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's hold on what is attached: pins and hooks that somebody takes away
 * are put back at once, and said.  For daemon.c.
 */
#ifndef CORDON_DAEMON_HOLD_H
#define CORDON_DAEMON_HOLD_H

#include <stdbool.h>

#include "context.h"
#include "recorder.h"
#include "session.h"

/** struct cordon_daemon_hold - close with cordon_daemon_hold_close() */
struct cordon_daemon_hold;

/** cordon_daemon_hold_open() - @recorder is told what is taken away, and stays the caller's */
int cordon_daemon_hold_open(const struct cordon_context *context, struct cordon_recorder *recorder,
			    struct cordon_failure *failure, struct cordon_daemon_hold **ret_hold);
void cordon_daemon_hold_close(struct cordon_daemon_hold *hold);

/** cordon_daemon_hold_fd(), _timer() - either readable: cordon_daemon_hold_read() */
int cordon_daemon_hold_fd(const struct cordon_daemon_hold *hold);
int cordon_daemon_hold_timer(const struct cordon_daemon_hold *hold);

/** cordon_daemon_hold_read() - pins that are gone are back; true: look at the hooks, too */
bool cordon_daemon_hold_read(struct cordon_daemon_hold *hold);

/** cordon_daemon_hold_keep() - pins that are gone are back, and new ones held.  Without the lock */
void cordon_daemon_hold_keep(struct cordon_daemon_hold *hold);

/** cordon_daemon_hold_let_go() - of a link that the daemon is about to unpin */
void cordon_daemon_hold_let_go(struct cordon_daemon_hold *hold, const char *link);

/**
 * cordon_daemon_hold_look() - which hooks are there; a loss since the last look is said
 * @session: with its images
 * Return: whether one was lost.
 */
bool cordon_daemon_hold_look(struct cordon_daemon_hold *hold, const struct cordon_session *session);

/**
 * cordon_daemon_hold_sources() - likewise what tells the log, which is attached again.  Without the
 *	lock
 * @settings: of the policy in force; NULL: there is none
 */
void cordon_daemon_hold_sources(struct cordon_daemon_hold *hold,
				const struct cordon_settings *settings);

/** cordon_daemon_hold_tick() - once a second: now and then they are looked at, though nobody says
 *	that one was taken away */
void cordon_daemon_hold_tick(struct cordon_daemon_hold *hold,
			     const struct cordon_settings *settings);

#endif
