// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Base64; see sign_radix.h.
 */
#include "sign_radix.h"

#include <errno.h>
#include <nettle/base64.h>

int cordon_base64_read(const char *text, size_t size, size_t most, uint8_t *ret_bytes,
		       size_t *ret_size)
{
	struct base64_decode_ctx state;
	size_t used = 0;

	base64_decode_init(&state);
	for (size_t i = 0; i < size; i++) {
		uint8_t byte;
		const int got = base64_decode_single(&state, &byte, text[i]);

		if (got < 0 || (got && used == most))
			return -EINVAL;
		if (got)
			ret_bytes[used++] = byte;
	}
	if (!base64_decode_final(&state))
		return -EINVAL;
	*ret_size = used;
	return 0;
}

void cordon_base64_write(const uint8_t *bytes, size_t size, char *ret_text)
{
	base64_encode_raw(ret_text, size, bytes);
	ret_text[BASE64_ENCODE_RAW_LENGTH(size)] = '\0';
}
