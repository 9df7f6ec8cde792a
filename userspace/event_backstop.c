// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel module did by itself or was asked for, and what it would not do.
 */
#include "event_shape.h"

#include <string.h>

#include <cordon/uapi/module.h>

#include "event.h"
#include "order.h"

static const struct cordon_event_backstop *backstop_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_backstop *)view->record->event;
}

static const char *news_name(const struct cordon_event_backstop *backstop)
{
	static const char *const names[CORDON_MODULE_NEWS_COUNT] = {
#define NEWS_NAME(name, text) [CORDON_MODULE_NEWS_##name] = text,
		CORDON_MODULE_NEWS(NEWS_NAME)
#undef NEWS_NAME
	};

	return backstop->news < CORDON_MODULE_NEWS_COUNT ? names[backstop->news] : "?";
}

static void backstop_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_backstop *backstop = (const void *)event;

	facts->name = backstop->comm;
	facts->name_size = sizeof(backstop->comm);
	facts->outcome = backstop->error ? "failure" : "success";
}

static void backstop_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_backstop *backstop = backstop_of(view);

	fprintf(file, "the kernel module %s", news_name(backstop));
	if (backstop->silent)
		fprintf(file, " for %u s", backstop->silent);
	if (backstop->before != backstop->after)
		fprintf(file, ": latch from %s to %s", cordon_latch_name(backstop->before),
			cordon_latch_name(backstop->after));
	else
		fprintf(file, ": latch is at %s", cordon_latch_name(backstop->after));
	if (backstop->error)
		fprintf(file, ", %s", strerror((int)backstop->error));
	if (view->record->event->pid) {
		fputs(", asked by ", file);
		cordon_event_who_text(file, view);
	}
}

static void backstop_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_backstop *backstop = backstop_of(view);

	cordon_ecs_text(ecs, "cordon.backstop.news", news_name(backstop));
	cordon_ecs_text(ecs, "cordon.latch.before", cordon_latch_name(backstop->before));
	cordon_ecs_text(ecs, "cordon.latch.after", cordon_latch_name(backstop->after));
	if (backstop->error)
		cordon_ecs_text(ecs, "error.message", strerror((int)backstop->error));
	if (backstop->silent)
		cordon_ecs_number(ecs, "cordon.backstop.silent", backstop->silent);
}

const struct cordon_event_shape cordon_event_shapes_backstop[] = {
	{ CORDON_EVENT_BACKSTOP, sizeof(struct cordon_event_backstop), "backstop", "event",
	  "configuration", "change", .facts = backstop_facts, .text = backstop_text,
	  .fields = backstop_fields },
	{ CORDON_EVENT_BACKSTOP_ALARM, sizeof(struct cordon_event_backstop), "backstop-alarm",
	  "alert", "intrusion_detection", "info", .facts = backstop_facts, .text = backstop_text,
	  .fields = backstop_fields },
	{ .text = NULL },
};
