// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the compiler makes of random policies, read by the evaluator that the
 * kernel runs, against a naive evaluator that goes through the policy's rules,
 * prefixes and interfaces one by one.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "bpf/verdict.h"
#include "image.h"
#include "image_check.h"
#include "random_policy.h"

#define POLICIES 2000
#define DECISIONS 700

/* What a failure says; TAP comments. */
#define SAY(...) printf("# " __VA_ARGS__)

/* ---- the naive evaluator ---- */

static bool fits(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');

	return star ? !strncmp(pattern, name, (size_t)(star - pattern)) : !strcmp(pattern, name);
}

static bool is_workload(const struct cordon_policy *policy, uint32_t identity)
{
	return identity != CORDON_IDENTITY_ANY && identity >= 2 + policy->nr_zones;
}

static bool is_local(const struct cordon_policy *policy, uint32_t identity)
{
	return identity == CORDON_IDENTITY_NODE || is_workload(policy, identity);
}

static bool from_fits(const struct cordon_policy *policy, uint16_t end, uint32_t identity)
{
	if (end == CORDON_IDENTITY_ANY)
		return !is_local(policy, identity);
	return end == identity || (end == CORDON_IDENTITY_NODE && is_workload(policy, identity));
}

/* @identity: never a workload: packets are for the node */
static bool to_fits(const struct cordon_policy *policy, uint16_t end, uint32_t identity)
{
	if (end == CORDON_IDENTITY_ANY)
		return !is_local(policy, identity);
	return end == identity || (identity == CORDON_IDENTITY_NODE && is_workload(policy, end));
}

static bool ends_fit(const struct cordon_policy *policy, const struct cordon_policy_rule *rule,
		     uint32_t from, uint32_t to)
{
	/* A bind: whose port is it? */
	if (is_local(policy, from) && to == CORDON_IDENTITY_NODE)
		return is_workload(policy, rule->to) && rule->to != from;
	return from_fits(policy, rule->from, from) && to_fits(policy, rule->to, to);
}

/* As of enum cordon_latch, in uapi/policy.h. */
static bool holds_at(const struct cordon_policy *policy, size_t number, uint32_t latch)
{
	const bool keep = number >= policy->nr_rules;

	if (latch == CORDON_LATCH_OPEN)
		return !keep;
	if (latch == CORDON_LATCH_EGRESS)
		return keep || is_local(policy, policy->rules[number].to);
	return keep;
}

static bool service_fits(const struct cordon_policy_rule *rule, uint8_t protocol, uint16_t service)
{
	for (size_t i = 0; i < rule->nr_services; i++) {
		const struct cordon_service *s = &rule->services[i];

		if (s->any ||
		    (s->protocol == protocol && s->first <= service && service <= s->last))
			return true;
	}
	return false;
}

static uint32_t naive_rule(const struct cordon_policy *policy, uint32_t latch, uint32_t from,
			   uint32_t to, uint8_t protocol, uint16_t service)
{
	for (size_t i = 0; i < policy->nr_rules + policy->nr_keep; i++) {
		const struct cordon_policy_rule *rule = i < policy->nr_rules ?
								&policy->rules[i] :
								&policy->keep[i - policy->nr_rules];

		if (holds_at(policy, i, latch) && ends_fit(policy, rule, from, to) &&
		    service_fits(rule, protocol, service))
			return CORDON_RULE_SLOT_FIRST + (uint32_t)i;
	}
	return 0;
}

static bool is_tied(const struct cordon_policy_zone *zone, const char *interface)
{
	for (size_t i = 0; i < zone->nr_interfaces; i++) {
		if (fits(zone->interfaces[i].text, interface))
			return true;
	}
	return false;
}

/* What is tied to an interface: how many zones with addresses, and the one without. */
static size_t count_ties(const struct cordon_policy *policy, const char *interface,
			 uint32_t *ret_only, uint32_t *ret_sole)
{
	size_t nr = 0;

	*ret_only = 0;
	*ret_sole = 0;
	for (size_t i = 0; i < policy->nr_zones; i++) {
		if (!is_tied(&policy->zones[i], interface))
			continue;
		if (policy->zones[i].nr_prefixes) {
			nr++;
			*ret_sole = cordon_zone_identity(i);
		} else {
			*ret_only = cordon_zone_identity(i);
		}
	}
	return nr;
}

static enum cordon_reason naive_end(const struct cordon_policy *policy, const char *interface,
				    uint32_t zone, uint32_t *ret_identity)
{
	uint32_t only, sole;
	size_t nr = count_ties(policy, interface, &only, &sole);
	const struct cordon_policy_zone *owner;

	if (zone == CORDON_IDENTITY_STRANGER) {
		*ret_identity = only;
		return nr && !only ? CORDON_REASON_SPOOFED : CORDON_REASON_NONE;
	}
	*ret_identity = zone;
	owner = &policy->zones[zone - CORDON_IDENTITY_FIRST];
	if (owner->nr_interfaces)
		return is_tied(owner, interface) ? CORDON_REASON_NONE : CORDON_REASON_SPOOFED;
	return nr && !only ? CORDON_REASON_SPOOFED : CORDON_REASON_NONE;
}

static uint32_t naive_forwarder(const struct cordon_policy *policy, const char *interface)
{
	uint32_t only, sole;
	size_t nr = count_ties(policy, interface, &only, &sole);

	return nr == 1 && !only ? sole : only;
}

static uint32_t naive_mode(const struct cordon_policy *policy, const char *interface)
{
	const char *best = NULL;
	uint32_t mode = CORDON_MODE_AUTO;

	for (size_t i = 0; i < policy->nr_choices; i++) {
		const char *pattern = policy->choices[i].pattern;

		if (!strcmp(pattern, interface))
			return policy->choices[i].mode;
		if (fits(pattern, interface) && (!best || strlen(pattern) > strlen(best))) {
			best = pattern;
			mode = policy->choices[i].mode;
		}
	}
	return mode;
}

/* Two zones without addresses that claim the same interfaces: of two patterns one covers the
 * other if the wider one fits the narrower one's text. */
static bool has_conflict(const struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_zones; i++) {
		const struct cordon_policy_zone *zone = &policy->zones[i];

		for (size_t j = 0; !zone->nr_prefixes && j < zone->nr_interfaces; j++) {
			for (size_t k = 0; k < policy->nr_zones; k++) {
				if (k != i && !policy->zones[k].nr_prefixes &&
				    is_tied(&policy->zones[k], zone->interfaces[j].text))
					return true;
			}
		}
	}
	return false;
}

static uint32_t naive_zone4(const struct cordon_policy *policy, uint32_t address)
{
	uint32_t zone = CORDON_IDENTITY_STRANGER;
	int best = -1;

	for (size_t i = 0; i < policy->nr_prefixes4; i++) {
		const struct cordon_prefix4 *p = &policy->prefixes4[i];

		if ((p->length == 0 ||
		     address >> (32 - p->length) == p->address >> (32 - p->length)) &&
		    p->length > best) {
			best = p->length;
			zone = cordon_zone_identity(p->zone);
		}
	}
	return zone;
}

/* No prefix of random_policy() is longer than 64. */
static uint32_t naive_zone6(const struct cordon_policy *policy, uint64_t high)
{
	uint32_t zone = CORDON_IDENTITY_STRANGER;
	int best = -1;

	for (size_t i = 0; i < policy->nr_prefixes6; i++) {
		const struct cordon_prefix6 *p = &policy->prefixes6[i];

		if ((p->length == 0 || high >> (64 - p->length) == p->high >> (64 - p->length)) &&
		    p->length > best) {
			best = p->length;
			zone = cordon_zone_identity(p->zone);
		}
	}
	return zone;
}

/* ---- the same questions to both ---- */

struct compiled {
	const struct cordon_policy *policy;
	const struct cordon_image *image;
	struct cordon_table matrix[CORDON_MATRICES];
	struct cordon_table pages;
	struct cordon_table classes;
	struct cordon_table prefixes;
};

static struct cordon_table table_of(const void *cells, size_t count, size_t size)
{
	return (struct cordon_table){ cells, (__u32)count, (__u32)size };
}

static struct compiled open_image(const struct cordon_policy *policy,
				  const struct cordon_image *image)
{
	struct compiled compiled = { .policy = policy, .image = image };

	for (int i = 0; i < CORDON_MATRICES; i++)
		compiled.matrix[i] =
			table_of(image->matrix[i], image->nr_cells, sizeof(*image->matrix[i]));
	compiled.pages = table_of(image->pages, image->nr_pages, sizeof(*image->pages));
	compiled.classes = table_of(image->classes, image->nr_classes, sizeof(*image->classes));
	compiled.prefixes = table_of(image->prefixes, image->nr_prefixes, sizeof(*image->prefixes));
	return compiled;
}

static struct tables tables_of(const struct compiled *compiled, uint32_t latch)
{
	return (struct tables){ .settings = &compiled->image->settings,
				.prefixes = compiled->prefixes,
				.matrix = compiled->matrix[cordon_matrix_at(latch)],
				.pages = compiled->pages,
				.classes = compiled->classes };
}

static bool ask_rule(const struct compiled *compiled, struct random *random, unsigned long *allowed)
{
	const struct cordon_policy *policy = compiled->policy;
	const uint32_t latch =
		random_chance(random, 2) ? random_below(random, CORDON_LATCH_LEVELS) : 0;
	const struct tables tables = tables_of(compiled, latch);
	const uint32_t from = random_below(random, compiled->image->settings.identities);
	const uint32_t to = random_below(random, (uint32_t)(2 + policy->nr_zones));
	uint32_t expected, got;
	uint16_t service;
	uint8_t protocol;

	random_service(random, policy, &protocol, &service);
	expected = naive_rule(policy, latch, from, to, protocol, service);
	got = verdict_rule(&tables, from, to, protocol, service);
	*allowed += expected != 0;
	if (got != expected)
		SAY("latch %u, %u -> %u, %u/%u: rule %u, expected %u\n", latch, from, to, protocol,
		    service, got, expected);
	return got == expected;
}

static struct cordon_address random_end(struct random *random, const struct cordon_policy *policy,
					uint32_t *ret_zone)
{
	uint64_t high = 0xfd00000000000000ULL | (random_next(random) & 0x8000000300000101ULL);
	uint32_t word = 0x0a000000 | (random_word(random) & 0x80010107);
	struct cordon_address address = { { 0 } };

	if (random_chance(random, 2)) {
		memset(address.bytes + 10, 0xff, 2);
		for (int i = 0; i < 4; i++)
			address.bytes[12 + i] = (uint8_t)(word >> (24 - 8 * i));
		*ret_zone = naive_zone4(policy, word);
		return address;
	}
	for (int i = 0; i < 8; i++)
		address.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
	*ret_zone = naive_zone6(policy, high);
	return address;
}

static bool ask_end(const struct compiled *compiled, struct random *random, unsigned long *spoofed)
{
	const struct tables tables = tables_of(compiled, CORDON_LATCH_OPEN);
	const char *name = random_interface(random);
	const struct cordon_image_interface *interface =
		cordon_image_interface_find(compiled->image, name);
	const uint32_t class = interface ? interface->class : 0;
	uint32_t zone, got_zone, identity, got_identity = CORDON_IDENTITY_STRANGER;
	enum cordon_reason reason, got;
	struct cordon_address address;

	address = random_end(random, compiled->policy, &zone);
	got_zone = verdict_zone(&tables, &address);
	reason = naive_end(compiled->policy, name, zone, &identity);
	got = verdict_end(&tables, class, &address, got_zone, &got_identity);
	*spoofed += reason == CORDON_REASON_SPOOFED;
	if (zone == got_zone && reason == got && (reason || identity == got_identity) &&
	    (interface ? interface->mode : CORDON_MODE_AUTO) ==
		    naive_mode(compiled->policy, name) &&
	    compiled->image->classes[class].forwarder == naive_forwarder(compiled->policy, name))
		return true;
	SAY("%s: zone %u, expected %u; reason %u, expected %u; who %u, expected %u\n", name,
	    got_zone, zone, got, reason, got_identity, identity);
	return false;
}

TEST(decisions_agree_with_the_naive_evaluator)
{
	struct random random = random_start("policies");
	unsigned long wrong = 0, asked = 0, allowed = 0, spoofed = 0, conflicts = 0;

	for (unsigned int n = 0; n < POLICIES && !wrong; n++) {
		struct cordon_policy *policy = random_policy(&random);
		struct cordon_image *image = NULL;
		struct cordon_diag diag = { 0 };
		struct compiled compiled;
		int err = cordon_compile(policy, &diag, &image);

		ASSERT_EQ(has_conflict(policy) ? -EINVAL : 0, err)
		TH_LOG("policy %u: %s", n, diag.stored ? diag.entry[0].text : "");
		ASSERT_EQ(!err, !diag.errors);
		conflicts += err != 0;
		if (!err) {
			ASSERT_EQ(0, cordon_image_check(image));
			compiled = open_image(policy, image);
			for (unsigned int i = 0; i < DECISIONS; i++) {
				wrong += !ask_rule(&compiled, &random, &allowed);
				wrong += i % 4 == 0 && !ask_end(&compiled, &random, &spoofed);
				asked++;
			}
		}
		cordon_image_free(image);
		cordon_policy_free(policy);
		cordon_diag_clear(&diag);
	}
	TH_LOG("%lu decisions, %lu allowed, %lu spoofed, %lu conflicts", asked, allowed, spoofed,
	       conflicts);
	EXPECT_EQ(0, wrong);
	EXPECT_LE(1000000, asked);
	EXPECT_LT(asked / 20, allowed);
	EXPECT_LT(asked / 100, spoofed);
	EXPECT_LT(0, conflicts);
}

TEST_HARNESS_MAIN
