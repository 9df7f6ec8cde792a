/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Denials: records of the class DENIAL, and what is counted between two of them.
 *
 * A denial is told at once when its key was not seen on this CPU for a while;
 * after that it is counted in a slot (map `denials`, per CPU) and told in sum.
 * Another key that falls on a busy slot is counted there as @folded: detail is
 * lost then, never a count.  The totals per reason are in `reasons` always.
 */
#ifndef CORDON_UAPI_RECORD_H
#define CORDON_UAPI_RECORD_H

#include <linux/types.h>

#include "event.h"
#include "limits.h"
#include "policy.h"

enum cordon_direction {
	CORDON_DIRECTION_IN,	  /* to the node, or to be forwarded */
	CORDON_DIRECTION_OUT,	  /* from the node */
	CORDON_DIRECTION_FORWARD, /* through the node, on its way out */
	CORDON_DIRECTION_CONNECT, /* a process asked to connect or send */
	CORDON_DIRECTION_BIND,	  /* a process asked for a port */
};

/**
 * struct cordon_denial_key - what makes two denials the same
 * @reason: enum cordon_reason
 * @from: identity
 * @to: identity
 * @service: see policy.h
 * @protocol: IP protocol
 * @direction: enum cordon_direction
 * @audit: 1: it passed, as the policy is in audit mode
 * @cgroup: cgroup id of the sender on the way out, 0 if not known
 * @generation: that decided
 * @ifindex: interface, 0 for connect and bind
 */
struct cordon_denial_key {
	__u16 reason;
	__u16 from;
	__u16 to;
	__u16 service;
	__u8 protocol;
	__u8 direction;
	__u8 audit;
	__u8 latch;
	__u32 generation;
	__u64 cgroup;
	__u32 ifindex;
	__u32 pad;
};
_Static_assert(sizeof(struct cordon_denial_key) == 32, "no padding");

/**
 * struct cordon_denial - one slot of the map `denials`
 * @key: all zero: the slot is free
 * @packets: of this key since @first
 * @bytes: likewise
 * @told: @packets when it was last told by a record of the ring
 * @folded: packets of other keys that were counted here
 * @first: nanoseconds of CLOCK_MONOTONIC_COARSE
 * @last: likewise
 * @source: of the first packet
 * @destination: of the first packet
 * @source_port: of the first packet
 * @destination_port: of the first packet
 * @pid: thread group that sent it, 0 if not known
 * @uid: its user
 * @busy: 1 while a call writes the slot; another then counts as @folded
 * @comm: its name
 */
struct cordon_denial {
	struct cordon_denial_key key;
	__u64 packets;
	__u64 bytes;
	__u64 told;
	__u64 folded;
	__u64 first;
	__u64 last;
	struct cordon_address source;
	struct cordon_address destination;
	__u16 source_port;
	__u16 destination_port;
	__u32 pid;
	__u32 uid;
	__u32 busy;
	char comm[16];
};
_Static_assert(sizeof(struct cordon_denial) == 144, "no padding");

/**
 * struct cordon_event_denial - DENIAL of the ring, and DENIAL_SUM by userspace
 * @packets: of this kind that no record told before
 * @folded: likewise of other kinds that were counted with them; 0 in DENIAL
 * @denial: the slot in that moment
 */
struct cordon_event_denial {
	struct cordon_event event;
	__u64 packets;
	__u64 folded;
	struct cordon_denial denial;
};

/**
 * struct cordon_loss - per CPU and class of events, map `losses`
 * @sequence: next sequence number
 * @lost: records that found no room in the ring
 * @held: records not sent because this CPU had sent its share of the second;
 *	their counts are in `denials`
 * @window: second of the share
 * @sent: records sent in that second
 */
struct cordon_loss {
	__u64 sequence;
	__u64 lost;
	__u64 held;
	__u32 window;
	__u32 sent;
};

/* Records a CPU may send in one second; beyond it they are only counted. */
#define CORDON_RECORDS_PER_SECOND 256

/** struct cordon_owner - who made a socket (socket storage `owners`) */
struct cordon_owner {
	__u64 cgroup;
	__u32 pid;
	__u32 uid;
	char comm[16];
};

#endif
