/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as hexadecimal digits, small ones, and back.
 */
#ifndef CORDON_UTIL_HEX_H
#define CORDON_UTIL_HEX_H

#include <stddef.h>
#include <stdint.h>

/** cordon_hex_format() - @text has room for 2 * @size + 1 */
void cordon_hex_format(const void *bytes, size_t size, char *text);

/** cordon_hex_read() - Return: 0; -EINVAL: not exactly so many, or no digits */
int cordon_hex_read(const char *text, void *ret_bytes, size_t size);

#endif
