/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cordon check says of a policy's `lockdown:`.
 */
#ifndef CORDON_CMD_LOCKDOWN_H
#define CORDON_CMD_LOCKDOWN_H

#include "image.h"
#include "util/print.h"

/** cmd_lockdown_text() - a line of the summary; nothing if the policy says nothing */
void cmd_lockdown_text(const struct cordon_image *image);

void cmd_lockdown_json(struct json *json, const struct cordon_image *image);

#endif
