/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latch: one store in the kernel, and what is remembered of it on disk.
 * It knows nothing of policies, needs no daemon and no lock, and the store
 * allocates nothing.
 */
#ifndef CORDON_USERSPACE_LATCH_H
#define CORDON_USERSPACE_LATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <cordon/latch.h>
#include <cordon/uapi/policy.h>

#include "context.h"

/* load_latch.c: the kernel's side. */

/** cordon_latch_held() - what the kernel holds, a lapsed lease's level included
 * @ret_control: as it was in that moment; all zeros if cordon is not loaded
 */
uint32_t cordon_latch_held(const struct cordon_context *context,
			   struct cordon_control *ret_control);

/** cordon_latch_level() - what holds now, and must hold: the tighter of kernel and memory */
uint32_t cordon_latch_level(const struct cordon_context *context);

/**
 * cordon_latch_tighten() - from this store on nothing passes that @level shuts
 * @ret_before: the level until then; as tight or tighter: nothing was stored
 * Return: 0; -ENOENT: cordon is not loaded; -errno.
 */
int cordon_latch_tighten(const struct cordon_context *context, uint32_t level,
			 uint32_t *ret_before);

/** cordon_control_level() - what the programs follow, a lapsed lease's level included
 * @now: CLOCK_MONOTONIC nanoseconds
 */
uint32_t cordon_control_level(const struct cordon_control *control, uint64_t now);

/**
 * cordon_control_tighten() - the same in a map that is open
 *
 * Only ever tighter: two that seal at once leave the tighter level.  Inline, as
 * it also runs where no call may be made: see start.h.
 * Return: the level before
 */
static inline uint32_t cordon_control_tighten(struct cordon_control *control, uint32_t level)
{
	uint32_t before = __atomic_load_n(&control->latch, __ATOMIC_ACQUIRE);

	while (before < level &&
	       !__atomic_compare_exchange_n(&control->latch, &before, level, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return before;
}

/* latch_file.c: what is remembered. */

/**
 * enum cordon_latch_memory - what was found on disk
 * @CORDON_LATCH_FRESH: nothing, and there never was anything
 * @CORDON_LATCH_SOUND: both copies
 * @CORDON_LATCH_HALF: one copy; the other is missing or torn
 * @CORDON_LATCH_FORGOTTEN: none, but the node was sealed once: `isolate`, and the
 *	counters of orders are not known
 */
enum cordon_latch_memory {
	CORDON_LATCH_FRESH,
	CORDON_LATCH_SOUND,
	CORDON_LATCH_HALF,
	CORDON_LATCH_FORGOTTEN,
};

/**
 * cordon_latch_read() - the state, in doubt the tighter one
 * @ret_state: whole in any case; of a fresh node: open
 */
enum cordon_latch_memory cordon_latch_read(const struct cordon_context *context,
					   struct cordon_latch_state *ret_state);

/**
 * cordon_latch_recall() - the same, knowing what the kernel held
 * @held: before anything was stored; with it, nothing on disk is a loss: FORGOTTEN, at this level
 */
enum cordon_latch_memory cordon_latch_recall(const struct cordon_context *context, uint32_t held,
					     struct cordon_latch_state *ret_state);

/** cordon_latch_forget() - the state of a node that lost it. Return: FORGOTTEN */
enum cordon_latch_memory cordon_latch_forget(struct cordon_latch_state *ret_state);

/** cordon_latch_has_challenge() - it lost counters once; zeros are no challenge */
bool cordon_latch_has_challenge(const struct cordon_latch_state *state);

/** cordon_latch_is_releasing() - a release was taken for what is shut now, and cut short: it may
 *	come again, and open */
bool cordon_latch_is_releasing(const struct cordon_latch_state *state);

/**
 * cordon_latch_write() - both copies, on stable storage when this returns
 * @state: as it was read, but for what is new; sequence, version and sum are filled in, and what
 *	another wrote since: a tighter level with who sealed and why, and higher counters
 * Return: 0; -errno with @failure: at least one copy is not written.
 */
int cordon_latch_write(const struct cordon_context *context, struct cordon_latch_state *state,
		       struct cordon_failure *failure);

/** cordon_latch_now() - @boot as the state counts */
struct cordon_latch_moment cordon_latch_now(const struct cordon_latch_state *state);

/**
 * cordon_latch_count_boot() - is this another boot than the last one counted?
 * Return: true: it was counted, the lease's too; the state is to be written.
 */
bool cordon_latch_count_boot(struct cordon_latch_state *state);

#endif
