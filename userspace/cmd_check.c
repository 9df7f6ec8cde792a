// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon check: read a policy and say what would be loaded; with --node, also
 * whether this machine has what the policy speaks of, and who could reopen it.  Changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cmd_lockdown.h"
#include "cmd_policy.h"
#include "command.h"
#include "live.h"
#include "lockdown_look.h"
#include "nl.h"
#include "order.h"
#include "probe.h"
#include "sign.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/faults.h"
#include "util/print.h"
#include "util/hex.h"
#include "way_in.h"

static unsigned int possible_cpus(void)
{
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);

	return cpus > 0 ? (unsigned int)cpus : 1;
}

static void check_tree_hooks(struct faults *faults)
{
	struct cordon_probe_hook hooks[CORDON_PROBE_HOOKS];

	cordon_probe_hooks(hooks);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].error)
			faults_add(faults, "this kernel takes no program for %s (%s): %s",
				   hooks[i].name, strerror(-hooks[i].error), hooks[i].lack);
	}
}

static void check_hooks(const struct cordon_call *call, struct faults *faults)
{
	struct cordon_failure failure = { .text = "" }, no_bpffs = { .text = "" },
			      no_cgroup = { .text = "" };
	struct cordon_cgroup_root root;
	bool tcx;

	if (cordon_probe_kernel(&failure, &tcx))
		faults_add(faults, "%s", failure.text);
	else
		check_tree_hooks(faults);
	if (cordon_probe_bpffs(call->context, &no_bpffs))
		faults_add(faults, "%s", no_bpffs.text);
	if (cordon_cgroup_find(call->context, &no_cgroup, &root))
		faults_add(faults, "%s; workloads and sockets are not covered", no_cgroup.text);
}

static bool some_link_fits(const struct cordon_nl_links *links, const char *pattern)
{
	const size_t length = strlen(pattern);
	const bool prefix = length && pattern[length - 1] == '*';

	for (size_t i = 0; i < links->nr; i++) {
		const char *name = links->entry[i].name;

		if (prefix ? !strncmp(name, pattern, length - 1) : !strcmp(name, pattern))
			return true;
	}
	return false;
}

static void check_interfaces(const struct cordon_image *image, struct faults *faults)
{
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	struct cordon_failure failure = { .text = "" };

	if (cordon_nl_links_read(&failure, &links)) {
		faults_add(faults, "%s", failure.text);
		return;
	}
	for (size_t i = 0; i < image->nr_interfaces; i++) {
		if (!some_link_fits(&links, image->interfaces[i].pattern))
			faults_add(faults, "interface %s: there is none",
				   image->interfaces[i].pattern);
	}
}

/* "getty@tty1.service" is made from "getty@.service". */
static void template_of(const char *unit, char (*ret_template)[CORDON_CGROUP_PATH_SIZE])
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');

	if (at && dot && at < dot)
		snprintf(*ret_template, sizeof(*ret_template), "%.*s@%s", (int)(at - unit), unit,
			 dot);
	else
		snprintf(*ret_template, sizeof(*ret_template), "%s", unit);
}

static bool has_unit_file(const struct cordon_context *context, const char *unit)
{
	static const char *const folders[] = { "/etc/systemd/system", "/run/systemd/system",
					       "/usr/local/lib/systemd/system",
					       "/usr/lib/systemd/system", "/lib/systemd/system" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[512];
		struct cordon_path whole;

		snprintf(path, sizeof(path), "%s/%s", folders[i], unit);
		whole = cordon_path_root(context, path);
		if (!access(whole.text, F_OK) || !access(path, F_OK))
			return true;
	}
	return false;
}

struct unit_search {
	const char *unit;
	bool found;
};

static uint64_t look_for_unit(void *state, const struct cordon_cgroup *cgroup)
{
	struct unit_search *search = state;

	if (cgroup->unit && !strcmp(cgroup->name, search->unit))
		search->found = true;
	return 0;
}

static void check_workload(const struct cordon_call *call, const struct cordon_cgroup_root *root,
			   const char *path, struct faults *faults)
{
	struct unit_search search = { .unit = path };
	char template[CORDON_CGROUP_PATH_SIZE];

	if (path[0] == '/') {
		if (root && cordon_cgroup_exists(root, path))
			faults_add(faults, "cgroup %s: there is none now", path);
		return;
	}
	template_of(path, &template);
	if (has_unit_file(call->context, path) || has_unit_file(call->context, template))
		return;
	if (root)
		cordon_cgroup_walk(root, look_for_unit, &search);
	if (!search.found)
		faults_add(faults, "unit %s: there is no unit file and no cgroup of that name",
			   path);
}

static void check_workloads(const struct cordon_call *call, const struct cordon_image *image,
			    struct faults *faults)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_cgroup_root root;
	const bool has = !cordon_cgroup_find(call->context, &failure, &root);

	for (size_t i = 0; i < image->nr_workloads; i++)
		check_workload(call, has ? &root : NULL, image->workloads[i].path.path, faults);
}

static void check_lockdown(const struct cordon_call *call, const struct cordon_image *image,
			   struct faults *faults)
{
	struct cordon_failure unsaid = { .text = "" }, lack;
	struct cordon_cgroup_root root;
	const bool has = !cordon_cgroup_find(call->context, &unsaid, &root);

	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		if (entry->kind == CORDON_LOCKDOWN_UNIT)
			check_workload(call, has ? &root : NULL, entry->text, faults);
		else if (cordon_lockdown_lack(call->context, entry, &lack))
			faults_add(faults, "%s", lack.text);
	}
}

/* Its keep list would have a place in the text, if there were one. */
static void warn_keep(const struct cordon_image *image, struct faults *warnings)
{
	if (!cordon_way_in_is_kept(image))
		faults_add(
			warnings,
			"the keep list (quarantine: keep:) has no rule between this node and any "
			"zone: sealed, it could only be reached by hand, and apply refuses it "
			"unless forced");
}

/* What is noticed too late otherwise: when the node is shut. */
static void warn_trust(const struct cordon_image *image, const struct cordon_trust *trust,
		       struct faults *warnings)
{
	const struct cordon_settings *settings = &image->settings;

	if (!trust->keys[CORDON_ROLE_RELEASE])
		faults_add(warnings, "no order can reopen this node once it is sealed: nobody is "
				     "trusted with release; see cordon.order(5)");
	if ((settings->lease_hours || settings->lease_boots) && !trust->keys[CORDON_ROLE_RENEW])
		faults_add(warnings, "nobody is trusted to renew the lease: the node seals itself "
				     "when it runs out; see cordon.order(5)");
}

static void check_trust(const struct cordon_image *image, const struct cordon_trust *trust,
			struct faults *faults)
{
	struct cordon_failure mistake;
	uint32_t told = 0;

	while (cordon_trust_mistake_line(trust, &told, &mistake))
		faults_add(faults, "%s", mistake.text);
	if (trust->node[0] && image->settings.node[0] &&
	    strcmp(trust->node, image->settings.node) != 0)
		faults_add(faults, "it is for node %s, and this is %s, as trust/node says",
			   image->settings.node, trust->node);
}

static void check_node(const struct cordon_call *call, const struct cordon_image *image,
		       struct faults *warnings, struct faults *faults)
{
	const struct cordon_path folder = cordon_path_root(call->context, CORDON_TRUST_FOLDER);
	struct cordon_trust trust CLEANUP(trust) = { .nr_certificates = 0 };

	check_hooks(call, faults);
	check_interfaces(image, faults);
	check_workloads(call, image, faults);
	check_lockdown(call, image, faults);
	cordon_trust_read(folder.text, &trust);
	check_trust(image, &trust, faults);
	warn_trust(image, &trust, warnings);
}

static size_t count_keep(const struct cordon_image *image)
{
	size_t nr = 0;

	for (size_t i = 0; i < image->nr_rules; i++)
		nr += image->rules[i].keep != 0;
	return nr;
}

static void print_zones(const struct cordon_image *image)
{
	static const char *const titles[] = { "ZONE", ">PREFIXES", NULL };
	struct table table = { 0 };

	table_head(&table, titles);
	for (size_t i = 0; i < image->nr_zones; i++) {
		if (image->zones[i].kind != CORDON_IDENTITY_KIND_ZONE)
			continue;
		table_cell(&table, "%s", image->zones[i].name);
		table_cell(&table, "%llu", (unsigned long long)image->zones[i].prefixes);
	}
	table_print(&table, stdout);
}

static void print_rules(const struct cordon_image *image)
{
	static const char *const titles[] = { "RULE", "FROM", "TO", "SERVICES", NULL };
	struct table table = { 0 };

	table_head(&table, titles);
	for (size_t i = 0; i < image->nr_rules; i++) {
		const struct cordon_image_rule *rule = &image->rules[i];

		table_cell(&table, "%s%s", rule->keep ? "keep: " : "", rule->rule.name);
		table_cell(&table, "%s", rule->rule.from);
		table_cell(&table, "%s", rule->rule.to);
		table_cell(&table, "%s", rule->rule.services);
	}
	table_print(&table, stdout);
}

static void print_reserve(const struct cordon_settings *settings)
{
	static const uint8_t none[sizeof(settings->break_glass)];

	if (settings->lease_hours)
		printf("lease          %u hours of uptime, then %s\n", settings->lease_hours,
		       cordon_latch_name(settings->lease_latch));
	if (settings->lease_boots)
		printf("lease          %u boots, then %s\n", settings->lease_boots,
		       cordon_latch_name(settings->lease_latch));
	if (settings->watch_seconds)
		printf("watchdog       %u s of silence, then %s, where the module is\n",
		       settings->watch_seconds,
		       settings->watch_latch ? cordon_latch_name(settings->watch_latch) :
					       "a record");
	printf("kernel closed  from %s on, where the guard stands\n",
	       cordon_latch_name(settings->kernel_closed_from));
	if (memcmp(settings->break_glass, none, sizeof(none)) != 0)
		puts("break-glass    a code, which counts once it is signed");
}

static void print_log(const struct cordon_settings *settings)
{
	const bool exec = !(settings->flags & CORDON_SETTINGS_NO_EXEC);
	const bool denied = !(settings->flags & CORDON_SETTINGS_QUIET);
	const bool flows = settings->flags & CORDON_SETTINGS_FLOWS;

	printf("log            %llu MiB of disk; records%s%s%s%s\n",
	       (unsigned long long)(settings->log_bytes >> 20), denied ? " denials" : "",
	       flows ? ", connections" : "",
	       denied && exec	       ? " and" :
	       denied || exec || flows ? "" :
					 " neither denials nor processes",
	       exec ? " processes" : "");
}

static void print_text(const char *path, const struct cordon_image *image,
		       const struct faults *faults)
{
	const struct cordon_settings *settings = &image->settings;
	char digest[65], size[32];

	cordon_hex_format(settings->digest, sizeof(settings->digest), digest);
	printf("%s: node %s, serial %llu, %s\n", path, settings->node[0] ? settings->node : "-",
	       (unsigned long long)settings->serial,
	       settings->flags & CORDON_SETTINGS_AUDIT ? "audit: denies nothing" : "enforcing");
	printf("digest         %s\n", digest);
	printf("zones          %u with %llu prefixes\n", settings->zones,
	       (unsigned long long)settings->prefixes);
	printf("workloads      %u\n", settings->workloads);
	printf("rules          %zu, and %zu in the keep list\n",
	       image->nr_rules - count_keep(image), count_keep(image));
	print_reserve(settings);
	print_log(settings);
	cmd_lockdown_text(image);
	printf("tables         %zu prefix cells, %zu pages of services, %zu classes of interfaces\n",
	       image->nr_prefixes * CORDON_PREFIX_PAGE_CELLS, image->nr_pages, image->nr_classes);
	printf("flows          %u\n", settings->flow_buckets * CORDON_FLOW_WAYS);
	printf("kernel memory  %s\n\n",
	       print_size(cordon_image_memory(image, possible_cpus()), &size));
	print_zones(image);
	putchar('\n');
	print_rules(image);
	if (faults->nr)
		putchar('\n');
	faults_text(faults, stdout, path);
}

static void print_json_lists(struct json *json, const struct cordon_image *image)
{
	json_array(json, "zones");
	for (size_t i = 0; i < image->nr_zones; i++) {
		if (image->zones[i].kind != CORDON_IDENTITY_KIND_ZONE)
			continue;
		json_object(json, NULL);
		json_string(json, "name", image->zones[i].name);
		json_number(json, "prefixes", image->zones[i].prefixes);
		json_object_end(json);
	}
	json_array_end(json);
	json_array(json, "rules");
	for (size_t i = 0; i < image->nr_rules; i++) {
		json_object(json, NULL);
		json_string(json, "name", image->rules[i].rule.name);
		json_string(json, "from", image->rules[i].rule.from);
		json_string(json, "to", image->rules[i].rule.to);
		json_string(json, "services", image->rules[i].rule.services);
		json_bool(json, "keep", image->rules[i].keep);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(const struct cordon_image *image, const struct faults *warnings,
		       const struct faults *faults)
{
	const struct cordon_settings *settings = &image->settings;
	struct json json = { .file = stdout };
	char digest[65];

	cordon_hex_format(settings->digest, sizeof(settings->digest), digest);
	json_object(&json, NULL);
	json_string(&json, "node", settings->node);
	json_number(&json, "serial", settings->serial);
	json_string(&json, "digest", digest);
	json_bool(&json, "audit", settings->flags & CORDON_SETTINGS_AUDIT);
	json_number(&json, "prefixes", settings->prefixes);
	json_number(&json, "workloads", settings->workloads);
	json_number(&json, "pages", image->nr_pages);
	json_number(&json, "flows", settings->flow_buckets * CORDON_FLOW_WAYS);
	json_number(&json, "kernel_memory", cordon_image_memory(image, possible_cpus()));
	json_number(&json, "lease_hours", settings->lease_hours);
	json_number(&json, "lease_boots", settings->lease_boots);
	json_number(&json, "watch_seconds", settings->watch_seconds);
	json_string(&json, "watch_latch", cordon_latch_name(settings->watch_latch));
	json_string(&json, "kernel_closed_from", cordon_latch_name(settings->kernel_closed_from));
	json_number(&json, "log_bytes", settings->log_bytes);
	json_bool(&json, "log_denied", !(settings->flags & CORDON_SETTINGS_QUIET));
	json_bool(&json, "log_flows", settings->flags & CORDON_SETTINGS_FLOWS);
	json_bool(&json, "log_exec", !(settings->flags & CORDON_SETTINGS_NO_EXEC));
	print_json_lists(&json, image);
	cmd_lockdown_json(&json, image);
	faults_json(warnings, &json, "warnings");
	faults_json(faults, &json, "faults");
	json_object_end(&json);
	json_line_end(&json);
}

int cordon_cmd_check(const struct cordon_call *call)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	struct faults warnings CLEANUP(faults) = { 0 };
	struct faults faults CLEANUP(faults) = { 0 };
	const char *path = NULL;
	bool node = false;
	const struct cordon_flag flags[] = { { "--node", &node, NULL }, { NULL, NULL, NULL } };
	int error;

	if (cordon_call_flags(call, flags, 1, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	error = cmd_policy_compile(call, path, node ? cordon_live_serial(call->context) : 0,
				   &image);
	if (error)
		return error;
	warn_keep(image, &warnings);
	if (node)
		check_node(call, image, &warnings, &faults);
	for (size_t i = 0; i < warnings.nr; i++)
		fprintf(stderr, "%s: warning: %s\n", path,
			warnings.line[i] ? warnings.line[i] : "?");
	if (call->context->json)
		print_json(image, &warnings, &faults);
	else
		print_text(path, image, &faults);
	return faults.nr ? CORDON_EXIT_DEGRADED : CORDON_EXIT_DONE;
}
