// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon status: what is wrong with what was found, a line each; see
 * cmd_status.h.
 */
#include "cmd_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bypass.h"
#include "order.h"
#include "probe.h"
#include "store.h"
#include "util/array.h"

static void judge_interfaces(struct status *status)
{
	for (size_t i = 0; i < status->coverage.nr; i++) {
		const struct cordon_coverage *coverage = &status->coverage.entry[i];

		if (coverage->loopback)
			continue;
		status->latch.uncovered += !coverage->hook;
		if (coverage->excluded && !coverage->hook) {
			if (status->standing.latch)
				faults_add(&status->faults,
					   "interface %s is NOT SHUT: the policy excludes it",
					   coverage->name);
			continue;
		}
		if (coverage->hook == CORDON_HOOK_NONE)
			faults_add(&status->faults, "interface %s is NOT COVERED: %s",
				   coverage->name, coverage->why);
		else if (coverage->ahead || coverage->place < 0 || coverage->excluded)
			faults_add(&status->faults, "interface %s: %s", coverage->name,
				   coverage->why);
	}
}

static void judge_hooks(struct status *status)
{
	if (!status->session.has_cgroups) {
		faults_add(&status->faults, "%s", status->session.no_cgroups.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(status->hooks); i++) {
		if (!status->hooks[i].there)
			faults_add(&status->faults, "cgroup hook %s is not attached",
				   status->hooks[i].name);
	}
}

/* A daemon attaches them, and they stay. */
bool cmd_status_is_awaited(const struct status *status, const struct cordon_source *source)
{
	return source->due && (status->daemon || source->begun || source->there);
}

static void judge_sources(struct status *status)
{
	for (size_t i = 0; i < status->sources.nr; i++) {
		const struct cordon_source *source = &status->sources.entry[i];

		if (!cmd_status_is_awaited(status, source))
			continue;
		if (!source->there)
			faults_add(
				&status->faults,
				"the log's source %s is not attached: the log is without what it "
				"tells; cordon run puts it right",
				source->name);
		else if (!source->loaded)
			faults_add(
				&status->faults,
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
			faults_add(
				&status->faults,
				"the pin progs/%s is gone: what is attached goes on, but nothing "
				"new can be; cordon apply or cordon run puts it right",
				cordon_program_name(i));
	}
	if (!status->session.programs.loaded)
		faults_add(&status->faults, "the pin maps/build is gone, or another version's: "
					    "cordon apply or cordon run puts it right");
	for (int i = 0; status->view.settings && i < CORDON_TABLE_COUNT; i++) {
		const char *name = cordon_table_name(i);
		const struct cordon_path path =
			cordon_path_pin(status->call->context, "maps", name);

		if (access(path.text, F_OK))
			faults_add(&status->faults,
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
		faults_add(&status->faults, "%s", mistake.text);
}

static void judge_latch(struct status *status)
{
	const struct cordon_latch_view *latch = &status->latch;

	judge_trust(status);
	if (latch->memory == CORDON_LATCH_FORGOTTEN)
		faults_add(&status->faults,
			   "both copies of the latch's file are missing or damaged: what the "
			   "node remembered is lost, the counters of orders, too; after "
			   "cordon run --once this shows the challenge that an order must "
			   "then name");
	if (latch->memory == CORDON_LATCH_HALF)
		faults_add(&status->faults,
			   "one of the two copies of the latch's file is missing or damaged; "
			   "the next change of policy or latch writes it again");
	if (latch->standing.stored_latch > latch->state.level)
		faults_add(&status->faults,
			   "the kernel holds %s, but the disk remembers %s: the seal will not "
			   "outlast a reboot",
			   cordon_latch_name(latch->standing.stored_latch),
			   cordon_latch_name(latch->state.level));
	else if (latch->standing.stored_latch < latch->state.level)
		faults_add(&status->faults,
			   "the node was sealed at %s, but the kernel holds %s: somebody opened it "
			   "without an order; cordon run or any change puts it right",
			   cordon_latch_name(latch->state.level),
			   cordon_latch_name(latch->standing.stored_latch));
}

/* What a trial that lapsed, or a detach that was cut short, left it with. */
static bool keeps_another_list(const struct status *status)
{
	const struct cordon_module_state *state = &status->module.state;

	return status->view.settings && !state->latch &&
	       state->keep.tag != cordon_module_tag(status->view.settings);
}

static void judge_module(struct status *status)
{
	const struct cordon_module_view *module = &status->module;

	if (module->whose == CORDON_MODULE_MUTE)
		faults_add(&status->faults,
			   "the kernel module does not answer: it is sealed and released by no "
			   "order here; install the cordon that it is of, or boot without it");
	if (module->whose != CORDON_MODULE_OURS)
		return;
	/* Where it knows too few keys it takes no seal. */
	if (module->state.latch > status->standing.stored_latch ||
	    (module->state.latch < status->standing.stored_latch &&
	     module->state.flags & CORDON_MODULE_IS_CLOSED))
		faults_add(
			&status->faults,
			"the kernel module holds %s, but the pinned maps %s: the tighter of them "
			"is in force; cordon run or any change puts it right",
			cordon_latch_name(module->state.latch),
			cordon_latch_name(status->standing.stored_latch));
	if (keeps_another_list(status))
		faults_add(&status->faults,
			   "the kernel module has another keep list and watch than the policy in "
			   "force: cordon run or any change puts it right");
}

static void judge_store(struct status *status)
{
	const uint32_t stored = cordon_store_active(status->call->context);

	if (!status->view.settings && stored)
		faults_add(
			&status->faults,
			"the policy of generation %u is on disk, but not in force, nor is its keep "
			"list: cordon run --once puts it into force",
			stored);
}

/* Interfaces and addresses are those of who asks. */
static void judge_namespace(struct status *status)
{
	const struct cordon_settings *settings = status->view.settings;

	if (settings && settings->netns && settings->netns != cordon_probe_netns())
		faults_add(&status->faults,
			   "this is another network namespace than the one that the policy "
			   "was put into force in: its interfaces are not shown here");
}

/* That there is none to be is no fault of this node's. */
static void judge_guard(struct status *status)
{
	const struct cordon_guard_view *guard = &status->guard;
	struct cordon_failure bypass = { .text = "" };

	if (guard->standing == CORDON_GUARD_HALF || guard->standing == CORDON_GUARD_FAILED)
		faults_add(&status->faults, "the guard does not stand: %s; cordon run tries again",
			   guard->why);
	if (guard->full)
		faults_add(&status->faults,
			   "the guard has no room for %llu maps, programs or links of ours",
			   (unsigned long long)guard->full);
	if (cordon_bypass_look(status->call->context, &bypass))
		faults_add(&status->faults, "%s", bypass.text);
}

static void judge_in_force(struct status *status)
{
	judge_namespace(status);
	judge_guard(status);
	judge_pins(status);
	judge_interfaces(status);
	judge_hooks(status);
	judge_sources(status);
	if (status->view.settings && !status->session.image[status->standing.effective & 1])
		faults_add(&status->faults,
			   "the image of generation %u is not on disk: new interfaces "
			   "will belong to no zone, and a boot will load another policy",
			   status->standing.effective);
}

static void judge_log(struct status *status)
{
	struct cordon_failure fault = { .text = "" };

	if (status->daemon && !cordon_log_judge(&status->log, &fault))
		faults_add(&status->faults, "%s", fault.text);
}

void cmd_status_judge(struct status *status)
{
	judge_latch(status);
	judge_module(status);
	judge_store(status);
	judge_log(status);
	if (status->view.settings || status->standing.latch)
		judge_in_force(status);
}

static bool any_covered(const struct status *status)
{
	for (size_t i = 0; i < status->coverage.nr; i++) {
		if (status->coverage.entry[i].hook != CORDON_HOOK_NONE)
			return true;
	}
	return false;
}

bool cmd_status_is_kernel_closed(const struct status *status)
{
	return status->guard.standing == CORDON_GUARD_STANDS &&
	       status->standing.latch >= cordon_guard_closes_from(status->view.settings);
}

bool cmd_status_is_audit(const struct status *status)
{
	return status->view.settings && status->view.settings->flags & CORDON_SETTINGS_AUDIT;
}

/* A machine with no interface but loopback has nothing uncovered. */
int cmd_status_exit(const struct status *status)
{
	/* A sealed node is shut without a policy, and audit mode does not count. */
	if ((!status->view.settings || cmd_status_is_audit(status)) && !status->standing.latch)
		return CORDON_EXIT_NOT_ENFORCING;
	if (!any_covered(status) && status->faults.nr)
		return CORDON_EXIT_NOT_ENFORCING;
	return status->faults.nr ? CORDON_EXIT_DEGRADED : CORDON_EXIT_DONE;
}

const char *cmd_status_state(const struct status *status)
{
	static const char *const names[] = {
		[CORDON_EXIT_DONE] = "enforcing",
		[CORDON_EXIT_DEGRADED] = "degraded",
		[CORDON_EXIT_NOT_ENFORCING] = "not enforcing",
	};

	return names[cmd_status_exit(status)];
}

void cmd_status_judge_unloaded(struct status *status, bool links)
{
	const struct cordon_latch_state *state = &status->latch.state;
	struct cordon_failure no_bpffs = { .text = "" };
	const char *seen = status->call->failure->text;

	if (state->level)
		faults_add(&status->faults,
			   "the node is sealed at %s, by %s (%s), as the disk remembers, but %s %s",
			   cordon_latch_name(state->level), state->by, state->reason,
			   links ? "whether it is shut cannot be seen in" :
				   "it is NOT SHUT: nothing holds it in",
			   status->call->context->bpffs);
	if (cordon_probe_bpffs(status->call->context, &no_bpffs))
		faults_add(&status->faults, "%s", no_bpffs.text);
	else if (links)
		faults_add(&status->faults,
			   "%s, but its links are pinned: their programs go on, unseen; "
			   "cordon apply or cordon run puts it right",
			   seen);
	else if (state->level)
		faults_add(&status->faults, "%s: cordon run --once shuts the node again", seen);
	else
		faults_add(&status->faults,
			   "%s: put a policy into force with cordon apply or cordon run", seen);
}
