/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes on the machine's libpam and libaudit, by which the kernel tells who logs in.
 */
#ifndef CORDON_ATTACH_AUTH_H
#define CORDON_ATTACH_AUTH_H

#include <stdint.h>
#include <sys/types.h>

#include "context.h"

/** struct cordon_library - which file is followed; zeros: none */
struct cordon_library {
	dev_t device;
	ino_t inode;
};

/** struct cordon_pam - which libpam and libaudit are */
struct cordon_pam {
	struct cordon_library pam;
	struct cordon_library audit;
};

/**
 * cordon_auth_attach() - probes on each call of the libraries that are there now, pinned
 * @pam: which ones they are on; nothing is done if they are still the same
 *
 * Takes the lock.  Probes stay when the caller ends.
 * Return: 0, also if there are none; -errno with @failure.
 */
int cordon_auth_attach(const struct cordon_context *context, struct cordon_pam *pam,
		       struct cordon_failure *failure);

#endif
