// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon status: the state of the data path, not of a wish.  Each line is read
 * from the kernel; the exit code follows from what was found: 0 enforcing,
 * 3 degraded, 4 not enforcing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_lockdown.h"
#include "cmd_status.h"
#include "util/array.h"
#include "util/cleanup.h"

const char *cmd_status_hook(const struct cordon_coverage *coverage)
{
	static const char *const names[] = { "-", "tcx", "clsact", "xdp" };

	return coverage->hook < ARRAY_SIZE(names) ? names[coverage->hook] : "?";
}

const char *cmd_status_mode(uint32_t mode)
{
	static const char *const names[] = { "auto", "tc", "xdp", "exclude" };

	return mode < ARRAY_SIZE(names) ? names[mode] : "?";
}

static bool class_has(const struct cordon_class *class, uint32_t identity)
{
	return class->allowed[identity / 64] >> (identity % 64) & 1;
}

/* Zones that may be seen on an interface; of class 0, to which none is tied, "any". */
const char *cmd_status_zones(const struct status *status, uint32_t class, char (*text)[ZONES_TEXT])
{
	const struct cordon_class *classes = status->view.area[CORDON_TABLE_CLASSES].cells;
	const struct cordon_area *area = &status->view.area[CORDON_TABLE_ZONES];
	const struct cordon_zone *zones = area->cells;
	size_t used = 0;

	if (!class || class >= status->view.area[CORDON_TABLE_CLASSES].count)
		return "any";
	(*text)[0] = '\0';
	for (uint32_t i = CORDON_IDENTITY_FIRST; i < area->count; i++) {
		if (zones[i].kind != CORDON_IDENTITY_KIND_ZONE ||
		    (!class_has(&classes[class], i) && classes[class].fallback != i))
			continue;
		used += (size_t)snprintf(*text + used, sizeof(*text) - used, "%s%s",
					 used ? "," : "", zones[i].name);
		if (used >= sizeof(*text))
			break;
	}
	if (used >= sizeof(*text))
		memcpy(*text + sizeof(*text) - 4, "...", 4);
	return *text;
}

const struct cordon_interface_counter *cmd_status_counts(const struct status *status,
							 const struct cordon_coverage *coverage)
{
	static const struct cordon_interface_counter none;

	return coverage->place < 0 ? &none : &status->counts[coverage->place];
}

/* Those of the ring of denials. */
const struct cordon_losses *cmd_status_denials(const struct status *status)
{
	return &status->log.losses[CORDON_CLASS_DENIAL];
}

uint64_t cmd_status_log_budget(const struct status *status)
{
	return status->view.settings ? status->view.settings->log_bytes : CORDON_LOG_LIMIT_DEFAULT;
}

static int collect_kernel(struct status *status)
{
	struct cordon_attach attach;
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	struct cordon_failure *failure = status->call->failure;
	int error;

	status->standing = cordon_standing_read(&status->session.maps);
	if (status->standing.effective)
		cordon_view_open(&status->session.maps, status->standing.effective,
				 status->standing.latch, &status->view);
	cordon_session_images(&status->session);
	attach = cordon_session_attach(&status->session);
	cordon_attach_cgroup_survey(&attach, status->hooks);
	cordon_sources_survey(status->call->context, status->view.settings, &status->sources);
	error = cordon_nl_links_read(failure, &links);
	if (!error)
		error = cordon_attach_survey(&attach, &links, failure, &status->coverage);
	return error;
}

static int collect(struct status *status)
{
	const struct cordon_context *context = status->call->context;
	struct cordon_failure *failure = status->call->failure;
	struct cordon_cgroup_root ignored;
	int error;

	/* A wrong folder is a mistake of who asks, and no state of the node. */
	if (context->cgroup && cordon_cgroup_find(context, failure, &ignored))
		return -EINVAL;
	cordon_latch_view_read(context, &status->latch);
	cordon_module_view_read(context, &status->latch.trust, &status->module);
	error = cordon_session_open(context, CORDON_SESSION_LOOK, failure, &status->session);
	if (!error)
		error = collect_kernel(status);
	if (error)
		return error;
	cordon_guard_view_read(context, &status->guard);
	status->daemon = cordon_daemon_pid(context);
	status->counts = calloc(CORDON_INTERFACES_MAX, sizeof(*status->counts));
	error = status->counts ?
			cordon_interface_counts_read(&status->session.maps, status->counts) :
			-ENOMEM;
	if (!error)
		error = cordon_log_state_read(context, &status->session.maps, &status->log);
	if (error)
		return cordon_fail(failure, error, "cannot read the counters: %s",
				   strerror(-error));
	status->latch.maps = &status->session.maps;
	status->latch.settings = status->view.settings;
	if (status->view.settings)
		cordon_module_view_policy(&status->module, status->view.settings);
	status->latch.standing = status->standing;
	cmd_status_judge(status);
	return 0;
}

static void clear(struct status *status)
{
	cordon_session_close(&status->session);
	cordon_view_close(&status->view);
	cordon_coverages_clear(&status->coverage);
	cordon_trust_clear(&status->latch.trust);
	cleanup_faults(&status->faults);
	free(status->counts);
}

/* Pinned links hold programs to their hooks, whatever else is missing. */
static bool has_links(const struct cordon_context *context)
{
	const struct cordon_path path = cordon_path_pin(context, "links", "");
	const struct dirent *entry;
	DIR *folder = opendir(path.text);
	bool found = false;

	while (folder && !found && (entry = readdir(folder)))
		found = entry->d_name[0] != '.';
	if (folder)
		closedir(folder);
	return found;
}

static int print_unloaded(struct status *status)
{
	struct json json = { .file = stdout };
	const bool links = has_links(status->call->context);
	const int result = links ? CORDON_EXIT_DEGRADED : CORDON_EXIT_NOT_ENFORCING;
	const char *state = links ? "degraded" : "not enforcing";

	cmd_status_judge_unloaded(status, links);
	if (!status->call->context->json) {
		printf("cordon is %s\n", state);
		cordon_module_text(stdout, &status->module);
		faults_text(&status->faults, stdout, NULL);
		return result;
	}
	json_object(&json, NULL);
	json_string(&json, "state", state);
	json_number(&json, "generation", 0);
	cordon_latch_json(&json, &status->latch);
	cmd_lockdown_status_json(&json, status->latch.context);
	cordon_module_json(&json, &status->module);
	faults_json(&status->faults, &json, "faults");
	json_object_end(&json);
	json_line_end(&json);
	return result;
}

int cordon_cmd_status(const struct cordon_call *call)
{
	struct status status = { .call = call, .session = cordon_session_none() };
	int result;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	result = collect(&status);
	if (result == -ENOENT)
		result = print_unloaded(&status);
	else if (!result)
		result = call->context->json ? cmd_status_json(&status) : cmd_status_text(&status);
	clear(&status);
	return result;
}
