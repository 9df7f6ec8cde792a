/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock that nobody sets.
 */
#ifndef CORDON_UTIL_CLOCK_H
#define CORDON_UTIL_CLOCK_H

#include <stdint.h>

/** cordon_clock_ns() - CLOCK_MONOTONIC */
uint64_t cordon_clock_ns(void);

#endif
