/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Events: what every record of the log begins with, from the ring of a class to
 * the block on disk, and the records that the log writes of itself.
 *
 * Integers are in host byte order.  A layout never changes: what has to be told
 * otherwise gets another type.
 */
#ifndef CORDON_UAPI_EVENT_H
#define CORDON_UAPI_EVENT_H

#include <linux/types.h>

/*
 * Classes, the most important first: X(NAME, "name").  What comes last gives
 * way first when the log's space is used up.
 *
 * OWN: start, stop, loss, checkpoints, what was deleted
 * ENFORCEMENT: policy, latch, orders
 * TAMPER: what was tried against us
 * AUTH: logins and privileges
 * DENIAL: what was not let through
 * CONFIG: files, links, modules, devices
 * FLOW: connections
 * PROCESS: fork, exec, exit
 */
#define CORDON_CLASSES(X)                                                                          \
	X(OWN, "own")                                                                              \
	X(ENFORCEMENT, "enforcement")                                                              \
	X(TAMPER, "tamper")                                                                        \
	X(AUTH, "auth")                                                                            \
	X(DENIAL, "denial")                                                                        \
	X(CONFIG, "config")                                                                        \
	X(FLOW, "flow")                                                                            \
	X(PROCESS, "process")

enum cordon_event_class {
#define CORDON_CLASS_ENUM(name, text) CORDON_CLASS_##name,
	CORDON_CLASSES(CORDON_CLASS_ENUM)
#undef CORDON_CLASS_ENUM
	CORDON_CLASS_COUNT
};

#define CORDON_EVENT_TYPE(class, number) ((class) << 8 | (number))
#define CORDON_EVENT_CLASS(type) ((type) >> 8)

enum cordon_event_type {
	CORDON_EVENT_START = CORDON_EVENT_TYPE(CORDON_CLASS_OWN, 1),
	CORDON_EVENT_STOP,
	CORDON_EVENT_LOSS,
	CORDON_EVENT_RECOVERY,
	CORDON_EVENT_DELETION,
	CORDON_EVENT_CHECKPOINT,
	CORDON_EVENT_DOUBT,

	CORDON_EVENT_POLICY = CORDON_EVENT_TYPE(CORDON_CLASS_ENFORCEMENT, 1),
	CORDON_EVENT_LATCH,
	CORDON_EVENT_ORDER,
	CORDON_EVENT_RECEIPT,
	CORDON_EVENT_EVIDENCE,
	CORDON_EVENT_NAMES,
	CORDON_EVENT_GUARD, /* uapi/guard.h */
	CORDON_EVENT_CUT,   /* uapi/guard.h */
	CORDON_EVENT_BACKSTOP,

	CORDON_EVENT_TAKEN = CORDON_EVENT_TYPE(CORDON_CLASS_TAMPER, 1),
	CORDON_EVENT_STRAY,
	CORDON_EVENT_TRIED, /* uapi/guard.h */
	CORDON_EVENT_BACKSTOP_ALARM,

	/* uapi/auth.h */
	CORDON_EVENT_PAM = CORDON_EVENT_TYPE(CORDON_CLASS_AUTH, 1),
	CORDON_EVENT_ACCOUNT,
	CORDON_EVENT_PRIVILEGE,
	CORDON_EVENT_SESSION,

	/* uapi/record.h; a sum is by userspace: what came since the last record of its kind */
	CORDON_EVENT_DENIAL = CORDON_EVENT_TYPE(CORDON_CLASS_DENIAL, 1),
	CORDON_EVENT_DENIAL_SUM,

	/* uapi/config.h */
	CORDON_EVENT_FILE = CORDON_EVENT_TYPE(CORDON_CLASS_CONFIG, 1),
	CORDON_EVENT_LINK,
	CORDON_EVENT_ADDRESS,
	CORDON_EVENT_ROUTE,
	CORDON_EVENT_PARAMETER,
	CORDON_EVENT_MODULE,
	CORDON_EVENT_MOUNT,
	CORDON_EVENT_DEVICE,
	CORDON_EVENT_CLOCK,
	CORDON_EVENT_PROGRAM,
	CORDON_EVENT_CERTIFICATE,
	CORDON_EVENT_UNWATCHED,

	/* uapi/connection.h */
	CORDON_EVENT_FLOW_OPEN = CORDON_EVENT_TYPE(CORDON_CLASS_FLOW, 1),
	CORDON_EVENT_FLOW_CLOSE,
	CORDON_EVENT_LISTEN,

	/* uapi/process.h */
	CORDON_EVENT_FORK = CORDON_EVENT_TYPE(CORDON_CLASS_PROCESS, 1),
	CORDON_EVENT_EXEC,
	CORDON_EVENT_EXIT,
	CORDON_EVENT_CGROUP,
};

/*
 * Texts stand at a record's end, one behind the other, each with its NUL, in the
 * order that its struct names; zeros fill the record up to a multiple of 8.
 * They may be anybody's bytes: who shows them cleans them.
 */

/* Bytes of a record that userspace makes, at most. */
#define CORDON_EVENT_MAX 1024

/* The CPU of what userspace tells. */
#define CORDON_EVENT_NO_CPU 0xffff

/**
 * struct cordon_event - at the start of every record
 * @size: bytes of the record with this, a multiple of 8
 * @type: enum cordon_event_type
 * @cpu: where it was made; NO_CPU: by userspace
 * @flags: by type
 * @sequence: counts per CPU and class without a hole, lost records included;
 *	its lower 32 bits
 * @pid: thread group that did it, 0: nobody did
 * @time: CLOCK_MONOTONIC nanoseconds
 */
struct cordon_event {
	__u16 size;
	__u16 type;
	__u16 cpu;
	__u16 flags;
	__u32 sequence;
	__u32 pid;
	__u64 time;
};
_Static_assert(sizeof(struct cordon_event) == 24, "no padding");

/* cordon_event_loss.cpu: no ring was full, but the kernel told more than we read in time, by a
 * netlink socket, inotify or another source of userspace: what it was is not known, nor at times
 * how much. */
#define CORDON_LOSS_UNHEARD 0xfffe

/**
 * struct cordon_event_loss - records that were made and are in no chain
 * @class: theirs
 * @cpu: whose ring was full; NO_CPU: userspace could not write them, and had no more memory;
 *	CORDON_LOSS_UNHEARD: they were never made
 * @first: sequence of the first one that is missing
 * @records: how many; at least so many of what was not heard
 */
struct cordon_event_loss {
	struct cordon_event event;
	__u16 class;
	__u16 cpu;
	__u32 first;
	__u64 records;
};

/**
 * struct cordon_event_recovery - a chain that did not end as it was left
 * @class: its
 * @next: number of the block with which it goes on, be that block an older one that is still
 *	there or the first new one
 * @kept: number up to which its blocks had been on stable storage, by the kept keys: what is
 *	missing or torn before it no failure of power took
 * @missing: blocks before that one which had been written and are not there
 * @torn: bytes that are no whole block
 * @forged: blocks that the key that was due did not make
 * @unreadable: segments
 */
struct cordon_event_recovery {
	struct cordon_event event;
	__u32 class;
	__u32 pad;
	__u64 next;
	__u64 kept;
	__u64 missing;
	__u64 torn;
	__u64 forged;
	__u64 unreadable;
};

/**
 * struct cordon_event_doubt - blocks that the disk said it failed to store, told in their chain
 * @class: the chain
 * @error: errno
 * @first, @next: number of the first one, and of the one behind the last
 *
 * A disk that failed once may say later that all is well, and have kept nothing: what of these
 * blocks is missing or damaged it lost; the others are authentic.
 */
struct cordon_event_doubt {
	struct cordon_event event;
	__u32 class;
	__u32 error;
	__u64 first;
	__u64 next;
};

/**
 * struct cordon_event_deletion - a segment that we deleted, as the log was too large
 * @used, @limit: bytes of the log then, and those that it may have
 * @first, @next: numbers of its first block, and of the one behind its last; the same: nothing in
 *	it could be read
 */
struct cordon_event_deletion {
	struct cordon_event event;
	__u32 class;
	__u32 segment;
	__u64 used;
	__u64 limit;
	__u64 first;
	__u64 next;
};

/**
 * struct cordon_event_checkpoint - how far each chain has come on stable storage
 * @boot_id: of this boot
 * @policy: SHA-256 of the policy that is in force, zero: none
 * @latch: enum cordon_latch in force
 * @used, @limit: bytes of the log, and those that it may have
 * @chain: by class: its next block and record, the digest of its last block, and
 *	what was lost of it since the start
 */
struct cordon_event_checkpoint {
	struct cordon_event event;
	__u8 boot_id[16];
	__u8 policy[32];
	__u32 latch;
	__u32 pad;
	__u64 used;
	__u64 limit;
	struct {
		__u64 blocks;
		__u64 records;
		__u64 lost;
		__u8 digest[32];
	} chain[CORDON_CLASS_COUNT];
};

/**
 * struct cordon_event_start - the daemon began to write the log
 * @uid: who started it, login uid; ~0: nobody logged in
 * texts: kernel release, node
 */
struct cordon_event_start {
	struct cordon_event event;
	__u32 uid;
	__u32 pad;
};

/** struct cordon_event_stop - it was told to end; texts: why */
struct cordon_event_stop {
	struct cordon_event event;
};

/* cordon_event_policy.how: X(NAME, "name") */
#define CORDON_SWITCHES(X)                                                                         \
	X(APPLIED, "applied")                                                                      \
	X(RESTORED, "restored")                                                                    \
	X(CONFIRMED, "confirmed")                                                                  \
	X(ROLLED_BACK, "rolled-back")                                                              \
	X(LAPSED, "lapsed")                                                                        \
	X(DETACHED, "detached")

enum cordon_switch {
#define CORDON_SWITCH_ENUM(name, text) CORDON_SWITCH_##name,
	CORDON_SWITCHES(CORDON_SWITCH_ENUM)
#undef CORDON_SWITCH_ENUM
	CORDON_SWITCH_COUNT
};

/**
 * struct cordon_event_policy - another generation is in force
 * @digest: SHA-256 of the policy, zeros: none
 * @serial: its
 * @generation: in force now, 0: none
 * @former: before
 * @how: enum cordon_switch
 * @confirm_seconds: it lapses then if nobody confirms it; 0: it does not
 * @uid: who did it, login uid; ~0: nobody logged in
 */
struct cordon_event_policy {
	struct cordon_event event;
	__u8 digest[32];
	__u64 serial;
	__u32 generation;
	__u32 former;
	__u32 how;
	__u32 confirm_seconds;
	__u32 uid;
	__u32 pad;
};

/**
 * struct cordon_event_latch - the latch is at another level
 * @before, @after: enum cordon_latch; the same: this is how it was when the log went on
 * texts: by whom, why
 */
struct cordon_event_latch {
	struct cordon_event event;
	__u32 before;
	__u32 after;
};

/**
 * struct cordon_event_backstop - what the kernel module did, or would not do
 *
 * BACKSTOP_ALARM is for what somebody tried, or did to us.
 * @news: enum cordon_module_news of uapi/module.h
 * @before, @after: enum cordon_latch of the module
 * @error: why it refused an order: errno; 0: it did not
 * @silent: seconds without a sign of life; 0: that is not what it is about
 * @comm: who asked for it, NUL padded; empty: nobody, it was by itself
 */
struct cordon_event_backstop {
	struct cordon_event event;
	__u32 news;
	__u32 before;
	__u32 after;
	__u32 error;
	__u32 silent;
	__u32 pad;
	char comm[16];
};
_Static_assert(sizeof(struct cordon_event_backstop) == 64, "no padding");

/**
 * struct cordon_event_order - an order was carried out or refused
 * @digest: SHA-256 of its file
 * @counter: its
 * @refused: 1
 * texts: what it orders, by whom it is signed, what refused it ("" if nothing), why
 */
struct cordon_event_order {
	struct cordon_event event;
	__u8 digest[32];
	__u64 counter;
	__u32 refused;
	__u32 pad;
};

/**
 * struct cordon_event_receipt - of an order, told when it is on disk
 * @digest: SHA-256 of the receipt
 * @order: SHA-256 of the order's file; zeros: there was none
 * texts: its name in the folder of receipts, which a refused one may have from another
 */
struct cordon_event_receipt {
	struct cordon_event event;
	__u8 digest[32];
	__u8 order[32];
};

/**
 * struct cordon_event_evidence - evidence was captured, or is about to be deleted for lack of room
 * @digest: SHA-256 of the archive; zeros of one that is deleted
 * @size: its bytes
 * @files: in it; 0: it is deleted
 * @cut: pieces that were left out or are not whole
 * @uid: who did it, login uid; ~0: nobody logged in
 * texts: by whose order ("" if by nobody's), why, its path ("-": it was not kept here)
 */
struct cordon_event_evidence {
	struct cordon_event event;
	__u8 digest[32];
	__u64 size;
	__u32 files;
	__u32 cut;
	__u32 uid;
	__u32 pad;
};

/* cordon_event_names_told.of */
enum cordon_names_of {
	CORDON_NAMES_ZONES, /* zones and workloads, by identity (uapi/policy.h) */
	CORDON_NAMES_RULES, /* by slot */
};

/**
 * struct cordon_event_names_told - what people call what other records have numbers for
 * @generation: of which they are, in this boot
 * @of: enum cordon_names_of
 * @first: number of what the first text names
 * texts: the names of that and of those behind it
 */
struct cordon_event_names_told {
	struct cordon_event event;
	__u32 generation;
	__u16 of;
	__u16 first;
};

/** struct cordon_event_taken - something of ours was taken away; texts: what, what became of it */
struct cordon_event_taken {
	struct cordon_event event;
};

/**
 * struct cordon_event_stray - somebody else wrote into a ring of ours; it was left out
 * @class: the ring's
 * @records: how many
 */
struct cordon_event_stray {
	struct cordon_event event;
	__u64 class;
	__u64 records;
};

#endif
