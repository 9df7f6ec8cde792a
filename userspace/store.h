/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies on disk, so that a boot needs neither the network nor the author:
 *
 *	/var/lib/cordon/policy/57/{policy.yaml,image}	one generation
 *	/var/lib/cordon/policy/active -> 57		what a boot loads
 *	/var/lib/cordon/policy/former -> 56		what a rollback returns to
 *	/var/lib/cordon/policy/active.image -> active/image, and so on
 *
 * A generation's folder is complete before the kernel knows its number, and
 * one rename moves `active`: power may fail at any moment.
 */
#ifndef CORDON_STORE_H
#define CORDON_STORE_H

#include <stdint.h>

#include "context.h"
#include "image.h"

/**
 * cordon_store_save() - keep a generation; on stable storage when this returns
 * @policy: path of its text
 */
int cordon_store_save(const struct cordon_context *context, const struct cordon_image *image,
		      const char *policy, struct cordon_failure *failure);

/** cordon_store_point() - `active` and `former` (0: none) name these; forget all others */
int cordon_store_point(const struct cordon_context *context, uint32_t active, uint32_t former,
		       struct cordon_failure *failure);

/** cordon_store_active() - number that `active` names, 0: none */
uint32_t cordon_store_active(const struct cordon_context *context);

/** cordon_store_highest() - highest number on disk, 0: none */
uint32_t cordon_store_highest(const struct cordon_context *context);

/**
 * cordon_store_image() - the image of a generation
 * Return: 0; -ENOENT; -EBADMSG: damaged, or of another version; -errno.
 */
int cordon_store_image(const struct cordon_context *context, uint32_t generation,
		       struct cordon_image **ret_image);

/** cordon_store_text() - path of the policy text of a generation */
struct cordon_path cordon_store_text(const struct cordon_context *context, uint32_t generation);

#endif
