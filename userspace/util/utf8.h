/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One character of UTF-8 (RFC 3629), refused if overlong, a surrogate, beyond
 * U+10FFFF or cut off.
 */
#ifndef CORDON_UTIL_UTF8_H
#define CORDON_UTIL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Return: bytes of the character at @text, whose code is stored; 0: not UTF-8. */
static inline size_t utf8_decode(const unsigned char *text, size_t size, uint32_t *ret_rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t rune;
	size_t length;

	if (!size)
		return 0;
	if (text[0] < 0x80) {
		*ret_rune = text[0];
		return 1;
	}
	length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4 || length > size)
		return 0;
	rune = text[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		rune = rune << 6 | (text[i] & 0x3fU);
	}
	if (rune < least[length] || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		return 0;
	*ret_rune = rune;
	return length;
}

#endif
