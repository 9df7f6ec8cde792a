/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * A policy as the kernel holds it: the keys and values of the policy maps.
 *
 * One compiled policy is a generation.  It is a handful of arrays, each the
 * inner map of an outer array that is indexed by slot:
 *
 *	slot = (generation & 1) * CORDON_LATCH_LEVELS + latch level
 *
 * so that a new generation is filled beside the active one and becomes active
 * by one store to cordon_control.generation, and a latch level by one store
 * to cordon_control.latch.  Nothing in an active generation is ever edited.
 *
 * How a new packet is decided, four steps of constant cost:
 *
 *	1. Who is at each end?  An end is an *identity*: the node, a workload, a
 *	   zone, or a stranger.  A remote address is looked up by longest prefix
 *	   (map prefixes); the class of the interface says which zones may be
 *	   seen there, and who an address without a zone is (map classes).
 *	2. matrix[to * identities + from] names the root page of what `from` may
 *	   ask of `to`; page 0 means nothing at all, and a bitmap settles most
 *	   of what is not allowed.
 *	3. Three pages of the service trie, indexed by IP protocol, by the high
 *	   and by the low byte of the service (below), lead to a rule slot.
 *	4. Rule slot 0 denies; any other allows, and is the counter to count in.
 *
 * The *service* of a packet is 16 bits: the destination port of TCP, UDP,
 * UDP-Lite, SCTP and DCCP; type << 8 | code of ICMP and ICMPv6; 0 otherwise.
 *
 * All integers are in host byte order unless the type is __be.  All structs
 * have no padding but named, zeroed fields; sizes are asserted.
 */
#ifndef CORDON_UAPI_POLICY_H
#define CORDON_UAPI_POLICY_H

#include <linux/types.h>

#include "limits.h"

/* Identities: 0 and 1 are built in, the rest are zones, then workloads, in
 * the order of the policy. */
#define CORDON_IDENTITY_STRANGER 0U /* a remote address in no zone */
#define CORDON_IDENTITY_NODE 1U	    /* this machine */
#define CORDON_IDENTITY_FIRST 2U    /* the first zone */

/**
 * enum cordon_latch - how shut the node is, and by which rules
 * @CORDON_LATCH_OPEN: those of the policy
 * @CORDON_LATCH_EGRESS: nothing is opened from inside but what the keep list names:
 *	its rules, and the policy's own that lead to the node or a workload
 * @CORDON_LATCH_ISOLATE: the keep list
 * @CORDON_LATCH_LOCKDOWN: the keep list
 */
enum cordon_latch {
	CORDON_LATCH_OPEN,
	CORDON_LATCH_EGRESS,
	CORDON_LATCH_ISOLATE,
	CORDON_LATCH_LOCKDOWN,
};

/**
 * struct cordon_control - which generation and latch level are in force
 * @generation: the active one; 0 while no policy was ever loaded
 * @latch: enum cordon_latch
 * @former: generation to return to when @confirm_by has passed
 * @last: highest generation number ever given out; never goes down
 * @confirm_by: CLOCK_MONOTONIC nanoseconds; 0: nothing to confirm.  From then
 *	on every program behaves as if @generation were @former, so the way
 *	back needs no process, no timer and no further store
 * @lease_by: likewise; 0: no lease.  From then on every program behaves as if
 *	@latch were at least @lease_latch
 * @lease_latch: enum cordon_latch
 * @secret: keys of the flow hash, random, odd, made once when the map is made
 *
 * The only value of the map `control`.  Each change of policy is one aligned
 * 32-bit store to @generation, each change of latch one to @latch.
 */
struct cordon_control {
	__u32 generation;
	__u32 latch;
	__u32 former;
	__u32 last;
	__u64 confirm_by;
	__u64 lease_by;
	__u32 lease_latch;
	__u32 pad;
	__u64 secret[5];
};
_Static_assert(sizeof(struct cordon_control) == 80, "cordon_control has no padding");

/**
 * struct cordon_overtaken - per CPU, map `overtaken`: packets that the rules of a
 *	looser latch level would have let pass, but the latch was tightened while
 *	they were judged; they were dropped
 * @time: CLOCK_MONOTONIC nanoseconds of the last one
 */
struct cordon_overtaken {
	__u64 packets;
	__u64 time;
};

/* cordon_settings.flags */
#define CORDON_SETTINGS_AUDIT (1U << 0)	    /* deny nothing, record what would be */
#define CORDON_SETTINGS_TIED (1U << 1)	    /* some zone is tied to an interface */
#define CORDON_SETTINGS_WORKLOADS (1U << 2) /* some rule names a workload */
#define CORDON_SETTINGS_FORWARD (1U << 3)   /* some rule is between two zones */
#define CORDON_SETTINGS_RESERVED (1U << 4)  /* some rule leads to a workload */
#define CORDON_SETTINGS_QUIET (1U << 5)	    /* count denials, make no records of them */
#define CORDON_SETTINGS_NO_EXEC (1U << 6)   /* make no records of processes */
#define CORDON_SETTINGS_FLOWS (1U << 7)	    /* make records of flows */
#define CORDON_SETTINGS_KNOWN_FLAGS 0xffU

/**
 * struct cordon_prefix_root - where the search for one address family starts
 * @direct: index of the first of 2^@bits direct cells, indexed by the first bits
 * @bits: 0 to CORDON_PREFIX_DIRECT_BITS_MAX
 */
struct cordon_prefix_root {
	__u32 direct;
	__u32 bits;
};

/**
 * struct cordon_prefix_cell - one cell of a prefix table; see prefix.h in bpf
 * @first: see below
 * @second: likewise
 *
 * A *result* is CORDON_PREFIX_RESULT | identity (0: no prefix covers it), or,
 * where longer prefixes of an IPv6 word differ further on, CORDON_PREFIX_RESULT
 * | CORDON_PREFIX_DESCEND | index of a cell for the next word.
 *
 *	cell                @first                       @second
 *	direct, one result  0                            result
 *	direct, split       low bits of the words where  CORDON_PREFIX_SPLIT | three
 *	  (bits >= 16)      the second and the third     identities, the first one
 *	                    identity start, 16 bits      lowest, of
 *	                    each, the second lowest      CORDON_PREFIX_IDENTITY_BITS
 *	direct, ranges      index of the first range     number of ranges
 *	range               its first word               result
 *	descent             cordon_prefix_root.direct    cordon_prefix_root.bits
 *	lone descent        second word of the single    CORDON_PREFIX_LONE | its
 *	                    prefix that goes on here     length << 8
 *	  next              third word                   fourth word
 *	  next              result where it covers       result elsewhere
 */
struct cordon_prefix_cell {
	__u32 first;
	__u32 second;
};
#define CORDON_PREFIX_RESULT (1U << 31)
#define CORDON_PREFIX_DESCEND (1U << 30)
#define CORDON_PREFIX_VALUE_MASK (CORDON_PREFIX_DESCEND - 1)
#define CORDON_PREFIX_SPLIT (1U << 30) /* in a direct cell without RESULT */
#define CORDON_PREFIX_SPLIT_BITS 16    /* least cordon_prefix_root.bits for it */
#define CORDON_PREFIX_IDENTITY_BITS 9
#define CORDON_PREFIX_LONE 0xffU /* in the low byte, which holds no bits then */
#define CORDON_PREFIX_LONE_SHIFT 8
#define CORDON_PREFIX_LONE_CELLS 3
_Static_assert(sizeof(struct cordon_prefix_cell) == 8, "cordon_prefix_cell has no padding");
_Static_assert(CORDON_IDENTITIES_MAX <= 1 << CORDON_PREFIX_IDENTITY_BITS, "a split cell holds any");

/**
 * struct cordon_prefix_page - value of the map `prefixes`: cells that one
 *	look-up of the map makes readable; index n is cell n % PAGE_CELLS of page
 *	n / PAGE_CELLS
 */
#define CORDON_PREFIX_PAGE_CELLS 512
struct cordon_prefix_page {
	struct cordon_prefix_cell cell[CORDON_PREFIX_PAGE_CELLS];
};

/**
 * struct cordon_settings - what a generation is, apart from its tables
 * @generation: the number that a flow decided by it is stamped with
 * @flags: CORDON_SETTINGS_*
 * @serial: the policy's own serial number
 * @identities: rows and columns of the matrix
 * @builtins_off: bit n set: enum cordon_builtin n is turned off
 * @flow_buckets: buckets of CORDON_FLOW_WAYS in the flow table
 * @rules: rules of the policy, for people
 * @zones: zones of the policy; their identities start at CORDON_IDENTITY_FIRST
 * @ipv4: prefix table root of IPv4
 * @ipv6: prefix table root of IPv6
 * @timeout_*: seconds without a packet after which a flow is forgotten
 * @netns: cookie (SO_NETNS_COOKIE) of the network namespace that is guarded: calls
 *	from others are left to the packet hooks; 0: not known, all calls are judged
 * @lease_hours: of uptime without a renewal after which the latch steps to
 *	@lease_latch; 0: hours do not count
 * @lease_boots: likewise, of boots; both 0: there is no lease
 * @lease_latch: enum cordon_latch
 * @kernel_closed_from: enum cordon_latch from which on nobody but cordon may change the
 *	kernel, where the guard stands
 * @watch_seconds: without a sign of life of the helper, after which the module tells, and steps
 *	to @watch_latch; 0: it does not watch
 * @watch_latch: enum cordon_latch
 * @log_bytes: that the log may have on disk, CORDON_LOG_LIMIT_MIN to _MAX
 * @break_glass: SHA-256 of the code that reopens the node once; zeros: there is none
 * @node: name of the node from the policy, NUL padded
 * @digest: SHA-256 of the policy text with its included files
 */
struct cordon_settings {
	__u32 generation;
	__u32 flags;
	__u64 serial;
	__u32 identities;
	__u32 builtins_off;
	__u32 flow_buckets;
	__u32 rules;
	struct cordon_prefix_root ipv4;
	struct cordon_prefix_root ipv6;
	__u32 zones;
	__u32 workloads;
	__u64 prefixes;
	__u32 timeout_tcp_open;
	__u32 timeout_tcp;
	__u32 timeout_tcp_closing;
	__u32 timeout_udp;
	__u32 timeout_udp_reply;
	__u32 timeout_icmp;
	__u32 timeout_fragment;
	__u32 timeout_other;
	__u64 netns;
	__u32 lease_hours;
	__u32 lease_boots;
	__u32 lease_latch;
	__u32 kernel_closed_from;
	__u32 watch_seconds;
	__u32 watch_latch;
	__u64 log_bytes;
	char node[64];
	__u8 digest[32];
	__u8 break_glass[32];
};
_Static_assert(sizeof(struct cordon_settings) == 264, "cordon_settings has no padding");

/**
 * struct cordon_cell - one cell of the matrix
 * @page: root page of the service trie; 0 allows nothing
 * @services: CORDON_SERVICE_BIT() of every service that the pages lead to a rule
 *	for; what has another bit is denied without a look at them
 */
struct cordon_cell {
	__u32 page;
	__u32 services;
};
#define CORDON_SERVICE_BIT(protocol, service)                                                      \
	(1U << (((protocol) ^ (service) ^ (service) >> 8) & 31))

/** struct cordon_page - one node of the service trie */
struct cordon_page {
	__u16 next[CORDON_PAGE_ENTRIES];
};
_Static_assert(sizeof(struct cordon_page) == 512, "cordon_page has no padding");

/* cordon_class.flags */
#define CORDON_CLASS_CLOSED (1U << 0) /* an address in no zone is spoofed here */

/**
 * struct cordon_class - what may be seen on the interfaces of one class
 * @fallback: identity of an address that is in no zone, if not CLOSED
 * @flags: CORDON_CLASS_*
 * @forwarder: identity that a forwarded packet is given whose source was
 *	rewritten to the node's own (masquerading), 0 for none
 * @allowed: bit n set: addresses of zone n may be seen here
 *
 * Class 0 is that of every interface to which no zone is tied.
 */
struct cordon_class {
	__u32 fallback;
	__u32 flags;
	__u32 forwarder;
	__u32 pad;
	__u64 allowed[CORDON_IDENTITY_WORDS];
};
_Static_assert(sizeof(struct cordon_class) == 80, "cordon_class has no padding");

/**
 * struct cordon_head - the first elements of each table of a generation once
 *	more, so that small policies, and what most packets of big ones ask, are
 *	read without a call: the kernel inlines look-ups in a map of fixed size
 *
 * Beyond the end of a table the head is zero; no sound table leads there.  The
 * matrix begins with what is asked of strangers and of the node, so that part of
 * any policy's is here.
 */
#define CORDON_HEAD_PREFIX_PAGES 8
#define CORDON_HEAD_CELLS (2 * CORDON_IDENTITIES_MAX)
#define CORDON_HEAD_PAGES 64
#define CORDON_HEAD_CLASSES 16
struct cordon_head {
	struct cordon_prefix_page prefixes[CORDON_HEAD_PREFIX_PAGES];
	struct cordon_cell matrix[CORDON_HEAD_CELLS];
	struct cordon_page pages[CORDON_HEAD_PAGES];
	struct cordon_class classes[CORDON_HEAD_CLASSES];
};

/** enum cordon_hook - where an interface's packets are met */
enum cordon_hook {
	CORDON_HOOK_NONE,
	CORDON_HOOK_TCX,    /* tcx ingress and egress (6.6 and newer) */
	CORDON_HOOK_CLSACT, /* filters on clsact, below 6.6 */
	CORDON_HOOK_XDP,    /* native XDP ingress, tcx or clsact egress */
};

/**
 * struct cordon_interface - one covered interface (map `interfaces`)
 * @ifindex: 0: the place is free
 * @hook: enum cordon_hook
 * @class: class by generation & 1
 * @name: as it was when it was covered
 *
 * Found at place ifindex % CORDON_INTERFACES_MAX or one of the next
 * CORDON_INTERFACE_PROBES - 1; a place is not freed while a later one in the
 * same run is used.
 */
struct cordon_interface {
	__u32 ifindex;
	__u32 hook;
	__u32 class[2];
	char name[CORDON_INTERFACE_NAME_SIZE];
};
_Static_assert(sizeof(struct cordon_interface) == 32, "cordon_interface has no padding");

/** struct cordon_traffic - packets and bytes, as on the wire at the hook */
struct cordon_traffic {
	__u64 packets;
	__u64 bytes;
};

/**
 * struct cordon_interface_counter - per CPU, same index as `interfaces`
 * @in_denied, @out_denied: in audit mode what would be denied, and passes
 */
struct cordon_interface_counter {
	struct cordon_traffic in;
	struct cordon_traffic out;
	struct cordon_traffic in_denied;
	struct cordon_traffic out_denied;
};

/**
 * struct cordon_counter - per CPU, indexed by rule slot (map `counters`) or by
 *	enum cordon_reason (map `reasons`)
 * @name: the rule's or the reason's, so that a dump reads like the policy
 */
struct cordon_counter {
	char name[CORDON_NAME_SIZE];
	__u64 packets;
	__u64 bytes;
};

/**
 * struct cordon_zone - what a zone is (map `zones`), indexed by identity; read
 *	by people and by `cordon`, not by programs
 */
struct cordon_zone {
	char name[CORDON_NAME_SIZE];
	__u32 kind; /* enum cordon_identity_kind */
	__u32 pad;
	__u64 prefixes;
};

enum cordon_identity_kind {
	CORDON_IDENTITY_KIND_NONE,
	CORDON_IDENTITY_KIND_BUILTIN,
	CORDON_IDENTITY_KIND_ZONE,
	CORDON_IDENTITY_KIND_WORKLOAD,
};

/**
 * struct cordon_rule - what a rule is (map `rules`), indexed by rule slot; read
 *	by people and by `cordon`, not by programs
 * @services: as written, shortened with "..." if longer
 */
struct cordon_rule {
	char name[CORDON_NAME_SIZE];
	char from[CORDON_NAME_SIZE];
	char to[CORDON_NAME_SIZE];
	char services[64];
};

/**
 * struct cordon_vlan_key - a VLAN child's packets as they pass its parent
 *	(map `vlans`, value struct cordon_vlan), so that a tagged packet is
 *	judged as on the interface that it is for
 * @parent: interface index of the device that sees the tags
 * @outer: first VLAN id
 * @inner: second VLAN id, 0 if there is one tag only
 */
struct cordon_vlan_key {
	__u32 parent;
	__u16 outer;
	__u16 inner;
};

/** struct cordon_vlan - the VLAN child: its index and class by generation & 1 */
struct cordon_vlan {
	__u32 ifindex;
	__u32 pad;
	__u32 class[2];
};

/* Workloads: a cgroup's identity, found from its id. */

/**
 * struct cordon_workload_path - key of map `workload_paths`
 * @path: for a unit its name ("pos.service"), else the whole path of the
 *	cgroup below the cgroup2 mount ("/kiosk/browser"), NUL padded
 */
struct cordon_workload_path {
	char path[CORDON_CGROUP_PATH_SIZE];
};

/**
 * struct cordon_workload - value of `workload_paths` and `workload_cgroups`
 *	(key: cgroup id, __u64)
 * @identity: by generation & 1; 0: no workload there
 */
struct cordon_workload {
	__u32 identity[2];
};

/**
 * struct cordon_address - an IPv4 address is held as ::ffff:a.b.c.d, network
 *	byte order; key of map `local_addresses` (the node's own)
 */
struct cordon_address {
	__u8 bytes[16];
};

#endif
