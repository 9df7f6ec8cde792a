/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow table: find, take a place, follow a connection's state.  What an
 * entry means, how tags are made and why two CPUs cannot corrupt it is in
 * uapi/flow.h.  Compiles for the host, too, where threads try to break it.
 * Never decides whether a packet may pass.
 *
 * A tag, from the top: 32 bits of hash that stay the flow's for life, 28 bits
 * of hash mixed with generation and latch, 2 bits of state, SET, path.  State
 * changes only by compare-and-exchange of the whole tag, so it can never be
 * written to a flow that has meanwhile taken the place.
 */
#ifndef CORDON_BPF_FLOW_H
#define CORDON_BPF_FLOW_H

#include <cordon/uapi/flow.h>

#include "core.h"
#include "parse.h"

#define TAG_STATE_SHIFT 2
#define TAG_STATE_MASK (3ULL << TAG_STATE_SHIFT)
#define TAG_EPOCH_MASK 0xfffffff0ULL

/* Seconds are told apart by bit 30 of the nanoseconds: 1.07 s, no division. */
#define FLOW_TICK_SHIFT 30

/**
 * struct flow_key - what a packet looks for
 * @bucket_hash: chooses the bucket, the same for both ways
 * @tag: state bits are zero
 * @ignore: bits of a tag that need not fit: state, and the path on the way in,
 *	where it is not known yet
 */
struct flow_key {
	struct cordon_address source;
	struct cordon_address destination;
	__u64 tag;
	__u64 ignore;
	__u32 bucket_hash;
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 pad[7];
};

enum flow_way {
	FLOW_ORIGINAL, /* as the one who opened it sends */
	FLOW_REPLY,
};

static __always_inline __u64 flow_hash_end(const struct cordon_control *control,
					   const struct cordon_address *address, __u16 port)
{
	const struct address_words words = address_words(address);
	__u64 hash;

	hash = words.word[0] * control->secret[0] + words.word[1] * control->secret[1] +
	       port * control->secret[2];
	hash ^= hash >> 32;
	return hash * control->secret[3];
}

/* Multilinear hashing with secret random keys (Lemire and Kaser: "Strongly
 * universal string hashing is fast", 2014), once for each end and added, so
 * that both ways of a flow meet; then a mix as of MurmurHash3. */
static __always_inline __u64 flow_hash(const struct cordon_control *control,
				       const struct flow_key *key, __u32 class)
{
	__u64 hash;

	hash = flow_hash_end(control, &key->source, key->source_port) +
	       flow_hash_end(control, &key->destination, key->destination_port) +
	       ((__u64)class << 8 | key->protocol) * control->secret[4];
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 33;
}

static __always_inline __u64 flow_epoch(__u32 generation, __u32 latch)
{
	__u64 epoch = ((__u64)generation << 2 | latch) * 0x9e3779b97f4a7c15ULL;

	return epoch >> 32 & TAG_EPOCH_MASK;
}

/** flow_key_seal() - bucket and tag of a key whose ends are filled in */
static __always_inline void flow_key_seal(const struct cordon_control *control,
					  struct flow_key *key, __u32 class, __u64 epoch)
{
	const __u64 hash = flow_hash(control, key, class);

	key->bucket_hash = (__u32)((hash * 0xc4ceb9fe1a85ec53ULL) >> 32);
	key->tag = ((hash & ~0xfULL) ^ epoch) | CORDON_FLOW_TAG_SET;
	key->ignore = TAG_STATE_MASK;
}

static __always_inline __u32 flow_bucket(const struct flow_key *key, __u32 buckets)
{
	return (__u32)((__u64)key->bucket_hash * buckets >> 32);
}

static __always_inline enum cordon_flow_state flow_tag_state(__u64 tag)
{
	return (tag & TAG_STATE_MASK) >> TAG_STATE_SHIFT;
}

/** flow_fits() - whether a flow is that of a key, and which way it goes */
static __always_inline bool flow_fits(const struct cordon_flow *flow, const struct flow_key *key,
				      enum flow_way *ret_way)
{
	if (flow->protocol != key->protocol)
		return false;
	if (flow->source_port == key->source_port &&
	    flow->destination_port == key->destination_port &&
	    address_equal(&flow->source, &key->source) &&
	    address_equal(&flow->destination, &key->destination)) {
		*ret_way = FLOW_ORIGINAL;
		return true;
	}
	*ret_way = FLOW_REPLY;
	return flow->source_port == key->destination_port &&
	       flow->destination_port == key->source_port &&
	       address_equal(&flow->source, &key->destination) &&
	       address_equal(&flow->destination, &key->source);
}

/** flow_find() - way in the bucket whose tag fits but for @ignore, or WAYS */
static __always_inline __u32 flow_find(const struct cordon_flow_bucket *bucket, __u64 tag,
				       __u64 ignore)
{
	for (__u32 i = 0; i < CORDON_FLOW_WAYS; i++) {
		if (!((bucket->tag[i] ^ tag) & ~ignore))
			return i;
	}
	return CORDON_FLOW_WAYS;
}

static __always_inline __u32 flow_timeout(const struct cordon_settings *settings, __u8 protocol,
					  enum cordon_flow_state state)
{
	switch (protocol) {
	case PROTOCOL_TCP:
		if (likely(state == CORDON_FLOW_ESTABLISHED))
			return settings->timeout_tcp;
		return state == CORDON_FLOW_NEW ? settings->timeout_tcp_open :
						  settings->timeout_tcp_closing;
	case PROTOCOL_UDP:
		return state == CORDON_FLOW_NEW ? settings->timeout_udp :
						  settings->timeout_udp_reply;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		return settings->timeout_icmp;
	case CORDON_FLOW_FRAGMENT:
		return settings->timeout_fragment;
	default:
		return settings->timeout_other;
	}
}

/* @now: in ticks; a tick is 1.07 s, near enough 1 + 1/16 + 1/128 */
static __always_inline bool flow_expired(const struct cordon_settings *settings,
					 const struct cordon_flow *flow,
					 enum cordon_flow_state state, __u32 now)
{
	const __u32 age = now - flow->seen;

	/* Another CPU's clock may be a tick ahead. */
	if ((__s32)age <= 0)
		return false;
	return age + (age >> 4) + (age >> 7) > flow_timeout(settings, flow->protocol, state);
}

/** tcp_next_state() - what a segment makes of a connection */
static __always_inline enum cordon_flow_state tcp_next_state(enum cordon_flow_state state,
							     enum flow_way way, __u8 flags)
{
	if (flags & TCP_RST)
		return CORDON_FLOW_CLOSED;
	if (flags & TCP_FIN)
		return CORDON_FLOW_CLOSING;
	if (state == CORDON_FLOW_NEW && way == FLOW_REPLY && (flags & TCP_SYN))
		return CORDON_FLOW_ESTABLISHED;
	return state;
}

/* A SYN that may open another connection between the same ends: it is asked
 * of the rules, not of the flow. */
static __always_inline bool tcp_reopens(enum cordon_flow_state state, enum flow_way way,
					__u8 flags)
{
	if ((flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return way == FLOW_REPLY || state == CORDON_FLOW_CLOSING || state == CORDON_FLOW_CLOSED;
}

static __always_inline enum cordon_flow_state flow_next_state(enum cordon_flow_state state,
							      enum flow_way way,
							      const struct packet *packet)
{
	if (packet->protocol == PROTOCOL_TCP)
		return tcp_next_state(state, way, packet->tcp_flags);
	return way == FLOW_REPLY ? CORDON_FLOW_ESTABLISHED : state;
}

/** flow_set_state() - false: the place was taken by another flow meanwhile */
static __always_inline bool flow_set_state(struct cordon_flow_bucket *bucket, __u32 way, __u64 tag,
					   enum cordon_flow_state state)
{
	const __u64 next = (tag & ~TAG_STATE_MASK) | (__u64)state << TAG_STATE_SHIFT;

	if (__sync_val_compare_and_swap(&bucket->tag[way], tag, next) != tag)
		return false;
	bucket->flow[way].state = state; /* for people; the tag is what counts */
	return true;
}

/* How readily a flow gives way: the higher, the sooner. */
static __always_inline __u64 flow_worth_little(const struct cordon_settings *settings,
					       const struct cordon_flow *flow, __u64 tag,
					       __u32 now)
{
	const enum cordon_flow_state state = flow_tag_state(tag);
	const __u32 age = (__s32)(now - flow->seen) > 0 ? now - flow->seen : 0;

	if (flow_expired(settings, flow, state, now) || state == CORDON_FLOW_CLOSED)
		return 2ULL << 32 | age;
	if (state == CORDON_FLOW_NEW)
		return 1ULL << 32 | age;
	return age;
}

/** flow_victim() - the way that gives way in a full bucket, or WAYS if all are busy */
static __always_inline __u32 flow_victim(const struct cordon_settings *settings,
					 const struct cordon_flow_bucket *bucket, __u32 now)
{
	__u32 victim = CORDON_FLOW_WAYS;
	__u64 least = 0;

	for (__u32 i = 0; i < CORDON_FLOW_WAYS; i++) {
		const __u64 tag = bucket->tag[i];
		__u64 little;

		if (tag == CORDON_FLOW_TAG_FREE)
			return i;
		if (tag == CORDON_FLOW_TAG_BUSY)
			continue;
		little = flow_worth_little(settings, &bucket->flow[i], tag, now) + 1;
		if (little > least) {
			least = little;
			victim = i;
		}
	}
	return victim;
}

static __always_inline void flow_write(struct cordon_flow *flow, const struct flow_key *key,
				       __u32 rule, enum cordon_flow_state state, __u32 now)
{
	flow->bytes = 0;
	flow->packets = 0;
	flow->source = key->source;
	flow->destination = key->destination;
	flow->source_port = key->source_port;
	flow->destination_port = key->destination_port;
	flow->protocol = key->protocol;
	flow->state = state;
	flow->rule = rule;
	flow->seen = now;
}

/**
 * flow_insert() - a place for a new flow
 * Return: its way, or WAYS if another CPU took the place first: the packet
 *	passes all the same, and the next one will make the entry.
 */
static __always_inline __u32 flow_insert(const struct cordon_settings *settings,
					 struct cordon_flow_bucket *bucket,
					 const struct flow_key *key, __u32 rule,
					 enum cordon_flow_state state, __u32 now)
{
	__u32 way = flow_find(bucket, CORDON_FLOW_TAG_FREE, 0);
	__u64 old;

	if (way >= CORDON_FLOW_WAYS)
		way = flow_victim(settings, bucket, now);
	if (way >= CORDON_FLOW_WAYS)
		return CORDON_FLOW_WAYS;
	old = bucket->tag[way];
	if (old == CORDON_FLOW_TAG_BUSY ||
	    __sync_val_compare_and_swap(&bucket->tag[way], old, CORDON_FLOW_TAG_BUSY) != old)
		return CORDON_FLOW_WAYS;
	flow_write(&bucket->flow[way], key, rule, state, now);
	/* Publish: the exchange orders the writes above before it. */
	__sync_lock_test_and_set(&bucket->tag[way], key->tag | (__u64)state << TAG_STATE_SHIFT);
	return way;
}

/** flow_count() - a packet of a flow; the clock is written once a tick */
static __always_inline void flow_count(struct cordon_flow *flow, __u32 packets, __u32 bytes,
				       __u32 now)
{
	__sync_fetch_and_add(&flow->bytes, bytes);
	__sync_fetch_and_add(&flow->packets, packets);
	if (flow->seen != now)
		flow->seen = now;
}

#endif
