/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of our hooks on interfaces against what is asked of the kernel by
 * netlink: filters and queueing disciplines, XDP programs, and interfaces that leave
 * for another namespace, with which a filter is lost; and of what the module is told.
 *
 * What is sent is in the kernel's own memory by now: nobody changes it any more.  A
 * batch is read message by message; one whose messages cannot all be read is refused.
 */
#ifndef CORDON_BPF_GUARD_NET_H
#define CORDON_BPF_GUARD_NET_H

#include "guard.h"

#include <cordon/uapi/module.h>

#define PROTOCOL_ROUTE 0
#define PROTOCOL_GENERIC 16

#define FLAG_EXCLUSIVE 0x200 /* NLM_F_EXCL */

#define NEW_LINK 16
#define SET_LINK 19
#define NEW_QDISC 36
#define DEL_QDISC 37
#define NEW_FILTER 44
#define DEL_FILTER 45
#define DEL_CHAIN 101

#define LINK_NET_NS_PID 19
#define LINK_NET_NS_FD 28
#define LINK_XDP 43
#define LINK_TARGET_NETNSID 46
#define ATTRIBUTE_MASK 0x3fff

/* include/uapi/linux/pkt_sched.h: clsact and ingress have one place, and one handle. */
#define PARENT_CLSACT 0xfffffff1U
#define HANDLE_CLSACT 0xffff0000U
/* As attach_link.c has it. */
#define OUR_PRIORITY 1

#define MESSAGE_MIN_TYPE 16 /* NLMSG_MIN_TYPE: those below go to nobody */

#define MESSAGES_MAX 4096
#define ATTRIBUTES_MAX 512

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	unsigned char *data;
} __attribute__((preserve_access_index));

struct message {
	__u32 length;
	__u16 type;
	__u16 flags;
	__u32 sequence;
	__u32 port;
};

/* struct ifinfomsg, struct tcmsg: their index stands at the same place. */
struct body {
	__u32 family;
	__s32 index;
	__u32 handle;
	__u32 parent;
	__u32 info;
};

/* struct ifinfomsg is shorter. */
#define LINK_BODY 16

struct attribute {
	__u16 length;
	__u16 type;
};

/**
 * struct walk - through what was sent
 * @at: of the next message or attribute
 * @end: behind the last
 * @found: bit by what an attribute asks for
 * @act: enum cordon_guard_act + 1 that is refused, of interface @index
 * Each branch is taken in the first round, too (see struct listing of bypass.h).
 */
struct walk {
	const unsigned char *data;
	__u64 cookie;
	__u32 at;
	__u32 end;
	__u32 found;
	__u32 act;
	__u32 index;
	__u32 latched;
	__u32 protocol;
};

#define FOUND_XDP 1U
#define FOUND_NAMESPACE 2U
#define FOUND_BROKEN 4U

static __always_inline __u32 align4(__u32 size)
{
	return (size + 3) & ~3U;
}

static long read_attribute(__u32 number, struct walk *walk)
{
	struct attribute attribute;
	__u32 type;

	if (walk->at + sizeof(attribute) > walk->end)
		return 1;
	bpf_probe_read_kernel(&attribute, sizeof(attribute), walk->data + walk->at);
	type = attribute.type & ATTRIBUTE_MASK;
	if (attribute.length < sizeof(attribute))
		return 1;
	if (type == LINK_XDP)
		walk->found |= FOUND_XDP;
	if (type == LINK_NET_NS_PID || type == LINK_NET_NS_FD || type == LINK_TARGET_NETNSID)
		walk->found |= FOUND_NAMESPACE;
	if (number + 1 == ATTRIBUTES_MAX)
		walk->found |= FOUND_BROKEN;
	walk->at += align4(attribute.length);
	return 0;
}

/* Index 0: by its name, which may be any.
 * @filter: only where something of ours could be lost, or under a latch */
static __always_inline bool may_be_covered(const struct walk *walk, __u32 index, bool filter)
{
	const struct cordon_interface *interface;

	if (!index)
		return guard_is_guarded(walk->cookie);
	interface = guard_covered(index, walk->cookie);
	return interface && (!filter || interface->hook == CORDON_HOOK_CLSACT ||
			     interface->hook == CORDON_HOOK_XDP || walk->latched);
}

static __always_inline void read_attributes(struct walk *walk, __u32 length)
{
	const __u32 end = walk->end, at = walk->at;

	walk->found = 0;
	walk->end = at + length;
	walk->at = at + sizeof(struct message) + LINK_BODY;
	bpf_loop(ATTRIBUTES_MAX, read_attribute, walk, 0);
	walk->end = end;
	walk->at = at;
}

static __always_inline void judge_link(struct walk *walk, const struct message *message,
				       __u32 index)
{
	/* What must not be there yet is none of ours. */
	if (!index && message->flags & FLAG_EXCLUSIVE)
		return;
	read_attributes(walk, message->length);
	if (!walk->found)
		return;
	if (!(walk->found & FOUND_XDP && walk->latched) &&
	    !may_be_covered(walk, index, !(walk->found & FOUND_XDP)))
		return;
	walk->act = 1 + (walk->found & FOUND_XDP ? CORDON_GUARD_ACT_ATTACH :
						   CORDON_GUARD_ACT_MOVE_LINK);
	walk->index = index;
}

/* Ours is the first; those that are taken away without a number are all, and so are a chain's. */
static __always_inline void judge_filter(struct walk *walk, const struct body *body)
{
	const __u32 priority = body->info >> 16;
	const bool clsact = body->parent >> 16 == HANDLE_CLSACT >> 16;

	if (!may_be_covered(walk, body->index, true))
		return;
	if (!walk->latched && (!clsact || priority > OUR_PRIORITY))
		return;
	walk->act = 1 + CORDON_GUARD_ACT_FILTER;
	walk->index = body->index;
}

static __always_inline void judge_qdisc(struct walk *walk, const struct body *body)
{
	if (!may_be_covered(walk, body->index, true))
		return;
	if (!walk->latched && body->parent != PARENT_CLSACT && body->handle != HANDLE_CLSACT)
		return;
	walk->act = 1 + CORDON_GUARD_ACT_QUEUE;
	walk->index = body->index;
}

/* The module hears whoever may administer the network.  Others may look, seal, and bring a signed
 * order; what it is told to keep, whom to obey and that we live is ours to say.  What goes to no
 * family that is known to be another's may come to the module, which may be registering now. */
static __always_inline void judge_generic(struct walk *walk, const struct message *message)
{
	__u8 command = 0;

	if (message->type < MESSAGE_MIN_TYPE || guard_knows(CORDON_GUARD_FAMILY, message->type))
		return;
	bpf_probe_read_kernel(&command, sizeof(command), walk->data + walk->at + sizeof(*message));
	if (command != CORDON_MODULE_CMD_GET && command != CORDON_MODULE_CMD_SEAL &&
	    command != CORDON_MODULE_CMD_ORDER)
		walk->act = 1 + CORDON_GUARD_ACT_TELL;
}

static __always_inline void judge_message(struct walk *walk, const struct message *message)
{
	struct body body = { 0 };

	if (walk->protocol == PROTOCOL_GENERIC) {
		judge_generic(walk, message);
		return;
	}

	bpf_probe_read_kernel(&body, sizeof(body), walk->data + walk->at + sizeof(*message));
	switch (message->type) {
	case NEW_LINK:
	case SET_LINK:
		judge_link(walk, message, body.index);
		return;
	case NEW_FILTER:
	case DEL_FILTER:
	case DEL_CHAIN:
		judge_filter(walk, &body);
		return;
	case NEW_QDISC:
	case DEL_QDISC:
		judge_qdisc(walk, &body);
		return;
	}
}

static long read_message(__u32 number, struct walk *walk)
{
	struct message message;

	if (walk->at + sizeof(message) > walk->end)
		return 1;
	bpf_probe_read_kernel(&message, sizeof(message), walk->data + walk->at);
	if (message.length < sizeof(message) || message.length > walk->end - walk->at)
		return 1;
	judge_message(walk, &message);
	if (number + 1 == MESSAGES_MAX)
		walk->act = 1 + (walk->protocol == PROTOCOL_GENERIC ? CORDON_GUARD_ACT_TELL :
								      CORDON_GUARD_ACT_FILTER);
	walk->at += align4(message.length);
	return walk->act != 0;
}

/* Arguments: the socket, what it sends. */
SEC("lsm/netlink_send")
int guard_netlink(__u64 *arguments)
{
	const struct sock *sock = (const void *)arguments[0];
	const struct sk_buff *packet = (const void *)arguments[1];
	const struct cordon_interface *interface;
	struct walk walk = { 0 };

	walk.protocol = sock->sk_protocol;
	if ((walk.protocol != PROTOCOL_ROUTE && walk.protocol != PROTOCOL_GENERIC) ||
	    !guard_stands() || guard_is_us())
		return 0;
	walk.data = packet->data;
	walk.end = packet->len - packet->data_len;
	walk.cookie = BPF_CORE_READ(sock, __sk_common.skc_net.net, net_cookie);
	walk.latched = guard_latched();
	bpf_loop(MESSAGES_MAX, read_message, &walk, 0);
	if (!walk.act)
		return 0;
	if (walk.protocol == PROTOCOL_GENERIC)
		return guard_refuse(walk.act - 1, CORDON_GUARD_OBJECT_MODULE, 0, NULL);
	interface = guard_covered(walk.index, walk.cookie);
	return guard_refuse(walk.act - 1, CORDON_GUARD_OBJECT_INTERFACE, walk.index,
			    interface ? interface->name : NULL);
}

/* ---- which families are others' ------------------------------------------------------------- */

struct genl_family {
	int id;
	char name[16];
} __attribute__((preserve_access_index));

static __always_inline void forget_family(const struct genl_family *family)
{
	const struct cordon_guard_id key = { CORDON_GUARD_FAMILY, family->id };

	bpf_map_delete_elem(&guard_objects, &key);
}

/* Arguments: the family, what came of it. */
SEC("fexit/genl_register_family")
int guard_family(__u64 *arguments)
{
	const struct genl_family *family = (const void *)arguments[0];
	struct cordon_guard *guard = guard_find();
	char name[16];

	if (!guard || (int)arguments[1])
		return 0;
	BPF_CORE_READ_INTO(&name, family, name);
	if (guard_is_named(name, CORDON_MODULE_FAMILY))
		forget_family(family);
	else
		guard_learn(guard, CORDON_GUARD_FAMILY, family->id);
	return 0;
}

SEC("fexit/genl_unregister_family")
int guard_family_gone(__u64 *arguments)
{
	forget_family((const void *)arguments[0]);
	return 0;
}

#endif
