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

#include <cordon/uapi/connection.h>
#include <cordon/uapi/flow.h>

#include "core.h"
#include "parse.h"

#define TAG_STATE_SHIFT 2
#define TAG_STATE_MASK (3ULL << TAG_STATE_SHIFT)
#define TAG_EPOCH_MASK 0xfffffff0ULL

/* Seconds are told apart by bit 30 of the nanoseconds: 1.07 s, no division. */
#define FLOW_TICK_SHIFT 30

/**
 * struct flow_key - what a packet looks for, beside its ends
 * @tag: state bits are zero
 * @ignore: bits of a tag that need not fit: state, and the path on the way in,
 *	where it is not known yet
 * @bucket_hash: chooses the bucket, the same for both ways
 * @protocol: the packet's, or CORDON_FLOW_FRAGMENT
 */
struct flow_key {
	__u64 tag;
	__u64 ignore;
	__u32 bucket_hash;
	__u8 protocol;
	__u8 pad[3];
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

	/* A product carries upwards only: the octets in which neighbours differ must
	 * be the lowest, or flows of two small networks share their whole hash. */
	hash = from_be64(words.word[0]) * control->secret[0] +
	       from_be64(words.word[1]) * control->secret[1] + port * control->secret[2];
	hash ^= hash >> 32;
	return hash * control->secret[3];
}

/* Multilinear hashing with secret random keys (Lemire and Kaser: "Strongly
 * universal string hashing is fast", 2014), once for each end and added, so
 * that both ways of a flow meet; then a mix as of MurmurHash3. */
static __always_inline __u64 flow_hash(const struct cordon_control *control,
				       const struct packet *packet, __u8 protocol, __u32 class)
{
	__u64 hash;

	hash = flow_hash_end(control, &packet->source, packet->source_port) +
	       flow_hash_end(control, &packet->destination, packet->destination_port) +
	       ((__u64) class << 8 | protocol) * control->secret[4];
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 33;
}

static __always_inline __u64 flow_epoch(__u32 generation, __u32 latch)
{
	__u64 epoch = ((__u64)generation << 2 | latch) * 0x9e3779b97f4a7c15ULL;

	return epoch >> 32 & TAG_EPOCH_MASK;
}

/** flow_key_make() - what to look for, for a packet on an interface of @class */
static __always_inline void flow_key_make(const struct cordon_control *control,
					  const struct packet *packet, __u8 protocol, __u32 class,
					  __u64 epoch, struct flow_key *ret_key)
{
	const __u64 hash = flow_hash(control, packet, protocol, class);

	ret_key->bucket_hash = (__u32)((hash * 0xc4ceb9fe1a85ec53ULL) >> 32);
	ret_key->tag = ((hash & ~0xfULL) ^ epoch) | CORDON_FLOW_TAG_SET;
	ret_key->ignore = TAG_STATE_MASK;
	ret_key->protocol = protocol;
}

static __always_inline __u32 flow_bucket(const struct flow_key *key, __u32 buckets)
{
	return (__u32)((__u64)key->bucket_hash * buckets >> 32);
}

static __always_inline enum cordon_flow_state flow_tag_state(__u64 tag)
{
	return (tag & TAG_STATE_MASK) >> TAG_STATE_SHIFT;
}

static __always_inline __u64 ends_differ(const struct cordon_flow *flow,
					 const struct cordon_address *source, __u16 source_port,
					 const struct cordon_address *destination,
					 __u16 destination_port)
{
	const struct address_words a = address_words(&flow->source), b = address_words(source);
	const struct address_words c = address_words(&flow->destination);
	const struct address_words d = address_words(destination);

	return (a.word[0] ^ b.word[0]) | (a.word[1] ^ b.word[1]) | (c.word[0] ^ d.word[0]) |
	       (c.word[1] ^ d.word[1]) | (flow->source_port ^ source_port) |
	       (flow->destination_port ^ destination_port);
}

/* The reply to an ICMP request is a message of its own kind; later fragments are
 * of one way only. */
static __always_inline bool may_reply(const struct packet *packet, __u8 protocol)
{
	if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6)
		return packet->icmp == ICMP_REPLY;
	return protocol != CORDON_FLOW_FRAGMENT;
}

/** flow_fits() - whether a flow is that of a packet, and which way it goes */
static __always_inline bool flow_fits(const struct cordon_flow *flow, const struct packet *packet,
				      __u8 protocol, enum flow_way *ret_way)
{
	const __u64 protocols = flow->protocol ^ protocol;

	*ret_way = FLOW_ORIGINAL;
	if (!(protocols | ends_differ(flow, &packet->source, packet->source_port,
				      &packet->destination, packet->destination_port)) &&
	    likely(packet->icmp != ICMP_REPLY))
		return true;
	*ret_way = FLOW_REPLY;
	return !(protocols | ends_differ(flow, &packet->destination, packet->destination_port,
					 &packet->source, packet->source_port)) &&
	       may_reply(packet, protocol);
}

/* An index below CORDON_FLOW_WAYS, which the verifier of 6.1 forgets as soon as
 * it is spilled: let it see the bound again, and the compiler not know it. */
static __always_inline __u32 flow_place(__u32 place)
{
	barrier_value(place);
	return place % CORDON_FLOW_WAYS;
}

static __always_inline __u32 flow_preferred(const struct flow_key *key)
{
	return key->bucket_hash % CORDON_FLOW_WAYS;
}

/**
 * flow_find() - place in the bucket of the flow that a packet looks for
 * @ret_stale: place whose tag would fit in another generation or latch level; in memory that the
 *	verifier does not follow, or it would count ways with and without one
 * Both are CORDON_FLOW_WAYS if there is none.  Any other flow between the same
 * ends must take the place that was found, or the old one would stand before it.
 */
static __always_inline __u32 flow_find(const struct cordon_flow_bucket *bucket,
				       const struct flow_key *key, volatile __u32 *ret_stale)
{
	const __u32 preferred = flow_preferred(key);

	*ret_stale = CORDON_FLOW_WAYS;
	for (__u32 i = 0; i < CORDON_FLOW_WAYS; i++) {
		const __u32 place = flow_place(preferred + i);
		const __u64 tag = bucket->flow[place].tag;

		if (likely(!((tag ^ key->tag) & ~key->ignore)))
			return place;
		if (tag == CORDON_FLOW_TAG_FREE)
			return CORDON_FLOW_WAYS;
		/* One of now on the other path, through the node or not, is another's. */
		if (!((tag ^ key->tag) >> 32) &&
		    ((tag ^ key->tag) & ~key->ignore) != CORDON_FLOW_TAG_FORWARD)
			*ret_stale = place;
	}
	return CORDON_FLOW_WAYS;
}

static __always_inline __u32 flow_timeout(const struct cordon_settings *settings, __u32 protocol,
					  __u32 state)
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

/* @age: in ticks; a tick is 1.07 s, near enough 1 + 1/16 + 1/128 */
VERIFIED_APART __u32 flow_outlived(const struct cordon_settings *settings, __u32 protocol,
				   __u32 state, __u32 age)
{
	return settings && age + (age >> 4) + (age >> 7) > flow_timeout(settings, protocol, state);
}

static __always_inline bool flow_expired(const struct cordon_settings *settings,
					 const struct cordon_flow *flow,
					 enum cordon_flow_state state, __u32 now)
{
	const __u32 age = now - flow->seen;

	/* No time-out is so short, and most flows are busy.  Another CPU's clock
	 * may be a tick ahead. */
	if (likely((__s32)age <= 1))
		return false;
	return flow_outlived(settings, flow->protocol, state, age);
}

/**
 * flow_find_room() - a place that no live flow has, the first from @preferred on
 * @ret_tag: that it was found with
 * Return: CORDON_FLOW_WAYS if there is none.
 */
VERIFIED_APART __u32 flow_find_room(const struct cordon_settings *settings,
				    const struct cordon_flow_bucket *bucket, __u32 preferred,
				    __u32 now, __u64 *ret_tag)
{
	if (!settings || !bucket || !ret_tag)
		return CORDON_FLOW_WAYS;
	for (__u32 i = 0; i < CORDON_FLOW_WAYS; i++) {
		const __u32 place = flow_place(preferred + i);
		const struct cordon_flow *flow = &bucket->flow[place];
		const __u64 tag = flow->tag;

		*ret_tag = tag;
		if (tag == CORDON_FLOW_TAG_FREE || tag == CORDON_FLOW_TAG_LEFT)
			return place;
		if (tag != CORDON_FLOW_TAG_BUSY &&
		    flow_expired(settings, flow, flow_tag_state(tag), now))
			return place;
	}
	return CORDON_FLOW_WAYS;
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
static __always_inline bool tcp_reopens(enum cordon_flow_state state, enum flow_way way, __u8 flags)
{
	if ((flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return way == FLOW_REPLY || state == CORDON_FLOW_CLOSING || state == CORDON_FLOW_CLOSED;
}

/** flow_next_state() - what a packet makes of a flow; enum cordon_flow_state */
static __always_inline enum cordon_flow_state
flow_next_state(enum cordon_flow_state state, enum flow_way way, const struct packet *packet)
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

	if (__sync_val_compare_and_swap(&bucket->flow[way].tag, tag, next) != tag)
		return false;
	bucket->flow[way].state = state; /* for people; the tag is what counts */
	return true;
}

/* How readily a flow gives way: the higher, the sooner.  No branches, or the
 * verifier would follow all of them for each way. */
static __always_inline __u64 flow_worth_little(const struct cordon_flow *flow, __u64 tag, __u32 now)
{
	const __u64 ranks = 2ULL << 2 * CORDON_FLOW_CLOSED | 1ULL << 2 * CORDON_FLOW_NEW;
	const __u32 age = now - flow->seen;

	/* Another CPU's clock may be a tick ahead. */
	return (ranks >> 2 * flow_tag_state(tag) & 3) << 32 | (age & ~((__s32)age >> 31));
}

/**
 * flow_victim() - the way that gives way among live flows
 * @ret_tag: that it was found with
 * Return: CORDON_FLOW_WAYS if all are being written.
 */
VERIFIED_APART __u32 flow_victim(const struct cordon_flow_bucket *bucket, __u32 now, __u64 *ret_tag)
{
	__u32 victim = CORDON_FLOW_WAYS;
	__u64 least = 0;

	if (!bucket || !ret_tag)
		return CORDON_FLOW_WAYS;
	for (__u32 i = 0; i < CORDON_FLOW_WAYS; i++) {
		const __u64 tag = bucket->flow[i].tag;
		__u64 little;

		if (tag == CORDON_FLOW_TAG_BUSY)
			continue;
		little = flow_worth_little(&bucket->flow[i], tag, now) + 1;
		if (little > least) {
			least = little;
			*ret_tag = tag;
			victim = i;
		}
	}
	return victim;
}

/**
 * struct flow_start - a flow that is to be
 * @rule: that allows it
 * @own: where flow_find() found one that this one succeeds, or WAYS
 * @own_tag: that it was found with
 * @now: in ticks
 */
struct flow_start {
	const struct packet *packet;
	const struct flow_key *key;
	enum cordon_flow_state state;
	__u32 rule;
	__u32 own;
	__u64 own_tag;
	__u32 now;
};

static __always_inline void flow_write(struct cordon_flow *flow, const struct flow_start *start)
{
	flow->bytes = 0;
	flow->packets = 0;
	flow->source = start->packet->source;
	flow->destination = start->packet->destination;
	flow->source_port = start->packet->source_port;
	flow->destination_port = start->packet->destination_port;
	flow->protocol = start->key->protocol;
	flow->state = start->state;
	flow->rule = start->rule;
	flow->seen = start->now;
}

/**
 * flow_insert() - a place for a new flow
 * Return: its way, or WAYS if another CPU took the place first: the packet
 *	passes all the same, and the next one will make the entry.
 *
 * Two CPUs that meet the first packets of one flow at once may make an entry
 * each.  The first is found from then on; the other expires.
 */
static __always_inline __u32 flow_insert(const struct cordon_settings *settings,
					 struct cordon_flow_bucket *bucket,
					 const struct flow_start *start)
{
	__u64 old = start->own_tag;
	__u32 way = start->own;

	if (likely(way >= CORDON_FLOW_WAYS))
		way = flow_find_room(settings, bucket, flow_preferred(start->key), start->now,
				     &old);
	if (way >= CORDON_FLOW_WAYS)
		way = flow_victim(bucket, start->now, &old);
	if (way >= CORDON_FLOW_WAYS || old == CORDON_FLOW_TAG_BUSY)
		return CORDON_FLOW_WAYS;
	way = flow_place(way);
	if (__sync_val_compare_and_swap(&bucket->flow[way].tag, old, CORDON_FLOW_TAG_BUSY) != old)
		return CORDON_FLOW_WAYS;
	flow_write(&bucket->flow[way], start);
	/* Publish: the exchange orders the writes above before it. */
	__sync_lock_test_and_set(&bucket->flow[way].tag,
				 start->key->tag | (__u64)start->state << TAG_STATE_SHIFT);
	return way;
}

/* What the flow of a note is like; an older one that goes on has been answered. */
static __always_inline enum cordon_flow_state note_state(const struct cordon_flow_note *note)
{
	if (note->flags & CORDON_FLOW_RST || !(~note->flags & CORDON_FLOW_FINS))
		return CORDON_FLOW_CLOSED;
	if (note->flags & CORDON_FLOW_FINS)
		return CORDON_FLOW_CLOSING;
	return note->flags & CORDON_FLOW_EARLIER || note->packets[CORDON_FLOW_ANSWERED] ?
		       CORDON_FLOW_ESTABLISHED :
		       CORDON_FLOW_NEW;
}

/** note_end() - why the flow of a note is over; @otherwise: nothing says so */
static __always_inline __u32 note_end(const struct cordon_settings *settings,
				      const struct cordon_flow_note *note, __u64 time,
				      __u32 otherwise)
{
	const enum cordon_flow_state state = note_state(note);
	const __u32 age = (time >> FLOW_TICK_SHIFT) - (note->last >> FLOW_TICK_SHIFT);

	if (note->flags & CORDON_FLOW_RST)
		return CORDON_FLOW_RESET;
	if (state == CORDON_FLOW_CLOSED)
		return CORDON_FLOW_FINISHED;
	if ((__s32)age > 1 && flow_outlived(settings, note->protocol, state, age))
		return CORDON_FLOW_IDLE;
	return otherwise;
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
