// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a TPM answers, as it was recorded from swtpm 0.7.1 and with each byte of it missing or
 * wrong; and policies against digests that Python's hashlib made by the words of the TPM 2.0
 * Library, Part 3.
 */
#include <errno.h>
#include <string.h>

#include "anchor_rule.h"
#include "sign_certificate.h"
#include "sign_digest.h"
#include "sign_radix.h"
#include "util/hex.h"

#include "kselftest_harness.h"

#define NODE "store-0042"

/* ---- answers --------------------------------------------------------------------------- */

/* TPM2_GetCapability, TPM_PT_PERMANENT */
#define CAPABILITY "80010000001b000000000100000006000000010000020000000400"
/* With an authorisation area: TPM2_NV_Read of a counter */
#define NUMBER                                                                                     \
	"8002000000"                                                                               \
	"1d"                                                                                       \
	"00000000"                                                                                 \
	"0000000a"                                                                                 \
	"00080000000000000011"                                                                     \
	"0000010000"

static size_t bytes_of(const char *digits, uint8_t *bytes)
{
	const size_t size = strlen(digits) / 2;

	return cordon_hex_read(digits, bytes, size) ? 0 : size;
}

TEST(answer_plain)
{
	struct cordon_failure failure = { .text = "" };
	uint8_t bytes[64];
	const size_t size = bytes_of(CAPABILITY, bytes);
	struct tpm_in in;

	ASSERT_EQ(27, size);
	ASSERT_EQ(0, tpm_answer_read(bytes, size, &failure, NULL, &in));
	EXPECT_EQ(17, in.size);
	EXPECT_EQ(1, tpm_take(&in, 1)[0]);
	EXPECT_EQ(6, tpm_take_u32(&in));
	EXPECT_EQ(1, tpm_take_u32(&in));
	EXPECT_EQ(0x200, tpm_take_u32(&in));
	EXPECT_EQ(0x400, tpm_take_u32(&in));
	EXPECT_FALSE(in.bad);
	EXPECT_EQ(0, tpm_take_u32(&in));
	EXPECT_TRUE(in.bad);
}

TEST(answer_authorised)
{
	struct cordon_failure failure = { .text = "" };
	uint8_t bytes[64];
	const size_t size = bytes_of(NUMBER, bytes);
	struct tpm_in in, data;

	ASSERT_EQ(29, size);
	ASSERT_EQ(0, tpm_answer_read(bytes, size, &failure, NULL, &in));
	EXPECT_EQ(10, in.size);
	data = tpm_take_sized(&in);
	EXPECT_EQ(17, tpm_take_number(&data, 8));
	EXPECT_EQ(0, data.size);
	/* More parameters than there are. */
	bytes[13] = 11;
	EXPECT_EQ(-EBADMSG, tpm_answer_read(bytes, size, &failure, NULL, &in));
	bytes[10] = 0xff;
	EXPECT_EQ(-EBADMSG, tpm_answer_read(bytes, size, &failure, NULL, &in));
}

TEST(answer_cut_short)
{
	struct cordon_failure failure = { .text = "" };
	uint8_t bytes[64];
	const size_t size = bytes_of(NUMBER, bytes);
	struct tpm_in in;

	for (size_t i = 0; i < size; i++) {
		EXPECT_EQ(-EBADMSG, tpm_answer_read(bytes, i, &failure, NULL, &in));
		/* And says that it is as short as that. */
		bytes[5] = (uint8_t)i;
		EXPECT_EQ(-EBADMSG, tpm_answer_read(bytes, i, &failure, NULL, &in));
		bytes[5] = (uint8_t)size;
	}
	bytes[0] = 0;
	EXPECT_EQ(-EBADMSG, tpm_answer_read(bytes, size, &failure, NULL, &in));
}

TEST(answer_codes)
{
	static const struct {
		const char *digits;
		int error;
	} rows[] = {
		{ "80010000000a0000018b", -ENOENT },	   /* of a handle, the first */
		{ "80010000000a0000028b", -ENOENT },	   /* the second */
		{ "80010000000a000002db", -EKEYREJECTED }, /* of a parameter */
		{ "80010000000a000009a2", -EACCES },	   /* of a session */
		{ "80010000000a0000099d", -EPERM },	   { "80010000000a0000014a", -ENODATA },
		{ "80010000000a0000014b", -ENOSPC },	   { "80010000000a00000149", -EPERM },
		{ "80010000000a00000922", -EAGAIN },	   { "80010000000a00000123", -EIO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_failure failure = { .text = "" };
		uint8_t bytes[16];
		struct tpm_in in;
		const size_t size = bytes_of(rows[i].digits, bytes);

		EXPECT_EQ(rows[i].error, tpm_answer_read(bytes, size, &failure, NULL, &in))
		{
			TH_LOG("%s: %s", rows[i].digits, failure.text);
		}
		EXPECT_NE('\0', failure.text[0]);
	}
}

TEST(index_reads_back)
{
	struct tpm_nv nv = { .index = CORDON_ANCHOR_RELEASED,
			     .attributes = 0x22040008,
			     .policy_size = TPM_DIGEST_SIZE,
			     .size = 8 };
	struct tpm_out out = { .size = 0 };
	struct tpm_nv back;
	struct tpm_in in;

	memset(nv.policy, 0x5a, sizeof(nv.policy));
	tpm_put_nv(&out, &nv);
	in = (struct tpm_in){ out.bytes, out.size, false };
	ASSERT_EQ(0, tpm_take_nv(&in, &back));
	EXPECT_EQ(0, memcmp(&nv, &back, sizeof(nv)));
	EXPECT_EQ(0, in.size);
	in = (struct tpm_in){ out.bytes, out.size - 1, false };
	EXPECT_EQ(-EBADMSG, tpm_take_nv(&in, &back));
	/* A policy of another size, as of SHA-384. */
	out.bytes[11]++;
	tpm_put_u8(&out, 0);
	in = (struct tpm_in){ out.bytes, out.size, false };
	EXPECT_EQ(-EOPNOTSUPP, tpm_take_nv(&in, &back));
	out.bytes[5]++;
	in = (struct tpm_in){ out.bytes, out.size, false };
	EXPECT_EQ(-EOPNOTSUPP, tpm_take_nv(&in, &back));
}

TEST(what_has_no_room)
{
	struct tpm_out out = { .size = 0 };
	const uint8_t bytes[TPM_OUT_MAX] = { 0 };

	tpm_put(&out, bytes, sizeof(bytes));
	EXPECT_FALSE(out.over);
	tpm_put_u8(&out, 1);
	EXPECT_TRUE(out.over);
	EXPECT_EQ(TPM_OUT_MAX, out.size);
}

/* ---- rules ----------------------------------------------------------------------------- */

struct keys {
	uint8_t point[80][64];
	struct cordon_certificate certificate[80];
	struct cordon_trust trust;
};

/* In the order of their digests already. */
static void make_keys(struct keys *keys, size_t nr, unsigned int threshold)
{
	memset(keys, 0, sizeof(*keys));
	for (size_t i = 0; i < nr; i++) {
		struct cordon_certificate *certificate = &keys->certificate[i];

		memset(keys->point[i], (int)i + 1, 32);
		memset(keys->point[i] + 32, (int)i + 101, 32);
		certificate->key = (struct sign_key){ .kind = SIGN_P256,
						      .x = { keys->point[i], 32 },
						      .y = { keys->point[i] + 32, 32 } };
		memset(certificate->key_digest, (int)i + 1, sizeof(certificate->key_digest));
		certificate->roles = 1U << CORDON_ROLE_RELEASE;
	}
	keys->trust.certificate = keys->certificate;
	keys->trust.nr_certificates = nr;
	keys->trust.threshold[CORDON_ROLE_RELEASE] = threshold;
}

TEST(rules_by_another_hand)
{
	static const struct {
		size_t keys;
		unsigned int threshold;
		const char *policy;
		const char *text; /* SHA-256 of what is signed for seal 17 */
	} rows[] = {
		{ 1, 1, "d4fc1be2e6852ae776bc7e344fffcff895e3b27e5c23e2cbd82d1d65dffbb0d5",
		  "0eb8b883692e7a5a00938ca9d1bdf9b3212b6aa19775be05db5fe80a860cddca" },
		{ 3, 2, "e910bf3a06c8c83be1dfc1c63b77d9ffcabd945b8ed5a73ee19f1c2c8ad9863d",
		  "8e5098c2ff4fa1c5f70a95b43f4f31b74591ab902d73ffc3cfd207120d84ad37" },
		/* Nine branches: a list of one. */
		{ 8, 1, "cb4fa0cbf5e37cd0feb381abe348b448857e71c65d27a5b8100cfb659ffccc70",
		  "97ff50de69300046fd4fb9aed116d7f87e3aab8e2e8fe5373f6f0f5d03587928" },
		{ 10, 1, "3fe7f16370f940d1b1b8f99c665eb679c446980d4dddf4ebba94ea5b0b7c8ef5",
		  "19cda3aec40acebf40d067e341fba786689d5286bbeb01ef5b693ad79a11e93a" },
		{ 7, 3, "26b10adc72417dd89c79ad30c1c3328bbaae6d77eda338462bddc70e636707bf",
		  "8c9de2dec83e40010c2b7b0d536a2047269a7ff4856f5e0fe9b5614042508d06" },
	};
	static struct cordon_anchor_rule rule;
	static struct keys keys;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_failure failure = { .text = "" };
		uint8_t text[CORDON_ANCHOR_TEXT_SIZE], digest[32];
		char digits[65];

		make_keys(&keys, rows[i].keys, rows[i].threshold);
		ASSERT_EQ(0, cordon_anchor_rule_make(&keys.trust, NODE, &failure, &rule));
		cordon_hex_format(rule.policy, sizeof(rule.policy), digits);
		EXPECT_STREQ(rows[i].policy, digits);
		cordon_anchor_text(&rule, 17, &text);
		cordon_sign_digest(text, sizeof(text), &digest);
		cordon_hex_format(digest, sizeof(digest), digits);
		EXPECT_STREQ(rows[i].text, digits);
	}
}

TEST(rules_that_are_none)
{
	static const struct {
		size_t keys;
		unsigned int threshold;
		const char *node;
		int error;
	} rows[] = {
		{ 0, 1, NODE, -ENOKEY }, { 1, 2, NODE, -ENOKEY },  { 3, 0, NODE, -ENOKEY },
		{ 3, 2, "", -ENOENT },	 { 9, 4, NODE, -E2BIG },   { 64, 1, NODE, -E2BIG },
		{ 63, 1, NODE, 0 },	 { 63, 63, NODE, -E2BIG }, { 8, 4, NODE, -E2BIG },
	};
	static struct cordon_anchor_rule rule;
	static struct keys keys;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_failure failure = { .text = "" };

		make_keys(&keys, rows[i].keys, rows[i].threshold);
		EXPECT_EQ(rows[i].error,
			  cordon_anchor_rule_make(&keys.trust, rows[i].node, &failure, &rule))
		{
			TH_LOG("%zu keys, threshold %u", rows[i].keys, rows[i].threshold);
		}
	}
}

/* Two certificates of one key are one; who has another role is none. */
TEST(rules_of_keys)
{
	static struct cordon_anchor_rule rule, other;
	static struct keys keys;
	struct cordon_failure failure = { .text = "" };

	make_keys(&keys, 3, 2);
	ASSERT_EQ(0, cordon_anchor_rule_make(&keys.trust, NODE, &failure, &rule));
	make_keys(&keys, 5, 2);
	keys.certificate[3] = keys.certificate[1];
	keys.certificate[4].roles = 1U << CORDON_ROLE_SEAL;
	ASSERT_EQ(0, cordon_anchor_rule_make(&keys.trust, NODE, &failure, &other));
	EXPECT_EQ(0, memcmp(rule.policy, other.policy, sizeof(rule.policy)));
	ASSERT_EQ(0, cordon_anchor_rule_make(&keys.trust, "store-0043", &failure, &other));
	EXPECT_NE(0, memcmp(rule.policy, other.policy, sizeof(rule.policy)));
}

TEST(radix)
{
	uint8_t bytes[8];
	char text[16];
	size_t size;

	cordon_base64_write((const uint8_t *)"\xff\x00hi", 4, text);
	EXPECT_STREQ("/wBoaQ==", text);
	ASSERT_EQ(0, cordon_base64_read(text, strlen(text), 4, bytes, &size));
	EXPECT_EQ(4, size);
	EXPECT_EQ(0, memcmp(bytes, "\xff\x00hi", 4));
	EXPECT_EQ(-EINVAL, cordon_base64_read(text, strlen(text), 3, bytes, &size));
	EXPECT_EQ(-EINVAL, cordon_base64_read("/wBoaQ=", 7, 8, bytes, &size));
	EXPECT_EQ(-EINVAL, cordon_base64_read("/w!oaQ==", 8, 8, bytes, &size));
}

TEST_HARNESS_MAIN
