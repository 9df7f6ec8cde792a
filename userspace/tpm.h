/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few commands of a TPM 2.0 that the anchor and `revoke` take, written and
 * read byte by byte: the helper is static, and no distribution has the TSS
 * libraries so.
 * Layouts are those of the TPM 2.0 Library, revision 1.59, Part 2 (structures)
 * and Part 3 (commands).  It knows nothing of latches.
 *
 * Through /dev/tpmrm0, where the kernel keeps sessions of several users apart.
 * All functions return 0, or -errno with @failure: -ENOENT: no such index;
 * -ENODATA: it was never written; -EACCES: the authorisation is another;
 * -EPERM: the policy does not allow it; -EKEYREJECTED: a wrong signature;
 * -ENOSPC: no room; -ETIMEDOUT: no answer in time; -EBADMSG: a mangled one;
 * -EOPNOTSUPP: a key or command that this TPM does not know; -EIO: anything else.
 */
#ifndef CORDON_TPM_H
#define CORDON_TPM_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "sign_key.h"
#include "tpm_bytes.h"

#define TPM_DEVICE "/dev/tpmrm0"
#define TPM_DEVICE_BARE "/dev/tpm0" /* the same, past the kernel's resource manager */

/* The kernel's own limit of an answer. */
#define TPM_ANSWER_MAX 4096
#define TPM_DIGEST_SIZE 32
#define TPM_OR_MAX 8 /* digests in one PolicyOR: TPML_DIGEST */

/* Part 2, 6.5.2: commands */
enum tpm_command {
	TPM_EVICT_CONTROL = 0x120,
	TPM_NV_UNDEFINE_SPACE = 0x122,
	TPM_NV_DEFINE_SPACE = 0x12a,
	TPM_NV_INCREMENT = 0x134,
	TPM_NV_WRITE = 0x137,
	TPM_NV_READ = 0x14e,
	TPM_POLICY_SIGNED = 0x160,
	TPM_FLUSH_CONTEXT = 0x165,
	TPM_LOAD_EXTERNAL = 0x167,
	TPM_NV_READ_PUBLIC = 0x169,
	TPM_POLICY_OR = 0x171,
	TPM_START_AUTH_SESSION = 0x176,
	TPM_GET_CAPABILITY = 0x17a,
	TPM_POLICY_NV_WRITTEN = 0x18f,
};

#define TPM_ALG_RSA 0x0001
#define TPM_ALG_SHA256 0x000b
#define TPM_ALG_NULL 0x0010
#define TPM_ALG_RSASSA 0x0014
#define TPM_ALG_ECDSA 0x0018
#define TPM_ALG_ECC 0x0023

/* Part 2, 13.4: TPMA_NV */
#define TPM_NV_AUTHWRITE (1U << 2)
#define TPM_NV_POLICYWRITE (1U << 3)
#define TPM_NV_COUNTER (1U << 4)
#define TPM_NV_AUTHREAD (1U << 18)
#define TPM_NV_NO_DA (1U << 25)
#define TPM_NV_WRITTEN (1U << 29)

/**
 * struct cordon_tpm - a TPM that is open
 * @until_ns: CLOCK_MONOTONIC: no answer is waited for any longer, all in all
 * @stuck: it owes an answer, and is not asked again
 */
struct cordon_tpm {
	int fd;
	uint64_t until_ns;
	bool stuck;
	uint8_t answer[TPM_ANSWER_MAX];
};

/**
 * cordon_tpm_open() - the node's TPM, below its root
 * @seconds: that all of it may take
 * Return: also -ENODEV: there is none.
 */
int cordon_tpm_open(const struct cordon_context *context, unsigned int seconds,
		    struct cordon_failure *failure, struct cordon_tpm *ret_tpm);
void cordon_tpm_close(struct cordon_tpm *tpm);

static inline void cleanup_tpm(struct cordon_tpm *tpm)
{
	cordon_tpm_close(tpm);
}

/** struct tpm_nv - TPMS_NV_PUBLIC (Part 2, 13.6) of an index with SHA-256 as the name's algorithm;
 *	@policy: of @policy_size bytes, 0 or 32 */
struct tpm_nv {
	uint32_t index;
	uint32_t attributes;
	uint8_t policy[TPM_DIGEST_SIZE];
	uint16_t policy_size;
	uint16_t size;
};

/* tpm_nv.c */

/** cordon_tpm_evict() - what the TPM holds beyond a reset by that handle, by the owner as below.
 *	Return: also -ENOENT: it holds none */
int cordon_tpm_evict(struct cordon_tpm *tpm, uint32_t handle, struct cordon_failure *failure);
int cordon_tpm_nv_public(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure,
			 struct tpm_nv *ret_nv);
/** cordon_tpm_nv_define() - by the owner, whose authorisation must be empty */
int cordon_tpm_nv_define(struct cordon_tpm *tpm, const struct tpm_nv *nv,
			 struct cordon_failure *failure);
int cordon_tpm_nv_undefine(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure);
int cordon_tpm_nv_increment(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure);
int cordon_tpm_nv_read(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure,
		       uint64_t *ret_number);
/** cordon_tpm_nv_write() - a number, with what @session has proved */
int cordon_tpm_nv_write(struct cordon_tpm *tpm, uint32_t index, uint64_t number, uint32_t session,
			struct cordon_failure *failure);
/** cordon_tpm_guarded() - do the owner and the lockout hierarchy have authorisations? Without both
 *	whoever reaches the device may take any index away */
int cordon_tpm_guarded(struct cordon_tpm *tpm, struct cordon_failure *failure, bool *ret_owner,
		       bool *ret_lockout);

/** tpm_put_nv() - TPMS_NV_PUBLIC */
void tpm_put_nv(struct tpm_out *out, const struct tpm_nv *nv);
/** tpm_take_nv() - the same back. Return: 0; -EBADMSG; -EOPNOTSUPP: of another name algorithm */
int tpm_take_nv(struct tpm_in *in, struct tpm_nv *ret_nv);

/* tpm_policy.c */

int cordon_tpm_session(struct cordon_tpm *tpm, struct cordon_failure *failure,
		       uint32_t *ret_session);
int cordon_tpm_load_key(struct cordon_tpm *tpm, const struct sign_key *key,
			struct cordon_failure *failure, uint32_t *ret_key);
void cordon_tpm_flush(struct cordon_tpm *tpm, uint32_t handle);
/** cordon_tpm_policy_signed() - @signature: PKCS #1 v1.5, or DER of ECDSA, over
 *	expiration 0, @what and @reference; see cordon_anchor_text() */
int cordon_tpm_policy_signed(struct cordon_tpm *tpm, uint32_t session, const struct sign_key *key,
			     const uint8_t *what, const uint8_t *reference, struct der signature,
			     struct cordon_failure *failure);
int cordon_tpm_policy_or(struct cordon_tpm *tpm, uint32_t session,
			 const uint8_t (*digest)[TPM_DIGEST_SIZE], size_t nr,
			 struct cordon_failure *failure);
int cordon_tpm_policy_unwritten(struct cordon_tpm *tpm, uint32_t session,
				struct cordon_failure *failure);

/** tpm_put_public() - TPMT_PUBLIC of a key that only checks signatures */
void tpm_put_public(struct tpm_out *out, const struct sign_key *key);

/* tpm.c: for the two above */

/** tpm_begin() - header, and handles are to follow; tpm_call() fills in the size */
void tpm_begin(struct tpm_out *out, enum tpm_command command, bool authorised);
/** tpm_put_session() - the authorisation area, for one handle: a policy session, or with 0 an
 *	empty password */
void tpm_put_session(struct tpm_out *out, uint32_t session);

/**
 * tpm_call() - send a command, wait for the answer
 * @ret_handle: NULL: the answer has none
 * @ret_in: its parameters, in tpm->answer
 */
int tpm_call(struct cordon_tpm *tpm, struct tpm_out *out, struct cordon_failure *failure,
	     uint32_t *ret_handle, struct tpm_in *ret_in);

/** tpm_answer_read() - the same of bytes that came.  Return: -EAGAIN: it is to be asked again */
int tpm_answer_read(const uint8_t *bytes, size_t size, struct cordon_failure *failure,
		    uint32_t *ret_handle, struct tpm_in *ret_in);

#endif
