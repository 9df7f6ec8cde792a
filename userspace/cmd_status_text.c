// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon status, for people; see cmd_status.h.
 */
#include "cmd_status.h"

#include <stdio.h>
#include <string.h>

#include "cmd_lockdown.h"
#include "util/array.h"
#include "util/hex.h"
#include "util/print.h"

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
	printf("mode        %s\n",
	       cmd_status_is_audit(status) ? "audit: nothing is denied" : "enforce");
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
		const struct cordon_interface_counter *counts = cmd_status_counts(status, coverage);

		table_cell(&table, "%s", coverage->name);
		table_cell(&table, "%s", cmd_status_hook(coverage));
		table_cell(&table, "%s",
			   coverage->loopback ? "-" : cmd_status_mode(coverage->mode));
		table_cell(&table, "%s",
			   coverage->hook ? cmd_status_zones(status, coverage->class, &zones) :
					    "-");
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

		if (!is_of_kind(source, kind, length) || !cmd_status_is_awaited(status, source))
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

		any |= cmd_status_is_awaited(status, source);
		/* Those of a kind are beside each other. */
		if (!is_of_kind(source, kind, strcspn(kind, "-")))
			print_kind(status, source->name, length);
		kind = source->name;
	}
	puts(any ? "" : " none: cordon run attaches what tells the log");
}

/* What is not closed yet is a way around the latch for root. */
static void print_kernel(const struct status *status)
{
	const char *from = cordon_latch_name(cordon_guard_closes_from(status->view.settings));

	if (cmd_status_is_kernel_closed(status))
		puts("kernel      closed to all but cordon: no modules, programs, raw memory or packet "
		     "sockets");
	else if (status->standing.latch)
		printf("kernel      OPEN TO ROOT at %s, who may load modules and programs: the policy "
		       "closes it\n            from %s on\n",
		       cordon_latch_name(status->standing.latch), from);
	else
		printf("kernel      open to root; closed from %s on\n", from);
}

static void print_guard(const struct status *status)
{
	char text[384];

	cordon_guard_text(&status->guard, text, sizeof(text));
	printf("guard       %s\n", text);
	if (status->guard.standing == CORDON_GUARD_STANDS)
		print_kernel(status);
}

int cmd_status_text(const struct status *status)
{
	const struct cordon_losses *losses = cmd_status_denials(status);

	printf("cordon is %s\n", cmd_status_state(status));
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
	cordon_log_text(stdout, &status->log, cmd_status_log_budget(status));
	if (status->daemon)
		printf("daemon      pid %d\n\n", status->daemon);
	else
		puts("daemon      not running: interfaces that come are not covered, and what happens "
		     "is not written\n            to the log, until the next cordon apply or run\n");
	print_interfaces(status);
	if (status->faults.nr)
		putchar('\n');
	faults_text(&status->faults, stdout, NULL);
	return cmd_status_exit(status);
}
