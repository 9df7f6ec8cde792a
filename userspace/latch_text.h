/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latch in words: what is shut, by whom and why, what is still possible,
 * and how to reopen.
 */
#ifndef CORDON_LATCH_TEXT_H
#define CORDON_LATCH_TEXT_H

#include <stdio.h>

#include "anchor.h"
#include "latch.h"
#include "maps.h"
#include "sign.h"
#include "util/print.h"

/**
 * struct cordon_latch_view - what is told of; nothing is owned
 * @settings: of the policy in force, NULL: there is none
 * @maps: NULL: nothing is loaded
 * @uncovered: interfaces that nothing of ours is on
 */
struct cordon_latch_view {
	const struct cordon_context *context;
	const struct cordon_maps *maps;
	const struct cordon_settings *settings;
	struct cordon_standing standing;
	enum cordon_latch_memory memory;
	struct cordon_latch_state state;
	unsigned int uncovered;
	struct cordon_trust trust;
	struct cordon_anchor_view anchor;
};

/** cordon_latch_view_read() - memory and trust, which is the caller's to clear; the rest is the
 *	caller's to fill in */
void cordon_latch_view_read(const struct cordon_context *context,
			    struct cordon_latch_view *ret_view);

/** cordon_latch_text() - lines for status; of an open node the one that says so */
void cordon_latch_text(FILE *file, const struct cordon_latch_view *view);
void cordon_latch_json(struct json *json, const struct cordon_latch_view *view);

/** cordon_latch_text_reopen() - how, in lines that begin with @indent */
void cordon_latch_text_reopen(FILE *file, const struct cordon_latch_view *view, const char *indent);

#endif
