// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was not let through: records of the class DENIAL.
 */
#include "event_shape.h"

#include <cordon/uapi/record.h>

#include "denial_text.h"
#include "event_ends.h"
#include "order.h"

static void denial_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_denial *denial = &((const struct cordon_event_denial *)event)->denial;

	facts->pid = denial->pid;
	facts->uid = denial->pid ? denial->uid : CORDON_EVENT_NOBODY;
	facts->cgroup = denial->key.cgroup;
	facts->name = denial->comm[0] ? denial->comm : NULL;
	facts->name_size = sizeof(denial->comm);
	facts->reason = denial->key.reason;
	facts->subtype = denial->key.audit ? "allowed" : "denied";
	facts->outcome = denial->key.audit ? "success" : "failure";
}

static void denial_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_denial *event = (const void *)view->record->event;
	struct cordon_denial denial = event->denial;
	const struct cordon_denial_key *key = &denial.key;
	char from[24], to[24], interface[24];
	const struct cordon_denial_words words = {
		.from = cordon_event_zone(view, key->generation, key->from, &from),
		.to = cordon_event_zone(view, key->generation, key->to, &to),
		.interface = cordon_event_interface(view, key->ifindex, &interface),
		.path = view->path,
	};

	denial.folded = event->folded;
	cordon_denial_line(file, &words, &denial, event->packets);
}

static void add_ends(struct cordon_ecs *ecs, const struct cordon_event_view *view,
		     const struct cordon_denial *denial)
{
	const struct cordon_denial_key *key = &denial->key;
	const struct cordon_event_ends ends = {
		.source = &denial->source,
		.destination = &denial->destination,
		.source_port = denial->source_port,
		.destination_port = denial->destination_port,
		.protocol = key->protocol,
		.direction = key->direction,
	};
	char number[24];

	cordon_event_ends_fields(ecs, &ends);
	cordon_ecs_format(ecs, "cordon.denial.from", "%s",
			  cordon_event_zone(view, key->generation, key->from, &number));
	cordon_ecs_format(ecs, "cordon.denial.to", "%s",
			  cordon_event_zone(view, key->generation, key->to, &number));
	if (key->ifindex)
		cordon_event_interface_fields(ecs, view, key->direction == CORDON_DIRECTION_IN,
					      key->ifindex);
}

static void denial_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_denial *event = (const void *)view->record->event;
	const struct cordon_denial *denial = &event->denial;
	char service[CORDON_SERVICE_TEXT_SIZE];

	cordon_ecs_text(ecs, "event.reason", cordon_reason_name(denial->key.reason));
	add_ends(ecs, view, denial);
	cordon_ecs_number(ecs, "network.packets", event->packets);
	cordon_ecs_text(ecs, "cordon.denial.direction",
			cordon_direction_name(denial->key.direction));
	cordon_ecs_format(ecs, "cordon.denial.service", "%s",
			  cordon_denial_service(denial, &service));
	cordon_ecs_flag(ecs, "cordon.denial.audit", denial->key.audit);
	cordon_ecs_text(ecs, "cordon.denial.latch", cordon_latch_name(denial->key.latch));
	cordon_ecs_number(ecs, "cordon.denial.generation", denial->key.generation);
	cordon_ecs_number(ecs, "cordon.denial.folded", event->folded);
}

#define DENIAL(TYPE, ACTION)                                                                       \
	{                                                                                          \
		TYPE, sizeof(struct cordon_event_denial), ACTION, "event", "network", "denied",    \
			.facts = denial_facts, .text = denial_text, .fields = denial_fields        \
	}

const struct cordon_event_shape cordon_event_shapes_denial[] = {
	DENIAL(CORDON_EVENT_DENIAL, "denial"),
	DENIAL(CORDON_EVENT_DENIAL_SUM, "denial-sum"),
	{ .text = NULL },
};
