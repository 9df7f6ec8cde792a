/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dead-man lease: how long the node may go without a renewal before it
 * shuts itself.  Counted in seconds of uptime and in boots, never by a
 * calendar.  The kernel holds the deadline, the state what is left; this joins
 * the two.  It asks no clock but the one that it is given, and writes no file.
 */
#ifndef CORDON_LEASE_H
#define CORDON_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include <cordon/latch.h>
#include <cordon/uapi/policy.h>

/* Who seals when it has run out, and why; for people. */
#define CORDON_LEASE_NAME "the dead-man lease"
#define CORDON_LEASE_REASON "no renewal came for as long as the policy allows"

/**
 * cordon_lease_follow() - state and kernel agree with each other and the policy
 * @settings: of the policy in force; NULL: there is none yet, and nothing is known
 * @now: CLOCK_MONOTONIC nanoseconds
 *
 * A lease that the policy wants and that does not run is begun; one that it no
 * longer wants ends; one that has run out shuts the node for good, by name.
 * Return: true: the state is to be written.
 */
bool cordon_lease_follow(struct cordon_latch_state *state, const struct cordon_settings *settings,
			 struct cordon_control *control, uint64_t now);

/** cordon_lease_carry() - it goes on in maps that were made anew
 * @former: of the maps before
 */
void cordon_lease_carry(struct cordon_control *control, const struct cordon_control *former);

/** cordon_lease_lapse() - it has run out: the node is shut by name, as the state says */
void cordon_lease_lapse(struct cordon_latch_state *state);

/**
 * cordon_lease_renew() - it begins anew
 * @hours, @boots: that it lasts this time, at most as the policy says; 0: as it says; what it
 *	does not count does not count
 *
 * cordon_lease_follow() is to follow.
 */
void cordon_lease_renew(struct cordon_latch_state *state, const struct cordon_settings *settings,
			struct cordon_control *control, uint32_t hours, uint32_t boots);

#endif
