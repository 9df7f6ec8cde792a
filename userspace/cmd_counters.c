// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon counters: packets and bytes by rule, and denied by reason.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/reason.h>

#include "command.h"
#include "denial_text.h"
#include "live.h"
#include "load.h"
#include "util/cleanup.h"
#include "util/print.h"

struct counts {
	struct cordon_counter rule[CORDON_RULE_SLOTS];
	struct cordon_counter reason[CORDON_REASON_COUNT];
	struct cordon_rule_use use;
};

static int read_counts(const struct cordon_live *live, struct counts *counts)
{
	int error;

	error = cordon_counters_read(&live->maps, CORDON_MAP_COUNTERS, CORDON_RULE_SLOTS,
				     counts->rule);
	if (!error)
		error = cordon_counters_read(&live->maps, CORDON_MAP_REASONS, CORDON_REASON_COUNT,
					     counts->reason);
	if (!error)
		error = cordon_rules_used(&live->maps, live->standing.effective, &counts->use);
	return error;
}

static bool is_shown(const struct counts *counts, uint32_t slot)
{
	/* Replies to what only audit mode let through: of no interest where it never was. */
	if (slot == CORDON_BUILTIN_NONE)
		return counts->rule[slot].packets;
	if (slot < CORDON_RULE_SLOT_FIRST)
		return counts->rule[slot].name[0];
	return counts->use.open[slot] || counts->use.keep[slot];
}

static void print_text(const struct cordon_live *live, const struct counts *counts)
{
	static const char *const rule_titles[] = { "RULE", ">PACKETS", ">BYTES", "FROM",
						   "TO",   "SERVICES", NULL };
	static const char *const reason_titles[] = { "DENIED", ">PACKETS", ">BYTES", NULL };
	struct table table = { 0 };

	table_head(&table, rule_titles);
	for (uint32_t i = 0; i < CORDON_RULE_SLOTS; i++) {
		const struct cordon_rule *rule = &live->maps.rules[i];

		if (!is_shown(counts, i))
			continue;
		table_cell(&table, "%s%s", counts->use.keep[i] ? "keep: " : "", rule->name);
		table_cell(&table, "%llu", (unsigned long long)counts->rule[i].packets);
		table_cell(&table, "%llu", (unsigned long long)counts->rule[i].bytes);
		table_cell(&table, "%s", rule->from);
		table_cell(&table, "%s", rule->to);
		table_cell(&table, "%s", rule->services);
	}
	table_print(&table, stdout);
	putchar('\n');
	table_head(&table, reason_titles);
	for (uint32_t i = CORDON_REASON_NONE + 1; i < CORDON_REASON_COUNT; i++) {
		if (!counts->reason[i].packets)
			continue;
		table_cell(&table, "%s", counts->reason[i].name);
		table_cell(&table, "%llu", (unsigned long long)counts->reason[i].packets);
		table_cell(&table, "%llu", (unsigned long long)counts->reason[i].bytes);
	}
	table_print(&table, stdout);
}

static void json_count(struct json *json, const struct cordon_counter *counter)
{
	json_string(json, "name", counter->name);
	json_number(json, "packets", counter->packets);
	json_number(json, "bytes", counter->bytes);
}

static void print_json(const struct cordon_live *live, const struct counts *counts)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_array(&json, "rules");
	for (uint32_t i = 0; i < CORDON_RULE_SLOTS; i++) {
		if (!is_shown(counts, i))
			continue;
		json_object(&json, NULL);
		json_count(&json, &counts->rule[i]);
		json_string(&json, "from", live->maps.rules[i].from);
		json_string(&json, "to", live->maps.rules[i].to);
		json_string(&json, "services", live->maps.rules[i].services);
		json_bool(&json, "keep", counts->use.keep[i]);
		json_bool(&json, "builtin", i < CORDON_RULE_SLOT_FIRST);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_array(&json, "denied");
	for (uint32_t i = CORDON_REASON_NONE + 1; i < CORDON_REASON_COUNT; i++) {
		json_object(&json, NULL);
		json_count(&json, &counts->reason[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
}

static int by_packets(const void *a, const void *b)
{
	const struct cordon_denial *x = a, *y = b;

	return x->packets < y->packets ? 1 : -(x->packets > y->packets);
}

static void merge(struct cordon_denial *sum, const struct cordon_denial *part)
{
	sum->packets += part->packets;
	sum->bytes += part->bytes;
	sum->folded += part->folded;
	if (part->first < sum->first)
		sum->first = part->first;
	if (part->last > sum->last)
		sum->last = part->last;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cordon_denial_key));
}

/* The same denial may stand in the slots of several CPUs. */
static size_t aggregate(struct cordon_denial *denials, size_t nr)
{
	static const struct cordon_denial_key none;
	size_t used = 0;

	qsort(denials, nr, sizeof(*denials), by_key);
	for (size_t i = 0; i < nr; i++) {
		if (!memcmp(&denials[i].key, &none, sizeof(none)))
			continue;
		if (used && !by_key(&denials[used - 1], &denials[i]))
			merge(&denials[used - 1], &denials[i]);
		else
			denials[used++] = denials[i];
	}
	qsort(denials, used, sizeof(*denials), by_packets);
	return used;
}

static int print_denials(const struct cordon_call *call, const struct cordon_live *live)
{
	const size_t all = (size_t)CORDON_DENIAL_SLOTS * live->maps.cpus;
	struct cordon_denial *denials CLEANUP(free) = calloc(all, sizeof(*denials));
	size_t nr;
	int error;

	error = denials ? cordon_denials_read(&live->maps, denials) : -ENOMEM;
	if (error)
		return error;
	nr = aggregate(denials, all);
	for (size_t i = 0; i < nr; i++) {
		if (call->context->json)
			cordon_denial_json(stdout, live, &denials[i], denials[i].packets);
		else
			cordon_denial_text(stdout, live, &denials[i], denials[i].packets);
	}
	return 0;
}

static int print_counts(const struct cordon_call *call, const struct cordon_live *live)
{
	struct counts *counts CLEANUP(free) = calloc(1, sizeof(*counts));
	int error;

	error = counts ? read_counts(live, counts) : -ENOMEM;
	if (error)
		return error;
	if (call->context->json)
		print_json(live, counts);
	else
		print_text(live, counts);
	return 0;
}

int cordon_cmd_counters(const struct cordon_call *call)
{
	struct cordon_live live CLEANUP(live) = cordon_live_none();
	bool denials = false;
	const struct cordon_flag flags[] = { { "--denials", &denials, NULL },
					     { NULL, NULL, NULL } };
	int error;

	if (cordon_call_flags(call, flags, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_live_open(call, &live);
	if (!error)
		error = denials ? print_denials(call, &live) : print_counts(call, &live);
	if (error)
		return cordon_fail(call->failure, error, "cannot read the counters: %s",
				   strerror(-error));
	return CORDON_EXIT_DONE;
}
