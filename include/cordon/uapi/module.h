/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The generic netlink family of the module cordon.ko.
 *
 * The family is CORDON_MODULE_FAMILY, version CORDON_MODULE_VERSION, in the initial
 * network namespace alone.  Each command wants CAP_NET_ADMIN in the initial user
 * namespace, and so does the multicast group CORDON_MODULE_GROUP.  A command has one attribute
 * or none, as it says here; with any other it is refused.  Numbers are in host byte order, texts
 * end with a NUL.
 *
 * Any command may fail with -EINVAL: its attribute is missing, or contradicts itself; SETUP
 * to MAP also with -EPERM: the latch is shut, the setup is closed until a boot, or there is none.
 *
 * CORDON_MODULE_CMD_GET
 *	How things stand, answered by one message of the same command.
 *		STATE: struct cordon_module_state
 *
 * CORDON_MODULE_CMD_SETUP
 *	Who this node is and who may reopen it.  Possible until CLOSE; each one
 *	replaces all before it, certificates too.
 *		SETUP: struct cordon_module_setup
 *
 * CORDON_MODULE_CMD_CERTIFICATE
 *	One more who may sign a release, likewise until CLOSE.
 *		CERTIFICATE: an X.509 certificate in DER, of the signer, not of an authority
 *	-ENOPKG: the kernel knows no such key; -ENOSPC: there are as many as may be.
 *	Another certificate of a key that is known already is known by both, and counts
 *	once.
 *
 * CORDON_MODULE_CMD_CLOSE
 *	Nothing of SETUP and CERTIFICATE changes until the next boot, and the latch may be
 *	shut from now on.
 *	-ENOKEY: not while there are fewer distinct keys than must sign a release.
 *
 * CORDON_MODULE_CMD_KEEP
 *	What passes the backstop under a latch, and how long may be silence.  Possible
 *	while the latch is open, also after CLOSE; replaces the list before it.
 *		KEEP: struct cordon_module_keep, and behind it, without gaps, its
 *		      @rules struct cordon_module_rule, @prefixes struct
 *		      cordon_module_prefix and @exclusions struct cordon_module_interface
 *
 * CORDON_MODULE_CMD_MAP
 *	Where the latch is published: an array of one struct cordon_held, with
 *	BPF_F_RDONLY_PROG and frozen, so that nobody but the module writes it.  While
 *	the latch is open; once under it, if none is known yet.
 *		MAP: u32, a descriptor of the caller
 *
 * CORDON_MODULE_CMD_SEAL
 *	Tighten the latch.
 *		LATCH: u32, CORDON_LATCH_EGRESS to _LOCKDOWN
 *	-EPERM: not before CLOSE, as nobody could release it; nothing has changed.
 *	Answered by one message: LATCH: u32, the level until then.  Where that is as tight,
 *	nothing changes, and the answer is the same.  Allocates nothing before it is done.
 *
 * CORDON_MODULE_CMD_ORDER
 *	A signed release (<cordon/order.h>), or `detach`: the latch is open.
 *		ORDER: CMS SignedData, DER, up to 65,535 bytes less the attribute's head
 *	-EBADMSG: no such message, or no order; -EKEYREJECTED: a signature is wrong;
 *	-ENOKEY: signed by nobody who may; -EDQUOT: by too few of them; -ENOPKG: in a
 *	way that the kernel does not know; -EXDEV: for another node; -ESTALE: its
 *	counter was used; -EBUSY: sealed again meanwhile; -EAGAIN: not before a later
 *	boot; -EKEYEXPIRED: it does not name the challenge; -EOPNOTSUPP: it opens nothing.  The
 *	order that opened the latch may come again until it is sealed anew.
 *
 * CORDON_MODULE_CMD_STAND
 *	A policy stands: the boot gate opens.  The latch is as it was.
 *
 * CORDON_MODULE_CMD_BEAT
 *	A sign of life of the helper.  The watch begins with the first one.
 *
 * CORDON_MODULE_CMD_EVENT, to the group only
 *		EVENT: struct cordon_module_event
 *
 * The backstop is looser than the programs where they know more: it remembers no flow.  What
 * answers a rule of the keep list passes by its ports, unless it opens a TCP
 * connection; later fragments pass by their addresses; under `egress` answers go
 * from the ports of what the policy lets in to whomever it lets in.  It does not
 * see AF_XDP sockets, nor what an XDP program sends; these a guard must refuse.
 */
#ifndef CORDON_UAPI_MODULE_H
#define CORDON_UAPI_MODULE_H

#include <linux/types.h>

#include "limits.h"

#define CORDON_MODULE_FAMILY "cordon"
#define CORDON_MODULE_VERSION 3
#define CORDON_MODULE_GROUP "events"

/* Each costs one attempt to verify an order. */
#define CORDON_MODULE_CERTIFICATES_MAX 32
/* As many as one netlink attribute holds; they are gone through for each packet
 * under a latch. */
#define CORDON_MODULE_RULES_MAX 1024
#define CORDON_MODULE_PREFIXES_MAX 2048
#define CORDON_MODULE_EXCLUDED_MAX 64
/* Seconds: a helper on a busy node is silent for less than the first. */
#define CORDON_MODULE_WATCH_MIN 10
#define CORDON_MODULE_WATCH_MAX 32767
#define CORDON_MODULE_CHALLENGE_SIZE 16
#define CORDON_MODULE_COUNTER_UNKNOWN (~0ULL)

enum cordon_module_command {
	CORDON_MODULE_CMD_UNSPEC,
	CORDON_MODULE_CMD_GET,
	CORDON_MODULE_CMD_SETUP,
	CORDON_MODULE_CMD_CERTIFICATE,
	CORDON_MODULE_CMD_CLOSE,
	CORDON_MODULE_CMD_KEEP,
	CORDON_MODULE_CMD_MAP,
	CORDON_MODULE_CMD_SEAL,
	CORDON_MODULE_CMD_ORDER,
	CORDON_MODULE_CMD_STAND,
	CORDON_MODULE_CMD_BEAT,
	CORDON_MODULE_CMD_EVENT,
	CORDON_MODULE_CMD_COUNT
};

enum cordon_module_attribute {
	CORDON_MODULE_A_UNSPEC,
	CORDON_MODULE_A_PAD,
	CORDON_MODULE_A_STATE,
	CORDON_MODULE_A_SETUP,
	CORDON_MODULE_A_CERTIFICATE,
	CORDON_MODULE_A_KEEP,
	CORDON_MODULE_A_MAP,
	CORDON_MODULE_A_LATCH,
	CORDON_MODULE_A_ORDER,
	CORDON_MODULE_A_EVENT,
	CORDON_MODULE_A_COUNT
};

/**
 * struct cordon_module_setup - who this node is, for its releases
 * @counter: of the last release that was taken; CORDON_MODULE_COUNTER_UNKNOWN: it was lost
 * @boot: running number of this boot; 0: not known
 * @threshold: distinct keys that must sign, 1 to CORDON_MODULE_CERTIFICATES_MAX
 * @has_challenge: 1: a release must name @challenge
 * @digest: of all this, for who wants to see whether it changed
 * @owner: which installation this is, for itself
 * @node: may be empty
 * @fleets: a space between two
 */
struct cordon_module_setup {
	__u64 counter;
	__u64 boot;
	__u32 threshold;
	__u32 has_challenge;
	__u8 challenge[CORDON_MODULE_CHALLENGE_SIZE];
	__u8 digest[32];
	char owner[256];
	char node[64];
	char fleets[1032];
};
_Static_assert(sizeof(struct cordon_module_setup) == 1424, "cordon_module_setup has no padding");

/**
 * struct cordon_module_keep - head of a keep list
 * @tag: for who wants to see whether it is the one of now; the gate's has 0
 * @arp: 1: sound messages of ARP pass, 0: none
 * @watch_seconds: silence for so long is told; 0: never
 * @watch_latch: and the latch steps to this level, if CLOSE was before
 */
struct cordon_module_keep {
	__u64 tag;
	__u32 arp;
	__u32 watch_seconds;
	__u32 watch_latch;
	__u32 rules;
	__u32 prefixes;
	__u32 exclusions;
};
_Static_assert(sizeof(struct cordon_module_keep) == 32, "cordon_module_keep has no padding");

/* cordon_module_state.flags */
#define CORDON_MODULE_IS_SET_UP (1U << 0)
#define CORDON_MODULE_IS_CLOSED (1U << 1)
#define CORDON_MODULE_IS_GATED (1U << 2)   /* nothing passes but the gate's own keep list */
#define CORDON_MODULE_IS_SILENT (1U << 3)  /* the watch has run out */
#define CORDON_MODULE_IS_PARTIAL (1U << 4) /* some device or namespace has no hook of ours */
#define CORDON_MODULE_IS_WATCHED (1U << 5) /* signs of life are waited for */

/**
 * struct cordon_module_state - how things stand
 * @version: CORDON_MODULE_VERSION
 * @latch: enum cordon_latch
 * @keys: distinct ones that may sign a release
 * @map: id of the map that the latch is published to; 0: none
 * @programs: in the kernel, that read the map
 * @keep: head of the keep list in force; zeros if there is none
 * @silent: seconds since the last sign of life; if it is watched
 * @dropped_in, @dropped_out: packets, by the backstop
 * @setup: if there was one; its @counter is now that of the last release
 */
struct cordon_module_state {
	__u32 version;
	__u32 latch;
	__u32 flags;
	__u32 certificates;
	__u32 keys;
	__u32 map;
	__u32 programs;
	__u32 silent;
	__u64 dropped_in;
	__u64 dropped_out;
	struct cordon_module_keep keep;
	struct cordon_module_setup setup;
};
_Static_assert(sizeof(struct cordon_module_state) == 48 + 32 + 1424,
	       "cordon_module_state has no padding");

/* cordon_module_event.news: X(NAME, "name") */
#define CORDON_MODULE_NEWS(X)                                                                      \
	X(SEALED, "sealed")                                                                        \
	X(RELEASED, "released")                                                                    \
	X(REFUSED, "refused an order")                                                             \
	X(STANDS, "opened its gate: a policy stands")                                              \
	X(FALLBACK_OPEN, "opened its gate: no policy came, and so it was told to")                 \
	X(FALLBACK_SHUT, "sealed the node: no policy came, and so it was told to")                 \
	X(SILENT, "got no sign of life")

enum cordon_module_news {
#define CORDON_MODULE_NEWS_ENUM(name, text) CORDON_MODULE_NEWS_##name,
	CORDON_MODULE_NEWS(CORDON_MODULE_NEWS_ENUM)
#undef CORDON_MODULE_NEWS_ENUM
	CORDON_MODULE_NEWS_COUNT
};

/**
 * struct cordon_module_event - what has happened
 * @news: enum cordon_module_news
 * @before, @latch: the level before it, and after
 * @error: why an order was refused: errno, as ORDER has it
 * @pid, @comm: who asked for it, as the initial namespace counts; 0: the module itself
 */
struct cordon_module_event {
	__u32 news;
	__u32 before;
	__u32 latch;
	__u32 error;
	__u32 pid;
	char comm[16];
};
_Static_assert(sizeof(struct cordon_module_event) == 36, "cordon_module_event has no padding");

/* cordon_module_rule.flags */
#define CORDON_MODULE_RULE_ANY (1U << 0)    /* every protocol and service */
#define CORDON_MODULE_RULE_EGRESS (1U << 1) /* only under `egress` */
#define CORDON_MODULE_RULE_ALONE (1U << 2)  /* no answers, errors about it, later fragments */
#define CORDON_MODULE_RULE_NEAR (1U << 3)   /* both ends are in one /64 */
#define CORDON_MODULE_RULE_KNOWN_FLAGS 15U

enum cordon_module_way {
	CORDON_MODULE_WAY_IN,	   /* asked of the node */
	CORDON_MODULE_WAY_OUT,	   /* by the node */
	CORDON_MODULE_WAY_FORWARD, /* through it */
};

/**
 * struct cordon_module_rule - who may ask for what; answers pass by themselves
 * @way: enum cordon_module_way
 * @protocol: of IP
 * @flags: CORDON_MODULE_RULE_*
 * @first, @last: services, as in uapi/policy.h, the last one included
 * @from, @to: index of the first of @froms, @tos prefixes; so many being 0: any address
 *
 * Of a rule that is ALONE also, where it is not 0:
 * @hop_limit: of IPv6; 255 proves a neighbour
 * @asker: port that it is asked from
 * @longest: bytes behind the header of IPv6, of which there are some
 */
struct cordon_module_rule {
	__u8 way;
	__u8 protocol;
	__u8 flags;
	__u8 hop_limit;
	__u16 first;
	__u16 last;
	__u16 from;
	__u16 froms;
	__u16 to;
	__u16 tos;
	__u16 asker;
	__u16 longest;
};
_Static_assert(sizeof(struct cordon_module_rule) == 20, "cordon_module_rule has no padding");

/**
 * struct cordon_module_prefix - an IPv4 one below ::ffff:0:0/96
 * @length: 0 to 128
 */
struct cordon_module_prefix {
	__u8 address[16];
	__u8 length;
	__u8 pad[3];
};
_Static_assert(sizeof(struct cordon_module_prefix) == 20, "cordon_module_prefix has no padding");

/** struct cordon_module_interface - "eth0", or "veth*" for all whose name begins so */
struct cordon_module_interface {
	char name[CORDON_INTERFACE_NAME_SIZE];
};

/**
 * struct cordon_held - the value of the map `module_latch`: the level that the module holds
 * @level: both the same.  A program takes one by a number that the verifier does not know:
 *	of a frozen map it reads what stands there when the program is loaded, and would
 *	leave out what does not hold then
 */
struct cordon_held {
	__u32 level[2];
};
_Static_assert(sizeof(struct cordon_held) == 8, "cordon_held has no padding");

#endif
