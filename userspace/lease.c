// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dead-man lease; see lease.h.
 */
#include "lease.h"

#include <stdio.h>

#define SECOND 1000000000ULL
#define HOUR 3600ULL

/* What was used up since the last count is worth a write to the disk. */
#define COUNT_SECONDS 300

/* A deadline that has passed. */
#define AT_ONCE 1

static void store_deadline(struct cordon_control *control, uint64_t by, uint32_t latch)
{
	/* The level first: a program that sees the deadline must find it. */
	__atomic_store_n(&control->lease_latch, latch, __ATOMIC_RELEASE);
	__atomic_store_n(&control->lease_by, by, __ATOMIC_RELEASE);
}

static bool is_wanted(const struct cordon_settings *settings)
{
	return settings->lease_hours || settings->lease_boots;
}

static bool end_lease(struct cordon_latch_state *state, struct cordon_control *control)
{
	const bool ran = state->flags & (CORDON_LATCH_LEASED | CORDON_LATCH_LAPSED);

	store_deadline(control, 0, CORDON_LATCH_OPEN);
	state->flags &= ~(CORDON_LATCH_LEASED | CORDON_LATCH_LAPSED);
	state->lease_seconds = 0;
	state->lease_boots = 0;
	return ran;
}

/* The programs have shut the node already, if it was the hours. */
static void lapse(struct cordon_latch_state *state, const struct cordon_settings *settings)
{
	state->flags = (state->flags & ~CORDON_LATCH_LEASED) | CORDON_LATCH_LAPSED;
	state->lease_seconds = 0;
	state->lease_boots = 0;
	if (state->level >= settings->lease_latch)
		return;
	state->level = settings->lease_latch;
	snprintf(state->by, sizeof(state->by), "the dead-man lease");
	snprintf(state->reason, sizeof(state->reason),
		 "no renewal came for as long as the policy allows");
}

static uint64_t seconds_left(const struct cordon_control *control, uint64_t now)
{
	return control->lease_by > now ? (control->lease_by - now + SECOND - 1) / SECOND : 0;
}

/* The deadline stands, since an earlier look in this boot. */
static bool count(struct cordon_latch_state *state, const struct cordon_settings *settings,
		  const struct cordon_control *control, uint64_t now)
{
	const uint64_t left = seconds_left(control, now);

	if (!left) {
		lapse(state, settings);
		return true;
	}
	if (left + COUNT_SECONDS > state->lease_seconds)
		return false;
	state->lease_seconds = left;
	return true;
}

static bool run_on(struct cordon_latch_state *state, const struct cordon_settings *settings,
		   struct cordon_control *control, uint64_t now)
{
	if (control->lease_by) {
		/* Of the policy in force, which may be another one than began it. */
		__atomic_store_n(&control->lease_latch, settings->lease_latch, __ATOMIC_RELEASE);
		return count(state, settings, control, now);
	}
	/* Another boot, or a policy that counts hours since now. */
	if (!state->lease_seconds)
		state->lease_seconds = settings->lease_hours * HOUR;
	if (!state->lease_seconds)
		return false;
	store_deadline(control, now + state->lease_seconds * SECOND, settings->lease_latch);
	return true;
}

bool cordon_lease_follow(struct cordon_latch_state *state, const struct cordon_settings *settings,
			 struct cordon_control *control, uint64_t now)
{
	if (!settings)
		return false;
	if (!is_wanted(settings))
		return end_lease(state, control);
	if (state->flags & CORDON_LATCH_LAPSED) {
		const uint32_t before = state->level;

		store_deadline(control, AT_ONCE, settings->lease_latch);
		lapse(state, settings);
		return state->level != before;
	}
	if (!(state->flags & CORDON_LATCH_LEASED)) {
		cordon_lease_renew(state, settings, control, 0, 0);
		run_on(state, settings, control, now);
		return true;
	}
	return run_on(state, settings, control, now);
}

void cordon_lease_renew(struct cordon_latch_state *state, const struct cordon_settings *settings,
			struct cordon_control *control, uint32_t hours, uint32_t boots)
{
	store_deadline(control, 0, CORDON_LATCH_OPEN);
	state->flags &= ~(CORDON_LATCH_LEASED | CORDON_LATCH_LAPSED);
	if (!settings || !is_wanted(settings))
		return;
	if (!hours && !boots) {
		hours = settings->lease_hours;
		boots = settings->lease_boots;
	}
	state->flags |= CORDON_LATCH_LEASED;
	state->lease_seconds = hours * HOUR;
	state->lease_boots = boots;
}
