// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random policies and packets: the data path as bytes meet it, against a naive
 * evaluator written apart, which keeps its flows in a list and asks every
 * prefix and every rule in turn.
 */
#include <stdio.h>
#include <string.h>

#include "oracle/random.h"
#include "verdict/host.h"

#include "kselftest_harness.h"

#define POLICIES 400
#define PACKETS 3000 /* of each: 1.2 million decisions */
#define ZONES 5
#define RULES 10
#define FLOWS_MAX (PACKETS + 1)
#define NODE ZONES
#define ANY (ZONES + 1)
#define STRANGER (-1)
#define ACK 0x10
#define SYN 0x02

struct zone {
	uint32_t address; /* 10.x.y.z, or the last bits of an fd01:: address */
	int length;
};

struct rule {
	int from;
	int to;
	int protocol;
	int first;
	int last;
};

/** struct probe - a packet as meant; ends are 32 bits in either family */
struct probe {
	bool ipv6;
	bool out;
	bool through; /* on the way out: came in by the second interface */
	int protocol;
	uint32_t source;
	uint32_t destination;
	int source_port;
	int destination_port;
	int flags;
};

struct flow {
	struct probe opener;
	bool forward;
	int rule;
};

struct world {
	struct zone zones[ZONES];
	struct rule rules[RULES];
	struct flow flows[FLOWS_MAX];
	int nr_flows;
	bool forwards;
	char text[8192];
};

#define OWN 0x0a010001U /* 10.1.0.1, fd01::1 in disguise */
#define BASE 0x0a010000U

static uint32_t pick_address(struct random *random)
{
	return BASE | (2 + random_below(random, 30));
}

static void add_text(struct world *world, const char *text)
{
	strncat(world->text, text, sizeof(world->text) - strlen(world->text) - 1);
}

static void make_zones(struct world *world, struct random *random)
{
	char line[256];

	for (int i = 0; i < ZONES; i++) {
		struct zone *zone = &world->zones[i];

		/* All of different length: no two zones have the same prefix. */
		zone->length = 32 - i;
		zone->address = pick_address(random) & ~((1U << i) - 1);
		snprintf(line, sizeof(line), "  z%d: {addresses: [10.1.0.%u/%d, 'fd01::%x/%d']}\n",
			 i, zone->address & 0xff, zone->length, zone->address & 0xff,
			 96 + zone->length);
		add_text(world, line);
	}
}

static const char *end_name(int end, char name[8])
{
	snprintf(name, 8, "z%d", end);
	return end == NODE ? "node" : end == ANY ? "any" : name;
}

/* Ports of different rules are apart, so that none is without effect. */
static void make_rules(struct world *world, struct random *random)
{
	char line[256], from[8], to[8];

	for (int i = 0; i < RULES; i++) {
		struct rule *rule = &world->rules[i];

		do {
			rule->from = (int)random_below(random, ZONES + 2);
			rule->to = (int)random_below(random, ZONES + 2);
		} while (rule->from == NODE && rule->to == NODE);
		rule->protocol = random_chance(random, 2) ? 6 : 17;
		rule->first = 10 * (i + 1);
		rule->last = rule->first + (int)random_below(random, 8);
		world->forwards |= rule->from != NODE && rule->to != NODE;
		snprintf(line, sizeof(line),
			 "  - {name: r%d, from: %s, to: %s, services: [%s/%d-%d]}\n", i,
			 end_name(rule->from, from), end_name(rule->to, to),
			 rule->protocol == 6 ? "tcp" : "udp", rule->first, rule->last + 1);
		rule->last++;
		add_text(world, line);
	}
}

static void make_world(struct world *world, struct random *random)
{
	memset(world, 0, sizeof(*world));
	add_text(world, "cordon: 1\nserial: 1\nnode: oracle\nzones:\n");
	make_zones(world, random);
	add_text(world, "rules:\n");
	make_rules(world, random);
}

/* ---- the naive evaluator ---- */

static int zone_of(const struct world *world, uint32_t address)
{
	int best = STRANGER;

	for (int i = 0; i < ZONES; i++) {
		const struct zone *zone = &world->zones[i];
		const uint32_t mask = ~((1U << (32 - zone->length)) - 1);

		if ((address & mask) == zone->address &&
		    (best == STRANGER || zone->length > world->zones[best].length))
			best = i;
	}
	return best;
}

static bool end_covers(int end, int who)
{
	return end == who || (end == ANY && who != NODE);
}

static int rule_for(const struct world *world, int from, int to, const struct probe *probe)
{
	for (int i = 0; i < RULES; i++) {
		const struct rule *rule = &world->rules[i];

		if (end_covers(rule->from, from) && end_covers(rule->to, to) &&
		    rule->protocol == probe->protocol && rule->first <= probe->destination_port &&
		    probe->destination_port <= rule->last)
			return i;
	}
	return -1;
}

static bool goes_through(const struct world *world, const struct probe *probe)
{
	if (probe->out)
		return probe->through;
	return world->forwards && probe->destination != OWN;
}

static bool same_way(const struct probe *a, const struct probe *b)
{
	return a->source == b->source && a->destination == b->destination &&
	       a->source_port == b->source_port && a->destination_port == b->destination_port;
}

static bool same_ends(const struct probe *a, const struct probe *b)
{
	struct probe turned = *b;

	turned.source = b->destination;
	turned.destination = b->source;
	turned.source_port = b->destination_port;
	turned.destination_port = b->source_port;
	return a->protocol == b->protocol && a->ipv6 == b->ipv6 &&
	       (same_way(a, b) || same_way(a, &turned));
}

static struct flow *flow_of(struct world *world, const struct probe *probe)
{
	for (int i = 0; i < world->nr_flows; i++) {
		struct flow *flow = &world->flows[i];

		/* On the way in the path is not known yet. */
		if (same_ends(&flow->opener, probe) &&
		    (!probe->out || flow->forward == probe->through))
			return flow;
	}
	return NULL;
}

static int ask(const struct world *world, const struct probe *probe)
{
	int from = zone_of(world, probe->source), to = zone_of(world, probe->destination);

	if (!goes_through(world, probe)) {
		from = probe->out ? NODE : from;
		to = probe->out ? to : NODE;
	}
	return rule_for(world, from, to, probe);
}

/* Return: the rule, or -1. */
static int expect(struct world *world, const struct probe *probe)
{
	struct flow *flow = flow_of(world, probe);
	const bool reopens = probe->protocol == 6 && probe->flags == SYN;
	int rule;

	if (flow && !(reopens && !same_way(&flow->opener, probe)))
		return flow->rule;
	rule = ask(world, probe);
	if (rule < 0)
		return -1;
	if (!flow)
		flow = &world->flows[world->nr_flows++];
	*flow = (struct flow){ *probe, goes_through(world, probe), rule };
	return rule;
}

/* ---- packets ---- */

static void put_address(uint8_t *at, uint32_t address, bool ipv6)
{
	const uint8_t bytes[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
				   (uint8_t)(address >> 8), (uint8_t)address };

	if (!ipv6) {
		memcpy(at, bytes, 4);
		return;
	}
	at[0] = 0xfd;
	at[1] = 0x01;
	at[15] = bytes[3];
}

static uint32_t write_frame(const struct probe *probe, uint8_t *frame)
{
	const uint32_t header = probe->ipv6 ? 40 : 20, rest = probe->protocol == 6 ? 20 : 8;
	uint8_t *ip = frame + 14, *transport = ip + header;

	memset(frame, 0, 14 + header + rest);
	memcpy(frame, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	memcpy(frame + 12, probe->ipv6 ? "\x86\xdd" : "\x08\x00", 2);
	ip[0] = probe->ipv6 ? 0x60 : 0x45;
	ip[probe->ipv6 ? 5 : 3] = (uint8_t)(probe->ipv6 ? rest : header + rest);
	ip[probe->ipv6 ? 6 : 9] = (uint8_t)probe->protocol;
	put_address(ip + (probe->ipv6 ? 8 : 12), probe->source, probe->ipv6);
	put_address(ip + (probe->ipv6 ? 24 : 16), probe->destination, probe->ipv6);
	transport[1] = (uint8_t)probe->source_port;
	transport[3] = (uint8_t)probe->destination_port;
	if (probe->protocol == 6) {
		transport[12] = 0x50;
		transport[13] = (uint8_t)probe->flags;
	} else {
		transport[5] = (uint8_t)rest;
	}
	return 14 + header + rest;
}

static void make_probe(const struct world *world, struct random *random, struct probe *probe)
{
	*probe = (struct probe){
		.ipv6 = random_chance(random, 3),
		.out = random_chance(random, 2),
		.protocol = random_chance(random, 2) ? 6 : 17,
		.source = pick_address(random),
		.destination = pick_address(random),
		.source_port = 200 + (int)random_below(random, 4),
		.destination_port = (int)random_below(random, 10 * (RULES + 2)),
		.flags = random_chance(random, 2) ? SYN : ACK,
	};
	probe->through = probe->out && random_chance(random, 3);
	if (probe->out && !probe->through)
		probe->source = OWN;
	if (!probe->out && !random_chance(random, 3))
		probe->destination = OWN;
	if (!world->nr_flows || random_chance(random, 3))
		return;
	/* Something about a flow that is there: one end of it, or its answer. */
	*probe = world->flows[random_below(random, (uint32_t)world->nr_flows)].opener;
	probe->flags = random_chance(random, 2) ? SYN : ACK;
	if (random_chance(random, 3))
		probe->source_port++;
	if (random_chance(random, 2)) {
		const struct probe was = *probe;

		probe->source = was.destination;
		probe->destination = was.source;
		probe->source_port = was.destination_port;
		probe->destination_port = was.source_port;
		if (!was.through && (was.out || was.destination == OWN))
			probe->out = !was.out;
	}
}

static struct host_verdict judge(struct host *host, const struct probe *probe)
{
	uint8_t frame[128];
	const uint32_t size = write_frame(probe, frame);
	const struct host_packet packet = {
		.bytes = frame,
		.size = size,
		.linear = size,
		.out = probe->out,
		.came_by = probe->through ? 1 : -1,
	};

	return host_judge(host, &packet);
}

/* Return: differences, the first of them told. */
static int run_policy(struct random *random, long *ret_passed)
{
	static struct world world;
	struct host *host = host_new();
	int wrong = 0;

	make_world(&world, random);
	if (!host || host_load_text(host, world.text))
		return -1;
	for (int i = 0; i < PACKETS && !wrong; i++) {
		struct probe probe;
		struct host_verdict verdict;
		int rule;

		make_probe(&world, random, &probe);
		rule = expect(&world, &probe);
		verdict = judge(host, &probe);
		*ret_passed += verdict.pass;
		if (verdict.pass == (rule >= 0) &&
		    (rule < 0 || verdict.rule == (uint32_t)(CORDON_RULE_SLOT_FIRST + rule)))
			continue;
		wrong++;
		printf("# packet %d: ipv6 %d out %d through %d protocol %d %x:%d > %x:%d flags %x: "
		       "rule %d expected, %s %s\n%s",
		       i, probe.ipv6, probe.out, probe.through, probe.protocol, probe.source,
		       probe.source_port, probe.destination, probe.destination_port, probe.flags,
		       rule, host_reason_name(verdict.reason), host_rule_name(host, verdict.rule),
		       world.text);
	}
	host_free(host);
	return wrong;
}

TEST(decisions)
{
	struct random random = random_start("packets");
	long passed = 0;
	int wrong = 0;

	for (int i = 0; i < POLICIES && !wrong; i++)
		wrong = run_policy(&random, &passed);
	EXPECT_EQ(0, wrong);
	TH_LOG("%ld decisions, %ld passed", (long)POLICIES * PACKETS, passed);
	EXPECT_LT((long)POLICIES * PACKETS / 10, passed);
	EXPECT_GT((long)POLICIES * PACKETS * 9 / 10, passed);
}

TEST_HARNESS_MAIN
