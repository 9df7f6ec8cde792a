/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backstop: netfilter hooks at the first priority, on each device and under a latch in
 * each network namespace, that let pass under a latch what the keep list names.
 */
#ifndef CORDON_KMOD_HOOK_H
#define CORDON_KMOD_HOOK_H

#include <cordon/uapi/module.h>

/** cordon_hook_enforce() - from now on, by each hook. Allocates nothing, does not sleep */
void cordon_hook_enforce(u32 level);
/** cordon_hook_refresh() - another keep list: which devices does it leave alone? */
void cordon_hook_refresh(void);
void cordon_hook_tell(struct cordon_module_state *state);
int cordon_hook_init(void);
void cordon_hook_exit(void);
/** cordon_hook_settle() - what an enforcement set going has ended; for who has begun no hooks */
void cordon_hook_settle(void);

#endif
