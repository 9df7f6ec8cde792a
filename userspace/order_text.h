/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What texts, numbers and names of an order must be: shared by those who read
 * one and the one who writes it, and by nobody else.
 */
#ifndef CORDON_ORDER_TEXT_H
#define CORDON_ORDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct order_piece - a part of a text; nothing is owned, no NUL ends it */
struct order_piece {
	const char *text;
	size_t size;
};

/** order_text_problem() - why a terminal should not print this text; NULL: it may */
const char *order_text_problem(struct order_piece piece);

/** order_names_problem() - why these are no names of nodes or fleets, a single space between two;
 *	NULL: they are */
const char *order_names_problem(struct order_piece names);

bool order_piece_is(struct order_piece piece, const char *text);
bool order_piece_starts(struct order_piece piece, const char *text);

/** order_piece_until() - cut off what stands before @end, and @end itself
 * Return: false: there is no @end. */
bool order_piece_until(struct order_piece *piece, char end, struct order_piece *ret_before);

/** order_piece_skip() - leave out the first @size bytes, which are there */
void order_piece_skip(struct order_piece *piece, size_t size);

/** order_piece_part() - one part after another of "a b c"; an empty text is one empty part
 * @rest: what is left; its text is NULL after the last
 * Return: false: that was all. */
bool order_piece_part(struct order_piece *rest, char separator, struct order_piece *ret_part);

/** order_piece_line() - one line after another, without the white space at its end
 * Return: false: that was all. */
bool order_piece_line(struct order_piece *rest, struct order_piece *ret_line);

/**
 * order_number_take() - cut a decimal number off the beginning
 * Return: false: no digit, a zero at its beginning, below @least or above @most.
 */
bool order_number_take(struct order_piece *piece, uint64_t least, uint64_t most,
		       uint64_t *ret_number);

/** order_hex_read() - exactly @size bytes, at most ORDER_HEX_MAX, in small hexadecimal digits */
#define ORDER_HEX_MAX 32
bool order_hex_read(struct order_piece piece, uint8_t *ret_bytes, size_t size);

#endif
