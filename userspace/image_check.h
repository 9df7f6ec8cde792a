/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an image that was not compiled just now may be given to the kernel.
 */
#ifndef CORDON_IMAGE_CHECK_H
#define CORDON_IMAGE_CHECK_H

#include "image.h"

/**
 * cordon_image_check() - follow every number that the programs would follow
 * @image: with arrays of the lengths that it claims
 *
 * An image that passes leads no program beyond its tables, to an identity or
 * a rule that does not exist, or round in circles.  Takes time linear in its
 * size.
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int cordon_image_check(const struct cordon_image *image);

#endif
