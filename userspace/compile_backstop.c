// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's keep list; see compile_backstop.h.
 */
#include "compile_backstop.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/reason.h>

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

static int push_prefix(struct cordon_image *image, const struct cordon_module_prefix *prefix)
{
	struct cordon_module_prefix *added =
		array_push(image->backstop_prefixes, image->nr_backstop_prefixes);

	if (!added)
		return -ENOMEM;
	*added = *prefix;
	return 0;
}

int cordon_backstop_prefix(struct cordon_image *image, const struct cordon_prefix *prefix)
{
	struct cordon_module_prefix entry = { .length = prefix->length };

	for (int i = 0; i < 8; i++) {
		entry.address[i] = (uint8_t)(prefix->high >> (56 - 8 * i));
		entry.address[8 + i] = (uint8_t)(prefix->low >> (56 - 8 * i));
	}
	if (!prefix->ipv6) {
		entry.address[10] = entry.address[11] = 0xff;
		entry.length = (uint8_t)(prefix->length + 96);
	}
	return push_prefix(image, &entry);
}

void cordon_backstop_service(struct cordon_module_rule *rule, const struct cordon_service *service)
{
	rule->flags |= service->any ? CORDON_MODULE_RULE_ANY : 0;
	rule->protocol = service->protocol;
	rule->first = service->any ? 0 : service->first;
	rule->last = service->any ? UINT16_MAX : service->last;
}

int cordon_backstop_rule(struct cordon_image *image, const struct cordon_module_rule *rule)
{
	struct cordon_module_rule *added =
		array_push(image->backstop_rules, image->nr_backstop_rules);

	if (!added)
		return -ENOMEM;
	*added = *rule;
	return 0;
}

/* ---- the built-in rules ------------------------------------------------------------------- */

enum {
	UNSPECIFIED,
	LINK_LOCAL,
	LINK_GROUPS,
	GROUPS,
	EVERYBODY4,
	DHCPV6_SERVERS
};

static const struct cordon_module_prefix link_prefixes[] = {
	[UNSPECIFIED] = { .length = 128 },
	[LINK_LOCAL] = { .address = { 0xfe, 0x80 }, .length = 10 },
	[LINK_GROUPS] = { .address = { 0xff, 0x02 }, .length = 16 },
	[GROUPS] = { .address = { 0xff }, .length = 8 },
	[EVERYBODY4] = { .address = { [10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, .length = 128 },
	[DHCPV6_SERVERS] = { .address = { 0xff, 0x02, [13] = 1, [15] = 2 }, .length = 128 },
};

#define IN .way = CORDON_MODULE_WAY_IN
#define OUT .way = CORDON_MODULE_WAY_OUT
#define TYPES(from_type, to_type)                                                                  \
	.protocol = IPPROTO_ICMPV6, .first = (from_type) << 8, .last = (to_type) << 8 | 0xff
#define PORTS(source, destination)                                                                 \
	.protocol = IPPROTO_UDP, .asker = (source), .first = (destination), .last = (destination)
#define FROM(index, count) .from = (index), .froms = (count)
#define TO(index, count) .to = (index), .tos = (count)

/* What neighbours, routers, groups and DHCP are told: bpf/parse.h, as far as addresses, ports and
 * lengths tell. */
static const struct {
	uint32_t builtin;
	struct cordon_module_rule rule;
} builtins[] = {
	{ CORDON_BUILTIN_ND, { IN, TYPES(135, 136), .hop_limit = 255 } },
	{ CORDON_BUILTIN_ND,
	  { OUT, TYPES(135, 136), .hop_limit = 255, .longest = 128, TO(LINK_LOCAL, 2) } },
	{ CORDON_BUILTIN_ND,
	  { OUT, TYPES(135, 136), .hop_limit = 255, .longest = 128,
	    .flags = CORDON_MODULE_RULE_NEAR } },
	{ CORDON_BUILTIN_RA,
	  { OUT, TYPES(133, 133), .hop_limit = 255, .longest = 128, TO(LINK_LOCAL, 2) } },
	{ CORDON_BUILTIN_RA, { IN, TYPES(134, 134), .hop_limit = 255, FROM(LINK_LOCAL, 1) } },
	{ CORDON_BUILTIN_MLD, { IN, TYPES(130, 132), .hop_limit = 1, FROM(UNSPECIFIED, 2) } },
	{ CORDON_BUILTIN_MLD, { IN, TYPES(143, 143), .hop_limit = 1, FROM(UNSPECIFIED, 2) } },
	{ CORDON_BUILTIN_MLD,
	  { OUT, TYPES(131, 132), .hop_limit = 1, .longest = 336, FROM(UNSPECIFIED, 2),
	    TO(GROUPS, 1) } },
	{ CORDON_BUILTIN_MLD,
	  { OUT, TYPES(143, 143), .hop_limit = 1, .longest = 336, FROM(UNSPECIFIED, 2),
	    TO(GROUPS, 1) } },
	{ CORDON_BUILTIN_DHCP, { OUT, PORTS(68, 67), TO(EVERYBODY4, 1) } },
	{ CORDON_BUILTIN_DHCP, { IN, PORTS(67, 68) } },
	{ CORDON_BUILTIN_DHCP, { OUT, PORTS(546, 547), TO(DHCPV6_SERVERS, 1) } },
	{ CORDON_BUILTIN_DHCP, { IN, PORTS(547, 546), FROM(LINK_LOCAL, 1) } },
};

int cordon_backstop_builtins(struct cordon_image *image, uint32_t off)
{
	int error = 0;

	for (size_t i = 0; !error && i < ARRAY_SIZE(link_prefixes); i++)
		error = push_prefix(image, &link_prefixes[i]);
	for (size_t i = 0; !error && i < ARRAY_SIZE(builtins); i++) {
		struct cordon_module_rule rule = builtins[i].rule;

		rule.flags |= CORDON_MODULE_RULE_ALONE;
		if (!(off >> builtins[i].builtin & 1))
			error = cordon_backstop_rule(image, &rule);
	}
	return error;
}

/* ---- the policy's ------------------------------------------------------------------------- */

static int push_zone(struct backstop *backstop, size_t zone)
{
	const struct cordon_policy *policy = backstop->policy;
	int error = 0;

	for (size_t i = 0; !error && i < policy->nr_prefixes4; i++) {
		const struct cordon_prefix4 *of = &policy->prefixes4[i];
		const struct cordon_prefix prefix = { 0, of->address, of->length, false };

		if (of->zone == zone)
			error = cordon_backstop_prefix(backstop->image, &prefix);
	}
	for (size_t i = 0; !error && i < policy->nr_prefixes6; i++) {
		const struct cordon_prefix6 *of = &policy->prefixes6[i];
		const struct cordon_prefix prefix = { of->high, of->low, of->length, true };

		if (of->zone == zone)
			error = cordon_backstop_prefix(backstop->image, &prefix);
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

static int push_services(struct cordon_image *image, const struct cordon_policy_rule *rule,
			 struct cordon_module_rule entry)
{
	const uint8_t flags = entry.flags;
	int error = 0;

	for (size_t i = 0; !error && i < rule->nr_services; i++) {
		entry.flags = flags;
		cordon_backstop_service(&entry, &rule->services[i]);
		error = cordon_backstop_rule(image, &entry);
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
	return cordon_backstop_rule(image, &entry);
}

/* What asks in that way, whoever and for whatever. */
static int add_anything(struct cordon_image *image, uint8_t way, uint8_t flags)
{
	const struct cordon_module_rule rule = { .way = way,
						 .flags = flags | CORDON_MODULE_RULE_ANY,
						 .last = UINT16_MAX };

	return cordon_backstop_rule(image, &rule);
}

static size_t count_in(const struct cordon_policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->nr_rules; i++)
		count += cordon_policy_is_local(policy, policy->rules[i].to);
	return count;
}

/* @in: rules into the node, or 1: they do not fit, and are one */
static int add_rules(struct backstop *backstop, size_t in, bool fits)
{
	const struct cordon_policy *policy = backstop->policy;
	size_t left = policy->nr_keep + in;
	int error = 0;

	for (size_t i = 0; !error && i < policy->nr_keep; i++)
		error = add_rule(backstop, &policy->keep[i], 0, left--);
	if (!error && !fits)
		error = add_anything(backstop->image, CORDON_MODULE_WAY_IN,
				     CORDON_MODULE_RULE_EGRESS);
	for (size_t i = 0; fits && !error && i < policy->nr_rules; i++) {
		if (cordon_policy_is_local(policy, policy->rules[i].to))
			error = add_rule(backstop, &policy->rules[i], CORDON_MODULE_RULE_EGRESS,
					 left--);
	}
	return error;
}

static int add_policy(struct backstop *backstop)
{
	struct cordon_image *image = backstop->image;
	const size_t in = count_in(backstop->policy), keep = backstop->policy->nr_keep;
	int error = cordon_backstop_builtins(image, backstop->policy->builtins_off);
	const size_t room = CORDON_MODULE_RULES_MAX - image->nr_backstop_rules;

	if (!error && keep < room)
		return add_rules(backstop, keep + in <= room ? in : 1, keep + in <= room);
	for (uint8_t way = CORDON_MODULE_WAY_IN; !error && way <= CORDON_MODULE_WAY_FORWARD; way++)
		error = add_anything(image, way, 0);
	return error;
}

int cordon_compile_backstop(const struct cordon_policy *policy, struct cordon_image *image)
{
	struct span *spans CLEANUP(free) = calloc(policy->nr_zones + 1, sizeof(*spans));
	struct backstop backstop = { policy, image, spans };

	return spans ? add_policy(&backstop) : -ENOMEM;
}
