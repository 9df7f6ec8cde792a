// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow table under threads: all of them find, insert, renew and let expire
 * flows in one bucket or two, as CPUs do.  Each flow's rule is a function of its
 * ends, so that a flow matched by another's packet, or torn between two, is
 * seen at once; and states are written only through tags, so that a state of
 * one flow found in another's is seen, too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "bpf/flow.h"

#include "random.h"

#include "kselftest_harness.h"

#define THREADS 4
#define ROUNDS 400000
#define PEERS 24 /* more than the places, so that they fight for them */
#define BUCKETS 2
#define EPOCHS 4

/** struct arena - what the threads share */
struct arena {
	struct cordon_flow_bucket buckets[BUCKETS];
	struct cordon_control control;
	struct cordon_settings settings;
	_Atomic uint32_t now;
	_Atomic uint32_t generation;
	_Atomic uint64_t matched;
	_Atomic uint64_t inserted;
	_Atomic uint64_t wrong_ends;
	_Atomic uint64_t wrong_state;
	_Atomic uint64_t broken_tag;
};

struct worker {
	struct arena *arena;
	struct random random;
};

/* TCP flows never get a state that only UDP here has, and the other way round. */
static void make_packet(uint32_t peer, bool reply, struct packet *packet)
{
	*packet = (struct packet){ .ethertype = ETHERTYPE_IPV4,
				   .protocol = peer % 2 ? PROTOCOL_TCP : PROTOCOL_UDP,
				   .tcp_flags = TCP_ACK };
	address_set_ipv4(reply ? &packet->destination : &packet->source, 0x0100000a + (peer << 24));
	address_set_ipv4(reply ? &packet->source : &packet->destination, 0xfe00000a);
	packet->source_port = reply ? 22 : (__u16)(1000 + peer);
	packet->destination_port = reply ? (__u16)(1000 + peer) : 22;
}

static struct flow_key make_key(struct arena *arena, const struct packet *packet)
{
	struct flow_key key;

	flow_key_make(&arena->control, packet, packet->protocol, 0,
		      flow_epoch(atomic_load(&arena->generation), 0), &key);
	return key;
}

static uint32_t find(const struct cordon_flow_bucket *bucket, const struct flow_key *key)
{
	for (uint32_t i = 0; i < CORDON_FLOW_WAYS; i++) {
		const __u64 tag = __atomic_load_n(&bucket->flow[i].tag, __ATOMIC_ACQUIRE);

		if (!((tag ^ key->tag) & ~key->ignore))
			return i;
	}
	return CORDON_FLOW_WAYS;
}

/* A flow between the same ends, of any generation: its successor takes its place. */
static uint32_t find_own(const struct cordon_flow_bucket *bucket, const struct flow_key *key,
			 __u64 *ret_tag)
{
	for (uint32_t i = 0; i < CORDON_FLOW_WAYS; i++) {
		const __u64 tag = __atomic_load_n(&bucket->flow[i].tag, __ATOMIC_ACQUIRE);

		if (!((tag ^ key->tag) >> 32) && (tag & CORDON_FLOW_TAG_SET)) {
			*ret_tag = tag;
			return i;
		}
	}
	return CORDON_FLOW_WAYS;
}

/* A TCP flow starts ESTABLISHED and goes to CLOSING; a UDP one NEW, then ESTABLISHED. */
static void meet(struct arena *arena, struct cordon_flow_bucket *bucket, uint32_t place,
		 const struct packet *packet, const struct flow_key *key, bool closing)
{
	const __u64 tag = __atomic_load_n(&bucket->flow[place].tag, __ATOMIC_ACQUIRE);
	const enum cordon_flow_state state = flow_tag_state(tag);
	const __u32 *written = &bucket->flow[place].seen;
	const __u32 seen = __atomic_load_n(written, __ATOMIC_ACQUIRE);
	enum flow_way way;

	if ((tag ^ key->tag) & ~key->ignore)
		return;
	if (!flow_fits(&bucket->flow[place], packet, packet->protocol, &way)) {
		/* It was never this packet's; or it was taken by another meanwhile, and
		 * maybe taken back: no two writers write the same time. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&bucket->flow[place].tag, __ATOMIC_ACQUIRE) == tag &&
		    __atomic_load_n(written, __ATOMIC_ACQUIRE) == seen)
			atomic_fetch_add(&arena->wrong_ends, 1);
		return;
	}
	atomic_fetch_add(&arena->matched, 1);
	if (packet->protocol == PROTOCOL_TCP) {
		if (state == CORDON_FLOW_NEW)
			atomic_fetch_add(&arena->wrong_state, 1);
		if (closing)
			flow_set_state(bucket, place, tag, CORDON_FLOW_CLOSING);
		return;
	}
	if (state > CORDON_FLOW_ESTABLISHED)
		atomic_fetch_add(&arena->wrong_state, 1);
	if (way == FLOW_REPLY)
		flow_set_state(bucket, place, tag, CORDON_FLOW_ESTABLISHED);
}

static void step(struct worker *worker)
{
	struct arena *arena = worker->arena;
	const uint32_t peer = random_below(&worker->random, PEERS);
	struct cordon_flow_bucket *bucket;
	struct packet packet;
	struct flow_start start;
	struct flow_key key;
	uint32_t place, own;
	__u64 own_tag = 0;

	make_packet(peer, random_chance(&worker->random, 2), &packet);
	key = make_key(arena, &packet);
	bucket = &arena->buckets[flow_bucket(&key, BUCKETS)];
	place = find(bucket, &key);
	if (place < CORDON_FLOW_WAYS) {
		meet(arena, bucket, place, &packet, &key, random_chance(&worker->random, 8));
		return;
	}
	own = find_own(bucket, &key, &own_tag);
	start = (struct flow_start){ &packet,
				     &key,
				     packet.protocol == PROTOCOL_TCP ? CORDON_FLOW_ESTABLISHED :
								       CORDON_FLOW_NEW,
				     peer,
				     own,
				     own_tag,
				     atomic_fetch_add(&arena->now, 1) };
	place = flow_insert(&arena->settings, bucket, &start);
	if (place < CORDON_FLOW_WAYS)
		atomic_fetch_add(&arena->inserted, 1);
	if (random_chance(&worker->random, 64))
		atomic_fetch_add(&arena->now, random_below(&worker->random, 40));
	if (random_chance(&worker->random, 4096))
		atomic_fetch_add(&arena->generation, 1);
}

static void *work(void *argument)
{
	for (int i = 0; i < ROUNDS; i++)
		step(argument);
	return NULL;
}

/* When all is quiet: each place is free, or holds one whole flow under its own tag. */
static void check_quiet(struct arena *arena)
{
	for (int i = 0; i < BUCKETS * CORDON_FLOW_WAYS; i++) {
		const struct cordon_flow_bucket *bucket = &arena->buckets[i / CORDON_FLOW_WAYS];
		const struct cordon_flow *flow = &bucket->flow[i % CORDON_FLOW_WAYS];
		const __u64 tag = bucket->flow[i % CORDON_FLOW_WAYS].tag;
		struct packet packet = { .source = flow->source,
					 .destination = flow->destination,
					 .source_port = flow->source_port,
					 .destination_port = flow->destination_port,
					 .protocol = flow->protocol };
		const struct flow_key key = make_key(arena, &packet);
		const uint32_t peer = flow->source_port == 22 ? flow->destination_port - 1000U :
								flow->source_port - 1000U;

		if (tag == CORDON_FLOW_TAG_FREE)
			continue;
		if (tag == CORDON_FLOW_TAG_BUSY || (tag ^ key.tag) >> 32 || flow->rule != peer)
			atomic_fetch_add(&arena->broken_tag, 1);
	}
}

TEST(threads)
{
	static struct arena arena __attribute__((aligned(64)));
	struct random random = random_start("flow table");
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < 5; i++)
		arena.control.secret[i] = random_next(&random) | 1;
	arena.settings = (struct cordon_settings){
		.flow_buckets = BUCKETS,
		.timeout_tcp = 60,
		.timeout_tcp_closing = 10,
		.timeout_tcp_open = 10,
		.timeout_udp = 10,
		.timeout_udp_reply = 30,
	};
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ &arena, { random_next(&random) | 1 } };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work, &workers[i]));
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	check_quiet(&arena);
	TH_LOG("%llu met, %llu inserted", (unsigned long long)arena.matched,
	       (unsigned long long)arena.inserted);
	EXPECT_EQ(0, arena.wrong_ends);
	EXPECT_EQ(0, arena.wrong_state);
	EXPECT_EQ(0, arena.broken_tag);
	EXPECT_LT(ROUNDS / 10, arena.matched);
	EXPECT_LT(ROUNDS / 100, arena.inserted);
}

TEST_HARNESS_MAIN
