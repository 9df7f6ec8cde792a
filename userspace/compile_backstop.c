// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's keep list; see compile_backstop.h.
 */
#include "compile_backstop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

/* struct span - prefixes of a zone in the image; @count 0: any address */
struct span {
	uint16_t first;
	uint16_t count;
	bool known;
};

struct backstop {
	const struct cordon_policy *policy;
	struct cordon_image *image;
	struct span *spans; /* by zone */
};

static int push_prefix(struct cordon_image *image, const uint8_t address[16], unsigned int length)
{
	struct cordon_module_prefix *added =
		array_push(image->backstop_prefixes, image->nr_backstop_prefixes);

	if (!added)
		return -ENOMEM;
	memcpy(added->address, address, sizeof(added->address));
	added->length = (uint8_t)length;
	return 0;
}

static int push_prefix4(struct cordon_image *image, const struct cordon_prefix4 *prefix)
{
	const uint32_t address = htonl(prefix->address);
	uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };

	memcpy(mapped + 12, &address, sizeof(address));
	return push_prefix(image, mapped, prefix->length + 96U);
}

static int push_prefix6(struct cordon_image *image, const struct cordon_prefix6 *prefix)
{
	uint8_t address[16];

	for (int i = 0; i < 8; i++) {
		address[i] = (uint8_t)(prefix->high >> (56 - 8 * i));
		address[8 + i] = (uint8_t)(prefix->low >> (56 - 8 * i));
	}
	return push_prefix(image, address, prefix->length);
}

static int push_zone(struct backstop *backstop, size_t zone)
{
	const struct cordon_policy *policy = backstop->policy;
	int error = 0;

	for (size_t i = 0; !error && i < policy->nr_prefixes4; i++) {
		if (policy->prefixes4[i].zone == zone)
			error = push_prefix4(backstop->image, &policy->prefixes4[i]);
	}
	for (size_t i = 0; !error && i < policy->nr_prefixes6; i++) {
		if (policy->prefixes6[i].zone == zone)
			error = push_prefix6(backstop->image, &policy->prefixes6[i]);
	}
	return error;
}

/* A zone without prefixes is what is behind its interfaces. */
static int zone_span(struct backstop *backstop, size_t zone, struct span *ret_span)
{
	const size_t count = backstop->policy->zones[zone].nr_prefixes;
	const size_t first = backstop->image->nr_backstop_prefixes;
	struct span *span = &backstop->spans[zone];
	int error = 0;

	if (!span->known && count && count <= CORDON_MODULE_PREFIXES_MAX - first) {
		error = push_zone(backstop, zone);
		*span = (struct span){ (uint16_t)first, (uint16_t)count, true };
	}
	*ret_span = *span;
	return error;
}

static int end_span(struct backstop *backstop, uint16_t end, struct span *ret_span)
{
	*ret_span = (struct span){ 0 };
	if (end == CORDON_IDENTITY_ANY || end < CORDON_IDENTITY_FIRST ||
	    cordon_policy_is_local(backstop->policy, end))
		return 0;
	return zone_span(backstop, end - CORDON_IDENTITY_FIRST, ret_span);
}

static uint8_t way_of(const struct cordon_policy *policy, const struct cordon_policy_rule *rule)
{
	if (cordon_policy_is_local(policy, rule->to))
		return CORDON_MODULE_WAY_IN;
	return cordon_policy_is_local(policy, rule->from) ? CORDON_MODULE_WAY_OUT :
							    CORDON_MODULE_WAY_FORWARD;
}

static int push_rule(struct cordon_image *image, const struct cordon_module_rule *rule)
{
	struct cordon_module_rule *added =
		array_push(image->backstop_rules, image->nr_backstop_rules);

	if (!added)
		return -ENOMEM;
	*added = *rule;
	return 0;
}

static int push_services(struct cordon_image *image, const struct cordon_policy_rule *rule,
			 struct cordon_module_rule entry)
{
	const uint8_t flags = entry.flags;
	int error = 0;

	for (size_t i = 0; !error && i < rule->nr_services; i++) {
		const struct cordon_service *service = &rule->services[i];

		entry.flags = service->any ? flags | CORDON_MODULE_RULE_ANY : flags;
		entry.protocol = service->protocol;
		entry.first = service->any ? 0 : service->first;
		entry.last = service->any ? UINT16_MAX : service->last;
		error = push_rule(image, &entry);
	}
	return error;
}

/* @left: rules that each want room for one entry at least, this one included */
static int add_rule(struct backstop *backstop, const struct cordon_policy_rule *rule, uint8_t flags,
		    size_t left)
{
	struct cordon_image *image = backstop->image;
	struct cordon_module_rule entry = { .way = way_of(backstop->policy, rule),
					    .flags = flags,
					    .last = UINT16_MAX };
	struct span from, to;
	int error = end_span(backstop, rule->from, &from);

	if (!error)
		error = end_span(backstop, rule->to, &to);
	if (error)
		return error;
	entry.from = from.first;
	entry.froms = from.count;
	entry.to = to.first;
	entry.tos = to.count;
	if (image->nr_backstop_rules + rule->nr_services + left - 1 <= CORDON_MODULE_RULES_MAX)
		return push_services(image, rule, entry);
	entry.flags |= CORDON_MODULE_RULE_ANY;
	return push_rule(image, &entry);
}

static int add_anything(struct cordon_image *image)
{
	int error = 0;

	image->nr_backstop_rules = 0;
	for (uint8_t way = CORDON_MODULE_WAY_IN; !error && way <= CORDON_MODULE_WAY_FORWARD; way++)
		error = push_rule(image,
				  &(struct cordon_module_rule){ .way = way,
								.flags = CORDON_MODULE_RULE_ANY,
								.last = UINT16_MAX });
	return error;
}

static int add_rules(struct backstop *backstop)
{
	const struct cordon_policy *policy = backstop->policy;
	size_t left = policy->nr_keep + policy->nr_rules;
	int error = 0;

	if (left > CORDON_MODULE_RULES_MAX)
		return add_anything(backstop->image);
	for (size_t i = 0; !error && i < policy->nr_keep; i++)
		error = add_rule(backstop, &policy->keep[i], 0, left--);
	for (size_t i = 0; !error && i < policy->nr_rules; i++, left--) {
		if (cordon_policy_is_local(policy, policy->rules[i].to))
			error = add_rule(backstop, &policy->rules[i], CORDON_MODULE_RULE_EGRESS,
					 left);
	}
	return error;
}

int cordon_compile_backstop(const struct cordon_policy *policy, struct cordon_image *image)
{
	struct span *spans CLEANUP(free) = calloc(policy->nr_zones + 1, sizeof(*spans));
	struct backstop backstop = { policy, image, spans };

	return spans ? add_rules(&backstop) : -ENOMEM;
}
