/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IPv4 or IPv6 prefix as text: read fast, or slowly with the reason why it
 * is none.  It knows neither files nor zones.
 */
#ifndef CORDON_PREFIX_H
#define CORDON_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" and a NUL, rounded up. */
#define CORDON_PREFIX_TEXT_SIZE 56

/* Room for cordon_prefix_problem(). */
#define CORDON_PREFIX_PROBLEM_SIZE 256

/**
 * struct cordon_prefix - of either family
 * @high: first 64 bits of an IPv6 address, host byte order; 0 for IPv4
 * @low: last 64 bits; the address for IPv4
 * @length: 0 to 32 or 128
 */
struct cordon_prefix {
	uint64_t high;
	uint64_t low;
	uint8_t length;
	bool ipv6;
};

/**
 * cordon_prefix_scan() - a prefix, or an address alone, at the start of a text
 * @text: need not end with a NUL
 * @end: one behind its last character
 * Return: one behind the prefix; NULL: there is none, or it has host bits set.
 */
const char *cordon_prefix_scan(const char *text, const char *end, struct cordon_prefix *ret_prefix);

/** cordon_prefix_scan4() - the same for IPv4 alone, for a million of them */
const char *cordon_prefix_scan4(const char *text, const char *end, uint32_t *ret_address,
				uint8_t *ret_length);

/**
 * cordon_prefix_parse() - a text that is a prefix and nothing else
 * Return: 0, -EINVAL: cordon_prefix_problem() says why.
 */
int cordon_prefix_parse(const char *text, size_t size, struct cordon_prefix *ret_prefix);

/** cordon_prefix_problem() - why a text is no prefix, and what to write instead */
void cordon_prefix_problem(const char *text, size_t size,
			   char ret_problem[CORDON_PREFIX_PROBLEM_SIZE]);

/** cordon_prefix_format() - "10.0.0.0/8", "fd00::/8"; an address alone without a length */
void cordon_prefix_format(const struct cordon_prefix *prefix,
			  char ret_text[CORDON_PREFIX_TEXT_SIZE]);

#endif
