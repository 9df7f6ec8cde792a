// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which policies leave a way in, and what is said of those that do not.  Needs no root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/compile_text.h"
#include "kselftest_harness.h"

#include "image.h"
#include "util/cleanup.h"
#include "way_in.h"

static const char zones[] = "cordon: 1\n"
			    "serial: 7\n"
			    "zones:\n"
			    "  management: {addresses: [10.20.0.0/24, \"fd00:20::/64\"]}\n"
			    "  devices: {addresses: [192.168.50.0/24], interfaces: [lan0]}\n"
			    "workloads:\n"
			    "  pos: {units: [pos.service]}\n"
			    "  ssh: {units: [ssh.service]}\n";

#define SSH "{name: ssh, from: management, to: node, services: [tcp/22]}"

TEST(a_keep_list_needs_a_rule_between_the_node_and_others)
{
	static const struct {
		const char *keep;
		bool kept;
	} rows[] = {
		{ NULL, false },
		{ "[]", false },
		{ "[{name: r, from: management, to: node, services: [tcp/22]}]", true },
		{ "[{name: r, from: any, to: node, services: [icmp]}]", true },
		{ "[{name: r, from: management, to: ssh, services: [tcp/22]}]", true },
		{ "[{name: r, from: node, to: management, services: [tcp/8883]}]", true },
		{ "[{name: r, from: pos, to: any, services: [tcp/8883]}]", true },
		{ "[{name: r, from: management, to: devices, services: [any]}]", false },
		{ "[{name: r, from: any, to: devices, services: [tcp/80]}]", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_image *image CLEANUP(image) = NULL;
		struct cordon_failure failure = { .text = "" };
		char rules[512];

		snprintf(rules, sizeof(rules), "rules: [%s]\n%s%s\n", SSH,
			 rows[i].keep ? "quarantine:\n  keep: " : "",
			 rows[i].keep ? rows[i].keep : "");
		image = compile_text(zones, rules);
		ASSERT_NE(NULL, image);
		EXPECT_EQ(rows[i].kept, cordon_way_in_is_kept(image))
		TH_LOG("row %zu", i);
		EXPECT_EQ(rows[i].kept ? 0 : -EPERM, cordon_way_in_check(image, NULL, &failure));
		EXPECT_EQ(!rows[i].kept, strstr(failure.text, "no way in") != NULL);
	}
}

static struct cordon_way way_from(const char *remote, uint16_t port, uint32_t class)
{
	struct cordon_way way = { .remote = { .bytes = { [10] = 0xff, [11] = 0xff } },
				  .port = port,
				  .class = class,
				  .interface = "lan0" };

	if (inet_pton(AF_INET, remote, way.remote.bytes + 12) != 1)
		inet_pton(AF_INET6, remote, way.remote.bytes);
	way.local = way.remote;
	way.local.bytes[15] ^= 0x80;
	return way;
}

#define OPEN_SSH "rules: [" SSH "]\n"
#define KEEP(rule) "quarantine: {keep: [" rule "]}\n"
#define OUT "{name: out, from: node, to: management, services: [tcp/443]}"

TEST(the_operator_is_let_in_by_rules_and_keep_list)
{
	static const struct {
		const char *rules, *remote;
		uint16_t port;
		bool tied;	  /* by the interface of devices */
		const char *says; /* NULL: let in */
	} rows[] = {
		{ OPEN_SSH KEEP(SSH), "10.20.0.9", 22, false, NULL },
		{ OPEN_SSH KEEP(SSH), "fd00:20::9", 22, false, NULL },
		{ OPEN_SSH KEEP(SSH), "10.20.0.9", 2222, false,
		  "from 10.20.0.9 to tcp/2222, and the rules would cut that: it needs {from: "
		  "management, to: node, services: [tcp/2222]}" },
		{ OPEN_SSH KEEP(SSH), "fd00:21::9", 22, false,
		  "from fd00:21::9 to tcp/22, and the rules would cut that: it needs {from: "
		  "A-ZONE-WITH-THAT-ADDRESS, to: node" },
		{ OPEN_SSH KEEP(OUT), "10.20.0.9", 22, false,
		  "and the keep list would cut that once the node is sealed: it needs {from: "
		  "management, to: node, services: [tcp/22]} (--force" },
		{ "rules: []\n" KEEP(SSH), "10.20.0.9", 22, false, "the rules would cut" },
		{ "rules: []\nmode: audit\n" KEEP(SSH), "10.20.0.9", 22, false, NULL },
		{ "rules: []\nmode: audit\n" KEEP(OUT), "10.20.0.9", 22, false,
		  "the keep list would cut" },
		{ OPEN_SSH KEEP(SSH), "10.20.0.9", 22, true,
		  "zone management must be tied to interface lan0" },
		{ OPEN_SSH KEEP(SSH), "172.16.0.1", 22, true,
		  "a zone with that address must be tied to interface lan0" },
		{ "rules: [{name: s, from: any, to: ssh, services: [tcp/22]}]\n" KEEP(
			  "{name: s, from: any, to: ssh, services: [tcp/22]}"),
		  "198.51.100.1", 22, false, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_image *image CLEANUP(image) = compile_text(zones, rows[i].rules);
		struct cordon_failure failure = { .text = "" };
		struct cordon_way way;

		ASSERT_NE(NULL, image);
		way = way_from(rows[i].remote, rows[i].port,
			       rows[i].tied ? cordon_image_interface_find(image, "lan0")->class :
					      0);
		EXPECT_EQ(rows[i].says ? -EPERM : 0, cordon_way_in_check(image, &way, &failure));
		EXPECT_EQ(rows[i].says != NULL, failure.text[0] != '\0');
		EXPECT_TRUE(!rows[i].says || strstr(failure.text, rows[i].says))
		TH_LOG("row %zu says: %s", i, failure.text);
	}
}

TEST_HARNESS_MAIN
