/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How shut the node is.  It knows neither packets nor orders nor netlink: whoever may
 * change the level asks here, and the level goes to the hooks and to the map of
 * the BPF programs.
 */
#ifndef CORDON_KMOD_LATCH_H
#define CORDON_KMOD_LATCH_H

#include <linux/types.h>

#include <cordon/uapi/module.h>
#include <cordon/uapi/policy.h>

u32 cordon_latch_level(void);
/** cordon_latch_is_shut() - by its level or the gate */
bool cordon_latch_is_shut(void);
bool cordon_latch_is_gated(void);
/** cordon_latch_seals() - how often it was asked to be tighter */
u64 cordon_latch_seals(void);
/** cordon_latch_is_read() - programs have the map, or there is none */
bool cordon_latch_is_read(void);
void cordon_latch_tell(struct cordon_module_state *state);

/** cordon_latch_tighten() - allocates nothing. Return: the level until then */
u32 cordon_latch_tighten(u32 level);

/**
 * cordon_latch_release() - open, unless sealed since
 * @seals: as it was when the release was asked for
 * Return: 0; -EBUSY: sealed again.
 */
int cordon_latch_release(u64 seals, u32 *ret_before);

/** cordon_latch_gate() - shut, or open, the boot gate. Return: it was shut */
bool cordon_latch_gate(bool shut);

/**
 * cordon_latch_map() - publish to this map from now on
 * @fd: of the calling process
 * Return: 0; -EBADF; -EINVAL: not such a map; -EPERM: the latch is shut, and one is known.
 */
int cordon_latch_map(int fd);
void cordon_latch_exit(void);

#endif
