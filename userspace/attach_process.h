/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracepoints by which the kernel tells what processes do.  They need no
 * policy and guard nothing; what they tell is pinned, and goes on while no daemon
 * reads it.
 */
#ifndef CORDON_ATTACH_PROCESS_H
#define CORDON_ATTACH_PROCESS_H

#include "context.h"

/**
 * cordon_process_attach() - whatever processes do is in process_ring from now on
 *
 * Quick where it was so already.  Programs of another build are replaced: for a
 * moment both tell the same.  Takes the lock.
 * Return: 0; -errno with @failure: some of it, or all, is not told.
 */
int cordon_process_attach(const struct cordon_context *context, struct cordon_failure *failure);

#define CORDON_PROCESS_LINKS 5

/** cordon_process_link_pin() - name of the pin of a link */
const char *cordon_process_link_pin(unsigned int index);

/** cordon_process_detach() - nothing is; takes the lock, too */
int cordon_process_detach(const struct cordon_context *context, struct cordon_failure *failure);

#endif
