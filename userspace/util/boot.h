/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which boot this is.
 */
#ifndef CORDON_UTIL_BOOT_H
#define CORDON_UTIL_BOOT_H

#include <stdint.h>

/** cordon_boot_id() - the kernel's random number of this boot; zeros if it does not tell */
void cordon_boot_id(uint8_t (*ret_id)[16]);

#endif
