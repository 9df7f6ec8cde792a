/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorts prefixes by address, then by length, in linear time; what is equal
 * keeps its order.  Sorted input costs one look.
 */
#ifndef CORDON_PREFIX_SORT_H
#define CORDON_PREFIX_SORT_H

#include "policy.h"

/** cordon_prefix_sort4() - @prefixes may be exchanged; 0, -ENOMEM and it is as it was */
int cordon_prefix_sort4(struct cordon_prefix4 **prefixes, size_t count);

/** cordon_prefix_sort6() - the same for IPv6 */
int cordon_prefix_sort6(struct cordon_prefix6 **prefixes, size_t count);

#endif
