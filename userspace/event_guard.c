// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What became of the guard, what was cut under it, and what others tried that it refused.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <sys/socket.h>

#include <cordon/uapi/guard.h>

#include "event.h"
#include "order.h"

/* ---- the guard ---------------------------------------------------------------------------- */

static const struct cordon_event_guard *guard_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_guard *)view->record->event;
}

static const char *guard_change(const struct cordon_event_view *view)
{
	static const char *const names[CORDON_GUARD_CHANGE_COUNT] = {
#define CHANGE_NAME(name, text) [CORDON_GUARD_CHANGE_##name] = text,
		CORDON_GUARD_CHANGES(CHANGE_NAME)
#undef CHANGE_NAME
	};
	const struct cordon_event_guard *guard = guard_of(view);

	return guard->how < CORDON_GUARD_CHANGE_COUNT ? names[guard->how] : "?";
}

static const char *guard_why(const struct cordon_event_view *view)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_guard), 0);
}

static void guard_text(FILE *file, const struct cordon_event_view *view)
{
	fprintf(file, "guard %s", guard_change(view));
	if (guard_of(view)->hooks)
		fprintf(file, ", on %u hooks", guard_of(view)->hooks);
	cordon_event_phrase(file, ": ", guard_why(view));
}

static void guard_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_text(ecs, "cordon.guard.change", guard_change(view));
	cordon_ecs_number(ecs, "cordon.guard.hooks", guard_of(view)->hooks);
	if (guard_why(view)[0])
		cordon_ecs_text(ecs, "cordon.guard.why", guard_why(view));
}

/* ---- what was cut under it ---------------------------------------------------------------- */

static const struct cordon_event_cut *cut_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_cut *)view->record->event;
}

static const char *cut_how(const struct cordon_event_cut *cut)
{
	static const char *const names[CORDON_CUT_COUNT] = {
#define CUT_NAME(name, text) [CORDON_CUT_##name] = text,
		CORDON_CUTS(CUT_NAME)
#undef CUT_NAME
	};

	return cut->how < CORDON_CUT_COUNT ? names[cut->how] : "?";
}

static const char *cut_family(const struct cordon_event_cut *cut)
{
	return cut->family == AF_PACKET ? "AF_PACKET" : cut->family == AF_XDP ? "AF_XDP" : "?";
}

/* Or the module. */
static const char *cut_program(const struct cordon_event_view *view)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_cut), 0);
}

static void cut_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_cut *cut = (const struct cordon_event_cut *)event;

	facts->pid = cut->owner;
	facts->start = cut->start;
	facts->uid = cut->uid;
	facts->name = cut->comm;
	facts->name_size = sizeof(cut->comm);
	facts->outcome = "success";
}

static void cut_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_cut *cut = cut_of(view);

	if (cut->how == CORDON_CUT_MODULE) {
		cordon_event_name(file, "module ", cut_program(view));
		fprintf(file, ": %s", cut_how(cut));
		return;
	}
	if (cut->family)
		fprintf(file, "%s socket of ", cut_family(cut));
	else
		fputs("io_uring, AIO, vhost-net or pktgen of ", file);
	cordon_event_who_text(file, view);
	cordon_event_name(file, ", ", cut_program(view));
	fprintf(file, ": %s", cut_how(cut));
}

static void cut_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_cut *cut = cut_of(view);

	cordon_ecs_text(ecs, "cordon.cut.how", cut_how(cut));
	if (cut->how == CORDON_CUT_MODULE) {
		cordon_ecs_text(ecs, "cordon.cut.module", cut_program(view));
		return;
	}
	if (cut->family) {
		cordon_ecs_text(ecs, "cordon.cut.family", cut_family(cut));
		cordon_ecs_number(ecs, "cordon.cut.inode", cut->inode);
	}
	if (cut_program(view)[0])
		cordon_ecs_text(ecs, "process.executable", cut_program(view));
}

/* ---- what it refused ---------------------------------------------------------------------- */

static const char *tried_act(const struct cordon_event_tried *tried)
{
	static const char *const acts[CORDON_GUARD_ACT_COUNT] = {
#define ACT_TEXT(name, text) [CORDON_GUARD_ACT_##name] = text,
		CORDON_GUARD_ACTS(ACT_TEXT)
#undef ACT_TEXT
	};

	return tried->act < CORDON_GUARD_ACT_COUNT ? acts[tried->act] : "?";
}

static const char *tried_object(const struct cordon_event_tried *tried)
{
	static const char *const objects[CORDON_GUARD_OBJECT_COUNT] = {
#define OBJECT_TEXT(name, text) [CORDON_GUARD_OBJECT_##name] = text,
		CORDON_GUARD_OBJECTS(OBJECT_TEXT)
#undef OBJECT_TEXT
	};

	return tried->object < CORDON_GUARD_OBJECT_COUNT ? objects[tried->object] : "?";
}

static const struct cordon_event_tried *tried_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_tried *)view->record->event;
}

/* Its last byte is a NUL, or the record is nobody's. */
static bool tried_is_whole(const struct cordon_event *event)
{
	const struct cordon_event_tried *tried = (const struct cordon_event_tried *)event;

	return !tried->name[sizeof(tried->name) - 1];
}

/* No hook refuses a probe into a program (guard_probe of bpf/guard_bpf.h). */
static bool is_refused(const struct cordon_event_tried *tried)
{
	return tried->act != CORDON_GUARD_ACT_PROBE || tried->object != CORDON_GUARD_OBJECT_PROGRAM;
}

static void tried_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_tried *tried = (const struct cordon_event_tried *)event;

	facts->start = tried->start;
	facts->uid = tried->uid;
	facts->cgroup = tried->cgroup;
	facts->name = tried->comm;
	facts->name_size = sizeof(tried->comm);
	facts->outcome = is_refused(tried) ? "failure" : "success";
	facts->subtype = is_refused(tried) ? "denied" : "allowed";
}

static const char *detail_name(const struct cordon_event_tried *tried)
{
	switch (tried->act) {
	case CORDON_GUARD_ACT_SIGNAL:
		return "signal";
	case CORDON_GUARD_ACT_LIMIT:
		return "resource";
	default:
		return "family";
	}
}

static const char *tried_outcome(const struct cordon_event_tried *tried)
{
	return is_refused(tried) ? "refused" : "who runs it is cordon no more";
}

static void tried_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_tried *tried = tried_of(view);

	cordon_event_who_text(file, view);
	fprintf(file, " tried to %s %s %s", tried_act(tried),
		tried->object >= CORDON_GUARD_OBJECT_DEVICE ? "the" : "cordon's",
		tried_object(tried));
	cordon_event_name(file, " ", tried->name);
	if (tried->number)
		fprintf(file, " (%" PRIu64 ")", (uint64_t)tried->number);
	if (tried->detail)
		fprintf(file, ", %s %u", detail_name(tried), tried->detail);
	fprintf(file, " at %s: %s", cordon_latch_name(tried->latch), tried_outcome(tried));
	if (tried->folded)
		fprintf(file, ", after %" PRIu64 " more", (uint64_t)tried->folded);
}

static void tried_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_tried *tried = tried_of(view);

	cordon_ecs_text(ecs, "cordon.tried.act", tried_act(tried));
	cordon_ecs_text(ecs, "cordon.tried.object", tried_object(tried));
	if (tried->name[0])
		cordon_ecs_text(ecs, "cordon.tried.name", tried->name);
	cordon_ecs_number(ecs, "cordon.tried.number", tried->number);
	cordon_ecs_number(ecs, "cordon.tried.detail", tried->detail);
	cordon_ecs_number(ecs, "cordon.tried.folded", tried->folded);
	cordon_ecs_text(ecs, "cordon.latch.level", cordon_latch_name(tried->latch));
}

const struct cordon_event_shape cordon_event_shapes_guard[] = {
	{ CORDON_EVENT_GUARD, sizeof(struct cordon_event_guard), "guard", "event", "configuration",
	  "change", .text = guard_text, .fields = guard_fields },
	{ CORDON_EVENT_CUT, sizeof(struct cordon_event_cut), "cut", "event", "network", "end",
	  .facts = cut_facts, .text = cut_text, .fields = cut_fields },
	{ CORDON_EVENT_TRIED, sizeof(struct cordon_event_tried), "tried", "alert",
	  "intrusion_detection", "denied", .is_whole = tried_is_whole, .facts = tried_facts,
	  .text = tried_text, .fields = tried_fields },
	{ .text = NULL },
};
