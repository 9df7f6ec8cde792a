// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names: found again in their scope, and the one that was probably meant.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/names.h"

#include "kselftest_harness.h"

TEST(add_and_find)
{
	static char texts[5000][8];
	struct cordon_names names = { 0 };
	size_t value = 77;

	EXPECT_FALSE(cordon_names_find(&names, 0, "a", &value));
	for (size_t i = 0; i < 5000; i++) {
		snprintf(texts[i], sizeof(texts[i]), "n%zu", i / 2);
		ASSERT_EQ(0, cordon_names_add(&names, i % 2, texts[i], i, &value));
	}
	for (size_t i = 0; i < 5000; i++) {
		ASSERT_EQ(-EEXIST, cordon_names_add(&names, i % 2, texts[i], 0, &value));
		ASSERT_EQ(i, value);
		ASSERT_TRUE(cordon_names_find(&names, i % 2, texts[i], &value));
		ASSERT_EQ(i, value);
	}
	EXPECT_FALSE(cordon_names_find(&names, 2, "n0", &value));
	EXPECT_FALSE(cordon_names_find(&names, 0, "n2500", &value));
	EXPECT_EQ(4999, value);
	cordon_names_clear(&names);
	EXPECT_FALSE(cordon_names_find(&names, 0, "n0", &value));
}

struct row {
	const char *wanted;
	const char *best; /* of the names below; NULL: none is near */
};

static const char *const offered[] = { "on",	"off",	     "tc",	 "xdp",	 "zones",
				       "rules", "addresses", "services", "audit" };

static const struct row nearest_rows[] = {
	{ "zonse", "zones" },
	{ "zone", "zones" },
	{ "zoness", "zones" },
	{ "adresses", "addresses" },
	{ "addreses", "addresses" },
	{ "servcie", "services" },
	{ "service", "services" },
	{ "xpd", "xdp" },
	{ "adit", "audit" },
	{ "no", NULL },
	{ "", NULL },
	{ "a", NULL },
	{ "banana", NULL },
	{ "rules", "rules" },
	{ "of", NULL },
	{ "offf", "off" },
	{ "zones-zones-zones-zones-zones-zones-zones-zones-zones-zones", NULL },
};

TEST(nearest)
{
	for (size_t i = 0; i < sizeof(nearest_rows) / sizeof(nearest_rows[0]); i++) {
		struct cordon_nearest nearest = { .wanted = nearest_rows[i].wanted };

		for (size_t j = 0; j < sizeof(offered) / sizeof(offered[0]); j++)
			cordon_nearest_offer(&nearest, offered[j]);
		EXPECT_STREQ(nearest_rows[i].best ? nearest_rows[i].best : "(none)",
			     nearest.best ? nearest.best : "(none)")
		{
			TH_LOG("'%s'", nearest_rows[i].wanted);
		}
	}
}

TEST_HARNESS_MAIN
