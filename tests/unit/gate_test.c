// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /etc/cordon/gate, read: what it says becomes the module's keep list, and what is wrong with it
 * is told with its line. Needs no root.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "gate_file.h"

FIXTURE(gate)
{
	struct cordon_failure failure;
	struct cordon_gate gate;
	char path[40];
};

FIXTURE_SETUP(gate)
{
	strcpy(self->path, "/tmp/cordon-gate.XXXXXX");
	close(mkstemp(self->path));
	memset(&self->failure, 0, sizeof(self->failure));
	memset(&self->gate, 0, sizeof(self->gate));
}

FIXTURE_TEARDOWN(gate)
{
	if (self->gate.keep)
		cordon_image_free(self->gate.keep);
	unlink(self->path);
}

static int read_text(struct __test_metadata *_metadata, FIXTURE_DATA(gate) * self, const char *text)
{
	FILE *file = fopen(self->path, "w");

	ASSERT_NE(NULL, file);
	fputs(text, file);
	fclose(file);
	return cordon_gate_read(self->path, &self->failure, &self->gate);
}

TEST_F(gate, an_empty_one_lets_nothing_pass)
{
	struct cordon_module_keep head;

	ASSERT_EQ(0, read_text(_metadata, self, "# nothing\n\n"));
	head = cordon_gate_head(&self->gate);
	EXPECT_EQ(0, head.arp);
	EXPECT_EQ(0, head.rules);
	EXPECT_EQ(0, head.prefixes);
	EXPECT_EQ(0, self->gate.seconds);
	EXPECT_FALSE(self->gate.opens);
}

TEST_F(gate, an_entry_is_a_rule_behind_what_the_link_needs)
{
	static const uint8_t address[16] = { [10] = 0xff, 0xff, 10, 20 };
	const struct cordon_module_prefix *prefix;
	const struct cordon_module_rule *rule;
	struct cordon_module_keep head;

	ASSERT_EQ(0, read_text(_metadata, self,
			       "gate_fallback=open gate_fallback_seconds=60 # why\n"
			       "gate_keep=in/tcp/22/10.20.0.0/24,out/icmp/any/fd00::1\n"));
	head = cordon_gate_head(&self->gate);
	rule = &self->gate.keep->backstop_rules[head.rules - 2];
	prefix = &self->gate.keep->backstop_prefixes[head.prefixes - 2];
	EXPECT_EQ(1, head.arp);
	EXPECT_EQ(60, self->gate.seconds);
	EXPECT_TRUE(self->gate.opens);
	EXPECT_EQ(CORDON_MODULE_WAY_IN, rule[0].way);
	EXPECT_EQ(IPPROTO_TCP, rule[0].protocol);
	EXPECT_EQ(22, rule[0].first);
	EXPECT_EQ(22, rule[0].last);
	EXPECT_EQ(head.prefixes - 2, rule[0].from);
	EXPECT_EQ(1, rule[0].froms);
	EXPECT_EQ(0, memcmp(address, prefix[0].address, sizeof(address)));
	EXPECT_EQ(96 + 24, prefix[0].length);
	EXPECT_EQ(CORDON_MODULE_WAY_OUT, rule[1].way);
	EXPECT_EQ(IPPROTO_ICMP, rule[1].protocol);
	EXPECT_EQ(UINT16_MAX, rule[1].last);
	EXPECT_EQ(head.prefixes - 1, rule[1].to);
	EXPECT_EQ(128, prefix[1].length);
	for (uint32_t i = 0; i + 2 < head.rules; i++)
		EXPECT_EQ(CORDON_MODULE_RULE_ALONE,
			  self->gate.keep->backstop_rules[i].flags & CORDON_MODULE_RULE_ALONE);
}

TEST_F(gate, what_is_wrong_is_told_with_its_line)
{
	static const struct {
		const char *text;
		const char *told;
	} wrong[] = {
		{ "\ngate_fallback=maybe", ":2: gate_fallback is open or isolate" },
		{ "gate_fallback_seconds=1m", ":1: gate_fallback_seconds is a number" },
		{ "gate_fallback_seconds=-1", ":1: gate_fallback_seconds is a number" },
		{ "gate_keep=in/tcp/22", ":1: gate_keep is written WAY/" },
		{ "gate_keep=", ":1: gate_keep is written WAY/" },
		{ "gate_keep=up/tcp/22/::/0", ":1: gate_keep begins with in/ or out/" },
		{ "gate_keep=in/tpc/22/::/0", "did you mean 'tcp'?" },
		{ "gate_keep=in/tcp/22/10.0.0.1/8", "has host bits set" },
		{ "gate_kept=in/tcp/22/::/0", ":1: 'gate_kept' is none of" },
		{ "gate=1", ":1: 'gate' is none of" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		self->failure.text[0] = '\0';
		EXPECT_EQ(-EINVAL, read_text(_metadata, self, wrong[i].text));
		EXPECT_NE(NULL, strstr(self->failure.text, wrong[i].told))
		{
			TH_LOG("%s: %s", wrong[i].text, self->failure.text);
		}
	}
}

TEST_F(gate, more_entries_than_the_module_takes_are_refused)
{
	char text[65 * 20] = "gate_keep=";

	for (int i = 0; i < 64; i++)
		strcat(text, "in/tcp/22/::/0,");
	strcat(text, "in/tcp/22/::/0");
	EXPECT_EQ(-EINVAL, read_text(_metadata, self, text));
	*strrchr(text, ',') = '\0';
	EXPECT_EQ(0, read_text(_metadata, self, text));
}

TEST_HARNESS_MAIN
