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

void cordon_lease_carry(struct cordon_control *control, const struct cordon_control *former)
{
	if (!control->lease_by && former->lease_by)
		store_deadline(control, former->lease_by, former->lease_latch);
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
void cordon_lease_lapse(struct cordon_latch_state *state)
{
	state->flags = (state->flags & ~CORDON_LATCH_LEASED) | CORDON_LATCH_LAPSED;
	state->lease_seconds = 0;
	state->lease_boots = 0;
	if (state->level >= state->lease_latch)
		return;
	state->level = state->lease_latch;
	snprintf(state->by, sizeof(state->by), CORDON_LEASE_NAME);
	snprintf(state->reason, sizeof(state->reason), CORDON_LEASE_REASON);
}

static uint64_t seconds_left(const struct cordon_control *control, uint64_t now)
{
	return control->lease_by > now ? (control->lease_by - now + SECOND - 1) / SECOND : 0;
}

/* The deadline stands, since an earlier look in this boot. */
static bool count(struct cordon_latch_state *state, const struct cordon_control *control,
		  uint64_t now)
{
	const uint64_t left = seconds_left(control, now);

	if (!left) {
		cordon_lease_lapse(state);
		return true;
	}
	if (left + COUNT_SECONDS > state->lease_seconds)
		return false;
	state->lease_seconds = left;
	return true;
}

/* The policy in force may be another one than began the lease: what it does not count does not
 * count, and of what it counts no more is left than it gives. */
static bool bound_boots(struct cordon_latch_state *state, const struct cordon_settings *settings)
{
	const uint32_t most = settings->lease_boots;

	if (state->lease_boots <= most && (state->lease_boots || !most))
		return false;
	state->lease_boots = most;
	return true;
}

static bool bound_seconds(struct cordon_latch_state *state, const struct cordon_settings *settings,
			  struct cordon_control *control, uint64_t now)
{
	const uint64_t most = settings->lease_hours * HOUR;
	const bool stood = control->lease_by;
	uint64_t by = control->lease_by;

	if (!most) {
		const bool counted = stood || state->lease_seconds;

		store_deadline(control, 0, CORDON_LATCH_OPEN);
		state->lease_seconds = 0;
		return counted;
	}
	/* Another boot, or a policy that counts hours since now. */
	if (!stood) {
		if (!state->lease_seconds || state->lease_seconds > most)
			state->lease_seconds = most;
		by = now + state->lease_seconds * SECOND;
	}
	if (by > now + most * SECOND)
		by = now + most * SECOND;
	store_deadline(control, by, settings->lease_latch);
	return !stood;
}

static bool run_on(struct cordon_latch_state *state, const struct cordon_settings *settings,
		   struct cordon_control *control, uint64_t now)
{
	bool changed = bound_boots(state, settings);

	changed |= bound_seconds(state, settings, control, now);
	if (control->lease_by)
		changed |= count(state, control, now);
	return changed;
}

bool cordon_lease_follow(struct cordon_latch_state *state, const struct cordon_settings *settings,
			 struct cordon_control *control, uint64_t now)
{
	if (!settings)
		return false;
	if (!is_wanted(settings))
		return end_lease(state, control);
	state->lease_latch = settings->lease_latch;
	if (state->flags & CORDON_LATCH_LAPSED) {
		const uint32_t before = state->level;

		store_deadline(control, AT_ONCE, settings->lease_latch);
		cordon_lease_lapse(state);
		return state->level != before;
	}
	if (!(state->flags & CORDON_LATCH_LEASED)) {
		cordon_lease_renew(state, settings, control, 0, 0);
		run_on(state, settings, control, now);
		return true;
	}
	return run_on(state, settings, control, now);
}

/* As long as the policy gives, or less: who may renew must not be able to end the lease. */
static uint32_t at_most(uint32_t asked, uint32_t most)
{
	return asked && asked < most ? asked : most;
}

void cordon_lease_renew(struct cordon_latch_state *state, const struct cordon_settings *settings,
			struct cordon_control *control, uint32_t hours, uint32_t boots)
{
	store_deadline(control, 0, CORDON_LATCH_OPEN);
	state->flags &= ~(CORDON_LATCH_LEASED | CORDON_LATCH_LAPSED);
	if (!settings || !is_wanted(settings))
		return;
	hours = at_most(hours, settings->lease_hours);
	boots = at_most(boots, settings->lease_boots);
	state->flags |= CORDON_LATCH_LEASED;
	state->lease_seconds = hours * HOUR;
	state->lease_boots = boots;
}
