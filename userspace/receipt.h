/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of an order: a text that says what was ordered, by whom, what
 * was done, how long it took, and what was in force then.
 *
 *	/var/lib/cordon/receipts/000017-release	    one for each that was carried out
 *	/var/lib/cordon/receipts/000018-break-glass  the code for emergencies was used
 *	/var/lib/cordon/receipts/refused/042	    the last 256 that were not
 *
 * Lines of "KEY: VALUE", as in an order.
 */
#ifndef CORDON_RECEIPT_H
#define CORDON_RECEIPT_H

#include <stdbool.h>
#include <stdio.h>

#include "context.h"
#include "destroy.h"
#include "evidence.h"
#include "latch.h"
#include "maps.h"
#include "warrant.h"

/**
 * struct cordon_outcome - what came of an order
 * @passing: with a refusal: it is the node's fault (a lock, a disk, its trust/), and the order
 *	may succeed later as it is
 * @why: of a refusal; of one that was carried out: what is not as it should be, or ""
 * @by: who reopened the node without an order, else ""
 * @before, @after: latch levels
 * @read_ns: CLOCK_MONOTONIC, before its file was read
 * @shut_ns: of a seal: when nothing passed any more
 * @done_ns: when all was done
 * @overtaken: of a seal: packets that were being judged then, and dropped
 * @cut: of a seal: sockets that were destroyed
 * @handed: it was good, and `cordon run --hand` carries it out, tells it and keeps the receipt
 * @destruction: of one that destroys: of each thing what became of it
 * @detached: nothing enforces any more, and what is left is about to go
 * @evidence: that was captured for it; of 0 bytes: none
 * @no_evidence: why not what it asked for, or ""
 * @at: when, as the node counts
 */
struct cordon_outcome {
	enum cordon_refusal refusal;
	bool passing;
	struct cordon_failure why;
	char by[96];
	uint32_t before;
	uint32_t after;
	uint64_t read_ns;
	uint64_t shut_ns;
	uint64_t done_ns;
	uint64_t overtaken;
	uint64_t cut;
	bool detached;
	bool handed;
	struct cordon_destruction destruction;
	struct cordon_evidence evidence;
	struct cordon_failure no_evidence;
	struct cordon_latch_moment at;
};

static inline void cleanup_outcome(struct cordon_outcome *outcome)
{
	cordon_destruction_clear(&outcome->destruction);
}

/** cordon_receipt_print() - the text; reads maps and programs as they are now */
void cordon_receipt_print(FILE *file, const struct cordon_context *context,
			  const struct cordon_warrant *warrant,
			  const struct cordon_outcome *outcome);

/**
 * cordon_receipt_keep() - the text as a file, on stable storage; its digest is told to the log
 * Return: 0; -errno with @failure.
 */
int cordon_receipt_keep(const struct cordon_context *context, const struct cordon_warrant *warrant,
			const struct cordon_outcome *outcome, struct cordon_failure *failure);

#endif
