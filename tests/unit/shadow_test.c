// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules without effect, and ports given twice: random lists of rules against a
 * naive check, which writes down each packet that a rule allows and looks
 * whether it is new, and holds each port against each rule ahead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shadow.h"

#include "kselftest_harness.h"

/* A small world: strangers, two zones, node, two workloads; ports 0 to 7 of two protocols. */
#define ZONES 2
#define WORKLOADS 2
#define ENDS (2 + ZONES + WORKLOADS)
#define PORTS 8
#define PROTOCOLS 3 /* two, and one that only `any` reaches */
#define RULES 12

struct world {
	struct cordon_policy policy;
	struct cordon_policy_zone zones[ZONES];
	struct cordon_policy_workload workloads[WORKLOADS];
	struct cordon_policy_rule rules[RULES];
	struct cordon_service services[RULES][2];
	/* Packets, and to a workload the reservation of the port as well. */
	bool allowed[ENDS][ENDS][PROTOCOLS][PORTS];
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

static void make_service(uint64_t *state, struct cordon_service *service)
{
	uint16_t a = next_random(state) % PORTS, b = next_random(state) % PORTS;

	service->any = !(next_random(state) % 12);
	service->protocol = next_random(state) % 2 ? 6 : 17;
	service->first = a < b ? a : b;
	service->last = a < b ? b : a;
	if (!(next_random(state) % 6)) {
		service->first = 0;
		service->last = 65535;
	}
}

static uint16_t make_end(uint64_t *state)
{
	uint16_t end = (uint16_t)(next_random(state) % ENDS);

	return end == CORDON_IDENTITY_STRANGER ? CORDON_IDENTITY_ANY : end;
}

static void make_rule(uint64_t *state, const struct world *world, struct cordon_policy_rule *rule,
		      struct cordon_service services[2])
{
	do {
		rule->from = make_end(state);
		rule->to = make_end(state);
	} while (cordon_policy_is_local(&world->policy, rule->from) &&
		 cordon_policy_is_local(&world->policy, rule->to));
	rule->services = services;
	rule->nr_services = 1 + next_random(state) % 2;
	for (size_t i = 0; i < rule->nr_services; i++)
		make_service(state, &services[i]);
}

static void make_world(uint64_t *state, struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->policy.zones = world->zones;
	world->policy.nr_zones = ZONES;
	world->policy.workloads = world->workloads;
	world->policy.nr_workloads = WORKLOADS;
	for (size_t i = 0; i < RULES; i++) {
		make_rule(state, world, &world->rules[i], world->services[i]);
		snprintf(world->rules[i].name, sizeof(world->rules[i].name), "r%zu", i);
		world->rules[i].at.line = (uint32_t)i + 1;
		for (size_t j = 0; j < world->rules[i].nr_services; j++)
			world->services[i][j].at.line = (uint32_t)i + 1;
	}
}

/* Whether an end of a rule stands for an identity. */
static bool stands_for(const struct world *world, uint16_t end, uint16_t identity, bool from)
{
	if (end == identity)
		return true;
	if (end == CORDON_IDENTITY_ANY)
		return !cordon_policy_is_local(&world->policy, identity);
	return from && end == CORDON_IDENTITY_NODE &&
	       cordon_policy_is_local(&world->policy, identity);
}

static bool covers(const struct cordon_policy_rule *rule, unsigned int protocol, unsigned int port)
{
	static const uint8_t numbers[PROTOCOLS] = { 6, 17, 47 };

	for (size_t i = 0; i < rule->nr_services; i++) {
		const struct cordon_service *service = &rule->services[i];

		if (service->any || (service->protocol == numbers[protocol] &&
				     port >= service->first && port <= service->last))
			return true;
	}
	return false;
}

static bool allow(struct world *world, uint16_t from, uint16_t to, unsigned int service)
{
	bool *allowed = &world->allowed[from][to][service / PORTS][service % PORTS];
	bool is_new = !*allowed;

	*allowed = true;
	/* What leads to a workload leads to the node. */
	if (to >= CORDON_IDENTITY_FIRST + ZONES)
		world->allowed[from][CORDON_IDENTITY_NODE][service / PORTS][service % PORTS] = true;
	return is_new;
}

/* Whether a rule allows what none ahead of it did. */
static bool has_effect(struct world *world, const struct cordon_policy_rule *rule)
{
	bool effect = false;

	for (unsigned int i = 0; i < ENDS * ENDS * PROTOCOLS * PORTS; i++) {
		uint16_t from = (uint16_t)(i % ENDS), to = (uint16_t)(i / ENDS % ENDS);
		unsigned int service = i / ENDS / ENDS;

		if (stands_for(world, rule->from, from, true) &&
		    stands_for(world, rule->to, to, false) &&
		    covers(rule, service / PORTS, service % PORTS))
			effect |= allow(world, from, to, service);
	}
	return effect;
}

/* A port beyond those of the world: a service of 0 to 65535 is more than 0 to 7. */
static bool is_bounded(const struct world *world)
{
	for (size_t i = 0; i < RULES; i++) {
		for (size_t j = 0; j < world->rules[i].nr_services; j++) {
			if (world->services[i][j].last == PORTS - 1)
				return false;
		}
	}
	return true;
}

static bool was_told(const struct cordon_diag *diag, size_t rule)
{
	for (size_t i = 0; i < diag->stored; i++) {
		if (diag->entry[i].line == rule + 1)
			return true;
	}
	return false;
}

TEST(agrees_with_the_naive_check)
{
	static struct world world;
	uint64_t state = 88172645463325252ULL;
	size_t shadowed = 0, effective = 0;

	for (int round = 0; round < 40000; round++) {
		struct cordon_diag diag = { 0 };

		make_world(&state, &world);
		if (!is_bounded(&world))
			continue;
		ASSERT_EQ(0, cordon_shadow_check(&world.policy, world.rules, RULES, &diag));
		for (size_t i = 0; i < RULES; i++) {
			bool effect = has_effect(&world, &world.rules[i]);

			ASSERT_EQ(!effect, was_told(&diag, i))
			{
				TH_LOG("round %d rule %zu", round, i);
			}
			shadowed += !effect;
			effective += effect;
		}
		cordon_diag_clear(&diag);
	}
	/* Both happen, often. */
	EXPECT_LT(1000, shadowed);
	EXPECT_LT(1000, effective);
}

static bool is_to_workload(const struct cordon_policy_rule *rule)
{
	return rule->to != CORDON_IDENTITY_ANY && rule->to >= CORDON_IDENTITY_FIRST + ZONES;
}

/* The workload of the first rule that leads to one by this port; 0: none does. */
static uint16_t owner_of(const struct world *world, unsigned int protocol, unsigned int port)
{
	for (size_t i = 0; i < RULES; i++) {
		if (is_to_workload(&world->rules[i]) && covers(&world->rules[i], protocol, port))
			return world->rules[i].to;
	}
	return 0;
}

/* Whether a rule gives its workload a port of another's. */
static bool takes_port(const struct world *world, const struct cordon_policy_rule *rule)
{
	for (unsigned int i = 0; i < PROTOCOLS * PORTS; i++) {
		const unsigned int protocol = i / PORTS, port = i % PORTS;

		if (is_to_workload(rule) && covers(rule, protocol, port) &&
		    owner_of(world, protocol, port) != rule->to)
			return true;
	}
	return false;
}

TEST(a_port_has_one_workload)
{
	static struct world world;
	uint64_t state = 3141592653589793ULL;
	size_t taken = 0, given = 0;

	for (int round = 0; round < 40000; round++) {
		struct cordon_diag diag = { 0 };

		make_world(&state, &world);
		if (!is_bounded(&world))
			continue;
		ASSERT_EQ(0, cordon_shadow_check_ports(&world.policy, world.rules, RULES, &diag));
		for (size_t i = 0; i < RULES; i++) {
			const bool takes = takes_port(&world, &world.rules[i]);

			ASSERT_EQ(takes, was_told(&diag, i))
			{
				TH_LOG("round %d rule %zu", round, i);
			}
			taken += takes;
			given += is_to_workload(&world.rules[i]) && !takes;
		}
		cordon_diag_clear(&diag);
	}
	EXPECT_LT(500, taken);
	EXPECT_LT(1000, given);
}

TEST(icmp_is_of_all_workloads)
{
	struct cordon_service icmp = { .protocol = 1, .last = 65535 };
	const uint16_t first = CORDON_IDENTITY_FIRST;
	struct cordon_policy_rule rules[2] = {
		{ .from = CORDON_IDENTITY_ANY, .to = first, .services = &icmp, .nr_services = 1 },
		{ .from = CORDON_IDENTITY_ANY,
		  .to = first + 1,
		  .services = &icmp,
		  .nr_services = 1 },
	};
	struct cordon_policy_workload workloads[2] = { { .name = "w" }, { .name = "v" } };
	struct cordon_policy policy = { .workloads = workloads, .nr_workloads = 2 };
	struct cordon_diag diag = { 0 };

	EXPECT_EQ(0, cordon_shadow_check_ports(&policy, rules, 2, &diag));
	EXPECT_EQ(0, diag.errors);
	icmp.protocol = 6;
	EXPECT_EQ(0, cordon_shadow_check_ports(&policy, rules, 2, &diag));
	EXPECT_EQ(1, diag.errors);
	cordon_diag_clear(&diag);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* All rules between the same two ends, each with ports of its own: the dear case. */
TEST(many_rules_take_little_time)
{
	struct cordon_policy_rule *rules = calloc(CORDON_RULES_MAX, sizeof(*rules));
	struct cordon_service *services = calloc(CORDON_RULES_MAX, sizeof(*services) * 16);
	struct cordon_policy policy = { 0 };
	struct cordon_diag diag = { 0 };
	double start;

	for (size_t i = 0; i < CORDON_RULES_MAX; i++) {
		rules[i] = (struct cordon_policy_rule){ .from = CORDON_IDENTITY_ANY,
							.to = CORDON_IDENTITY_NODE,
							.services = &services[16 * i],
							.nr_services = 16 };
		for (size_t j = 0; j < 16; j++) {
			uint16_t port = (uint16_t)(2 * (j * CORDON_RULES_MAX + i * 7919 % 2000));

			rules[i].services[j].protocol = 6;
			rules[i].services[j].first = port;
			rules[i].services[j].last = port;
		}
	}
	start = seconds();
	EXPECT_EQ(0, cordon_shadow_check(&policy, rules, CORDON_RULES_MAX, &diag));
	EXPECT_EQ(0, diag.errors);
	EXPECT_GT(1.0, seconds() - start);
	free(services);
	free(rules);
}

TEST_HARNESS_MAIN
