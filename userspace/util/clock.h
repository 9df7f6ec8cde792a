/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock that nobody sets, and the one that is only told.
 */
#ifndef CORDON_UTIL_CLOCK_H
#define CORDON_UTIL_CLOCK_H

#include <stdint.h>

/** cordon_clock_ns() - CLOCK_MONOTONIC */
uint64_t cordon_clock_ns(void);

/** cordon_clock_wall() - nanoseconds since 1970, as far as somebody set it right */
int64_t cordon_clock_wall(void);

/** cordon_clock_unit() - seconds in what a person writes as "s", "m", "h" or "d"; 0: it is none */
uint32_t cordon_clock_unit(char unit);

#endif
