// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether an order is to be obeyed: for whom it is, whether it was taken before, and what may be
 * finished that was cut short; and how it is told of, where there is little room.
 */
#include <kselftest_harness.h>

#include <stdio.h>
#include <string.h>

#include "warrant.h"

FIXTURE(warrant)
{
	struct cordon_warrant warrant;
	struct cordon_latch_state state;
	struct cordon_failure why;
};

FIXTURE_SETUP(warrant)
{
	memset(&self->warrant, 0, sizeof(self->warrant));
	memset(&self->state, 0, sizeof(self->state));
	self->warrant.order = (struct cordon_order){
		.action = CORDON_ACTION_RELEASE,
		.nodes = "store-0042 store-0043",
		.issuer = "tests",
		.counter = 20,
	};
	self->warrant.message.digest[0] = 20;
	self->state.boots = 3;
	self->state.level = CORDON_LATCH_ISOLATE;
	self->state.since = (struct cordon_latch_moment){ .boot = 3, .monotonic = 5 };
}

FIXTURE_TEARDOWN(warrant)
{
}

static enum cordon_refusal judge(FIXTURE_DATA(warrant) * self)
{
	self->why.text[0] = '\0';
	return cordon_warrant_is_new(&self->warrant, &self->state, &self->why);
}

TEST_F(warrant, counts_once)
{
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
	cordon_warrant_take(&self->warrant, &self->state);
	cordon_warrant_finish(&self->warrant, &self->state);
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
	EXPECT_STREQ("the order was carried out already", self->why.text);
	self->warrant.message.digest[0] = 21;
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
	self->warrant.order.counter = 21;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
}

TEST_F(warrant, cut_short_is_finished)
{
	cordon_warrant_take(&self->warrant, &self->state);
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
	self->warrant.message.digest[0] = 21;
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
}

TEST_F(warrant, cut_short_does_not_open_what_was_sealed_later)
{
	cordon_warrant_take(&self->warrant, &self->state);
	self->state.since.monotonic++;
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
	EXPECT_STREQ("the node was sealed again since it took this order: another is needed",
		     self->why.text);
	self->warrant.order.counter++;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
	cordon_warrant_take(&self->warrant, &self->state);
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
}

TEST_F(warrant, detach_opens_as_a_release_does)
{
	self->warrant.order.action = CORDON_ACTION_DETACH;
	cordon_warrant_take(&self->warrant, &self->state);
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
	self->state.since.monotonic++;
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
	/* Opened, and cut short before it was detached. */
	self->state.release_since = self->state.since;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
}

TEST_F(warrant, revoking_goes_on_whatever_its_role_takes_since)
{
	const struct cordon_latch_role *role = &self->state.role[CORDON_ROLE_SEAL];

	self->warrant.order.action = CORDON_ACTION_REVOKE;
	cordon_warrant_take(&self->warrant, &self->state);
	/* A seal with a higher counter. */
	self->warrant.order.action = CORDON_ACTION_SEAL;
	self->warrant.order.counter = 30;
	self->warrant.message.digest[0] = 30;
	cordon_warrant_take(&self->warrant, &self->state);
	cordon_warrant_finish(&self->warrant, &self->state);
	self->warrant.order.action = CORDON_ACTION_REVOKE;
	self->warrant.order.counter = 20;
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
	self->warrant.message.digest[0] = 20;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
	cordon_warrant_take(&self->warrant, &self->state);
	EXPECT_EQ(30, role->counter);
	cordon_warrant_finish(&self->warrant, &self->state);
	EXPECT_EQ(30, role->counter);
	EXPECT_EQ(CORDON_REFUSAL_REPLAYED, judge(self));
}

TEST_F(warrant, of_another_kind_is_finished_whatever_was_sealed)
{
	self->warrant.order.action = CORDON_ACTION_POLICY;
	cordon_warrant_take(&self->warrant, &self->state);
	self->state.since.monotonic++;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
}

TEST_F(warrant, lost_counters_need_the_challenge)
{
	self->state.challenge[0] = 7;
	EXPECT_EQ(CORDON_REFUSAL_CHALLENGE, judge(self));
	self->warrant.order.has_challenge = true;
	EXPECT_EQ(CORDON_REFUSAL_CHALLENGE, judge(self));
	self->warrant.order.challenge[0] = 7;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
	self->state.role[CORDON_ROLE_RELEASE].counter = CORDON_LATCH_COUNTER_UNKNOWN;
	self->warrant.order.has_challenge = false;
	memset(self->state.challenge, 0, sizeof(self->state.challenge));
	EXPECT_EQ(CORDON_REFUSAL_CHALLENGE, judge(self));
	self->warrant.order.action = CORDON_ACTION_SEAL;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
}

TEST_F(warrant, waits_for_its_boot)
{
	self->warrant.order.not_before_boot = 4;
	EXPECT_EQ(CORDON_REFUSAL_TOO_EARLY, judge(self));
	self->state.boots = 4;
	EXPECT_EQ(CORDON_REFUSAL_NONE, judge(self));
}

TEST_F(warrant, is_for_whom_it_names)
{
	static const struct {
		const char *nodes, *fleets, *node, *in;
		bool meant;
	} rows[] = {
		{ "store-0042 store-0043", "", "store-0043", "", true },
		{ "store-0042", "", "store-004", "", false },
		{ "store-0042", "", "", "", false },
		{ "store-0042", "", "", "store-0042", false },
		{ "", "shops kiosks", "shops", "", false },
		{ "", "shops kiosks", "a", "banks kiosks", true },
		{ "", "shops", "a", "", false },
		{ "", "shops", "a", "shop shopss", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cordon_self node = { .node = "" };
		enum cordon_refusal refusal;

		snprintf(self->warrant.order.nodes, 64, "%s", rows[i].nodes);
		snprintf(self->warrant.order.fleets, 64, "%s", rows[i].fleets);
		snprintf(node.node, sizeof(node.node), "%s", rows[i].node);
		snprintf(node.fleets, sizeof(node.fleets), "%s", rows[i].in);
		refusal = cordon_warrant_names(&self->warrant.order, &node, &self->why);
		EXPECT_EQ(rows[i].meant ? CORDON_REFUSAL_NONE : CORDON_REFUSAL_OTHER_NODE, refusal)
		{
			TH_LOG("row %zu", i);
		}
	}
}

static const char *describe(FIXTURE_DATA(warrant) * self, size_t nr, const char *name)
{
	static char text[CORDON_WARRANT_TEXT_MIN];

	self->warrant.message.nr_signers = nr;
	for (size_t i = 0; i < nr; i++)
		snprintf(self->warrant.message.signer[i].subject, 64, "%s", name);
	cordon_warrant_describe(&self->warrant, sizeof(text), text);
	return text;
}

#define SIXTY "123456789 123456789 123456789 123456789 123456789 123456789 "

TEST_F(warrant, is_told_and_cut_so_that_it_is_seen)
{
	EXPECT_STREQ("order 20 of tests, signed by ada", describe(self, 1, "ada"));
	EXPECT_STREQ("order 20 of tests, signed by ada, ada", describe(self, 2, "ada"));
	EXPECT_STREQ("order 20 of tests, signed by ada, ada, ada, ada, ada, ada, ada, ada, ada, "
		     "ada, ada +5 more",
		     describe(self, 16, "ada"));
	EXPECT_STREQ("order 20 of tests, signed by " SIXTY, describe(self, 1, SIXTY));
	EXPECT_STREQ("order 20 of tests...", describe(self, 2, SIXTY));
	self->warrant.order.counter = INT64_MAX;
	snprintf(self->warrant.order.issuer, sizeof(self->warrant.order.issuer), SIXTY "abc");
	EXPECT_STREQ("order 9223372036854775807 of " SIXTY "abc...", describe(self, 16, SIXTY));
}

TEST_HARNESS_MAIN
