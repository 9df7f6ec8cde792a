// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Services: text to numbers and back.  What is told of bad ones stands in
 * tests/policy/bad/service*.yaml.
 */
#include <stdio.h>
#include <string.h>

#include "service.h"

#include "kselftest_harness.h"

struct row {
	const char *text;
	int protocol; /* -1: any, -2: refused */
	unsigned int first;
	unsigned int last;
	const char *format; /* as cordon_service_format() writes it; NULL: as @text */
};

#define ALL 0, 65535
#define REFUSED -2, 0, 0, NULL

static const struct row rows[] = {
	{ "any", -1, ALL, NULL },
	{ "tcp", 6, ALL, NULL },
	{ "tcp/1", 6, 1, 1, NULL },
	{ "tcp/22", 6, 22, 22, NULL },
	{ "tcp/65535", 6, 65535, 65535, NULL },
	{ "tcp/1-65535", 6, 1, 65535, NULL },
	{ "tcp/5-5", 6, 5, 5, "tcp/5" },
	{ "udp/5000-5100", 17, 5000, 5100, NULL },
	{ "sctp", 132, ALL, NULL },
	{ "sctp/2905", 132, 2905, 2905, NULL },
	{ "udplite/9", 136, 9, 9, NULL },
	{ "dccp/9", 33, 9, 9, NULL },
	{ "icmp", 1, ALL, NULL },
	{ "icmp/echo-request", 1, 0x800, 0x8ff, NULL },
	{ "icmp/echo-reply", 1, 0, 0xff, NULL },
	{ "icmp/8", 1, 0x800, 0x8ff, "icmp/echo-request" },
	{ "icmp/3/4", 1, 0x304, 0x304, "icmp/destination-unreachable/4" },
	{ "icmp/destination-unreachable/4", 1, 0x304, 0x304, NULL },
	{ "icmp/255", 1, 0xff00, 0xffff, NULL },
	{ "icmp/255/255", 1, 0xffff, 0xffff, NULL },
	{ "icmpv6", 58, ALL, NULL },
	{ "icmpv6/echo-request", 58, 0x8000, 0x80ff, NULL },
	{ "icmpv6/neighbour-advertisement/255", 58, 0x88ff, 0x88ff, NULL },
	{ "icmpv6/8", 58, 0x800, 0x8ff, NULL },
	{ "gre", 47, ALL, NULL },
	{ "esp", 50, ALL, NULL },
	{ "ah", 51, ALL, NULL },
	{ "ospf", 89, ALL, NULL },
	{ "vrrp", 112, ALL, NULL },
	{ "47", 47, ALL, "gre" },
	{ "proto/47", 47, ALL, "gre" },
	{ "6", 6, ALL, "tcp" },
	{ "proto/99", 99, ALL, NULL },
	{ "99", 99, ALL, "proto/99" },
	{ "255", 255, ALL, "proto/255" },
	{ "", REFUSED },
	{ "/", REFUSED },
	{ "tcp/", REFUSED },
	{ "tcp//22", REFUSED },
	{ "tcp/0", REFUSED },
	{ "tcp/0-5", REFUSED },
	{ "tcp/65536", REFUSED },
	{ "tcp/1-65536", REFUSED },
	{ "tcp/100000", REFUSED },
	{ "tcp/4294967318", REFUSED },
	{ "tcp/2-1", REFUSED },
	{ "tcp/1-2-3", REFUSED },
	{ "tcp/-1", REFUSED },
	{ "tcp/+1", REFUSED },
	{ "tcp/ 1", REFUSED },
	{ "tcp/0x16", REFUSED },
	{ "tcp/022", REFUSED },
	{ "tcp /22", REFUSED },
	{ "Tcp", REFUSED },
	{ "tcpx", REFUSED },
	{ "any/22", REFUSED },
	{ "gre/1", REFUSED },
	{ "icmp/", REFUSED },
	{ "icmp//0", REFUSED },
	{ "icmp/256", REFUSED },
	{ "icmp/8/256", REFUSED },
	{ "icmp/8/", REFUSED },
	{ "icmp/8/0/0", REFUSED },
	{ "icmp/packet-too-big", REFUSED },
	{ "proto", REFUSED },
	{ "proto/", REFUSED },
	{ "proto/tcp", REFUSED },
	{ "256", REFUSED },
	{ "47/1", REFUSED },
	{ "0", REFUSED },
	{ "43", REFUSED },
	{ "44", REFUSED },
	{ "60", REFUSED },
	{ "tcp/1111111111111111111111111111111111111", REFUSED },
};

static void check_row(struct __test_metadata *_metadata, const struct row *row)
{
	struct cordon_service service = { .protocol = 77, .any = row->protocol == -1 };
	struct cordon_position at = { "f", 3, 4 };
	struct cordon_diag diag = { 0 };
	int error = cordon_service_parse(row->text, at, &diag, &service);
	char text[CORDON_SERVICE_TEXT_SIZE] = "";

	EXPECT_EQ(row->protocol == -2, error != 0)
	{
		TH_LOG("'%s'", row->text);
	}
	EXPECT_EQ(row->protocol == -2, diag.errors);
	cordon_diag_clear(&diag);
	if (error) {
		EXPECT_EQ(77, service.protocol);
		return;
	}
	EXPECT_EQ(row->protocol == -1, service.any);
	EXPECT_EQ(row->first, service.first);
	EXPECT_EQ(row->last, service.last);
	EXPECT_STREQ(row->text, service.text);
	EXPECT_EQ(4, service.at.column);
	if (service.any)
		return;
	EXPECT_EQ(row->protocol, service.protocol);
	cordon_service_format(service.protocol, service.first, service.last, text);
	EXPECT_STREQ(row->format ? row->format : row->text, text);
}

TEST(parse_and_format)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(_metadata, &rows[i]);
}

/* Whatever is formatted can be parsed, and is the same again. */
TEST(format_and_back)
{
	for (unsigned int i = 0; i < 256 * 256; i++) {
		uint8_t protocol = i % 2 ? 1 : 58;
		struct cordon_service service;
		struct cordon_diag diag = { 0 };
		char text[CORDON_SERVICE_TEXT_SIZE];

		cordon_service_format(protocol, (uint16_t)i, (uint16_t)i, text);
		ASSERT_EQ(0, cordon_service_parse(text, (struct cordon_position){ 0 }, &diag,
						  &service));
		ASSERT_EQ(protocol, service.protocol);
		ASSERT_EQ(i, service.first);
		ASSERT_EQ(i, service.last);
	}
}

TEST(protocol_name)
{
	EXPECT_STREQ("tcp", cordon_service_protocol_name(6));
	EXPECT_STREQ("icmpv6", cordon_service_protocol_name(58));
	EXPECT_EQ(NULL, cordon_service_protocol_name(254));
}

TEST_HARNESS_MAIN
