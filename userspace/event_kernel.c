// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is changed in the kernel: parameters, modules and BPF programs, records of
 * the class CONFIG.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <string.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "util/array.h"
#include "util/hex.h"
#include "util/print.h"

#define ENDS(text) (memchr(text, '\0', sizeof(text)) != NULL)

static void add_doer(struct cordon_event_facts *facts, const struct cordon_doer *doer)
{
	facts->start = doer->start;
	facts->uid = doer->uid;
	facts->euid = doer->euid;
	facts->login_uid = doer->login_uid;
	facts->name = doer->name;
	facts->name_size = sizeof(doer->name);
}

static void by_text(FILE *file, const struct cordon_event_view *view)
{
	fputs(", by ", file);
	cordon_event_who_text(file, view);
}

/* ---- parameters -------------------------------------------------------------------------- */

static const struct cordon_event_parameter *parameter_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_parameter *)view->record->event;
}

static bool parameter_is_whole(const struct cordon_event *event)
{
	const struct cordon_event_parameter *parameter =
		(const struct cordon_event_parameter *)event;

	return ENDS(parameter->name) && ENDS(parameter->before) && ENDS(parameter->after);
}

static void parameter_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	add_doer(facts, &((const struct cordon_event_parameter *)event)->doer);
}

/* What is read and written ends in a new line. */
static size_t value_size(const char *value)
{
	const size_t length = strlen(value);

	return length && value[length - 1] == '\n' ? length - 1 : length;
}

static void value_text(FILE *file, const char *before, const char *value, bool cut)
{
	fputs(before, file);
	print_clean(file, value, value_size(value));
	fputs(cut ? "...\"" : "\"", file);
}

static void parameter_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_parameter *parameter = parameter_of(view);
	const uint16_t flags = parameter->event.flags;

	cordon_event_phrase(file, "parameter ", parameter->name);
	value_text(file, " set to \"", parameter->after, flags & CORDON_PARAMETER_AFTER_CUT);
	value_text(file, ", was \"", parameter->before, flags & CORDON_PARAMETER_BEFORE_CUT);
	by_text(file, view);
}

static void parameter_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_parameter *parameter = parameter_of(view);

	cordon_ecs_text(ecs, "cordon.parameter.name", parameter->name);
	cordon_ecs_format(ecs, "cordon.parameter.before", "%.*s",
			  (int)value_size(parameter->before), parameter->before);
	cordon_ecs_format(ecs, "cordon.parameter.after", "%.*s", (int)value_size(parameter->after),
			  parameter->after);
	if (parameter->event.flags)
		cordon_ecs_flag(ecs, "cordon.parameter.cut", true);
}

/* ---- modules ----------------------------------------------------------------------------- */

static const struct {
	unsigned int bit;
	const char *text;
} taints[] = {
	{ 0, "proprietary" },  { 1, "forced" },	   { 10, "staging" },
	{ 12, "out-of-tree" }, { 13, "unsigned" }, { 15, "livepatch" },
};

static const struct cordon_event_module *module_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_module *)view->record->event;
}

static bool module_is_whole(const struct cordon_event *event)
{
	return ENDS(((const struct cordon_event_module *)event)->name);
}

static void module_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_module *module = (const struct cordon_event_module *)event;

	add_doer(facts, &module->doer);
	facts->action = module->unloaded ? "module-unloaded" : "module-loaded";
	facts->subtype = module->unloaded ? "end" : "start";
}

static void module_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_module *module = module_of(view);

	cordon_event_phrase(file, "module ", module->name);
	fputs(module->unloaded ? " unloaded" : " loaded", file);
	for (size_t i = 0; i < ARRAY_SIZE(taints); i++) {
		if (module->taints >> taints[i].bit & 1)
			fprintf(file, ", %s", taints[i].text);
	}
	by_text(file, view);
}

static void module_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_module *module = module_of(view);
	char words[96];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(taints); i++) {
		if (module->taints >> taints[i].bit & 1)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s",
						 taints[i].text) +
				1;
	}
	cordon_ecs_text(ecs, "cordon.module.name", module->name);
	cordon_ecs_words(ecs, "cordon.module.taints", words, used);
}

/* ---- BPF programs ------------------------------------------------------------------------- */

/* Of struct cordon_event_program. */
enum program_text {
	PROGRAM_TYPE,
	PROGRAM_NAME
};

static const struct cordon_event_program *program_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_program *)view->record->event;
}

static const char *program_word(const struct cordon_event_view *view, enum program_text text)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_program), text);
}

static void program_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_program *program = (const struct cordon_event_program *)event;

	facts->action = program->unloaded ? "bpf-program-unloaded" : "bpf-program-loaded";
	facts->subtype = program->unloaded ? "end" : "start";
}

static void program_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_program *program = program_of(view);
	char tag[2 * sizeof(program->tag) + 1];

	cordon_hex_format(program->tag, sizeof(program->tag), tag);
	fprintf(file, "BPF program %u %s", program->id, program->unloaded ? "unloaded" : "loaded");
	cordon_event_phrase(file, ", ", program_word(view, PROGRAM_TYPE));
	cordon_event_phrase(file, " ", program_word(view, PROGRAM_NAME));
	fprintf(file, ", tag %s%s", tag, program->ours ? ", one of cordon's" : "");
	if (program->event.pid)
		by_text(file, view);
}

static void program_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_program *program = program_of(view);

	cordon_ecs_number(ecs, "cordon.bpf.id", program->id);
	cordon_ecs_hex(ecs, "cordon.bpf.tag", program->tag, sizeof(program->tag));
	cordon_ecs_text(ecs, "cordon.bpf.type", program_word(view, PROGRAM_TYPE));
	cordon_ecs_text(ecs, "cordon.bpf.name", program_word(view, PROGRAM_NAME));
	cordon_ecs_flag(ecs, "cordon.bpf.ours", program->ours);
}

const struct cordon_event_shape cordon_event_shapes_kernel[] = {
	{ CORDON_EVENT_PARAMETER, sizeof(struct cordon_event_parameter), "parameter", "event",
	  "configuration", "change", .is_whole = parameter_is_whole, .facts = parameter_facts,
	  .text = parameter_text, .fields = parameter_fields },
	{ CORDON_EVENT_MODULE, sizeof(struct cordon_event_module), "module-loaded", "event",
	  "driver", "start", .is_whole = module_is_whole, .facts = module_facts,
	  .text = module_text, .fields = module_fields },
	{ CORDON_EVENT_PROGRAM, sizeof(struct cordon_event_program), "bpf-program-loaded", "event",
	  "driver", "start", .facts = program_facts, .text = program_text,
	  .fields = program_fields },
	{ .text = NULL },
};
