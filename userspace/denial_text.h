/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A denial as a person or a program reads it, in one line, also one of the log.
 * Numbers have names only in the generation that gave them; of another one,
 * numbers are shown.
 */
#ifndef CORDON_DENIAL_TEXT_H
#define CORDON_DENIAL_TEXT_H

#include <stdio.h>

#include "live.h"
#include "service.h"

/** cordon_denial_text() - one line of text
 * @packets: how many it stands for
 */
void cordon_denial_text(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets);

/**
 * struct cordon_denial_words - what people call a denial's numbers
 * @from, @to: its ends
 * @interface: that it was met at
 * @path: of its cgroup, "": not known
 */
struct cordon_denial_words {
	const char *from;
	const char *to;
	const char *interface;
	const char *path;
};

/** cordon_denial_line() - the same, without its end, by who knows the words */
void cordon_denial_line(FILE *file, const struct cordon_denial_words *words,
			const struct cordon_denial *denial, uint64_t packets);

/** cordon_reason_name() - "no-rule", or "?" */
const char *cordon_reason_name(uint16_t reason);

/** cordon_direction_name() - "in", or "?" */
const char *cordon_direction_name(uint8_t direction);

/** cordon_denial_service() - "tcp/443" */
const char *cordon_denial_service(const struct cordon_denial *denial,
				  char (*buffer)[CORDON_SERVICE_TEXT_SIZE]);

/** cordon_denial_json() - one object and a newline */
void cordon_denial_json(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets);

#endif
