/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keep list: what passes under a latch.  It knows packets as ends and services, and
 * no flows.  A list is never edited, but replaced as a whole.
 */
#ifndef CORDON_KMOD_KEEP_H
#define CORDON_KMOD_KEEP_H

#include <linux/types.h>

#include <cordon/uapi/module.h>

/**
 * struct cordon_packet - what the keep list asks of a packet
 * @source, @destination: IPv4 as ::ffff:a.b.c.d
 * @asks: service that it asks for, as in uapi/policy.h
 * @answers: service that it answers to, if @may_answer
 * @any_protocol: a later fragment that does not tell
 * @fragment: a later one: it has no services
 * @forwarded: on its way out, it came in
 * @out: on its way out
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
	bool out;
};

/**
 * cordon_keep_install() - in place of the one before
 * @bytes: struct cordon_module_keep and what follows it; copied
 * @of_gate: nobody handed it over: it is the boot gate's own
 * Return: 0; -EPERM: the latch is shut; -EINVAL: it contradicts itself; -ENOMEM.
 */
int cordon_keep_install(const void *bytes, size_t size, bool of_gate);

/**
 * cordon_keep_allows() - for callers that hold rcu_read_lock()
 * @level: that is enforced, not open
 */
bool cordon_keep_allows(u32 level, const struct cordon_packet *packet);
/** cordon_keep_builtin() - likewise: is the built-in rule, enum cordon_builtin, on? */
bool cordon_keep_builtin(u32 builtin);
/** cordon_keep_excludes() - is a device of this name left alone? */
bool cordon_keep_excludes(const char *name);
/** cordon_keep_watch() - Return: seconds of silence that are tamper; 0: none */
u32 cordon_keep_watch(u32 *ret_latch);

void cordon_keep_tell(struct cordon_module_state *state);
void cordon_keep_exit(void);

#endif
