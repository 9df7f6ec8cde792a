// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/PID/stat; see stat.h.
 */
#include "util/stat.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

bool cordon_stat_read(int folder, const char *path, enum cordon_stat field, uint64_t *ret_value)
{
	const int fd CLEANUP(close) = openat(folder, path, O_RDONLY | O_CLOEXEC);
	char text[512] = "";
	const char *at;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	at = strrchr(text, ')');
	for (unsigned int i = 2; at && i < field; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*ret_value = strtoull(at, NULL, 10);
	return true;
}
