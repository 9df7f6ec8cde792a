/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs by which the kernel tells who changes its parameters and modules.
 * They need no policy and guard nothing; what they tell is pinned, and goes on
 * while no daemon reads it.
 */
#ifndef CORDON_ATTACH_CONFIG_H
#define CORDON_ATTACH_CONFIG_H

#include "context.h"

/**
 * cordon_config_attach() - what is changed is in config_ring from now on: parameters by processes of
 *	--cgroup, or of the whole machine; modules
 *
 * Quick where it was so already.  Takes the lock.
 * Return: 0, also on a kernel that knows no modules; -errno with @failure: some of it, or all, is
 *	not told.
 */
int cordon_config_attach(const struct cordon_context *context, struct cordon_failure *failure);

#endif
