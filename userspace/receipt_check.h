/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are receipts what the node wrote?  By the digests that its log has of them; on
 * any machine.  Whether the log itself is sound is log_verify.h's to say, and
 * must have been said before.
 */
#ifndef CORDON_RECEIPT_CHECK_H
#define CORDON_RECEIPT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "util/failure.h"

/*
 * X(NAME, breach, "what it is called"); of which nothing is told was written while
 * cordon was not loaded, or before the oldest record that is left
 */
#define CORDON_RECEIPT_STATES(X)                                                                   \
	X(FITS, false, "fits")                                                                     \
	X(EDITED, true, "edited")                                                                  \
	X(REMOVED, true, "removed")                                                                \
	X(UNTOLD, false, "untold")

enum cordon_receipt_state {
#define CORDON_RECEIPT_STATE_ENUM(name, breach, text) CORDON_RECEIPT_##name,
	CORDON_RECEIPT_STATES(CORDON_RECEIPT_STATE_ENUM)
#undef CORDON_RECEIPT_STATE_ENUM
};

const char *cordon_receipt_state_name(enum cordon_receipt_state state);
bool cordon_receipt_state_is_breach(enum cordon_receipt_state state);

/** struct cordon_receipt_found - @name: in the folder, "refused/042" */
struct cordon_receipt_found {
	char name[64];
	enum cordon_receipt_state state;
};

/** struct cordon_receipts_found - @found: in the order of their names; the caller's to free */
struct cordon_receipts_found {
	struct cordon_receipt_found *found;
	size_t nr;
};

/**
 * cordon_receipts_check() - those of a folder, and those that the log tells of
 * @log: folder of a sound log, open
 * @folder: of the receipts
 * Return: 0; -errno with @failure.
 */
int cordon_receipts_check(int log, const char *folder, struct cordon_failure *failure,
			  struct cordon_receipts_found *ret_found);

#endif
