/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folders of pins below --bpffs, and what is done to a pin.  A seam of
 * load*.c and attach*.c; it must not know what is pinned.
 */
#ifndef CORDON_LOAD_PIN_H
#define CORDON_LOAD_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

enum cordon_pin_folder {
	CORDON_PIN_LINKS,
	CORDON_PIN_MAPS,
	CORDON_PIN_PROGS,
	CORDON_PIN_FOLDERS
};

const char *cordon_pin_folder_name(enum cordon_pin_folder folder);

/** cordon_pin_folders_make() - as far as they are not there */
int cordon_pin_folders_make(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_pin_open() - what is pinned there: the caller's to close; -ENOENT; -errno */
int cordon_pin_open(const struct cordon_context *context, enum cordon_pin_folder folder,
		    const char *name);

/** cordon_pin_stands() - whether anything is pinned there */
bool cordon_pin_stands(const struct cordon_context *context, enum cordon_pin_folder folder,
		       const char *name);

/** cordon_pin_over() - never a moment without the name: pinned aside, as "NAME:new", then moved */
int cordon_pin_over(int fd, const struct cordon_path *path);

/** cordon_pin_id() - the kernel's number of a map, a program or a link, 0: it is none */
uint32_t cordon_pin_id(int fd);

#endif
