/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the prefix table of a generation from sorted prefixes.  What the
 * cells mean is in <cordon/uapi/policy.h>.  It knows no zones, only the index
 * that each prefix carries.
 */
#ifndef CORDON_PREFIX_TABLE_H
#define CORDON_PREFIX_TABLE_H

#include <stddef.h>

#include <cordon/uapi/policy.h>

#include "policy.h"

/** struct cordon_prefix_table - @pages is the caller's to free */
struct cordon_prefix_table {
	struct cordon_prefix_page *pages;
	size_t nr_pages;
	struct cordon_prefix_root ipv4;
	struct cordon_prefix_root ipv6;
};

/**
 * cordon_prefix_table_build() - one table for both families
 * @prefixes4: sorted by address, then length; unique; no host bits
 * @prefixes6: likewise
 *
 * Takes time linear in the number of prefixes.  At a million prefixes a table
 * takes about 20 bytes for each of IPv4 and 70 for each of IPv6, and as much
 * again while it is built.
 *
 * Return: 0; -ENOMEM; -E2BIG: more cells than an index can name.
 */
int cordon_prefix_table_build(const struct cordon_prefix4 *prefixes4, size_t nr4,
			      const struct cordon_prefix6 *prefixes6, size_t nr6,
			      struct cordon_prefix_table *ret_table);

#endif
