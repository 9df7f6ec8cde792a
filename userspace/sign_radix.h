/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base64 (RFC 4648, 4), as `base64 -w0` writes it.
 */
#ifndef CORDON_SIGN_RADIX_H
#define CORDON_SIGN_RADIX_H

#include <stddef.h>
#include <stdint.h>

/** CORDON_BASE64_SIZE() - characters of so many bytes, without a NUL */
#define CORDON_BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4)

/** cordon_base64_read() - Return: 0; -EINVAL: it is none, or of more than @most bytes */
int cordon_base64_read(const char *text, size_t size, size_t most, uint8_t *ret_bytes,
		       size_t *ret_size);

/** cordon_base64_write() - @ret_text: room for CORDON_BASE64_SIZE(@size) + 1 */
void cordon_base64_write(const uint8_t *bytes, size_t size, char *ret_text);

#endif
