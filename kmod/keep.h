/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keep list: what passes under a latch.  It knows packets as ends and services, and
 * no flows.  A list is never edited, but replaced as a whole.
 */
#ifndef CORDON_KMOD_KEEP_H
#define CORDON_KMOD_KEEP_H

#include <linux/types.h>

#include <cordon/uapi/module.h>

struct net_device;

enum cordon_direction {
	CORDON_DIRECTION_IN,
	CORDON_DIRECTION_OUT,
};

/**
 * struct cordon_packet - what the keep list asks of a packet
 * @source, @destination: IPv4 as ::ffff:a.b.c.d
 * @asks: service that it asks for, as in uapi/policy.h
 * @answers: service that it answers to, if @may_answer
 * @any_protocol: a later fragment that does not tell
 * @fragment: a later one: it has no services
 * @forwarded: on its way out, it came in
 */
struct cordon_packet {
	u8 source[16];
	u8 destination[16];
	u16 asks;
	u16 answers;
	u8 protocol;
	bool any_protocol;
	bool fragment;
	bool may_ask;
	bool may_answer;
	bool forwarded;
	enum cordon_direction direction;
};

/** struct cordon_keep - one list; rules and prefixes follow each other in memory */
struct cordon_keep;

/**
 * struct cordon_keep_wish - what it is made of; nothing is owned
 */
struct cordon_keep_wish {
	const struct cordon_module_rule *rule;
	const struct cordon_module_prefix *prefix;
	const struct cordon_module_interface *excluded;
	u32 rules;
	u32 prefixes;
	u32 exclusions;
	u32 builtins_off;
};

/** cordon_keep_make() - Return: the caller's to free; ERR_PTR(-EINVAL): it contradicts itself;
 *	ERR_PTR(-ENOMEM) */
struct cordon_keep *cordon_keep_make(const struct cordon_keep_wish *wish);

/** cordon_keep_install() - in place of the one before, which is freed
 * Return: 0; -EPERM: the latch is shut, and @keep is freed. */
int cordon_keep_install(struct cordon_keep *keep);

/** cordon_keep_gate() - the boot gate's own list, before anybody asks */
void cordon_keep_gate(struct cordon_keep *keep);

/** cordon_keep_allows() - for callers that hold rcu_read_lock()
 * @enforced: as cordon_enforced was read, not open
 */
bool cordon_keep_allows(u32 enforced, const struct cordon_packet *packet);
/** cordon_keep_builtin() - is the built-in rule, enum cordon_builtin, on? */
bool cordon_keep_builtin(u32 enforced, u32 builtin);
/** cordon_keep_excludes() - is a device of this name left alone? */
bool cordon_keep_excludes(const char *name);

/** cordon_keep_look() - Return: false: none was handed over */
bool cordon_keep_look(u32 *ret_rules, u32 *ret_prefixes);
void cordon_keep_exit(void);

#endif
