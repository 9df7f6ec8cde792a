/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that remembers how shut the node is, who shut it, and which orders
 * it took: /var/lib/cordon/latch, and the same once more in latch.copy.
 *
 * It has one size from its first day on and is written in place, one copy
 * after the other, each synchronised: so a full disk does not keep the node
 * from remembering, and power that fails leaves one copy whole.  Integers are
 * in host byte order; texts end with a NUL.
 *
 *	offset  bytes
 *	     0      8  magic "CORDLAT" and a NUL
 *	     8      4  version, CORDON_LATCH_VERSION
 *	    12      4  CRC-32 (that of zlib) of all bytes, these four taken as zero
 *	    16      8  sequence: one more with each change
 *	    24   1000  as struct cordon_latch_state goes on
 *
 * The sum finds what is torn, not what is forged.
 */
#ifndef CORDON_LATCH_FORMAT_H
#define CORDON_LATCH_FORMAT_H

#include <linux/types.h>

#define CORDON_LATCH_MAGIC "CORDLAT"
#define CORDON_LATCH_VERSION 1
#define CORDON_LATCH_FILE_SIZE 1024

/* cordon_latch_state.flags */
#define CORDON_LATCH_EVER_SEALED (1U << 0)
#define CORDON_LATCH_LEASED (1U << 1) /* the lease runs */
#define CORDON_LATCH_LAPSED (1U << 2) /* it ran out, and was not renewed since */

/**
 * struct cordon_latch_moment - when, by what clocks there are
 * @wall: seconds since 1970 by a clock that may be wrong; only told, never asked
 * @monotonic: nanoseconds since that boot
 * @boot: running number of the node's boot
 */
struct cordon_latch_moment {
	__s64 wall;
	__u64 monotonic;
	__u64 boot;
	__u8 boot_id[16];
};

/**
 * struct cordon_latch_role - the last order that was taken by signers of a role
 * @counter: no order with this one or a lower one is taken again; UNKNOWN: it was
 *	lost, and an order has to name the challenge instead
 * @digest: SHA-256 of its file
 * @unfinished: it was taken, and what it orders is not done yet: it may come again
 */
struct cordon_latch_role {
	__u64 counter;
	__u8 digest[32];
	__u32 unfinished;
	__u32 pad;
};
#define CORDON_LATCH_ROLES 8
#define CORDON_LATCH_COUNTER_UNKNOWN (~0ULL)

/* cordon_latch_anchor.flags */
#define CORDON_LATCH_ANCHORED (1U << 0)	 /* the TPM counts the changes of this file */
#define CORDON_LATCH_ANCHORING (1U << 1) /* it is being made ready to */
#define CORDON_LATCH_ANCHOR_DUE                                                                    \
	(1U << 2) /* it did not answer: the last change is not counted yet */

/**
 * struct cordon_latch_anchor - what the TPM knows of this file; zeros: nothing
 * @changes: value of the TPM's counter of changes with which this file is current; it is written
 *	with one more than the counter has, which is then increased
 * @policy: TPM policy that a release answers to
 */
struct cordon_latch_anchor {
	__u64 changes;
	__u32 flags;
	__u32 pad;
	__u8 policy[32];
};

/**
 * struct cordon_latch_state - the file
 * @level: enum cordon_latch
 * @boots: boots of this node, counted as they come
 * @boot_id: of the last one counted
 * @since: when @level came
 * @by: who brought it
 * @reason: why
 * @role: by enum cordon_role
 * @lease_seconds: that the lease has left, as of the last count
 * @lease_boots: likewise; 0 with a lease: boots do not count
 * @lease_latch: enum cordon_latch that comes then
 * @challenge: random, made when counters are not known; zeros: never
 * @code_used: SHA-256 of the last break-glass code that was used
 * @policy: digest of the last policy that was signed for
 * @release_since: @since as it was when the last release was taken: unfinished, it does not open
 *	what was sealed later
 * @revoking: SHA-256 of an order to revoke that was taken and not finished; a seal that came since
 *	does not end it; zeros: none
 * @anchor: in the TPM
 */
struct cordon_latch_state {
	char magic[8];
	__u32 version;
	__u32 crc;
	__u64 sequence;
	__u32 level;
	__u32 flags;
	__u64 boots;
	__u8 boot_id[16];
	struct cordon_latch_moment since;
	char by[96];
	char reason[160];
	struct cordon_latch_role role[CORDON_LATCH_ROLES];
	__u64 lease_seconds;
	__u32 lease_boots;
	__u32 lease_latch;
	__u8 challenge[16];
	__u8 code_used[32];
	__u8 policy[32];
	struct cordon_latch_moment release_since;
	__u8 revoking[32];
	struct cordon_latch_anchor anchor;
	__u8 reserved[72];
};
_Static_assert(sizeof(struct cordon_latch_state) == CORDON_LATCH_FILE_SIZE,
	       "the latch's file has no padding");

#endif
