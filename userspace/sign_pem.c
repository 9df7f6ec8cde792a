// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PEM (RFC 7468): certificates out of a text.
 */
#include <errno.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "order_text.h"
#include "sign_certificate.h"
#include "util/cleanup.h"

/* Return: 1: a certificate begins; 0: none comes any more. */
static int find_begin(struct order_piece *rest, unsigned int *line, struct cordon_failure *failure)
{
	struct order_piece piece;

	while (order_piece_line(rest, &piece)) {
		++*line;
		if (!order_piece_starts(piece, "-----BEGIN "))
			continue;
		if (order_piece_is(piece, "-----BEGIN CERTIFICATE-----") ||
		    order_piece_is(piece, "-----BEGIN X509 CERTIFICATE-----"))
			return 1;
		return cordon_fail(failure, -EINVAL,
				   "line %u: this is no certificate; only certificates belong here",
				   *line);
	}
	return 0;
}

struct decoder {
	struct base64_decode_ctx state;
	uint8_t *bytes;
	size_t size;
};

static bool decode_line(struct decoder *decoder, struct order_piece piece)
{
	size_t got = BASE64_DECODE_LENGTH(piece.size);

	if (!base64_decode_update(&decoder->state, &got, decoder->bytes + decoder->size, piece.size,
				  piece.text))
		return false;
	decoder->size += got;
	return true;
}

static int decode(struct order_piece *rest, unsigned int *line, struct cordon_failure *failure,
		  struct decoder *decoder)
{
	struct order_piece piece;

	base64_decode_init(&decoder->state);
	while (order_piece_line(rest, &piece)) {
		++*line;
		if (order_piece_starts(piece, "-----END "))
			return base64_decode_final(&decoder->state) ?
				       0 :
				       cordon_fail(failure, -EINVAL,
						   "line %u: the certificate above is cut short",
						   *line);
		if (!decode_line(decoder, piece))
			return cordon_fail(failure, -EINVAL, "line %u: this is not base64", *line);
	}
	return cordon_fail(failure, -EINVAL, "line %u: the text ends within a certificate", *line);
}

int sign_pem_next(const char **text, size_t *size, unsigned int *line,
		  struct cordon_failure *failure, uint8_t **ret_der, size_t *ret_size)
{
	struct order_piece rest = { *text, *size };
	uint8_t *bytes CLEANUP(free) = NULL;
	uint8_t *smaller;
	struct decoder decoder;
	int found = find_begin(&rest, line, failure);
	int error;

	if (found <= 0)
		return found;
	/* What an update may write is a few bytes more than what it gives. */
	bytes = malloc(BASE64_DECODE_LENGTH(rest.size) + 16);
	if (!bytes)
		return -ENOMEM;
	decoder.bytes = bytes;
	decoder.size = 0;
	error = decode(&rest, line, failure, &decoder);
	if (error)
		return error;
	smaller = realloc(bytes, decoder.size + 1);
	if (smaller)
		bytes = smaller;
	*text = rest.text;
	*size = rest.size;
	*ret_size = decoder.size;
	*ret_der = TAKE(bytes);
	return 1;
}
