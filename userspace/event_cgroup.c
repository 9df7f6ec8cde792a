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

/* The first that is no slice; what is below it its processes made and named. */
const char *cordon_event_cgroup_unit(const char *path, size_t *ret_size)
{
	const char *slice = NULL;

	while (*path) {
		const size_t size = strcspn(path, "/");

		if (ends_in(path, size, ".service") || ends_in(path, size, ".scope")) {
			*ret_size = size;
			return path;
		}
		if (size && !ends_in(path, size, ".slice"))
			return slice;
		if (size) {
			slice = path;
			*ret_size = size;
		}
		path += size + (path[size] == '/');
	}
	return slice;
}

bool cordon_event_cgroup_is_in(const char *path, const char *unit)
{
	const size_t length = strlen(unit);

	while (*path) {
		const size_t size = strcspn(path, "/");

		if (size == length && !memcmp(path, unit, size))
			return true;
		if (size && !ends_in(path, size, ".slice"))
			return false;
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
