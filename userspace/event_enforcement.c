// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is enforced, what was changed about it, and what was tried against us:
 * records of the classes ENFORCEMENT and TAMPER.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <string.h>

#include "event.h"
#include "log_segment.h"
#include "order.h"
#include "util/array.h"
#include "util/hex.h"
#include "util/print.h"

#define CONFIGURATION .kind = "event", .category = "configuration", .subtype = "change"

/* ---- policy, latch, orders ---------------------------------------------------------------- */

static const char *switch_name(uint32_t how)
{
	static const char *const names[] = {
#define SWITCH_NAME(name, text) [CORDON_SWITCH_##name] = text,
		CORDON_SWITCHES(SWITCH_NAME)
#undef SWITCH_NAME
	};

	return how < ARRAY_SIZE(names) ? names[how] : "?";
}

static void policy_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	facts->login_uid = ((const struct cordon_event_policy *)event)->uid;
	facts->outcome = "success";
}

static void policy_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_policy *policy = (const void *)view->record->event;
	char digest[17];

	cordon_hex_format(policy->digest, 8, digest);
	fprintf(file, "policy %s: serial %" PRIu64 ", %s, generation %u after %u",
		switch_name(policy->how), (uint64_t)policy->serial, digest, policy->generation,
		policy->former);
	if (policy->confirm_seconds)
		fprintf(file, ", to be confirmed within %u s", policy->confirm_seconds);
	if (policy->uid != CORDON_EVENT_NOBODY)
		fprintf(file, ", by login uid %u", policy->uid);
}

static void policy_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_policy *policy = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.policy.how", switch_name(policy->how));
	cordon_ecs_hex(ecs, "cordon.policy.digest", policy->digest, sizeof(policy->digest));
	cordon_ecs_number(ecs, "cordon.policy.serial", policy->serial);
	cordon_ecs_number(ecs, "cordon.policy.generation", policy->generation);
	cordon_ecs_number(ecs, "cordon.policy.former", policy->former);
	if (policy->confirm_seconds)
		cordon_ecs_number(ecs, "cordon.policy.confirm_seconds", policy->confirm_seconds);
}

static const char *latch_word(const struct cordon_event_view *view, unsigned int index)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_latch), index);
}

static void latch_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_latch *latch = (const void *)view->record->event;

	if (latch->before == latch->after)
		fprintf(file, "latch is at %s", cordon_latch_name(latch->after));
	else
		fprintf(file, "latch from %s to %s", cordon_latch_name(latch->before),
			cordon_latch_name(latch->after));
	cordon_event_phrase(file, ", by ", latch_word(view, 0));
	cordon_event_phrase(file, ": ", latch_word(view, 1));
}

static void latch_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_latch *latch = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.latch.before", cordon_latch_name(latch->before));
	cordon_ecs_text(ecs, "cordon.latch.after", cordon_latch_name(latch->after));
	cordon_ecs_text(ecs, "cordon.latch.by", latch_word(view, 0));
	cordon_ecs_text(ecs, "event.reason", latch_word(view, 1));
}

static const char *order_word(const struct cordon_event_view *view, unsigned int index)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_order), index);
}

static void order_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_order *order = (const void *)event;

	facts->outcome = order->refused ? "failure" : "success";
}

static void order_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_order *order = (const void *)view->record->event;

	/* Who gave it says which. */
	if (order_word(view, 1)[0])
		cordon_event_phrase(file, "", order_word(view, 1));
	else
		fprintf(file, "order %" PRIu64, (uint64_t)order->counter);
	cordon_event_phrase(file, ", to ", order_word(view, 0));
	fputs(order->refused ? ": refused" : ": carried out", file);
	cordon_event_phrase(file, ", ", order_word(view, 2));
	cordon_event_phrase(file, ": ", order_word(view, 3));
}

static void order_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_order *order = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.order.action", order_word(view, 0));
	cordon_ecs_text(ecs, "cordon.order.by", order_word(view, 1));
	cordon_ecs_hex(ecs, "cordon.order.digest", order->digest, sizeof(order->digest));
	cordon_ecs_number(ecs, "cordon.order.counter", order->counter);
	cordon_ecs_text(ecs, "error.code", order_word(view, 2));
	cordon_ecs_text(ecs, order->refused ? "error.message" : "event.reason",
			order_word(view, 3));
}

/* ---- receipts, evidence ------------------------------------------------------------------- */

static const char *receipt_name(const struct cordon_event_view *view)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_receipt), 0);
}

static void receipt_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_receipt *receipt = (const void *)view->record->event;
	char digest[17];

	cordon_hex_format(receipt->digest, 8, digest);
	cordon_event_phrase(file, "receipt ", receipt_name(view));
	fprintf(file, " kept, %s", digest);
}

static void receipt_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_receipt *receipt = (const void *)view->record->event;

	cordon_ecs_text(ecs, "file.name", receipt_name(view));
	cordon_ecs_hex(ecs, "file.hash.sha256", receipt->digest, sizeof(receipt->digest));
	cordon_ecs_hex(ecs, "cordon.order.digest", receipt->order, sizeof(receipt->order));
}

static const char *evidence_word(const struct cordon_event_view *view, unsigned int index)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_evidence), index);
}

static void evidence_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_evidence *evidence = (const void *)event;

	facts->login_uid = evidence->uid;
	facts->subtype = evidence->files ? "info" : "change";
	facts->outcome = "success";
}

static void evidence_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_evidence *evidence = (const void *)view->record->event;
	char digest[17], size[32];

	cordon_hex_format(evidence->digest, 8, digest);
	print_size(evidence->size, &size);
	if (evidence->files)
		fprintf(file, "evidence captured, %u files, %s, %s", evidence->files, size, digest);
	else
		fprintf(file, "evidence DELETED, %s", size);
	if (evidence->cut)
		fprintf(file, ", %u not whole", evidence->cut);
	cordon_event_phrase(file, ", in ", evidence_word(view, 2));
	cordon_event_phrase(file, ", by ", evidence_word(view, 0));
	if (evidence->uid != CORDON_EVENT_NOBODY)
		fprintf(file, ", by login uid %u", evidence->uid);
	cordon_event_phrase(file, ": ", evidence_word(view, 1));
}

static void evidence_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_evidence *evidence = (const void *)view->record->event;

	cordon_ecs_text(ecs, "file.path", evidence_word(view, 2));
	if (evidence->files)
		cordon_ecs_hex(ecs, "file.hash.sha256", evidence->digest, sizeof(evidence->digest));
	cordon_ecs_number(ecs, "file.size", evidence->size);
	cordon_ecs_number(ecs, "cordon.evidence.files", evidence->files);
	cordon_ecs_number(ecs, "cordon.evidence.cut", evidence->cut);
	cordon_ecs_text(ecs, "cordon.evidence.by", evidence_word(view, 0));
	cordon_ecs_text(ecs, "event.reason", evidence_word(view, 1));
}

/* ---- names -------------------------------------------------------------------------------- */

static const char *names_of(const struct cordon_event_view *view)
{
	const struct cordon_event_names_told *names = (const void *)view->record->event;

	return names->of == CORDON_NAMES_ZONES ? "zones" : "rules";
}

/* Bytes of the names: up to an empty one, which fills the record up, or one without its end. */
static size_t names_size(const struct cordon_event_names_told *names)
{
	size_t size = 0;

	for (unsigned int i = 0;; i++) {
		const char *name = cordon_event_text(&names->event, sizeof(*names), i);

		if (!name[0])
			return size;
		size += strlen(name) + 1;
	}
}

static void names_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_names_told *names = (const void *)view->record->event;
	unsigned int index = 0;
	const char *name;

	fprintf(file, "generation %u has %s, from %u on:", names->generation, names_of(view),
		names->first);
	while ((name = cordon_event_text(&names->event, sizeof(*names), index++))[0])
		cordon_event_name(file, " ", name);
}

static void names_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_names_told *names = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.names.of", names_of(view));
	cordon_ecs_number(ecs, "cordon.names.generation", names->generation);
	cordon_ecs_number(ecs, "cordon.names.first", names->first);
	cordon_ecs_list(ecs, "cordon.names.names", (const char *)(names + 1), names_size(names));
}

/* ---- tampering ---------------------------------------------------------------------------- */

static const char *taken_word(const struct cordon_event_view *view, unsigned int index)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_taken), index);
}

static void taken_text(FILE *file, const struct cordon_event_view *view)
{
	cordon_event_phrase(file, "", taken_word(view, 0));
	cordon_event_phrase(file, " was taken away; ", taken_word(view, 1));
}

static void taken_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_text(ecs, "cordon.taken.what", taken_word(view, 0));
	cordon_ecs_text(ecs, "cordon.taken.became", taken_word(view, 1));
}

static void stray_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_stray *stray = (const void *)view->record->event;

	fprintf(file, "%" PRIu64 " record%s in the ring of %s that Cordon did not make, left out",
		(uint64_t)stray->records, stray->records == 1 ? "" : "s",
		cordon_event_class_name((unsigned int)stray->class));
}

static void stray_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_stray *stray = (const void *)view->record->event;

	cordon_ecs_text(ecs, "cordon.stray.class",
			cordon_event_class_name((unsigned int)stray->class));
	cordon_ecs_number(ecs, "cordon.stray.records", stray->records);
}

const struct cordon_event_shape cordon_event_shapes_enforcement[] = {
	{ CORDON_EVENT_POLICY, sizeof(struct cordon_event_policy), "policy", CONFIGURATION,
	  .facts = policy_facts, .text = policy_text, .fields = policy_fields },
	{ CORDON_EVENT_LATCH, sizeof(struct cordon_event_latch), "latch", CONFIGURATION,
	  .text = latch_text, .fields = latch_fields },
	{ CORDON_EVENT_ORDER, sizeof(struct cordon_event_order), "order", CONFIGURATION,
	  .facts = order_facts, .text = order_text, .fields = order_fields },
	{ CORDON_EVENT_RECEIPT, sizeof(struct cordon_event_receipt), "receipt", "event", "host",
	  "info", .text = receipt_text, .fields = receipt_fields },
	{ CORDON_EVENT_EVIDENCE, sizeof(struct cordon_event_evidence), "evidence", "event", "host",
	  "info", .facts = evidence_facts, .text = evidence_text, .fields = evidence_fields },
	{ CORDON_EVENT_NAMES, sizeof(struct cordon_event_names_told), "names", "event",
	  "configuration", "info", .text = names_text, .fields = names_fields },
	{ CORDON_EVENT_TAKEN, sizeof(struct cordon_event_taken), "tamper", "alert",
	  "intrusion_detection", "info", .text = taken_text, .fields = taken_fields },
	{ CORDON_EVENT_STRAY, sizeof(struct cordon_event_stray), "stray", "alert",
	  "intrusion_detection", "info", .text = stray_text, .fields = stray_fields },
	{ .text = NULL },
};
