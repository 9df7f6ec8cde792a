/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets past the packet path (AF_PACKET, AF_XDP) that were there before the kernel
 * was closed.  From then on the guard lets nobody open one, or send or receive by one;
 * but what the kernel puts into memory that is mapped, or takes from there, needs no
 * call.  So they are looked for in all processes, whatever namespaces they are in:
 * a packet socket is made deaf for good, the owner of what cannot be is killed.  Of one
 * that the kernel lists and no process shows, who could hold it is, once.
 * And modules that send so are stopped and unloaded (sender.h).
 */
#ifndef CORDON_BYPASS_H
#define CORDON_BYPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"

/** cordon_bypass_due() - a guard stands, and the kernel is closed (guard: kernel_closed_from) */
bool cordon_bypass_due(const struct cordon_context *context);

/**
 * struct cordon_bypass_past - of who cuts again and again
 * @hunted: inodes of sockets that no process shows, and none of those had that were killed for it
 * @hunted_user: the same of a module in use
 */
struct cordon_bypass_past {
	uint64_t *hunted;
	size_t nr_hunted;
	bool hunted_user;
};

void cordon_bypass_past_clear(struct cordon_bypass_past *past);

/**
 * cordon_bypass_cut() - all that there are, if it is due; each is told in the log
 * @past: empty at first, the caller's to clear
 * Return: 0; -EBUSY with @failure: some are left, and who has the first, or a module is;
 *	-errno with @failure
 */
int cordon_bypass_cut(const struct cordon_context *context, struct cordon_bypass_past *past,
		      struct cordon_failure *failure);

/** cordon_bypass_cut_once() - the same, of who does it once */
int cordon_bypass_cut_once(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_bypass_look() - the same, cutting none */
int cordon_bypass_look(const struct cordon_context *context, struct cordon_failure *failure);

#endif
