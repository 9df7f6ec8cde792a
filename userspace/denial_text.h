/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A denial as a person or a program reads it, in one line.
 */
#ifndef CORDON_DENIAL_TEXT_H
#define CORDON_DENIAL_TEXT_H

#include <stdio.h>

#include "live.h"

/** cordon_denial_text() - one line of text
 * @packets: how many it stands for
 */
void cordon_denial_text(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets);

/** cordon_denial_json() - one object and a newline */
void cordon_denial_json(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets);

#endif
