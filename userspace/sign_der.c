// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads DER.  Every form that says the same in another way is refused, so that
 * what is compared byte by byte is compared by meaning.
 */
#include "sign_der.h"

#include <string.h>

#define LENGTH_BYTES_MAX 4

uint8_t der_peek(struct der bytes)
{
	return bytes.size ? bytes.at[0] : DER_NONE;
}

/* Return: bytes of tag and length; 0: not in their only form. */
static size_t read_head(struct der bytes, size_t *ret_length)
{
	size_t length = 0, more;

	/* Tags of more than one byte do not come up in what is read here. */
	if (bytes.size < 2 || (bytes.at[0] & 0x1f) == 0x1f)
		return 0;
	*ret_length = bytes.at[1];
	if (bytes.at[1] < 0x80)
		return 2;
	more = bytes.at[1] & 0x7f;
	if (!more || more > LENGTH_BYTES_MAX || bytes.size < 2 + more)
		return 0;
	for (size_t i = 0; i < more; i++)
		length = length << 8 | bytes.at[2 + i];
	if (length < 0x80 || !bytes.at[2])
		return 0;
	*ret_length = length;
	return 2 + more;
}

bool der_next(struct der *bytes, struct der *ret_content, struct der *ret_whole)
{
	size_t length = 0;
	const size_t head = read_head(*bytes, &length);
	const uint8_t *start = bytes->at;

	if (!head || bytes->size - head < length)
		return false;
	*bytes = (struct der){ start + head + length, bytes->size - head - length };
	if (ret_content)
		*ret_content = (struct der){ start + head, length };
	if (ret_whole)
		*ret_whole = (struct der){ start, head + length };
	return true;
}

bool der_take(struct der *bytes, uint8_t tag, struct der *ret_content)
{
	return der_peek(*bytes) == tag && der_next(bytes, ret_content, NULL);
}

bool der_take_whole(struct der *bytes, uint8_t tag, struct der *ret_whole)
{
	return der_peek(*bytes) == tag && der_next(bytes, NULL, ret_whole);
}

bool der_skip(struct der *bytes, uint8_t tag)
{
	return der_peek(*bytes) != tag || der_next(bytes, NULL, NULL);
}

bool der_take_number(struct der *bytes, unsigned int *ret_number)
{
	struct der number;

	if (!der_take(bytes, DER_INTEGER, &number) || number.size != 1 || number.at[0] > 127)
		return false;
	*ret_number = number.at[0];
	return true;
}

bool der_take_unsigned(struct der *bytes, struct der *ret_number)
{
	struct der number;

	if (!der_take(bytes, DER_INTEGER, &number) || !number.size || number.at[0] & 0x80)
		return false;
	if (!number.at[0]) {
		/* One zero, and only before a bit that would mean a sign. */
		if (number.size < 2 || !(number.at[1] & 0x80))
			return false;
		number.at++;
		number.size--;
	}
	*ret_number = number;
	return true;
}

bool der_take_bits(struct der *bytes, struct der *ret_bits)
{
	struct der bits;

	if (!der_take(bytes, DER_BIT_STRING, &bits) || !bits.size || bits.at[0])
		return false;
	*ret_bits = (struct der){ bits.at + 1, bits.size - 1 };
	return true;
}

bool der_take_algorithm(struct der *bytes, struct der *ret_oid, struct der *ret_parameters)
{
	struct der algorithm, oid;

	if (!der_take(bytes, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid))
		return false;
	*ret_oid = oid;
	*ret_parameters = algorithm;
	return true;
}

bool der_equal(struct der one, struct der other)
{
	return one.size == other.size && (!one.size || !memcmp(one.at, other.at, one.size));
}

bool der_is_null_or_none(struct der parameters)
{
	struct der nothing;

	if (!parameters.size)
		return true;
	return der_take(&parameters, DER_NULL, &nothing) && !nothing.size && !parameters.size;
}
