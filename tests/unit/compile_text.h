/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy in a test, from text to image.
 */
#ifndef CORDON_UNIT_COMPILE_TEXT_H
#define CORDON_UNIT_COMPILE_TEXT_H

#include "image.h"

/**
 * compile_text() - two pieces of a policy, one after the other
 * Return: the caller's to free; NULL with what is wrong on standard output.
 */
struct cordon_image *compile_text(const char *zones, const char *rules);

#endif
