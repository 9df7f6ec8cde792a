// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a command did, told in the ring; see tell.h.
 */
#include "tell.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "event.h"
#include "load.h"
#include "load_pin.h"
#include "recorder.h"
#include "util/cleanup.h"
#include "util/login.h"

int cordon_tell(const struct cordon_context *context, const struct cordon_event *event)
{
	const int fd CLEANUP(close) = cordon_pin_open(context, CORDON_PIN_PROGS,
						      cordon_program_name(CORDON_PROGRAM_TELL));
	uint8_t told[CORDON_EVENT_MAX] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = told, .ctx_size_in = sizeof(told));
	int error;

	if (fd < 0)
		return fd;
	memcpy(told, event, event->size);
	error = bpf_prog_test_run_opts(fd, &run);
	if (error)
		return error;
	return run.retval ? -ENOBUFS : 0;
}

/* With no daemon to read it denials may have filled the ring: then there is room for this. */
static int tell(const struct cordon_context *context, union cordon_event_room *room)
{
	const struct cordon_event *event = cordon_event_end(room);
	const int error = cordon_tell(context, event);

	if (error != -ENOBUFS)
		return error;
	cordon_recorder_flush(context);
	return cordon_tell(context, event);
}

void cordon_tell_latch(const struct cordon_context *context, uint32_t before, uint32_t after,
		       const char *by, const char *reason)
{
	union cordon_event_room room;
	struct cordon_event_latch *latch =
		cordon_event_begin(&room, CORDON_EVENT_LATCH, sizeof(*latch));

	latch->before = before;
	latch->after = after;
	cordon_event_add(&room, by);
	cordon_event_add(&room, reason);
	tell(context, &room);
}

void cordon_tell_policy(const struct cordon_context *context,
			const struct cordon_event_policy *policy)
{
	union cordon_event_room room;
	struct cordon_event_policy *told =
		cordon_event_begin(&room, CORDON_EVENT_POLICY, sizeof(*told));
	const struct cordon_event head = told->event;

	*told = *policy;
	told->event = head;
	told->uid = cordon_login_uid();
	tell(context, &room);
}

void cordon_tell_order(const struct cordon_context *context, const struct cordon_event_order *order,
		       const char *action, const char *by, const char *refusal, const char *why)
{
	union cordon_event_room room;
	struct cordon_event_order *told =
		cordon_event_begin(&room, CORDON_EVENT_ORDER, sizeof(*told));
	const struct cordon_event head = told->event;

	*told = *order;
	told->event = head;
	cordon_event_add(&room, action);
	cordon_event_add(&room, by);
	cordon_event_add(&room, refusal);
	cordon_event_add(&room, why);
	tell(context, &room);
}

void cordon_tell_receipt(const struct cordon_context *context,
			 const struct cordon_event_receipt *receipt, const char *name)
{
	union cordon_event_room room;
	struct cordon_event_receipt *told =
		cordon_event_begin(&room, CORDON_EVENT_RECEIPT, sizeof(*told));
	const struct cordon_event head = told->event;

	*told = *receipt;
	told->event = head;
	cordon_event_add(&room, name);
	tell(context, &room);
}

int cordon_tell_evidence(const struct cordon_context *context,
			 const struct cordon_event_evidence *evidence, const char *path,
			 const char *by, const char *reason)
{
	union cordon_event_room room;
	struct cordon_event_evidence *told =
		cordon_event_begin(&room, CORDON_EVENT_EVIDENCE, sizeof(*told));
	const struct cordon_event head = told->event;

	*told = *evidence;
	told->event = head;
	told->uid = cordon_login_uid();
	cordon_event_add(&room, by);
	cordon_event_add(&room, reason);
	cordon_event_add(&room, path);
	return tell(context, &room);
}
