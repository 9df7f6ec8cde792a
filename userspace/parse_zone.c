// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `zones:` of a policy, with the prefix files that they include.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "prefix.h"
#include "prefix_list.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

static int refuse_full(const struct parse *parse, struct cordon_position at)
{
	return cordon_parse_refuse(parse, at, "more than %u prefixes in all",
				   CORDON_POLICY_PREFIXES_MAX);
}

static uint16_t zone_index(const struct parse *parse)
{
	return (uint16_t)(parse->policy->nr_zones - 1);
}

/* ---- addresses --------------------------------------------------------------------------- */

static int read_address(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_prefix_place place = { zone_index(parse), 0, value->at.line,
					     value->at.column };
	char problem[CORDON_PREFIX_PROBLEM_SIZE];
	struct cordon_prefix prefix;
	int error;

	(void)target;
	if (value->kind != CORDON_VALUE_TEXT)
		return cordon_parse_refuse(
			parse, value->at,
			"an address must be a text; quote one that starts with a "
			"colon: \"::1\"");
	if (cordon_prefix_parse(value->text, strlen(value->text), &prefix)) {
		cordon_prefix_problem(value->text, strlen(value->text), problem);
		return cordon_parse_refuse(parse, value->at, "%s", problem);
	}
	error = cordon_prefix_list_add(parse->policy, &prefix, &place);
	return error == -ENOSPC ? refuse_full(parse, value->at) : error;
}

static int read_addresses(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'addresses'", CORDON_VALUE_LIST, read_address,
				 target);
}

/* ---- interfaces -------------------------------------------------------------------------- */

static int read_interface(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy_zone *zone = target;
	int error = cordon_parse_interface(parse, value);

	if (!error)
		error = cordon_parse_once(parse, PARSE_SCOPE_ZONE_INTERFACES + zone_index(parse),
					  value, "interface");
	if (error)
		return error;
	return cordon_parse_push_name(value, &zone->interfaces, &zone->nr_interfaces);
}

static int read_interfaces(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'interfaces'", CORDON_VALUE_LIST, read_interface,
				 target);
}

/* ---- files ------------------------------------------------------------------------------- */

/* A path in a policy is relative to the policy's folder. */
static char *resolve(const struct parse *parse, const char *path)
{
	char *policy CLEANUP(free) = strdup(parse->policy->files[0]);
	char *resolved;

	if (!policy)
		return NULL;
	if (*path == '/' || !strchr(policy, '/'))
		return strdup(path);
	return asprintf(&resolved, "%s/%s", dirname(policy), path) < 0 ? NULL : resolved;
}

/* The same file in two zones would tell each of its prefixes as a mistake. */
static int note_included(struct parse *parse, const struct cordon_value *value,
			 const struct cordon_file *file)
{
	struct parse_included *included;

	for (size_t i = 0; i < parse->nr_included; i++) {
		included = &parse->included[i];
		if (included->device == file->device && included->inode == file->inode)
			return cordon_parse_refuse(parse, value->at,
						   "file '%.200s' is included already, in line %u",
						   value->text, included->at.line);
	}
	included = array_push(parse->included, parse->nr_included);
	if (!included)
		return -ENOMEM;
	*included = (struct parse_included){ file->device, file->inode, value->at };
	return cordon_parse_limit(parse, value, parse->nr_included, CORDON_POLICY_FILES_MAX,
				  "prefix files");
}

static int push_file(struct parse *parse, char **path)
{
	char **file = array_push(parse->policy->files, parse->policy->nr_files);

	if (!file)
		return -ENOMEM;
	*file = TAKE(*path);
	return 0;
}

static int refuse_file(const struct parse *parse, const struct cordon_value *value, int error)
{
	if (error == -ENOMEM)
		return error;
	if (error == -EFBIG)
		return cordon_parse_refuse(parse, value->at,
					   "prefix file '%.200s' is larger than %u MB", value->text,
					   CORDON_PREFIX_FILE_SIZE_MAX >> 20);
	return cordon_parse_refuse(parse, value->at, "cannot read prefix file '%.200s': %s",
				   value->text, cordon_file_problem(error));
}

static int scan_file(struct parse *parse, const struct cordon_value *value,
		     const struct cordon_file *file)
{
	struct cordon_policy *policy = parse->policy;
	struct cordon_prefix_place place = { zone_index(parse), (uint16_t)(policy->nr_files - 1), 0,
					     0 };
	int error = cordon_parse_add_digest(parse, file->text, file->size);

	if (error)
		return error;
	error = cordon_prefix_list_scan(policy, file->text, file->size, place, parse->diag);
	return error == -ENOSPC ? refuse_full(parse, value->at) : error;
}

static int read_file(struct parse *parse, const struct cordon_value *value, void *target)
{
	char *path CLEANUP(free) = NULL;
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	int error = cordon_parse_need_kind(parse, value, "a prefix file", CORDON_VALUE_TEXT);

	(void)target;
	if (error)
		return error;
	path = resolve(parse, value->text);
	if (!path)
		return -ENOMEM;
	error = cordon_file_read(path, CORDON_PREFIX_FILE_SIZE_MAX, &file);
	if (error)
		return refuse_file(parse, value, error);
	text = file.text;
	error = note_included(parse, value, &file);
	if (!error)
		error = push_file(parse, &path);
	if (error)
		return error;
	return scan_file(parse, value, &file);
}

static int read_files(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'files'", CORDON_VALUE_LIST, read_file, target);
}

/* ---- zones ------------------------------------------------------------------------------- */

static const struct parse_field zone_fields[] = {
	{ .name = "addresses", .read = read_addresses },
	{ .name = "interfaces", .read = read_interfaces },
	{ .name = "files", .read = read_files },
};

static int read_zone(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy *policy = parse->policy;
	struct cordon_policy_zone *zone = array_push(policy->zones, policy->nr_zones);
	int error;

	(void)target;
	if (!zone)
		return -ENOMEM;
	zone->at = value->key->at;
	error = cordon_parse_end(parse, value->key, cordon_zone_identity(zone_index(parse)));
	if (!error)
		error = cordon_parse_name(parse, value->key, "zone", sizeof(zone->name),
					  zone->name);
	if (cordon_parse_is_fatal(error))
		return error;
	if (value->kind == CORDON_VALUE_MAP && !value->first)
		return cordon_parse_refuse(parse, value->at,
					   "zone '%.40s' selects nothing; it needs 'addresses', "
					   "'interfaces' or 'files'",
					   value->key->text);
	return cordon_parse_fields(parse, value, "a zone", zone_fields, ARRAY_SIZE(zone_fields),
				   zone);
}

int cordon_parse_zones(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'zones'", CORDON_VALUE_MAP, read_zone, target);
}
