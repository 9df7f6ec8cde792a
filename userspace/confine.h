/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon gives up for good once it is set up, it and all that it starts:
 * capabilities that it does not use, and system calls by which whoever took it
 * over would go further.  What it keeps is what loading programs and following
 * interfaces takes.
 */
#ifndef CORDON_CONFINE_H
#define CORDON_CONFINE_H

#include "util/failure.h"

/** cordon_confine_groups() - join the group that distributions give the TPM's device to, as long as
 *	the capability for it is there: the daemon's unit has none to go past permissions */
void cordon_confine_groups(void);

/** cordon_confine() - Return: 0; -errno with @failure: less was given up than meant, none is back */
int cordon_confine(struct cordon_failure *failure);

#endif
