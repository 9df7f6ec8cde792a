/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images as files, in the format of <cordon/image.h>.
 */
#ifndef CORDON_IMAGE_FILE_H
#define CORDON_IMAGE_FILE_H

#include "image.h"

/**
 * cordon_image_write() - put an image into a file, whole or not at all
 * @dirfd: folder that @name is relative to, or AT_FDCWD
 *
 * Written beside it as NAME.new, synchronised, then renamed, and the folder
 * synchronised: after a power loss the former file or this one is there.
 *
 * Return: 0, -ENAMETOOLONG, -errno of the file system.
 */
int cordon_image_write(const struct cordon_image *image, int dirfd, const char *name);

/**
 * cordon_image_read() - read an image back
 *
 * Nothing of the file is trusted: see cordon_image_check().
 *
 * Return: 0; -EBADMSG: torn, forged, or of another version; -ENOMEM; -errno of
 *	the file system.
 */
int cordon_image_read(int dirfd, const char *name, struct cordon_image **ret_image);

/** cordon_image_read_fd() - the same for a file that is open, from its start on */
int cordon_image_read_fd(int fd, struct cordon_image **ret_image);

#endif
