/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watch: does the helper give signs of life, and are there programs that read the
 * latch?  Without either for the policy's time that is told, and may shut the node.
 */
#ifndef CORDON_KMOD_WATCH_H
#define CORDON_KMOD_WATCH_H

#include <linux/types.h>

/** struct cordon_watch_look - @silent_for: seconds since the last sign; valid if @watching */
struct cordon_watch_look {
	bool watching;
	bool silent;
	u32 silent_for;
};

struct cordon_watch_look cordon_watch_look(void);
/** cordon_watch_beat() - a sign of life; the watch begins with the first, if it was asked for */
void cordon_watch_beat(void);
void cordon_watch_exit(void);

#endif
