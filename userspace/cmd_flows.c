// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon flows: what is let through without asking the rules again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "live.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/print.h"

static const char *state_name(uint8_t state)
{
	static const char *const names[] = { "new", "established", "closing", "closed" };

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

static bool has_ports(uint8_t protocol)
{
	return protocol != CORDON_FLOW_FRAGMENT && protocol != 1 && protocol != 58;
}

static void end_text(const struct cordon_address *address, uint16_t port, bool ports,
		     char (*text)[80])
{
	char plain[64];

	print_address(address->bytes, &plain);
	if (!ports)
		snprintf(*text, sizeof(*text), "%s", plain);
	else
		snprintf(*text, sizeof(*text), strchr(plain, ':') ? "[%s]:%u" : "%s:%u", plain,
			 port);
}

static int by_ends(const void *a, const void *b)
{
	const struct cordon_flow_live *x = a, *y = b;
	int order = x->flow.protocol - y->flow.protocol;

	if (!order)
		order = memcmp(&x->flow.source, &y->flow.source, sizeof(x->flow.source));
	if (!order)
		order = memcmp(&x->flow.destination, &y->flow.destination,
			       sizeof(x->flow.destination));
	if (!order)
		order = x->flow.source_port - y->flow.source_port;
	return order ? order : x->flow.destination_port - y->flow.destination_port;
}

static void merge(struct cordon_flow_live *sum, const struct cordon_flow_live *part)
{
	sum->flow.packets += part->flow.packets;
	sum->flow.bytes += part->flow.bytes;
	if (part->flow.state > sum->flow.state)
		sum->flow.state = part->flow.state;
	if (part->idle < sum->idle)
		sum->idle = part->idle;
}

/* A forwarded flow has an entry for either side: each counts what comes in there. */
static size_t fold_forwarded(struct cordon_flow_live *flows, size_t nr)
{
	size_t used = 0;

	if (nr)
		qsort(flows, nr, sizeof(*flows), by_ends);
	for (size_t i = 0; i < nr; i++) {
		if (used && flows[used - 1].tag & flows[i].tag & CORDON_FLOW_TAG_FORWARD &&
		    !by_ends(&flows[used - 1], &flows[i]))
			merge(&flows[used - 1], &flows[i]);
		else
			flows[used++] = flows[i];
	}
	return used;
}

static void add_row(struct table *table, const struct cordon_live *live,
		    const struct cordon_flow_live *flow)
{
	const bool ports = has_ports(flow->flow.protocol);
	char source[80], destination[80], protocol[16], size[32];

	end_text(&flow->flow.source, flow->flow.source_port, ports, &source);
	end_text(&flow->flow.destination, flow->flow.destination_port, ports, &destination);
	table_cell(table, "%s", print_protocol(flow->flow.protocol, &protocol));
	table_cell(table, "%s", source);
	table_cell(table, "%s", destination);
	table_cell(table, "%s%s", state_name(flow->flow.state),
		   flow->tag & CORDON_FLOW_TAG_FORWARD ? ", forwarded" : "");
	table_cell(table, "%s", cordon_live_rule(live, flow->flow.rule));
	table_cell(table, "%u", flow->flow.packets);
	table_cell(table, "%s", print_size(flow->flow.bytes, &size));
	table_cell(table, "%u s", flow->idle);
}

static void print_text(const struct cordon_live *live, const struct cordon_flow_live *flows,
		       size_t nr)
{
	static const char *const titles[] = { "PROTOCOL", "FROM",   "TO",    "STATE", "RULE",
					      ">PACKETS", ">BYTES", ">IDLE", NULL };
	struct table table = { 0 };

	table_head(&table, titles);
	for (size_t i = 0; i < nr; i++)
		add_row(&table, live, &flows[i]);
	table_print(&table, stdout);
}

static void json_end(struct json *json, const char *key, const struct cordon_address *address,
		     uint16_t port)
{
	char text[64];

	json_object(json, key);
	json_string(json, "address", print_address(address->bytes, &text));
	json_number(json, "port", port);
	json_object_end(json);
}

static void print_json(const struct cordon_live *live, const struct cordon_flow_live *flows,
		       size_t nr)
{
	struct json json = { .file = stdout };
	char protocol[16];

	json_array(&json, NULL);
	for (size_t i = 0; i < nr; i++) {
		const struct cordon_flow *flow = &flows[i].flow;

		json_object(&json, NULL);
		json_string(&json, "protocol", print_protocol(flow->protocol, &protocol));
		json_end(&json, "source", &flow->source, flow->source_port);
		json_end(&json, "destination", &flow->destination, flow->destination_port);
		json_string(&json, "state", state_name(flow->state));
		json_bool(&json, "forwarded", flows[i].tag & CORDON_FLOW_TAG_FORWARD);
		json_string(&json, "rule", cordon_live_rule(live, flow->rule));
		json_number(&json, "packets", flow->packets);
		json_number(&json, "bytes", flow->bytes);
		json_number(&json, "idle_seconds", flows[i].idle);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_line_end(&json);
}

int cordon_cmd_flows(const struct cordon_call *call)
{
	struct cordon_live live CLEANUP(live) = cordon_live_none();
	struct cordon_flow_live *flows CLEANUP(free) = NULL;
	size_t nr = 0;
	int error;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_live_open(call, &live);
	if (!error)
		error = cordon_live_flows(&live, &flows, &nr);
	if (error)
		return cordon_fail(call->failure, error, "cannot read the flows: %s",
				   strerror(-error));
	nr = fold_forwarded(flows, nr);
	if (call->context->json)
		print_json(&live, flows, nr);
	else
		print_text(&live, flows, nr);
	return CORDON_EXIT_DONE;
}
