// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `workloads:` of a policy: systemd units and paths of cgroups.
 */
#include <string.h>

#include "parse.h"
#include "util/array.h"

/* ---- units ------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), ending_length = strlen(ending);

	return length > ending_length && !strcmp(text + length - ending_length, ending);
}

static bool ends_with_one(const char *text, const char *const *endings)
{
	while (*endings && !ends_with(text, *endings))
		endings++;
	return *endings;
}

/* systemd.unit(5) */
const char *cordon_parse_unit_problem(const char *text, const char *const *endings,
				      const char *allowed)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789:-_.\\@";

	if (strlen(text) >= CORDON_CGROUP_PATH_SIZE)
		return "is longer than 127 characters";
	if (text[strspn(text, characters)])
		return "has a character that no unit's name has";
	if (!ends_with_one(text, endings))
		return allowed;
	if (strstr(text, "@."))
		return "is a template; name its instances";
	return NULL;
}

/* Of the kinds of units, those whose processes are a cgroup. */
static const char *unit_problem(const char *text)
{
	static const char *const endings[] = { ".service", ".scope", ".slice", NULL };

	return cordon_parse_unit_problem(text, endings, "must end with .service, .scope or .slice");
}

/* ---- cgroups ----------------------------------------------------------------------------- */

bool cordon_parse_has_dots(const char *path)
{
	const char *part = path;

	while (part) {
		size_t length = strcspn(++part, "/");

		if ((length == 1 && part[0] == '.') || (length == 2 && !memcmp(part, "..", 2)))
			return true;
		part = strchr(part, '/');
	}
	return false;
}

static const char *cgroup_problem(const char *text)
{
	if (*text != '/')
		return "must start with '/': it is a path below the cgroup2 mount";
	if (!text[1])
		return "is every process; use 'node' for that";
	if (strlen(text) >= CORDON_CGROUP_PATH_SIZE)
		return "is longer than 127 characters";
	if (strstr(text, "//") || text[strlen(text) - 1] == '/' || cordon_parse_has_dots(text))
		return "must be written without '//', '.', '..' and '/' at its end";
	return NULL;
}

/* ---- workloads --------------------------------------------------------------------------- */

static int take_path(struct parse *parse, const struct cordon_value *value, const char *what,
		     const char *(*problem_of)(const char *text), struct cordon_name_at **paths,
		     size_t *count)
{
	const char *problem;
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	problem = problem_of(value->text);
	if (problem)
		return cordon_parse_refuse(parse, value->at, "%s '%.40s' %s", what, value->text,
					   problem);
	error = cordon_parse_once(parse, PARSE_SCOPE_PATHS, value, what);
	if (!error)
		error = cordon_parse_limit(parse, value, ++parse->nr_paths,
					   CORDON_WORKLOAD_PATHS_MAX,
					   "units and cgroups of workloads");
	return error ? error : cordon_parse_push_name(value, paths, count);
}

static int read_unit(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy_workload *workload = target;

	return take_path(parse, value, "unit", unit_problem, &workload->units, &workload->nr_units);
}

static int read_units(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'units'", CORDON_VALUE_LIST, read_unit, target);
}

static int read_cgroup(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy_workload *workload = target;

	return take_path(parse, value, "cgroup", cgroup_problem, &workload->cgroups,
			 &workload->nr_cgroups);
}

static int read_cgroups(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'cgroups'", CORDON_VALUE_LIST, read_cgroup, target);
}

static const struct parse_field workload_fields[] = {
	{ .name = "units", .read = read_units },
	{ .name = "cgroups", .read = read_cgroups },
};

static int read_workload(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy *policy = parse->policy;
	struct cordon_policy_workload *workload =
		array_push(policy->workloads, policy->nr_workloads);
	int error;

	(void)target;
	if (!workload)
		return -ENOMEM;
	workload->at = value->key->at;
	error = cordon_parse_end(parse, value->key,
				 cordon_workload_identity(policy, policy->nr_workloads - 1));
	if (!error)
		error = cordon_parse_name(parse, value->key, "workload", sizeof(workload->name),
					  workload->name);
	if (cordon_parse_is_fatal(error))
		return error;
	error = cordon_parse_fields(parse, value, "a workload", workload_fields,
				    ARRAY_SIZE(workload_fields), workload);
	if (error || workload->nr_units || workload->nr_cgroups)
		return error;
	return cordon_parse_refuse(
		parse, value->key->at,
		"workload '%.40s' selects nothing; it needs 'units' or 'cgroups'",
		value->key->text);
}

int cordon_parse_workloads(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'workloads'", CORDON_VALUE_MAP, read_workload,
				 target);
}
