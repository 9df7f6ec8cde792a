// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One ring of events; see ring.h.
 *
 * libbpf's own reader gives room back record by record, before anything can be
 * written.  The layout is the kernel's, as tools/lib/bpf/ringbuf.c reads it
 * (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst): a page with the
 * consumer's position, a page with the producer's, then the data, twice in a row.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "util/clock.h"

/* struct cpu_place - of one CPU's records
 * @next: sequence of the next one, once @known
 * @told: how many of its losses are
 */
struct cpu_place {
	uint64_t told;
	uint32_t next;
	bool known;
};

/**
 * struct cordon_ring
 * @consumer, @producer: positions, the kernel's memory
 * @data: likewise, @size bytes and the same once more
 * @taken, @kept: positions: what was filled in, and what the kernel knows of
 * @viewed: up to where records were seen
 * @place, @former: by CPU, for @taken and @kept
 * @losses: room for a look at the map, by CPU
 */
struct cordon_ring {
	enum cordon_event_class class;
	cordon_ring_viewer viewer;
	void *state;
	int fd, losses_fd, told_fd;
	unsigned int cpus;
	size_t page, size;
	unsigned long *consumer;
	const unsigned long *producer;
	const uint8_t *data;
	unsigned long taken, kept, viewed;
	struct cpu_place *place, *former;
	struct cordon_loss *losses;
	uint64_t *told;
	uint64_t bad;
};

static int find_map(enum cordon_event_class class, enum cordon_map *ret_map)
{
	switch (class) {
	case CORDON_CLASS_ENFORCEMENT:
		*ret_map = CORDON_MAP_ENFORCEMENT_RING;
		return 0;
	case CORDON_CLASS_TAMPER:
		*ret_map = CORDON_MAP_TAMPER_RING;
		return 0;
	case CORDON_CLASS_AUTH:
		*ret_map = CORDON_MAP_AUTH_RING;
		return 0;
	case CORDON_CLASS_DENIAL:
		*ret_map = CORDON_MAP_DENIAL_RING;
		return 0;
	case CORDON_CLASS_FLOW:
		*ret_map = CORDON_MAP_FLOW_RING;
		return 0;
	case CORDON_CLASS_CONFIG:
		*ret_map = CORDON_MAP_CONFIG_RING;
		return 0;
	case CORDON_CLASS_PROCESS:
		*ret_map = CORDON_MAP_PROCESS_RING;
		return 0;
	default:
		return -ENOENT;
	}
}

/* Return: NULL: no memory. */
static void *map_part(const struct cordon_ring *ring, size_t size, int protection, size_t offset)
{
	void *part = mmap(NULL, size, protection, MAP_SHARED, ring->fd, (off_t)offset);

	return part == MAP_FAILED ? NULL : part;
}

static int map_memory(struct cordon_ring *ring)
{
	struct bpf_map_info info = { 0 };
	__u32 length = sizeof(info);
	const int error = bpf_map_get_info_by_fd(ring->fd, &info, &length);

	if (error)
		return error;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = info.max_entries;
	ring->consumer = map_part(ring, ring->page, PROT_READ | PROT_WRITE, 0);
	ring->producer = map_part(ring, ring->page + 2 * ring->size, PROT_READ, ring->page);
	if (!ring->consumer || !ring->producer)
		return -ENOMEM;
	ring->data = (const uint8_t *)ring->producer + ring->page;
	return 0;
}

/* What an earlier reader told of losses is not told again. */
static int read_told(struct cordon_ring *ring)
{
	const uint32_t key = ring->class;

	if (bpf_map_lookup_elem(ring->told_fd, &key, ring->told))
		return -errno;
	for (unsigned int i = 0; i < ring->cpus; i++)
		ring->former[i].told = ring->place[i].told = ring->told[i];
	return 0;
}

static int open_ring(struct cordon_ring *ring, const struct cordon_maps *maps)
{
	enum cordon_map map;
	int error = find_map(ring->class, &map);

	if (error)
		return error;
	ring->fd = maps->fd[map];
	ring->losses_fd = maps->fd[CORDON_MAP_LOSSES];
	ring->told_fd = maps->fd[CORDON_MAP_LOSSES_TOLD];
	ring->cpus = maps->cpus;
	ring->place = calloc(ring->cpus, sizeof(*ring->place));
	ring->former = calloc(ring->cpus, sizeof(*ring->former));
	ring->losses = calloc(ring->cpus, sizeof(*ring->losses));
	ring->told = calloc(ring->cpus, sizeof(*ring->told));
	if (!ring->place || !ring->former || !ring->losses || !ring->told)
		return -ENOMEM;
	error = map_memory(ring);
	if (error)
		return error;
	ring->taken = ring->kept = ring->viewed = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return read_told(ring);
}

int cordon_ring_open(const struct cordon_maps *maps, enum cordon_event_class class,
		     cordon_ring_viewer viewer, void *state, struct cordon_ring **ret_ring)
{
	struct cordon_ring *ring = calloc(1, sizeof(*ring));
	int error;

	if (!ring)
		return -ENOMEM;
	ring->class = class;
	ring->viewer = viewer;
	ring->state = state;
	error = open_ring(ring, maps);
	if (error) {
		cordon_ring_close(ring);
		return error;
	}
	*ret_ring = ring;
	return 0;
}

void cordon_ring_close(struct cordon_ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		munmap(ring->consumer, ring->page);
	if (ring->producer)
		munmap((void *)ring->producer, ring->page + 2 * ring->size);
	free(ring->place);
	free(ring->former);
	free(ring->losses);
	free(ring->told);
	free(ring);
}

int cordon_ring_fd(const struct cordon_ring *ring)
{
	return ring->fd;
}

unsigned int cordon_ring_level(const struct cordon_ring *ring)
{
	const unsigned long producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	return (unsigned int)((100 * (producer - ring->kept) + ring->size - 1) / ring->size);
}

uint64_t cordon_ring_bad(const struct cordon_ring *ring)
{
	return ring->bad;
}

static bool has_room(const struct cordon_log_block *block, size_t size)
{
	return block->size + size <= CORDON_LOG_BLOCK_MAX;
}

static void add(struct cordon_log_block *block, const struct cordon_event *event)
{
	memcpy((uint8_t *)(block + 1) + block->size, event, event->size);
	block->size += event->size;
	block->records++;
}

/* How many of a CPU's losses nobody was told of, as of the last look. */
static uint64_t untold(const struct cordon_ring *ring, unsigned int cpu)
{
	const uint64_t lost = ring->losses[cpu].lost;

	return lost > ring->place[cpu].told ? lost - ring->place[cpu].told : 0;
}

static void tell_loss(struct cordon_ring *ring, struct cordon_log_block *block, unsigned int cpu,
		      uint64_t records, uint64_t time)
{
	struct cpu_place *place = &ring->place[cpu];
	const struct cordon_event_loss loss = {
		.event = { .size = sizeof(loss),
			   .type = CORDON_EVENT_LOSS,
			   .cpu = CORDON_EVENT_NO_CPU,
			   .sequence = place->next,
			   .time = time },
		.class = ring->class,
		.cpu = (uint16_t)cpu,
		.first = place->next,
		.records = records,
	};

	add(block, &loss.event);
	place->told += records;
}

/* A gap in the sequence is where records were lost; how many were, the kernel counted: one that an
 * interrupt put before another is no loss. Return: false: no room */
static bool follow_sequence(struct cordon_ring *ring, struct cordon_log_block *block,
			    const struct cordon_event *event)
{
	struct cpu_place *place = &ring->place[event->cpu];
	const uint32_t gap = event->sequence - place->next;
	const bool behind = gap >> 31;

	if (place->known && gap && !behind) {
		const uint64_t lost = untold(ring, event->cpu);

		if (lost && !has_room(block, sizeof(struct cordon_event_loss) + event->size))
			return false;
		if (lost)
			tell_loss(ring, block, event->cpu, lost < gap ? lost : gap, event->time);
	}
	if (!place->known || !behind)
		place->next = event->sequence + 1;
	place->known = true;
	return true;
}

static const struct cordon_event *check(const struct cordon_ring *ring, const uint8_t *bytes,
					uint32_t length)
{
	const struct cordon_event *event = (const struct cordon_event *)bytes;

	if (length >= sizeof(*event) && event->size >= sizeof(*event) && event->size <= length &&
	    event->size % 8 == 0 && CORDON_EVENT_CLASS(event->type) == ring->class &&
	    event->cpu < ring->cpus)
		return event;
	return NULL;
}

/* Return: false: it does not fit into this block any more */
static bool take(struct cordon_ring *ring, struct cordon_log_block *block, const uint8_t *bytes,
		 uint32_t length)
{
	const struct cordon_event *event = check(ring, bytes, length);

	if (!event) {
		ring->bad += ring->taken >= ring->viewed;
		return true;
	}
	if (!has_room(block, event->size) || !follow_sequence(ring, block, event))
		return false;
	add(block, event);
	if (ring->taken >= ring->viewed)
		ring->viewer(ring->state, event);
	return true;
}

/* Return: true: all that the producer had then was taken */
static bool take_all(struct cordon_ring *ring, struct cordon_log_block *block,
		     unsigned long producer)
{
	while (ring->taken < producer) {
		const uint8_t *at = ring->data + (ring->taken & (ring->size - 1));
		const uint32_t header = __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
		const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			return false;
		if (!(header & BPF_RINGBUF_DISCARD_BIT) &&
		    !take(ring, block, at + BPF_RINGBUF_HDR_SZ, length))
			return false;
		ring->taken += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		if (ring->viewed < ring->taken)
			ring->viewed = ring->taken;
	}
	return true;
}

/* Behind which nothing has come yet. */
static void tell_last_losses(struct cordon_ring *ring, struct cordon_log_block *block)
{
	for (unsigned int cpu = 0; cpu < ring->cpus; cpu++) {
		const uint64_t lost = untold(ring, cpu);

		if (!lost || !has_room(block, sizeof(struct cordon_event_loss)))
			continue;
		tell_loss(ring, block, cpu, lost, cordon_clock_ns());
		ring->place[cpu].next += (uint32_t)lost;
	}
}

bool cordon_ring_fill(struct cordon_ring *ring, struct cordon_log_block *block)
{
	const uint32_t key = ring->class;
	unsigned long producer;

	/* First the losses: what was made before them is in the ring by now. */
	bpf_map_lookup_elem(ring->losses_fd, &key, ring->losses);
	producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	if (take_all(ring, block, producer))
		tell_last_losses(ring, block);
	return block->records > 0;
}

void cordon_ring_keep(struct cordon_ring *ring)
{
	const uint32_t key = ring->class;
	bool changed = false;

	for (unsigned int i = 0; i < ring->cpus; i++) {
		changed |= ring->place[i].told != ring->former[i].told;
		ring->told[i] = ring->place[i].told;
	}
	memcpy(ring->former, ring->place, ring->cpus * sizeof(*ring->place));
	if (changed)
		bpf_map_update_elem(ring->told_fd, &key, ring->told, BPF_ANY);
	ring->kept = ring->taken;
	__atomic_store_n(ring->consumer, ring->kept, __ATOMIC_RELEASE);
	/* Who makes a record looks at this to know whether to wake us: before we look for one. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void cordon_ring_rewind(struct cordon_ring *ring)
{
	memcpy(ring->place, ring->former, ring->cpus * sizeof(*ring->place));
	ring->taken = ring->kept;
}

/* ---- what another reader wrote -------------------------------------------------------------- */

/* Of those that are ours. Return: NULL: there is none that is finished; else @at is behind it */
static const struct cordon_event *next_record(const struct cordon_ring *ring, unsigned long *at)
{
	const unsigned long producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	const struct cordon_event *event;

	while (*at < producer) {
		const uint8_t *bytes = ring->data + (*at & (ring->size - 1));
		const uint32_t header = __atomic_load_n((const uint32_t *)bytes, __ATOMIC_ACQUIRE);
		const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		*at += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		event = header & BPF_RINGBUF_DISCARD_BIT ?
				NULL :
				check(ring, bytes + BPF_RINGBUF_HDR_SZ, length);
		if (event)
			return event;
	}
	return NULL;
}

/* What a block's record tells of a CPU. */
static void take_written(struct cordon_ring *ring, const struct cordon_event *record)
{
	const struct cordon_event_loss *loss = (const void *)record;

	if (record->cpu < ring->cpus) {
		ring->place[record->cpu].next = record->sequence + 1;
		ring->place[record->cpu].known = true;
	} else if (record->type == CORDON_EVENT_LOSS && loss->class == ring->class &&
		   loss->cpu < ring->cpus) {
		ring->place[loss->cpu].told += loss->records;
	}
}

static bool is_next(const struct cordon_ring *ring, const struct cordon_event *record,
		    unsigned long *at)
{
	const struct cordon_event *event = next_record(ring, at);

	return event && event->size == record->size && !memcmp(event, record, record->size);
}

void cordon_ring_resume(struct cordon_ring *ring, const struct cordon_log_block *block)
{
	const uint8_t *bytes = (const uint8_t *)(block + 1);
	uint32_t left = block->size;
	unsigned long at = ring->taken;

	while (left) {
		const struct cordon_event *record = (const void *)bytes;

		if (left < sizeof(*record) || record->size < sizeof(*record) ||
		    record->size > left ||
		    (record->cpu < ring->cpus && !is_next(ring, record, &at))) {
			cordon_ring_rewind(ring);
			return;
		}
		take_written(ring, record);
		bytes += record->size;
		left -= record->size;
	}
	if (at == ring->taken) {
		cordon_ring_rewind(ring);
		return;
	}
	ring->taken = ring->viewed = at;
	cordon_ring_keep(ring);
}

/* ---- from outside ------------------------------------------------------------------------- */

uint64_t cordon_ring_age(const struct cordon_maps *maps, enum cordon_event_class class)
{
	const uint64_t now = cordon_clock_ns();
	const struct cordon_event *oldest;
	struct cordon_ring *ring = NULL;
	uint64_t age = 0, time;
	unsigned long at;

	if (cordon_ring_open(maps, class, NULL, NULL, &ring))
		return 0;
	at = ring->taken;
	oldest = next_record(ring, &at);
	time = oldest ? __atomic_load_n(&oldest->time, __ATOMIC_ACQUIRE) : now;
	/* A reader that moved on gave its room back: those may be anybody's bytes. */
	if (__atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE) == ring->taken && time < now)
		age = now - time;
	cordon_ring_close(ring);
	return age;
}
