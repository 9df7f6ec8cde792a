// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy from its text: the top level, the order in which its parts are read
 * and checked, and the files.  It goes on after a mistake, so that one run
 * tells them all; it compiles nothing and prints nothing.
 */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#include "prefix_list.h"
#include "shadow.h"
#include "sign.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

/* The version of the language that this program reads. */
#define LANGUAGE_VERSION "1"

DEFINE_CLEANUP(document, struct cordon_document *, cordon_document_free)

/* ---- top level --------------------------------------------------------------------------- */

static int read_version(struct parse *parse, const struct cordon_value *value, void *target)
{
	int error = cordon_parse_need_kind(parse, value, "'cordon'", CORDON_VALUE_TEXT);

	(void)target;
	if (error || !strcmp(value->text, LANGUAGE_VERSION))
		return error;
	return cordon_parse_refuse(
		parse, value->at,
		"version '%.40s' of the policy language is not known; this program "
		"reads version " LANGUAGE_VERSION,
		value->text);
}

static int read_serial(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	parse->policy->serial_at = value->at;
	return cordon_parse_number(parse, value, "'serial'", 1, INT64_MAX, &parse->policy->serial);
}

static int read_node(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return cordon_parse_name(parse, value, "node", sizeof(parse->policy->node),
				 parse->policy->node);
}

static int read_mode(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const char *const names[] = { "enforce", "audit" };
	size_t index;
	int error = cordon_parse_choice(parse, value, "'mode'", names, ARRAY_SIZE(names), &index);

	(void)target;
	if (!error)
		parse->policy->audit = index;
	return error;
}

/* In this order: rules name zones and workloads, whose identities follow those of the zones. */
static const struct parse_field policy_fields[] = {
	{ .name = "cordon", .read = read_version, .required = true, .hint = "write 'cordon: 1'" },
	{ .name = "serial",
	  .read = read_serial,
	  .required = true,
	  .hint = "a number that grows with each change of the policy" },
	{ .name = "node", .read = read_node },
	{ .name = "mode", .read = read_mode },
	{ .name = "zones", .read = cordon_parse_zones },
	{ .name = "workloads", .read = cordon_parse_workloads },
	{ .name = "rules", .read = cordon_parse_rules },
	{ .name = "quarantine", .read = cordon_parse_quarantine },
	{ .name = "interfaces", .read = cordon_parse_interfaces },
	{ .name = "builtin", .read = cordon_parse_builtin },
	{ .name = "flows", .read = cordon_parse_flows },
	{ .name = "log", .read = cordon_parse_log },
	{ .name = "lockdown", .read = cordon_parse_lockdown },
	{ .name = "guard", .read = cordon_parse_guard },
};

/* ---- checks of the whole ----------------------------------------------------------------- */

static void check_identities(const struct parse *parse)
{
	const struct cordon_policy *policy = parse->policy;
	size_t most = CORDON_IDENTITIES_MAX - CORDON_IDENTITY_FIRST;
	struct cordon_position at;

	if (policy->nr_zones + policy->nr_workloads <= most)
		return;
	at = policy->nr_zones > most ? policy->zones[most].at :
				       policy->workloads[most - policy->nr_zones].at;
	cordon_parse_refuse(parse, at, "more than %zu zones and workloads", most);
}

/* Zones without a prefix are who else is behind an interface: there can be one. */
static int check_behind(struct parse *parse, size_t index)
{
	const struct cordon_policy *policy = parse->policy;
	const struct cordon_policy_zone *zone = &policy->zones[index];

	for (size_t i = 0; i < zone->nr_interfaces; i++) {
		const struct cordon_name_at *interface = &zone->interfaces[i];
		size_t former;
		int error = cordon_names_add(&parse->names, PARSE_SCOPE_BEHIND, interface->text,
					     index, &former);

		if (error == -ENOMEM)
			return error;
		if (error)
			cordon_parse_refuse(parse, interface->at,
					    "zone '%s' selects nothing on '%s': without addresses "
					    "it is all that is behind it, and so is zone '%s'",
					    zone->name, interface->text,
					    policy->zones[former].name);
	}
	return 0;
}

static int check_zones(struct parse *parse)
{
	const struct cordon_policy *policy = parse->policy;
	int error = 0;

	for (size_t i = 0; i < policy->nr_zones && !error; i++) {
		const struct cordon_policy_zone *zone = &policy->zones[i];

		if (!zone->nr_prefixes && !zone->nr_interfaces)
			cordon_parse_refuse(parse, zone->at,
					    "zone '%s' selects nothing: it has neither a prefix "
					    "nor an interface",
					    zone->name);
		if (!zone->nr_prefixes)
			error = check_behind(parse, i);
	}
	return error;
}

/* Checks whose answers mean nothing where something was left out. */
static int check_whole(struct parse *parse)
{
	const struct cordon_policy *policy = parse->policy;
	int error = check_zones(parse);

	if (!error)
		error = cordon_shadow_check(policy, policy->rules, policy->nr_rules, parse->diag);
	if (!error)
		error = cordon_shadow_check(policy, policy->keep, policy->nr_keep, parse->diag);
	if (!error)
		error = cordon_shadow_check_ports(policy, policy->rules, policy->nr_rules,
						  parse->diag);
	if (!error)
		error = cordon_shadow_check_ports(policy, policy->keep, policy->nr_keep,
						  parse->diag);
	return error;
}

/* ---- digest ------------------------------------------------------------------------------ */

int cordon_parse_add_digest(struct parse *parse, const char *text, size_t size)
{
	uint8_t *larger = realloc(parse->digests, parse->nr_digests + CORDON_SIGN_DIGEST_SIZE);
	uint8_t(*next)[CORDON_SIGN_DIGEST_SIZE];

	if (!larger)
		return -ENOMEM;
	parse->digests = larger;
	next = (void *)(larger + parse->nr_digests);
	cordon_sign_digest(text, size, next);
	parse->nr_digests += CORDON_SIGN_DIGEST_SIZE;
	return 0;
}

static void finish_digest(const struct parse *parse)
{
	struct cordon_policy *policy = parse->policy;

	if (parse->nr_digests > CORDON_SIGN_DIGEST_SIZE)
		cordon_sign_digest(parse->digests, parse->nr_digests, &policy->digest);
	else
		memcpy(policy->digest, parse->digests, CORDON_SIGN_DIGEST_SIZE);
}

/* ---- the policy -------------------------------------------------------------------------- */

static int start_policy(const char *name, struct cordon_policy **ret_policy)
{
	struct cordon_policy *policy CLEANUP(policy) = calloc(1, sizeof(*policy));
	char **file = policy ? array_push(policy->files, policy->nr_files) : NULL;

	if (!file)
		return -ENOMEM;
	*file = strdup(name);
	if (!*file)
		return -ENOMEM;
	cordon_parse_set_defaults(policy);
	*ret_policy = TAKE(policy);
	return 0;
}

static int read_policy(struct parse *parse, const char *text, size_t size)
{
	struct cordon_document *document CLEANUP(document) = NULL;
	struct cordon_policy *policy = parse->policy;
	int error = cordon_document_parse(text, size, policy->files[0], parse->diag, &document);

	if (error)
		return error;
	error = cordon_parse_add_digest(parse, text, size);
	if (error)
		return error;
	error = cordon_parse_fields(parse, cordon_document_root(document), "the policy",
				    policy_fields, ARRAY_SIZE(policy_fields), policy);
	if (cordon_parse_is_fatal(error))
		return error;
	check_identities(parse);
	return cordon_prefix_list_finish(policy, parse->diag);
}

static void clear(struct parse *parse)
{
	cordon_names_clear(&parse->names);
	free(parse->included);
	free(parse->digests);
}

int cordon_policy_parse_memory(const char *text, size_t size, const char *name,
			       struct cordon_diag *diag, struct cordon_policy **ret_policy)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct parse parse = { .diag = diag };
	size_t errors = diag->errors;
	int error = start_policy(name, &policy);

	if (error)
		return error;
	parse.policy = policy;
	error = read_policy(&parse, text, size);
	if (!error && diag->errors == errors)
		error = check_whole(&parse);
	if (!error)
		finish_digest(&parse);
	clear(&parse);
	if (error)
		return error;
	if (diag->errors != errors)
		return -EINVAL;
	*ret_policy = TAKE(policy);
	return 0;
}

static int refuse_file(const char *path, int error, struct cordon_diag *diag)
{
	struct cordon_position at = { .file = path };

	if (error == -EFBIG)
		cordon_diag_error(diag, at, CORDON_DOCUMENT_SIZE_PROBLEM,
				  CORDON_DOCUMENT_SIZE_MAX >> 20);
	else
		cordon_diag_error(diag, at, "cannot read the policy: %s",
				  cordon_file_problem(error));
	return error;
}

int cordon_policy_parse_file(const char *path, struct cordon_diag *diag,
			     struct cordon_policy **ret_policy)
{
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	int error = cordon_file_read(path, CORDON_DOCUMENT_SIZE_MAX, &file);

	if (error)
		return refuse_file(path, error, diag);
	text = file.text;
	return cordon_policy_parse_memory(text, file.size, path, diag, ret_policy);
}
