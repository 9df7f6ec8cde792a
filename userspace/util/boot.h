/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which boot this is, and what it was told.
 */
#ifndef CORDON_UTIL_BOOT_H
#define CORDON_UTIL_BOOT_H

#include <stddef.h>
#include <stdint.h>

/** cordon_boot_id() - the kernel's random number of this boot; zeros if it does not tell */
void cordon_boot_id(uint8_t (*ret_id)[16]);

/**
 * cordon_boot_word() - what the kernel's command line says
 * @name: with its "="; the last one holds, as with the kernel's own words
 * @ret_value: cut to @size; "" if it does not say
 */
void cordon_boot_word(const char *name, char *ret_value, size_t size);

#endif
