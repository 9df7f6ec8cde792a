/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A denial as a person or a program reads it, in one line.
 */
#ifndef CORDON_CMD_DENIAL_H
#define CORDON_CMD_DENIAL_H

#include <stdio.h>

#include "cmd_live.h"

/** cmd_denial_text() - one line of text
 * @packets: how many it stands for
 */
void cmd_denial_text(FILE *file, const struct cordon_live *live, const struct cordon_denial *denial,
		     uint64_t packets);

/** cmd_denial_json() - one object and a newline */
void cmd_denial_json(FILE *file, const struct cordon_live *live, const struct cordon_denial *denial,
		     uint64_t packets);

#endif
