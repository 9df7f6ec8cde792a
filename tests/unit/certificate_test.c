// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When a certificate ends, and when that is told: whatever its bytes, and
 * whatever somebody does to the clock. Needs no root.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "certificate_state.h"
#include "sign_validity.h"

#define DAY (24LL * 60 * 60)
#define SECOND 1000000000LL

/* Lengths that are all below 128. */
struct bytes {
	uint8_t at[128];
	size_t size;
};

static struct bytes wrap(uint8_t tag, const void *content, size_t size)
{
	struct bytes bytes = { .at = { tag, (uint8_t)size }, .size = size + 2 };

	memcpy(bytes.at + 2, content, size);
	return bytes;
}

static void add(struct bytes *to, struct bytes what)
{
	memcpy(to->at + to->size, what.at, what.size);
	to->size += what.size;
}

static struct bytes wrap_all(uint8_t tag, struct bytes content)
{
	return wrap(tag, content.at, content.size);
}

static struct bytes name_of(const char *name)
{
	struct bytes pair = { .at = { 0x06, 3, 0x55, 0x04, 0x03 }, .size = 5 };

	add(&pair, wrap(0x0c, name, strlen(name)));
	return wrap_all(0x30, wrap_all(0x31, wrap_all(0x30, pair)));
}

static struct bytes time_of(const char *text)
{
	return wrap(strlen(text) == 13 ? 0x17 : 0x18, text, strlen(text));
}

/* As much of one as is read. */
static struct bytes make(const char *not_before, const char *not_after)
{
	struct bytes fields = { .at = { 0xa0, 3, 0x02, 1, 2, 0x02, 1, 9, 0x30, 0 }, .size = 10 };
	struct bytes times = time_of(not_before);

	add(&times, time_of(not_after));
	add(&fields, name_of("ca"));
	add(&fields, wrap_all(0x30, times));
	add(&fields, name_of("me"));
	return wrap_all(0x30, wrap_all(0x30, fields));
}

static int read_bytes(struct bytes bytes, struct cordon_validity *validity)
{
	struct cordon_failure failure = { .text = "" };

	return cordon_validity_read((const char *)bytes.at, bytes.size, &failure, validity);
}

TEST(times_of_a_certificate)
{
	struct cordon_validity validity;

	ASSERT_EQ(0, read_bytes(make("700101000001Z", "20500101000000Z"), &validity));
	EXPECT_EQ(1, validity.not_before);
	EXPECT_EQ(2524608000, validity.not_after);
	EXPECT_EQ(1, validity.certificates);
	EXPECT_STREQ("me", validity.subject);
	EXPECT_STREQ("ca", validity.issuer);
	ASSERT_EQ(0, read_bytes(make("491231235959Z", "99991231235959Z"), &validity));
	EXPECT_EQ(2524607999, validity.not_before);
	EXPECT_EQ(253402300799, validity.not_after);
	ASSERT_EQ(0, read_bytes(make("500101000000Z", "00000101000000Z"), &validity));
	EXPECT_GT(0, validity.not_before);
	EXPECT_GT(validity.not_before, validity.not_after);
}

TEST(times_that_are_none)
{
	static const char *const times[] = {
		"261301000000Z", "260001000000Z", "260100000000Z",   "260132000000Z",
		"260101240000Z", "260101006000Z", "260101000060Z",   "26010100000aZ",
		"2601010000000", "26010100000Z",  "2601010000Z",     "260101000000+",
		"-60101000000Z", "2026010100000", "20260101000000z",
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct cordon_validity validity;

		EXPECT_EQ(-EINVAL, read_bytes(make("260101000000Z", times[i]), &validity))
		TH_LOG("%s", times[i]);
	}
}

TEST(damaged_certificates)
{
	const struct bytes whole = make("260101000000Z", "270101000000Z");
	struct cordon_validity validity;

	for (size_t size = 0; size < whole.size; size++) {
		struct bytes cut = whole;

		cut.size = size;
		EXPECT_EQ(-EINVAL, read_bytes(cut, &validity));
	}
	/* Whatever is flipped: it ends. */
	for (size_t bit = 0; bit < 8 * whole.size; bit++) {
		struct bytes flipped = whole;

		flipped.at[bit / 8] ^= 1 << bit % 8;
		read_bytes(flipped, &validity);
	}
}

TEST(texts_without_a_certificate)
{
	static const char *const texts[] = {
		"",
		"\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cordon_failure failure = { .text = "" };
		struct cordon_validity validity;

		EXPECT_EQ(-EINVAL,
			  cordon_validity_read(texts[i], strlen(texts[i]), &failure, &validity))
		TH_LOG("%zu", i);
		EXPECT_NE('\0', failure.text[0]);
	}
}

/* ---- states ------------------------------------------------------------------------------- */

static enum cordon_certificate_state state_at(int64_t not_before, int64_t not_after, int64_t now)
{
	const struct cordon_validity validity = { .not_before = not_before,
						  .not_after = not_after };

	return cordon_certificate_state(&validity, now);
}

TEST(states)
{
	EXPECT_EQ(CORDON_CERTIFICATE_NOT_YET, state_at(1000, 1000 + 365 * DAY, 999));
	EXPECT_EQ(CORDON_CERTIFICATE_VALID, state_at(1000, 1000 + 365 * DAY, 1000));
	EXPECT_EQ(CORDON_CERTIFICATE_VALID, state_at(0, 365 * DAY, 335 * DAY));
	EXPECT_EQ(CORDON_CERTIFICATE_ENDS_SOON, state_at(0, 365 * DAY, 335 * DAY + 1));
	EXPECT_EQ(CORDON_CERTIFICATE_ENDS_SOON, state_at(0, 365 * DAY, 365 * DAY));
	EXPECT_EQ(CORDON_CERTIFICATE_ENDED, state_at(0, 365 * DAY, 365 * DAY + 1));
	/* One that is made for three days is not about to end all the time. */
	EXPECT_EQ(CORDON_CERTIFICATE_VALID, state_at(0, 3 * DAY, 2 * DAY));
	EXPECT_EQ(CORDON_CERTIFICATE_ENDS_SOON, state_at(0, 3 * DAY, 2 * DAY + 1));
	EXPECT_EQ(CORDON_CERTIFICATE_ENDED, state_at(10, 5, 7));
	EXPECT_EQ(CORDON_CERTIFICATE_VALID, state_at(INT64_MIN / 2, INT64_MAX / 2, 0));
}

TEST(each_state_is_told_once)
{
	struct cordon_certificate_told told = { .states = 0 };

	EXPECT_FALSE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_VALID));
	EXPECT_FALSE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_VALID));
	EXPECT_TRUE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_ENDS_SOON));
	for (int i = 0; i < 30; i++)
		EXPECT_FALSE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_ENDS_SOON));
	EXPECT_TRUE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_ENDED));
	/* The clock is set back, and forth, and back. */
	EXPECT_TRUE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_VALID));
	EXPECT_FALSE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_ENDED));
	EXPECT_FALSE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_VALID));
}

TEST(one_that_comes_in_place_of_another_is_told)
{
	struct cordon_certificate_told told = { .replaced = true };

	EXPECT_TRUE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_VALID));
	EXPECT_FALSE(cordon_certificate_is_news(&told, CORDON_CERTIFICATE_VALID));
}

TEST(a_clock_that_is_set_says_nothing_for_a_while)
{
	struct cordon_steady steady = { .looked = false };
	int64_t boot = 100 * SECOND, wall = 0;

	EXPECT_FALSE(cordon_is_steady(&steady, boot, wall));
	EXPECT_FALSE(cordon_is_steady(&steady, boot + 10 * SECOND, wall + 10 * SECOND));
	/* Another year, at last. */
	wall += 50 * 365 * DAY * SECOND;
	EXPECT_FALSE(cordon_is_steady(&steady, boot + 30 * SECOND, wall + 30 * SECOND));
	EXPECT_FALSE(cordon_is_steady(&steady, boot + 50 * SECOND, wall + 50 * SECOND));
	EXPECT_TRUE(cordon_is_steady(&steady, boot + 60 * SECOND, wall + 60 * SECOND));
	/* Slewed by half a second. */
	EXPECT_TRUE(cordon_is_steady(&steady, boot + 70 * SECOND, wall + 70 * SECOND + SECOND / 2));
	EXPECT_FALSE(cordon_is_steady(&steady, boot + 80 * SECOND, wall));
}

TEST_HARNESS_MAIN
