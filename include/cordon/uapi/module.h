/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The generic netlink family of the module cordon.ko.
 *
 * The family is CORDON_MODULE_FAMILY, version CORDON_MODULE_VERSION, in the initial
 * network namespace alone.  Each command wants CAP_NET_ADMIN in the initial user
 * namespace, and so does the multicast group CORDON_MODULE_GROUP.  Attributes that
 * are not listed with a command are refused.  Numbers are in host byte order, names end with a
 * NUL.  What is wrong with a request is told in the extended acknowledgement.
 *
 * CORDON_MODULE_CMD_GET
 *	How things stand, answered by one message of the same command:
 *		VERSION: u32, CORDON_MODULE_VERSION
 *		LATCH: u32, enum cordon_latch
 *		FLAGS: u32, CORDON_MODULE_IS_*
 *		OWNER: string, as set up; there if it was
 *		NODE: string, likewise
 *		DIGEST: 32 bytes, likewise
 *		CERTIFICATES: u32, that may sign a release
 *		THRESHOLD: u32, distinct keys that must
 *		COUNTER: u64, of the last release that was taken
 *		MAP: u32, id of the map that the latch is published to; 0: none
 *		RULES, PREFIXES: u32, of the keep list in force
 *		DROPPED_IN, DROPPED_OUT: u64, packets that the backstop dropped
 *		WATCH_SECONDS, WATCH_LATCH: u32, as set up
 *		SILENT: u32, seconds since the last sign of life; there if it is watched
 *		PROGRAMS: u32, programs in the kernel that read the map
 *
 * CORDON_MODULE_CMD_SETUP
 *	Who this node is and who may reopen it.  Possible until CLOSE, while the
 *	latch is open; each one replaces all before it, certificates too.
 *		OWNER: string, up to 255 bytes: which installation this is, for itself
 *		NODE: string, up to 63 bytes; may be empty
 *		FLEETS: string, up to 1023 bytes, a space between two
 *		THRESHOLD: u32, 1 to CORDON_MODULE_CERTIFICATES_MAX
 *		COUNTER: u64; CORDON_MODULE_COUNTER_UNKNOWN: it was lost
 *		BOOT: u64, running number of this boot; 0: not known
 *		CHALLENGE: 16 bytes, optional: a release must name it
 *		DIGEST: 32 bytes, optional: told by GET, so that a change of the above is seen
 *		WATCH_SECONDS: u32, optional: silence for so long is told; 0: never
 *		WATCH_LATCH: u32, optional: and the latch steps to this level
 *
 * CORDON_MODULE_CMD_CERTIFICATE
 *	One more who may sign a release, likewise until CLOSE.
 *		CERTIFICATE: an X.509 certificate in DER, of the signer, not of an authority
 *	-ENOPKG: the kernel knows no such key.  Another certificate of a key that is
 *	known already is known by both, and counts once.
 *
 * CORDON_MODULE_CMD_CLOSE
 *	Nothing of SETUP and CERTIFICATE changes until the next boot.
 *
 * CORDON_MODULE_CMD_KEEP
 *	What passes the backstop under a latch.  Possible while the latch is open,
 *	also after CLOSE; replaces the list before it.
 *		RULES: array of struct cordon_module_rule, optional
 *		PREFIXES: array of struct cordon_module_prefix, optional
 *		EXCLUDED: array of struct cordon_module_interface, optional: not judged
 *		BUILTINS_OFF: u32, bit n: enum cordon_builtin n
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
 *	boot; -EKEYEXPIRED: it does not name the challenge.  The order that opened the latch
 *	may come again until it is sealed anew.
 *
 * CORDON_MODULE_CMD_STAND
 *	A policy stands: the boot gate opens.  The latch is as it was.
 *
 * CORDON_MODULE_CMD_BEAT
 *	A sign of life of the helper.  The watch begins with the first one.
 *
 * CORDON_MODULE_CMD_EVENT, to the group only
 *	EVENT: u32, enum cordon_module_event
 *	LATCH: u32, the level after it
 *	BEFORE: u32, the level before it
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
#define CORDON_MODULE_VERSION 1
#define CORDON_MODULE_GROUP "events"

/* Each costs one attempt to verify an order. */
#define CORDON_MODULE_CERTIFICATES_MAX 32
/* As many as one netlink attribute holds; they are gone through for each packet
 * under a latch. */
#define CORDON_MODULE_RULES_MAX 1024
#define CORDON_MODULE_PREFIXES_MAX 2048
#define CORDON_MODULE_EXCLUDED_MAX 64
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
	CORDON_MODULE_A_VERSION,
	CORDON_MODULE_A_LATCH,
	CORDON_MODULE_A_BEFORE,
	CORDON_MODULE_A_FLAGS,
	CORDON_MODULE_A_OWNER,
	CORDON_MODULE_A_NODE,
	CORDON_MODULE_A_FLEETS,
	CORDON_MODULE_A_DIGEST,
	CORDON_MODULE_A_CERTIFICATE,
	CORDON_MODULE_A_CERTIFICATES,
	CORDON_MODULE_A_THRESHOLD,
	CORDON_MODULE_A_COUNTER,
	CORDON_MODULE_A_BOOT,
	CORDON_MODULE_A_CHALLENGE,
	CORDON_MODULE_A_MAP,
	CORDON_MODULE_A_RULES,
	CORDON_MODULE_A_PREFIXES,
	CORDON_MODULE_A_EXCLUDED,
	CORDON_MODULE_A_BUILTINS_OFF,
	CORDON_MODULE_A_ORDER,
	CORDON_MODULE_A_DROPPED_IN,
	CORDON_MODULE_A_DROPPED_OUT,
	CORDON_MODULE_A_WATCH_SECONDS,
	CORDON_MODULE_A_WATCH_LATCH,
	CORDON_MODULE_A_SILENT,
	CORDON_MODULE_A_PROGRAMS,
	CORDON_MODULE_A_EVENT,
	CORDON_MODULE_A_COUNT
};

/* CORDON_MODULE_A_FLAGS */
#define CORDON_MODULE_IS_SET_UP (1U << 0)
#define CORDON_MODULE_IS_CLOSED (1U << 1)
#define CORDON_MODULE_IS_GATED (1U << 2)    /* nothing passes but the gate's own keep list */
#define CORDON_MODULE_HAS_KEEP (1U << 3)    /* a keep list was handed over */
#define CORDON_MODULE_IS_SILENT (1U << 4)   /* the watch has run out */
#define CORDON_MODULE_IS_PARTIAL (1U << 5)  /* some device has no hook of ours */
#define CORDON_MODULE_IS_BUILT_IN (1U << 6) /* certificates came with the module */

enum cordon_module_event {
	CORDON_MODULE_EVENT_SEALED,
	CORDON_MODULE_EVENT_RELEASED,
	CORDON_MODULE_EVENT_GATE_OPENED,
	CORDON_MODULE_EVENT_SILENT, /* the watch has run out */
};

/* cordon_module_rule.flags */
#define CORDON_MODULE_RULE_ANY (1U << 0)    /* every protocol and service */
#define CORDON_MODULE_RULE_EGRESS (1U << 1) /* only under `egress` */
#define CORDON_MODULE_RULE_KNOWN_FLAGS 3U

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
 */
struct cordon_module_rule {
	__u8 way;
	__u8 protocol;
	__u8 flags;
	__u8 pad;
	__u16 first;
	__u16 last;
	__u16 from;
	__u16 froms;
	__u16 to;
	__u16 tos;
};
_Static_assert(sizeof(struct cordon_module_rule) == 16, "cordon_module_rule has no padding");

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
