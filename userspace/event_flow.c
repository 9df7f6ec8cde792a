// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections: records of the class FLOW.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <stdio.h>

#include <cordon/uapi/connection.h>

#include "denial_text.h"
#include "event_cgroup.h"
#include "event_ends.h"
#include "event_time.h"
#include "util/array.h"
#include "util/print.h"

#define NETWORK .kind = "event", .category = "network"

static const struct cordon_flow_note *note_of(const struct cordon_event_view *view)
{
	return &((const struct cordon_event_flow *)view->record->event)->note;
}

static const char *end_name(uint16_t why)
{
	static const char *const names[] = {
#define END_NAME(name, text) [CORDON_FLOW_##name] = text,
		CORDON_FLOW_ENDS(END_NAME)
#undef END_NAME
	};

	return why < ARRAY_SIZE(names) ? names[why] : "?";
}

static uint64_t duration_of(const struct cordon_flow_note *note)
{
	return note->last > note->start ? note->last - note->start : 0;
}

static void flow_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_flow_note *note = &((const struct cordon_event_flow *)event)->note;
	const struct cordon_owner *owner = &note->owner;

	facts->pid = owner->pid;
	facts->uid = owner->pid ? owner->uid : CORDON_EVENT_NOBODY;
	facts->cgroup = owner->cgroup;
	facts->name = owner->comm[0] ? owner->comm : NULL;
	facts->name_size = sizeof(owner->comm);
	facts->rule = note->rule;
	facts->generation = note->generation;
}

/* ---- text --------------------------------------------------------------------------------- */

static const char *rule_name(const struct cordon_event_view *view, char (*buffer)[24])
{
	return cordon_event_rule(view, note_of(view)->generation, note_of(view)->rule, buffer);
}

static const char *identity_name(const struct cordon_event_view *view, uint16_t identity,
				 char (*buffer)[24])
{
	return cordon_event_zone(view, note_of(view)->generation, identity, buffer);
}

static void print_ends(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_flow_note *note = note_of(view);
	char protocol[16], source[80], destination[80], from[24], to[24];

	fprintf(file, "%s %s (%s) -> %s (%s)", print_protocol(note->protocol, &protocol),
		cordon_event_end_text(note->protocol, &note->source, note->source_port, &source),
		identity_name(view, note->from, &from),
		cordon_event_end_text(note->protocol, &note->destination, note->destination_port,
				      &destination),
		identity_name(view, note->to, &to));
}

static void print_whose(FILE *file, const struct cordon_event_view *view)
{
	char rule[24];

	fprintf(file, ", rule %s", rule_name(view, &rule));
	if (!view->facts.pid)
		return;
	fputs(", by ", file);
	cordon_event_who_text(file, view);
}

static void open_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_flow_note *note = note_of(view);

	print_ends(file, view);
	fprintf(file, " opened %s%s", cordon_direction_name(note->direction),
		note->flags & CORDON_FLOW_EARLIER ? ", earlier than this" : "");
	print_whose(file, view);
}

static void close_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_flow_note *note = note_of(view);
	char sent[32], answered[32];
	struct cordon_event_time span;

	print_ends(file, view);
	fprintf(file, " closed %s, %s after %s, %s sent, %s answered",
		cordon_direction_name(note->direction), end_name(view->record->event->flags),
		cordon_event_span_text(duration_of(note), &span),
		print_size(note->bytes[CORDON_FLOW_SENT], &sent),
		print_size(note->bytes[CORDON_FLOW_ANSWERED], &answered));
	print_whose(file, view);
}

/* ---- fields ------------------------------------------------------------------------------- */

static void add_names(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_flow_note *note = note_of(view);
	char text[24];

	cordon_ecs_format(ecs, "rule.name", "%s", rule_name(view, &text));
	cordon_ecs_format(ecs, "cordon.flow.from", "%s", identity_name(view, note->from, &text));
	cordon_ecs_format(ecs, "cordon.flow.to", "%s", identity_name(view, note->to, &text));
	cordon_ecs_text(ecs, "cordon.flow.direction", cordon_direction_name(note->direction));
	cordon_ecs_number(ecs, "cordon.flow.generation", note->generation);
	cordon_ecs_number(ecs, "cordon.flow.id", note->start);
	cordon_ecs_flag(ecs, "cordon.flow.earlier", note->flags & CORDON_FLOW_EARLIER);
}

static void flow_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_flow_note *note = note_of(view);
	const struct cordon_event_ends ends = {
		.source = &note->source,
		.destination = &note->destination,
		.source_port = note->source_port,
		.destination_port = note->destination_port,
		.protocol = note->protocol,
		.direction = note->direction,
	};

	cordon_event_ends_fields(ecs, &ends);
	add_names(ecs, view);
	cordon_event_interface_fields(ecs, view, note->direction != CORDON_DIRECTION_OUT,
				      note->ifindex);
}

/* On the wall, of a moment before the record's. */
static int64_t wall_of(const struct cordon_event_view *view, uint64_t monotonic)
{
	return (int64_t)((uint64_t)view->record->wall - (view->record->event->time - monotonic));
}

static void close_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_flow_note *note = note_of(view);

	flow_fields(ecs, view);
	cordon_ecs_text(ecs, "event.reason", end_name(view->record->event->flags));
	cordon_ecs_time(ecs, "event.start", wall_of(view, note->start));
	cordon_ecs_time(ecs, "event.end", wall_of(view, note->last));
	cordon_ecs_number(ecs, "event.duration", duration_of(note));
	cordon_ecs_number(ecs, "source.bytes", note->bytes[CORDON_FLOW_SENT]);
	cordon_ecs_number(ecs, "source.packets", note->packets[CORDON_FLOW_SENT]);
	cordon_ecs_number(ecs, "destination.bytes", note->bytes[CORDON_FLOW_ANSWERED]);
	cordon_ecs_number(ecs, "destination.packets", note->packets[CORDON_FLOW_ANSWERED]);
	cordon_ecs_number(ecs, "network.bytes", note->bytes[0] + note->bytes[1]);
	cordon_ecs_number(ecs, "network.packets", note->packets[0] + note->packets[1]);
}

/* ---- listening sockets -------------------------------------------------------------------- */

static const struct cordon_event_listen *listen_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_listen *)view->record->event;
}

static void listen_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_listen *listen = (const struct cordon_event_listen *)event;
	const struct cordon_owner *owner = &listen->owner;

	facts->start = listen->start;
	facts->uid = owner->uid;
	facts->cgroup = owner->cgroup;
	facts->name = owner->comm[0] ? owner->comm : NULL;
	facts->name_size = sizeof(owner->comm);
	facts->subtype = listen->how == CORDON_LISTEN_FOUND ? "info" :
			 listen->how == CORDON_LISTEN_ENDED ? "end" :
							      "start";
}

static const char *listen_name(uint8_t how)
{
	static const char *const names[] = {
#define LISTEN_NAME(name, text) [CORDON_LISTEN_##name] = text,
		CORDON_LISTENS(LISTEN_NAME)
#undef LISTEN_NAME
	};

	return how < ARRAY_SIZE(names) ? names[how] : "?";
}

static void listen_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_listen *listen = listen_of(view);
	const char *unit;
	char protocol[16], end[80];
	size_t size;

	fprintf(file, "%s %s %s", print_protocol(listen->protocol, &protocol),
		cordon_event_end_text(listen->protocol, &listen->address, listen->port, &end),
		listen_name(listen->how));
	if (view->facts.pid) {
		fputs(", by ", file);
		cordon_event_who_text(file, view);
		return;
	}
	fprintf(file, ", uid %u", view->facts.uid);
	unit = cordon_event_cgroup_unit(view->path, &size);
	if (!unit)
		return;
	fputs(" in ", file);
	print_clean(file, unit, size);
}

static void listen_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	static const struct cordon_address none;
	const struct cordon_event_listen *listen = listen_of(view);
	const struct cordon_event_ends ends = {
		.source = &none,
		.destination = &listen->address,
		.destination_port = listen->port,
		.protocol = listen->protocol,
		.direction = CORDON_DIRECTION_IN,
	};

	cordon_event_ends_fields(ecs, &ends);
	cordon_ecs_text(ecs, "cordon.listen", listen_name(listen->how));
}

const struct cordon_event_shape cordon_event_shapes_flow[] = {
	{ CORDON_EVENT_FLOW_OPEN, sizeof(struct cordon_event_flow), "flow-open", NETWORK,
	  .subtype = "start", .facts = flow_facts, .text = open_text, .fields = flow_fields },
	{ CORDON_EVENT_FLOW_CLOSE, sizeof(struct cordon_event_flow), "flow-close", NETWORK,
	  .subtype = "end", .facts = flow_facts, .text = close_text, .fields = close_fields },
	{ CORDON_EVENT_LISTEN, sizeof(struct cordon_event_listen), "listen", NETWORK,
	  .subtype = "start", .facts = listen_facts, .text = listen_text, .fields = listen_fields },
	{ .text = NULL },
};
