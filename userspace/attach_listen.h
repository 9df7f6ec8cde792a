/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracepoint by which the kernel tells which sockets of TCP listen.  It needs no
 * daemon to go on, and guards nothing.
 */
#ifndef CORDON_ATTACH_LISTEN_H
#define CORDON_ATTACH_LISTEN_H

#include "context.h"

/**
 * cordon_listen_attach() - who begins to listen, or ends it, is in flow_ring from now on
 *
 * Quick where it was so already.  Takes the lock.
 * Return: 0; -errno with @failure.
 */
int cordon_listen_attach(const struct cordon_context *context, struct cordon_failure *failure);

#endif
