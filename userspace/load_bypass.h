/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets that send and receive past the packet path, of all processes and in
 * every network namespace, as the kernel itself goes through them.
 */
#ifndef CORDON_LOAD_BYPASS_H
#define CORDON_LOAD_BYPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/guard.h>

#include "context.h"

/**
 * struct cordon_bypass_seen - what there is
 * @sockets: that the kernel lists, whoever has them
 * @tasks: all threads; none where nobody was asked
 * @found: one for each descriptor, for each piece of memory, and for who could hold others
 *	(CORDON_BYPASS_HOLDER, CORDON_BYPASS_SENDER)
 * @hanging: processes that do not let us look, and are holders; the first of them
 */
struct cordon_bypass_seen {
	struct cordon_bypass_socket *sockets;
	struct cordon_bypass_task *tasks;
	struct cordon_bypass *found;
	size_t nr_sockets;
	size_t nr_tasks;
	size_t nr_found;
	size_t nr_hanging;
	uint32_t hanging;
};

void cordon_bypass_seen_clear(struct cordon_bypass_seen *seen);

/** cordon_bypass_see() - what the kernel lists, and, where that is something, who has it
 * By programs of the guard's, which stands.
 * @always: ask who has files of pktgen also where nothing is listed
 * @ret_seen: the caller's to clear, also where it is not all
 * Return: 0; -ETIMEDOUT: it takes too long; -E2BIG: more are listed than we tell apart; -errno
 */
int cordon_bypass_see(const struct cordon_context *context, bool always,
		      struct cordon_bypass_seen *ret_seen);

#endif
