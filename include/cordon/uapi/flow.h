/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The flow table: what was allowed, so that the packets that follow need one
 * look-up.  Only a packet that a rule allows makes an entry; a flood that no
 * rule covers makes none and evicts none.
 *
 * The table is an array of buckets, a bucket an array of CORDON_FLOW_WAYS flows,
 * a flow one cache line that begins with its tag.  A flow prefers one place of
 * its bucket and takes the first on from there, round the bucket, that is free:
 * most flows cost one cache line to find, and whoever looks for one that is not
 * there may stop at a place that was never used.  So no place becomes FREE
 * again; one whose flow was forgotten is LEFT, and taken by the next.  Tag
 * CORDON_FLOW_TAG_BUSY is being written, any other is
 *
 *	32 bits of a keyed hash of both ends, protocol and interface class
 *	28 bits of the same hash, mixed with generation and latch
 *	 2 bits: enum cordon_flow_state
 *	 1 bit: CORDON_FLOW_TAG_SET
 *	 1 bit: CORDON_FLOW_TAG_FORWARD, the path
 *
 * A switch of generation or latch makes all tags mismatch at once; the flow is
 * then decided anew by the rules and keeps its TCP state.  The keys of the hash
 * are random and secret.
 *
 * Two CPUs at once: a place is taken by compare-and-exchange of its tag to
 * BUSY, written, and published by a store of the new tag, so one writer owns
 * it; a reader believes a flow only if tag and addresses both fit.  Counters
 * are atomic.
 *
 * A new flow takes the first place on its way that is free, left, or whose flow
 * has expired.  If there is none it takes the place of, in this order: a closed
 * connection; the longest unused flow that never had a reply; the longest
 * unused one.
 */
#ifndef CORDON_UAPI_FLOW_H
#define CORDON_UAPI_FLOW_H

#include <linux/types.h>

#include "limits.h"
#include "policy.h"

#define CORDON_FLOW_TAG_FREE 0ULL
#define CORDON_FLOW_TAG_BUSY 1ULL
#define CORDON_FLOW_TAG_LEFT 4ULL
#define CORDON_FLOW_TAG_SET 2ULL     /* set in every tag in use */
#define CORDON_FLOW_TAG_FORWARD 1ULL /* in a tag that is SET: through the node */

enum cordon_flow_state {
	CORDON_FLOW_NEW,	 /* no reply seen yet */
	CORDON_FLOW_ESTABLISHED, /* both sides have spoken */
	CORDON_FLOW_CLOSING,	 /* TCP: a FIN was seen */
	CORDON_FLOW_CLOSED,	 /* TCP: reset, or both sides closed */
};

/* Protocol number of the entries that lead later fragments of an allowed
 * packet: Fragment Header for IPv6 (RFC 8200), for IPv4 as well. */
#define CORDON_FLOW_FRAGMENT 44

/**
 * struct cordon_flow - one flow
 * @tag: see above
 * @bytes: both ways, as on the wire
 * @source: who opened it
 * @destination: who answered
 * @source_port: TCP, UDP, SCTP ...: port; ICMP: identifier; fragments: high
 *	half of the identification
 * @destination_port: port; ICMP: type << 8 | code of the request; fragments:
 *	low half of the identification
 * @protocol: IP protocol, or CORDON_FLOW_FRAGMENT
 * @state: enum cordon_flow_state, for people; the tag is what counts
 * @rule: rule slot that allowed it
 * @seen: of the last packet: CLOCK_MONOTONIC_COARSE in units of 2^30 ns
 * @packets: both ways, modulo 2^32
 */
struct cordon_flow {
	__u64 tag;
	__u64 bytes;
	struct cordon_address source;
	struct cordon_address destination;
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 state;
	__u16 rule;
	__u32 seen;
	__u32 packets;
};
_Static_assert(sizeof(struct cordon_flow) == 64, "a flow is one cache line");

struct cordon_flow_bucket {
	struct cordon_flow flow[CORDON_FLOW_WAYS];
};

#endif
