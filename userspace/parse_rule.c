// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `rules:` and `quarantine:` of a policy.  Zones and workloads have been read.
 */
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "service.h"
#include "util/array.h"
#include "util/cleanup.h"

/**
 * struct draft - a rule while it is read
 * @scope: of its name
 * @to_at: where its destination stands
 */
struct draft {
	struct cordon_policy_rule rule;
	enum parse_scope scope;
	struct cordon_position to_at;
};

/* ---- name -------------------------------------------------------------------------------- */

static bool is_builtin(const char *name)
{
#define COMPARE(code, text, help)                                                                  \
	if (!strcmp(name, text))                                                                   \
		return true;
	CORDON_BUILTINS(COMPARE)
#undef COMPARE
	return false;
}

static int read_name(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct draft *draft = target;
	int error =
		cordon_parse_name(parse, value, "rule", sizeof(draft->rule.name), draft->rule.name);

	if (error)
		return error;
	draft->rule.at = value->at;
	if (is_builtin(value->text))
		return cordon_parse_refuse(parse, value->at,
					   "'%s' is the name of a built-in rule; choose another",
					   value->text);
	return cordon_parse_once(parse, draft->scope, value, "rule");
}

/* ---- ends -------------------------------------------------------------------------------- */

static void offer_ends(const struct parse *parse, struct cordon_nearest *nearest)
{
	const struct cordon_policy *policy = parse->policy;

	if (cordon_parse_is_full(parse))
		return;
	cordon_nearest_offer(nearest, "node");
	cordon_nearest_offer(nearest, "any");
	for (size_t i = 0; i < policy->nr_zones; i++)
		cordon_nearest_offer(nearest, policy->zones[i].name);
	for (size_t i = 0; i < policy->nr_workloads; i++)
		cordon_nearest_offer(nearest, policy->workloads[i].name);
}

static int refuse_end(const struct parse *parse, const struct cordon_value *value)
{
	struct cordon_nearest nearest = { .wanted = value->text };

	if (!strcmp(value->text, "stranger"))
		return cordon_parse_refuse(
			parse, value->at,
			"a rule cannot name strangers alone; 'any' is every remote "
			"address, theirs included");
	offer_ends(parse, &nearest);
	if (nearest.best)
		return cordon_parse_refuse(
			parse, value->at,
			"no zone or workload is called '%.40s'; did you mean '%s'?", value->text,
			nearest.best);
	return cordon_parse_refuse(
		parse, value->at,
		"no zone or workload is called '%.40s'; define it, or use 'node' or "
		"'any'",
		value->text);
}

static int read_end(struct parse *parse, const struct cordon_value *value, const char *what,
		    uint16_t *ret_identity)
{
	size_t identity;
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	if (!strcmp(value->text, "node"))
		identity = CORDON_IDENTITY_NODE;
	else if (!strcmp(value->text, "any"))
		identity = CORDON_IDENTITY_ANY;
	else if (!cordon_names_find(&parse->names, PARSE_SCOPE_ENDS, value->text, &identity))
		return refuse_end(parse, value);
	*ret_identity = (uint16_t)identity;
	return 0;
}

static int read_from(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct draft *draft = target;

	return read_end(parse, value, "'from'", &draft->rule.from);
}

static int read_to(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct draft *draft = target;

	draft->to_at = value->at;
	return read_end(parse, value, "'to'", &draft->rule.to);
}

/* ---- services ---------------------------------------------------------------------------- */

static int read_service(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct draft *draft = target;
	struct cordon_service service, *room;
	int error = cordon_parse_need_kind(parse, value, "a service", CORDON_VALUE_TEXT);

	if (!error)
		error = cordon_service_parse(value->text, value->at, parse->diag, &service);
	if (error)
		return error;
	room = array_push(draft->rule.services, draft->rule.nr_services);
	if (!room)
		return -ENOMEM;
	*room = service;
	return 0;
}

/* By first service, the widest ahead, then as written: whatever contains a service precedes it. */
static int compare_services(const void *left, const void *right)
{
	const struct cordon_service *a = *(const struct cordon_service *const *)left;
	const struct cordon_service *b = *(const struct cordon_service *const *)right;

	if (a->any != b->any)
		return a->any ? -1 : 1;
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a < b ? -1 : 1;
}

static bool contains(const struct cordon_service *wide, const struct cordon_service *narrow)
{
	return wide->any || (wide->protocol == narrow->protocol && wide->last >= narrow->last);
}

/* Services that another one of the same rule contains. */
static int check_services(const struct parse *parse, const struct cordon_policy_rule *rule)
{
	const struct cordon_service **sorted CLEANUP(free) =
		calloc(rule->nr_services + 1, sizeof(*sorted));
	const struct cordon_service *widest;
	int result = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < rule->nr_services; i++)
		sorted[i] = &rule->services[i];
	qsort(sorted, rule->nr_services, sizeof(*sorted), compare_services);
	widest = sorted[0];
	for (size_t i = 1; i < rule->nr_services; i++) {
		if (!contains(widest, sorted[i])) {
			widest = sorted[i];
			continue;
		}
		result = cordon_parse_refuse(
			parse, sorted[i]->at,
			"service '%s' has no effect: '%s' of the same rule covers it",
			sorted[i]->text, widest->text);
	}
	return result;
}

static int read_services(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct draft *draft = target;
	int error = cordon_parse_each(parse, value, "'services'", CORDON_VALUE_LIST, read_service,
				      target);

	if (error)
		return error;
	if (!draft->rule.nr_services)
		return cordon_parse_refuse(
			parse, value->at,
			"'services' is empty, so that the rule allows nothing; write "
			"[any] to allow all");
	error = cordon_parse_limit(parse, value, draft->rule.nr_services,
				   CORDON_POLICY_SERVICES_MAX,
				   "services in one rule; use ranges or several rules");
	return error ? error : check_services(parse, &draft->rule);
}

/* ---- rules ------------------------------------------------------------------------------- */

static const struct parse_field rule_fields[] = {
	{ .name = "name", .read = read_name, .required = true },
	{ .name = "from", .read = read_from, .required = true },
	{ .name = "to", .read = read_to, .required = true },
	{ .name = "services",
	  .read = read_services,
	  .required = true,
	  .hint = "'services: [any]' allows all" },
};

static int check_ends(const struct parse *parse, const struct draft *draft)
{
	const struct cordon_policy_rule *rule = &draft->rule;

	if (!cordon_policy_is_local(parse->policy, rule->from) ||
	    !cordon_policy_is_local(parse->policy, rule->to))
		return 0;
	return cordon_parse_refuse(
		parse, draft->to_at,
		"'%s' and '%s' are both on this node, and what stays on the node is "
		"not filtered; one end must be a zone or 'any'",
		cordon_policy_identity_name(parse->policy, rule->from),
		cordon_policy_identity_name(parse->policy, rule->to));
}

static int fill_rule(struct parse *parse, const struct cordon_value *value, struct draft *draft)
{
	int error = cordon_parse_fields(parse, value, "a rule", rule_fields,
					ARRAY_SIZE(rule_fields), draft);

	return error ? error : check_ends(parse, draft);
}

/* Half-read rules are thrown away: there is an error then, and no policy. */
static int read_rule(struct parse *parse, const struct cordon_value *value, enum parse_scope scope,
		     struct cordon_policy_rule **rules, size_t *count)
{
	struct draft draft = { .scope = scope, .rule.at = value->at };
	int error = fill_rule(parse, value, &draft);
	struct cordon_policy_rule *room = error ? NULL : array_push(*rules, *count);

	if (!room) {
		free(draft.rule.services);
		return error ? error : -ENOMEM;
	}
	*room = draft.rule;
	return cordon_parse_limit(parse, value, parse->policy->nr_rules + parse->policy->nr_keep,
				  CORDON_RULES_MAX, "rules, those of the keep list included");
}

static int read_policy_rule(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy *policy = parse->policy;

	(void)target;
	return read_rule(parse, value, PARSE_SCOPE_RULES, &policy->rules, &policy->nr_rules);
}

int cordon_parse_rules(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'rules'", CORDON_VALUE_LIST, read_policy_rule,
				 target);
}

static int read_keep_rule(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy *policy = parse->policy;

	(void)target;
	return read_rule(parse, value, PARSE_SCOPE_KEEP, &policy->keep, &policy->nr_keep);
}

static int read_keep(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'keep'", CORDON_VALUE_LIST, read_keep_rule, target);
}

static const struct parse_field quarantine_fields[] = {
	{ .name = "keep", .read = read_keep, .required = true },
	{ .name = "lease", .read = cordon_parse_lease },
	{ .name = "watchdog", .read = cordon_parse_watchdog },
	{ .name = "break-glass", .read = cordon_parse_break_glass },
};

int cordon_parse_quarantine(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'quarantine'", quarantine_fields,
				   ARRAY_SIZE(quarantine_fields), target);
}
