// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoints by which the kernel tells what processes do.
 */
#include "attach_process.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "attach_link.h"
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

static int attach(const struct cordon_context *context, const struct cordon_pinned_links *pins,
		  size_t watcher)
{
	const struct cordon_path path =
		cordon_path_pin(context, "progs", watchers[watcher].program);
	const struct cordon_pinned_link *pin =
		cordon_pinned_link_named(pins, watchers[watcher].pin);
	const int program CLEANUP(close) = bpf_obj_get(path.text);
	int fd CLEANUP(close) = -1;

	/* Before 6.10 there is no such hook. */
	if (program == -ENOENT && !strcmp(watchers[watcher].program, "process_prepare"))
		return 0;
	if (program < 0)
		return program;
	if (pin && pin->program == cordon_pin_id(program))
		return 0;
	fd = cordon_tracing_link(program);
	return fd < 0 ? fd : cordon_link_pin(context, watchers[watcher].pin, fd);
}

static int attach_all(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	int error = cordon_pinned_links_read(context, &pins);

	for (size_t i = 0; i < ARRAY_SIZE(watchers) && !error; i++)
		error = attach(context, &pins, i);
	return error ? cordon_fail(failure, error, "cannot follow processes: %s",
				   strerror(-error)) :
		       0;
}

int cordon_process_attach(const struct cordon_context *context, struct cordon_failure *failure)
{
	int lock CLEANUP(close) = -1;
	int error;

	error = cordon_lock_take(context, failure, &lock);
	if (!error)
		error = cordon_load_process(context, failure);
	return error ? error : attach_all(context, failure);
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
