// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the parser makes of a packet of which only the beginning is in reach, as
 * drivers leave it.  Needs no root.
 */
#include "kselftest_harness.h"

#include "bpf/parse.h"

/* A DHCP offer: 14 bytes of Ethernet, 20 of IPv4, 8 of UDP, 300 of DHCP. */
static void make_offer(__u8 frame[342])
{
	static const __u8 headers[] = {
		[12] = 8,  [14] = 0x45, [16] = 1,   [17] = 72, [22] = 64, [23] = 17,
		[26] = 10, [27] = 1,	[29] = 254, [30] = 10, [31] = 1,  [33] = 1,
		[35] = 67, [37] = 68,	[38] = 1,   [39] = 52, [42] = 2,  [43] = 1
	};

	memset(frame, 0, 342);
	memcpy(frame, headers, sizeof(headers));
	memcpy(frame + 42 + 236, "\x63\x82\x53\x63", 4);
}

static enum cordon_reason parse(const __u8 *frame, size_t reach, bool plain, struct packet *packet)
{
	struct cursor cursor = cursor_at(frame, frame + reach, 0);

	memset(packet, 0, sizeof(*packet));
	cursor.plain = plain;
	return parse_ether(&cursor, 342, 0, packet);
}

TEST(an_offer_is_known_or_looked_at_again)
{
	struct packet packet;
	__u8 frame[342];

	make_offer(frame);
	EXPECT_EQ(CORDON_REASON_NONE, parse(frame, 342, true, &packet));
	EXPECT_EQ(CORDON_BUILTIN_DHCP, packet.builtin);
	EXPECT_EQ(PARSE_AGAIN, parse(frame, 128, true, &packet));
	EXPECT_EQ(PARSE_AGAIN, parse(frame, 42, true, &packet));
	EXPECT_EQ(CORDON_REASON_TRUNCATED, parse(frame, 41, true, &packet));
	/* even pulled it is not all there: then it is no offer */
	EXPECT_EQ(CORDON_REASON_NONE, parse(frame, 128, false, &packet));
	EXPECT_EQ(0, packet.builtin);
}

TEST(nothing_is_read_behind_the_end)
{
	struct packet packet;
	__u8 frame[342];

	make_offer(frame);
	for (size_t reach = 0; reach < 342; reach++) {
		__u8 *exact = malloc(reach ? reach : 1);

		memcpy(exact, frame, reach);
		parse(exact, reach, true, &packet);
		parse(exact, reach, false, &packet);
		free(exact);
	}
}

TEST_HARNESS_MAIN
