/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel module in words, for `cordon status`; and what is weaker without it.
 */
#ifndef CORDON_MODULE_TEXT_H
#define CORDON_MODULE_TEXT_H

#include <stdio.h>

#include "module.h"
#include "util/print.h"

/**
 * struct cordon_module_view - what it says now
 * @changed: trust/ or the node's name is another than it was set up with
 * @no_gate: this boot was told to go without the gate that the node has
 * @kept_before: its keep list is that of another policy than the one in force
 */
struct cordon_module_view {
	enum cordon_module_whose whose;
	struct cordon_module_state state;
	bool changed;
	bool kept_before;
	bool no_gate;
};

/** cordon_module_view_policy() - does it keep what the policy in force keeps? */
void cordon_module_view_policy(struct cordon_module_view *view,
			       const struct cordon_settings *settings);
void cordon_module_view_read(const struct cordon_context *context, const struct cordon_trust *trust,
			     struct cordon_module_view *ret_view);
void cordon_module_text(FILE *file, const struct cordon_module_view *view);
void cordon_module_json(struct json *json, const struct cordon_module_view *view);

#endif
