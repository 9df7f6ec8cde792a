// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy parser: what it makes of good policies, and word for word what it
 * tells of bad ones.  Runs in the top folder, needs no root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document.h"
#include "policy.h"
#include "sign.h"
#include "util/cleanup.h"
#include "util/file.h"

#include "kselftest_harness.h"

#define BAD "tests/policy/bad"
#define GOOD "tests/policy/good"
#define HEAD "cordon: 1\nserial: 1\n"

/* ---- helpers ----------------------------------------------------------------------------- */

/* All that was told, a line each. */
static char *tell(const struct cordon_diag *diag)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < diag->stored; i++) {
		char *line CLEANUP(free) = cordon_diag_format(&diag->entry[i]);

		fprintf(out, "%s\n", line);
	}
	fclose(out);
	return text;
}

/* What is told of a text. */
static char *tell_text(const char *text, size_t size)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_diag diag = { 0 };
	char *told;

	cordon_policy_parse_memory(text, size, "p", &diag, &policy);
	told = tell(&diag);
	cordon_diag_clear(&diag);
	return told;
}

static struct cordon_policy *parse_good(const char *path)
{
	struct cordon_policy *policy = NULL;
	struct cordon_diag diag = { 0 };

	if (cordon_policy_parse_file(path, &diag, &policy)) {
		char *told CLEANUP(free) = tell(&diag);

		fprintf(stderr, "# %s", told);
	}
	cordon_diag_clear(&diag);
	return policy;
}

static void write_text(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(text, 1, size, file) != size || fclose(file))
		perror(path);
}

/* ---- bad files --------------------------------------------------------------------------- */

/* The lines of one section of the table, which begins behind "== name". */
static char *expected_of(const char *table, const char *name)
{
	char head[128];
	const char *start, *end;

	snprintf(head, sizeof(head), "== %s\n", name);
	start = strstr(table, head);
	if (!start)
		return NULL;
	start += strlen(head);
	end = strstr(start, "== ");
	return strndup(start, end ? (size_t)(end - start) : strlen(start));
}

static bool is_yaml(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && !strcmp(name + length - 5, ".yaml");
}

/* Return: whether the file is refused as the table says. */
static bool check_bad(const char *table, const char *name)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	char *expected CLEANUP(free) = expected_of(table, name);
	char *told CLEANUP(free) = NULL;
	struct cordon_diag diag = { 0 };
	int error = cordon_policy_parse_file(name, &diag, &policy);
	bool fine;

	told = tell(&diag);
	fine = error == -EINVAL && !policy && diag.errors && expected && !strcmp(expected, told);
	if (!fine)
		fprintf(stderr, "# %s: %d\n# told:\n%s# expected:\n%s", name, error, told,
			expected ? expected : "(no section)\n");
	cordon_diag_clear(&diag);
	return fine;
}

TEST(bad_files)
{
	struct cordon_file table;
	struct dirent *entry;
	size_t files = 0, sections = 0;
	DIR *folder;

	ASSERT_EQ(0, chdir(BAD));
	ASSERT_EQ(0, cordon_file_read("expected", 1 << 20, &table));
	folder = opendir(".");
	ASSERT_NE(NULL, folder);
	while ((entry = readdir(folder))) {
		if (!is_yaml(entry->d_name))
			continue;
		files++;
		EXPECT_TRUE(check_bad(table.text, entry->d_name));
	}
	for (const char *at = table.text; (at = strstr(at, "== ")); at += 3)
		sections++;
	EXPECT_EQ(files, sections);
	EXPECT_LT(100, files);
	closedir(folder);
	free(table.text);
}

/* ---- bad texts --------------------------------------------------------------------------- */

struct row {
	const char *text;
	size_t size;
	const char *told;
};

#define ROW(text, told)                                                                            \
	{                                                                                          \
		text, sizeof(text) - 1, told                                                       \
	}
#define NOT_TEXT " is not text: a policy is written in UTF-8, without control characters\n"

static const struct row text_rows[] = {
	ROW("", "p:1:1: error: the policy is empty; it starts with 'cordon: 1'\n"),
	ROW("\n \n#\n", "p:1:1: error: the policy is empty; it starts with 'cordon: 1'\n"),
	ROW("\xef\xbb\xbf", "p:1:1: error: the policy is empty; it starts with 'cordon: 1'\n"),
	ROW(HEAD "a\0b", "p:3:2: error: byte 0x00" NOT_TEXT),
	ROW("\x7f"
	    "ELF\x02\x01\x01",
	    "p:1:1: error: byte 0x7f" NOT_TEXT),
	ROW("cordon: \xc3\xa4\xff", "p:1:10: error: byte 0xff" NOT_TEXT),
	ROW("cordon: \xc0\xaf", "p:1:9: error: byte 0xc0" NOT_TEXT),
	ROW("cordon: \xed\xa0\x80", "p:1:9: error: byte 0xed" NOT_TEXT),
	ROW("cordon: \xc2\x9b", "p:1:9: error: byte 0xc2" NOT_TEXT),
	ROW("cordon: \xe2\x82", "p:1:9: error: byte 0xe2" NOT_TEXT),
	ROW("cordon: \x1b[2J", "p:1:9: error: byte 0x1b" NOT_TEXT),
	ROW("a\xef\xbb\xbf", "p:1:2: error: byte 0xef" NOT_TEXT),
	ROW("\xff\xfe"
	    "c\0",
	    "p:1:1: error: this is UTF-16; save the policy as UTF-8\n"),
	ROW("\xfe\xff\0c", "p:1:1: error: this is UTF-16; save the policy as UTF-8\n"),
	ROW(HEAD "node: \"a\\0b\"\n", "p:3:7: error: a NUL character has no place in a text\n"),
	ROW("\xef\xbb\xbf" HEAD "mod: x\n",
	    "p:3:1: error: unknown key in the policy: 'mod'; did you mean 'mode'? (allowed: cordon, "
	    "serial, node, mode, zones, workloads, rules, quarantine, interfaces, builtin, flows, "
	    "log, lockdown, guard)\n"),
	ROW("cordon: 1\r\nserial: 1\r\nmode: x\r\n",
	    "p:3:7: error: unknown value of 'mode': 'x' (allowed: enforce, audit)\n"),
	ROW("cordon: \xc3\xa4 # \xc3\xb6\nserial: \xf0\x9f\x98\x80 1\n",
	    "p:1:9: error: version '\xc3\xa4' of the policy language is not known; this program "
	    "reads version 1\n"
	    "p:2:9: error: 'serial' must be a decimal number from 1 to 9223372036854775807, not "
	    "'\xf0\x9f\x98\x80 1'\n"),
	/* Nothing that a terminal obeys is told, whatever the escape it came by. */
	ROW(HEAD "node: \"\\e[31m\\n\\x9b\"\n",
	    "p:3:7: error: node '?[31m?\077\077' must start with a letter or digit and have "
	    "letters, digits, '_', '.' and '-' only\n"),
	ROW("%YAML 1.1\n%TAG !e! tag:e,2000:\n---\ncordon: 1\nserial: 1\nnode: !e!x y\n",
	    "p:6:7: error: tags (!) are not used in a policy; quote a text that starts with an "
	    "exclamation mark\n"),
};

TEST(bad_texts)
{
	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		const struct row *row = &text_rows[i];
		/* Just as large as the text: a sanitizer sees what is read beyond it. */
		char *copy CLEANUP(free) = malloc(row->size ? row->size : 1);
		char *told CLEANUP(free) = NULL;

		memcpy(copy, row->text, row->size);
		told = tell_text(copy, row->size);
		EXPECT_STREQ(row->told, told)
		{
			TH_LOG("row %zu", i);
		}
	}
}

/* ---- limits ------------------------------------------------------------------------------ */

struct text {
	char *bytes;
	size_t size;
	FILE *out;
};

static void start_text(struct text *text)
{
	text->out = open_memstream(&text->bytes, &text->size);
	fputs(HEAD, text->out);
}

/* Parses what was written; tells the first line of what was told, "" if nothing was. */
static char *end_text(struct text *text)
{
	char *told;

	fclose(text->out);
	told = tell_text(text->bytes, text->size);
	free(text->bytes);
	told[strcspn(told, "\n")] = '\0';
	return told;
}

static char *tell_zones(size_t zones, size_t workloads)
{
	struct text text;

	start_text(&text);
	fputs("zones:\n", text.out);
	for (size_t i = 0; i < zones; i++)
		fprintf(text.out, "  z%zu: {addresses: [10.0.%zu.%zu]}\n", i, i / 256, i % 256);
	fputs("workloads:\n", text.out);
	for (size_t i = 0; i < workloads; i++)
		fprintf(text.out, "  w%zu: {units: [w%zu.service]}\n", i, i);
	return end_text(&text);
}

static char *tell_rules(size_t rules, size_t keep)
{
	struct text text;

	start_text(&text);
	fputs("zones: {a: {addresses: [10.0.0.0/8]}}\nrules:\n", text.out);
	for (size_t i = 0; i < rules; i++)
		fprintf(text.out, "  - {name: r%zu, from: a, to: node, services: [tcp/%zu]}\n", i,
			i + 1);
	fputs("quarantine:\n  keep:\n", text.out);
	for (size_t i = 0; i < keep; i++)
		fprintf(text.out, "  - {name: r%zu, from: a, to: node, services: [tcp/%zu]}\n", i,
			i + 1);
	return end_text(&text);
}

/* A list of @count items under the last key of @head. */
static char *tell_list(const char *head, const char *item, size_t count, const char *tail)
{
	struct text text;

	start_text(&text);
	fputs(head, text.out);
	for (size_t i = 1; i <= count; i++) {
		fprintf(text.out, "%s%s%zu", i > 1 ? ", " : "", item, i);
		if (!(i % 100))
			fputs("\n      ", text.out);
	}
	fputs(tail, text.out);
	return end_text(&text);
}

#define EXPECT_TOLD(expected, call)                                                                \
	do {                                                                                       \
		char *told_ CLEANUP(free) = (call);                                                \
		EXPECT_STREQ(expected, told_);                                                     \
	} while (0)

TEST(limits)
{
	const char *services = "zones: {a: {addresses: [10.0.0.0/8]}}\nrules:\n"
			       "  - name: r\n    from: a\n    to: node\n    services: [";

	EXPECT_TOLD("", tell_zones(500, 10));
	EXPECT_TOLD("p:514:3: error: more than 510 zones and workloads", tell_zones(511, 1));
	EXPECT_TOLD("p:515:3: error: more than 510 zones and workloads", tell_zones(500, 11));
	EXPECT_TOLD("", tell_rules(1990, 10));
	EXPECT_TOLD("p:2005:5: error: more than 2000 rules, those of the keep list included",
		    tell_rules(2001, 5));
	EXPECT_TOLD("p:2007:5: error: more than 2000 rules, those of the keep list included",
		    tell_rules(1990, 11));
	EXPECT_TOLD("", tell_list(services, "tcp/", 1024, "]\n"));
	EXPECT_TOLD(
		"p:8:15: error: more than 1024 services in one rule; use ranges or several rules",
		tell_list(services, "tcp/", 1025, "]\n"));
	EXPECT_TOLD("", tell_list("workloads:\n  w:\n    cgroups: [", "/c", 1024, "]\n"));
	EXPECT_TOLD("p:15:201: error: more than 1024 units and cgroups of workloads",
		    tell_list("workloads:\n  w:\n    cgroups: [", "/c", 1025, "]\n"));
	EXPECT_TOLD("", tell_list("interfaces:\n  exclude: [", "e", 1024, "]\n"));
	EXPECT_TOLD("p:14:177: error: more than 1024 interfaces under 'interfaces'",
		    tell_list("interfaces:\n  exclude: [", "e", 1025, "]\n"));
}

TEST(only_so_many_are_stored)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_diag diag = { 0 };
	char text[4096] = HEAD "zones:\n  a:\n    addresses:\n";

	for (int i = 0; i < 50; i++)
		strcat(text, "      - bad\n");
	EXPECT_EQ(-EINVAL, cordon_policy_parse_memory(text, strlen(text), "p", &diag, &policy));
	EXPECT_EQ(CORDON_DIAG_MAX, diag.stored);
	EXPECT_EQ(50, diag.errors);
	EXPECT_EQ(NULL, policy);
	cordon_diag_clear(&diag);
}

/* ---- files ------------------------------------------------------------------------------- */

FIXTURE(files)
{
	char folder[32];
};

FIXTURE_SETUP(files)
{
	strcpy(self->folder, "/tmp/cordon-parse-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
}

FIXTURE_TEARDOWN(files)
{
	static const char *const names[] = { "policy.yaml", "list.txt", "fifo", "second.txt" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(AT_FDCWD, names[i], 0);
	rmdir(self->folder);
}

#define WITH_LIST HEAD "zones:\n  a: {files: [list.txt]}\n"

static char *tell_file(const char *path, int *ret_error)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_diag diag = { 0 };
	char *told;

	*ret_error = cordon_policy_parse_file(path, &diag, &policy);
	told = tell(&diag);
	cordon_diag_clear(&diag);
	return told;
}

TEST_F(files, policy_cannot_be_read)
{
	static const char size_told[] =
		"policy.yaml: error: a policy's text may have 4 MB; put long lists of addresses "
		"into prefix files and name those under 'files:' of the zone\n";
	int error;

	EXPECT_TOLD("policy.yaml: error: cannot read the policy: No such file or directory\n",
		    tell_file("policy.yaml", &error));
	EXPECT_EQ(-ENOENT, error);
	EXPECT_TOLD(".: error: cannot read the policy: it is a directory\n",
		    tell_file(".", &error));
	EXPECT_EQ(-EISDIR, error);
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	EXPECT_TOLD("fifo: error: cannot read the policy: it is not a regular file\n",
		    tell_file("fifo", &error));
	write_text("policy.yaml", HEAD, strlen(HEAD));
	ASSERT_EQ(0, truncate("policy.yaml", 100 << 20));
	EXPECT_TOLD(size_told, tell_file("policy.yaml", &error));
	EXPECT_EQ(-EFBIG, error);
}

TEST_F(files, text_in_memory_is_too_large)
{
	size_t size = CORDON_DOCUMENT_SIZE_MAX + 1;
	char *text CLEANUP(free) = malloc(size);

	memset(text, '\n', size);
	memcpy(text, HEAD, strlen(HEAD));
	EXPECT_TOLD("", tell_text(text, size - 1));
	EXPECT_TOLD("p: error: a policy's text may have 4 MB; put long lists of addresses into "
		    "prefix files and name those under 'files:' of the zone\n",
		    tell_text(text, size));
}

/* A FIFO without a writer must not make the parser wait: the harness would time out. */
TEST_F(files, prefix_file_is_a_fifo)
{
	int error;

	ASSERT_EQ(0, mkfifo("list.txt", 0600));
	write_text("policy.yaml", WITH_LIST, strlen(WITH_LIST));
	EXPECT_TOLD("policy.yaml:4:15: error: cannot read prefix file 'list.txt': it is not a "
		    "regular file\n",
		    tell_file("policy.yaml", &error));
}

TEST_F(files, prefix_file_is_huge)
{
	int error;

	write_text("policy.yaml", WITH_LIST, strlen(WITH_LIST));
	write_text("list.txt", "", 0);
	ASSERT_EQ(0, truncate("list.txt", (64 << 20) + 1));
	EXPECT_TOLD("policy.yaml:4:15: error: prefix file 'list.txt' is larger than 64 MB\n",
		    tell_file("policy.yaml", &error));
}

TEST_F(files, line_999999_is_bad)
{
	FILE *file = fopen("list.txt", "w");
	int error;

	ASSERT_NE(NULL, file);
	for (unsigned int i = 1; i <= 1000000; i++)
		fprintf(file, "%u.%u.%u.0/%s\n", i >> 16, i >> 8 & 255, i & 255,
			i == 999999 ? "24x" : "24");
	fclose(file);
	write_text("policy.yaml", WITH_LIST, strlen(WITH_LIST));
	EXPECT_TOLD("list.txt:999999:1: error: '15.66.63.0/24x': the prefix length must be 0 to "
		    "32\n",
		    tell_file("policy.yaml", &error));
}

TEST_F(files, prefix_file_is_included_twice)
{
	char head[] = "zones:\n  a:\n    files: [list.txt, ./";
	struct text text;
	int error;

	start_text(&text);
	fputs(head, text.out);
	fputs("list.txt]\n", text.out);
	fclose(text.out);
	write_text("list.txt", "10.0.0.0/8\n", 11);
	write_text("policy.yaml", text.bytes, text.size);
	free(text.bytes);
	EXPECT_TOLD("policy.yaml:5:23: error: file './list.txt' is included already, in line 5\n",
		    tell_file("policy.yaml", &error));
}

/* Paths in a policy are relative to it, not to where the program was started. */
TEST_F(files, path_is_relative_to_the_policy)
{
	char path[64];
	struct cordon_policy *policy CLEANUP(policy) = NULL;

	write_text("policy.yaml", WITH_LIST, strlen(WITH_LIST));
	write_text("list.txt", "10.0.0.0/8\n", 11);
	ASSERT_EQ(0, chdir("/"));
	snprintf(path, sizeof(path), "%s/policy.yaml", self->folder);
	policy = parse_good(path);
	ASSERT_EQ(0, chdir(self->folder));
	ASSERT_NE(NULL, policy);
	EXPECT_EQ(2, policy->nr_files);
	EXPECT_EQ(1, policy->nr_prefixes4);
}

static void digest_of(const void *data, size_t size, uint8_t digest[CORDON_SIGN_DIGEST_SIZE])
{
	memset(digest, 0, CORDON_SIGN_DIGEST_SIZE);
	cordon_sign_digest(data, size, (void *)digest);
}

TEST_F(files, digest)
{
	/* FIPS 180-4's example: SHA-256 of "abc". */
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
				       0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
				       0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
				       0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_policy *alone CLEANUP(policy) = NULL;
	uint8_t both[2 * CORDON_SIGN_DIGEST_SIZE], whole[CORDON_SIGN_DIGEST_SIZE];

	digest_of("abc", 3, whole);
	EXPECT_EQ(0, memcmp(abc, whole, sizeof(abc)));
	write_text("list.txt", "10.0.0.0/8\n", 11);
	write_text("policy.yaml", WITH_LIST, strlen(WITH_LIST));
	policy = parse_good("policy.yaml");
	ASSERT_NE(NULL, policy);
	digest_of(WITH_LIST, strlen(WITH_LIST), both);
	digest_of("10.0.0.0/8\n", 11, both + CORDON_SIGN_DIGEST_SIZE);
	digest_of(both, sizeof(both), whole);
	EXPECT_EQ(0, memcmp(whole, policy->digest, sizeof(whole)));
	write_text("second.txt", HEAD, strlen(HEAD));
	alone = parse_good("second.txt");
	ASSERT_NE(NULL, alone);
	digest_of(HEAD, strlen(HEAD), whole);
	EXPECT_EQ(0, memcmp(whole, alone->digest, sizeof(whole)));
}

/* A file whose size is not known ahead, as in /proc, is read to its end all the same. */
TEST(file_of_unknown_size)
{
	FILE *file = fopen("/proc/self/status", "r");
	char text[8192] = "";
	struct cordon_file read;

	ASSERT_NE(NULL, file);
	ASSERT_LT(500, fread(text, 1, sizeof(text) - 1, file));
	fclose(file);
	ASSERT_EQ(0, cordon_file_read("/proc/self/status", sizeof(text), &read));
	EXPECT_EQ(strlen(read.text), read.size);
	EXPECT_EQ(0, strncmp(text, read.text, 200));
	EXPECT_NE(NULL, strstr(read.text, "nonvoluntary_ctxt_switches"));
	free(read.text);
	ASSERT_EQ(0, cordon_file_read("/proc/self/mountinfo", 1 << 24, &read));
	EXPECT_EQ(strlen(read.text), read.size);
	free(read.text);
	EXPECT_EQ(-EFBIG, cordon_file_read("/proc/self/status", 100, &read));
	EXPECT_STREQ("it is too large", cordon_file_problem(-EFBIG));
}

/* ---- good files -------------------------------------------------------------------------- */

TEST(good_files)
{
	struct dirent *entry;
	size_t files = 0;
	DIR *folder = opendir(GOOD);

	ASSERT_NE(NULL, folder);
	while ((entry = readdir(folder))) {
		struct cordon_policy *policy CLEANUP(policy) = NULL;
		char path[512];

		if (!is_yaml(entry->d_name))
			continue;
		snprintf(path, sizeof(path), GOOD "/%s", entry->d_name);
		policy = parse_good(path);
		EXPECT_NE(NULL, policy);
		files++;
	}
	EXPECT_LT(8, files);
	closedir(folder);
}

TEST(repeats_are_warned_of)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_diag diag = { 0 };
	char *told CLEANUP(free) = NULL;

	ASSERT_EQ(0, chdir(GOOD));
	ASSERT_EQ(0, cordon_policy_parse_file("repeats.yaml", &diag, &policy));
	told = tell(&diag);
	EXPECT_STREQ(
		"repeats.txt:3:1: warning: 3 of the prefixes of zone 'a' stand there more than "
		"once; the first of them is 10.0.0.0/8 (also in repeats.txt:2:1)\n",
		told);
	EXPECT_EQ(2, policy->nr_prefixes4);
	EXPECT_EQ(1, policy->nr_prefixes6);
	EXPECT_EQ(3, policy->zones[0].nr_prefixes);
	cordon_diag_clear(&diag);
}

TEST(defaults)
{
	struct cordon_policy *policy CLEANUP(policy) = parse_good(GOOD "/minimal.yaml");

	ASSERT_NE(NULL, policy);
	EXPECT_EQ(1, policy->serial);
	EXPECT_STREQ("", policy->node);
	EXPECT_FALSE(policy->audit);
	EXPECT_EQ(0, policy->nr_zones + policy->nr_workloads + policy->nr_rules + policy->nr_keep);
	EXPECT_EQ(0, policy->builtins_off);
	EXPECT_EQ(65536, policy->flow_entries);
	EXPECT_EQ(60, policy->timeouts.tcp_open);
	EXPECT_EQ(7440, policy->timeouts.tcp);
	EXPECT_EQ(60, policy->timeouts.tcp_closing);
	EXPECT_EQ(30, policy->timeouts.udp);
	EXPECT_EQ(120, policy->timeouts.udp_reply);
	EXPECT_EQ(60, policy->timeouts.icmp);
	EXPECT_EQ(30, policy->timeouts.fragment);
	EXPECT_EQ(600, policy->timeouts.other);
	EXPECT_EQ(CORDON_LOG_FLOWS_DENIED, policy->log_flows);
	EXPECT_TRUE(policy->log_exec);
	EXPECT_EQ(64U << 20, policy->log_bytes);
	EXPECT_EQ(0, policy->nr_certificates);
}

TEST(settings)
{
	struct cordon_policy *policy CLEANUP(policy) = parse_good(GOOD "/everything.yaml");

	ASSERT_NE(NULL, policy);
	EXPECT_EQ(INT64_MAX, policy->serial);
	EXPECT_EQ(3, policy->serial_at.line);
	EXPECT_EQ(9, policy->serial_at.column);
	EXPECT_STREQ("store-0042.example", policy->node);
	EXPECT_TRUE(policy->audit);
	EXPECT_EQ(1U << CORDON_BUILTIN_ND | 1U << CORDON_BUILTIN_RA | 1U << CORDON_BUILTIN_MLD |
			  1U << CORDON_BUILTIN_DHCP,
		  policy->builtins_off);
	EXPECT_EQ(4096, policy->flow_entries);
	EXPECT_EQ(5, policy->timeouts.tcp_open);
	EXPECT_EQ(86400, policy->timeouts.tcp);
	EXPECT_EQ(10, policy->timeouts.tcp_closing);
	EXPECT_EQ(60, policy->timeouts.udp);
	EXPECT_EQ(7200, policy->timeouts.udp_reply);
	EXPECT_EQ(3, policy->timeouts.icmp);
	EXPECT_EQ(4, policy->timeouts.fragment);
	EXPECT_EQ(2592000, policy->timeouts.other);
	EXPECT_EQ(CORDON_LOG_FLOWS_NONE, policy->log_flows);
	EXPECT_FALSE(policy->log_exec);
	EXPECT_EQ(1U << 30, policy->log_bytes);
	EXPECT_EQ(120, policy->watchdog.seconds);
	EXPECT_EQ(CORDON_LATCH_EGRESS, policy->watchdog.latch);
	ASSERT_EQ(2, policy->nr_certificates);
	EXPECT_STREQ("/etc/ssl/store.pem", policy->certificates[0].text);
	EXPECT_STREQ("/srv/a b.der", policy->certificates[1].text);
	ASSERT_EQ(5, policy->nr_choices);
	EXPECT_STREQ("veth*", policy->choices[1].pattern);
	EXPECT_EQ(CORDON_MODE_EXCLUDE, policy->choices[1].mode);
	EXPECT_STREQ("eth0", policy->choices[2].pattern);
	EXPECT_EQ(CORDON_MODE_XDP, policy->choices[2].mode);
	EXPECT_EQ(CORDON_MODE_TC, policy->choices[3].mode);
	EXPECT_EQ(CORDON_MODE_AUTO, policy->choices[4].mode);
}

TEST(budget_of_the_log)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} rows[] = {
		{ "4M", 4 << 20 },
		{ "4096K", 4 << 20 },
		{ "4194304", 4 << 20 },
		{ "4194303", 0 },
		{ "4095K", 0 },
		{ "1G", 1 << 30 },
		{ "64G", 64ULL << 30 },
		{ "65G", 0 },
		{ "68719476737", 0 },
		{ "68719476736G", 0 },
		{ "18446744073709551616", 0 },
		{ "64m", 0 },
		{ "64MB", 0 },
		{ "064M", 0 },
		{ "-64M", 0 },
		{ "6.4G", 0 },
		{ "M", 0 },
		{ "''", 0 },
		{ "[64M]", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_policy *policy CLEANUP(policy) = NULL;
		struct cordon_diag diag = { 0 };
		char text[128];

		snprintf(text, sizeof(text), HEAD "log: {budget: %s}\n", rows[i].text);
		cordon_policy_parse_memory(text, strlen(text), "p", &diag, &policy);
		cordon_diag_clear(&diag);
		EXPECT_EQ(!rows[i].bytes, !policy) TH_LOG("%s", rows[i].text);
		if (policy)
			EXPECT_EQ(rows[i].bytes, policy->log_bytes) TH_LOG("%s", rows[i].text);
	}
}

TEST(certificates_whose_end_is_told)
{
	char text[4096] = HEAD "log: {certificates: [", told[256];
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_diag diag = { 0 };
	char *said CLEANUP(free) = NULL;

	for (int i = 0; i < 65; i++)
		sprintf(text + strlen(text), "/c/%d, ", i);
	strcat(text, "]}\n");
	EXPECT_EQ(-EINVAL, cordon_policy_parse_memory(text, strlen(text), "p", &diag, &policy));
	said = tell(&diag);
	snprintf(told, sizeof(told), "p:3:%zu: error: more than 64 certificates under 'log'\n",
		 (size_t)(strstr(text, "/c/64") - strstr(text, "log:") + 1));
	EXPECT_STREQ(told, said);
	cordon_diag_clear(&diag);
	*strstr(text, "/c/64") = '\0';
	strcat(text, "]}\n");
	EXPECT_EQ(0, cordon_policy_parse_memory(text, strlen(text), "p", &diag, &policy));
	cordon_diag_clear(&diag);
}

TEST(zones)
{
	struct cordon_policy *policy CLEANUP(policy) = parse_good(GOOD "/everything.yaml");
	const struct cordon_prefix4 *prefix;

	ASSERT_NE(NULL, policy);
	ASSERT_EQ(4, policy->nr_zones);
	EXPECT_STREQ("management", policy->zones[0].name);
	EXPECT_EQ(7, policy->zones[0].at.line);
	EXPECT_EQ(3, policy->zones[0].nr_prefixes);
	ASSERT_EQ(2, policy->zones[1].nr_interfaces);
	EXPECT_STREQ("wl*", policy->zones[1].interfaces[1].text);
	EXPECT_EQ(0, policy->zones[2].nr_prefixes);
	EXPECT_EQ(4, policy->zones[3].nr_prefixes);
	/* 0.0.0.0/0, 10.20.0.0/24, 10.20.1.7, 192.0.2.128/25, 198.51.100.0/24, 203.0.113.9 */
	ASSERT_EQ(6, policy->nr_prefixes4);
	prefix = &policy->prefixes4[3];
	EXPECT_EQ(0xc0000280, prefix->address);
	EXPECT_EQ(25, prefix->length);
	EXPECT_EQ(3, prefix->zone);
	EXPECT_EQ(1, prefix->file);
	EXPECT_EQ(7, prefix->line);
	EXPECT_EQ(3, policy->prefixes4[5].column);
	ASSERT_EQ(3, policy->nr_prefixes6);
	EXPECT_EQ(0, policy->prefixes6[0].length);
	EXPECT_EQ(0x20010db800000000, policy->prefixes6[1].high);
	EXPECT_EQ(0xfd00002000000000, policy->prefixes6[2].high);
	EXPECT_EQ(0, policy->prefixes6[2].zone);
	EXPECT_EQ(31, policy->prefixes6[2].column);
}

TEST(lockdown)
{
	struct cordon_policy *policy CLEANUP(policy) = parse_good(GOOD "/lockdown.yaml");
	const struct cordon_policy_lockdown *entry;

	ASSERT_NE(NULL, policy);
	ASSERT_EQ(2, policy->nr_secrets);
	EXPECT_STREQ("other", policy->secrets[1].text);
	ASSERT_EQ(18, policy->nr_lockdown);
	entry = policy->lockdown;
	EXPECT_EQ(CORDON_LOCKDOWN_PROGRAM, entry[1].kind);
	EXPECT_STREQ("/usr/bin/bash", entry[1].name.text);
	EXPECT_EQ(0xe3, entry[1].sha256[0]);
	EXPECT_EQ(0, entry[0].sha256[0]);
	EXPECT_EQ(CORDON_LOCKDOWN_LIBRARY, entry[2].kind);
	EXPECT_EQ(CORDON_LOCKDOWN_FILE, entry[4].kind);
	EXPECT_STREQ("/srv/pos/token", entry[4].name.text);
	EXPECT_EQ(0, entry[4].secret);
	EXPECT_EQ(CORDON_LOCKDOWN_KEY, entry[6].kind);
	EXPECT_STREQ("user:pos key", entry[6].name.text);
	EXPECT_EQ(CORDON_LOCKDOWN_OPENER, entry[10].kind);
	EXPECT_EQ(1, entry[10].secret);
	EXPECT_EQ(CORDON_LOCKDOWN_UNIT, entry[12].kind);
	EXPECT_STREQ("cockpit.socket", entry[12].name.text);
	EXPECT_EQ(CORDON_LOCKDOWN_LOGINS, entry[13].kind);
	EXPECT_EQ(CORDON_LOCKDOWN_LOGIN, entry[14].kind);
	/* USB input is kept, and no entry. */
	EXPECT_EQ(CORDON_LOCKDOWN_CONSOLE, entry[15].kind);
	EXPECT_EQ(CORDON_LOCKDOWN_LUKS, entry[16].kind);
	EXPECT_EQ(CORDON_LOCKDOWN_WIPE, entry[17].kind);
}

TEST(workloads_and_rules)
{
	struct cordon_policy *policy CLEANUP(policy) = parse_good(GOOD "/everything.yaml");
	const struct cordon_policy_rule *rule;

	ASSERT_NE(NULL, policy);
	ASSERT_EQ(2, policy->nr_workloads);
	ASSERT_EQ(3, policy->workloads[0].nr_units);
	EXPECT_STREQ("kiosk\\x2dx.slice", policy->workloads[0].units[2].text);
	ASSERT_EQ(1, policy->workloads[1].nr_cgroups);
	EXPECT_STREQ("/kiosk/browser", policy->workloads[1].cgroups[0].text);
	ASSERT_EQ(4, policy->nr_rules);
	rule = &policy->rules[0];
	EXPECT_STREQ("ssh-in", rule->name);
	EXPECT_EQ(cordon_zone_identity(0), rule->from);
	EXPECT_EQ(CORDON_IDENTITY_NODE, rule->to);
	ASSERT_EQ(3, rule->nr_services);
	EXPECT_EQ(58, rule->services[2].protocol);
	EXPECT_STREQ("icmpv6/echo-request", rule->services[2].text);
	rule = &policy->rules[1];
	EXPECT_EQ(cordon_workload_identity(policy, 0), rule->from);
	EXPECT_EQ(CORDON_IDENTITY_ANY, rule->to);
	EXPECT_EQ(17, rule->at.line);
	EXPECT_EQ(11, rule->at.column);
	EXPECT_STREQ("browser", cordon_policy_identity_name(policy, policy->rules[3].to));
	EXPECT_STREQ("any", cordon_policy_identity_name(policy, policy->rules[3].from));
	EXPECT_STREQ("node", cordon_policy_identity_name(policy, CORDON_IDENTITY_NODE));
	EXPECT_STREQ("stranger", cordon_policy_identity_name(policy, 0));
	EXPECT_STREQ("tied", cordon_policy_identity_name(policy, cordon_zone_identity(2)));
	EXPECT_STREQ("unknown", cordon_policy_identity_name(policy, 8));
	ASSERT_EQ(1, policy->nr_keep);
	EXPECT_STREQ("ssh-in", policy->keep[0].name);
}

TEST(serial_goes_down)
{
	struct cordon_policy *policy CLEANUP(policy) = parse_good(GOOD "/design.yaml");
	struct cordon_diag diag = { 0 };
	char *told CLEANUP(free) = NULL;

	ASSERT_NE(NULL, policy);
	EXPECT_EQ(0, cordon_policy_check_serial(policy, 0, &diag));
	EXPECT_EQ(0, cordon_policy_check_serial(policy, 42, &diag));
	EXPECT_EQ(-EINVAL, cordon_policy_check_serial(policy, 43, &diag));
	told = tell(&diag);
	EXPECT_STREQ(GOOD "/design.yaml:2:9: error: serial 42 is lower than 43 of the active "
			  "policy; raise it, or go back with --force\n",
		     told);
	cordon_diag_clear(&diag);
}

/* A parse leaves alone what it does not return, and what was told before. */
TEST(outputs_are_untouched_on_failure)
{
	struct cordon_policy marker;
	struct cordon_policy *policy = &marker;
	struct cordon_diag diag = { 0 };

	EXPECT_EQ(-EINVAL, cordon_policy_parse_memory("x", 1, "p", &diag, &policy));
	EXPECT_EQ(&marker, policy);
	EXPECT_EQ(0, cordon_policy_parse_memory(HEAD, strlen(HEAD), "p", &diag, &policy));
	EXPECT_NE(&marker, policy);
	EXPECT_EQ(1, diag.errors);
	cordon_policy_free(policy);
	cordon_policy_free(NULL);
	cordon_diag_clear(&diag);
}

TEST_HARNESS_MAIN
