// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon status as JSON; see cmd_status.h.
 */
#include "cmd_status.h"

#include <stdio.h>

#include "cmd_lockdown.h"
#include "util/array.h"
#include "util/hex.h"

static void json_traffic(struct json *json, const char *key, const struct cordon_traffic *traffic)
{
	json_object(json, key);
	json_number(json, "packets", traffic->packets);
	json_number(json, "bytes", traffic->bytes);
	json_object_end(json);
}

static void json_interface(struct json *json, const struct status *status,
			   const struct cordon_coverage *coverage)
{
	const struct cordon_interface_counter *counts = cmd_status_counts(status, coverage);
	char zones[ZONES_TEXT];

	json_object(json, NULL);
	json_string(json, "name", coverage->name);
	json_number(json, "index", (uint64_t)coverage->index);
	json_string(json, "kind", coverage->kind);
	json_bool(json, "covered", coverage->hook != CORDON_HOOK_NONE);
	json_bool(json, "loopback", coverage->loopback);
	json_bool(json, "excluded", coverage->excluded);
	json_string(json, "hook", coverage->hook ? cmd_status_hook(coverage) : "none");
	json_string(json, "mode", cmd_status_mode(coverage->mode));
	json_number(json, "class", coverage->class);
	json_string(json, "zones", cmd_status_zones(status, coverage->class, &zones));
	json_string(json, "note", coverage->why);
	json_number(json, "ahead", coverage->ahead);
	if (coverage->foreign_xdp) {
		json_object(json, "foreign_xdp");
		json_number(json, "id", coverage->foreign_xdp);
		json_string(json, "name", coverage->foreign_xdp_name);
		json_object_end(json);
	}
	json_traffic(json, "in", &counts->in);
	json_traffic(json, "in_denied", &counts->in_denied);
	json_traffic(json, "out", &counts->out);
	json_traffic(json, "out_denied", &counts->out_denied);
	json_object_end(json);
}

static void json_policy(struct json *json, const struct status *status)
{
	const struct cordon_settings *settings = status->view.settings;
	char digest[65];

	cordon_hex_format(settings->digest, sizeof(settings->digest), digest);
	json_string(json, "node", settings->node);
	json_number(json, "serial", settings->serial);
	json_string(json, "digest", digest);
	json_string(json, "mode", cmd_status_is_audit(status) ? "audit" : "enforce");
	json_number(json, "rules", settings->rules);
	json_number(json, "zones", settings->zones);
	json_number(json, "prefixes", settings->prefixes);
}

static void json_guard(struct json *json, const struct status *status)
{
	const struct cordon_guard_view *guard = &status->guard;
	char text[384];

	cordon_guard_text(guard, text, sizeof(text));
	json_object(json, "guard");
	json_string(json, "state", cordon_guard_standing_name(guard->standing));
	json_string(json, "text", text);
	json_number(json, "hooks", guard->hooks);
	json_string(json, "kernel_closed_from",
		    cordon_latch_name(cordon_guard_closes_from(status->view.settings)));
	json_bool(json, "kernel_closed", cmd_status_is_kernel_closed(status));
	json_number(json, "refused", guard->refused);
	json_number(json, "unknown", guard->unknown);
	if (guard->unknown)
		json_string(json, "unknown_why", cordon_guard_doubt_text(guard->doubt));
	json_number(json, "older_programs", guard->older);
	if (guard->older)
		json_number(json, "oldest_program", guard->oldest);
	json_object_end(json);
}

static void json_lists(struct json *json, const struct status *status)
{
	json_object(json, "cgroup_hooks");
	for (size_t i = 0; i < ARRAY_SIZE(status->hooks); i++)
		json_bool(json, status->hooks[i].name, status->hooks[i].there);
	json_object_end(json);
	json_object(json, "log_sources");
	for (size_t i = 0; i < status->sources.nr; i++) {
		if (cmd_status_is_awaited(status, &status->sources.entry[i]))
			json_bool(json, status->sources.entry[i].name,
				  status->sources.entry[i].there);
	}
	json_object_end(json);
	json_array(json, "interfaces");
	for (size_t i = 0; i < status->coverage.nr; i++)
		json_interface(json, status, &status->coverage.entry[i]);
	json_array_end(json);
	faults_json(&status->faults, json, "faults");
}

int cmd_status_json(const struct status *status)
{
	const struct cordon_standing *standing = &status->standing;
	const struct cordon_losses *losses = cmd_status_denials(status);
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_string(&json, "state", cmd_status_state(status));
	json_number(&json, "generation", standing->effective);
	json_number(&json, "former", standing->former);
	json_string(&json, "latch", cordon_latch_name(standing->latch));
	json_bool(&json, "pending", standing->pending);
	json_bool(&json, "lapsed", standing->lapsed);
	json_number(&json, "seconds_left",
		    standing->pending ? standing->left_ns / 1000000000ULL + 1 : 0);
	if (status->view.settings)
		json_policy(&json, status);
	json_object(&json, "records");
	json_number(&json, "made", losses->records);
	json_number(&json, "held", losses->held);
	json_number(&json, "lost", losses->lost);
	json_object_end(&json);
	cordon_log_json(&json, &status->log, cmd_status_log_budget(status));
	cordon_latch_json(&json, &status->latch);
	cmd_lockdown_status_json(&json, status->latch.context);
	cordon_module_json(&json, &status->module);
	json_number(&json, "daemon", (uint64_t)status->daemon);
	json_guard(&json, status);
	json_lists(&json, status);
	json_object_end(&json);
	json_line_end(&json);
	return cmd_status_exit(status);
}
