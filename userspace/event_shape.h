/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each type of record says, in a line for people and in fields for
 * programs.  A type is an entry in one of the tables at the end: another one is
 * another entry, and nothing else.  Whatever a process can have put into a
 * record is cleaned before it reaches a terminal.
 */
#ifndef CORDON_EVENT_SHAPE_H
#define CORDON_EVENT_SHAPE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ecs.h"
#include "event_past.h"
#include "events.h"
#include "live.h"

#define CORDON_EVENT_NOBODY (~0U)

/**
 * struct cordon_event_facts - who did it: what filters ask, and every type has
 * @pid: 0: nobody; @start: 0: not told
 * @parent: 0: not told
 * @uid, @euid, @login_uid: NOBODY: not told
 * @cgroup: 0: not told
 * @name: of the program, cut at @name_size bytes or its NUL; NULL: not told
 * @action: what was done, if the type alone does not say it
 * @subtype: ECS event.type, if the type alone does not say it
 * @outcome: ECS event.outcome, "success" or "failure"; NULL: it has none
 * @reason: of a denial, 0: it is none
 * @generation, @rule: the rule that let it through, and of which generation; 0: none did
 */
struct cordon_event_facts {
	uint32_t pid;
	uint32_t parent;
	uint64_t start;
	uint64_t parent_start;
	uint32_t uid;
	uint32_t euid;
	uint32_t login_uid;
	uint64_t cgroup;
	const char *name;
	size_t name_size;
	const char *action;
	const char *subtype;
	const char *outcome;
	uint16_t reason;
	uint16_t rule;
	uint32_t generation;
};

/**
 * struct cordon_event_view - a record with all that is known about it
 * @past: what came before it
 * @live: names of the generation in force; NULL: the log is another machine's
 *	or boot's, or nothing is in force
 * @path: of its cgroup, "": not known
 */
struct cordon_event_view {
	const struct cordon_events_record *record;
	const struct cordon_event_shape *shape;
	const struct cordon_event_past *past;
	const struct cordon_live *live;
	struct cordon_event_facts facts;
	char path[PATH_MAX];
};

/**
 * struct cordon_event_shape - a type of records
 * @size: of its struct
 * @action: ECS event.action; a word for people
 * @kind, @category, @subtype: ECS event.kind, event.category, event.type
 * @is_whole: more than @size to look at, or NULL
 * @facts: or NULL: the event's own pid is all
 * @text: what follows time and class in a line, without its end
 * @fields: those that its facts are not
 */
struct cordon_event_shape {
	uint16_t type;
	uint16_t size;
	const char *action;
	const char *kind;
	const char *category;
	const char *subtype;
	bool (*is_whole)(const struct cordon_event *event);
	void (*facts)(const struct cordon_event *event, struct cordon_event_facts *facts);
	void (*text)(FILE *file, const struct cordon_event_view *view);
	void (*fields)(struct cordon_ecs *ecs, const struct cordon_event_view *view);
};

/** cordon_event_shape_of() - Return: NULL: the record is malformed */
const struct cordon_event_shape *cordon_event_shape_of(const struct cordon_event *event);

/** cordon_event_view_of() - @past has taken the record, and learns what @live knows */
void cordon_event_view_of(const struct cordon_events_record *record,
			  const struct cordon_event_shape *shape, struct cordon_event_past *past,
			  const struct cordon_live *live, struct cordon_event_view *ret_view);

/** cordon_event_view_text() - one line */
void cordon_event_view_text(FILE *file, const struct cordon_event_view *view);

/** cordon_event_view_json() - one object and a newline */
void cordon_event_view_json(FILE *file, const struct cordon_event_view *view);

/** struct cordon_event_boot - a boot id as the kernel writes it */
struct cordon_event_boot {
	char text[37];
};
struct cordon_event_boot cordon_event_boot_text(const uint8_t *boot_id);

/* For the tables. */

/** cordon_event_phrase() - a text of a record, cleaned, with something before it; none if it is "" */
void cordon_event_phrase(FILE *file, const char *before, const char *text);

/** cordon_event_name() - the same of a name that anybody may have chosen; see print_name() */
void cordon_event_name(FILE *file, const char *before, const char *name);

/** cordon_event_who_text() - "sshd[123] uid 0 in ssh.service", as far as it is known */
void cordon_event_who_text(FILE *file, const struct cordon_event_view *view);

/** cordon_event_entity() - a field that names a process once and for all */
void cordon_event_entity(struct cordon_ecs *ecs, const char *name,
			 const struct cordon_event_view *view, uint32_t pid, uint64_t start);

/** cordon_event_boottime() - a field that is a time of CLOCK_BOOTTIME */
void cordon_event_boottime(struct cordon_ecs *ecs, const char *name,
			   const struct cordon_event_view *view, uint64_t boottime);

/* The tables; an entry without a text ends them. */
extern const struct cordon_event_shape cordon_event_shapes_own[];
extern const struct cordon_event_shape cordon_event_shapes_enforcement[];
extern const struct cordon_event_shape cordon_event_shapes_guard[];
extern const struct cordon_event_shape cordon_event_shapes_backstop[];
extern const struct cordon_event_shape cordon_event_shapes_auth[];
extern const struct cordon_event_shape cordon_event_shapes_denial[];
extern const struct cordon_event_shape cordon_event_shapes_config[];
extern const struct cordon_event_shape cordon_event_shapes_network[];
extern const struct cordon_event_shape cordon_event_shapes_flow[];
extern const struct cordon_event_shape cordon_event_shapes_kernel[];
extern const struct cordon_event_shape cordon_event_shapes_machine[];
extern const struct cordon_event_shape cordon_event_shapes_process[];

#endif
