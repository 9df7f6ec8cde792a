// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Indices of the TPM's memory: Part 3, chapter 31, and what else it holds there:
 * 28.5; see tpm.h.
 */
#include <errno.h>

#include "tpm.h"

#define OWNER 0x40000001

/* Part 2, 6.10 and 6.13 */
#define CAP_PROPERTIES 0x00000006
#define PT_PERMANENT 0x00000200
#define OWNER_SET (1U << 0)
#define LOCKOUT_SET (1U << 2)

static int fail_mangled(struct cordon_failure *failure)
{
	return cordon_fail(failure, -EBADMSG, "the TPM's answer is mangled");
}

void tpm_put_nv(struct tpm_out *out, const struct tpm_nv *nv)
{
	tpm_put_u32(out, nv->index);
	tpm_put_u16(out, TPM_ALG_SHA256);
	tpm_put_u32(out, nv->attributes);
	tpm_put_sized(out, nv->policy, nv->policy_size);
	tpm_put_u16(out, nv->size);
}

int tpm_take_nv(struct tpm_in *in, struct tpm_nv *ret_nv)
{
	struct tpm_nv nv = { .index = tpm_take_u32(in) };
	const uint16_t name = tpm_take_u16(in);
	struct tpm_in policy;

	nv.attributes = tpm_take_u32(in);
	policy = tpm_take_sized(in);
	nv.size = tpm_take_u16(in);
	if (in->bad)
		return -EBADMSG;
	if (name != TPM_ALG_SHA256 || (policy.size && policy.size != sizeof(nv.policy)))
		return -EOPNOTSUPP;
	nv.policy_size = (uint16_t)policy.size;
	if (policy.size)
		memcpy(nv.policy, policy.at, policy.size);
	*ret_nv = nv;
	return 0;
}

int cordon_tpm_nv_public(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure,
			 struct tpm_nv *ret_nv)
{
	struct tpm_out out;
	struct tpm_in in, public;
	struct tpm_nv nv;
	int error;

	tpm_begin(&out, TPM_NV_READ_PUBLIC, false);
	tpm_put_u32(&out, index);
	error = tpm_call(tpm, &out, failure, NULL, &in);
	if (error)
		return error;
	public = tpm_take_sized(&in);
	error = tpm_take_nv(&public, &nv);
	if (error == -EOPNOTSUPP)
		return cordon_fail(failure, error, "the TPM's index 0x%x is not ours", index);
	if (error || nv.index != index)
		return fail_mangled(failure);
	*ret_nv = nv;
	return 0;
}

int cordon_tpm_nv_define(struct cordon_tpm *tpm, const struct tpm_nv *nv,
			 struct cordon_failure *failure)
{
	struct tpm_out out, public = { .size = 0 };
	struct tpm_in in;

	tpm_put_nv(&public, nv);
	tpm_begin(&out, TPM_NV_DEFINE_SPACE, true);
	tpm_put_u32(&out, OWNER);
	tpm_put_session(&out, 0);
	tpm_put_sized(&out, NULL, 0);
	tpm_put_sized(&out, public.bytes, public.size);
	return tpm_call(tpm, &out, failure, NULL, &in);
}

/* Who authorises, what it is done to, and as tpm_put_session(). */
static void begin_for(struct tpm_out *out, enum tpm_command command, uint32_t who, uint32_t what,
		      uint32_t session)
{
	tpm_begin(out, command, true);
	tpm_put_u32(out, who);
	tpm_put_u32(out, what);
	tpm_put_session(out, session);
}

int cordon_tpm_nv_undefine(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;

	begin_for(&out, TPM_NV_UNDEFINE_SPACE, OWNER, index, 0);
	return tpm_call(tpm, &out, failure, NULL, &in);
}

int cordon_tpm_evict(struct cordon_tpm *tpm, uint32_t handle, struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;

	begin_for(&out, TPM_EVICT_CONTROL, OWNER, handle, 0);
	tpm_put_u32(&out, handle);
	return tpm_call(tpm, &out, failure, NULL, &in);
}

int cordon_tpm_nv_increment(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;

	begin_for(&out, TPM_NV_INCREMENT, index, index, 0);
	return tpm_call(tpm, &out, failure, NULL, &in);
}

int cordon_tpm_nv_read(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure,
		       uint64_t *ret_number)
{
	struct tpm_out out;
	struct tpm_in in, data;
	uint64_t number;
	int error;

	begin_for(&out, TPM_NV_READ, index, index, 0);
	tpm_put_u16(&out, sizeof(number));
	tpm_put_u16(&out, 0);
	error = tpm_call(tpm, &out, failure, NULL, &in);
	if (error)
		return error;
	data = tpm_take_sized(&in);
	number = tpm_take_number(&data, sizeof(number));
	if (data.bad || data.size)
		return fail_mangled(failure);
	*ret_number = number;
	return 0;
}

int cordon_tpm_nv_write(struct cordon_tpm *tpm, uint32_t index, uint64_t number, uint32_t session,
			struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;

	begin_for(&out, TPM_NV_WRITE, index, index, session);
	tpm_put_u16(&out, sizeof(number));
	tpm_put_u64(&out, number);
	tpm_put_u16(&out, 0);
	return tpm_call(tpm, &out, failure, NULL, &in);
}

/* Part 2, 8.6: TPMA_PERMANENT */
int cordon_tpm_guarded(struct cordon_tpm *tpm, struct cordon_failure *failure, bool *ret_owner,
		       bool *ret_lockout)
{
	struct tpm_out out;
	struct tpm_in in;
	uint32_t capability, nr, property, value;
	int error;

	tpm_begin(&out, TPM_GET_CAPABILITY, false);
	tpm_put_u32(&out, CAP_PROPERTIES);
	tpm_put_u32(&out, PT_PERMANENT);
	tpm_put_u32(&out, 1);
	error = tpm_call(tpm, &out, failure, NULL, &in);
	if (error)
		return error;
	tpm_take(&in, 1);
	capability = tpm_take_u32(&in);
	nr = tpm_take_u32(&in);
	property = tpm_take_u32(&in);
	value = tpm_take_u32(&in);
	if (in.bad || capability != CAP_PROPERTIES || nr != 1 || property != PT_PERMANENT)
		return fail_mangled(failure);
	*ret_owner = value & OWNER_SET;
	*ret_lockout = value & LOCKOUT_SET;
	return 0;
}
