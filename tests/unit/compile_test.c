// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The compiler: from a policy's text to who may reach what, what may be seen
 * where, and what people read.  Needs no root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit/compile_text.h"
#include "kselftest_harness.h"

#include "bpf/verdict.h"
#include "image.h"
#include "image_check.h"
#include "util/cleanup.h"

#define TCP 6
#define UDP 17

/* a, b: addresses; lan: addresses, tied; wan: interfaces only */
static const char zones[] = "cordon: 1\n"
			    "serial: 7\n"
			    "node: test\n"
			    "zones:\n"
			    "  a: {addresses: [10.0.0.0/8, \"fd00::/16\"]}\n"
			    "  b: {addresses: [10.1.0.0/16]}\n"
			    "  lan: {addresses: [192.168.0.0/24], interfaces: [lan0, \"br*\"]}\n"
			    "  wan: {interfaces: [wan0, \"ppp*\"]}\n"
			    "workloads:\n"
			    "  pos: {units: [pos.service]}\n"
			    "  web: {units: [web.service], cgroups: [/web]}\n";

static uint32_t identity(const struct cordon_image *image, const char *name)
{
	for (uint32_t i = 0; i < image->nr_zones; i++) {
		if (!strcmp(image->zones[i].name, name))
			return i;
	}
	return UINT32_MAX;
}

static const char *decide(const struct cordon_image *image, bool keep, const char *from,
			  const char *to, uint8_t protocol, uint16_t service)
{
	const struct cordon_table matrix = {
		image->matrix[keep ? CORDON_MATRIX_KEEP : CORDON_MATRIX_OPEN],
		(__u32)image->nr_cells, sizeof(struct cordon_cell)
	};
	const struct cordon_table pages = { image->pages, (__u32)image->nr_pages,
					    sizeof(*image->pages) };
	const struct tables tables = { .settings = &image->settings,
				       .matrix = matrix,
				       .pages = pages };
	uint32_t rule = verdict_rule(&tables, identity(image, from), identity(image, to), protocol,
				     service);

	return rule ? image->rules[rule - CORDON_RULE_SLOT_FIRST].rule.name : "-";
}

TEST(rules_reach_whom_they_name)
{
	static const char rules[] =
		"rules:\n"
		"  - {name: ssh, from: a, to: node, services: [tcp/22, icmp]}\n"
		"  - {name: card, from: pos, to: b, services: [tcp/443]}\n"
		"  - {name: dns, from: node, to: any, services: [udp/53]}\n"
		"  - {name: site, from: any, to: web, services: [tcp/80-90]}\n"
		"  - {name: through, from: lan, to: wan, services: [any]}\n"
		"  - {name: wide, from: any, to: node, services: [tcp/85-95]}\n"
		"  - {name: ssh2, from: any, to: node, services: [tcp/22]}\n"
		"  - {name: cross, from: any, to: a, services: [tcp/7]}\n"
		"quarantine:\n"
		"  keep:\n"
		"    - {name: rescue, from: b, to: node, services: [tcp/2222]}\n"
		"    - {name: ssh, from: a, to: web, services: [tcp/22]}\n";
	static const struct {
		const char *rule, *from, *to;
		uint8_t protocol;
		uint16_t service;
		bool keep;
	} rows[] = {
		{ "ssh", "a", "node", TCP, 22, false },
		{ "ssh2", "b", "node", TCP, 22, false },
		{ "ssh2", "stranger", "node", TCP, 22, false },
		{ "-", "a", "node", UDP, 22, false },
		{ "ssh", "a", "node", 1, 0x0800, false },
		{ "-", "node", "a", TCP, 22, false },
		{ "card", "pos", "b", TCP, 443, false },
		{ "-", "web", "b", TCP, 443, false },
		{ "-", "node", "b", TCP, 443, false },
		{ "-", "pos", "a", TCP, 443, false },
		{ "dns", "node", "a", UDP, 53, false },
		{ "dns", "node", "stranger", UDP, 53, false },
		{ "dns", "pos", "wan", UDP, 53, false },
		{ "dns", "web", "b", UDP, 53, false },
		{ "-", "a", "b", UDP, 53, false },
		{ "site", "stranger", "node", TCP, 80, false },
		{ "site", "lan", "node", TCP, 85, false },
		{ "wide", "stranger", "node", TCP, 91, false },
		{ "-", "stranger", "node", TCP, 96, false },
		{ "through", "lan", "wan", 99, 0, false },
		{ "-", "wan", "lan", 99, 0, false },
		{ "-", "lan", "node", 99, 0, false },
		{ "cross", "stranger", "a", TCP, 7, false },
		{ "cross", "a", "a", TCP, 7, false },
		{ "-", "node", "a", TCP, 7, false },
		/* bind: the web's ports are no one else's */
		{ "site", "node", "node", TCP, 80, false },
		{ "site", "pos", "node", TCP, 85, false },
		{ "-", "web", "node", TCP, 80, false },
		{ "-", "pos", "node", TCP, 22, false },
		/* sealed */
		{ "rescue", "b", "node", TCP, 2222, true },
		{ "-", "b", "node", TCP, 2222, false },
		{ "ssh", "a", "node", TCP, 22, true },
		{ "-", "stranger", "node", TCP, 22, true },
		{ "-", "stranger", "node", TCP, 80, true },
		{ "-", "node", "a", UDP, 53, true },
		{ "ssh", "pos", "node", TCP, 22, true },
		{ "-", "web", "node", TCP, 22, true },
	};
	struct cordon_image *image CLEANUP(image) = compile_text(zones, rules);

	ASSERT_NE(NULL, image);
	ASSERT_EQ(0, cordon_image_check(image));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_STREQ(rows[i].rule, decide(image, rows[i].keep, rows[i].from, rows[i].to,
						  rows[i].protocol, rows[i].service))
		TH_LOG("%s %s -> %s %u/%u", rows[i].keep ? "keep" : "open", rows[i].from,
		       rows[i].to, rows[i].protocol, rows[i].service);
	}
	EXPECT_EQ(8, image->settings.rules);
	EXPECT_EQ(10, image->nr_rules);
	EXPECT_EQ(1, image->rules[8].keep);
	EXPECT_EQ(CORDON_SETTINGS_TIED | CORDON_SETTINGS_WORKLOADS | CORDON_SETTINGS_FORWARD |
			  CORDON_SETTINGS_RESERVED,
		  image->settings.flags);
}

TEST(flags_follow_the_policy)
{
	static const struct {
		const char *text;
		uint32_t flags;
	} rows[] = {
		{ "rules: []\n", 0 },
		{ "mode: audit\nrules: []\n", CORDON_SETTINGS_AUDIT },
		{ "log: {flows: none}\nrules: []\n", CORDON_SETTINGS_QUIET },
		{ "log: {flows: all}\nrules: []\n", CORDON_SETTINGS_FLOWS },
		{ "log: {exec: none}\nrules: []\n", CORDON_SETTINGS_NO_EXEC },
		{ "log: {exec: all, flows: denied}\nrules: []\n", 0 },
		{ "rules:\n  - {name: x, from: pos, to: a, services: [any]}\n",
		  CORDON_SETTINGS_WORKLOADS },
		{ "rules:\n  - {name: x, from: a, to: pos, services: [any]}\n",
		  CORDON_SETTINGS_WORKLOADS | CORDON_SETTINGS_RESERVED },
		{ "rules:\n  - {name: x, from: a, to: b, services: [any]}\n",
		  CORDON_SETTINGS_FORWARD },
		{ "rules: []\nquarantine:\n  keep:\n"
		  "    - {name: x, from: any, to: any, services: [any]}\n",
		  CORDON_SETTINGS_FORWARD },
		{ "rules:\n  - {name: x, from: node, to: a, services: [any]}\n", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_image *image CLEANUP(image) = compile_text(zones, rows[i].text);

		ASSERT_NE(NULL, image) TH_LOG("%s", rows[i].text);
		EXPECT_EQ(CORDON_SETTINGS_TIED | rows[i].flags, image->settings.flags)
		TH_LOG("%s", rows[i].text);
	}
}

/* ---- interfaces ---- */

static struct cordon_policy_zone make_zone(const char *name, size_t prefixes, const char *first,
					   const char *second)
{
	struct cordon_policy_zone zone = { .nr_prefixes = prefixes };

	snprintf(zone.name, sizeof(zone.name), "%s", name);
	zone.interfaces = calloc(2, sizeof(*zone.interfaces));
	if (first)
		zone.interfaces[zone.nr_interfaces++].text = strdup(first);
	if (second)
		zone.interfaces[zone.nr_interfaces++].text = strdup(second);
	return zone;
}

enum {
	FREE = CORDON_IDENTITY_FIRST,
	LAN,
	CAMERAS,
	WAN,
	PPP,
	ZONES = 5
};

/* Untied, tied to lan0 and br*, tied to br1, and two without addresses. */
static struct cordon_policy *make_policy(void)
{
	static const struct cordon_interface_choice choices[] = {
		{ .pattern = "*", .mode = CORDON_MODE_TC },
		{ .pattern = "br*", .mode = CORDON_MODE_XDP },
		{ .pattern = "dummy0", .mode = CORDON_MODE_EXCLUDE },
	};
	struct cordon_policy *policy = calloc(1, sizeof(*policy));

	policy->zones = calloc(ZONES, sizeof(*policy->zones));
	policy->zones[policy->nr_zones++] = make_zone("free", 1, NULL, NULL);
	policy->zones[policy->nr_zones++] = make_zone("lan", 1, "lan0", "br*");
	policy->zones[policy->nr_zones++] = make_zone("cameras", 1, "br1", "mix0");
	policy->zones[policy->nr_zones++] = make_zone("wan", 0, "wan0", "mix0");
	policy->zones[policy->nr_zones++] = make_zone("ppp", 0, "ppp*", NULL);
	policy->choices = calloc(3, sizeof(choices[0]));
	memcpy(policy->choices, choices, sizeof(choices));
	policy->nr_choices = 3;
	return policy;
}

#define BIT(identity) (1ULL << (identity))

TEST(interfaces_show_what_is_tied_to_them)
{
	static const struct {
		const char *name;
		uint64_t allowed;
		uint32_t flags, fallback, forwarder, mode;
	} rows[] = {
		{ "eth0", BIT(FREE), 0, 0, 0, CORDON_MODE_TC },
		{ "lan0", BIT(LAN), CORDON_CLASS_CLOSED, 0, LAN, CORDON_MODE_TC },
		{ "lan01", BIT(FREE), 0, 0, 0, CORDON_MODE_TC },
		{ "br0", BIT(LAN), CORDON_CLASS_CLOSED, 0, LAN, CORDON_MODE_XDP },
		{ "br1", BIT(LAN) | BIT(CAMERAS), CORDON_CLASS_CLOSED, 0, 0, CORDON_MODE_XDP },
		{ "br11", BIT(LAN), CORDON_CLASS_CLOSED, 0, LAN, CORDON_MODE_XDP },
		{ "wan0", BIT(FREE), 0, WAN, WAN, CORDON_MODE_TC },
		{ "mix0", BIT(FREE) | BIT(CAMERAS), 0, WAN, WAN, CORDON_MODE_TC },
		{ "ppp7", BIT(FREE), 0, PPP, PPP, CORDON_MODE_TC },
		{ "dummy0", BIT(FREE), 0, 0, 0, CORDON_MODE_EXCLUDE },
	};
	struct cordon_policy *policy CLEANUP(policy) = make_policy();
	struct cordon_image *image CLEANUP(image) = NULL;
	struct cordon_diag diag = { 0 };

	ASSERT_EQ(0, cordon_compile(policy, &diag, &image));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cordon_image_interface *found =
			cordon_image_interface_find(image, rows[i].name);
		const struct cordon_class *class;

		ASSERT_NE(NULL, found) TH_LOG("%s", rows[i].name);
		class = &image->classes[found->class];
		EXPECT_EQ(rows[i].allowed, class->allowed[0]) TH_LOG("%s", rows[i].name);
		EXPECT_EQ(rows[i].flags, class->flags) TH_LOG("%s", rows[i].name);
		EXPECT_EQ(rows[i].fallback, class->fallback) TH_LOG("%s", rows[i].name);
		EXPECT_EQ(rows[i].forwarder, class->forwarder) TH_LOG("%s", rows[i].name);
		EXPECT_EQ(rows[i].mode, found->mode) TH_LOG("%s", rows[i].name);
	}
	/* Untied, lan, lan and cameras, wan, mix, ppp. */
	EXPECT_EQ(6, image->nr_classes);
	/* lan0 br* br1 mix0 wan0 ppp* * dummy0, each once */
	EXPECT_EQ(8, image->nr_interfaces);
}

TEST(two_zones_without_addresses_clash)
{
	static const struct {
		const char *first, *second;
		int expected;
	} rows[] = {
		{ "eth0", "eth1", 0 },	     { "eth0", "eth0", -EINVAL },
		{ "eth*", "eth1", -EINVAL }, { "eth1", "eth*", -EINVAL },
		{ "eth*", "wl*", 0 },	     { "e*", "eth*", -EINVAL },
		{ "eth*", "e*", -EINVAL },   { "*", "eth0", -EINVAL },
		{ "eth00", "eth0", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_policy *policy CLEANUP(policy) = calloc(1, sizeof(*policy));
		struct cordon_image *image CLEANUP(image) = NULL;
		struct cordon_diag diag = { 0 };

		policy->zones = calloc(2, sizeof(*policy->zones));
		policy->zones[policy->nr_zones++] = make_zone("x", 0, rows[i].first, NULL);
		policy->zones[policy->nr_zones++] = make_zone("y", 0, rows[i].second, NULL);
		EXPECT_EQ(rows[i].expected, cordon_compile(policy, &diag, &image))
		TH_LOG("%s and %s", rows[i].first, rows[i].second);
		EXPECT_EQ(rows[i].expected ? 1 : 0, diag.errors);
		cordon_diag_clear(&diag);
	}
}

/* ---- what people read ---- */

TEST(names_and_numbers_are_kept)
{
	static const char rules[] =
		"rules:\n"
		"  - {name: many, from: any, to: node, services: [tcp/1001, tcp/1002, tcp/1003, "
		"tcp/1004, tcp/1005, tcp/1006, tcp/1007, tcp/1008]}\n"
		"  - {name: few, from: node, to: wan, services: [tcp/22, icmp]}\n";
	struct cordon_image *image CLEANUP(image) = compile_text(zones, rules);

	ASSERT_NE(NULL, image);
	EXPECT_STREQ("tcp/1001, tcp/1002, tcp/1003, tcp/1004, tcp/1005, tcp/1006, ...",
		     image->rules[0].rule.services);
	EXPECT_STREQ("any", image->rules[0].rule.from);
	EXPECT_STREQ("tcp/22, icmp", image->rules[1].rule.services);
	EXPECT_STREQ("wan", image->rules[1].rule.to);
	EXPECT_EQ(8, image->nr_zones);
	EXPECT_STREQ("stranger", image->zones[0].name);
	EXPECT_EQ(CORDON_IDENTITY_KIND_BUILTIN, image->zones[1].kind);
	EXPECT_STREQ("a", image->zones[2].name);
	EXPECT_EQ(2, image->zones[2].prefixes);
	EXPECT_EQ(CORDON_IDENTITY_KIND_WORKLOAD, image->zones[6].kind);
	EXPECT_EQ(4, image->settings.prefixes);
	EXPECT_EQ(7, image->settings.serial);
	EXPECT_STREQ("test", image->settings.node);
	EXPECT_EQ(3, image->nr_workloads);
	EXPECT_STREQ("/web", image->workloads[2].path.path);
	EXPECT_EQ(7, image->workloads[2].identity);
}

TEST(flow_buckets_are_whole)
{
	static const struct {
		uint32_t entries, buckets;
	} rows[] = { { 0, 8 }, { 64, 8 }, { 65, 9 }, { 4096, 512 }, { UINT32_MAX, 2U << 20 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_policy policy = { .flow_entries = rows[i].entries };
		struct cordon_image *image CLEANUP(image) = NULL;
		struct cordon_diag diag = { 0 };

		ASSERT_EQ(0, cordon_compile(&policy, &diag, &image));
		EXPECT_EQ(rows[i].buckets, image->settings.flow_buckets);
	}
}

/* ---- limits ---- */

TEST(limits_are_told)
{
	static const struct {
		size_t zones, rules;
		int expected;
	} rows[] = {
		{ CORDON_IDENTITIES_MAX - 2, 0, 0 },
		{ CORDON_IDENTITIES_MAX - 1, 0, -EINVAL },
		{ 0, CORDON_RULES_MAX, 0 },
		{ 0, CORDON_RULES_MAX + 1, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_policy *policy CLEANUP(policy) = calloc(1, sizeof(*policy));
		struct cordon_image *image CLEANUP(image) = NULL;
		struct cordon_diag diag = { 0 };

		policy->zones = calloc(rows[i].zones + 1, sizeof(*policy->zones));
		policy->nr_zones = rows[i].zones;
		policy->rules = calloc(rows[i].rules + 1, sizeof(*policy->rules));
		policy->nr_rules = rows[i].rules;
		for (size_t j = 0; j < rows[i].rules; j++) {
			policy->rules[j].from = CORDON_IDENTITY_ANY;
			policy->rules[j].to = CORDON_IDENTITY_NODE;
		}
		EXPECT_EQ(rows[i].expected, cordon_compile(policy, &diag, &image));
		EXPECT_EQ(rows[i].expected ? 1 : 0, diag.errors);
		cordon_diag_clear(&diag);
	}
}

/* 20 zones, each rule between two of them or the node, three services each. */
static struct cordon_policy *make_big(size_t nr)
{
	struct cordon_policy *policy = calloc(1, sizeof(*policy));

	policy->nr_zones = 20;
	policy->zones = calloc(policy->nr_zones, sizeof(*policy->zones));
	policy->nr_rules = nr;
	policy->rules = calloc(nr, sizeof(*policy->rules));
	for (size_t i = 0; i < nr; i++) {
		struct cordon_policy_rule *rule = &policy->rules[i];

		rule->from = i % 7 ? cordon_zone_identity(i * 13 % 20) : CORDON_IDENTITY_ANY;
		rule->to = i % 3 ? CORDON_IDENTITY_NODE : cordon_zone_identity(i * 7 % 20);
		rule->nr_services = 3;
		rule->services = calloc(3, sizeof(*rule->services));
		for (size_t j = 0; j < 3; j++) {
			rule->services[j].protocol = j ? TCP : UDP;
			rule->services[j].first = (uint16_t)(i * 61 + j * 1000);
			rule->services[j].last = (uint16_t)(rule->services[j].first | 0x1ff);
		}
	}
	return policy;
}

static double compile_milliseconds(const struct cordon_policy *policy, int *ret_err)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	struct cordon_diag diag = { 0 };
	struct timespec began, ended;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
	*ret_err = cordon_compile(policy, &diag, &image);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
	cordon_diag_clear(&diag);
	return (double)(ended.tv_sec - began.tv_sec) * 1e3 +
	       (double)(ended.tv_nsec - began.tv_nsec) / 1e6;
}

/* 20 ms are meant; a slow or busy machine gets ten times that. */
TEST(a_thousand_rules_are_quick)
{
	static const struct {
		size_t rules;
		double limit;
	} rows[] = { { 20, 10 }, { 1000, 200 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_policy *policy CLEANUP(policy) = make_big(rows[i].rules);
		double spent;
		int err;

		spent = compile_milliseconds(policy, &err);
		TH_LOG("%zu rules: %.2f ms", rows[i].rules, spent);
		EXPECT_EQ(0, err);
		EXPECT_GT(rows[i].limit, spent);
	}
}

/* Every pair of 500 zones has the same rules: found once, not a quarter of a million times. */
TEST(pairs_that_share_their_rules_share_the_work)
{
	struct cordon_policy *policy CLEANUP(policy) = make_big(20);
	double spent;
	int err;

	free(policy->zones);
	policy->nr_zones = 500;
	policy->zones = calloc(policy->nr_zones, sizeof(*policy->zones));
	for (size_t i = 0; i < policy->nr_rules; i++) {
		policy->rules[i].from = CORDON_IDENTITY_ANY;
		policy->rules[i].to = CORDON_IDENTITY_ANY;
	}
	spent = compile_milliseconds(policy, &err);
	TH_LOG("%.2f ms", spent);
	EXPECT_EQ(0, err);
	EXPECT_GT(1000, spent);
}

/* The small node: 20 zones, 4,096 flows, under 8 MB. */
TEST(a_small_node_is_small)
{
	struct cordon_policy *policy CLEANUP(policy) = make_big(20);
	struct cordon_image *image CLEANUP(image) = NULL;
	struct cordon_diag diag = { 0 };
	size_t memory;

	policy->flow_entries = 4096;
	ASSERT_EQ(0, cordon_compile(policy, &diag, &image));
	memory = cordon_image_memory(image, 4);
	TH_LOG("%zu KB on 4 CPUs", memory >> 10);
	EXPECT_GT(8UL << 20, memory);
	EXPECT_LT(4096UL * 64, memory);
	/* One flow more needs a bucket more, and that at most a page. */
	image->settings.flow_buckets += 8;
	EXPECT_EQ(memory + 4096, cordon_image_memory(image, 4));
}

TEST_HARNESS_MAIN
