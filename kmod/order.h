/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text of an order, as <cordon/order.h> describes it, as far as one can open the
 * latch.  Pure: it checks no signature and changes nothing.
 */
#ifndef CORDON_KMOD_ORDER_H
#define CORDON_KMOD_ORDER_H

#include <linux/types.h>

#define CORDON_CHALLENGE_SIZE 16

/** struct cordon_order_piece - a part of the text, without a NUL */
struct cordon_order_piece {
	const char *text;
	size_t size;
};

/**
 * struct cordon_order - a release, or a detach
 * @nodes, @fleets: names with a space between two; one of them is empty
 * @not_before: number of a boot; 0: not said
 */
struct cordon_order {
	struct cordon_order_piece nodes;
	struct cordon_order_piece fleets;
	u64 counter;
	u64 not_before;
	bool has_challenge;
	u8 challenge[CORDON_CHALLENGE_SIZE];
};

/**
 * cordon_order_parse() - what is not known is refused
 * @ret_order: pieces of @text
 * Return: 0; -EBADMSG: no order, or not in this form; -EOPNOTSUPP: one that opens nothing.
 */
int cordon_order_parse(const char *text, size_t size, struct cordon_order *ret_order);

/** cordon_order_names() - is one of ours, "c d", among "a b c"? */
bool cordon_order_names(struct cordon_order_piece names, const char *ours);

#endif
