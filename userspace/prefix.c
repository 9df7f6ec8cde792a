// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scans prefixes by hand: a prefix file may hold a million, and inet_pton()
 * wants each copied out first.  Strict as inet_pton() is: four decimal octets
 * without leading zeros (RFC 6943, 3.1.1), IPv6 as in RFC 4291, 2.2.
 */
#include "prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IPV6_GROUPS 8

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number up to @max without leading zeros. */
static inline const char *scan_number(const char *text, const char *end, uint32_t max,
				      uint32_t *ret_number)
{
	const char *start = text;
	uint32_t number = 0;

	while (text < end && is_digit(*text) && text - start < 3)
		number = number * 10 + (uint32_t)(*text++ - '0');
	if (text == start || number > max || (*start == '0' && text - start > 1))
		return NULL;
	*ret_number = number;
	return text;
}

static inline const char *scan_address4(const char *text, const char *end, uint32_t *ret_address)
{
	uint32_t address = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t octet;

		if (i && (text == end || *text++ != '.'))
			return NULL;
		text = scan_number(text, end, 255, &octet);
		if (!text)
			return NULL;
		address = address << 8 | octet;
	}
	*ret_address = address;
	return text;
}

/* "/24", or nothing for all @max bits. */
static inline const char *scan_length(const char *text, const char *end, uint32_t max,
				      uint32_t *ret_length)
{
	if (text == end || *text != '/') {
		*ret_length = max;
		return text;
	}
	return scan_number(text + 1, end, max, ret_length);
}

/* Host bits of an IPv4 prefix. */
static uint32_t host_mask4(uint32_t length)
{
	return length < 32 ? UINT32_MAX >> length : 0;
}

const char *cordon_prefix_scan4(const char *text, const char *end, uint32_t *ret_address,
				uint8_t *ret_length)
{
	uint32_t address, length;

	text = scan_address4(text, end, &address);
	if (!text)
		return NULL;
	text = scan_length(text, end, 32, &length);
	if (!text || (address & host_mask4(length)))
		return NULL;
	*ret_address = address;
	*ret_length = (uint8_t)length;
	return text;
}

/* ---- IPv6 -------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *scan_group(const char *text, const char *end, uint16_t *ret_group)
{
	const char *start = text;
	unsigned int group = 0;

	for (; text < end && hex_value(*text) >= 0; text++) {
		if (text - start == 4)
			return NULL;
		group = group << 4 | (unsigned int)hex_value(*text);
	}
	if (text == start)
		return NULL;
	*ret_group = (uint16_t)group;
	return text;
}

/**
 * struct groups - an IPv6 address while it is read
 * @gap: number of groups ahead of "::", -1 without
 */
struct groups {
	uint16_t group[IPV6_GROUPS];
	int count;
	int gap;
};

/* The last four bytes may be written as an IPv4 address. */
static const char *scan_tail4(const char *text, const char *end, struct groups *groups)
{
	uint32_t address;

	if (groups->count > IPV6_GROUPS - 2)
		return NULL;
	text = scan_address4(text, end, &address);
	if (!text)
		return NULL;
	groups->group[groups->count++] = (uint16_t)(address >> 16);
	groups->group[groups->count++] = (uint16_t)address;
	return text;
}

static bool is_gap(const char *text, const char *end)
{
	return end - text >= 2 && text[0] == ':' && text[1] == ':';
}

static const char *scan_groups(const char *text, const char *end, struct groups *groups)
{
	if (is_gap(text, end)) {
		groups->gap = 0;
		text += 2;
		if (text == end || hex_value(*text) < 0)
			return text;
	}
	while (groups->count < IPV6_GROUPS) {
		const char *next = scan_group(text, end, &groups->group[groups->count]);

		if (next && next < end && *next == '.')
			return scan_tail4(text, end, groups);
		if (!next)
			return NULL;
		groups->count++;
		text = next;
		if (is_gap(text, end)) {
			if (groups->gap >= 0)
				return NULL;
			groups->gap = groups->count;
			text += 2;
			if (text == end || hex_value(*text) < 0)
				return text;
		} else if (text < end && *text == ':') {
			text++;
		} else {
			return text;
		}
	}
	return NULL;
}

static const char *scan_address6(const char *text, const char *end, uint64_t *ret_high,
				 uint64_t *ret_low)
{
	struct groups groups = { .gap = -1 };
	uint64_t half[2] = { 0, 0 };
	int missing;

	text = scan_groups(text, end, &groups);
	missing = IPV6_GROUPS - groups.count;
	if (!text || (groups.gap < 0) != (missing == 0))
		return NULL;
	for (int i = 0; i < groups.count; i++) {
		int place = groups.gap >= 0 && i >= groups.gap ? i + missing : i;

		half[place / 4] |= (uint64_t)groups.group[i] << (48 - place % 4 * 16);
	}
	*ret_high = half[0];
	*ret_low = half[1];
	return text;
}

/* The address without its host bits. */
static void mask6(uint64_t *high, uint64_t *low, uint32_t length)
{
	if (length < 64)
		*high &= length ? UINT64_MAX << (64 - length) : 0;
	if (length < 128)
		*low &= length > 64 ? UINT64_MAX << (128 - length) : 0;
}

static bool has_host_bits6(uint64_t high, uint64_t low, uint32_t length)
{
	uint64_t net_high = high, net_low = low;

	mask6(&net_high, &net_low, length);
	return net_high != high || net_low != low;
}

/* ::ffff:0:0/96 stands for IPv4 inside programs and is never on the wire. */
static bool is_mapped(uint64_t high, uint64_t low, uint32_t length)
{
	return length >= 96 && !high && low >> 32 == 0xffff;
}

static const char *scan6(const char *text, const char *end, struct cordon_prefix *ret_prefix)
{
	uint64_t high, low;
	uint32_t length;

	text = scan_address6(text, end, &high, &low);
	if (!text)
		return NULL;
	text = scan_length(text, end, 128, &length);
	if (!text || has_host_bits6(high, low, length) || is_mapped(high, low, length))
		return NULL;
	*ret_prefix = (struct cordon_prefix){ high, low, (uint8_t)length, true };
	return text;
}

const char *cordon_prefix_scan(const char *text, const char *end, struct cordon_prefix *ret_prefix)
{
	uint32_t address;
	uint8_t length;
	const char *next = cordon_prefix_scan4(text, end, &address, &length);

	if (!next)
		return scan6(text, end, ret_prefix);
	*ret_prefix = (struct cordon_prefix){ 0, address, length, false };
	return next;
}

int cordon_prefix_parse(const char *text, size_t size, struct cordon_prefix *ret_prefix)
{
	struct cordon_prefix prefix;

	if (cordon_prefix_scan(text, text + size, &prefix) != text + size)
		return -EINVAL;
	*ret_prefix = prefix;
	return 0;
}

void cordon_prefix_format(const struct cordon_prefix *prefix,
			  char ret_text[CORDON_PREFIX_TEXT_SIZE])
{
	uint32_t words[4] = { htonl((uint32_t)(prefix->high >> 32)), htonl((uint32_t)prefix->high),
			      htonl((uint32_t)(prefix->low >> 32)), htonl((uint32_t)prefix->low) };
	int family = prefix->ipv6 ? AF_INET6 : AF_INET;
	size_t used;

	inet_ntop(family, prefix->ipv6 ? words : &words[3], ret_text, CORDON_PREFIX_TEXT_SIZE);
	if (prefix->length == (prefix->ipv6 ? 128 : 32))
		return;
	used = strlen(ret_text);
	snprintf(ret_text + used, CORDON_PREFIX_TEXT_SIZE - used, "/%u", prefix->length);
}

/* ---- what is wrong with it --------------------------------------------------------------- */

/* Room for a text that is quoted in a message. */
#define QUOTE_SIZE 64

static void tell_host_bits(const char *quote, struct cordon_prefix prefix, char *ret_problem)
{
	char right[CORDON_PREFIX_TEXT_SIZE];

	if (prefix.ipv6)
		mask6(&prefix.high, &prefix.low, prefix.length);
	else
		prefix.low &= ~host_mask4(prefix.length);
	cordon_prefix_format(&prefix, right);
	snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
		 "'%s' has host bits set: the prefix is %s; for the one address leave the length "
		 "away",
		 quote, right);
}

/* 255.255.255.0 to 24; false: no mask. */
static bool netmask_length(uint32_t mask, uint32_t *ret_length)
{
	uint32_t length = 0;

	while (length < 32 && mask & (1U << (31 - length)))
		length++;
	*ret_length = length;
	return (mask & host_mask4(length)) == 0;
}

/* What follows an address that is one. */
static void tell_length(const char *quote, const char *rest, const char *end, bool ipv6,
			char *ret_problem)
{
	uint32_t mask = 0, length;

	if (rest < end && *rest == '/' && !ipv6 && scan_address4(rest + 1, end, &mask) == end &&
	    netmask_length(mask, &length))
		snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
			 "'%s': write the netmask as a length: /%u", quote, length);
	else if (rest < end && *rest == '/')
		snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
			 "'%s': the prefix length must be 0 to %d", quote, ipv6 ? 128 : 32);
	else if (rest < end && *rest == '-')
		snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
			 "'%s': a range of addresses must be written as prefixes", quote);
	else if (rest < end && *rest == '%')
		snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
			 "'%s': an address has no interface here; use 'interfaces:' of the zone",
			 quote);
	else
		snprintf(
			ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
			"'%s' is neither an IPv4 nor an IPv6 prefix; write 10.1.0.0/16, 10.1.2.3 or fd00:1::/32",
			quote);
}

static bool is_name(const char *text, const char *end)
{
	bool letters = false;

	for (; text < end; text++) {
		if (*text == ':' || *text == '/')
			return false;
		letters |= (*text | 0x20) >= 'a' && (*text | 0x20) <= 'z';
	}
	return letters;
}

static void tell_problem6(const char *quote, const char *text, const char *end, char *ret_problem)
{
	struct cordon_prefix prefix = { .ipv6 = true };
	uint32_t length;
	const char *rest = scan_address6(text, end, &prefix.high, &prefix.low);
	const char *last = rest ? scan_length(rest, end, 128, &length) : NULL;

	if (last != end || !rest) {
		tell_length(quote, rest ? rest : end, end, true, ret_problem);
		return;
	}
	prefix.length = (uint8_t)length;
	if (has_host_bits6(prefix.high, prefix.low, length)) {
		tell_host_bits(quote, prefix, ret_problem);
		return;
	}
	snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
		 "'%s' is IPv4 mapped into IPv6, which is never on the wire: write it as IPv4",
		 quote);
}

static void tell_problem4(const char *quote, const char *text, const char *end, char *ret_problem)
{
	uint32_t address, length;
	const char *rest = scan_address4(text, end, &address);
	const char *last = rest ? scan_length(rest, end, 32, &length) : NULL;

	if (rest && last == end)
		tell_host_bits(quote, (struct cordon_prefix){ 0, address, (uint8_t)length, false },
			       ret_problem);
	else
		tell_length(quote, rest ? rest : end, end, false, ret_problem);
}

void cordon_prefix_problem(const char *text, size_t size,
			   char ret_problem[CORDON_PREFIX_PROBLEM_SIZE])
{
	char quote[QUOTE_SIZE];
	const char *end = text + size;

	snprintf(quote, sizeof(quote), "%.*s", (int)(size < sizeof(quote) ? size : sizeof(quote)),
		 text);
	if (!size)
		snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE, "an address is missing here");
	else if (is_name(text, end))
		snprintf(ret_problem, CORDON_PREFIX_PROBLEM_SIZE,
			 "'%s' is not an address; names are not looked up", quote);
	else if (memchr(text, ':', size))
		tell_problem6(quote, text, end, ret_problem);
	else
		tell_problem4(quote, text, end, ret_problem);
}
