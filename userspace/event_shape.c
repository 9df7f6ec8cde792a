// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all types of records have in common; see event_shape.h.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <string.h>

#include "event_cgroup.h"
#include "event_time.h"
#include "log_segment.h"
#include "util/hex.h"
#include "util/array.h"
#include "util/print.h"

/* ---- a type that this version does not know ----------------------------------------------- */

static void unknown_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event *event = view->record->event;

	fprintf(file, "type %#x, %u bytes, not known to this version", event->type, event->size);
}

static void unknown_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_number(ecs, "cordon.size", view->record->event->size);
}

static const struct cordon_event_shape unknown = {
	.size = sizeof(struct cordon_event),
	.action = "unknown",
	.kind = "event",
	.category = "host",
	.subtype = "info",
	.text = unknown_text,
	.fields = unknown_fields,
};

/* ---- which type --------------------------------------------------------------------------- */

static const struct cordon_event_shape *find_in(const struct cordon_event_shape *table,
						uint16_t type)
{
	for (; table->text; table++) {
		if (table->type == type)
			return table;
	}
	return NULL;
}

const struct cordon_event_shape *cordon_event_shape_of(const struct cordon_event *event)
{
	const struct cordon_event_shape *const tables[] = {
		cordon_event_shapes_own,     cordon_event_shapes_enforcement,
		cordon_event_shapes_guard,   cordon_event_shapes_auth,
		cordon_event_shapes_denial,  cordon_event_shapes_config,
		cordon_event_shapes_network, cordon_event_shapes_kernel,
		cordon_event_shapes_machine, cordon_event_shapes_flow,
		cordon_event_shapes_process, cordon_event_shapes_backstop,
	};
	const struct cordon_event_shape *shape = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(tables) && !shape; i++)
		shape = find_in(tables[i], event->type);
	if (!shape)
		return &unknown;
	if (event->size < shape->size || (shape->is_whole && !shape->is_whole(event)))
		return NULL;
	return shape;
}

/* ---- who ---------------------------------------------------------------------------------- */

/* What the record itself does not tell of its process. */
static void add_past(struct cordon_event_facts *facts, const struct cordon_event_past *past)
{
	const struct cordon_event_process *process =
		facts->start ? cordon_event_past_process(past, facts->pid, facts->start) : NULL;

	if (!process || !process->has_program)
		return;
	if (!facts->name) {
		facts->name = process->name;
		facts->name_size = sizeof(process->name);
	}
	if (facts->uid == CORDON_EVENT_NOBODY) {
		facts->uid = process->uid;
		facts->euid = process->euid;
		facts->login_uid = process->login_uid;
	}
	if (!facts->cgroup)
		facts->cgroup = process->cgroup;
	if (!facts->parent)
		facts->parent = process->parent;
}

/* The kernel is asked once: many records are of few cgroups. */
static const char *ask_path(struct cordon_event_past *past, const struct cordon_live *live,
			    uint64_t cgroup)
{
	char path[PATH_MAX];

	if (!cgroup || !live || !live->has_cgroups)
		return NULL;
	if (cordon_cgroup_path(&live->cgroups, cgroup, &path))
		path[0] = '\0';
	cordon_event_past_learn(past, cgroup, path);
	return cordon_event_past_cgroup(past, cgroup);
}

static void find_path(struct cordon_event_view *view, struct cordon_event_past *past)
{
	const char *path = cordon_event_past_cgroup(past, view->facts.cgroup);

	if (!path)
		path = ask_path(past, view->live, view->facts.cgroup);
	snprintf(view->path, sizeof(view->path), "%s", path ? path : "");
}

void cordon_event_view_of(const struct cordon_events_record *record,
			  const struct cordon_event_shape *shape, struct cordon_event_past *past,
			  const struct cordon_live *live, struct cordon_event_view *ret_view)
{
	ret_view->record = record;
	ret_view->shape = shape;
	ret_view->past = past;
	ret_view->live = live;
	ret_view->facts = (struct cordon_event_facts){
		.pid = record->event->pid,
		.uid = CORDON_EVENT_NOBODY,
		.euid = CORDON_EVENT_NOBODY,
		.login_uid = CORDON_EVENT_NOBODY,
	};
	if (shape->facts)
		shape->facts(record->event, &ret_view->facts);
	add_past(&ret_view->facts, past);
	find_path(ret_view, past);
}

/* ---- text --------------------------------------------------------------------------------- */

void cordon_event_view_text(FILE *file, const struct cordon_event_view *view)
{
	struct cordon_event_time time;

	fprintf(file, "%s %-11s ", cordon_event_time_text(view->record->wall, &time),
		cordon_event_class_name(view->record->class));
	view->shape->text(file, view);
	fputc('\n', file);
}

void cordon_event_phrase(FILE *file, const char *before, const char *text)
{
	if (!text[0])
		return;
	fputs(before, file);
	print_clean(file, text, strlen(text));
}

void cordon_event_name(FILE *file, const char *before, const char *name)
{
	if (!name[0])
		return;
	fputs(before, file);
	print_name(file, name, strlen(name));
}

void cordon_event_who_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_facts *facts = &view->facts;
	size_t size;
	const char *unit = cordon_event_cgroup_unit(view->path, &size);

	if (facts->name)
		print_name(file, facts->name, facts->name_size);
	fprintf(file, "[%u]", facts->pid);
	if (facts->uid != CORDON_EVENT_NOBODY)
		fprintf(file, " uid %u", facts->uid);
	if (facts->euid != CORDON_EVENT_NOBODY && facts->euid != facts->uid)
		fprintf(file, " as %u", facts->euid);
	if (unit) {
		fputs(" in ", file);
		print_name(file, unit, size);
	}
}

/* ---- fields ------------------------------------------------------------------------------- */

struct cordon_event_boot cordon_event_boot_text(const uint8_t *boot_id)
{
	static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
	struct cordon_event_boot boot;
	char *at = boot.text;

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		cordon_hex_format(boot_id, groups[i], at);
		boot_id += groups[i];
		at += 2 * groups[i];
		*at++ = '-';
	}
	at[-1] = '\0';
	return boot;
}

void cordon_event_entity(struct cordon_ecs *ecs, const char *name,
			 const struct cordon_event_view *view, uint32_t pid, uint64_t start)
{
	cordon_ecs_format(ecs, name, "%s-%u-%" PRIu64,
			  cordon_event_boot_text(view->record->boot_id).text, pid, start);
}

void cordon_event_boottime(struct cordon_ecs *ecs, const char *name,
			   const struct cordon_event_view *view, uint64_t boottime)
{
	const uint64_t ago =
		cordon_event_past_boottime(view->past, view->record->event->time) - boottime;

	cordon_ecs_time(ecs, name, (int64_t)((uint64_t)view->record->wall - ago));
}

static void add_id(struct cordon_ecs *ecs, const char *name, uint32_t id)
{
	if (id != CORDON_EVENT_NOBODY)
		cordon_ecs_format(ecs, name, "%u", id);
}

static void add_process(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_facts *facts = &view->facts;

	if (facts->pid)
		cordon_ecs_number(ecs, "process.pid", facts->pid);
	if (facts->parent)
		cordon_ecs_number(ecs, "process.parent.pid", facts->parent);
	if (facts->name)
		cordon_ecs_format(ecs, "process.name", "%.*s", (int)facts->name_size, facts->name);
	if (facts->start) {
		cordon_event_entity(ecs, "process.entity_id", view, facts->pid, facts->start);
		cordon_event_boottime(ecs, "process.start", view, facts->start);
	}
	if (facts->parent_start)
		cordon_event_entity(ecs, "process.parent.entity_id", view, facts->parent,
				    facts->parent_start);
	add_id(ecs, "user.id", facts->uid);
	add_id(ecs, "user.effective.id", facts->euid);
	add_id(ecs, "cordon.login.id", facts->login_uid);
}

static void add_cgroup(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	size_t size;
	const char *unit = cordon_event_cgroup_unit(view->path, &size);
	const char *container = cordon_event_cgroup_container(view->path);

	if (view->facts.cgroup)
		cordon_ecs_number(ecs, "cordon.cgroup.id", view->facts.cgroup);
	cordon_ecs_text(ecs, "cordon.cgroup.path", view->path);
	if (unit)
		cordon_ecs_format(ecs, "cordon.unit", "%.*s", (int)size, unit);
	if (container)
		cordon_ecs_format(ecs, "container.id", "%.*s", CORDON_CONTAINER_DIGITS, container);
}

static void add_event(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_shape *shape = view->shape;
	const char *class = cordon_event_class_name(view->record->class);
	const char *subtype = view->facts.subtype ? view->facts.subtype : shape->subtype;

	cordon_ecs_text(ecs, "event.kind", shape->kind);
	cordon_ecs_list(ecs, "event.category", shape->category, strlen(shape->category) + 1);
	cordon_ecs_list(ecs, "event.type", subtype, strlen(subtype) + 1);
	cordon_ecs_text(ecs, "event.action",
			view->facts.action ? view->facts.action : shape->action);
	cordon_ecs_format(ecs, "event.code", "%#06x", view->record->event->type);
	cordon_ecs_text(ecs, "event.outcome", view->facts.outcome);
	cordon_ecs_number(ecs, "event.sequence", view->record->event->sequence);
	cordon_ecs_text(ecs, "event.module", "cordon");
	cordon_ecs_format(ecs, "event.dataset", "cordon.%s", class);
	cordon_ecs_text(ecs, "cordon.class", class);
}

void cordon_event_view_json(FILE *file, const struct cordon_event_view *view)
{
	struct cordon_ecs ecs = { .nr = 0 };

	cordon_ecs_time(&ecs, "@timestamp", view->record->wall);
	cordon_ecs_text(&ecs, "ecs.version", CORDON_ECS_VERSION);
	cordon_ecs_format(&ecs, "host.boot.id", "%s",
			  cordon_event_boot_text(view->record->boot_id).text);
	cordon_ecs_number(&ecs, "cordon.monotonic", view->record->event->time);
	if (view->record->event->cpu != CORDON_EVENT_NO_CPU)
		cordon_ecs_number(&ecs, "cordon.cpu", view->record->event->cpu);
	add_event(&ecs, view);
	add_process(&ecs, view);
	add_cgroup(&ecs, view);
	view->shape->fields(&ecs, view);
	cordon_ecs_write(&ecs, file);
}
