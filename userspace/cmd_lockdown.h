/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cordon check says of a policy's `lockdown:`, and cordon status of what is held.
 */
#ifndef CORDON_CMD_LOCKDOWN_H
#define CORDON_CMD_LOCKDOWN_H

#include "context.h"
#include "image.h"
#include "util/print.h"

/** cmd_lockdown_text() - a line of the summary; nothing if the policy says nothing */
void cmd_lockdown_text(const struct cordon_image *image);

void cmd_lockdown_json(struct json *json, const struct cordon_image *image);

/** cmd_lockdown_status() - what the level holds now on this machine, and who does; nothing if it
 *	does not hold and changed nothing */
void cmd_lockdown_status(const struct cordon_context *context);

void cmd_lockdown_status_json(struct json *json, const struct cordon_context *context);

#endif
