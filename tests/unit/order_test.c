// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Orders: what is read, what is refused and how that is said, and that what is
 * written reads back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "order.h"

#include "kselftest_harness.h"

#define HEAD "cordon-order: 1\n"
#define REST "issuer: soc\ncounter: 17\nreason: card data seen leaving\n"
#define NODE "node: store-0042\n"
#define WHOLE HEAD "action: release\n" NODE REST
#define HEX16 "00112233445566778899aabbccddeeff"
#define HEX32 HEX16 HEX16
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static int parse(const char *text, size_t size, struct cordon_failure *failure,
		 struct cordon_order *ret_order)
{
	failure->text[0] = '\0';
	return cordon_order_parse(text, size, failure, ret_order);
}

TEST(every_field)
{
	static const char text[] = HEAD "challenge: " HEX16 "\nlease: 72h 5 boots\n"
					"not-before-boot: 9\nreason: K\xc3\xa4se: weg\n"
					"counter: 9223372036854775807\nissuer: soc@example.com\n"
					"node: store-0042 store-0043\naction: renew\n";
	struct cordon_failure failure;
	struct cordon_order order;

	ASSERT_EQ(0, parse(text, sizeof(text) - 1, &failure, &order));
	EXPECT_EQ(CORDON_ACTION_RENEW, order.action);
	EXPECT_STREQ("store-0042 store-0043", order.nodes);
	EXPECT_STREQ("", order.fleets);
	EXPECT_STREQ("soc@example.com", order.issuer);
	EXPECT_STREQ("K\xc3\xa4se: weg", order.reason);
	EXPECT_EQ((uint64_t)INT64_MAX, order.counter);
	EXPECT_EQ(9, order.not_before_boot);
	EXPECT_EQ(72, order.lease_hours);
	EXPECT_EQ(5, order.lease_boots);
	EXPECT_TRUE(order.has_challenge);
	EXPECT_EQ(0x11, order.challenge[1]);
	EXPECT_EQ(0xff, order.challenge[15]);
	EXPECT_EQ(NULL, order.body);
}

struct good {
	const char *action; /* and what else */
	enum cordon_action wants;
	uint32_t level;
	uint32_t hours;
	uint32_t boots;
};

TEST(actions)
{
	static const struct good rows[] = {
		{ "action: seal egress\n", CORDON_ACTION_SEAL, CORDON_LATCH_EGRESS, 0, 0 },
		{ "action: seal isolate\n", CORDON_ACTION_SEAL, CORDON_LATCH_ISOLATE, 0, 0 },
		{ "action: seal lockdown\n", CORDON_ACTION_SEAL, CORDON_LATCH_LOCKDOWN, 0, 0 },
		{ "action: release\n", CORDON_ACTION_RELEASE, 0, 0, 0 },
		{ "action: renew\nlease: 72h\n", CORDON_ACTION_RENEW, 0, 72, 0 },
		{ "action: renew\nlease: 5 boots\n", CORDON_ACTION_RENEW, 0, 0, 5 },
		{ "action: renew\nlease: 876000h 1000000 boots\n", CORDON_ACTION_RENEW, 0, 876000,
		  1000000 },
		{ "action: snapshot\n", CORDON_ACTION_SNAPSHOT, 0, 0, 0 },
		{ "action: detach\n", CORDON_ACTION_DETACH, 0, 0, 0 },
		{ "action: revoke\n", CORDON_ACTION_REVOKE, 0, 0, 0 },
		{ "action: wipe\n", CORDON_ACTION_WIPE, 0, 0, 0 },
		{ "action: policy sha256:" HEX32 "\n", CORDON_ACTION_POLICY, 0, 0, 0 },
	};
	struct cordon_failure failure;
	struct cordon_order order;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		int size = snprintf(text, sizeof(text), HEAD "%s" NODE REST, rows[i].action);

		EXPECT_EQ(0, parse(text, (size_t)size, &failure, &order))
		{
			TH_LOG("%s: %s", rows[i].action, failure.text);
		}
		EXPECT_EQ(rows[i].wants, order.action);
		EXPECT_EQ(rows[i].level, order.level);
		EXPECT_EQ(rows[i].hours, order.lease_hours);
		EXPECT_EQ(rows[i].boots, order.lease_boots);
	}
}

TEST(evidence_before_a_seal)
{
	static const char text[] = HEAD "action: seal isolate\n" NODE REST "evidence: 5s\n";
	struct cordon_failure failure;
	struct cordon_order order, again;
	char written[CORDON_ORDER_MANIFEST_MAX + 1];
	int size;

	ASSERT_EQ(0, parse(text, sizeof(text) - 1, &failure, &order));
	EXPECT_EQ(5, order.evidence);
	size = cordon_order_format(&order, &failure, written);
	ASSERT_LT(0, size);
	ASSERT_EQ(0, parse(written, (size_t)size, &failure, &again));
	EXPECT_EQ(5, again.evidence);
}

TEST(words_for_a_tpm)
{
	static const struct {
		const char *text;
		const char *says; /* NULL: it is good */
	} rows[] = {
		{ "action: release\nanchor: 17\nanchor-signatures: QUJD REVG\n", NULL },
		{ "action: detach\nanchor-signatures: QUI=\nanchor: 1\n", NULL },
		{ "action: release\nanchor: 17\n", "anchor and anchor-signatures go together" },
		{ "action: release\nanchor-signatures: QUJD\n",
		  "anchor and anchor-signatures go together" },
		{ "action: renew\nanchor: 17\nanchor-signatures: QUJD\n",
		  "an anchor goes with release or detach" },
		{ "action: release\nanchor: 0\nanchor-signatures: QUJD\n", "anchor is a number" },
		{ "action: release\nanchor: 17\nanchor-signatures: QUJD,REVG\n",
		  "anchor-signatures are base64" },
	};
	struct cordon_failure failure;
	struct cordon_order order, again;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], written[CORDON_ORDER_MANIFEST_MAX + 1];
		int size = snprintf(text, sizeof(text), HEAD "%s" NODE REST, rows[i].text);
		const int error = parse(text, (size_t)size, &failure, &order);

		EXPECT_EQ(rows[i].says ? -EINVAL : 0, error);
		if (rows[i].says) {
			EXPECT_NE(NULL, strstr(failure.text, rows[i].says));
			continue;
		}
		size = cordon_order_format(&order, &failure, written);
		ASSERT_LT(0, size);
		ASSERT_EQ(0, parse(written, (size_t)size, &failure, &again));
		EXPECT_EQ(order.anchor, again.anchor);
		EXPECT_STREQ(order.anchor_signatures, again.anchor_signatures);
	}
}

/* Every end of a whole order but the whole one is refused, by its own line. */
TEST(cut)
{
	struct cordon_failure failure;
	struct cordon_order order;

	for (size_t size = 0; size < sizeof(WHOLE) - 1; size++) {
		EXPECT_EQ(-EINVAL, parse(WHOLE, size, &failure, &order))
		{
			TH_LOG("%zu bytes", size);
		}
		EXPECT_EQ(0, strncmp(failure.text, "line ", 5));
	}
	EXPECT_EQ(0, parse(WHOLE, sizeof(WHOLE) - 1, &failure, &order));
}

struct bad {
	const char *text;
	size_t size;
	const char *says; /* the whole message */
};

/* WITH("field: value\n", ...): among good ones, in line 3 */
#define WITH(line, text)                                                                           \
	{                                                                                          \
		HEAD "action: release\n" line REST,                                                \
			sizeof(HEAD "action: release\n" line REST) - 1, text                       \
	}
#define ALL(whole, text)                                                                           \
	{                                                                                          \
		whole, sizeof(whole) - 1, text                                                     \
	}

#define NO_NAME                                                                                    \
	"a name starts with a letter or digit and has letters, digits, '_', '.' and '-' "          \
	"only, a single space between two"
#define NO_LEASE                                                                                   \
	"line 3: lease is '72h', '5 boots' or '72h 5 boots', of at most 876000 hours and "         \
	"1000000 boots"
#define NO_EVIDENCE "line 3: evidence is '5s', of at most 60 seconds"
#define NO_COUNTER                                                                                 \
	"line 4: counter is a number from 1 to 9223372036854775807, without a sign or "            \
	"a zero before it"
#define NO_ACTION                                                                                  \
	"line 2: action is not known: it is 'seal LEVEL', 'release', 'renew', "                    \
	"'snapshot', 'detach', 'revoke', 'wipe' or 'policy sha256:DIGEST'"
#define NO_DIGEST "line 2: action: the digest of a policy is 64 hexadecimal digits, small ones"
#define NO_LEVEL "line 2: action: a seal is egress, isolate or lockdown; 'release' opens"
#define NO_FIELD "line 3: a field is 'KEY: VALUE', one space between the two"
#define NO_EDGE "line 3: a value has no space at its beginning or end"
#define NO_ORDER "line 1: this is no order: one begins with 'cordon-order: 1'"
#define NO_VERSION "line 1: this order is not of version 1, the only one known: 'cordon-order: 1'"
#define NO_CONTROL "line 3: a control character has no place in an order"
#define NO_HIDING "line 3: a character that is not seen has no place in an order"
#define NO_UTF8 "line 3: this is not UTF-8"

#define COUNTED(number)                                                                            \
	ALL(HEAD "action: release\n" NODE "counter: " number "\n"                                  \
		 "issuer: soc\nreason: r\n",                                                       \
	    NO_COUNTER)
#define ACTING(action, text) ALL(HEAD "action: " action "\n" NODE REST, text)

static const struct bad bad_rows[] = {
	ALL("", NO_ORDER),
	ALL("\n", NO_ORDER),
	ALL("cordon-bundle: 1\n", NO_ORDER),
	ALL(" " WHOLE, NO_ORDER),
	ALL("\xef\xbb\xbf" WHOLE, NO_ORDER),
	ALL("cordon-order: 2\n" NODE REST, NO_VERSION),
	ALL("cordon-order: 1 \n" NODE REST, NO_VERSION),
	ALL("cordon-order:1\n" NODE REST, NO_VERSION),
	ALL("cordon-order: 01\n" NODE REST, NO_VERSION),
	ALL("cordon-order: 1", "line 1: there is no line feed at its end"),
	ALL("cordon-order: 1\r\n",
	    "line 1: a carriage return has no place in an order; sign with -binary"),
	ALL(HEAD, "line 1: the order ends without field 'action'"),
	ALL(HEAD "action: release", "line 2: there is no line feed at its end"),
	ALL(HEAD REST NODE, "line 5: the order ends without field 'action'"),
	ALL(HEAD "action: release\n" REST,
	    "line 5: the order ends without a field 'node' or 'fleet'"),
	ALL(HEAD "action: release\n" NODE "counter: 1\nreason: r\n",
	    "line 5: the order ends without field 'issuer'"),
	ALL(HEAD "action: release\n" NODE "issuer: i\nreason: r\n",
	    "line 5: the order ends without field 'counter'"),
	ALL(HEAD "action: release\n" NODE "issuer: i\ncounter: 1\n",
	    "line 5: the order ends without field 'reason'"),
	ALL(WHOLE "fleet: shops\n", "line 7: an order is for a node or for a fleet, not for both"),
	ALL(WHOLE "reason: another\n", "line 7: field 'reason' is given twice"),
	ALL(WHOLE "action: release\n", "line 7: field 'action' is given twice"),
	ALL(WHOLE "until: tomorrow\n", "line 7: field 'until' is not known"),
	ALL(WHOLE "Reason: shouted\n", "line 7: field 'Reason' is not known"),
	ALL(WHOLE "reason : spaced\n", "line 7: this field is not known"),
	ALL(WHOLE ": none\n", "line 7: this field is not known"),
	ALL(WHOLE "k\xc3\xa4se: ja\n", "line 7: this field is not known"),
	ALL(WHOLE HUNDRED ": long\n", "line 7: this field is not known"),
	ALL(WHOLE "# remark\n", "line 7: a field is 'KEY: VALUE'"),
	ALL(WHOLE "\n", "line 7: an empty line, and nothing after it"),
	ALL(WHOLE "\nfile p 1\nx\n",
	    "line 7: something follows; only a policy has files after its order"),
	ALL(HEAD "\n" WHOLE, "line 2: the order ends without field 'action'"),

	ACTING("open", NO_ACTION),
	ACTING("Release", NO_ACTION),
	ACTING("release now", NO_ACTION),
	ACTING("seal", NO_ACTION),
	ACTING("policy", NO_ACTION),
	ACTING("policy sha1:00", NO_ACTION),
	ACTING("seal open", NO_LEVEL),
	ACTING("seal isolat", NO_LEVEL),
	ACTING("seal isolated", NO_LEVEL),
	ACTING("seal  isolate", NO_LEVEL),
	ACTING("policy sha256:", NO_DIGEST),
	ACTING("policy sha256:" HEX16, NO_DIGEST),
	ACTING("policy sha256:" HEX32 "0", NO_DIGEST),
	ACTING("policy sha256:" HEX16 "00112233445566778899AABBCCDDEEFF", NO_DIGEST),
	ACTING("policy sha256:" HEX16 "00112233445566778899aabbccddeefg", NO_DIGEST),

	WITH("node:\n", NO_FIELD),
	WITH("node: \n", NO_FIELD),
	WITH("node:store\n", NO_FIELD),
	WITH("node:\tstore\n", NO_CONTROL),
	WITH("node:  store\n", NO_EDGE),
	WITH("node: store \n", NO_EDGE),
	WITH("node: a  b\n", "line 3: node: " NO_NAME),
	WITH("node: a,b\n", "line 3: node: " NO_NAME),
	WITH("node: -a\n", "line 3: node: " NO_NAME),
	WITH("node: ..\n", "line 3: node: " NO_NAME),
	WITH("node: *\n", "line 3: node: " NO_NAME),
	WITH("node: k\xc3\xa4se\n", "line 3: node: " NO_NAME),
	WITH("fleet: a  b\n", "line 3: fleet: " NO_NAME),
	WITH("node: " HUNDRED "\n", "line 3: node: a name has at most 63 characters"),
	WITH("node: a\rb\n",
	     "line 3: a carriage return has no place in an order; sign with -binary"),
	WITH("node: a\0b\n", "line 3: a NUL byte has no place in an order"),
	WITH("node: a\x1b[1mb\n", NO_CONTROL),
	WITH("node: a\x7f\n", NO_CONTROL),
	WITH("node: \xc2\x85\n", NO_CONTROL),
	WITH("node: \xff\n", NO_UTF8),
	WITH("node: \xc3\n", NO_UTF8),
	WITH("node: \xc0\xaf\n", NO_UTF8),
	WITH("node: \xed\xa0\x80\n", NO_UTF8),
	WITH("node: \xe2\x80\xae\n", NO_HIDING),
	WITH("node: \xe2\x80\x8b\n", NO_HIDING),
	WITH("node: \xef\xbb\xbf\n", NO_HIDING),

	COUNTED("0"),
	COUNTED("-1"),
	COUNTED("+1"),
	COUNTED("017"),
	COUNTED("0x11"),
	COUNTED("1 7"),
	COUNTED("17."),
	COUNTED("seventeen"),
	COUNTED("9223372036854775808"),
	COUNTED("18446744073709551617"),
	COUNTED("99999999999999999999999"),
	WITH("not-before-boot: 0\n",
	     "line 3: not-before-boot is a number from 1 to 9223372036854775807, "
	     "without a sign or a zero before it"),
	ALL(HEAD "action: seal egress\nlease: 72h\n" NODE REST,
	    "line 7: a lease goes with release, renew or policy"),
	ALL(HEAD "action: revoke\nlease: 72h\n" NODE REST,
	    "line 7: a lease goes with release, renew or policy"),
	ALL(HEAD "action: wipe\nevidence: 5s\n" NODE REST,
	    "line 7: evidence goes with seal; a snapshot is nothing else"),
	ALL(HEAD "action: detach\nlease: 72h\n" NODE REST,
	    "line 7: a lease goes with release, renew or policy"),
	ALL(HEAD "action: release\nevidence: 5s\n" NODE REST,
	    "line 7: evidence goes with seal; a snapshot is nothing else"),
	WITH("evidence: 0s\n", NO_EVIDENCE),
	WITH("evidence: 5\n", NO_EVIDENCE),
	WITH("evidence: 61s\n", NO_EVIDENCE),
	WITH("evidence: 5s 5s\n", NO_EVIDENCE),
	WITH("lease: 0h\n", NO_LEASE),
	WITH("lease: 72\n", NO_LEASE),
	WITH("lease: h\n", NO_LEASE),
	WITH("lease: 72 h\n", NO_LEASE),
	WITH("lease: 72h,5 boots\n", NO_LEASE),
	WITH("lease: 72h5 boots\n", NO_LEASE),
	WITH("lease: 72h  5 boots\n", NO_LEASE),
	WITH("lease: 5 boots 72h\n", NO_LEASE),
	WITH("lease: 72h 72h\n", NO_LEASE),
	WITH("lease: 72h 5\n", NO_LEASE),
	WITH("lease: 72h 0 boots\n", NO_LEASE),
	WITH("lease: 5 boot\n", NO_LEASE),
	WITH("lease: 5 bootss\n", NO_LEASE),
	WITH("lease: 876001h\n", NO_LEASE),
	WITH("lease: 1000001 boots\n", NO_LEASE),
	WITH("lease: 4294967297h\n", NO_LEASE),
	WITH("challenge: 00\n", "line 3: challenge is 32 hexadecimal digits, small ones"),
	WITH("challenge: " HEX32 "\n", "line 3: challenge is 32 hexadecimal digits, small ones"),
};

TEST(refused)
{
	struct cordon_failure failure;
	struct cordon_order order;

	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		EXPECT_EQ(-EINVAL, parse(bad_rows[i].text, bad_rows[i].size, &failure, &order))
		{
			TH_LOG("row %zu, '%s'", i, bad_rows[i].text);
		}
		EXPECT_STREQ(bad_rows[i].says, failure.text)
		{
			TH_LOG("row %zu, '%s'", i, bad_rows[i].text);
		}
	}
}

/* Return: how a field of so many letters is judged, the others being good. */
static int parse_long(const char *key, size_t letters, struct cordon_failure *failure)
{
	static char text[16384];
	struct cordon_order order;
	size_t size = (size_t)sprintf(text, HEAD "action: release\nissuer: i\ncounter: 1\n%s",
				      strcmp(key, "reason") ? "reason: r\n" : NODE);

	if (!strcmp(key, "issuer"))
		size = (size_t)sprintf(text,
				       HEAD "action: release\n" NODE "counter: 1\nreason: r\n");
	size += (size_t)sprintf(text + size, "%s: ", key);
	/* Names of 63 letters, a space between two. */
	for (size_t i = 0; i < letters; i++)
		text[size++] = !strcmp(key, "node") && i % 64 == 63 ? ' ' : 'a';
	text[size++] = '\n';
	return parse(text, size, failure, &order);
}

TEST(bounds)
{
	struct cordon_failure failure;

	EXPECT_EQ(0, parse_long("issuer", CORDON_ORDER_ISSUER_MAX, &failure));
	EXPECT_EQ(-EINVAL, parse_long("issuer", CORDON_ORDER_ISSUER_MAX + 1, &failure));
	EXPECT_STREQ("line 6: issuer is longer than 63 bytes", failure.text);
	EXPECT_EQ(0, parse_long("reason", CORDON_ORDER_REASON_MAX, &failure));
	EXPECT_EQ(-EINVAL, parse_long("reason", CORDON_ORDER_REASON_MAX + 1, &failure));
	EXPECT_STREQ("line 6: reason is longer than 159 bytes", failure.text);
	EXPECT_EQ(0, parse_long("node", 63, &failure));
	EXPECT_EQ(0, parse_long("node", CORDON_ORDER_NAMES_MAX - 1, &failure));
	EXPECT_EQ(-EINVAL, parse_long("node", CORDON_ORDER_NAMES_MAX + 1, &failure));
	EXPECT_STREQ("line 6: node is longer than 1024 bytes", failure.text);
	EXPECT_EQ(-EINVAL, parse_long("reason", 8192, &failure));
	EXPECT_STREQ("line 6: it is longer than 4096 bytes", failure.text);
}

TEST(formatted)
{
	struct cordon_order order = { .action = CORDON_ACTION_RELEASE,
				      .nodes = "a b",
				      .issuer = "soc",
				      .reason = "why",
				      .counter = 3,
				      .not_before_boot = 4,
				      .lease_hours = 5,
				      .lease_boots = 6,
				      .has_challenge = true };
	char text[CORDON_ORDER_MANIFEST_MAX + 1] = "untouched";
	struct cordon_failure failure = { .text = "" };

	EXPECT_EQ((int)strlen(HEAD "action: release\nnode: a b\nissuer: soc\ncounter: 3\n"
				   "reason: why\nnot-before-boot: 4\nlease: 5h 6 boots\n"
				   "challenge: 00000000000000000000000000000000\n"),
		  cordon_order_format(&order, &failure, text));
	EXPECT_STREQ(HEAD "action: release\nnode: a b\nissuer: soc\ncounter: 3\n"
			  "reason: why\nnot-before-boot: 4\nlease: 5h 6 boots\n"
			  "challenge: 00000000000000000000000000000000\n",
		     text);
}

TEST(not_formatted)
{
	const struct cordon_order good = { .action = CORDON_ACTION_RELEASE,
					   .nodes = "a",
					   .issuer = "soc",
					   .reason = "why",
					   .counter = 3 };
	char text[CORDON_ORDER_MANIFEST_MAX + 1] = "untouched";
	struct cordon_failure failure = { .text = "" };
	struct cordon_order order = good;

	strcpy(order.reason, "why\nlease: 72h");
	EXPECT_EQ(-EINVAL, cordon_order_format(&order, &failure, text));
	EXPECT_STREQ("a control character has no place in an order", failure.text);
	order = good;
	order.counter = 0;
	failure.text[0] = '\0';
	EXPECT_EQ(-EINVAL, cordon_order_format(&order, &failure, text));
	order = good;
	order.nodes[0] = '\0';
	EXPECT_EQ(-EINVAL, cordon_order_format(&order, &failure, text));
	order = good;
	strcpy(order.fleets, "f");
	EXPECT_EQ(-EINVAL, cordon_order_format(&order, &failure, text));
	order = good;
	order.action = CORDON_ACTION_SEAL;
	EXPECT_EQ(-EINVAL, cordon_order_format(&order, &failure, text));
	order = good;
	strcpy(order.issuer, " soc");
	EXPECT_EQ(-EINVAL, cordon_order_format(&order, &failure, text));
	EXPECT_STREQ("untouched", text);
	EXPECT_LT(0, cordon_order_format(&good, &failure, text));
}

TEST(names_share)
{
	EXPECT_TRUE(cordon_order_names_share("a", "a"));
	EXPECT_TRUE(cordon_order_names_share("a b c", "a"));
	EXPECT_TRUE(cordon_order_names_share("a b c", "b"));
	EXPECT_TRUE(cordon_order_names_share("a b c", "c"));
	EXPECT_FALSE(cordon_order_names_share("ab bc", "b"));
	EXPECT_TRUE(cordon_order_names_share("a b", "c b"));
	EXPECT_FALSE(cordon_order_names_share("a b", "c d"));
	EXPECT_FALSE(cordon_order_names_share("a b", "A"));
	EXPECT_FALSE(cordon_order_names_share("a b", ""));
	EXPECT_FALSE(cordon_order_names_share("", ""));
	EXPECT_FALSE(cordon_order_names_share("", "a"));
}

TEST(words)
{
	uint32_t latch = 77;

	EXPECT_STREQ("policy", cordon_role_name(CORDON_ROLE_POLICY));
	EXPECT_STREQ("renew", cordon_role_name(CORDON_ROLE_RENEW));
	EXPECT_STREQ("?", cordon_role_name(CORDON_ROLE_COUNT));
	EXPECT_EQ(CORDON_ROLE_SEAL, cordon_action_role(CORDON_ACTION_SEAL));
	EXPECT_EQ(CORDON_ROLE_SEAL, cordon_action_role(CORDON_ACTION_SNAPSHOT));
	EXPECT_EQ(CORDON_ROLE_RELEASE, cordon_action_role(CORDON_ACTION_DETACH));
	EXPECT_EQ(CORDON_ROLE_SEAL, cordon_action_role(CORDON_ACTION_REVOKE));
	EXPECT_EQ(CORDON_ROLE_WIPE, cordon_action_role(CORDON_ACTION_WIPE));
	EXPECT_EQ(CORDON_ROLE_RELEASE, cordon_action_role(CORDON_ACTION_RELEASE));
	EXPECT_EQ(CORDON_ROLE_RENEW, cordon_action_role(CORDON_ACTION_RENEW));
	EXPECT_EQ(CORDON_ROLE_POLICY, cordon_action_role(CORDON_ACTION_POLICY));
	EXPECT_EQ(-EINVAL, cordon_latch_parse("Open", &latch));
	EXPECT_EQ(-EINVAL, cordon_latch_parse("", &latch));
	EXPECT_EQ(77, latch);
	EXPECT_EQ(0, cordon_latch_parse("lockdown", &latch));
	EXPECT_EQ(CORDON_LATCH_LOCKDOWN, latch);
	EXPECT_STREQ("open", cordon_latch_name(CORDON_LATCH_OPEN));
	EXPECT_STREQ("?", cordon_latch_name(4));
}

#define BUNDLE HEAD "action: policy sha256:" HEX32 "\n" NODE REST "\n"

TEST(bundle)
{
	static const char text[] = BUNDLE "file policy.yaml 5\na\nb\0c\nfile lists/a b.txt 0\n\n";
	struct cordon_failure failure = { .text = "" };
	struct cordon_order_file file;
	struct cordon_order order;
	const char *body;
	size_t size;

	ASSERT_EQ(0, parse(text, sizeof(text) - 1, &failure, &order));
	ASSERT_NE(NULL, order.body);
	EXPECT_EQ(0, cordon_order_files_check(&order, &failure));
	body = order.body;
	size = order.body_size;
	ASSERT_EQ(1, cordon_order_file_next(&body, &size, &failure, &file));
	EXPECT_STREQ("policy.yaml", file.name);
	EXPECT_EQ(5, file.size);
	EXPECT_EQ(0, memcmp("a\nb\0c", file.text, 5));
	ASSERT_EQ(1, cordon_order_file_next(&body, &size, &failure, &file));
	EXPECT_STREQ("lists/a b.txt", file.name);
	EXPECT_EQ(0, file.size);
	EXPECT_EQ(0, cordon_order_file_next(&body, &size, &failure, &file));
	EXPECT_EQ(0, size);
}

#define NO_HEAD "a file in it begins with 'file NAME BYTES'"
#define NO_SIZE "a file in it does not say its size in bytes"
#define LEADS_OUT "the name of a file in it leads out of its folder: "

static const struct bad body_rows[] = {
	ALL("x", NO_HEAD),
	ALL("\n", NO_HEAD),
	ALL("file\n", NO_HEAD),
	ALL("file \n", NO_HEAD),
	ALL("file 5\n", NO_HEAD),
	ALL("File a 1\nx\n", NO_HEAD),
	ALL("file  1\nx\n", NO_HEAD),
	ALL("file a\n", NO_HEAD),
	ALL("file a b\n", NO_SIZE),
	ALL("file a \n", NO_SIZE),
	ALL("file a 01\nx\n", NO_SIZE),
	ALL("file a -1\nx\n", NO_SIZE),
	ALL("file a 1x\nx\n", NO_SIZE),
	ALL("file a 18446744073709551615\nx\n", NO_SIZE),
	ALL("file a 2\nx\n", "file a in it does not end with a line feed after its 2 bytes"),
	ALL("file a 1\nx", "file a in it does not end with a line feed after its 1 bytes"),
	ALL("file a 1\nxy", "file a in it does not end with a line feed after its 1 bytes"),
	ALL("file a 0\n", "file a in it does not end with a line feed after its 0 bytes"),
	ALL("file /etc/passwd 1\nx\n", LEADS_OUT "/etc/passwd"),
	ALL("file .. 1\nx\n", LEADS_OUT ".."),
	ALL("file a/../b 1\nx\n", LEADS_OUT "a/../b"),
	ALL("file a//b 1\nx\n", LEADS_OUT "a//b"),
	ALL("file a/ 1\nx\n", LEADS_OUT "a/"),
	ALL("file ./a 1\nx\n", LEADS_OUT "./a"),
	ALL("file a\x1b 1\nx\n",
	    "the name of a file in it: a control character has no place in an order"),
	ALL("file " HUNDRED HUNDRED HUNDRED " 1\nx\n",
	    "the name of a file in it is longer than 255 bytes"),
	ALL("file a 1\nx\nfile b 1\nx\nfile a 1\nx\n", "file a is in it twice"),
	ALL("file a 1\nx\nmore", NO_HEAD),
};

TEST(bundle_refused)
{
	for (size_t i = 0; i < sizeof(body_rows) / sizeof(body_rows[0]); i++) {
		const struct cordon_order order = { .body = body_rows[i].text,
						    .body_size = body_rows[i].size };
		struct cordon_failure failure = { .text = "" };

		EXPECT_EQ(-EINVAL, cordon_order_files_check(&order, &failure))
		{
			TH_LOG("'%s'", body_rows[i].text);
		}
		EXPECT_STREQ(body_rows[i].says, failure.text);
	}
}

TEST_HARNESS_MAIN
