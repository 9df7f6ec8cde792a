/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Connections and listening sockets: records of the class FLOW, and the notes
 * from which connections are told.
 *
 * With `log: {flows: all}` each flow that begins has a note, at its own place in
 * an array beside the flow table (map `notes`), and is told twice: when it begins
 * (FLOW_OPEN) and when it is over (FLOW_CLOSE), each time with the whole note.
 * Without it there are no notes, and the packet path looks for none.
 *
 * Who tells the end is who takes @start away, by compare-and-exchange to 0: so it
 * is told once.  A program does so when another flow gets the place, or when the
 * rules of another generation or latch level do not let it go on; the daemon, which
 * looks at a part of the notes every second, when a connection has been finished
 * or reset for a moment, or nothing came for as long as the policy waits.  While no
 * daemon runs, ends wait for it.
 *
 * What the fields are worth.  Bytes and packets are those of the hook, with all
 * headers, each packet once: exact but for the first ones of a flow that several
 * CPUs meet in the same moment, for the later fragments of a packet, which carry
 * no ports, and for what came before the log wanted flows (CORDON_FLOW_EARLIER).
 * A flow through the node is told as it came in, before addresses are translated.
 * The process is who made the socket of this node's end, for a connection from
 * outside the one that listens; all zero where no socket of this network namespace
 * was found or it is older than we are, and for packets met by XDP.
 */
#ifndef CORDON_UAPI_CONNECTION_H
#define CORDON_UAPI_CONNECTION_H

#include <linux/types.h>

#include "event.h"
#include "limits.h"
#include "policy.h"
#include "record.h"

/* Index of cordon_flow_note.bytes and .packets. */
#define CORDON_FLOW_SENT 0     /* by who opened it */
#define CORDON_FLOW_ANSWERED 1 /* by the other end */

/* cordon_flow_note.flags */
#define CORDON_FLOW_FIN_SENT (1U << CORDON_FLOW_SENT)	      /* TCP: who opened it is done */
#define CORDON_FLOW_FIN_ANSWERED (1U << CORDON_FLOW_ANSWERED) /* likewise the other end */
#define CORDON_FLOW_RST (1U << 2)
#define CORDON_FLOW_EARLIER (1U << 3) /* it is older than its note */
#define CORDON_FLOW_FINS (CORDON_FLOW_FIN_SENT | CORDON_FLOW_FIN_ANSWERED)

/**
 * struct cordon_flow_note - a connection
 * @start: CLOCK_MONOTONIC nanoseconds; names it; 0: there is none, or its end was told
 * @last: of its last packet, CLOCK_MONOTONIC_COARSE
 * @source: who opened it
 * @owner: of its socket; zero: not known
 * @source_port, @destination_port, @protocol, @rule: as in struct cordon_flow
 * @direction: IN, OUT or FORWARD of enum cordon_direction
 * @from, @to: identities of @source and @destination in @generation
 * @generation: that decided last
 * @ifindex: where its first packet was met
 */
struct cordon_flow_note {
	__u64 start;
	__u64 last;
	__u64 bytes[2];
	__u64 packets[2];
	struct cordon_address source;
	struct cordon_address destination;
	struct cordon_owner owner;
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
	__u8 direction;
	__u16 rule;
	__u16 from;
	__u16 to;
	__u32 generation;
	__u32 flags;
	__u32 ifindex;
};
_Static_assert(sizeof(struct cordon_flow_note) == 136, "no padding");

/** struct cordon_note_bucket - of the flows in the bucket of the same number */
struct cordon_note_bucket {
	struct cordon_flow_note note[CORDON_FLOW_WAYS];
};

/*
 * Why a connection is told no more, cordon_event.flags of FLOW_CLOSE: X(NAME, "name")
 *
 * FINISHED: both ends are done (TCP)
 * RESET: by one of them (TCP)
 * IDLE: nothing came for the policy's time-out
 * REPLACED: another flow has its place in the table, or one between the same ends
 * DENIED: the rules of another generation or latch level do not allow it
 * UNWATCHED: the policy in force does not want flows told, or has a table of another size
 */
#define CORDON_FLOW_ENDS(X)                                                                        \
	X(FINISHED, "finished")                                                                    \
	X(RESET, "reset")                                                                          \
	X(IDLE, "idle")                                                                            \
	X(REPLACED, "replaced")                                                                    \
	X(DENIED, "denied")                                                                        \
	X(UNWATCHED, "unwatched")

enum cordon_flow_end {
#define CORDON_FLOW_END_ENUM(name, text) CORDON_FLOW_##name,
	CORDON_FLOW_ENDS(CORDON_FLOW_END_ENUM)
#undef CORDON_FLOW_END_ENUM
	CORDON_FLOW_END_COUNT
};

/** struct cordon_event_flow - FLOW_OPEN, with its first packet, and FLOW_CLOSE */
struct cordon_event_flow {
	struct cordon_event event;
	struct cordon_flow_note note;
};

/*
 * cordon_event_listen.how: X(NAME, "name")
 *
 * BEGAN, ENDED: TCP: in that moment, by the process of the event; UDP, which the daemon
 *	looks at every 10 seconds: since the last look
 * FOUND: it was there when the daemon started
 */
#define CORDON_LISTENS(X)                                                                          \
	X(BEGAN, "listens")                                                                        \
	X(ENDED, "listens no more")                                                                \
	X(FOUND, "was listening")

enum cordon_listen {
#define CORDON_LISTEN_ENUM(name, text) CORDON_LISTEN_##name,
	CORDON_LISTENS(CORDON_LISTEN_ENUM)
#undef CORDON_LISTEN_ENUM
	CORDON_LISTEN_COUNT
};

/**
 * struct cordon_event_listen - LISTEN: a TCP socket that takes connections, or a UDP socket that
 *	takes datagrams from anybody, of the network namespace that is guarded
 * @start: of its process, as in process.h; 0: not known
 * @owner: of FOUND who made the socket, of UDP no more than cgroup and uid, as the kernel
 *	tells no more of it; @owner.pid 0: not known
 * @address: all zero but for the IPv4 mark: any
 * @how: enum cordon_listen
 */
struct cordon_event_listen {
	struct cordon_event event;
	__u64 start;
	struct cordon_owner owner;
	struct cordon_address address;
	__u16 port;
	__u8 protocol;
	__u8 how;
	__u32 pad;
};
_Static_assert(sizeof(struct cordon_event_listen) == 88, "no padding");

#endif
