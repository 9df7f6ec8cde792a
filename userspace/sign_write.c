// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DER, written from its end to its beginning, so that each length is known
 * when its turn comes.
 */
#include "sign_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of tags, lengths, OIDs and versions around content and signatures. */
#define AROUND_MAX 128

#define SHA256_ALGORITHM "\x30\x0b\x06\x09" OID_SHA256
#define DATA_TYPE "\x06\x09" OID_DATA
#define SIGNED_DATA_TYPE "\x06\x09" OID_SIGNED_DATA

struct out {
	uint8_t *at; /* first byte that is written */
	uint8_t *end;
};

static void put(struct out *out, struct der bytes)
{
	out->at -= bytes.size;
	if (bytes.size)
		memcpy(out->at, bytes.at, bytes.size);
}

#define put_constant(out, constant)                                                                \
	put(out, (struct der){ (const uint8_t *)(constant), sizeof(constant) - 1 })

static void put_byte(struct out *out, size_t byte)
{
	*--out->at = (uint8_t)byte;
}

/* Tag and length before all that was put since @end was the beginning. */
static void close_element(struct out *out, uint8_t tag, const uint8_t *end)
{
	const size_t length = (size_t)(end - out->at);
	size_t bytes = 0;

	if (length < 0x80) {
		put_byte(out, length);
	} else {
		for (size_t rest = length; rest; rest >>= 8, bytes++)
			put_byte(out, rest & 0xff);
		put_byte(out, 0x80 | bytes);
	}
	put_byte(out, tag);
}

static int compare(const void *one, const void *other)
{
	const struct der *a = one, *b = other;
	const int order = memcmp(a->at, b->at, a->size < b->size ? a->size : b->size);

	return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* 3 where a signer is named by his key's id, RFC 5652, 5.1. */
static unsigned int version_of(const struct sign_infos *infos)
{
	for (size_t i = 0; i < infos->nr; i++) {
		struct der whole = infos->info[i], info = { NULL, 0 };
		unsigned int version = 0;

		if (der_take(&whole, DER_SEQUENCE, &info) && der_take_number(&info, &version) &&
		    version == 3)
			return 3;
	}
	return 1;
}

static void put_content(struct out *out, struct der content)
{
	const uint8_t *end = out->at;

	put(out, content);
	close_element(out, DER_OCTET_STRING, end);
	close_element(out, DER_CONTEXT_0, end);
	put_constant(out, DATA_TYPE);
	close_element(out, DER_SEQUENCE, end);
}

static void put_message(struct out *out, struct der content, const struct sign_infos *infos)
{
	const uint8_t *end = out->at, *digests;

	for (size_t i = infos->nr; i-- > 0;)
		put(out, infos->info[i]);
	close_element(out, DER_SET, end);
	put_content(out, content);
	digests = out->at;
	put_constant(out, SHA256_ALGORITHM);
	close_element(out, DER_SET, digests);
	digests = out->at;
	put_byte(out, version_of(infos));
	close_element(out, DER_INTEGER, digests);
	close_element(out, DER_SEQUENCE, end);
	close_element(out, DER_CONTEXT_0, end);
	put_constant(out, SIGNED_DATA_TYPE);
	close_element(out, DER_SEQUENCE, end);
}

int sign_write(struct der content, struct sign_infos *infos, uint8_t **ret_bytes, size_t *ret_size)
{
	size_t room = AROUND_MAX + content.size;
	struct out out;
	uint8_t *bytes;

	for (size_t i = 0; i < infos->nr; i++)
		room += infos->info[i].size;
	bytes = malloc(room);
	if (!bytes)
		return -ENOMEM;
	qsort(infos->info, infos->nr, sizeof(infos->info[0]), compare);
	out = (struct out){ bytes + room, bytes + room };
	put_message(&out, content, infos);
	*ret_size = (size_t)(out.end - out.at);
	memmove(bytes, out.at, *ret_size);
	*ret_bytes = bytes;
	return 0;
}
