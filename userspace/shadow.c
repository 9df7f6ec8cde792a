// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interval arithmetic on services.  A service is a span of numbers protocol <<
 * 16 | service, `any` is all of them.  Rules of the same two ends share a set
 * of spans; a rule is held against the sets of its own ends and of the ends
 * that include them:
 *
 *	a zone		is also covered by `any` (who is in no zone only by it)
 *	from a workload	is also covered by `from: node`
 *	to the node	is also covered by what leads to a workload: the packets
 *			are the same, and their port is reserved. Not the other
 *			way round, as a rule to a workload reserves
 *
 * The work grows with the number of rules, not with its square, but for rules
 * between the same two ends.
 */
#include "shadow.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

#define LINE_LAST ((256U << 16) - 1)

/* Ends that include one end, itself ahead. */
#define ENDS_MAX 2

/* Rules that a message names. */
#define NAMED_MAX 3

/* Services @first to @last, allowed first by rule number @rule. */
struct span {
	uint32_t first;
	uint32_t last;
	uint32_t rule;
};

/* Sorted, without overlap. */
struct span_set {
	struct span *spans;
	size_t count;
};

struct shadow {
	const struct cordon_policy *policy;
	const struct cordon_policy_rule *rules;
	struct cordon_diag *diag;
	uint32_t *set_of; /* [from * ends + to]: set number + 1, 0: none yet */
	size_t ends;
	struct span_set *sets;
	size_t nr_sets;
};

struct culprits {
	uint32_t rule[NAMED_MAX];
	size_t count;
};

/* ---- sets of spans ----------------------------------------------------------------------- */

static struct span span_of(const struct cordon_service *service, uint32_t rule)
{
	uint32_t base = (uint32_t)service->protocol << 16;

	if (service->any)
		return (struct span){ 0, LINE_LAST, rule };
	return (struct span){ base | service->first, base | service->last, rule };
}

/* The first span that ends at or behind @place. */
static size_t find_span(const struct span_set *set, uint32_t place)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->spans[middle].last < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert_span(struct span_set *set, size_t index, struct span span)
{
	if (!array_push(set->spans, set->count))
		return -ENOMEM;
	memmove(&set->spans[index + 1], &set->spans[index],
		(set->count - 1 - index) * sizeof(span));
	set->spans[index] = span;
	return 0;
}

/* Only what was not there before: each span keeps the rule that allowed it first. */
static int add_span(struct span_set *set, struct span span)
{
	size_t index = find_span(set, span.first);
	uint32_t place = span.first;

	for (; place <= span.last; index++) {
		const struct span *next = index < set->count ? &set->spans[index] : NULL;
		uint32_t gap_end = next && next->first <= span.last ? next->first : span.last + 1;

		if (next && next->first <= place) {
			place = next->last + 1;
			continue;
		}
		if (insert_span(set, index, (struct span){ place, gap_end - 1, span.rule }))
			return -ENOMEM;
		place = gap_end;
	}
	return 0;
}

/* ---- ends -------------------------------------------------------------------------------- */

/* `any` takes the place behind the last identity. */
static size_t end_index(const struct shadow *shadow, uint16_t identity)
{
	return identity == CORDON_IDENTITY_ANY ? shadow->ends - 1 : identity;
}

static bool is_workload(const struct cordon_policy *policy, uint16_t identity)
{
	return identity != CORDON_IDENTITY_NODE && cordon_policy_is_local(policy, identity);
}

static size_t ends_above(const struct cordon_policy *policy, uint16_t identity,
			 uint16_t above[ENDS_MAX])
{
	above[0] = identity;
	if (identity == CORDON_IDENTITY_ANY || identity == CORDON_IDENTITY_NODE)
		return 1;
	above[1] = is_workload(policy, identity) ? CORDON_IDENTITY_NODE : CORDON_IDENTITY_ANY;
	return 2;
}

static uint32_t *set_number(const struct shadow *shadow, uint16_t from, uint16_t to)
{
	return &shadow->set_of[end_index(shadow, from) * shadow->ends + end_index(shadow, to)];
}

static struct span_set *find_set(const struct shadow *shadow, uint16_t from, uint16_t to)
{
	uint32_t number = *set_number(shadow, from, to);

	return number ? &shadow->sets[number - 1] : NULL;
}

static struct span_set *need_set(struct shadow *shadow, uint16_t from, uint16_t to)
{
	uint32_t *number = set_number(shadow, from, to);

	if (!*number) {
		if (!array_push(shadow->sets, shadow->nr_sets))
			return NULL;
		*number = (uint32_t)shadow->nr_sets;
	}
	return &shadow->sets[*number - 1];
}

/* ---- one rule ---------------------------------------------------------------------------- */

/* The sets that may cover a rule. */
struct cover {
	const struct span_set *sets[ENDS_MAX * ENDS_MAX];
	size_t count;
};

static void gather_cover(const struct shadow *shadow, const struct cordon_policy_rule *rule,
			 struct cover *ret_cover)
{
	uint16_t from[ENDS_MAX], to[ENDS_MAX];
	size_t nr_from = ends_above(shadow->policy, rule->from, from);
	size_t nr_to = is_workload(shadow->policy, rule->to) ?
			       (to[0] = rule->to, 1) :
			       ends_above(shadow->policy, rule->to, to);
	struct cover cover = { .count = 0 };

	for (size_t i = 0; i < nr_from * nr_to; i++) {
		const struct span_set *set = find_set(shadow, from[i / nr_to], to[i % nr_to]);

		if (set)
			cover.sets[cover.count++] = set;
	}
	*ret_cover = cover;
}

static void take_culprit(struct culprits *culprits, uint32_t rule)
{
	for (size_t i = 0; i < culprits->count && i < NAMED_MAX; i++) {
		if (culprits->rule[i] == rule)
			return;
	}
	if (culprits->count < NAMED_MAX)
		culprits->rule[culprits->count] = rule;
	culprits->count++;
}

/* The span that holds @place and reaches furthest, NULL: none holds it. */
static const struct span *furthest(const struct cover *cover, uint32_t place)
{
	const struct span *best = NULL;

	for (size_t i = 0; i < cover->count; i++) {
		const struct span_set *set = cover->sets[i];
		size_t index = find_span(set, place);

		if (index == set->count || set->spans[index].first > place)
			continue;
		if (!best || set->spans[index].last > best->last)
			best = &set->spans[index];
	}
	return best;
}

static bool is_covered(const struct cover *cover, struct span span, struct culprits *culprits)
{
	uint32_t place = span.first;

	while (place <= span.last) {
		const struct span *next = furthest(cover, place);

		if (!next)
			return false;
		take_culprit(culprits, next->rule);
		place = next->last + 1;
	}
	return true;
}

static bool is_shadowed(const struct shadow *shadow, uint32_t index, struct culprits *culprits)
{
	const struct cordon_policy_rule *rule = &shadow->rules[index];
	struct cover cover;

	gather_cover(shadow, rule, &cover);
	if (!cover.count)
		return false;
	for (size_t i = 0; i < rule->nr_services; i++) {
		if (!is_covered(&cover, span_of(&rule->services[i], index), culprits))
			return false;
	}
	return true;
}

static void tell(const struct shadow *shadow, const struct cordon_policy_rule *rule,
		 const struct culprits *culprits)
{
	char names[NAMED_MAX * (CORDON_NAME_SIZE + 32)] = "";
	size_t used = 0;

	for (size_t i = 0; i < culprits->count && i < NAMED_MAX; i++) {
		const struct cordon_policy_rule *culprit = &shadow->rules[culprits->rule[i]];

		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s'%s' (line %u)",
					 i ? ", " : "", culprit->name, culprit->at.line);
	}
	cordon_diag_error(
		shadow->diag, rule->at,
		"rule '%s' has no effect: all that it allows is allowed ahead of it by %s%s",
		rule->name, names, culprits->count > NAMED_MAX ? " and others" : "");
}

static int add_services(struct shadow *shadow, uint32_t index, uint16_t to)
{
	const struct cordon_policy_rule *rule = &shadow->rules[index];
	struct span_set *set = need_set(shadow, rule->from, to);

	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < rule->nr_services; i++) {
		if (add_span(set, span_of(&rule->services[i], index)))
			return -ENOMEM;
	}
	return 0;
}

static int take_rule(struct shadow *shadow, uint32_t index)
{
	const struct cordon_policy_rule *rule = &shadow->rules[index];
	struct culprits culprits = { .count = 0 };
	int error;

	if (is_shadowed(shadow, index, &culprits)) {
		tell(shadow, rule, &culprits);
		return 0;
	}
	error = add_services(shadow, index, rule->to);
	if (!error && is_workload(shadow->policy, rule->to))
		error = add_services(shadow, index, CORDON_IDENTITY_NODE);
	return error;
}

static void clear(struct shadow *shadow)
{
	for (size_t i = 0; i < shadow->nr_sets; i++)
		free(shadow->sets[i].spans);
	free(shadow->sets);
	free(shadow->set_of);
}

int cordon_shadow_check(const struct cordon_policy *policy, const struct cordon_policy_rule *rules,
			size_t count, struct cordon_diag *diag)
{
	struct shadow shadow = { .policy = policy, .rules = rules, .diag = diag };
	int error = 0;

	shadow.ends = CORDON_IDENTITY_FIRST + policy->nr_zones + policy->nr_workloads + 1;
	shadow.set_of = calloc(shadow.ends * shadow.ends, sizeof(*shadow.set_of));
	if (!shadow.set_of)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++)
		error = take_rule(&shadow, (uint32_t)i);
	clear(&shadow);
	return error;
}

/* ---- ports of workloads ------------------------------------------------------------------ */

/* What the bind hook gives to one workload and refuses to others. */
static bool has_port(const struct cordon_service *service)
{
	switch (service->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	default:
		return service->any;
	}
}

/* The first rule to another workload that has one of these ports; NULL: there is none. */
static const struct cordon_policy_rule *find_owner(const struct shadow *shadow,
						   const struct span_set *reserved,
						   struct span span, uint16_t workload)
{
	for (size_t i = find_span(reserved, span.first);
	     i < reserved->count && reserved->spans[i].first <= span.last; i++) {
		const struct cordon_policy_rule *owner = &shadow->rules[reserved->spans[i].rule];

		if (owner->to != workload)
			return owner;
	}
	return NULL;
}

static int reserve_ports(const struct shadow *shadow, uint32_t index, struct span_set *reserved)
{
	const struct cordon_policy_rule *rule = &shadow->rules[index], *owner;
	int error = 0;

	for (size_t i = 0; i < rule->nr_services && !error; i++) {
		const struct cordon_service *service = &rule->services[i];
		const struct span span = span_of(service, index);

		if (!has_port(service))
			continue;
		owner = find_owner(shadow, reserved, span, rule->to);
		if (owner)
			cordon_diag_error(
				shadow->diag, service->at,
				"'%s' cannot be reserved for workload '%s': rule '%s' (line %u) "
				"reserves it for '%s'; give it to one of them, or to 'node'",
				service->text,
				cordon_policy_identity_name(shadow->policy, rule->to), owner->name,
				owner->at.line,
				cordon_policy_identity_name(shadow->policy, owner->to));
		error = add_span(reserved, span);
	}
	return error;
}

int cordon_shadow_check_ports(const struct cordon_policy *policy,
			      const struct cordon_policy_rule *rules, size_t count,
			      struct cordon_diag *diag)
{
	const struct shadow shadow = { .policy = policy, .rules = rules, .diag = diag };
	struct span_set reserved = { .count = 0 };
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		if (is_workload(policy, rules[i].to))
			error = reserve_ports(&shadow, (uint32_t)i, &reserved);
	}
	free(reserved.spans);
	return error;
}
