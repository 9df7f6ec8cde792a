/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How shut the node is.  It knows neither packets nor orders nor netlink: whoever may
 * change the level asks here, and the level goes to the hooks and to the map of
 * the BPF programs.
 */
#ifndef CORDON_KMOD_LATCH_H
#define CORDON_KMOD_LATCH_H

#include <linux/types.h>

#include <cordon/uapi/policy.h>

/* What the hooks enforce beyond enum cordon_latch: the boot gate. */
#define CORDON_LATCH_GATE CORDON_LATCH_LEVELS

/* Read for each packet; written by latch.c alone. */
extern u32 cordon_enforced;

/**
 * struct cordon_latch_look - how things stand
 * @seals: number of the last change to something tighter
 * @map: id of the map; 0: none
 * @programs: that hold it
 */
struct cordon_latch_look {
	u32 level;
	bool gated;
	u64 seals;
	u32 map;
	u32 programs;
};

struct cordon_latch_look cordon_latch_look(void);

/** cordon_latch_tighten() - allocates nothing. Return: the level until then */
u32 cordon_latch_tighten(u32 level);

/**
 * cordon_latch_release() - open, unless sealed since
 * @seals: as it was when the release was asked for
 * Return: 0; -EBUSY: sealed again.
 */
int cordon_latch_release(u64 seals, u32 *ret_before);

void cordon_latch_gate(void);
/** cordon_latch_ungate() - Return: the gate was shut */
bool cordon_latch_ungate(void);

/**
 * cordon_latch_map() - publish to this map from now on
 * @fd: of the calling process
 * Return: 0; -EBADF; -EINVAL: not such a map; -EPERM: the latch is shut, and one is known.
 */
int cordon_latch_map(int fd);
void cordon_latch_exit(void);

#endif
