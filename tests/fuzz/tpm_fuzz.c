// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a TPM's answer, as the public area of an index and as base64: what is taken lies
 * within them, and what was read of an index is written back as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sign_radix.h"
#include "tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void try_index(struct tpm_in in)
{
	const uint8_t *from = in.at;
	struct tpm_out out = { .size = 0 };
	struct tpm_nv nv;

	if (tpm_take_nv(&in, &nv))
		return;
	check(!in.bad && (nv.policy_size == 0 || nv.policy_size == sizeof(nv.policy)));
	tpm_put_nv(&out, &nv);
	check(!out.over && out.size == (size_t)(in.at - from) &&
	      !memcmp(out.bytes, from, out.size));
}

static void try_answer(const uint8_t *bytes, size_t size, bool has_handle)
{
	struct cordon_failure failure = { .text = "" };
	struct tpm_in in, sized;
	uint32_t handle;

	if (tpm_answer_read(bytes, size, &failure, has_handle ? &handle : NULL, &in)) {
		check(failure.text[0]);
		return;
	}
	check(in.at >= bytes && in.at + in.size <= bytes + size && !in.bad);
	sized = tpm_take_sized(&in);
	check(!sized.size || (sized.at >= bytes && sized.at + sized.size <= bytes + size));
	if (!sized.bad)
		try_index(sized);
}

static void try_radix(const char *text, size_t size)
{
	uint8_t bytes[16];
	char back[CORDON_BASE64_SIZE(sizeof(bytes)) + 1];
	size_t got;

	if (cordon_base64_read(text, size, sizeof(bytes), bytes, &got))
		return;
	check(got <= sizeof(bytes));
	cordon_base64_write(bytes, got, back);
	check(strlen(back) == CORDON_BASE64_SIZE(got));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	try_answer(copy, size, false);
	try_answer(copy, size, true);
	try_index((struct tpm_in){ copy, size, false });
	try_radix((const char *)copy, size);
	free(copy);
	return 0;
}
