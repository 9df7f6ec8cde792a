/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot: what the node's own commands say in this moment, kept as files
 * in /var/lib/cordon/evidence/NAME/.  It changes nothing and stops nothing.
 */
#ifndef CORDON_SNAPSHOT_H
#define CORDON_SNAPSHOT_H

#include "context.h"

/**
 * cordon_snapshot() - status, counters, denials and live flows as JSON
 * @name: of the folder; one that is there already is written over
 * Return: 0; -errno with @failure: some of it is missing.
 */
int cordon_snapshot(const struct cordon_context *context, const char *name,
		    struct cordon_failure *failure);

#endif
