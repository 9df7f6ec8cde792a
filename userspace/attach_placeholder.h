/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links before there are programs for them.  The kernel makes who attaches to an
 * interface wait for a grace period on each side, 8 to 16 ms; at a first load they
 * pass while the verifier is at work.  What runs meanwhile lets every packet go on
 * as if it were not there, until cordon_attach_interfaces() replaces it.
 */
#ifndef CORDON_ATTACH_PLACEHOLDER_H
#define CORDON_ATTACH_PLACEHOLDER_H

#include <stdint.h>

#include "context.h"
#include "nl.h"

/**
 * struct cordon_placeholder - what lets packets go on
 * @program: -1: there is none, nothing was attached
 */
struct cordon_placeholder {
	int program;
	uint32_t id;
};

/** cordon_attach_placeholder() - a link on each side of each interface that has none of ours, as
 *	far as that can be; where tcx is */
struct cordon_placeholder cordon_attach_placeholder(const struct cordon_context *context,
						    const struct cordon_nl_links *links);

/** cordon_attach_placeholder_end() - links that were given no other program are let go */
void cordon_attach_placeholder_end(const struct cordon_context *context,
				   struct cordon_placeholder *placeholder);

static inline struct cordon_placeholder cordon_placeholder_none(void)
{
	return (struct cordon_placeholder){ .program = -1 };
}

#endif
