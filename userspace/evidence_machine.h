/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of evidence that are looked up in this machine, an object in JSON a
 * line.  Each is written by a child of a bag.
 */
#ifndef CORDON_EVIDENCE_MACHINE_H
#define CORDON_EVIDENCE_MACHINE_H

#include <stdio.h>

/** cordon_evidence_keys() - ssh's: names, and what is public as ssh-keygen -l names it; @state:
 * NULL */
int cordon_evidence_keys(const void *state, FILE *file);

/** cordon_evidence_modules() - of the kernel; @state: NULL */
int cordon_evidence_modules(const void *state, FILE *file);

#endif
