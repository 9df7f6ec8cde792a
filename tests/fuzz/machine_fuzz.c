// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as what the kernel says of a device, and, split at the first NUL, as two mount tables:
 * what is read lies within them, and a table differs from itself in nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mounts.h"
#include "uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void read_device(const uint8_t *data, size_t size)
{
	const struct cordon_uevent uevent = { (const char *)data, size };
	enum cordon_device_change change;

	if (!cordon_uevent_is_whole(uevent))
		return;
	if (cordon_uevent_change(uevent, &change))
		check(change < CORDON_DEVICE_CHANGE_COUNT);
	check(strlen(cordon_uevent_ids(uevent).text) < 10);
	check(strlen(cordon_uevent_get(uevent, "DEVPATH")) < size);
}

static void count(void *state, const struct cordon_mount *mount, enum cordon_mount_change change)
{
	size_t *nr = state;

	check(change < CORDON_MOUNT_CHANGE_COUNT && mount->point && mount->source && mount->super);
	++*nr;
}

static struct cordon_mounts read_table(const char *text)
{
	struct cordon_mounts mounts;

	check(!cordon_mounts_read(strdup(text), &mounts));
	return mounts;
}

static void read_mounts(const char *first, const char *second)
{
	struct cordon_mounts a = read_table(first), b = read_table(second);
	size_t same = 0, there = 0, back = 0;

	cordon_mounts_compare(&a, &a, count, &same);
	cordon_mounts_compare(&a, &b, count, &there);
	cordon_mounts_compare(&b, &a, count, &back);
	check(!same && there == back);
	cordon_mounts_clear(&a);
	cordon_mounts_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 2);

	check(text);
	if (size)
		memcpy(text, data, size);
	read_device(data, size);
	read_mounts(text, text + strlen(text) + 1);
	free(text);
	return 0;
}
