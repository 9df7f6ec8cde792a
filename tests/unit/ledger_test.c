// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lockdown changed, written and read again: empty values, values of several words, and lines
 * that somebody cut. Needs no root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "ledger.h"

FIXTURE(ledger)
{
	struct cordon_context context;
	struct cordon_ledger written, read;
	char root[32];
};

FIXTURE_SETUP(ledger)
{
	strcpy(self->root, "/tmp/cordon-ledger.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	self->context.root = self->root;
	memset(&self->read, 0, sizeof(self->read));
	ASSERT_EQ(0, cordon_ledger_read(&self->context, &self->written));
	ASSERT_EQ(0, self->written.nr);
}

FIXTURE_TEARDOWN(ledger)
{
	char command[64];

	cordon_ledger_clear(&self->written);
	cordon_ledger_clear(&self->read);
	snprintf(command, sizeof(command), "rm -r %s", self->root);
	ASSERT_EQ(0, system(command));
}

TEST_F(ledger, an_empty_value_is_not_the_next_line)
{
	ASSERT_EQ(0, cordon_ledger_note(&self->written, "kernel", "programs", ""));
	ASSERT_EQ(0, cordon_ledger_note(&self->written, "unit", "ssh.service", "active enabled"));
	ASSERT_EQ(0, cordon_ledger_note(&self->written, "usb", "all", ""));
	ASSERT_EQ(0, cordon_ledger_read(&self->context, &self->read));
	ASSERT_EQ(3, self->read.nr);
	EXPECT_STREQ("kernel", self->read.line[0].kind);
	EXPECT_STREQ("programs", self->read.line[0].name);
	EXPECT_STREQ("", self->read.line[0].value);
	EXPECT_STREQ("active enabled", self->read.line[1].value);
	EXPECT_STREQ("", self->read.line[2].value);
}

TEST_F(ledger, what_is_noted_is_noted_once)
{
	ASSERT_EQ(0, cordon_ledger_note(&self->written, "usb", "all", "1"));
	ASSERT_EQ(0, cordon_ledger_note(&self->written, "usb", "all", "0"));
	ASSERT_EQ(0, cordon_ledger_read(&self->context, &self->read));
	ASSERT_EQ(1, self->read.nr);
	EXPECT_STREQ("1", self->read.line[0].value);
	EXPECT_EQ(&self->read.line[0], cordon_ledger_find(&self->read, "usb", "all"));
	EXPECT_EQ(NULL, cordon_ledger_find(&self->read, "usb", "none"));
}

TEST_F(ledger, a_line_that_was_cut_is_none)
{
	char path[128];
	FILE *file;

	ASSERT_EQ(0, cordon_ledger_note(&self->written, "usb", "all", "1"));
	snprintf(path, sizeof(path), "%s/var/lib/cordon/lockdown", self->root);
	file = fopen(path, "ae");
	ASSERT_NE(NULL, file);
	fputs("uni", file);
	fclose(file);
	ASSERT_EQ(0, cordon_ledger_read(&self->context, &self->read));
	EXPECT_EQ(1, self->read.nr);
}

TEST_F(ledger, its_end_leaves_none)
{
	ASSERT_EQ(0, cordon_ledger_note(&self->written, "usb", "all", "1"));
	ASSERT_EQ(0, cordon_ledger_end(&self->written));
	ASSERT_EQ(0, cordon_ledger_read(&self->context, &self->read));
	EXPECT_EQ(0, self->read.nr);
}

TEST_HARNESS_MAIN
