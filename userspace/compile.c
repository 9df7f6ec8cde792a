// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The compiler: a policy as people mean it becomes the tables that the kernel
 * reads.  What each table means is in <cordon/uapi/policy.h>.  It reads no
 * files and knows nothing of the kernel's maps.
 *
 * Which rules apply between two identities is kept as a set while the rules
 * are gone through in order.  A set is its former set and one rule more, so
 * that pairs which share their rules share the set, and each set becomes pages
 * of the service trie once.
 */
#include "image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/log.h>
#include <cordon/uapi/reason.h>

#include "compile_backstop.h"
#include "interface_class.h"
#include "prefix_table.h"
#include "service_trie.h"
#include "util/array.h"
#include "util/cleanup.h"

/*
 * struct rule_set - the rules that apply to some pairs
 * @former: the set without its last rule; set 0 is empty
 * @rule: the last rule
 * @grown_by: rule that this set was last asked to grow by
 * @grown: what it became
 * @root: page of the service trie
 * @has_root: @root is known
 */
struct rule_set {
	uint32_t former;
	uint32_t rule;
	uint32_t grown_by;
	uint32_t grown;
	uint16_t root;
	bool has_root;
};

/*
 * struct compiler - what lives as long as the work
 * @sets: array_push()
 * @set_of: set of each cell of the matrix in the works
 * @entries: array_push(), of the set in the works
 */
struct compiler {
	const struct cordon_policy *policy;
	struct cordon_diag *diag;
	struct cordon_image *image;
	struct cordon_trie *trie;
	struct rule_set *sets;
	size_t nr_sets;
	uint32_t *set_of;
	uint32_t *members;
	struct cordon_trie_entry *entries;
	size_t nr_entries;
};

/* struct span - identities from @first up to but not including @end */
struct span {
	uint32_t first;
	uint32_t end;
};

static struct cordon_position whole_policy(const struct cordon_policy *policy)
{
	return (struct cordon_position){ policy->nr_files ? policy->files[0] : NULL, 0, 0 };
}

static size_t nr_identities(const struct cordon_policy *policy)
{
	return CORDON_IDENTITY_FIRST + policy->nr_zones + policy->nr_workloads;
}

static int check_limits(const struct cordon_policy *policy, struct cordon_diag *diag)
{
	if (nr_identities(policy) > CORDON_IDENTITIES_MAX) {
		cordon_diag_error(diag, whole_policy(policy),
				  "%zu zones and workloads; at most %d are possible",
				  policy->nr_zones + policy->nr_workloads,
				  CORDON_IDENTITIES_MAX - (int)CORDON_IDENTITY_FIRST);
		return -EINVAL;
	}
	if (policy->nr_rules + policy->nr_keep > CORDON_RULES_MAX) {
		cordon_diag_error(diag, whole_policy(policy),
				  "%zu rules, those to keep included; at most %d are possible",
				  policy->nr_rules + policy->nr_keep, CORDON_RULES_MAX);
		return -EINVAL;
	}
	return 0;
}

/* ---- sets of rules ---- */

/* Set 0: no rule. */
static int new_set(struct compiler *compiler, uint32_t former, uint32_t rule, uint32_t *ret_set)
{
	struct rule_set *set = array_push(compiler->sets, compiler->nr_sets);

	if (!set)
		return -ENOMEM;
	set->former = former;
	set->rule = rule;
	set->grown_by = UINT32_MAX;
	*ret_set = (uint32_t)compiler->nr_sets - 1;
	return 0;
}

/* Adds @rule to a cell. Rules come in order, so it is the last of the set. */
static int grow_cell(struct compiler *compiler, uint32_t from, uint32_t to, uint32_t rule)
{
	uint32_t *cell = &compiler->set_of[to * compiler->image->settings.identities + from];
	struct rule_set *set = &compiler->sets[*cell];
	uint32_t grown;
	int err;

	if (*cell && set->rule == rule)
		return 0;
	if (set->grown_by != rule) {
		err = new_set(compiler, *cell, rule, &grown);
		if (err)
			return err;
		set = &compiler->sets[*cell];
		set->grown_by = rule;
		set->grown = grown;
	}
	*cell = set->grown;
	return 0;
}

/* What one end of a rule stands for is at most two spans of identities. */
static size_t end_spans(const struct cordon_policy *policy, uint16_t end, bool from,
			struct span spans[2])
{
	const uint32_t zones_end = CORDON_IDENTITY_FIRST + (uint32_t)policy->nr_zones;

	if (end == CORDON_IDENTITY_ANY) {
		spans[0] = (struct span){ CORDON_IDENTITY_STRANGER, CORDON_IDENTITY_STRANGER + 1 };
		spans[1] = (struct span){ CORDON_IDENTITY_FIRST, zones_end };
		return 2;
	}
	if (from && end == CORDON_IDENTITY_NODE) {
		spans[0] = (struct span){ CORDON_IDENTITY_NODE, CORDON_IDENTITY_NODE + 1 };
		spans[1] = (struct span){ zones_end, (uint32_t)nr_identities(policy) };
		return 2;
	}
	/* Packets come in for the node; which workload listens, the bind hook sees to. */
	if (!from && cordon_policy_is_local(policy, end))
		end = CORDON_IDENTITY_NODE;
	spans[0] = (struct span){ end, end + 1U };
	return 1;
}

static int grow_row(struct compiler *compiler, uint32_t from, uint16_t to, uint32_t rule)
{
	struct span spans[2];
	const size_t nr = end_spans(compiler->policy, to, false, spans);
	int err = 0;

	for (size_t i = 0; i < nr; i++) {
		for (uint32_t id = spans[i].first; !err && id < spans[i].end; id++)
			err = grow_cell(compiler, from, id, rule);
	}
	return err;
}

/* The services of a rule to a workload are reserved: no other local one may bind them. */
static int reserve_services(struct compiler *compiler, uint16_t owner, uint32_t rule)
{
	struct span spans[2];
	const size_t nr = end_spans(compiler->policy, CORDON_IDENTITY_NODE, true, spans);
	int err = 0;

	for (size_t i = 0; i < nr; i++) {
		for (uint32_t id = spans[i].first; !err && id < spans[i].end; id++) {
			if (id != owner)
				err = grow_cell(compiler, id, CORDON_IDENTITY_NODE, rule);
		}
	}
	return err;
}

static bool leads_to_workload(const struct cordon_policy *policy,
			      const struct cordon_policy_rule *rule)
{
	return rule->to != CORDON_IDENTITY_NODE && cordon_policy_is_local(policy, rule->to);
}

static int add_rule(struct compiler *compiler, const struct cordon_policy_rule *rule,
		    uint32_t number)
{
	struct span spans[2];
	const size_t nr = end_spans(compiler->policy, rule->from, true, spans);
	int err = 0;

	for (size_t i = 0; i < nr; i++) {
		for (uint32_t id = spans[i].first; !err && id < spans[i].end; id++)
			err = grow_row(compiler, id, rule->to, number);
	}
	if (!err && leads_to_workload(compiler->policy, rule))
		err = reserve_services(compiler, rule->to, number);
	return err;
}

/* ---- from sets to pages ---- */

/* Rules of the policy, then those to keep. */
static const struct cordon_policy_rule *rule_at(const struct cordon_policy *policy, uint32_t number)
{
	return number < policy->nr_rules ? &policy->rules[number] :
					   &policy->keep[number - policy->nr_rules];
}

static int add_entries(struct compiler *compiler, uint32_t number)
{
	const struct cordon_policy_rule *rule = rule_at(compiler->policy, number);

	for (size_t i = 0; i < rule->nr_services; i++) {
		const struct cordon_service *service = &rule->services[i];
		struct cordon_trie_entry *entry;

		entry = array_push(compiler->entries, compiler->nr_entries);
		if (!entry)
			return -ENOMEM;
		entry->protocol = service->protocol;
		entry->any = service->any;
		entry->first = service->first;
		entry->last = service->last;
		entry->value = (uint16_t)(CORDON_RULE_SLOT_FIRST + number);
	}
	return 0;
}

/* @members: room for as many as there are rules */
static size_t list_members(const struct compiler *compiler, uint32_t set, uint32_t *members)
{
	size_t nr = 0;

	for (; set; set = compiler->sets[set].former)
		members[nr++] = compiler->sets[set].rule;
	return nr;
}

static int too_many_pages(struct compiler *compiler)
{
	cordon_diag_error(
		compiler->diag, whole_policy(compiler->policy),
		"the rules differ in too many ways: their services need more than %d pages; "
		"fewer different port ranges between fewer zones would fit",
		CORDON_PAGES_MAX);
	return -EINVAL;
}

static int make_root(struct compiler *compiler, uint32_t number)
{
	size_t nr = list_members(compiler, number, compiler->members);
	int err = 0;

	compiler->nr_entries = 0;
	while (!err && nr--)
		err = add_entries(compiler, compiler->members[nr]);
	if (!err)
		err = cordon_trie_add(compiler->trie, compiler->entries, compiler->nr_entries,
				      &compiler->sets[number].root);
	if (err)
		return err == -E2BIG ? too_many_pages(compiler) : err;
	compiler->sets[number].has_root = true;
	return 0;
}

static int find_root(struct compiler *compiler, uint32_t number, __u32 *ret_page)
{
	int err = compiler->sets[number].has_root ? 0 : make_root(compiler, number);

	if (err)
		return err;
	*ret_page = compiler->sets[number].root;
	return 0;
}

/* Whether a rule holds where a matrix does; as of enum cordon_latch. */
static bool holds(const struct cordon_policy *policy, uint32_t number, enum cordon_matrix matrix)
{
	if (number >= policy->nr_rules)
		return matrix != CORDON_MATRIX_OPEN;
	if (matrix == CORDON_MATRIX_EGRESS)
		return cordon_policy_is_local(policy, policy->rules[number].to);
	return matrix == CORDON_MATRIX_OPEN;
}

static int compile_matrix(struct compiler *compiler, enum cordon_matrix which)
{
	const struct cordon_policy *policy = compiler->policy;
	const size_t nr_cells = compiler->image->nr_cells, nr = policy->nr_rules + policy->nr_keep;
	struct cordon_cell *matrix CLEANUP(free) = calloc(nr_cells, sizeof(*matrix));
	int err = 0;

	if (!matrix)
		return -ENOMEM;
	memset(compiler->set_of, 0, nr_cells * sizeof(*compiler->set_of));
	for (uint32_t i = 0; !err && i < nr; i++) {
		if (holds(policy, i, which))
			err = add_rule(compiler, rule_at(policy, i), i);
	}
	for (size_t i = 0; !err && i < nr_cells; i++) {
		if (compiler->set_of[i])
			err = find_root(compiler, compiler->set_of[i], &matrix[i].page);
	}
	if (err)
		return err;
	compiler->image->matrix[which] = TAKE(matrix);
	return 0;
}

/* @of_root: what was found out so far, 0 for nothing: no root leads nowhere */
static void note_services(const struct cordon_image *image, struct cordon_cell *matrix,
			  uint32_t *of_root)
{
	for (size_t i = 0; i < image->nr_cells; i++) {
		uint32_t *services = &of_root[matrix[i].page];

		if (!matrix[i].page)
			continue;
		if (!*services)
			*services = cordon_trie_services(image->pages, matrix[i].page);
		matrix[i].services = *services;
	}
}

static int note_all_services(struct cordon_image *image)
{
	uint32_t *of_root CLEANUP(free) = calloc(image->nr_pages, sizeof(*of_root));

	if (!of_root)
		return -ENOMEM;
	for (int i = 0; i < CORDON_MATRICES; i++)
		note_services(image, image->matrix[i], of_root);
	return 0;
}

static int compile_rules(struct compiler *compiler)
{
	const struct cordon_policy *policy = compiler->policy;
	struct cordon_image *image = compiler->image;
	uint32_t empty;
	int err;

	image->nr_cells = (size_t)image->settings.identities * image->settings.identities;
	compiler->set_of = calloc(image->nr_cells, sizeof(*compiler->set_of));
	compiler->members =
		calloc(policy->nr_rules + policy->nr_keep + 1, sizeof(*compiler->members));
	if (!compiler->set_of || !compiler->members)
		return -ENOMEM;
	err = new_set(compiler, 0, UINT32_MAX, &empty);
	if (!err)
		err = cordon_trie_new(&compiler->trie);
	for (int i = 0; !err && i < CORDON_MATRICES; i++)
		err = compile_matrix(compiler, i);
	if (err)
		return err;
	cordon_trie_take(compiler->trie, &image->pages, &image->leaf, &image->nr_pages);
	return note_all_services(image);
}

/* ---- what people read, and settings ---- */

/* Cut short if need be; @size is not 0, the rest is NUL. */
static void copy_text(char *target, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);

	memcpy(target, text, length);
	memset(target + length, 0, size - length);
}

/* "tcp/22, icmp", at the end "..." if there are more than fit. */
static void join_services(const struct cordon_policy_rule *rule, char *target, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < rule->nr_services; i++) {
		const char *text = rule->services[i].text, *comma = i ? ", " : "";
		const size_t behind = i + 1 == rule->nr_services ? 1 : sizeof(", ...");
		const size_t need = strlen(comma) + strlen(text);

		if (length + need + behind > size) {
			snprintf(target + length, size - length, "%s...", comma);
			return;
		}
		snprintf(target + length, size - length, "%s%s", comma, text);
		length += need;
	}
}

static int describe_rules(const struct cordon_policy *policy, struct cordon_image *image)
{
	const size_t nr = policy->nr_rules + policy->nr_keep;

	image->rules = calloc(nr ? nr : 1, sizeof(*image->rules));
	if (!image->rules)
		return -ENOMEM;
	image->nr_rules = nr;
	for (uint32_t i = 0; i < nr; i++) {
		const struct cordon_policy_rule *rule = rule_at(policy, i);
		struct cordon_rule *text = &image->rules[i].rule;

		copy_text(text->name, sizeof(text->name), rule->name);
		copy_text(text->from, sizeof(text->from),
			  cordon_policy_identity_name(policy, rule->from));
		copy_text(text->to, sizeof(text->to),
			  cordon_policy_identity_name(policy, rule->to));
		join_services(rule, text->services, sizeof(text->services));
		image->rules[i].keep = i >= policy->nr_rules;
	}
	return 0;
}

static int describe_zones(const struct cordon_policy *policy, struct cordon_image *image)
{
	const size_t nr = nr_identities(policy);

	image->zones = calloc(nr, sizeof(*image->zones));
	if (!image->zones)
		return -ENOMEM;
	image->nr_zones = nr;
	for (uint16_t i = 0; i < nr; i++) {
		struct cordon_zone *zone = &image->zones[i];

		copy_text(zone->name, sizeof(zone->name), cordon_policy_identity_name(policy, i));
		zone->kind = i < CORDON_IDENTITY_FIRST ? CORDON_IDENTITY_KIND_BUILTIN :
			     i - CORDON_IDENTITY_FIRST < policy->nr_zones ?
							 CORDON_IDENTITY_KIND_ZONE :
							 CORDON_IDENTITY_KIND_WORKLOAD;
		if (zone->kind == CORDON_IDENTITY_KIND_ZONE)
			zone->prefixes = policy->zones[i - CORDON_IDENTITY_FIRST].nr_prefixes;
	}
	return 0;
}

static int add_path(struct compiler *compiler, const struct cordon_name_at *name, uint32_t identity)
{
	struct cordon_image *image = compiler->image;
	struct cordon_image_workload *added;

	if (strlen(name->text) >= sizeof(added->path.path)) {
		cordon_diag_error(compiler->diag, name->at, "longer than %zu characters",
				  sizeof(added->path.path) - 1);
		return -EINVAL;
	}
	added = array_push(image->workloads, image->nr_workloads);
	if (!added)
		return -ENOMEM;
	copy_text(added->path.path, sizeof(added->path.path), name->text);
	added->identity = identity;
	return 0;
}

static int describe_workloads(struct compiler *compiler)
{
	const struct cordon_policy *policy = compiler->policy;
	int err = 0;

	for (size_t i = 0; i < policy->nr_workloads; i++) {
		const struct cordon_policy_workload *workload = &policy->workloads[i];
		const uint32_t identity = cordon_workload_identity(policy, i);

		for (size_t j = 0; !err && j < workload->nr_units; j++)
			err = add_path(compiler, &workload->units[j], identity);
		for (size_t j = 0; !err && j < workload->nr_cgroups; j++)
			err = add_path(compiler, &workload->cgroups[j], identity);
	}
	return err;
}

static int describe_lockdown(const struct cordon_policy *policy, struct cordon_image *image)
{
	for (size_t i = 0; i < policy->nr_lockdown; i++) {
		const struct cordon_policy_lockdown *entry = &policy->lockdown[i];
		struct cordon_image_lockdown *added =
			array_push(image->lockdown, image->nr_lockdown);

		if (!added)
			return -ENOMEM;
		added->kind = entry->kind;
		copy_text(added->text, sizeof(added->text), entry->name.text);
		memcpy(added->sha256, entry->sha256, sizeof(added->sha256));
		if (entry->secret < policy->nr_secrets)
			copy_text(added->secret, sizeof(added->secret),
				  policy->secrets[entry->secret].text);
	}
	return 0;
}

static int describe_certificates(const struct cordon_policy *policy, struct cordon_image *image)
{
	for (size_t i = 0; i < policy->nr_certificates; i++) {
		struct cordon_image_certificate *added =
			array_push(image->certificates, image->nr_certificates);

		if (!added)
			return -ENOMEM;
		copy_text(added->path, sizeof(added->path), policy->certificates[i].text);
	}
	return 0;
}

static uint32_t rule_flags(const struct cordon_policy *policy,
			   const struct cordon_policy_rule *rule)
{
	const bool from_local = cordon_policy_is_local(policy, rule->from);
	const bool to_local = cordon_policy_is_local(policy, rule->to);
	uint32_t flags = 0;

	if (!from_local && !to_local)
		flags |= CORDON_SETTINGS_FORWARD;
	if (from_local && rule->from != CORDON_IDENTITY_NODE)
		flags |= CORDON_SETTINGS_WORKLOADS;
	if (leads_to_workload(policy, rule))
		flags |= CORDON_SETTINGS_WORKLOADS | CORDON_SETTINGS_RESERVED;
	return flags;
}

static uint32_t settings_flags(const struct cordon_policy *policy)
{
	uint32_t flags = 0;

	if (policy->audit)
		flags |= CORDON_SETTINGS_AUDIT;
	if (policy->log_flows == CORDON_LOG_FLOWS_NONE)
		flags |= CORDON_SETTINGS_QUIET;
	if (policy->log_flows == CORDON_LOG_FLOWS_ALL)
		flags |= CORDON_SETTINGS_FLOWS;
	if (!policy->log_exec)
		flags |= CORDON_SETTINGS_NO_EXEC;
	for (size_t i = 0; i < policy->nr_zones; i++) {
		if (policy->zones[i].nr_interfaces)
			flags |= CORDON_SETTINGS_TIED;
	}
	for (uint32_t i = 0; i < policy->nr_rules + policy->nr_keep; i++)
		flags |= rule_flags(policy, rule_at(policy, i));
	return flags;
}

/* Whole buckets, and never none. */
static uint32_t flow_buckets(uint32_t entries)
{
	if (entries < CORDON_FLOWS_MIN)
		entries = CORDON_FLOWS_MIN;
	if (entries > CORDON_FLOWS_MAX)
		entries = CORDON_FLOWS_MAX;
	return (entries + CORDON_FLOW_WAYS - 1) / CORDON_FLOW_WAYS;
}

static uint64_t log_bytes(uint64_t bytes)
{
	if (bytes < CORDON_LOG_LIMIT_MIN)
		return CORDON_LOG_LIMIT_MIN;
	return bytes < CORDON_LOG_LIMIT_MAX ? bytes : CORDON_LOG_LIMIT_MAX;
}

static void fill_settings(const struct cordon_policy *policy, struct cordon_settings *settings)
{
	const struct cordon_timeouts *timeouts = &policy->timeouts;

	settings->flags = settings_flags(policy);
	settings->serial = policy->serial;
	settings->identities = (uint32_t)nr_identities(policy);
	settings->builtins_off = policy->builtins_off;
	settings->flow_buckets = flow_buckets(policy->flow_entries);
	settings->rules = (uint32_t)policy->nr_rules;
	settings->zones = (uint32_t)policy->nr_zones;
	settings->workloads = (uint32_t)policy->nr_workloads;
	settings->prefixes = policy->nr_prefixes4 + policy->nr_prefixes6;
	settings->timeout_tcp_open = timeouts->tcp_open;
	settings->timeout_tcp = timeouts->tcp;
	settings->timeout_tcp_closing = timeouts->tcp_closing;
	settings->timeout_udp = timeouts->udp;
	settings->timeout_udp_reply = timeouts->udp_reply;
	settings->timeout_icmp = timeouts->icmp;
	settings->timeout_fragment = timeouts->fragment;
	settings->timeout_other = timeouts->other;
	settings->lease_hours = policy->lease.hours;
	settings->lease_boots = policy->lease.boots;
	settings->lease_latch = policy->lease.latch;
	settings->watch_seconds = policy->watchdog.seconds;
	settings->watch_latch = policy->watchdog.latch;
	settings->kernel_closed_from = policy->kernel_closed_from;
	settings->log_bytes = log_bytes(policy->log_bytes);
	memcpy(settings->break_glass, policy->break_glass, sizeof(settings->break_glass));
	copy_text(settings->node, sizeof(settings->node), policy->node);
	memcpy(settings->digest, policy->digest, sizeof(settings->digest));
}

static int compile_prefixes(struct compiler *compiler)
{
	const struct cordon_policy *policy = compiler->policy;
	struct cordon_image *image = compiler->image;
	struct cordon_prefix_table table;
	int err;

	err = cordon_prefix_table_build(policy->prefixes4, policy->nr_prefixes4, policy->prefixes6,
					policy->nr_prefixes6, &table);
	if (err == -E2BIG) {
		cordon_diag_error(compiler->diag, whole_policy(policy),
				  "too many prefixes: their table would exceed 8 GB");
		return -EINVAL;
	}
	if (err)
		return err;
	image->prefixes = table.pages;
	image->nr_prefixes = table.nr_pages;
	image->settings.ipv4 = table.ipv4;
	image->settings.ipv6 = table.ipv6;
	return 0;
}

static int compile_image(struct compiler *compiler)
{
	const struct cordon_policy *policy = compiler->policy;
	struct cordon_image *image = compiler->image;
	int err;

	fill_settings(policy, &image->settings);
	err = cordon_interface_classes(policy, compiler->diag, image);
	if (!err)
		err = compile_rules(compiler);
	if (!err)
		err = describe_rules(policy, image);
	if (!err)
		err = describe_zones(policy, image);
	if (!err)
		err = describe_workloads(compiler);
	if (!err)
		err = describe_certificates(policy, image);
	if (!err)
		err = describe_lockdown(policy, image);
	if (!err)
		err = cordon_compile_backstop(policy, image);
	if (!err)
		err = compile_prefixes(compiler);
	return err;
}

int cordon_compile(const struct cordon_policy *policy, struct cordon_diag *diag,
		   struct cordon_image **ret_image)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	struct compiler compiler = { .policy = policy, .diag = diag };
	int err;

	err = check_limits(policy, diag);
	if (err)
		return err;
	image = calloc(1, sizeof(*image));
	if (!image)
		return -ENOMEM;
	compiler.image = image;
	err = compile_image(&compiler);
	cordon_trie_free(compiler.trie);
	free(compiler.sets);
	free(compiler.set_of);
	free(compiler.members);
	free(compiler.entries);
	if (err)
		return err;
	*ret_image = TAKE(image);
	return 0;
}

int cordon_compile_file(const char *path, uint64_t active_serial, struct cordon_diag *diag,
			struct cordon_image **ret_image)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	int error = cordon_policy_parse_file(path, diag, &policy);

	if (!error)
		error = cordon_policy_check_serial(policy, active_serial, diag);
	return error ? error : cordon_compile(policy, diag, ret_image);
}
