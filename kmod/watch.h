/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watch: does the helper give signs of life, and are there programs that read the
 * latch?  Without either for the keep list's time that is told, and may shut the node.
 */
#ifndef CORDON_KMOD_WATCH_H
#define CORDON_KMOD_WATCH_H

#include <cordon/uapi/module.h>

/** cordon_watch_beat() - a sign of life; the watch begins with the first, if it was asked for */
void cordon_watch_beat(void);
void cordon_watch_tell(struct cordon_module_state *state);
void cordon_watch_exit(void);

#endif
