/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To shut the node.  First the store that shuts it, then all that can wait:
 * remembering, covering what is not covered, cutting sockets.  Nothing that
 * fails afterwards undoes the store.
 */
#ifndef CORDON_SEAL_H
#define CORDON_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "cut.h"
#include "latch.h"

/**
 * struct cordon_sealed - what came of it
 * @before: level until then
 * @loaded: programs stood already, so that the store alone shut the node
 * @shut_ns: CLOCK_MONOTONIC, when nothing passed any more
 * @overtaken: packets that were being judged then, and dropped
 * @cut: sockets whose owners were told
 * @forgetful: why it will not outlast a reboot; empty: it will
 * @open: what is not covered; empty: all is
 */
struct cordon_sealed {
	uint32_t before;
	bool loaded;
	uint64_t shut_ns;
	uint64_t overtaken;
	struct cordon_cut cut;
	struct cordon_failure forgetful;
	struct cordon_failure open;
};

/** cordon_sealed_faults() - both in one line; empty: it is covered and remembered */
void cordon_sealed_faults(const struct cordon_sealed *sealed, struct cordon_failure *ret_faults);

/**
 * cordon_seal() - tighten the latch
 * @by: for people; NULL: who runs this process
 * @reason: likewise
 * Return: 0, also if the level stood already; -EPERM: a tighter one stands;
 *	-errno: the node is as it was; with @failure.
 */
int cordon_seal(const struct cordon_context *context, uint32_t level, const char *by,
		const char *reason, struct cordon_failure *failure,
		struct cordon_sealed *ret_sealed);

/**
 * cordon_seal_remember() - write down what the kernel holds, if the disk does not know
 *
 * A seal whose disk was full is remembered as soon as there is room.
 * Return: 0, also if there was nothing to do; -errno with @failure.
 */
int cordon_seal_remember(const struct cordon_context *context, struct cordon_failure *failure);

#endif
