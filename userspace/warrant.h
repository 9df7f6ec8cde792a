/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is an order good?  Whether this node must obey it: who signed it, for whom
 * it is, and whether it was taken before.  It changes nothing and asks no
 * clock.
 */
#ifndef CORDON_WARRANT_H
#define CORDON_WARRANT_H

#include <cordon/latch.h>

#include "context.h"
#include "order.h"
#include "sign.h"

/* X(NAME, "word for programs"): why an order is not carried out */
#define CORDON_REFUSALS(X)                                                                         \
	X(NONE, "none")                                                                            \
	X(MALFORMED, "malformed")                                                                  \
	X(BAD_SIGNATURE, "bad-signature")                                                          \
	X(UNTRUSTED, "untrusted")                                                                  \
	X(WRONG_ROLE, "wrong-role")                                                                \
	X(TOO_FEW, "too-few-signers")                                                              \
	X(OTHER_NODE, "other-node")                                                                \
	X(REPLAYED, "replayed")                                                                    \
	X(TOO_EARLY, "too-early")                                                                  \
	X(CHALLENGE, "challenge")                                                                  \
	X(FAILED, "failed")

enum cordon_refusal {
#define CORDON_REFUSAL_ENUM(name, text) CORDON_REFUSAL_##name,
	CORDON_REFUSALS(CORDON_REFUSAL_ENUM)
#undef CORDON_REFUSAL_ENUM
	CORDON_REFUSAL_COUNT
};

const char *cordon_refusal_name(enum cordon_refusal refusal);

/**
 * struct cordon_warrant - an order and what speaks for it; close with
 *	cordon_warrant_clear()
 * @order: read as far as it could be; its body lies in @message
 * @is_order: @order was read
 */
struct cordon_warrant {
	struct cordon_signed message;
	struct cordon_order order;
	bool is_order;
};

void cordon_warrant_clear(struct cordon_warrant *warrant);

static inline void cleanup_warrant(struct cordon_warrant *warrant)
{
	cordon_warrant_clear(warrant);
}

/** cordon_warrant_permits() - did enough keys of a role sign? */
enum cordon_refusal cordon_warrant_permits(const struct cordon_trust *trust,
					   const struct cordon_warrant *warrant,
					   enum cordon_role role, struct cordon_failure *failure);

/** struct cordon_self - who the node is: what trust/ says, else the policy in force */
struct cordon_self {
	char node[64];
	char fleets[CORDON_ORDER_NAMES_MAX + 1];
};

/**
 * cordon_warrant_open() - signatures, manifest, role
 * @ret_warrant: also of a refused one, for its record
 */
enum cordon_refusal cordon_warrant_open(const void *cms, size_t size,
					const struct cordon_trust *trust,
					struct cordon_failure *failure,
					struct cordon_warrant *ret_warrant);

/** cordon_warrant_names() - is it for this node? */
enum cordon_refusal cordon_warrant_names(const struct cordon_order *order,
					 const struct cordon_self *self,
					 struct cordon_failure *failure);

/**
 * cordon_warrant_is_new() - was it, or a later one, taken before?
 * One that was taken and not finished may come again; a release only to finish what it was taken
 * for, and not once the node was sealed anew.
 */
enum cordon_refusal cordon_warrant_is_new(const struct cordon_warrant *warrant,
					  const struct cordon_latch_state *state,
					  struct cordon_failure *failure);

/**
 * cordon_warrant_describe() - "order 17 of soc@example.com, signed by ada, grace +2 more"
 * @size: of @ret_text, at least CORDON_WARRANT_TEXT_MIN; signers that have no room are counted,
 *	and where none has, "..." says so
 */
#define CORDON_WARRANT_TEXT_MIN 96
void cordon_warrant_describe(const struct cordon_warrant *warrant, size_t size, char *ret_text);

/** cordon_warrant_is_revoking() - an order to revoke that was taken, and not finished */
bool cordon_warrant_is_revoking(const struct cordon_warrant *warrant,
				const struct cordon_latch_state *state);

/** cordon_warrant_take() - note it in the state; finish: what it orders is done */
void cordon_warrant_take(const struct cordon_warrant *warrant, struct cordon_latch_state *state);
void cordon_warrant_finish(const struct cordon_warrant *warrant, struct cordon_latch_state *state);

#endif
