/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes on the machine's libpam, by which the kernel tells who logs in.
 */
#ifndef CORDON_ATTACH_AUTH_H
#define CORDON_ATTACH_AUTH_H

#include <stdint.h>
#include <sys/types.h>

#include "context.h"

/** struct cordon_pam - which libpam is followed; zeros: none */
struct cordon_pam {
	dev_t device;
	ino_t inode;
};

/**
 * cordon_auth_attach() - probes on each call of the libpam that is there now, pinned
 * @pam: which one they are on; nothing is done if it is still the same
 *
 * Takes the lock.  Probes stay when the caller ends.
 * Return: 0, also if there is no libpam; -errno with @failure.
 */
int cordon_auth_attach(const struct cordon_context *context, struct cordon_pam *pam,
		       struct cordon_failure *failure);

#endif
