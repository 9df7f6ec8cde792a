// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoints by which the kernel tells what processes do.
 */
#include "attach_process.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "attach_source.h"
#include "load.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/cleanup.h"

/* In this order: what is told later is known by what was told before. */
static const struct {
	const char *program;
	const char *pin;
} watchers[CORDON_PROCESS_LINKS] = {
	{ "process_cgroup", "process-cgroup" },	  { "process_fork", "process-fork" },
	{ "process_prepare", "process-prepare" }, { "process_exec", "process-exec" },
	{ "process_exit", "process-exit" },
};

const char *cordon_process_link_pin(unsigned int index)
{
	return watchers[index].pin;
}

/* Before 6.10 there is no such hook. */
static bool is_everywhere(size_t watcher)
{
	return strcmp(watchers[watcher].program, "process_prepare") != 0;
}

static int attach(const struct cordon_context *context, const struct cordon_pinned_links *pins,
		  size_t watcher)
{
	const struct cordon_pinned_link *pin =
		cordon_pinned_link_named(pins, watchers[watcher].pin);
	const int program CLEANUP(close) =
		cordon_source_program(context, watchers[watcher].program);
	int fd CLEANUP(close) = -1;

	if (program == -ESTALE && !is_everywhere(watcher))
		return 0;
	if (program < 0)
		return program;
	if (pin && pin->program == cordon_pin_id(program))
		return 0;
	fd = cordon_tracing_link(program);
	return fd < 0 ? fd : cordon_link_pin(context, watchers[watcher].pin, fd);
}

static int attach_all(const struct cordon_context *context, const void *of,
		      struct cordon_failure *failure)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	int error = cordon_pinned_links_read(context, &pins);

	(void)of;
	for (size_t i = 0; i < ARRAY_SIZE(watchers) && !error; i++)
		error = attach(context, &pins, i);
	return error ? cordon_fail(failure, error, "cannot follow processes: %s",
				   strerror(-error)) :
		       0;
}

int cordon_process_attach(const struct cordon_context *context, struct cordon_failure *failure)
{
	return cordon_source_attach(context, CORDON_WATCHERS_PROCESS, attach_all, NULL, failure);
}

void cordon_process_survey(const struct cordon_source_survey *survey, bool due)
{
	for (size_t i = 0; i < ARRAY_SIZE(watchers); i++) {
		struct cordon_source *added;

		cordon_source_add(survey, watchers[i].pin, watchers[i].program, due, 0);
		added = &survey->sources->entry[survey->sources->nr - 1];
		added->due &= is_everywhere(i) || added->loaded;
	}
}

int cordon_process_detach(const struct cordon_context *context, struct cordon_failure *failure)
{
	int lock CLEANUP(close) = -1;
	int error, first;

	first = cordon_lock_take(context, failure, &lock);
	if (first)
		return first;
	for (size_t i = 0; i < ARRAY_SIZE(watchers); i++) {
		error = cordon_link_unpin(context, watchers[i].pin);
		first = first ? first : error;
	}
	return first ? cordon_fail(failure, first, "processes are still followed: %s",
				   strerror(-first)) :
		       0;
}
