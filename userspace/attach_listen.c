// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoint by which the kernel tells which sockets of TCP listen.
 */
#include "attach_listen.h"

#include <string.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "attach_source.h"
#include "load_pin.h"
#include "util/cleanup.h"

#define PIN "listen-state"
#define PROGRAM "listen_state"

static int attach_link(const struct cordon_context *context)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	const int program CLEANUP(close) = cordon_source_program(context, PROGRAM);
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

static int attach(const struct cordon_context *context, const void *of,
		  struct cordon_failure *failure)
{
	const int error = attach_link(context);

	(void)of;
	return error ? cordon_fail(failure, error, "cannot follow listening sockets: %s",
				   strerror(-error)) :
		       0;
}

int cordon_listen_attach(const struct cordon_context *context, struct cordon_failure *failure)
{
	return cordon_source_attach(context, CORDON_WATCHERS_LISTEN, attach, NULL, failure);
}

void cordon_listen_survey(const struct cordon_source_survey *survey)
{
	cordon_source_add(survey, PIN, PROGRAM, true, 0);
}
