/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of records that the programs write, validated.  Keeps nothing.
 */
#ifndef CORDON_RING_H
#define CORDON_RING_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/record.h>

#include "maps.h"

struct cordon_ring;

/** cordon_ring_taker - gets each record that is what it claims to be */
typedef void (*cordon_ring_taker)(void *state, const struct cordon_denial_record *record);

int cordon_ring_open(const struct cordon_maps *maps, cordon_ring_taker taker, void *state,
		     struct cordon_ring **ret_ring);
void cordon_ring_close(struct cordon_ring *ring);

/** cordon_ring_fd() - readable when there is something to take */
int cordon_ring_fd(const struct cordon_ring *ring);

/** cordon_ring_drain() - take all that is there; does not wait. Return: 0 or -errno */
int cordon_ring_drain(struct cordon_ring *ring);

/** cordon_ring_bad() - records that were not what they claimed to be */
uint64_t cordon_ring_bad(const struct cordon_ring *ring);

/** cordon_record_check() - whether @size bytes are one whole record of a kind that we know */
const struct cordon_denial_record *cordon_record_check(const void *bytes, size_t size);

#endif
