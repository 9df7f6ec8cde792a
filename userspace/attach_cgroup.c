// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hooks of the cgroup tree, and the watchers that follow cgroups as they come
 * and go.  It must not know of interfaces.
 */
#include "attach.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "util/cleanup.h"

static const struct {
	enum cordon_program program;
	uint32_t type; /* enum bpf_attach_type; TRACE_RAW_TP: a watcher */
	const char *pin;
} cgroup_hooks[CORDON_CGROUP_HOOKS] = {
	{ CORDON_PROGRAM_CGROUP_MKDIR, BPF_TRACE_RAW_TP, "cgroup-mkdir" },
	{ CORDON_PROGRAM_CGROUP_RMDIR, BPF_TRACE_RAW_TP, "cgroup-rmdir" },
	{ CORDON_PROGRAM_CONNECT4, BPF_CGROUP_INET4_CONNECT, "cgroup-connect4" },
	{ CORDON_PROGRAM_CONNECT6, BPF_CGROUP_INET6_CONNECT, "cgroup-connect6" },
	{ CORDON_PROGRAM_SENDMSG4, BPF_CGROUP_UDP4_SENDMSG, "cgroup-sendmsg4" },
	{ CORDON_PROGRAM_SENDMSG6, BPF_CGROUP_UDP6_SENDMSG, "cgroup-sendmsg6" },
	{ CORDON_PROGRAM_BIND4, BPF_CGROUP_INET4_BIND, "cgroup-bind4" },
	{ CORDON_PROGRAM_BIND6, BPF_CGROUP_INET6_BIND, "cgroup-bind6" },
	{ CORDON_PROGRAM_SOCK_CREATE, BPF_CGROUP_INET_SOCK_CREATE, "cgroup-sock_create" },
};

static bool is_watcher(size_t hook)
{
	return cgroup_hooks[hook].type == BPF_TRACE_RAW_TP;
}

static bool hook_is_in_place(const struct cordon_attach *attach,
			     const struct cordon_pinned_link *pin, size_t hook)
{
	return pin && (is_watcher(hook) || pin->cgroup == attach->cgroups->id);
}

static int attach_hook(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		       int cgroup, size_t hook)
{
	const struct cordon_pinned_link *pin =
		cordon_pinned_link_named(pins, cgroup_hooks[hook].pin);
	const enum cordon_program program = cgroup_hooks[hook].program;
	const int program_fd = attach->programs->fd[program];
	int fd CLEANUP(close) = -1;

	/* The kernel refused this one at load; status says so. */
	if (program_fd < 0)
		return 0;
	if (hook_is_in_place(attach, pin, hook)) {
		if (pin->program == attach->programs->id[program])
			return 0;
		if (!is_watcher(hook))
			return cordon_link_replace(attach->context, pin->name, program_fd);
	}
	fd = is_watcher(hook) ? cordon_tracing_link(program_fd) :
				cordon_cgroup_link(program_fd, cgroup, cgroup_hooks[hook].type);
	return fd < 0 ? fd : cordon_link_pin(attach->context, cgroup_hooks[hook].pin, fd);
}

static int tell(const struct cordon_attach *attach, size_t hook, int error,
		struct cordon_failure *failure)
{
	const char *pin = cgroup_hooks[hook].pin, *path = attach->cgroups->path;

	if (error == -EXDEV)
		return cordon_fail(failure, error,
				   "%s stays at its cgroup while the guard stands, and is not "
				   "moved to %s: run this with the daemon's own --cgroup",
				   pin, path);
	return cordon_fail(failure, error, "cannot attach %s to %s: %s", pin, path,
			   strerror(-error));
}

static int attach_hooks(const struct cordon_attach *attach, bool watchers,
			struct cordon_failure *failure)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	int cgroup CLEANUP(close) = -1;
	int error;

	if (!attach->cgroups)
		return 0;
	cgroup = cordon_cgroup_open(attach->cgroups);
	error = cgroup < 0 ? cgroup : cordon_pinned_links_read(attach->context, &pins);
	for (size_t i = 0; i < CORDON_CGROUP_HOOKS && !error; i++) {
		if (is_watcher(i) != watchers)
			continue;
		error = attach_hook(attach, &pins, cgroup, i);
		if (error)
			tell(attach, i, error, failure);
	}
	return error ? cordon_fail(failure, error, "cannot attach to %s: %s", attach->cgroups->path,
				   strerror(-error)) :
		       0;
}

int cordon_attach_watchers(const struct cordon_attach *attach, struct cordon_failure *failure)
{
	return attach_hooks(attach, true, failure);
}

int cordon_attach_cgroups(const struct cordon_attach *attach, struct cordon_failure *failure)
{
	return attach_hooks(attach, false, failure);
}

void cordon_attach_cgroup_survey(const struct cordon_attach *attach,
				 struct cordon_cgroup_hook ret_hooks[CORDON_CGROUP_HOOKS])
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };

	cordon_pinned_links_read(attach->context, &pins);
	for (size_t i = 0; i < CORDON_CGROUP_HOOKS; i++) {
		const struct cordon_pinned_link *pin =
			cordon_pinned_link_named(&pins, cgroup_hooks[i].pin);
		const uint32_t id = attach->programs->id[cgroup_hooks[i].program];

		ret_hooks[i].name = cordon_program_name(cgroup_hooks[i].program);
		ret_hooks[i].there =
			attach->cgroups && pin && hook_is_in_place(attach, pin, i) &&
			(id ? pin->program == id :
			      cordon_program_is_lost(attach->programs, cgroup_hooks[i].program));
	}
}
