/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of a device (lib/kobject_uevent.c): "ACTION@PATH", then
 * "KEY=VALUE", each with its NUL.  Read in place, whatever the bytes.
 */
#ifndef CORDON_UEVENT_H
#define CORDON_UEVENT_H

#include <stdbool.h>
#include <stddef.h>

#include <cordon/uapi/config.h>

/** struct cordon_uevent - a message, or the properties alone; nothing is owned */
struct cordon_uevent {
	const char *text;
	size_t size;
};

/** cordon_uevent_is_whole() - it ends in a NUL */
bool cordon_uevent_is_whole(struct cordon_uevent uevent);

/** cordon_uevent_get() - a value of one that is whole; "": it has none */
const char *cordon_uevent_get(struct cordon_uevent uevent, const char *key);

/**
 * cordon_uevent_change() - is it of a device that somebody can put in or take out, and did the
 *	kernel notice it by itself?
 */
bool cordon_uevent_change(struct cordon_uevent uevent, enum cordon_device_change *ret_change);

/** struct cordon_uevent_ids - vendor and product, "046d:c52b"; "": not known */
struct cordon_uevent_ids {
	char text[16];
};
struct cordon_uevent_ids cordon_uevent_ids(struct cordon_uevent uevent);

#endif
