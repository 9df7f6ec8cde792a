// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ring of records.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

struct cordon_ring {
	struct ring_buffer *buffer;
	cordon_ring_taker taker;
	void *state;
	uint64_t bad;
};

const struct cordon_denial_record *cordon_record_check(const void *bytes, size_t size)
{
	const struct cordon_denial_record *record = bytes;

	if (size < sizeof(*record) || record->header.version != CORDON_RECORD_VERSION ||
	    record->header.type != CORDON_RECORD_DENIAL || record->header.size != sizeof(*record) ||
	    record->header.pad)
		return NULL;
	return record;
}

static int take(void *state, void *bytes, size_t size)
{
	struct cordon_ring *ring = state;
	const struct cordon_denial_record *record = cordon_record_check(bytes, size);

	if (record)
		ring->taker(ring->state, record);
	else
		ring->bad++;
	return 0;
}

int cordon_ring_open(const struct cordon_maps *maps, cordon_ring_taker taker, void *state,
		     struct cordon_ring **ret_ring)
{
	struct cordon_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	ring->taker = taker;
	ring->state = state;
	ring->buffer = ring_buffer__new(maps->fd[CORDON_MAP_DENIAL_RING], take, ring, NULL);
	if (!ring->buffer) {
		free(ring);
		return -errno;
	}
	*ret_ring = ring;
	return 0;
}

void cordon_ring_close(struct cordon_ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->buffer);
	free(ring);
}

int cordon_ring_fd(const struct cordon_ring *ring)
{
	return ring_buffer__epoll_fd(ring->buffer);
}

int cordon_ring_drain(struct cordon_ring *ring)
{
	const int taken = ring_buffer__consume(ring->buffer);

	return taken < 0 ? taken : 0;
}

uint64_t cordon_ring_bad(const struct cordon_ring *ring)
{
	return ring->bad;
}
