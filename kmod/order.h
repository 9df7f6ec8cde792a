/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text of an order, as <cordon/order.h> describes it, as far as one can open the
 * latch.  Pure: it checks no signature and changes nothing.
 */
#ifndef CORDON_KMOD_ORDER_H
#define CORDON_KMOD_ORDER_H

#include <linux/types.h>

#include <cordon/uapi/module.h>

/**
 * struct cordon_order - a release, or a detach
 * @nodes, @fleets: names with a space between two; one of them is NULL
 * @not_before: number of a boot; 0: not said
 */
struct cordon_order {
	char *nodes;
	char *fleets;
	u64 counter;
	u64 not_before;
	bool has_challenge;
	u8 challenge[CORDON_MODULE_CHALLENGE_SIZE];
};

/**
 * cordon_order_parse() - what is not known is refused
 * @text: @size bytes and a NUL; is cut into the strings of @ret_order
 * Return: 0; -EBADMSG: no order, or not in this form; -EOPNOTSUPP: one that opens nothing.
 */
int cordon_order_parse(char *text, size_t size, struct cordon_order *ret_order);

/** cordon_order_names() - is one of ours, "c d", among "a b c", which is cut? NULL: no */
bool cordon_order_names(char *names, const char *ours);

#endif
