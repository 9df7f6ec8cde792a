// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the log tells of itself: records of the class OWN.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <string.h>

#include "event.h"
#include "log_segment.h"
#include "order.h"
#include "util/hex.h"
#include "util/print.h"

#define HOST .kind = "event", .category = "host"

/* ---- start and stop ----------------------------------------------------------------------- */

static const char *start_release(const struct cordon_event_start *start)
{
	return cordon_event_text(&start->event, sizeof(*start), 0);
}

static const char *start_node(const struct cordon_event_start *start)
{
	return cordon_event_text(&start->event, sizeof(*start), 1);
}

static void start_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	facts->login_uid = ((const struct cordon_event_start *)event)->uid;
}

static void start_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_start *start = (const void *)view->record->event;

	fputs("start", file);
	cordon_event_phrase(file, " on ", start_node(start));
	cordon_event_phrase(file, ", Linux ", start_release(start));
	if (start->uid != CORDON_EVENT_NOBODY)
		fprintf(file, ", by login uid %u", start->uid);
}

static void start_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_start *start = (const void *)view->record->event;

	cordon_ecs_text(ecs, "host.os.kernel", start_release(start));
	cordon_ecs_text(ecs, "host.name", start_node(start));
}

static const char *stop_why(const struct cordon_event_view *view)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_stop), 0);
}

static void stop_text(FILE *file, const struct cordon_event_view *view)
{
	fputs("stop", file);
	cordon_event_phrase(file, ": ", stop_why(view));
}

static void stop_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_text(ecs, "event.reason", stop_why(view));
}

/* ---- what is missing ---------------------------------------------------------------------- */

static void loss_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_loss *loss = (const void *)view->record->event;

	fprintf(file, "lost %" PRIu64 " %s record%s, from %u on, ", (uint64_t)loss->records,
		cordon_event_class_name(loss->class), loss->records == 1 ? "" : "s", loss->first);
	if (loss->cpu == CORDON_EVENT_NO_CPU)
		fputs("as the log could not be written", file);
	else if (loss->cpu == CORDON_LOSS_UNHEARD)
		fputs("or more, as the kernel told more than was read in time", file);
	else
		fprintf(file, "for want of room in the ring of CPU %u", loss->cpu);
}

static void loss_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_loss *loss = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.loss.class", cordon_event_class_name(loss->class));
	cordon_ecs_number(ecs, "cordon.loss.records", loss->records);
	cordon_ecs_number(ecs, "cordon.loss.first", loss->first);
	if (loss->cpu < CORDON_LOSS_UNHEARD)
		cordon_ecs_number(ecs, "cordon.loss.cpu", loss->cpu);
	cordon_ecs_text(ecs, "cordon.loss.why",
			loss->cpu < CORDON_LOSS_UNHEARD	 ? "ring full" :
			loss->cpu == CORDON_LOSS_UNHEARD ? "not read in time" :
							   "not written");
}

static void recovery_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_recovery *found = (const void *)view->record->event;

	fprintf(file,
		"the chain of %s goes on with block %" PRIu64 ", up to %" PRIu64
		" it was on disk: %" PRIu64 " blocks missing, %" PRIu64 " bytes torn, %" PRIu64
		" blocks forged, %" PRIu64 " segments unreadable",
		cordon_event_class_name(found->class), (uint64_t)found->next, (uint64_t)found->kept,
		(uint64_t)found->missing, (uint64_t)found->torn, (uint64_t)found->forged,
		(uint64_t)found->unreadable);
}

static void recovery_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_recovery *found = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.recovery.class", cordon_event_class_name(found->class));
	cordon_ecs_number(ecs, "cordon.recovery.next", found->next);
	cordon_ecs_number(ecs, "cordon.recovery.kept", found->kept);
	cordon_ecs_number(ecs, "cordon.recovery.missing", found->missing);
	cordon_ecs_number(ecs, "cordon.recovery.torn", found->torn);
	cordon_ecs_number(ecs, "cordon.recovery.forged", found->forged);
	cordon_ecs_number(ecs, "cordon.recovery.unreadable", found->unreadable);
}

static void doubt_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_doubt *doubt = (const void *)view->record->event;

	fprintf(file,
		"the disk FAILED to store blocks %" PRIu64 " to before %" PRIu64 " of %s (%s): "
		"what of them is missing or damaged, it lost",
		(uint64_t)doubt->first, (uint64_t)doubt->next,
		cordon_event_class_name(doubt->class), strerror((int)doubt->error));
}

static void doubt_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_doubt *doubt = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.doubt.class", cordon_event_class_name(doubt->class));
	cordon_ecs_number(ecs, "cordon.doubt.first", doubt->first);
	cordon_ecs_number(ecs, "cordon.doubt.next", doubt->next);
	cordon_ecs_number(ecs, "cordon.doubt.error", doubt->error);
}

static void deletion_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_deletion *deletion = (const void *)view->record->event;
	char used[32], limit[32];

	fprintf(file,
		"segment %u of %s deleted, %s of %s were used; blocks %" PRIu64
		" to before %" PRIu64,
		deletion->segment, cordon_event_class_name(deletion->class),
		print_size(deletion->used, &used), print_size(deletion->limit, &limit),
		(uint64_t)deletion->first, (uint64_t)deletion->next);
}

static void deletion_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_deletion *deletion = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.deletion.class", cordon_event_class_name(deletion->class));
	cordon_ecs_number(ecs, "cordon.deletion.segment", deletion->segment);
	cordon_ecs_number(ecs, "cordon.deletion.used", deletion->used);
	cordon_ecs_number(ecs, "cordon.deletion.limit", deletion->limit);
	cordon_ecs_number(ecs, "cordon.deletion.first", deletion->first);
	cordon_ecs_number(ecs, "cordon.deletion.next", deletion->next);
}

/* ---- checkpoints -------------------------------------------------------------------------- */

/* The first after a start is told before the segments are counted. */
static void room_text(FILE *file, uint64_t used, uint64_t limit)
{
	char used_text[32], limit_text[32];

	print_size(limit, &limit_text);
	if (used)
		fprintf(file, ", %s of %s", print_size(used, &used_text), limit_text);
	else
		fprintf(file, ", at most %s", limit_text);
}

static void checkpoint_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_checkpoint *point = (const void *)view->record->event;
	char policy[17];
	uint64_t records = 0, lost = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		records += point->chain[i].records;
		lost += point->chain[i].lost;
	}
	cordon_hex_format(point->policy, 8, policy);
	fprintf(file,
		"checkpoint: latch %s, policy %s, %" PRIu64 " records, %" PRIu64
		" lost since the start",
		cordon_latch_name(point->latch), policy, records, lost);
	room_text(file, point->used, point->limit);
}

struct chain_names {
	const char *blocks, *records, *lost, *digest;
};

static void add_chain(struct cordon_ecs *ecs, const struct cordon_event_checkpoint *point, int i)
{
	static const struct chain_names names[] = {
#define CHAIN(name, text)                                                                          \
	[CORDON_CLASS_##name] = { "cordon.chain." text ".blocks", "cordon.chain." text ".records", \
				  "cordon.chain." text ".lost", "cordon.chain." text ".digest" },
		CORDON_CLASSES(CHAIN)
#undef CHAIN
	};

	cordon_ecs_number(ecs, names[i].blocks, point->chain[i].blocks);
	cordon_ecs_number(ecs, names[i].records, point->chain[i].records);
	cordon_ecs_number(ecs, names[i].lost, point->chain[i].lost);
	cordon_ecs_hex(ecs, names[i].digest, point->chain[i].digest,
		       sizeof(point->chain[i].digest));
}

static void checkpoint_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_checkpoint *point = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.latch.level", cordon_latch_name(point->latch));
	cordon_ecs_hex(ecs, "cordon.policy.digest", point->policy, sizeof(point->policy));
	if (point->used)
		cordon_ecs_number(ecs, "cordon.log.used", point->used);
	cordon_ecs_number(ecs, "cordon.log.limit", point->limit);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		add_chain(ecs, point, i);
}

const struct cordon_event_shape cordon_event_shapes_own[] = {
	{ CORDON_EVENT_START, sizeof(struct cordon_event_start), "log-start", HOST,
	  .subtype = "start", .facts = start_facts, .text = start_text, .fields = start_fields },
	{ CORDON_EVENT_STOP, sizeof(struct cordon_event_stop), "log-stop", HOST, .subtype = "end",
	  .text = stop_text, .fields = stop_fields },
	{ CORDON_EVENT_LOSS, sizeof(struct cordon_event_loss), "log-loss", HOST, .subtype = "info",
	  .text = loss_text, .fields = loss_fields },
	{ CORDON_EVENT_RECOVERY, sizeof(struct cordon_event_recovery), "log-recovery", HOST,
	  .subtype = "info", .text = recovery_text, .fields = recovery_fields },
	{ CORDON_EVENT_DOUBT, sizeof(struct cordon_event_doubt), "log-doubt", HOST,
	  .subtype = "info", .text = doubt_text, .fields = doubt_fields },
	{ CORDON_EVENT_DELETION, sizeof(struct cordon_event_deletion), "log-deletion", HOST,
	  .subtype = "change", .text = deletion_text, .fields = deletion_fields },
	{ CORDON_EVENT_CHECKPOINT, sizeof(struct cordon_event_checkpoint), "log-checkpoint", HOST,
	  .subtype = "info", .text = checkpoint_text, .fields = checkpoint_fields },
	{ .text = NULL },
};
