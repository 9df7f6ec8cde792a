/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rings, one for each class of events that the kernel tells, and what found
 * no room in them.  A record is in its ring or counted; nothing here decides what
 * is told.
 */
#ifndef CORDON_BPF_RING_H
#define CORDON_BPF_RING_H

#include <cordon/uapi/record.h>

#include "core.h"

/* By class; what has no ring counts nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_CLASS_COUNT);
	__type(key, __u32);
	__type(value, struct cordon_loss);
} losses SEC(".maps");

/* How many of those userspace has written down; no program reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_CLASS_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} losses_told SEC(".maps");

/* What commands tell.  Full: counted in losses. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} enforcement_ring SEC(".maps");

/* Full: counted in losses; a denial's packets stay in denials. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} denial_ring SEC(".maps");

/* What others tried against us.  Full: counted in losses. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} tamper_ring SEC(".maps");

/* Full: counted in losses. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} auth_ring SEC(".maps");

#define FLOW_RING_SIZE (1024 * 1024)

/* 6,200 records of connections.  Full: counted in losses. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FLOW_RING_SIZE);
} flow_ring SEC(".maps");

/* Full: counted in losses. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} config_ring SEC(".maps");

#define PROCESS_RING_SIZE (4 * 1024 * 1024)

/* Full: counted in losses. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PROCESS_RING_SIZE);
} process_ring SEC(".maps");

/** event_wake() - who reads is woken by the first of many, and looks a moment later (0: as the
 *	kernel sees fit); and at once when more comes than usual */
static __always_inline __u64 event_wake(void *ring, __u64 size)
{
	return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > size / 2 ? BPF_RB_FORCE_WAKEUP : 0;
}

/** event_loss() - where a class counts on this CPU */
static __always_inline struct cordon_loss *event_loss(__u32 class)
{
	return bpf_map_lookup_elem(&losses, &class);
}

/** event_number() - the next record of this CPU and class, told or lost */
static __always_inline __u32 event_number(struct cordon_loss *loss)
{
	return __sync_fetch_and_add(&loss->sequence, 1);
}

static __always_inline void event_lost(struct cordon_loss *loss)
{
	__sync_fetch_and_add(&loss->lost, 1);
}

/** event_share_left() - so many records a second on a CPU keep a flood from taking all of a ring */
static __always_inline bool event_share_left(struct cordon_loss *loss, __u64 now, __u32 share)
{
	const __u32 window = now >> 30;

	if (loss->window != window) {
		loss->window = window;
		loss->sent = 0;
	}
	if (__sync_fetch_and_add(&loss->sent, 1) < share)
		return true;
	__sync_fetch_and_add(&loss->held, 1);
	return false;
}

/** event_head() - what a record begins with */
static __always_inline struct cordon_event event_head(__u16 type, __u16 size, __u32 sequence,
						      __u32 pid, __u64 time)
{
	const struct cordon_event event = {
		.size = size,
		.type = type,
		.cpu = bpf_get_smp_processor_id(),
		.sequence = sequence,
		.pid = pid,
		.time = time,
	};

	return event;
}

/** event_reserve() - room for a record of @size bytes, its head filled in; NULL: counted as lost */
static __always_inline void *event_reserve(void *ring, __u16 type, __u32 size, __u32 pid,
					   __u64 time)
{
	struct cordon_loss *loss = event_loss(CORDON_EVENT_CLASS(type));
	struct cordon_event *event;
	__u32 number;

	if (!loss)
		return NULL;
	number = event_number(loss);
	event = bpf_ringbuf_reserve(ring, size, 0);
	if (event)
		*event = event_head(type, size, number, pid, time);
	else
		event_lost(loss);
	return event;
}

#endif
