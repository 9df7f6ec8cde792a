// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the random policies.  All that cordon_policy_free() frees is allocated
 * as the parser would.
 */
#include "random_policy.h"

#include <stdlib.h>
#include <string.h>

#define ZONES_MAX 10
#define WORKLOADS_MAX 4
#define RULES_MAX 40
#define KEEP_MAX 6
#define PREFIXES_MAX 60

static const char *const patterns[] = { "e0", "e1", "e*", "et*", "eth0", "eth*", "w*", "wl0", "*" };
static const char *const names[] = {
	"e0", "e1", "e2", "et", "eth0", "eth1", "w", "wl0", "wl1", "x"
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static void *need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void *array_of(size_t nr, size_t size)
{
	return need(calloc(nr ? nr : 1, size));
}

const char *random_interface(struct random *random)
{
	return names[random_below(random, COUNT(names))];
}

/* One zone in four has interfaces; of those every other one no addresses. */
static void make_zones(struct random *random, struct cordon_policy *policy)
{
	policy->nr_zones = random_below(random, ZONES_MAX + 1);
	policy->zones = array_of(policy->nr_zones, sizeof(*policy->zones));
	for (size_t i = 0; i < policy->nr_zones; i++) {
		struct cordon_policy_zone *zone = &policy->zones[i];

		snprintf(zone->name, sizeof(zone->name), "zone%zu", i);
		zone->nr_prefixes = 1;
		if (!random_chance(random, 4))
			continue;
		zone->nr_prefixes = random_chance(random, 2);
		zone->nr_interfaces = 1 + random_below(random, 2);
		zone->interfaces = array_of(zone->nr_interfaces, sizeof(*zone->interfaces));
		for (size_t j = 0; j < zone->nr_interfaces; j++)
			zone->interfaces[j].text =
				need(strdup(patterns[random_below(random, COUNT(patterns))]));
	}
}

static void make_workloads(struct random *random, struct cordon_policy *policy)
{
	char unit[48];

	policy->nr_workloads = random_below(random, WORKLOADS_MAX + 1);
	policy->workloads = array_of(policy->nr_workloads, sizeof(*policy->workloads));
	for (size_t i = 0; i < policy->nr_workloads; i++) {
		struct cordon_policy_workload *workload = &policy->workloads[i];

		snprintf(workload->name, sizeof(workload->name), "workload%zu", i);
		snprintf(unit, sizeof(unit), "unit%zu.service", i);
		workload->nr_units = 1;
		workload->units = array_of(1, sizeof(*workload->units));
		workload->units[0].text = need(strdup(unit));
	}
}

static void make_choices(struct random *random, struct cordon_policy *policy)
{
	policy->choices = array_of(COUNT(patterns), sizeof(*policy->choices));
	for (uint32_t i = 0; i < COUNT(patterns); i++) {
		struct cordon_interface_choice *choice = &policy->choices[policy->nr_choices];

		if (!random_chance(random, 4))
			continue;
		snprintf(choice->pattern, sizeof(choice->pattern), "%s", patterns[i]);
		choice->mode = (enum cordon_interface_mode)random_below(random, 4);
		policy->nr_choices++;
	}
}

static uint16_t random_remote(struct random *random, const struct cordon_policy *policy)
{
	if (!policy->nr_zones || random_chance(random, 4))
		return CORDON_IDENTITY_ANY;
	return cordon_zone_identity(random_below(random, (uint32_t)policy->nr_zones));
}

static uint16_t random_local(struct random *random, const struct cordon_policy *policy)
{
	if (!policy->nr_workloads || random_chance(random, 2))
		return CORDON_IDENTITY_NODE;
	return cordon_workload_identity(policy,
					random_below(random, (uint32_t)policy->nr_workloads));
}

static uint16_t random_port(struct random *random)
{
	static const uint16_t edges[] = { 0,   1,   22,	  255,	 256,	257,
					  511, 512, 8000, 65279, 65280, 65535 };

	return random_chance(random, 2) ? edges[random_below(random, COUNT(edges))] :
					  (uint16_t)random_below(random, 65536);
}

static void make_service(struct random *random, struct cordon_service *service)
{
	static const uint8_t protocols[] = { 0, 1, 6, 17, 58, 132, 255 };
	uint16_t other = random_port(random);

	service->any = random_chance(random, 12);
	service->protocol = protocols[random_below(random, COUNT(protocols))];
	service->first = random_port(random);
	service->last = service->first;
	snprintf(service->text, sizeof(service->text), "%u/%u", service->protocol, service->first);
	if (random_chance(random, 3))
		return;
	service->first = other < service->first ? other : service->first;
	service->last = other > service->last ? other : service->last;
}

static void make_rules(struct random *random, const struct cordon_policy *policy, size_t nr,
		       struct cordon_policy_rule *rules)
{
	for (size_t i = 0; i < nr; i++) {
		struct cordon_policy_rule *rule = &rules[i];
		uint32_t kind = random_below(random, 3);

		snprintf(rule->name, sizeof(rule->name), "rule%zu", i);
		rule->from = kind == 0 ? random_local(random, policy) :
					 random_remote(random, policy);
		rule->to = kind == 1 ? random_local(random, policy) : random_remote(random, policy);
		rule->nr_services = 1 + random_below(random, 4);
		rule->services = array_of(rule->nr_services, sizeof(*rule->services));
		for (size_t j = 0; j < rule->nr_services; j++)
			make_service(random, &rule->services[j]);
	}
}

static int compare4(const void *left, const void *right)
{
	const struct cordon_prefix4 *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (int)a->length - (int)b->length;
}

static int compare6(const void *left, const void *right)
{
	const struct cordon_prefix6 *a = left, *b = right;

	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (int)a->length - (int)b->length;
}

/* Few bits vary, so that prefixes nest and meet. */
static void make_prefix(struct random *random, struct cordon_policy *policy, uint16_t zone)
{
	struct cordon_prefix4 *four = &policy->prefixes4[policy->nr_prefixes4];
	struct cordon_prefix6 *six = &policy->prefixes6[policy->nr_prefixes6];

	if (random_chance(random, 2)) {
		four->length = (uint8_t)random_below(random, 33);
		four->address = 0x0a000000 | (random_word(random) & 0x80010107);
		four->address &= (uint32_t)(~0ULL << (32 - four->length));
		four->zone = zone;
		policy->nr_prefixes4++;
		return;
	}
	six->length = (uint8_t)random_below(random, 65);
	six->high = 0xfd00000000000000ULL | (random_next(random) & 0x8000000300000101ULL);
	six->high &= six->length ? ~0ULL << (64 - six->length) : 0;
	six->zone = zone;
	policy->nr_prefixes6++;
}

/* Until then the number told only whether a zone may have any. */
static void count_prefixes(struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_zones; i++)
		policy->zones[i].nr_prefixes = 0;
	for (size_t i = 0; i < policy->nr_prefixes4; i++)
		policy->zones[policy->prefixes4[i].zone].nr_prefixes++;
	for (size_t i = 0; i < policy->nr_prefixes6; i++)
		policy->zones[policy->prefixes6[i].zone].nr_prefixes++;
}

static void make_prefixes(struct random *random, struct cordon_policy *policy)
{
	size_t kept;

	policy->prefixes4 = array_of(PREFIXES_MAX, sizeof(*policy->prefixes4));
	policy->prefixes6 = array_of(PREFIXES_MAX, sizeof(*policy->prefixes6));
	for (uint32_t n = random_below(random, PREFIXES_MAX); policy->nr_zones && n; n--) {
		uint16_t zone = (uint16_t)random_below(random, (uint32_t)policy->nr_zones);

		if (policy->zones[zone].nr_prefixes)
			make_prefix(random, policy, zone);
	}
	qsort(policy->prefixes4, policy->nr_prefixes4, sizeof(*policy->prefixes4), compare4);
	qsort(policy->prefixes6, policy->nr_prefixes6, sizeof(*policy->prefixes6), compare6);
	kept = 0;
	for (size_t i = 0; i < policy->nr_prefixes4; i++) {
		if (!i || compare4(&policy->prefixes4[i], &policy->prefixes4[kept - 1]))
			policy->prefixes4[kept++] = policy->prefixes4[i];
	}
	policy->nr_prefixes4 = kept;
	kept = 0;
	for (size_t i = 0; i < policy->nr_prefixes6; i++) {
		if (!i || compare6(&policy->prefixes6[i], &policy->prefixes6[kept - 1]))
			policy->prefixes6[kept++] = policy->prefixes6[i];
	}
	policy->nr_prefixes6 = kept;
	count_prefixes(policy);
}

struct cordon_policy *random_policy(struct random *random)
{
	struct cordon_policy *policy = array_of(1, sizeof(*policy));

	make_zones(random, policy);
	make_workloads(random, policy);
	make_choices(random, policy);
	make_prefixes(random, policy);
	policy->nr_rules = random_below(random, RULES_MAX + 1);
	policy->rules = array_of(policy->nr_rules, sizeof(*policy->rules));
	make_rules(random, policy, policy->nr_rules, policy->rules);
	policy->nr_keep = random_below(random, KEEP_MAX + 1);
	policy->keep = array_of(policy->nr_keep, sizeof(*policy->keep));
	make_rules(random, policy, policy->nr_keep, policy->keep);
	policy->serial = 1;
	policy->flow_entries = random_below(random, 10000);
	return policy;
}

void random_service(struct random *random, const struct cordon_policy *policy,
		    uint8_t *ret_protocol, uint16_t *ret_service)
{
	const struct cordon_policy_rule *rule;
	const struct cordon_service *service;
	uint32_t step = random_below(random, 3);

	*ret_protocol = (uint8_t)random_below(random, 256);
	*ret_service = random_port(random);
	if (!policy->nr_rules || random_chance(random, 5))
		return;
	rule = &policy->rules[random_below(random, (uint32_t)policy->nr_rules)];
	service = &rule->services[random_below(random, (uint32_t)rule->nr_services)];
	*ret_protocol = service->protocol;
	*ret_service =
		(uint16_t)((random_chance(random, 2) ? service->first : service->last) + step - 1);
}
