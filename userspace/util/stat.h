/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/stat: "PID (NAME) STATE ...", where a name may hold anything.
 */
#ifndef CORDON_UTIL_STAT_H
#define CORDON_UTIL_STAT_H

#include <stdbool.h>
#include <stdint.h>

/** enum cordon_stat - fields behind the name, as proc_pid_stat(5) counts; @START: clock ticks from
 *	the boot on: with its number it tells a process from all others */
enum cordon_stat {
	CORDON_STAT_PARENT = 4,
	CORDON_STAT_TERMINAL = 7,
	CORDON_STAT_START = 22,
};

/**
 * cordon_stat_read() - one field
 * @folder, @path: as of openat(2), up to ".../stat"
 * Return: is there one?
 */
bool cordon_stat_read(int folder, const char *path, enum cordon_stat field, uint64_t *ret_value);

#endif
