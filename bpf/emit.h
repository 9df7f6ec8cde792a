/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting and telling: rule and reason counters, denial slots, records in the
 * ring.  Whatever is not told is counted; nothing here decides anything.
 *
 * Packet hooks run with softirqs off and do not nest on a CPU, so they add to
 * per-CPU values plainly.  Calls (connect, bind) may be interrupted by a
 * packet or preempted by another call: they add atomically, and have denial
 * slots of their own, taken by compare-and-exchange.
 */
#ifndef CORDON_BPF_EMIT_H
#define CORDON_BPF_EMIT_H

#include <cordon/uapi/record.h>

#include "core.h"
#include "maps.h"
#include "parse.h"
#include "ring.h"

/* A slot that was silent for so long may be given to another key. */
#define DENIAL_QUIET_NS 1000000000ULL

/**
 * struct denial - all that one denial says
 * @key: what it is aggregated by
 * @packet: the first packet's ends are shown
 * @owner: NULL if not known
 * @time: nanoseconds of CLOCK_MONOTONIC_COARSE
 */
struct denial {
	const struct cordon_denial_key *key;
	const struct packet *packet;
	const struct cordon_owner *owner;
	__u64 packets;
	__u64 bytes;
	__u64 time;
};

static __always_inline void count_rule(__u32 rule, __u64 packets, __u64 bytes)
{
	struct cordon_counter *counter = bpf_map_lookup_elem(&counters, &rule);

	if (!counter)
		return;
	counter->packets += packets;
	counter->bytes += bytes;
}

static __always_inline void count_reason(__u32 reason, __u64 packets, __u64 bytes)
{
	struct cordon_counter *counter = bpf_map_lookup_elem(&reasons, &reason);

	if (!counter)
		return;
	counter->packets += packets;
	counter->bytes += bytes;
}

static __always_inline void count_call_reason(__u32 reason)
{
	struct cordon_counter *counter = bpf_map_lookup_elem(&reasons, &reason);

	if (counter)
		__sync_fetch_and_add(&counter->packets, 1);
}

/** denial_record() - tell a slot; false: its counts have to wait */
VERIFIED_APART __u32 denial_record(struct cordon_denial *slot, __u64 now)
{
	struct cordon_loss *loss = event_loss(CORDON_CLASS_DENIAL);
	struct cordon_event_denial *record;

	if (!loss || !slot || !event_share_left(loss, now, CORDON_RECORDS_PER_SECOND))
		return false;
	record = event_reserve(&denial_ring, CORDON_EVENT_DENIAL, sizeof(*record), slot->pid, now);
	if (!record)
		return false;
	record->packets = slot->packets - slot->told;
	record->folded = 0;
	slot->told = slot->packets;
	__builtin_memcpy(&record->denial, slot, sizeof(record->denial));
	bpf_ringbuf_submit(record, 0);
	return true;
}

static __always_inline bool denial_key_equal(const struct cordon_denial_key *a,
					     const struct cordon_denial_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

static __always_inline __u32 denial_hash(const struct cordon_denial_key *key)
{
	const __u64 *word = (const __u64 *)key;
	__u64 hash = word[0] * 0x9e3779b97f4a7c15ULL + word[1] * 0xc2b2ae3d27d4eb4fULL +
		     word[2] * 0x165667b19e3779f9ULL + word[3] * 0xd6e8feb86659fd93ULL;

	return hash >> 40;
}

static __always_inline void denial_fill(struct cordon_denial *slot, const struct denial *denial,
					__u64 now)
{
	slot->key = *denial->key;
	slot->packets = denial->packets;
	slot->bytes = denial->bytes;
	slot->told = 0;
	slot->folded = 0;
	slot->first = now;
	slot->last = now;
	slot->source = denial->packet->source;
	slot->destination = denial->packet->destination;
	slot->source_port = denial->packet->source_port;
	slot->destination_port = denial->packet->destination_port;
	slot->pid = 0;
	slot->uid = 0;
	__builtin_memset(slot->comm, 0, sizeof(slot->comm));
	if (!denial->owner)
		return;
	slot->pid = denial->owner->pid;
	slot->uid = denial->owner->uid;
	__builtin_memcpy(slot->comm, denial->owner->comm, sizeof(slot->comm));
}

/* The slot belongs to another key: take it if that one is quiet and all told. */
static __always_inline bool denial_take(struct cordon_denial *slot, __u64 now)
{
	if (slot->key.reason && now - slot->last < DENIAL_QUIET_NS)
		return false;
	if (slot->packets != slot->told || slot->folded)
		return denial_record(slot, now);
	return true;
}

static __always_inline void denial_settle(struct cordon_denial *slot, const struct denial *denial)
{
	const __u64 now = denial->time;

	if (denial_key_equal(&slot->key, denial->key)) {
		slot->packets += denial->packets;
		slot->bytes += denial->bytes;
		/* Told again at once when it comes back after a silence. */
		if (now - slot->last >= DENIAL_QUIET_NS)
			denial_record(slot, now);
		slot->last = now;
		return;
	}
	if (!denial_take(slot, now)) {
		slot->folded += denial->packets;
		return;
	}
	denial_fill(slot, denial, now);
	denial_record(slot, now);
}

/** denial_packet() - from a packet hook */
static __always_inline void denial_packet(const struct denial *denial)
{
	__u32 index = denial_hash(denial->key) % CORDON_DENIAL_PACKET_SLOTS;
	struct cordon_denial *slot = bpf_map_lookup_elem(&denials, &index);

	count_reason(denial->key->reason, denial->packets, denial->bytes);
	if (slot)
		denial_settle(slot, denial);
}

/** denial_call() - from connect or bind */
static __always_inline void denial_call(const struct denial *denial)
{
	__u32 index =
		CORDON_DENIAL_PACKET_SLOTS + denial_hash(denial->key) % CORDON_DENIAL_CALL_SLOTS;
	struct cordon_denial *slot = bpf_map_lookup_elem(&denials, &index);

	count_call_reason(denial->key->reason);
	if (!slot)
		return;
	if (__sync_val_compare_and_swap(&slot->busy, 0, 1)) {
		__sync_fetch_and_add(&slot->folded, 1);
		return;
	}
	denial_settle(slot, denial);
	__sync_lock_test_and_set(&slot->busy, 0);
}

#endif
