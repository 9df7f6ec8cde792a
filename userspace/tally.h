/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has been told of each denial.  The kernel tells the first packet of a
 * kind in a record and counts the others in a slot; put together so that each
 * packet is told once: at once, or in the sum of its second.  Prints nothing.
 */
#ifndef CORDON_TALLY_H
#define CORDON_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/record.h>

struct cordon_tally;

/** cordon_tally_teller - tells @packets more of a denial, and @folded of other kinds */
typedef void (*cordon_tally_teller)(void *state, const struct cordon_denial *denial,
				    uint64_t packets, uint64_t folded);

int cordon_tally_new(unsigned int cpus, cordon_tally_teller teller, void *state,
		     struct cordon_tally **ret_tally);
void cordon_tally_free(struct cordon_tally *tally);

/** cordon_tally_record() - a record has come */
void cordon_tally_record(struct cordon_tally *tally, const struct cordon_event_denial *record);

/**
 * cordon_tally_sweep() - the slots, as they were before all records that have
 *	been given until now
 * @slots: CORDON_DENIAL_SLOTS times CPUs, CPU last
 */
void cordon_tally_sweep(struct cordon_tally *tally, const struct cordon_denial *slots);

#endif
