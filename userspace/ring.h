/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One ring of events, read so that nothing is lost by us: records are copied
 * into a block, in their order, and the kernel gets their room back only when
 * the block is kept.  Until then they are there for whoever reads next, also
 * after this process was killed.  What the ring had no room for stands in the
 * block as a LOSS record, in its place as far as sequence numbers tell.
 */
#ifndef CORDON_RING_H
#define CORDON_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>

#include "maps.h"

struct cordon_ring;

/** cordon_ring_viewer - gets each record once, as soon as it is first seen */
typedef void (*cordon_ring_viewer)(void *state, const struct cordon_event *event);

/** cordon_ring_open() - Return: 0; -ENOENT: that class has no ring; -errno */
int cordon_ring_open(const struct cordon_maps *maps, enum cordon_event_class class,
		     cordon_ring_viewer viewer, void *state, struct cordon_ring **ret_ring);
void cordon_ring_close(struct cordon_ring *ring);

/** cordon_ring_fd() - readable when there is something to take, if the program said so */
int cordon_ring_fd(const struct cordon_ring *ring);

/** cordon_ring_level() - percent of it that wait to be kept, rounded up: 0: nothing does */
unsigned int cordon_ring_level(const struct cordon_ring *ring);

/**
 * cordon_ring_fill() - add what comes next to a block, as far as it fits
 * @block: of CORDON_LOG_BLOCK_MAX bytes of records; of the ring's class
 * Return: true: the block has records.
 */
bool cordon_ring_fill(struct cordon_ring *ring, struct cordon_log_block *block);

/** cordon_ring_keep() - what was filled in is kept: the kernel may have its room */
void cordon_ring_keep(struct cordon_ring *ring);

/**
 * cordon_ring_resume() - before anything is filled in: who read before may have been killed between
 *	writing a block and cordon_ring_keep()
 * @block: the last one that was written: if the ring begins with its records they are kept
 */
void cordon_ring_resume(struct cordon_ring *ring, const struct cordon_log_block *block);

/** cordon_ring_rewind() - it is not: cordon_ring_fill() begins with it again */
void cordon_ring_rewind(struct cordon_ring *ring);

/**
 * cordon_ring_age() - for who does not read it: how long its oldest record has been waiting
 * Return: nanoseconds; 0: none waits, or it is being read, or the class has no ring.
 */
uint64_t cordon_ring_age(const struct cordon_maps *maps, enum cordon_event_class class);

/** cordon_ring_bad() - records that are none of ours, and were left out */
uint64_t cordon_ring_bad(const struct cordon_ring *ring);

#endif
