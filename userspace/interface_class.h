/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be seen on which interface: the classes of an image and the
 * patterns of names that they belong to.
 */
#ifndef CORDON_INTERFACE_CLASS_H
#define CORDON_INTERFACE_CLASS_H

#include "diag.h"
#include "image.h"
#include "policy.h"

/**
 * cordon_interface_classes() - fills @image->classes and @image->interfaces
 * @diag: receives interfaces that two zones without addresses claim
 *
 * A zone with addresses that is tied to interfaces is seen on them and nowhere
 * else.  An interface to which only such zones are tied is closed: any other
 * address is spoofed there.  A zone without addresses is whoever else is seen
 * on its interfaces.
 *
 * Return: 0; -EINVAL with @diag; -ENOMEM.
 */
int cordon_interface_classes(const struct cordon_policy *policy, struct cordon_diag *diag,
			     struct cordon_image *image);

/** cordon_pattern_covers() - whether each name that @other stands for fits @pattern */
bool cordon_pattern_covers(const char *pattern, const char *other);

#endif
