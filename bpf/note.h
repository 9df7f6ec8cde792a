/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The notes of connections, kept beside the flow table and told as records; see
 * uapi/connection.h.  Asked only where the policy wants flows told: each function
 * is a call, and the caller looks at the flag.  Decides nothing.
 */
#ifndef CORDON_BPF_NOTE_H
#define CORDON_BPF_NOTE_H

#include <cordon/uapi/connection.h>

#include "core.h"
#include "ends.h"
#include "flow.h"
#include "maps.h"
#include "ring.h"
#include "scene.h"
#include "state.h"

static __always_inline struct cordon_flow_bucket *
find_bucket(__u32 slot, const struct cordon_settings *settings, const struct flow_key *key)
{
	void *flows = bpf_map_lookup_elem(&flows_of, &slot);
	__u32 bucket = flow_bucket(key, settings->flow_buckets);

	return flows ? bpf_map_lookup_elem(flows, &bucket) : NULL;
}

/* NULL: the policy wants no notes. */
static __always_inline struct cordon_flow_note *
find_note(const struct scene *scene, const struct cordon_settings *settings, __u32 place)
{
	__u32 slot = scene->slot, bucket = flow_bucket(&scene->key, settings->flow_buckets);
	void *notes = bpf_map_lookup_elem(&notes_of, &slot);
	struct cordon_note_bucket *found = notes ? bpf_map_lookup_elem(notes, &bucket) : NULL;

	return found ? &found->note[flow_place(place)] : NULL;
}

/* A flow through the node is met twice: each way is counted once, at the side of who opened it,
 * where the other side has an entry of its own or has none. */
static __always_inline bool is_counted(const struct scene *scene,
				       const struct cordon_flow_note *note, __u32 way)
{
	if (way == FLOW_ORIGINAL || note->direction != CORDON_DIRECTION_FORWARD)
		return !scene->came_by;
	return scene->came_by;
}

static __always_inline __u32 end_flags(const struct packet *packet, __u32 way)
{
	if (packet->protocol != PROTOCOL_TCP)
		return 0;
	return (packet->tcp_flags & TCP_FIN ? 1U << way : 0) |
	       (packet->tcp_flags & TCP_RST ? CORDON_FLOW_RST : 0);
}

static __always_inline void note_count(const struct scene *scene, struct cordon_flow_note *note,
				       __u32 way)
{
	const __u32 flags = end_flags(&scene->packet, way);

	__sync_fetch_and_add(&note->bytes[way], scene->bytes);
	__sync_fetch_and_add(&note->packets[way], scene->packets);
	/* The coarse clock is behind the one that @start is of. */
	if (note->last < scene->time)
		note->last = scene->time;
	if (flags)
		__sync_fetch_and_or(&note->flags, flags);
}

/** note_packet() - a packet of the flow at @place */
VERIFIED_APART __u32 note_packet(struct scene *scene, __u32 place, __u32 way)
{
	const struct cordon_settings *settings = scene_settings(scene);
	struct cordon_flow_note *note;

	if (!settings)
		return 0;
	way &= 1;
	barrier_value(way);
	note = find_note(scene, settings, place);
	/* Later fragments have entries, but no notes. */
	if (!note || !note->start || note->protocol != scene->key.protocol ||
	    !is_counted(scene, note, way))
		return 0;
	note_count(scene, note, way & 1);
	return 0;
}

static __always_inline void note_record(const struct cordon_flow_note *note, __u64 start,
					__u16 type, __u16 why, __u64 time)
{
	struct cordon_event_flow *record;

	record = event_reserve(&flow_ring, type, sizeof(*record), note->owner.pid, time);
	if (!record)
		return;
	record->event.flags = why;
	__builtin_memcpy(&record->note, note, sizeof(*note));
	record->note.start = start;
	bpf_ringbuf_submit(record, event_wake(&flow_ring, FLOW_RING_SIZE));
}

/* @why: enum cordon_flow_end */
VERIFIED_APART __u32 note_close(struct cordon_flow_note *note, __u32 why)
{
	__u64 start;

	if (!note)
		return 0;
	start = note->start;
	/* Who takes it tells it. */
	if (!start || __sync_val_compare_and_swap(&note->start, start, 0) != start)
		return 0;
	note_record(note, start, CORDON_EVENT_FLOW_CLOSE, why, bpf_ktime_get_ns());
	return 0;
}

/* XDP does not look at it; the compiler would hand on whatever is there, which the verifier
 * refuses. */
#define keep_context(ctx) __asm__ volatile("" : : "r"(ctx))

/* Who made the socket of this node's end. */
VERIFIED_APART __u32 note_owner(HOOK_CONTEXT *ctx, const struct scene *scene,
				struct cordon_owner *to)
{
	const struct cordon_owner *owner;
	struct bpf_sock *sock;

	if (!HOOK_IS_SKB || !scene || !to || scene->forward)
		return 0;
	if (scene->out) {
		to->cgroup = sender_cgroup(ctx);
		owner = sender(ctx, scene);
		if (owner)
			*to = *owner;
		return 0;
	}
	sock = receiver(ctx, scene);
	if (!sock)
		return 0;
	owner = bpf_sk_storage_get(&owners, sock, NULL, 0);
	if (owner)
		*to = *owner;
	bpf_sk_release(sock);
	return 0;
}

static __always_inline __u8 note_direction(const struct scene *scene, __u32 way)
{
	if (scene->forward)
		return CORDON_DIRECTION_FORWARD;
	return scene->out == (way == FLOW_ORIGINAL) ? CORDON_DIRECTION_OUT : CORDON_DIRECTION_IN;
}

static __always_inline void note_verdict(const struct scene *scene, struct cordon_flow_note *note)
{
	note->rule = scene->rule;
	note->from = scene->from;
	note->to = scene->to;
	note->generation = scene->generation;
}

/* But for its owner. */
static __always_inline void note_fill(const struct scene *scene, const struct cordon_flow *flow,
				      struct cordon_flow_note *note, __u32 way, __u32 flags)
{
	__builtin_memset(note, 0, sizeof(*note));
	note->source = flow->source;
	note->destination = flow->destination;
	note->source_port = flow->source_port;
	note->destination_port = flow->destination_port;
	note->protocol = flow->protocol;
	note->direction = note_direction(scene, way);
	note->flags = flags;
	note->ifindex = scene->ifindex;
	note_verdict(scene, note);
}

/* A flow whose first packet leaves by another interface is told on that side alone. */
VERIFIED_APART __u32 note_open(HOOK_CONTEXT *ctx, struct scene *scene, __u32 place, __u32 flags)
{
	const struct cordon_settings *settings = scene_settings(scene);
	const struct cordon_flow_bucket *bucket;
	struct cordon_flow_note *note;
	__u32 way;
	__u64 now;

	keep_context(ctx);
	if (!settings)
		return 0;
	bucket = find_bucket(scene->slot, settings, &scene->key);
	note = find_note(scene, settings, place);
	if (!bucket || !note)
		return 0;
	if (note->start)
		note_close(note, note_end(settings, note, scene->time, CORDON_FLOW_REPLACED));
	if (scene->came_by)
		return 0;
	way = scene->way & 1;
	now = bpf_ktime_get_ns();
	note_fill(scene, &bucket->flow[flow_place(place)], note, way, flags);
	if (HOOK_IS_SKB)
		note_owner(ctx, scene, &note->owner);
	note->last = now;
	barrier_value(way);
	note_count(scene, note, way & 1);
	__sync_lock_test_and_set(&note->start, now);
	note_record(note, now, CORDON_EVENT_FLOW_OPEN, 0, now);
	return 0;
}

/** note_begin() - a flow has begun, if scene->noted says so */
static __always_inline void note_begin(HOOK_CONTEXT *ctx, struct scene *scene)
{
	const struct packet *packet = &scene->packet;
	const bool midway = packet->protocol == PROTOCOL_TCP && !(packet->tcp_flags & TCP_SYN);

	if (scene->noted >= CORDON_FLOW_WAYS)
		return;
	scene->way = FLOW_ORIGINAL;
	note_open(ctx, scene, scene->noted, midway ? CORDON_FLOW_EARLIER : 0);
}

/** note_stale() - the rules have spoken again of the flow at scene->stale: @reason */
VERIFIED_APART __u32 note_stale(HOOK_CONTEXT *ctx, struct scene *scene, __u32 reason)
{
	const struct cordon_settings *settings = scene_settings(scene);
	struct cordon_flow_note *note;

	keep_context(ctx);
	if (!settings || scene->packet.fragment == FRAGMENT_LATER)
		return 0;
	note = find_note(scene, settings, scene->stale);
	if (!note)
		return 0;
	if (reason)
		return note_close(note, CORDON_FLOW_DENIED);
	if (!note->start)
		return note_open(ctx, scene, scene->stale, CORDON_FLOW_EARLIER);
	note_verdict(scene, note);
	return note_packet(scene, scene->stale, scene->way);
}

#endif
