// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy parser when memory runs out at any of its allocations: it says
 * so, and keeps nothing.  malloc() and its kin are ours in this program.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"

#include "kselftest_harness.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

/* Allocations until the one that fails, 0: none does; and those not yet freed. */
static long countdown;
static long live;

static bool fails(void)
{
	return countdown && !--countdown;
}

void *malloc(size_t size)
{
	void *memory = fails() ? NULL : __libc_malloc(size);

	live += memory != NULL;
	return memory;
}

void *calloc(size_t count, size_t size)
{
	void *memory = fails() ? NULL : __libc_calloc(count, size);

	live += memory != NULL;
	return memory;
}

void *realloc(void *old, size_t size)
{
	void *memory = fails() ? NULL : __libc_realloc(old, size);

	live += memory && !old;
	return memory;
}

void free(void *memory)
{
	live -= memory != NULL;
	__libc_free(memory);
}

struct result {
	int error;
	bool failed; /* an allocation did */
	size_t errors;
	long leaked;
};

static struct result parse(const char *path, long failing)
{
	struct cordon_policy *policy = NULL;
	struct cordon_diag diag = { 0 };
	struct result result;
	long before = live;

	countdown = failing;
	result.error = cordon_policy_parse_file(path, &diag, &policy);
	result.failed = failing && !countdown;
	countdown = 0;
	result.errors = diag.errors;
	cordon_policy_free(policy);
	cordon_diag_clear(&diag);
	result.leaked = live - before;
	return result;
}

/* Also without memory for what is told: it is counted then, and the parse goes on. */
static bool is_fair(const struct result *result, int expected)
{
	if (result->error == -ENOMEM)
		return result->failed;
	return result->error == expected;
}

static void check_file(struct __test_metadata *_metadata, const char *path, int expected,
		       long least)
{
	struct result result = { .failed = true };
	long failing = 1;

	for (; result.failed; failing++) {
		result = parse(path, failing);
		ASSERT_TRUE(is_fair(&result, expected))
		{
			TH_LOG("%s: allocation %ld failed: %d", path, failing, result.error);
		}
		ASSERT_EQ(0, result.leaked)
		{
			TH_LOG("%s: allocation %ld failed", path, failing);
		}
	}
	EXPECT_LT(least, failing);
}

TEST(good_policy)
{
	check_file(_metadata, "tests/policy/good/everything.yaml", 0, 50);
}

TEST(shadowed_rules)
{
	check_file(_metadata, "tests/policy/bad/shadowed-union.yaml", -EINVAL, 50);
}

TEST(bad_lines)
{
	check_file(_metadata, "tests/policy/bad/file-lines.yaml", -EINVAL, 30);
}

TEST(prefixes_in_two_zones)
{
	check_file(_metadata, "tests/policy/bad/prefix-two-zones.yaml", -EINVAL, 30);
}

TEST(duplicate_key)
{
	check_file(_metadata, "tests/policy/bad/duplicate-key.yaml", -EINVAL, 20);
}

TEST_HARNESS_MAIN
