/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets, as the daemon has them told: TCP by the kernel, from its
 * start on; what listens already, and UDP, by a look.  For daemon.c.
 */
#ifndef CORDON_DAEMON_LISTEN_H
#define CORDON_DAEMON_LISTEN_H

#include <stdint.h>

#include "live.h"
#include "recorder.h"

/** struct cordon_daemon_socket - one of UDP; @cookie names it */
struct cordon_daemon_socket {
	uint64_t cookie;
	struct cordon_event_listen told;
};

/**
 * struct cordon_daemon_listen
 * @sockets: to ask the kernel by; -1: it does not tell
 * @udp: as of the last look, by cookie
 * @look_by: when the next one is due
 */
struct cordon_daemon_listen {
	struct cordon_recorder *recorder;
	int sockets;
	struct cordon_daemon_socket *udp; /* owned */
	size_t nr;
	uint64_t look_by;
};

/** cordon_daemon_listen_open() - what is not told is said, and keeps nobody from anything */
void cordon_daemon_listen_open(struct cordon_daemon_listen *listen,
			       const struct cordon_context *context, const struct cordon_live *live,
			       struct cordon_recorder *recorder);
void cordon_daemon_listen_close(struct cordon_daemon_listen *listen);

/** cordon_daemon_listen_tick() - once a second; looks less often */
void cordon_daemon_listen_tick(struct cordon_daemon_listen *listen);

#endif
