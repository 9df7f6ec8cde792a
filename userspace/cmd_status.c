// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon status: the state of the data path, not of a wish.  Each line is read
 * from the kernel; the exit code follows from what was found: 0 enforcing,
 * 3 degraded, 4 not enforcing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach_source.h"
#include "bypass.h"
#include "cmd_lockdown.h"
#include "command.h"
#include "guard.h"
#include "latch_text.h"
#include "log_text.h"
#include "module_text.h"
#include "order.h"
#include "probe.h"
#include "session.h"
#include "store.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/hex.h"
#include "util/print.h"

/* What an interface may speak for, shortened beyond this. */
#define ZONES_TEXT 48

struct status {
	const struct cordon_call *call;
	struct cordon_session session;
	struct cordon_standing standing;
	struct cordon_view view;
	struct cordon_coverages coverage;
	struct cordon_interface_counter *counts; /* by place */
	struct cordon_log_state log;
	struct cordon_latch_view latch;
	struct cordon_module_view module;
	struct cordon_cgroup_hook hooks[CORDON_CGROUP_HOOKS];
	struct cordon_sources sources;
	struct cordon_guard_view guard;
	int daemon;
	char **fault; /* why not all is well */
	size_t nr_faults;
};

static void __attribute__((format(printf, 2, 3)))
add_fault(struct status *status, const char *format, ...)
{
	char **line = array_push(status->fault, status->nr_faults);
	va_list arguments;

	if (!line)
		return;
	va_start(arguments, format);
	if (vasprintf(line, format, arguments) < 0)
		*line = NULL;
	va_end(arguments);
}

static const char *hook_name(const struct cordon_coverage *coverage)
{
	static const char *const names[] = { "-", "tcx", "clsact", "xdp" };

	return coverage->hook < ARRAY_SIZE(names) ? names[coverage->hook] : "?";
}

static const char *mode_name(uint32_t mode)
{
	static const char *const names[] = { "auto", "tc", "xdp", "exclude" };

	return mode < ARRAY_SIZE(names) ? names[mode] : "?";
}

static bool class_has(const struct cordon_class *class, uint32_t identity)
{
	return class->allowed[identity / 64] >> (identity % 64) & 1;
}

/* Zones that may be seen on an interface; of class 0, to which none is tied, "any". */
static const char *zones_of(const struct status *status, uint32_t class, char (*text)[ZONES_TEXT])
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

static const struct cordon_interface_counter *counts_of(const struct status *status,
							const struct cordon_coverage *coverage)
{
	static const struct cordon_interface_counter none;

	return coverage->place < 0 ? &none : &status->counts[coverage->place];
}

static void judge_interfaces(struct status *status)
{
	for (size_t i = 0; i < status->coverage.nr; i++) {
		const struct cordon_coverage *coverage = &status->coverage.entry[i];

		if (coverage->loopback)
			continue;
		status->latch.uncovered += !coverage->hook;
		if (coverage->excluded && !coverage->hook) {
			if (status->standing.latch)
				add_fault(status,
					  "interface %s is NOT SHUT: the policy excludes it",
					  coverage->name);
			continue;
		}
		if (coverage->hook == CORDON_HOOK_NONE)
			add_fault(status, "interface %s is NOT COVERED: %s", coverage->name,
				  coverage->why);
		else if (coverage->ahead || coverage->place < 0 || coverage->excluded)
			add_fault(status, "interface %s: %s", coverage->name, coverage->why);
	}
}

static void judge_hooks(struct status *status)
{
	if (!status->session.has_cgroups) {
		add_fault(status, "%s", status->session.no_cgroups.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(status->hooks); i++) {
		if (!status->hooks[i].there)
			add_fault(status, "cgroup hook %s is not attached", status->hooks[i].name);
	}
}

/* A daemon attaches them, and they stay. */
static bool is_awaited(const struct status *status, const struct cordon_source *source)
{
	return source->due && (status->daemon || source->begun || source->there);
}

static void judge_sources(struct status *status)
{
	for (size_t i = 0; i < status->sources.nr; i++) {
		const struct cordon_source *source = &status->sources.entry[i];

		if (!is_awaited(status, source))
			continue;
		if (!source->there)
			add_fault(status,
				  "the log's source %s is not attached: the log is without what it "
				  "tells; cordon run puts it right",
				  source->name);
		else if (!source->loaded)
			add_fault(
				status,
				"the pin progs/%s is gone: the log's source %s goes on; cordon run "
				"puts it right",
				source->program, source->name);
	}
}

/* What is attached goes on without its pin, but nothing new can be attached. */
static void judge_pins(struct status *status)
{
	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++) {
		if (cordon_program_is_lost(&status->session.programs, i))
			add_fault(status,
				  "the pin progs/%s is gone: what is attached goes on, but nothing "
				  "new can be; cordon apply or cordon run puts it right",
				  cordon_program_name(i));
	}
	if (!status->session.programs.loaded)
		add_fault(status, "the pin maps/build is gone, or another version's: "
				  "cordon apply or cordon run puts it right");
	for (int i = 0; status->view.settings && i < CORDON_TABLE_COUNT; i++) {
		const char *name = cordon_table_name(i);
		const struct cordon_path path =
			cordon_path_pin(status->call->context, "maps", name);

		if (access(path.text, F_OK))
			add_fault(status,
				  "the pin maps/%s, for bpftool, is gone: no packet asks it; "
				  "cordon apply or cordon run puts it right",
				  name);
	}
}

static void judge_trust(struct status *status)
{
	struct cordon_failure mistake;
	uint32_t told = 0;

	while (cordon_trust_mistake_line(&status->latch.trust, &told, &mistake))
		add_fault(status, "%s", mistake.text);
}

static void judge_latch(struct status *status)
{
	const struct cordon_latch_view *latch = &status->latch;

	judge_trust(status);
	if (latch->memory == CORDON_LATCH_FORGOTTEN)
		add_fault(status,
			  "both copies of the latch's file are missing or damaged: what the "
			  "node remembered is lost, the counters of orders, too; after "
			  "cordon run --once this shows the challenge that an order must "
			  "then name");
	if (latch->memory == CORDON_LATCH_HALF)
		add_fault(status,
			  "one of the two copies of the latch's file is missing or damaged; "
			  "the next change of policy or latch writes it again");
	if (latch->standing.stored_latch > latch->state.level)
		add_fault(status,
			  "the kernel holds %s, but the disk remembers %s: the seal will not "
			  "outlast a reboot",
			  cordon_latch_name(latch->standing.stored_latch),
			  cordon_latch_name(latch->state.level));
	else if (latch->standing.stored_latch < latch->state.level)
		add_fault(status,
			  "the node was sealed at %s, but the kernel holds %s: somebody opened it "
			  "without an order; cordon run or any change puts it right",
			  cordon_latch_name(latch->state.level),
			  cordon_latch_name(latch->standing.stored_latch));
}

static void judge_module(struct status *status)
{
	const struct cordon_module_view *module = &status->module;

	if (module->whose == CORDON_MODULE_OURS &&
	    module->state.latch != status->standing.stored_latch)
		add_fault(status,
			  "the kernel module holds %s, but the pinned maps %s: the tighter of them "
			  "is in force; cordon run or any change puts it right",
			  cordon_latch_name(module->state.latch),
			  cordon_latch_name(status->standing.stored_latch));
}

static void judge_store(struct status *status)
{
	const uint32_t stored = cordon_store_active(status->call->context);

	if (!status->view.settings && stored)
		add_fault(
			status,
			"the policy of generation %u is on disk, but not in force, nor is its keep "
			"list: cordon run --once puts it into force",
			stored);
}

/* Interfaces and addresses are those of who asks. */
static void judge_namespace(struct status *status)
{
	const struct cordon_settings *settings = status->view.settings;

	if (settings && settings->netns && settings->netns != cordon_probe_netns())
		add_fault(status, "this is another network namespace than the one that the policy "
				  "was put into force in: its interfaces are not shown here");
}

/* That there is none to be is no fault of this node's. */
static void judge_guard(struct status *status)
{
	const struct cordon_guard_view *guard = &status->guard;
	struct cordon_failure bypass = { .text = "" };

	if (guard->standing == CORDON_GUARD_HALF || guard->standing == CORDON_GUARD_FAILED)
		add_fault(status, "the guard does not stand: %s; cordon run tries again",
			  guard->why);
	if (guard->full)
		add_fault(status, "the guard has no room for %llu maps, programs or links of ours",
			  (unsigned long long)guard->full);
	if (cordon_bypass_look(status->call->context, &bypass))
		add_fault(status, "%s", bypass.text);
}

static void judge(struct status *status)
{
	judge_namespace(status);
	judge_guard(status);
	judge_pins(status);
	judge_interfaces(status);
	judge_hooks(status);
	judge_sources(status);
	if (status->view.settings && !status->session.image[status->standing.effective & 1])
		add_fault(status,
			  "the image of generation %u is not on disk: new interfaces "
			  "will belong to no zone, and a boot will load another policy",
			  status->standing.effective);
}

static void judge_log(struct status *status)
{
	struct cordon_failure fault = { .text = "" };

	if (status->daemon && !cordon_log_judge(&status->log, &fault))
		add_fault(status, "%s", fault.text);
}

/* Those of the ring of denials. */
static const struct cordon_losses *denials_of(const struct status *status)
{
	return &status->log.losses[CORDON_CLASS_DENIAL];
}

static uint64_t log_budget(const struct status *status)
{
	return status->view.settings ? status->view.settings->log_bytes : CORDON_LOG_LIMIT_DEFAULT;
}

static bool any_covered(const struct status *status)
{
	for (size_t i = 0; i < status->coverage.nr; i++) {
		if (status->coverage.entry[i].hook != CORDON_HOOK_NONE)
			return true;
	}
	return false;
}

static bool is_audit(const struct status *status)
{
	return status->view.settings && status->view.settings->flags & CORDON_SETTINGS_AUDIT;
}

/* A machine with no interface but loopback has nothing uncovered. */
static int exit_code(const struct status *status)
{
	/* A sealed node is shut without a policy, and audit mode does not count. */
	if ((!status->view.settings || is_audit(status)) && !status->standing.latch)
		return CORDON_EXIT_NOT_ENFORCING;
	if (!any_covered(status) && status->nr_faults)
		return CORDON_EXIT_NOT_ENFORCING;
	return status->nr_faults ? CORDON_EXIT_DEGRADED : CORDON_EXIT_DONE;
}

static const char *state_name(const struct status *status)
{
	static const char *const names[] = {
		[CORDON_EXIT_DONE] = "enforcing",
		[CORDON_EXIT_DEGRADED] = "degraded",
		[CORDON_EXIT_NOT_ENFORCING] = "not enforcing",
	};

	return names[exit_code(status)];
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
	status->latch.standing = status->standing;
	judge_latch(status);
	judge_module(status);
	judge_store(status);
	judge_log(status);
	if (status->view.settings || status->standing.latch)
		judge(status);
	return 0;
}

static void print_standing(const struct status *status)
{
	const struct cordon_standing *standing = &status->standing;

	printf("generation  %u", standing->effective);
	if (standing->former)
		printf(" (former: %u)", standing->former);
	if (standing->pending)
		printf(", lapses in %llu s unless confirmed",
		       (unsigned long long)(standing->left_ns / 1000000000ULL) + 1);
	if (standing->lapsed)
		printf(", back since generation %u was not confirmed", standing->named);
	putchar('\n');
}

static void print_policy(const struct status *status)
{
	const struct cordon_settings *settings = status->view.settings;
	char digest[65];

	cordon_hex_format(settings->digest, sizeof(settings->digest), digest);
	print_standing(status);
	printf("policy      node %s, serial %llu, %u rules, %u zones, %llu prefixes\n",
	       settings->node[0] ? settings->node : "-", (unsigned long long)settings->serial,
	       settings->rules, settings->zones, (unsigned long long)settings->prefixes);
	printf("digest      %s\n", digest);
	printf("mode        %s\n", is_audit(status) ? "audit: nothing is denied" : "enforce");
}

static void print_interfaces(const struct status *status)
{
	static const char *const titles[] = { "INTERFACE", "HOOK", "MODE",    "ZONES", ">IN",
					      ">DENIED",   ">OUT", ">DENIED", "NOTE",  NULL };
	struct table table = { 0 };
	char zones[ZONES_TEXT];

	table_head(&table, titles);
	for (size_t i = 0; i < status->coverage.nr; i++) {
		const struct cordon_coverage *coverage = &status->coverage.entry[i];
		const struct cordon_interface_counter *counts = counts_of(status, coverage);

		table_cell(&table, "%s", coverage->name);
		table_cell(&table, "%s", hook_name(coverage));
		table_cell(&table, "%s", coverage->loopback ? "-" : mode_name(coverage->mode));
		table_cell(&table, "%s",
			   coverage->hook ? zones_of(status, coverage->class, &zones) : "-");
		table_cell(&table, "%llu", (unsigned long long)counts->in.packets);
		table_cell(&table, "%llu", (unsigned long long)counts->in_denied.packets);
		table_cell(&table, "%llu", (unsigned long long)counts->out.packets);
		table_cell(&table, "%llu", (unsigned long long)counts->out_denied.packets);
		table_cell(&table, "%s%s",
			   coverage->hook || coverage->loopback || coverage->excluded ?
				   "" :
				   "NOT COVERED: ",
			   coverage->why);
	}
	table_print(&table, stdout);
}

static void print_hooks(const struct status *status)
{
	printf("cgroup      ");
	if (!status->session.has_cgroups) {
		puts("not covered");
		return;
	}
	printf("%s\n           ", status->session.cgroups.path);
	for (size_t i = 0; i < ARRAY_SIZE(status->hooks); i++)
		printf(" %s%s", status->hooks[i].there ? "" : "NOT ", status->hooks[i].name);
	putchar('\n');
}

static bool is_of_kind(const struct cordon_source *source, const char *kind, size_t length)
{
	return !strncmp(source->name, kind, length) && source->name[length] == '-';
}

/* "process" for process-fork and its like, as long as all are there. */
static void print_kind(const struct status *status, const char *kind, size_t length)
{
	size_t there = 0, missing = 0;

	for (size_t i = 0; i < status->sources.nr; i++) {
		const struct cordon_source *source = &status->sources.entry[i];

		if (!is_of_kind(source, kind, length) || !is_awaited(status, source))
			continue;
		there += source->there;
		missing += !source->there;
		if (!source->there)
			printf(" NOT %s", source->name);
	}
	if (there && !missing)
		printf(" %.*s", (int)length, kind);
}

static void print_sources(const struct status *status)
{
	const char *kind = "";
	bool any = false;

	printf("sources    ");
	for (size_t i = 0; i < status->sources.nr; i++) {
		const struct cordon_source *source = &status->sources.entry[i];
		const size_t length = strcspn(source->name, "-");

		any |= is_awaited(status, source);
		/* Those of a kind are beside each other. */
		if (!is_of_kind(source, kind, strcspn(kind, "-")))
			print_kind(status, source->name, length);
		kind = source->name;
	}
	puts(any ? "" : " none: cordon run attaches what tells the log");
}

static void print_guard(const struct status *status)
{
	char text[384];

	cordon_guard_text(&status->guard, text, sizeof(text));
	printf("guard       %s\n", text);
}

static void print_faults(const struct status *status)
{
	for (size_t i = 0; i < status->nr_faults; i++)
		printf("%s\n", status->fault[i] ? status->fault[i] : "?");
}

static int print_text(const struct status *status)
{
	const struct cordon_losses *losses = denials_of(status);

	printf("cordon is %s\n", state_name(status));
	cordon_latch_text(stdout, &status->latch);
	cmd_lockdown_status(status->latch.context);
	cordon_module_text(stdout, &status->module);
	if (status->view.settings)
		print_policy(status);
	else
		puts("generation  none: no policy is in force");
	print_hooks(status);
	print_sources(status);
	print_guard(status);
	printf("records     %llu made, %llu held back, %llu lost\n",
	       (unsigned long long)losses->records, (unsigned long long)losses->held,
	       (unsigned long long)losses->lost);
	cordon_log_text(stdout, &status->log, log_budget(status));
	if (status->daemon)
		printf("daemon      pid %d\n\n", status->daemon);
	else
		puts("daemon      not running: interfaces that come are not covered, and what happens "
		     "is not written\n            to the log, until the next cordon apply or run\n");
	print_interfaces(status);
	if (status->nr_faults)
		putchar('\n');
	print_faults(status);
	return exit_code(status);
}

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
	const struct cordon_interface_counter *counts = counts_of(status, coverage);
	char zones[ZONES_TEXT];

	json_object(json, NULL);
	json_string(json, "name", coverage->name);
	json_number(json, "index", (uint64_t)coverage->index);
	json_string(json, "kind", coverage->kind);
	json_bool(json, "covered", coverage->hook != CORDON_HOOK_NONE);
	json_bool(json, "loopback", coverage->loopback);
	json_bool(json, "excluded", coverage->excluded);
	json_string(json, "hook", coverage->hook ? hook_name(coverage) : "none");
	json_string(json, "mode", mode_name(coverage->mode));
	json_number(json, "class", coverage->class);
	json_string(json, "zones", zones_of(status, coverage->class, &zones));
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
	json_string(json, "mode", is_audit(status) ? "audit" : "enforce");
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
	json_number(json, "refused", guard->refused);
	json_number(json, "unknown", guard->unknown);
	json_object_end(json);
}

static void json_faults(struct json *json, const struct status *status)
{
	json_array(json, "faults");
	for (size_t i = 0; i < status->nr_faults; i++)
		json_string(json, NULL, status->fault[i] ? status->fault[i] : "?");
	json_array_end(json);
}

static void json_lists(struct json *json, const struct status *status)
{
	json_object(json, "cgroup_hooks");
	for (size_t i = 0; i < ARRAY_SIZE(status->hooks); i++)
		json_bool(json, status->hooks[i].name, status->hooks[i].there);
	json_object_end(json);
	json_object(json, "log_sources");
	for (size_t i = 0; i < status->sources.nr; i++) {
		if (is_awaited(status, &status->sources.entry[i]))
			json_bool(json, status->sources.entry[i].name,
				  status->sources.entry[i].there);
	}
	json_object_end(json);
	json_array(json, "interfaces");
	for (size_t i = 0; i < status->coverage.nr; i++)
		json_interface(json, status, &status->coverage.entry[i]);
	json_array_end(json);
	json_faults(json, status);
}

static int print_json(const struct status *status)
{
	const struct cordon_standing *standing = &status->standing;
	const struct cordon_losses *losses = denials_of(status);
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_string(&json, "state", state_name(status));
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
	cordon_log_json(&json, &status->log, log_budget(status));
	cordon_latch_json(&json, &status->latch);
	cmd_lockdown_status_json(&json, status->latch.context);
	cordon_module_json(&json, &status->module);
	json_number(&json, "daemon", (uint64_t)status->daemon);
	json_guard(&json, status);
	json_lists(&json, status);
	json_object_end(&json);
	json_line_end(&json);
	return exit_code(status);
}

static void clear(struct status *status)
{
	cordon_session_close(&status->session);
	cordon_view_close(&status->view);
	cordon_coverages_clear(&status->coverage);
	cordon_trust_clear(&status->latch.trust);
	for (size_t i = 0; i < status->nr_faults; i++)
		free(status->fault[i]);
	free(status->fault);
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

static void judge_unloaded(struct status *status, bool links)
{
	const struct cordon_latch_state *state = &status->latch.state;
	struct cordon_failure no_bpffs = { .text = "" };
	const char *seen = status->call->failure->text;

	if (state->level)
		add_fault(status,
			  "the node is sealed at %s, by %s (%s), as the disk remembers, but %s %s",
			  cordon_latch_name(state->level), state->by, state->reason,
			  links ? "whether it is shut cannot be seen in" :
				  "it is NOT SHUT: nothing holds it in",
			  status->call->context->bpffs);
	if (cordon_probe_bpffs(status->call->context, &no_bpffs))
		add_fault(status, "%s", no_bpffs.text);
	else if (links)
		add_fault(status,
			  "%s, but its links are pinned: their programs go on, unseen; "
			  "cordon apply or cordon run puts it right",
			  seen);
	else if (state->level)
		add_fault(status, "%s: cordon run --once shuts the node again", seen);
	else
		add_fault(status, "%s: put a policy into force with cordon apply or cordon run",
			  seen);
}

static int print_unloaded(struct status *status)
{
	struct json json = { .file = stdout };
	const bool links = has_links(status->call->context);
	const int result = links ? CORDON_EXIT_DEGRADED : CORDON_EXIT_NOT_ENFORCING;
	const char *state = links ? "degraded" : "not enforcing";

	judge_unloaded(status, links);
	if (!status->call->context->json) {
		printf("cordon is %s\n", state);
		cordon_module_text(stdout, &status->module);
		print_faults(status);
		return result;
	}
	json_object(&json, NULL);
	json_string(&json, "state", state);
	json_number(&json, "generation", 0);
	cordon_latch_json(&json, &status->latch);
	cmd_lockdown_status_json(&json, status->latch.context);
	cordon_module_json(&json, &status->module);
	json_faults(&json, status);
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
		result = call->context->json ? print_json(&status) : print_text(&status);
	clear(&status);
	return result;
}
