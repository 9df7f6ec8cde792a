/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be told of a certificate at a moment, and whether it is news.  It
 * asks no clock: who calls says what time it is, and since when that is so.
 */
#ifndef CORDON_CERTIFICATE_STATE_H
#define CORDON_CERTIFICATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <cordon/uapi/config.h>

#include "sign_validity.h"

/** cordon_certificate_state() - by the clock, seconds since 1970 */
enum cordon_certificate_state cordon_certificate_state(const struct cordon_validity *validity,
						       int64_t now);

/** struct cordon_certificate_told - of what is in one file; a zeroed one is that of a file that has
 *	been met for the first time
 * @states: that were told, bit by enum cordon_certificate_state
 * @replaced: it came in place of something else, so that it is valid is news, too
 */
struct cordon_certificate_told {
	uint32_t states;
	bool replaced;
};

/** cordon_certificate_is_news() - each state of the same thing once, whichever way a clock is set */
bool cordon_certificate_is_news(struct cordon_certificate_told *told,
				enum cordon_certificate_state state);

/** struct cordon_steady - a clock that may be set; a zeroed one was never looked at */
struct cordon_steady {
	bool looked;
	int64_t ahead;
	int64_t since;
};

/**
 * cordon_is_steady() - has nobody set the clock for 25 s?  At the first look that is not
 *	known: a machine that starts with a wrong clock has it set soon.
 * @boottime, @wall: the clock that nobody sets, and the one that is looked at, nanoseconds
 */
bool cordon_is_steady(struct cordon_steady *steady, int64_t boottime, int64_t wall);

#endif
