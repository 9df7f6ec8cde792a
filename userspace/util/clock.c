// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock that nobody sets; see clock.h.
 */
#include "util/clock.h"

#include <time.h>

uint64_t cordon_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}
