/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon itself has to tell in the log.  For daemon*.c.
 */
#ifndef CORDON_DAEMON_LOG_H
#define CORDON_DAEMON_LOG_H

#include "live.h"
#include "recorder.h"

/** cordon_daemon_log_start() - it began; and at which level the latch is */
void cordon_daemon_log_start(struct cordon_recorder *recorder, const struct cordon_context *context,
			     const struct cordon_live *live);

void cordon_daemon_log_stop(struct cordon_recorder *recorder, const char *why);

/** cordon_daemon_log_checkpoint() - how far all chains have come, and what is in force */
void cordon_daemon_log_checkpoint(struct cordon_recorder *recorder, const struct cordon_live *live);

/** cordon_daemon_log_taken() - something of ours was taken away
 * @became: of it
 */
void cordon_daemon_log_taken(struct cordon_recorder *recorder, const char *what,
			     const char *became);

/** cordon_daemon_log_names() - of the zones and rules of the generation in force, for who reads the
 *	log elsewhere
 */
void cordon_daemon_log_names(struct cordon_recorder *recorder, const struct cordon_live *live);

/** cordon_daemon_log_stray() - records of a class's ring that none of our programs made */
void cordon_daemon_log_stray(struct cordon_recorder *recorder, enum cordon_event_class class,
			     uint64_t records);

/** cordon_daemon_log_sum() - denials that no record of the ring told */
void cordon_daemon_log_sum(struct cordon_recorder *recorder, const struct cordon_denial *denial,
			   uint64_t packets, uint64_t folded);

#endif
