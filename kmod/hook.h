/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backstop: netfilter hooks at the first priority, in each network namespace and on
 * each device, that let pass under a latch what the keep list names.
 */
#ifndef CORDON_KMOD_HOOK_H
#define CORDON_KMOD_HOOK_H

#include <linux/types.h>

/** struct cordon_hook_look - @unhooked: devices that have no hook of ours */
struct cordon_hook_look {
	u64 dropped_in;
	u64 dropped_out;
	u32 unhooked;
};

struct cordon_hook_look cordon_hook_look(void);
/** cordon_hook_refresh() - another keep list: which devices does it leave alone? */
void cordon_hook_refresh(void);
int cordon_hook_init(void);
void cordon_hook_exit(void);

#endif
