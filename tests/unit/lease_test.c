// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dead-man lease: begun, counted by seconds and by boots, renewed, lapsed,
 * and carried over a boot in which the kernel forgets its deadline.
 */
#include <kselftest_harness.h>

#include "latch.h"
#include "lease.h"

#define HOUR 3600ULL
#define SECOND 1000000000ULL
#define NOW (1000 * SECOND)

FIXTURE(lease)
{
	struct cordon_settings settings;
	struct cordon_latch_state state;
	struct cordon_control control;
};

FIXTURE_SETUP(lease)
{
	self->settings = (struct cordon_settings){ .lease_hours = 2,
						   .lease_boots = 3,
						   .lease_latch = CORDON_LATCH_EGRESS };
	self->state = (struct cordon_latch_state){ .boots = 1 };
	self->control = (struct cordon_control){ .generation = 1 };
}

FIXTURE_TEARDOWN(lease)
{
}

static bool follow(FIXTURE_DATA(lease) * self, uint64_t now)
{
	return cordon_lease_follow(&self->state, &self->settings, &self->control, now);
}

/* As cordon_latch_count_boot() does, which asks the machine. */
static void boot(struct __test_metadata *_metadata, FIXTURE_DATA(lease) * self)
{
	memset(self->state.boot_id, 0, sizeof(self->state.boot_id));
	EXPECT_TRUE(cordon_latch_count_boot(&self->state));
	self->control.lease_by = 0;
	self->control.lease_latch = 0;
}

TEST_F(lease, begins_with_the_policy)
{
	EXPECT_TRUE(follow(self, NOW));
	EXPECT_EQ(NOW + 2 * HOUR * SECOND, self->control.lease_by);
	EXPECT_EQ((uint32_t)CORDON_LATCH_EGRESS, self->control.lease_latch);
	EXPECT_EQ(3U, self->state.lease_boots);
	EXPECT_EQ((uint32_t)CORDON_LATCH_OPEN, self->state.level);
}

TEST_F(lease, is_no_reason_to_write_every_second)
{
	follow(self, NOW);
	EXPECT_FALSE(follow(self, NOW + 10 * SECOND));
	EXPECT_EQ(2 * HOUR, self->state.lease_seconds);
	EXPECT_TRUE(follow(self, NOW + 400 * SECOND));
	EXPECT_EQ(2 * HOUR - 400, self->state.lease_seconds);
}

TEST_F(lease, goes_on_after_a_boot)
{
	follow(self, NOW);
	follow(self, NOW + HOUR * SECOND);
	boot(_metadata, self);
	EXPECT_TRUE(follow(self, 5 * SECOND));
	EXPECT_EQ((5 + HOUR) * SECOND, self->control.lease_by);
	EXPECT_EQ(2U, self->state.lease_boots);
}

TEST_F(lease, waits_for_its_policy)
{
	follow(self, NOW);
	boot(_metadata, self);
	EXPECT_FALSE(cordon_lease_follow(&self->state, NULL, &self->control, NOW));
	EXPECT_EQ(2U, self->state.lease_boots);
	EXPECT_TRUE(self->state.flags & CORDON_LATCH_LEASED);
}

TEST_F(lease, lapses_by_seconds)
{
	follow(self, NOW);
	EXPECT_TRUE(follow(self, NOW + 2 * HOUR * SECOND));
	EXPECT_EQ((uint32_t)CORDON_LATCH_EGRESS, self->state.level);
	EXPECT_TRUE(self->state.flags & CORDON_LATCH_LAPSED);
	EXPECT_GT(NOW + 2 * HOUR * SECOND + 1, self->control.lease_by);
}

TEST_F(lease, lapses_by_boots)
{
	follow(self, NOW);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ((uint32_t)CORDON_LATCH_OPEN, self->state.level);
		boot(_metadata, self);
		follow(self, NOW);
	}
	EXPECT_EQ((uint32_t)CORDON_LATCH_EGRESS, self->state.level);
	EXPECT_EQ(1U, self->control.lease_by);
}

TEST_F(lease, loosens_nothing)
{
	self->state.level = CORDON_LATCH_LOCKDOWN;
	follow(self, NOW);
	follow(self, NOW + 3 * HOUR * SECOND);
	EXPECT_EQ((uint32_t)CORDON_LATCH_LOCKDOWN, self->state.level);
}

TEST_F(lease, stays_lapsed_until_it_is_renewed)
{
	follow(self, NOW);
	follow(self, NOW + 3 * HOUR * SECOND);
	boot(_metadata, self);
	follow(self, NOW);
	EXPECT_EQ(1U, self->control.lease_by);
	cordon_lease_renew(&self->state, &self->settings, &self->control, 0, 0);
	follow(self, NOW);
	EXPECT_EQ(NOW + 2 * HOUR * SECOND, self->control.lease_by);
	EXPECT_EQ((uint32_t)CORDON_LATCH_EGRESS, self->state.level);
}

TEST_F(lease, lasts_as_long_as_the_order_says)
{
	follow(self, NOW);
	cordon_lease_renew(&self->state, &self->settings, &self->control, 1, 0);
	follow(self, NOW);
	EXPECT_EQ(NOW + HOUR * SECOND, self->control.lease_by);
	EXPECT_EQ(3U, self->state.lease_boots);
	cordon_lease_renew(&self->state, &self->settings, &self->control, 876000, 9);
	follow(self, NOW);
	EXPECT_EQ(NOW + 2 * HOUR * SECOND, self->control.lease_by);
	EXPECT_EQ(3U, self->state.lease_boots);
}

TEST_F(lease, follows_a_tighter_policy)
{
	follow(self, NOW);
	self->settings.lease_hours = self->settings.lease_boots = 1;
	self->settings.lease_latch = CORDON_LATCH_ISOLATE;
	EXPECT_TRUE(follow(self, NOW));
	EXPECT_EQ(NOW + HOUR * SECOND, self->control.lease_by);
	EXPECT_EQ((uint32_t)CORDON_LATCH_ISOLATE, self->control.lease_latch);
	EXPECT_EQ(1U, self->state.lease_boots);
	EXPECT_EQ(HOUR, self->state.lease_seconds);
}

TEST_F(lease, counts_only_what_the_policy_in_force_counts)
{
	follow(self, NOW);
	self->settings.lease_hours = 0;
	EXPECT_TRUE(follow(self, NOW));
	EXPECT_EQ(0U, self->control.lease_by);
	EXPECT_EQ(0U, self->state.lease_seconds);
	EXPECT_EQ(3U, self->state.lease_boots);
	EXPECT_FALSE(follow(self, NOW + 99 * HOUR * SECOND));
	self->settings.lease_hours = 2;
	self->settings.lease_boots = 0;
	EXPECT_TRUE(follow(self, NOW));
	EXPECT_EQ(NOW + 2 * HOUR * SECOND, self->control.lease_by);
	EXPECT_EQ(0U, self->state.lease_boots);
	for (int i = 0; i < 5; i++) {
		boot(_metadata, self);
		follow(self, NOW);
	}
	EXPECT_EQ((uint32_t)CORDON_LATCH_OPEN, self->state.level);
}

TEST_F(lease, lapses_by_boots_without_a_policy)
{
	follow(self, NOW);
	for (int i = 0; i < 3; i++)
		boot(_metadata, self);
	EXPECT_EQ((uint32_t)CORDON_LATCH_EGRESS, self->state.level);
}

TEST_F(lease, ends_with_a_policy_that_has_none)
{
	follow(self, NOW);
	self->settings.lease_hours = self->settings.lease_boots = 0;
	EXPECT_TRUE(follow(self, NOW));
	EXPECT_EQ(0U, self->control.lease_by);
	EXPECT_FALSE(self->state.flags & (CORDON_LATCH_LEASED | CORDON_LATCH_LAPSED));
	EXPECT_FALSE(follow(self, NOW));
}

TEST_F(lease, of_boots_only_has_no_deadline)
{
	self->settings.lease_hours = 0;
	follow(self, NOW);
	EXPECT_EQ(0U, self->control.lease_by);
	EXPECT_EQ(3U, self->state.lease_boots);
	EXPECT_FALSE(follow(self, NOW + 99 * HOUR * SECOND));
	EXPECT_EQ((uint32_t)CORDON_LATCH_OPEN, self->state.level);
}

TEST_HARNESS_MAIN
