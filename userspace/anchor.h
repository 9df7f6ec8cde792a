/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latch's anchor in the TPM: what an old disk image cannot undo.  Three
 * indices (anchor_rule.h has their numbers):
 *
 *	changes	  counter: one more with each change of the latch's file, which says
 *		  with which value it is current: an older file is known to be old
 *	seals	  counter: one more with each seal
 *	released  the seal up to which the owner released, written with signatures
 *		  over that number only
 *
 * The node is sealed, whatever the disk says, as long as seals is above released.
 * A file that is older than the counter says is taken as lost: `isolate`, and
 * orders must name a challenge.
 *
 * The TPM is asked at the first look in a boot, when the file changes, for an
 * order that opens, and by status: never on the way of a seal's store.  It has a
 * few seconds in all; one that does not answer by then is taken to have answered
 * what shuts.
 */
#ifndef CORDON_ANCHOR_H
#define CORDON_ANCHOR_H

#include "anchor_rule.h"
#include "latch.h"

/**
 * struct cordon_anchor_facts - what the TPM knows
 * @has_changes, @has_seals, @has_released: the index is there, as ours must be, and written
 * @policy: of the index of releases
 */
struct cordon_anchor_facts {
	bool has_changes;
	bool has_seals;
	bool has_released;
	uint64_t changes;
	uint64_t seals;
	uint64_t released;
	uint8_t policy[TPM_DIGEST_SIZE];
};

/** cordon_anchor_read() - Return: 0, also if nothing is there; -errno with @failure */
int cordon_anchor_read(struct cordon_tpm *tpm, struct cordon_failure *failure,
		       struct cordon_anchor_facts *ret_facts);

/** cordon_anchor_is_sealed() - also where an index was taken away */
bool cordon_anchor_is_sealed(const struct cordon_anchor_facts *facts);

/**
 * cordon_anchor_recall() - does the TPM know what the disk remembers?
 *
 * Asked once a boot, or when the disk lost something.
 * @state: may become tighter
 * Return: @memory, or FORGOTTEN.
 */
enum cordon_latch_memory cordon_anchor_recall(const struct cordon_context *context,
					      enum cordon_latch_memory memory,
					      struct cordon_latch_state *state);

/**
 * struct cordon_anchor_write - a change of the file that is under way
 * @tpm: open while @counts
 */
struct cordon_anchor_write {
	struct cordon_tpm tpm;
	bool counts;
};

/**
 * cordon_anchor_begin() - before the file is written: count a seal, and say with which value the
 *	file will be current; nothing on a node without an anchor
 * @former: the file as it is, NULL: there is none
 */
void cordon_anchor_begin(const struct cordon_context *context,
			 const struct cordon_latch_state *former, struct cordon_latch_state *state,
			 struct cordon_anchor_write *ret_write);

/**
 * cordon_anchor_end() - the file is written: count it
 * @written: with 0 on stable storage
 * Return: true: somebody else counted, too: the file is to be written once more.
 */
bool cordon_anchor_end(struct cordon_anchor_write *write, int written,
		       struct cordon_latch_state *state);

/**
 * struct cordon_anchor_view - for who asks
 * @holds: the TPM holds it
 * @removable: who reaches the TPM may take it away: the owner or the lockout hierarchy has no
 *	authorisation
 * @problem: why it does not hold, or how it holds less than it should; "": nothing
 */
struct cordon_anchor_view {
	bool holds;
	bool removable;
	uint64_t seals;
	uint64_t released;
	struct cordon_failure problem;
};

void cordon_anchor_look(const struct cordon_context *context,
			const struct cordon_latch_state *state, const struct cordon_trust *trust,
			struct cordon_anchor_view *ret_view);

/* anchor_make.c */

/**
 * cordon_anchor_make() - have the TPM hold it from now on, or answer to other keys
 *
 * Only of an open node that has remembered its latch over a boot already: one that forgets it at
 * each would be shut at each.
 * Return: 0, also if there was nothing to do; -errno with @failure: why it does not.
 */
int cordon_anchor_make(const struct cordon_context *context, struct cordon_latch_state *state,
		       struct cordon_failure *failure);

/* anchor_release.c */

/**
 * cordon_anchor_permits() - would the TPM take this release?
 * Return: 0, also of a node that has no anchor; -EPERM: it would not; -errno; with @failure.
 */
int cordon_anchor_permits(const struct cordon_context *context,
			  const struct cordon_latch_state *state, const struct cordon_trust *trust,
			  const struct cordon_order *order, struct cordon_failure *failure);

/** cordon_anchor_release() - have the TPM take it; as often as need be */
int cordon_anchor_release(const struct cordon_context *context,
			  const struct cordon_latch_state *state, const struct cordon_trust *trust,
			  const struct cordon_order *order, struct cordon_failure *failure);

#endif
