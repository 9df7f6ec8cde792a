/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What is changed in how the node is set up.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_CONFIG_H
#define CORDON_UAPI_CONFIG_H

#include <linux/types.h>

#include "event.h"

/* cordon_event_file.change: X(NAME, bit, "what it is called") */
#define CORDON_FILE_CHANGES(X)                                                                     \
	X(CREATED, 0, "created")                                                                   \
	X(WRITTEN, 1, "written")                                                                   \
	X(DELETED, 2, "deleted")                                                                   \
	X(MOVED_HERE, 3, "moved-here")                                                             \
	X(MOVED_AWAY, 4, "moved-away")                                                             \
	X(ATTRIBUTES, 5, "attributes") /* owner, mode, times */

enum cordon_file_change {
#define CORDON_FILE_ENUM(name, bit, text) CORDON_FILE_##name = 1 << (bit),
	CORDON_FILE_CHANGES(CORDON_FILE_ENUM)
#undef CORDON_FILE_ENUM
};

/**
 * struct cordon_event_file - a file that matters was changed; the event's @pid did it, 0: the
 *	kernel does not say who
 * @digest: SHA-256 of what is in it now; zeros: it is gone, or no file, or too large
 * @size: bytes that it has now
 * @change: enum cordon_file_change, several at once
 * @mode, @owner, @group: as they are now, 0 if it is gone
 * texts: its path, the name of the process
 */
struct cordon_event_file {
	struct cordon_event event;
	__u8 digest[32];
	__u64 size;
	__u32 change;
	__u32 mode;
	__u32 owner;
	__u32 group;
};
_Static_assert(sizeof(struct cordon_event_file) == 80, "no padding");

#endif
