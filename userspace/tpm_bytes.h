/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as a TPM writes them (TPM 2.0 Library, Part 2, 4.7: big-endian, without
 * padding), through cursors that know their end: what does not fit is not
 * written, what is not there is read as zeros, and both are remembered.
 */
#ifndef CORDON_TPM_BYTES_H
#define CORDON_TPM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A signature of RSA 4096 with what goes with it, or the eight digests of a PolicyOR. */
#define TPM_OUT_MAX 1024

/** struct tpm_out - what is being written; @over: something had no room */
struct tpm_out {
	uint8_t bytes[TPM_OUT_MAX];
	size_t size;
	bool over;
};

/** struct tpm_in - what is left to read; @bad: it was shorter than it must be */
struct tpm_in {
	const uint8_t *at;
	size_t size;
	bool bad;
};

static inline void tpm_put(struct tpm_out *out, const void *bytes, size_t size)
{
	if (out->over || size > sizeof(out->bytes) - out->size) {
		out->over = true;
		return;
	}
	if (size)
		memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

static inline void tpm_put_number(struct tpm_out *out, uint64_t number, unsigned int bytes)
{
	uint8_t text[8];

	for (unsigned int i = 0; i < bytes; i++)
		text[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
	tpm_put(out, text, bytes);
}

static inline void tpm_put_u8(struct tpm_out *out, uint8_t number)
{
	tpm_put_number(out, number, 1);
}

static inline void tpm_put_u16(struct tpm_out *out, uint16_t number)
{
	tpm_put_number(out, number, 2);
}

static inline void tpm_put_u32(struct tpm_out *out, uint32_t number)
{
	tpm_put_number(out, number, 4);
}

static inline void tpm_put_u64(struct tpm_out *out, uint64_t number)
{
	tpm_put_number(out, number, 8);
}

/** tpm_put_sized() - a TPM2B: its size before it */
static inline void tpm_put_sized(struct tpm_out *out, const void *bytes, size_t size)
{
	tpm_put_u16(out, (uint16_t)size);
	tpm_put(out, bytes, size);
}

/** tpm_take() - the next @size bytes; NULL: there are not so many */
static inline const uint8_t *tpm_take(struct tpm_in *in, size_t size)
{
	const uint8_t *at = in->at;

	if (in->bad || size > in->size) {
		in->bad = true;
		in->size = 0;
		return NULL;
	}
	in->at += size;
	in->size -= size;
	return at;
}

static inline uint64_t tpm_take_number(struct tpm_in *in, unsigned int bytes)
{
	const uint8_t *at = tpm_take(in, bytes);
	uint64_t number = 0;

	for (unsigned int i = 0; at && i < bytes; i++)
		number = number << 8 | at[i];
	return number;
}

static inline uint16_t tpm_take_u16(struct tpm_in *in)
{
	return (uint16_t)tpm_take_number(in, 2);
}

static inline uint32_t tpm_take_u32(struct tpm_in *in)
{
	return (uint32_t)tpm_take_number(in, 4);
}

/** tpm_take_sized() - what is in a TPM2B */
static inline struct tpm_in tpm_take_sized(struct tpm_in *in)
{
	const size_t size = tpm_take_u16(in);
	const uint8_t *at = tpm_take(in, size);

	return (struct tpm_in){ at, at ? size : 0, !at };
}

#endif
