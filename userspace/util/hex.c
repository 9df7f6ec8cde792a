// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as hexadecimal digits, and back.
 */
#include "util/hex.h"

#include <errno.h>
#include <string.h>

void cordon_hex_format(const void *bytes, size_t size, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[byte[i] >> 4];
		text[2 * i + 1] = digits[byte[i] & 15];
	}
	text[2 * size] = '\0';
}

static int value_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int cordon_hex_read(const char *text, void *ret_bytes, size_t size)
{
	uint8_t *byte = ret_bytes;

	if (strnlen(text, 2 * size + 1) != 2 * size)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		const int high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		byte[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
