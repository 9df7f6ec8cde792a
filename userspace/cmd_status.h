/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cordon status found: collected by cmd_status.c, judged by cmd_status_judge.c, told by
 * cmd_status_text.c and cmd_status_json.c.  Data goes that way alone.
 */
#ifndef CORDON_CMD_STATUS_H
#define CORDON_CMD_STATUS_H

#include "attach_source.h"
#include "command.h"
#include "guard.h"
#include "latch_text.h"
#include "log_text.h"
#include "module_text.h"
#include "session.h"
#include "util/faults.h"

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
	struct faults faults; /* why not all is well */
};

/** cmd_status_zones() - who may be seen on an interface of this class: "wan,lan"; of class 0,
 * "any". */
const char *cmd_status_zones(const struct status *status, uint32_t class, char (*text)[ZONES_TEXT]);
/** cmd_status_counts() - of an interface; zeroes where none are kept. */
const struct cordon_interface_counter *cmd_status_counts(const struct status *status,
							 const struct cordon_coverage *coverage);
/** cmd_status_hook() - by what an interface is covered; cmd_status_mode(): as the policy wants it. */
const char *cmd_status_hook(const struct cordon_coverage *coverage);
const char *cmd_status_mode(uint32_t mode);
/** cmd_status_denials() - what was lost of the ring of denials. */
const struct cordon_losses *cmd_status_denials(const struct status *status);
/** cmd_status_log_budget() - bytes that the log may have on disk. */
uint64_t cmd_status_log_budget(const struct status *status);

/** cmd_status_judge() - adds a fault for each thing that is not as it should be. */
void cmd_status_judge(struct status *status);
/** cmd_status_judge_unloaded() - the same where no maps of ours are, with @links pinned or not. */
void cmd_status_judge_unloaded(struct status *status, bool links);
/** cmd_status_is_awaited() - is a source of the log one that must be there? A daemon attaches them,
 * and they stay. */
bool cmd_status_is_awaited(const struct status *status, const struct cordon_source *source);
bool cmd_status_is_audit(const struct status *status);
/** cmd_status_is_kernel_closed() - nobody but cordon may change it at this level. */
bool cmd_status_is_kernel_closed(const struct status *status);
/** cmd_status_exit() - the exit status, once all is judged; cmd_status_state(): in words. */
int cmd_status_exit(const struct status *status);
const char *cmd_status_state(const struct status *status);

/** cmd_status_text(), cmd_status_json() - all of it on standard output. Return: the exit status. */
int cmd_status_text(const struct status *status);
int cmd_status_json(const struct status *status);

#endif
