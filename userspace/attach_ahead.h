/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links before there are programs for them.  The kernel makes who attaches to an
 * interface wait for a grace period on each side, 8 to 16 ms; at a first load they
 * pass while the verifier is at work.  What runs meanwhile lets every packet go on
 * as if it were not there, until cordon_attach_interfaces() replaces it.
 */
#ifndef CORDON_ATTACH_AHEAD_H
#define CORDON_ATTACH_AHEAD_H

#include <stdint.h>

#include "context.h"
#include "nl.h"

/**
 * struct cordon_ahead - what lets packets go on
 * @program: -1: there is none, nothing was attached
 */
struct cordon_ahead {
	int program;
	uint32_t id;
};

/** cordon_attach_ahead() - a link on each side of each interface that has none of ours, as far as
 *	that can be; where tcx is */
struct cordon_ahead cordon_attach_ahead(const struct cordon_context *context,
					const struct cordon_nl_links *links);

/** cordon_attach_ahead_end() - links that were given no other program are let go */
void cordon_attach_ahead_end(const struct cordon_context *context, struct cordon_ahead *ahead);

static inline struct cordon_ahead cordon_ahead_none(void)
{
	return (struct cordon_ahead){ .program = -1 };
}

#endif
