// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One bucket of the flow table: which flow gives way to a new one, what a
 * switch does to tags, and what TCP segments make of a flow.  Needs no root.
 */
#include "kselftest_harness.h"

#include "bpf/flow.h"

#define NOW 100000U
#define WAYS CORDON_FLOW_WAYS

static const struct cordon_settings settings = {
	.flow_buckets = 8,
	.timeout_tcp_open = 60,
	.timeout_tcp = 7440,
	.timeout_tcp_closing = 60,
	.timeout_udp = 30,
	.timeout_udp_reply = 180,
	.timeout_icmp = 30,
	.timeout_fragment = 30,
	.timeout_other = 600,
};

static const struct cordon_control control = { .secret = { 3, 5, 7, 11, 13 } };

static struct packet make_packet(__u8 protocol, __u16 port)
{
	struct packet packet = { .ethertype = ETHERTYPE_IPV4,
				 .protocol = protocol,
				 .source_port = port,
				 .destination_port = 22 };

	address_set_ipv4(&packet.source, 0x0100000a);
	address_set_ipv4(&packet.destination, 0x0200000a);
	return packet;
}

static struct flow_key make_key(const struct packet *packet, __u32 generation)
{
	struct flow_key key;

	flow_key_make(&control, packet, packet->protocol, 0, flow_epoch(generation, 0), &key);
	return key;
}

/* Its place. @age: ticks since its last packet */
static __u32 insert(struct cordon_flow_bucket *bucket, __u8 protocol, __u16 port,
		    enum cordon_flow_state state, __u32 age)
{
	const struct packet packet = make_packet(protocol, port);
	const struct flow_key key = make_key(&packet, 1);
	const struct flow_start start = { &packet, &key, state, 16, WAYS, 0, NOW - age };

	return flow_insert(&settings, bucket, &start);
}

/* The port of the flow that a new one took the place of, 0 if none was. */
static __u16 pushed_out(struct cordon_flow_bucket *bucket, __u16 port)
{
	const struct cordon_flow_bucket before = *bucket;
	const __u32 place = insert(bucket, PROTOCOL_TCP, port, CORDON_FLOW_NEW, 0);

	return place < WAYS && before.flow[place].tag ? before.flow[place].source_port : 0;
}

TEST(a_full_bucket_gives_up_the_least_worthy)
{
	struct cordon_flow_bucket bucket = { .flow = { { 0 } } };

	insert(&bucket, PROTOCOL_TCP, 1, CORDON_FLOW_ESTABLISHED, 500);
	insert(&bucket, PROTOCOL_TCP, 2, CORDON_FLOW_ESTABLISHED, 2000);
	insert(&bucket, PROTOCOL_TCP, 3, CORDON_FLOW_NEW, 5);
	insert(&bucket, PROTOCOL_UDP, 4, CORDON_FLOW_NEW, 9);
	insert(&bucket, PROTOCOL_UDP, 5, CORDON_FLOW_ESTABLISHED, 90);
	insert(&bucket, PROTOCOL_TCP, 6, CORDON_FLOW_CLOSED, 0);
	insert(&bucket, PROTOCOL_TCP, 8, CORDON_FLOW_CLOSING, 3);
	insert(&bucket, PROTOCOL_UDP, 7, CORDON_FLOW_NEW, 40); /* expired */
	/* what is over */
	EXPECT_EQ(7, pushed_out(&bucket, 101));
	EXPECT_EQ(6, pushed_out(&bucket, 102));
	/* what never had a reply, the oldest first; the new ones among them */
	EXPECT_EQ(4, pushed_out(&bucket, 103));
	EXPECT_EQ(3, pushed_out(&bucket, 104));
	for (__u16 port = 105; port < 125; port++)
		EXPECT_LT(100, pushed_out(&bucket, port));
	for (__u32 i = 0; i < WAYS; i++) {
		if (bucket.flow[i].state == CORDON_FLOW_NEW)
			flow_set_state(&bucket, i, bucket.flow[i].tag, CORDON_FLOW_ESTABLISHED);
	}
	/* what was silent for longest */
	EXPECT_EQ(2, pushed_out(&bucket, 126));
	EXPECT_EQ(126, pushed_out(&bucket, 127));
}

TEST(free_places_go_first)
{
	struct cordon_flow_bucket bucket = { .flow = { { 0 } } };

	for (__u16 port = 1; port <= WAYS; port++)
		EXPECT_EQ(0, pushed_out(&bucket, port));
	EXPECT_NE(0, pushed_out(&bucket, WAYS + 1));
}

/* Who looks for a flow stops where no place was ever taken: so none may lie beyond. */
TEST(a_forgotten_flow_hides_none)
{
	struct cordon_flow_bucket bucket = { .flow = { { 0 } } };
	__u32 stale;

	for (__u16 port = 1; port <= WAYS; port++)
		insert(&bucket, PROTOCOL_TCP, port, CORDON_FLOW_ESTABLISHED, 0);
	for (__u16 gone = 1; gone <= WAYS; gone++) {
		const struct packet packet = make_packet(PROTOCOL_TCP, gone);
		const struct flow_key key = make_key(&packet, 1);
		const __u32 place = flow_find(&bucket, &key, &stale);

		ASSERT_GT(WAYS, place);
		bucket.flow[place].tag = CORDON_FLOW_TAG_LEFT;
		EXPECT_EQ(WAYS, flow_find(&bucket, &key, &stale));
	}
	for (__u16 port = 101; port <= 100 + WAYS; port++)
		EXPECT_GT(WAYS, insert(&bucket, PROTOCOL_TCP, port, CORDON_FLOW_NEW, 0));
	for (__u16 port = 101; port <= 100 + WAYS; port++) {
		const struct packet packet = make_packet(PROTOCOL_TCP, port);
		const struct flow_key key = make_key(&packet, 1);

		EXPECT_GT(WAYS, flow_find(&bucket, &key, &stale));
	}
}

TEST(an_expired_flow_gives_its_place_first)
{
	struct cordon_flow_bucket bucket = { .flow = { { 0 } } };

	const __u32 place = insert(&bucket, PROTOCOL_UDP, 1, CORDON_FLOW_NEW, 40);

	EXPECT_EQ(place, insert(&bucket, PROTOCOL_UDP, 1, CORDON_FLOW_NEW, 0));
	EXPECT_NE(place, insert(&bucket, PROTOCOL_UDP, 1, CORDON_FLOW_NEW, 0));
}

TEST(a_place_that_is_being_written_is_left_alone)
{
	struct cordon_flow_bucket bucket = { .flow = { { 0 } } };

	for (__u32 i = 0; i < WAYS; i++)
		bucket.flow[i].tag = CORDON_FLOW_TAG_BUSY;
	EXPECT_EQ(WAYS, insert(&bucket, PROTOCOL_TCP, 1, CORDON_FLOW_NEW, 0));
	for (__u32 i = 0; i < WAYS; i++)
		EXPECT_EQ(CORDON_FLOW_TAG_BUSY, bucket.flow[i].tag);
}

TEST(both_ways_find_it_until_a_switch)
{
	struct cordon_flow_bucket bucket = { .flow = { { 0 } } };
	struct packet packet = make_packet(PROTOCOL_TCP, 9), reply = packet;
	const __u32 place = insert(&bucket, PROTOCOL_TCP, 9, CORDON_FLOW_NEW, 0);
	struct flow_key key = make_key(&packet, 1);
	enum flow_way way;
	__u32 stale;

	EXPECT_EQ(place, flow_find(&bucket, &key, &stale));
	EXPECT_EQ(WAYS, stale);
	EXPECT_TRUE(flow_fits(&bucket.flow[place], &packet, PROTOCOL_TCP, &way));
	EXPECT_EQ(FLOW_ORIGINAL, way);
	reply.source = packet.destination;
	reply.destination = packet.source;
	reply.source_port = packet.destination_port;
	reply.destination_port = packet.source_port;
	key = make_key(&reply, 1);
	EXPECT_EQ(place, flow_find(&bucket, &key, &stale));
	EXPECT_TRUE(flow_fits(&bucket.flow[place], &reply, PROTOCOL_TCP, &way));
	EXPECT_EQ(FLOW_REPLY, way);
	key = make_key(&packet, 2);
	EXPECT_EQ(WAYS, flow_find(&bucket, &key, &stale));
	EXPECT_EQ(place, stale);
	EXPECT_FALSE(flow_fits(&bucket.flow[place], &packet, PROTOCOL_UDP, &way));
}

TEST(segments_move_the_state)
{
	const __u8 syn_ack = TCP_SYN | TCP_ACK, fin_ack = TCP_FIN | TCP_ACK;

	EXPECT_EQ(CORDON_FLOW_NEW, tcp_next_state(CORDON_FLOW_NEW, FLOW_ORIGINAL, TCP_ACK));
	EXPECT_EQ(CORDON_FLOW_NEW, tcp_next_state(CORDON_FLOW_NEW, FLOW_REPLY, TCP_ACK));
	EXPECT_EQ(CORDON_FLOW_ESTABLISHED, tcp_next_state(CORDON_FLOW_NEW, FLOW_REPLY, syn_ack));
	EXPECT_EQ(CORDON_FLOW_CLOSING,
		  tcp_next_state(CORDON_FLOW_ESTABLISHED, FLOW_ORIGINAL, fin_ack));
	EXPECT_EQ(CORDON_FLOW_CLOSED, tcp_next_state(CORDON_FLOW_NEW, FLOW_REPLY, TCP_RST));
	EXPECT_TRUE(tcp_reopens(CORDON_FLOW_CLOSED, FLOW_ORIGINAL, TCP_SYN));
	EXPECT_TRUE(tcp_reopens(CORDON_FLOW_ESTABLISHED, FLOW_REPLY, TCP_SYN));
	EXPECT_FALSE(tcp_reopens(CORDON_FLOW_ESTABLISHED, FLOW_ORIGINAL, TCP_SYN));
	EXPECT_FALSE(tcp_reopens(CORDON_FLOW_CLOSED, FLOW_ORIGINAL, syn_ack));
}

/* A tick is 1.07 s: nothing expires early, nor three ticks late. */
TEST(time_outs_are_in_seconds)
{
	const __u32 timeouts[] = { 2, 30, 60, 600, 7440, 86400 };

	for (int i = 0; i < 6; i++) {
		const struct cordon_settings one = { .timeout_icmp = timeouts[i] };
		const struct cordon_flow flow = { .protocol = PROTOCOL_ICMP, .seen = NOW };
		const __u32 ticks = (__u32)(((__u64)timeouts[i] * 1000000000) >> FLOW_TICK_SHIFT);

		EXPECT_FALSE(flow_expired(&one, &flow, CORDON_FLOW_NEW, NOW + ticks));
		EXPECT_TRUE(
			flow_expired(&one, &flow, CORDON_FLOW_NEW, NOW + ticks + 3 + ticks / 200));
	}
	EXPECT_FALSE(flow_expired(&settings, &(struct cordon_flow){ .seen = NOW }, CORDON_FLOW_NEW,
				  NOW - 1));
}

TEST_HARNESS_MAIN
