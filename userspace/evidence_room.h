/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The room that evidence may take on this machine.  As in the log the oldest goes
 * first, and that it goes is told before it does: what cannot be told is not
 * deleted.  What somebody keeps elsewhere is his.
 */
#ifndef CORDON_EVIDENCE_ROOM_H
#define CORDON_EVIDENCE_ROOM_H

#include <stdint.h>

#include "context.h"
#include "util/failure.h"

/* Bytes of all archives in CORDON_EVIDENCE_FOLDER: four of the size that one has at most, unless
 * who asks for it says otherwise. */
#define CORDON_EVIDENCE_ROOM (256ULL << 20)

/**
 * cordon_evidence_make_room() - delete the oldest archives beside a new one, as far as they must be
 * @path: the new one, whole
 * Return: 0; -EFBIG: it alone is larger than that, and nothing is deleted; -EDQUOT: there is no log
 *	to tell it to; -errno; with @failure.
 */
int cordon_evidence_make_room(const struct cordon_context *context, const char *path,
			      struct cordon_failure *failure);

#endif
