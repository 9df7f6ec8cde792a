/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that are over: what no program meets any more, the daemon finds by
 * a look at the notes, a part of them every second, and tells.  For daemon.c.
 */
#ifndef CORDON_DAEMON_FLOW_H
#define CORDON_DAEMON_FLOW_H

#include "live.h"
#include "recorder.h"

/**
 * struct cordon_daemon_flow
 * @notes: of the generation in force; none: it wants none
 * @settings: its
 * @next: bucket where the next look begins
 * @active: in this round of looks one was open, or one began
 * @quiet: there is nothing to look for
 */
struct cordon_daemon_flow {
	struct cordon_recorder *recorder;
	struct cordon_area notes;
	struct cordon_settings settings;
	uint32_t next;
	bool active;
	bool quiet;
};

/** cordon_daemon_flow_view() - a record of a ring: a connection may have begun */
void cordon_daemon_flow_view(struct cordon_daemon_flow *flow, const struct cordon_event *event);

/** cordon_daemon_flow_tick() - once a second; quick when there are no connections */
void cordon_daemon_flow_tick(struct cordon_daemon_flow *flow, const struct cordon_live *live);

void cordon_daemon_flow_close(struct cordon_daemon_flow *flow);

#endif
