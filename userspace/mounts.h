/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mount table as the kernel writes it (/proc/PID/mountinfo, proc(5)), and what
 * makes two of them differ.  It opens nothing and tells nobody.
 */
#ifndef CORDON_MOUNTS_H
#define CORDON_MOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/config.h>

/**
 * struct cordon_mount - texts point into what was read
 * @id: the kernel's, given again when its mount is gone
 * @device: "8:1"; @root: what of the file system is seen
 * @options: of the mount; @super: of the file system
 */
struct cordon_mount {
	unsigned long id;
	unsigned long parent;
	const char *device;
	const char *root;
	const char *point;
	const char *options;
	const char *type;
	const char *source;
	const char *super;
};

/** struct cordon_mounts - by id; a zeroed one is empty */
struct cordon_mounts {
	struct cordon_mount *entry; /* owned */
	size_t nr;
	char *text; /* owned */
};

/**
 * cordon_mounts_read() - take a text apart; lines that are none are left out
 * @text: on the heap, ends in a NUL; owned from now on, also in failure
 * Return: 0 or -ENOMEM.
 */
int cordon_mounts_read(char *text, struct cordon_mounts *ret_mounts);
void cordon_mounts_clear(struct cordon_mounts *mounts);

/** cordon_mounts_viewer - @mount: as it is now, or was if it is gone */
typedef void (*cordon_mounts_viewer)(void *state, const struct cordon_mount *mount,
				     enum cordon_mount_change change);

/** cordon_mounts_compare() - each difference, those that are gone first where an id came again */
void cordon_mounts_compare(const struct cordon_mounts *before, const struct cordon_mounts *after,
			   cordon_mounts_viewer viewer, void *state);

#endif
