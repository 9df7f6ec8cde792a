/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon watches of the machine for the log: whatever watch.h names, and
 * logins.  For daemon.c.
 */
#ifndef CORDON_DAEMON_WATCH_H
#define CORDON_DAEMON_WATCH_H

#include <stdint.h>

#include "attach_auth.h"
#include "attach_config.h"
#include "recorder.h"
#include "watch.h"

#define CORDON_WATCH_KINDS 8

/**
 * struct cordon_daemon_watch - not to be moved while it is open
 * @recorder: takes what the kernel tells by itself
 * @source: by kind; NULL: it does not tell, which was said
 * @epoll: of all of them
 * @said: the last complaint about logins: it is made once
 */
struct cordon_daemon_watch {
	struct cordon_watch watch;
	struct cordon_recorder *recorder;
	void *source[CORDON_WATCH_KINDS];
	int epoll;
	struct cordon_pam pam;
	struct cordon_failure said;
	uint64_t look_by;
};

/** cordon_daemon_watch_open() - what cannot be watched is said, and keeps nobody from anything */
void cordon_daemon_watch_open(struct cordon_daemon_watch *watch,
			      const struct cordon_context *context,
			      struct cordon_recorder *recorder);
void cordon_daemon_watch_close(struct cordon_daemon_watch *watch);

/** cordon_daemon_watch_fd() - readable: cordon_daemon_watch_read(); -1: nothing ever is */
int cordon_daemon_watch_fd(const struct cordon_daemon_watch *watch);
void cordon_daemon_watch_read(struct cordon_daemon_watch *watch);

/** cordon_daemon_watch_tick() - once a second: what came or was replaced is watched, too */
void cordon_daemon_watch_tick(struct cordon_daemon_watch *watch);

/** cordon_daemon_watch_follow() - this policy is in force now */
void cordon_daemon_watch_follow(struct cordon_daemon_watch *watch,
				const struct cordon_image *image);

#endif
