// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was enforced, what was changed about it, and what was tried against us:
 * records of the classes ENFORCEMENT and TAMPER.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include <cordon/uapi/record.h>

#include "denial_text.h"
#include "event.h"
#include "order.h"
#include "util/array.h"
#include "util/hex.h"
#include "util/print.h"

#define CONFIGURATION .kind = "event", .category = "configuration", .subtype = "change"

/* ---- denials ------------------------------------------------------------------------------ */

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

	denial.folded = event->folded;
	cordon_denial_line(file, view->live, view->path, &denial, event->packets);
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

/* The end on this machine of a call that was refused has no address yet. */
static void add_address(struct cordon_ecs *ecs, const char *name,
			const struct cordon_address *address)
{
	static const struct cordon_address none;
	char text[64];

	if (memcmp(address, &none, sizeof(none)) != 0)
		cordon_ecs_format(ecs, name, "%s", print_address(address->bytes, &text));
}

static void add_network(struct cordon_ecs *ecs, const struct cordon_denial *denial)
{
	static const char *const directions[] = { "ingress", "egress", "egress", "egress",
						  "ingress" };
	char protocol[16];

	cordon_ecs_format(ecs, "network.transport", "%s",
			  print_protocol(denial->key.protocol, &protocol));
	cordon_ecs_format(ecs, "network.iana_number", "%u", denial->key.protocol);
	if (denial->key.direction < ARRAY_SIZE(directions))
		cordon_ecs_text(ecs, "network.direction", directions[denial->key.direction]);
	add_address(ecs, "source.ip", &denial->source);
	add_address(ecs, "destination.ip", &denial->destination);
	if (!has_ports(denial->key.protocol))
		return;
	if (denial->source_port)
		cordon_ecs_number(ecs, "source.port", denial->source_port);
	if (denial->destination_port)
		cordon_ecs_number(ecs, "destination.port", denial->destination_port);
}

static void add_ends(struct cordon_ecs *ecs, const struct cordon_live *live,
		     const struct cordon_denial *denial)
{
	const struct cordon_denial_key *key = &denial->key;
	const bool in = key->direction == CORDON_DIRECTION_IN;
	char number[24];

	cordon_ecs_format(ecs, "cordon.denial.from", "%s",
			  cordon_denial_identity(live, denial, key->from, &number));
	cordon_ecs_format(ecs, "cordon.denial.to", "%s",
			  cordon_denial_identity(live, denial, key->to, &number));
	if (!key->ifindex)
		return;
	cordon_ecs_format(ecs,
			  in ? "observer.ingress.interface.id" : "observer.egress.interface.id",
			  "%u", key->ifindex);
	if (live)
		cordon_ecs_format(ecs,
				  in ? "observer.ingress.interface.name" :
				       "observer.egress.interface.name",
				  "%s", cordon_denial_interface(live, key->ifindex, &number));
}

static void denial_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_denial *event = (const void *)view->record->event;
	const struct cordon_denial *denial = &event->denial;
	char service[CORDON_SERVICE_TEXT_SIZE];

	cordon_ecs_text(ecs, "event.reason", cordon_reason_name(denial->key.reason));
	add_network(ecs, denial);
	add_ends(ecs, view->live, denial);
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

	fprintf(file, "order %" PRIu64, (uint64_t)order->counter);
	cordon_event_phrase(file, " to ", order_word(view, 0));
	cordon_event_phrase(file, " by ", order_word(view, 1));
	fputs(order->refused ? " refused" : " carried out", file);
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
	facts->login_uid = ((const struct cordon_event_evidence *)event)->uid;
	facts->outcome = "success";
}

static void evidence_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_evidence *evidence = (const void *)view->record->event;
	char digest[17], size[32];

	cordon_hex_format(evidence->digest, 8, digest);
	fprintf(file, "evidence captured, %u files, %s, %s", evidence->files,
		print_size(evidence->size, &size), digest);
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
	cordon_ecs_hex(ecs, "file.hash.sha256", evidence->digest, sizeof(evidence->digest));
	cordon_ecs_number(ecs, "file.size", evidence->size);
	cordon_ecs_number(ecs, "cordon.evidence.files", evidence->files);
	cordon_ecs_number(ecs, "cordon.evidence.cut", evidence->cut);
	cordon_ecs_text(ecs, "cordon.evidence.by", evidence_word(view, 0));
	cordon_ecs_text(ecs, "event.reason", evidence_word(view, 1));
}

/* ---- tampering ---------------------------------------------------------------------------- */

static const char *taken_word(const struct cordon_event_view *view, unsigned int index)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_taken), index);
}

static void taken_text(FILE *file, const struct cordon_event_view *view)
{
	cordon_event_phrase(file, "tamper: ", taken_word(view, 0));
	cordon_event_phrase(file, ": ", taken_word(view, 1));
}

static void taken_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_text(ecs, "cordon.taken.what", taken_word(view, 0));
	cordon_ecs_text(ecs, "cordon.taken.became", taken_word(view, 1));
}

#define DENIAL(TYPE, ACTION)                                                                       \
	{                                                                                          \
		TYPE, sizeof(struct cordon_event_denial), ACTION, "event", "network", "denied",    \
			.facts = denial_facts, .text = denial_text, .fields = denial_fields        \
	}

const struct cordon_event_shape cordon_event_shapes_enforcement[] = {
	DENIAL(CORDON_EVENT_DENIAL, "denial"),
	DENIAL(CORDON_EVENT_DENIAL_SUM, "denial-sum"),
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
	{ CORDON_EVENT_TAKEN, sizeof(struct cordon_event_taken), "tamper", "alert",
	  "intrusion_detection", "info", .text = taken_text, .fields = taken_fields },
	{ .text = NULL },
};
