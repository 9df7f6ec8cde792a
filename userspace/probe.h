/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel and mount table allow, asked before anything is changed.
 */
#ifndef CORDON_PROBE_H
#define CORDON_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

/**
 * cordon_probe_kernel() - the kernel
 * @ret_tcx: it is there since 6.6
 * Return: 0; -EPERM: not root; -ENOTSUP: older than 6.1 or without BTF; with
 *	@failure.
 */
int cordon_probe_kernel(struct cordon_failure *failure, bool *ret_tcx);

/**
 * struct cordon_probe_hook - a hook of the cgroup tree, and what it is without it
 * @error: why the kernel takes no program for it, 0: it does
 * @lack: what is weaker then
 */
struct cordon_probe_hook {
	const char *name;
	const char *lack;
	int error;
};

#define CORDON_PROBE_HOOKS 9

/** cordon_probe_hooks() - loads an empty program for each, attaches none */
void cordon_probe_hooks(struct cordon_probe_hook ret_hooks[CORDON_PROBE_HOOKS]);

/**
 * cordon_probe_bpffs() - whether --bpffs is, or will be, in a bpffs
 * Return: 0, -ENODEV with @failure.
 */
int cordon_probe_bpffs(const struct cordon_context *context, struct cordon_failure *failure);

/** enum cordon_probe_guard - may a guard be raised here (guard.h)? */
enum cordon_probe_guard {
	CORDON_PROBE_GUARD_MAY,
	CORDON_PROBE_GUARD_OFF,	    /* cordon.guard=off on the kernel's command line */
	CORDON_PROBE_GUARD_PRIVATE, /* not the node's own files, and no cordon.guard=on */
	CORDON_PROBE_GUARD_NO_LSM,  /* the kernel says that BPF is none of its LSMs */
};

enum cordon_probe_guard cordon_probe_guard(const struct cordon_context *context);

/**
 * cordon_probe_netns() - the cookie of this network namespace, 0 if the kernel
 *	does not tell
 */
uint64_t cordon_probe_netns(void);

#endif
