// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs on the kernel's own configuration; see attach_config.h.
 */
#include "attach_config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "attach_source.h"
#include "cgroup.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/cleanup.h"

/* @tracepoint: NULL: it is attached to the cgroup */
static const struct {
	const char *program;
	const char *pin;
	const char *tracepoint;
} watchers[] = {
	{ "config_parameter", "config-parameter", NULL },
	{ "config_module_load", "config-module-load", "module_load" },
	{ "config_module_free", "config-module-free", "module_free" },
};

static bool is_in_place(const struct cordon_pinned_link *pin, int program,
			const struct cordon_cgroup_root *cgroups, size_t watcher)
{
	return pin && pin->program == cordon_pin_id(program) &&
	       (watchers[watcher].tracepoint || pin->cgroup == cgroups->id);
}

static int make_link(const struct cordon_cgroup_root *cgroups, int program, size_t watcher)
{
	int cgroup CLEANUP(close) = -1;

	if (watchers[watcher].tracepoint)
		return cordon_tracepoint_link(program, watchers[watcher].tracepoint);
	cgroup = cordon_cgroup_open(cgroups);
	return cgroup < 0 ? cgroup : cordon_cgroup_link(program, cgroup, BPF_CGROUP_SYSCTL);
}

static int attach(const struct cordon_context *context, const struct cordon_cgroup_root *cgroups,
		  const struct cordon_pinned_links *pins, size_t watcher)
{
	const int program CLEANUP(close) =
		cordon_source_program(context, watchers[watcher].program);
	int fd CLEANUP(close) = -1;

	if (program < 0)
		return program;
	if (is_in_place(cordon_pinned_link_named(pins, watchers[watcher].pin), program, cgroups,
			watcher))
		return 0;
	fd = make_link(cgroups, program, watcher);
	/* A kernel without modules has no such tracepoint. */
	if (fd == -ENOENT && watchers[watcher].tracepoint)
		return 0;
	return fd < 0 ? fd : cordon_link_pin(context, watchers[watcher].pin, fd);
}

static int attach_all(const struct cordon_context *context, const void *of,
		      struct cordon_failure *failure)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	struct cordon_cgroup_root cgroups;
	int error = cordon_cgroup_find(context, failure, &cgroups);

	(void)of;
	if (error)
		return error;
	error = cordon_pinned_links_read(context, &pins);
	for (size_t i = 0; i < ARRAY_SIZE(watchers) && !error; i++) {
		error = attach(context, &cgroups, &pins, i);
		if (error)
			cordon_fail(failure, error, "cannot attach %s: %s", watchers[i].pin,
				    strerror(-error));
	}
	return error;
}

int cordon_config_attach(const struct cordon_context *context, struct cordon_failure *failure)
{
	return cordon_source_attach(context, CORDON_WATCHERS_CONFIG, attach_all, NULL, failure);
}

/* Only a kernel that can load modules has the file, and the tracepoints. */
void cordon_config_survey(const struct cordon_source_survey *survey)
{
	const bool modules = !access("/proc/modules", F_OK);
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_cgroup_root cgroups;
	const bool any = !cordon_cgroup_find(survey->context, &unsaid, &cgroups);

	for (size_t i = 0; i < ARRAY_SIZE(watchers); i++) {
		const bool kernel = watchers[i].tracepoint;

		cordon_source_add(survey, watchers[i].pin, watchers[i].program,
				  any && (!kernel || modules), kernel || !any ? 0 : cgroups.id);
	}
}
