// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks; see clock.h.
 */
#include "util/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t cordon_clock_ns(void)
{
	return (uint64_t)read_clock(CLOCK_MONOTONIC);
}

int64_t cordon_clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint32_t cordon_clock_unit(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 60 * 60;
	case 'd':
		return 24 * 60 * 60;
	default:
		return 0;
	}
}
