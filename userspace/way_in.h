/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a policy leaves its owner a way in: asked of the image before it
 * comes into force.  It looks at nothing but the image and the way that it is
 * asked about.
 */
#ifndef CORDON_WAY_IN_H
#define CORDON_WAY_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "util/failure.h"

/**
 * struct cordon_way - TCP by which somebody reaches this node
 * @remote: where they are
 * @port: of this node
 * @class: in the image, of the interface that leads to them
 * @interface: its name, "": not known
 */
struct cordon_way {
	struct cordon_address local;
	struct cordon_address remote;
	uint16_t port;
	uint32_t class;
	char interface[CORDON_INTERFACE_NAME_SIZE];
};

/**
 * cordon_way_in_is_kept() - whether the keep list has a rule between this node or a workload and
 *	anybody outside, to be reached by or to fetch orders by
 */
bool cordon_way_in_is_kept(const struct cordon_image *image);

/**
 * cordon_way_in_check() - is there a way in at every latch level, and this one?
 * @way: NULL: any will do
 *
 * What an audited policy would deny it does not.
 *
 * Return: 0; -EPERM with @failure: what is cut, and the rule that would keep it.
 */
int cordon_way_in_check(const struct cordon_image *image, const struct cordon_way *way,
			struct cordon_failure *failure);

#endif
