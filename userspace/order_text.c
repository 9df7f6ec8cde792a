// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts, numbers and names of an order: what one accepts must read back as it
 * is written, so each has one form only.
 */
#include "order_text.h"

#include <string.h>

#include "util/hex.h"
#include "util/utf8.h"

#define NAME_MAX_SIZE 63

/* What turns the direction of a text or hides in it, so that it reads otherwise than it is. */
static bool is_deceiving(uint32_t rune)
{
	return (rune >= 0x200b && rune <= 0x200f) || (rune >= 0x2028 && rune <= 0x202e) ||
	       (rune >= 0x2060 && rune <= 0x206f) || rune == 0xfeff || rune == 0x061c ||
	       rune == 0x00ad || (rune >= 0xe0000 && rune <= 0xe007f);
}

static const char *rune_problem(uint32_t rune)
{
	if (rune == '\0')
		return "a NUL byte has no place in an order";
	if (rune == '\r')
		return "a carriage return has no place in an order; sign with -binary";
	if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0))
		return "a control character has no place in an order";
	return is_deceiving(rune) ? "a character that is not seen has no place in an order" : NULL;
}

const char *order_text_problem(struct order_piece piece)
{
	const unsigned char *byte = (const unsigned char *)piece.text;
	const char *problem = NULL;

	while (piece.size && !problem) {
		uint32_t rune = 0;
		const size_t length = utf8_decode(byte, piece.size, &rune);

		if (!length)
			return "this is not UTF-8";
		problem = rune_problem(rune);
		byte += length;
		piece.size -= length;
	}
	return problem;
}

static bool is_alphanumeric(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
	       (character >= '0' && character <= '9');
}

static const char *name_problem(struct order_piece piece)
{
	bool good = piece.size && is_alphanumeric(piece.text[0]);

	for (size_t i = 0; good && i < piece.size; i++)
		good = is_alphanumeric(piece.text[i]) ||
		       (piece.text[i] && strchr("_.-", piece.text[i]));
	if (!good)
		return "a name starts with a letter or digit and has letters, digits, '_', '.' and "
		       "'-' only, a single space between two";
	return piece.size > NAME_MAX_SIZE ? "a name has at most 63 characters" : NULL;
}

const char *order_names_problem(struct order_piece names)
{
	struct order_piece name;
	const char *problem = NULL;

	while (!problem && order_piece_part(&names, ' ', &name))
		problem = name_problem(name);
	return problem;
}

bool order_piece_is(struct order_piece piece, const char *text)
{
	return piece.size == strlen(text) && !memcmp(piece.text, text, piece.size);
}

bool order_piece_starts(struct order_piece piece, const char *text)
{
	return piece.size >= strlen(text) && !memcmp(piece.text, text, strlen(text));
}

bool order_piece_until(struct order_piece *piece, char end, struct order_piece *ret_before)
{
	const char *at = piece->size ? memchr(piece->text, end, piece->size) : NULL;

	if (!at)
		return false;
	*ret_before = (struct order_piece){ piece->text, (size_t)(at - piece->text) };
	order_piece_skip(piece, ret_before->size + 1);
	return true;
}

void order_piece_skip(struct order_piece *piece, size_t size)
{
	piece->text += size;
	piece->size -= size;
}

bool order_piece_part(struct order_piece *rest, char separator, struct order_piece *ret_part)
{
	if (!rest->text)
		return false;
	if (order_piece_until(rest, separator, ret_part))
		return true;
	*ret_part = *rest;
	*rest = (struct order_piece){ NULL, 0 };
	return true;
}

bool order_piece_line(struct order_piece *rest, struct order_piece *ret_line)
{
	if (!rest->size || !order_piece_part(rest, '\n', ret_line))
		return false;
	while (ret_line->size && strchr(" \t\r", ret_line->text[ret_line->size - 1]))
		ret_line->size--;
	return true;
}

bool order_number_take(struct order_piece *piece, uint64_t least, uint64_t most,
		       uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t digits = 0;

	for (; digits < piece->size; digits++) {
		const char digit = piece->text[digits];

		if (digit < '0' || digit > '9')
			break;
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = 10 * number + (uint64_t)(digit - '0');
	}
	if (!digits || (digits > 1 && piece->text[0] == '0') || number < least || number > most)
		return false;
	order_piece_skip(piece, digits);
	*ret_number = number;
	return true;
}

bool order_hex_read(struct order_piece piece, uint8_t *ret_bytes, size_t size)
{
	char text[2 * ORDER_HEX_MAX + 1];

	if (size > ORDER_HEX_MAX || piece.size != 2 * size)
		return false;
	memcpy(text, piece.text, piece.size);
	text[piece.size] = '\0';
	return !cordon_hex_read(text, ret_bytes, size);
}
