/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs this process from where: the SSH connection above it, if there is
 * one.  A console has none.  It judges nothing.
 */
#ifndef CORDON_OPERATOR_H
#define CORDON_OPERATOR_H

#include "image.h"
#include "way_in.h"

/**
 * cordon_operator_find() - the connection by which this process is operated
 * @image: whose class the interface has that leads there
 *
 * The nearest process above that has SSH_CONNECTION of an address of this
 * network namespace says so; one whose connection still stands is believed
 * before one whose connection is gone.
 *
 * Return: 0; -ENOENT: there is none, or the policy does not cover its
 *	interface; -errno.
 */
int cordon_operator_find(const struct cordon_image *image, struct cordon_way *ret_way);

#endif
