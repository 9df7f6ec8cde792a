// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoint by which the kernel tells which sockets of TCP listen.
 */
#include "attach_listen.h"

#include <string.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "load.h"
#include "load_pin.h"
#include "util/cleanup.h"

#define PIN "listen-state"

static int attach(const struct cordon_context *context)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	const struct cordon_path path = cordon_path_pin(context, "progs", "listen_state");
	const int program CLEANUP(close) = bpf_obj_get(path.text);
	const struct cordon_pinned_link *pin;
	int fd CLEANUP(close) = -1;
	int error;

	if (program < 0)
		return program;
	error = cordon_pinned_links_read(context, &pins);
	if (error)
		return error;
	pin = cordon_pinned_link_named(&pins, PIN);
	if (pin && pin->program == cordon_pin_id(program))
		return 0;
	fd = cordon_tracing_link(program);
	return fd < 0 ? fd : cordon_link_pin(context, PIN, fd);
}

int cordon_listen_attach(const struct cordon_context *context, struct cordon_failure *failure)
{
	int lock CLEANUP(close) = -1;
	int error;

	error = cordon_lock_take(context, failure, &lock);
	if (!error)
		error = cordon_load_listen(context, failure);
	if (error)
		return error;
	error = attach(context);
	return error ? cordon_fail(failure, error, "cannot follow listening sockets: %s",
				   strerror(-error)) :
		       0;
}
