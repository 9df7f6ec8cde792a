/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of evidence that are files of this machine: as they are, their ends, or
 * without what must not leave it.  Each is written by a child of a bag.
 */
#ifndef CORDON_EVIDENCE_COPY_H
#define CORDON_EVIDENCE_COPY_H

#include <stdint.h>
#include <stdio.h>

/**
 * struct cordon_evidence_copy - what cordon_evidence_copy() is given
 * @from: a regular file; no symbolic link is followed but in /sys
 * @tail: of a longer one only so many bytes at its end; 0: all of it or nothing
 */
struct cordon_evidence_copy {
	const char *from;
	uint64_t tail;
};

/** cordon_evidence_copy() - @state: struct cordon_evidence_copy */
int cordon_evidence_copy(const void *state, FILE *file);

/** cordon_evidence_accounts() - passwd, shadow and their like, with what kind of password each has
 *	in its place; @state: path */
int cordon_evidence_accounts(const void *state, FILE *file);

/** cordon_evidence_kernel_log() - what the kernel's ring buffer holds; @state: nothing */
int cordon_evidence_kernel_log(const void *state, FILE *file);

/** cordon_evidence_folder() - files of a folder, "==> NAME <==" before each; @state: path */
int cordon_evidence_folder(const void *state, FILE *file);

#endif
