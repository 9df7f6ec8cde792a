// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Units and containers by path.
 */
#include "event_cgroup.h"

#include <string.h>

static bool ends_in(const char *text, size_t size, const char *end)
{
	const size_t length = strlen(end);

	return size > length && !memcmp(text + size - length, end, length);
}

static bool is_unit(const char *text, size_t size)
{
	return ends_in(text, size, ".service") || ends_in(text, size, ".scope") ||
	       ends_in(text, size, ".slice");
}

const char *cordon_event_cgroup_unit(const char *path, size_t *ret_size)
{
	const char *unit = NULL;

	while (*path) {
		const size_t size = strcspn(path, "/");

		if (is_unit(path, size)) {
			unit = path;
			*ret_size = size;
		}
		path += size + (path[size] == '/');
	}
	return unit;
}

bool cordon_event_cgroup_is_in(const char *path, const char *unit)
{
	while (*path) {
		const size_t size = strcspn(path, "/");

		if (size == strlen(unit) && !memcmp(path, unit, size))
			return true;
		path += size + (path[size] == '/');
	}
	return false;
}

const char *cordon_event_cgroup_container(const char *path)
{
	while (*path) {
		const size_t digits = strspn(path, "0123456789abcdef");

		if (digits == CORDON_CONTAINER_DIGITS)
			return path;
		path += digits ? digits : 1;
	}
	return NULL;
}
