// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon explain: which rule or reason would decide a new packet.  It asks the
 * evaluator that the programs run; without --interface, the routing table says
 * where the remote end is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "live.h"
#include "cmd_policy.h"
#include "command.h"
#include "evaluate.h"
#include "service.h"
#include "util/array.h"
#include "util/print.h"

/**
 * struct explain - what is asked, of what
 * @image: the policy of --policy; NULL: ask the one in force, @live
 */
struct explain {
	const struct cordon_call *call;
	const char *interface;
	const char *workload;
	struct cordon_image *image;
	struct cordon_live live;
	struct cordon_nl_links links;
	struct cordon_tables tables;
	struct cordon_question question;
	const struct cordon_nl_link *near;
	const struct cordon_nl_link *far;
	bool latched;
};

static const char *reason_help(enum cordon_reason reason)
{
	static const char *const texts[] = {
#define REASON_HELP(name, text, help) [CORDON_REASON_##name] = help,
		CORDON_REASONS(REASON_HELP)
#undef REASON_HELP
	};

	return reason < ARRAY_SIZE(texts) ? texts[reason] : "?";
}

static const char *reason_name(enum cordon_reason reason)
{
	static const char *const names[] = {
#define REASON_NAME(name, text, help) [CORDON_REASON_##name] = text,
		CORDON_REASONS(REASON_NAME)
#undef REASON_NAME
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "?";
}

static int read_direction(const struct explain *explain, const char *text,
			  enum cordon_direction *ret_direction)
{
	static const char *const names[] = { "in", "out", "forward" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret_direction = (enum cordon_direction)i;
			return 0;
		}
	}
	return cordon_fail(explain->call->failure, -EINVAL,
			   "direction %s: it must be in, out or forward", text);
}

static int read_address(const struct explain *explain, const char *text,
			struct cordon_address *ret_address)
{
	struct cordon_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (inet_pton(AF_INET, text, address.bytes + 12) != 1 &&
	    inet_pton(AF_INET6, text, address.bytes) != 1)
		return cordon_fail(explain->call->failure, -EINVAL,
				   "%s is not an IPv4 or IPv6 address", text);
	*ret_address = address;
	return 0;
}

/* A packet has one port, or one type and code (a type alone stands for code 0);
 * other protocols have neither. */
static bool is_one(const struct cordon_service *service)
{
	switch (service->protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return service->first >> 8 == service->last >> 8;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return service->first == service->last;
	default:
		return true;
	}
}

/* As a policy would write it: "tcp/22", "icmp/8", "gre". */
static int read_service(struct explain *explain, const char *protocol, const char *port)
{
	struct cordon_diag diag = { .stored = 0 };
	struct cordon_service service;
	char text[64];
	int error;

	snprintf(text, sizeof(text), "%s%s%s", protocol, port ? "/" : "", port ? port : "");
	error = cordon_service_parse(text, (struct cordon_position){ .file = NULL }, &diag,
				     &service);
	if (error)
		cordon_fail(explain->call->failure, error, "%s",
			    diag.stored ? diag.entry[0].text : text);
	else if (service.any || !is_one(&service))
		error = cordon_fail(explain->call->failure, -EINVAL,
				    "%s is more than one service: give one PORT, TYPE or TYPE/CODE",
				    text);
	cordon_diag_clear(&diag);
	if (error)
		return error;
	explain->question.protocol = service.protocol;
	explain->question.service = service.first;
	return 0;
}

static int read_question(struct explain *explain, const char **arguments)
{
	struct cordon_question *question = &explain->question;
	int error;

	question->local = CORDON_IDENTITY_NODE;
	error = read_direction(explain, arguments[0], &question->direction);
	if (!error)
		error = read_service(explain, arguments[1], arguments[4]);
	if (!error)
		error = read_address(explain, arguments[2], &question->source);
	if (!error)
		error = read_address(explain, arguments[3], &question->destination);
	return error;
}

static const char *identity_name(const struct explain *explain, uint32_t identity)
{
	if (!explain->image)
		return cordon_live_identity(&explain->live, identity);
	if (identity == CORDON_IDENTITY_STRANGER)
		return "stranger";
	return identity < explain->image->nr_zones ? explain->image->zones[identity].name : "?";
}

static uint32_t identities(const struct explain *explain)
{
	return explain->image ? (uint32_t)explain->image->nr_zones : explain->live.zones.count;
}

static bool is_workload(const struct explain *explain, uint32_t identity)
{
	const struct cordon_zone *zones = explain->image ? explain->image->zones :
							   explain->live.zones.cells;

	return zones[identity].kind == CORDON_IDENTITY_KIND_WORKLOAD;
}

static int find_workload(struct explain *explain)
{
	for (uint32_t i = 0; i < identities(explain); i++) {
		if (is_workload(explain, i) &&
		    !strcmp(identity_name(explain, i), explain->workload)) {
			explain->question.local = i;
			return 0;
		}
	}
	return cordon_fail(explain->call->failure, -ENOENT, "there is no workload %s",
			   explain->workload);
}

static uint32_t class_of(const struct explain *explain, const struct cordon_nl_link *link)
{
	const struct cordon_interface *interfaces = explain->live.maps.interfaces;

	if (!link)
		return 0;
	if (explain->image)
		return cordon_attach_class(explain->image, &explain->links, link);
	for (uint32_t i = 0; i < CORDON_INTERFACES_MAX; i++) {
		if (interfaces[i].ifindex == (uint32_t)link->index)
			return interfaces[i].class[explain->live.standing.effective & 1];
	}
	return 0;
}

static const struct cordon_nl_link *route_to(const struct explain *explain,
					     const struct cordon_address *address)
{
	return cordon_nl_link_find(&explain->links, cordon_nl_route(address));
}

/* A policy may be explained away from its node: there, only its class counts. */
static int find_named(struct explain *explain)
{
	static struct cordon_nl_link absent;

	for (size_t i = 0; i < explain->links.nr; i++) {
		if (!strcmp(explain->links.entry[i].name, explain->interface)) {
			explain->near = &explain->links.entry[i];
			return 0;
		}
	}
	if (!explain->image || strlen(explain->interface) >= sizeof(absent.name))
		return cordon_fail(explain->call->failure, -ENODEV, "there is no interface %s",
				   explain->interface);
	memcpy(absent.name, explain->interface, strlen(explain->interface) + 1);
	explain->near = &absent;
	return 0;
}

static int find_interfaces(struct explain *explain)
{
	struct cordon_question *question = &explain->question;
	const bool out = question->direction == CORDON_DIRECTION_OUT;
	int error = cordon_nl_links_read(explain->call->failure, &explain->links);

	if (error)
		return error;
	if (explain->interface)
		error = find_named(explain);
	else
		explain->near = route_to(explain, out ? &question->destination : &question->source);
	if (error)
		return error;
	question->near = class_of(explain, explain->near);
	if (question->direction == CORDON_DIRECTION_FORWARD) {
		explain->far = route_to(explain, &question->destination);
		question->far = class_of(explain, explain->far);
	}
	return 0;
}

static const struct cordon_rule *rule_of(const struct explain *explain, uint32_t rule)
{
	if (!explain->image)
		return rule < CORDON_RULE_SLOTS ? &explain->live.maps.rules[rule] : NULL;
	rule -= CORDON_RULE_SLOT_FIRST;
	return rule < explain->image->nr_rules ? &explain->image->rules[rule].rule : NULL;
}

/* A port may be given to a workload, and then it depends on who listens. */
static uint32_t find_listener(const struct explain *explain)
{
	struct cordon_question question = explain->question;

	for (uint32_t i = CORDON_IDENTITY_FIRST;
	     question.direction == CORDON_DIRECTION_IN && i < identities(explain); i++) {
		question.local = i;
		if (is_workload(explain, i) &&
		    !cordon_evaluate(&explain->tables, explain->latched, &question).reason)
			return i;
	}
	return 0;
}

static void print_text(const struct explain *explain, const struct cordon_answer *answer)
{
	const struct cordon_rule *rule = answer->reason ? NULL : rule_of(explain, answer->rule);
	const uint32_t listener = answer->reason ? find_listener(explain) : 0;

	if (rule)
		printf("allowed by rule %s: %s", rule->name, rule->services);
	else
		printf("denied, %s: %s", reason_name(answer->reason), reason_help(answer->reason));
	printf("\nfrom %s to %s", identity_name(explain, answer->from),
	       identity_name(explain, answer->to));
	if (explain->near)
		printf(", %s %s",
		       explain->question.direction == CORDON_DIRECTION_OUT ? "out by" : "in by",
		       explain->near->name);
	if (explain->far)
		printf(", out by %s", explain->far->name);
	putchar('\n');
	if (listener)
		printf("but allowed where workload %s listens\n", identity_name(explain, listener));
}

static void print_json(const struct explain *explain, const struct cordon_answer *answer)
{
	const struct cordon_rule *rule = answer->reason ? NULL : rule_of(explain, answer->rule);
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_string(&json, "verdict", rule ? "allowed" : "denied");
	if (rule)
		json_string(&json, "rule", rule->name);
	else
		json_string(&json, "reason", reason_name(answer->reason));
	json_string(&json, "from", identity_name(explain, answer->from));
	json_string(&json, "to", identity_name(explain, answer->to));
	json_string(&json, "interface", explain->near ? explain->near->name : "");
	json_string(&json, "out_interface", explain->far ? explain->far->name : "");
	json_object_end(&json);
	json_line_end(&json);
}

static int open_tables(struct explain *explain, const char *policy)
{
	int error;

	if (policy) {
		error = cmd_policy_compile(explain->call, policy, &explain->image);
		if (!error)
			explain->tables = cordon_tables_of_image(explain->image);
		return error;
	}
	error = cordon_live_open(explain->call, &explain->live);
	if (error)
		return error;
	explain->tables = cordon_tables_of_view(&explain->live.view);
	explain->latched = explain->live.standing.latch != CORDON_LATCH_OPEN;
	return 0;
}

static int answer(struct explain *explain, const char *policy)
{
	struct cordon_answer found;
	int error = open_tables(explain, policy);

	if (!error && explain->workload)
		error = find_workload(explain);
	if (!error)
		error = find_interfaces(explain);
	if (error)
		return error;
	found = cordon_evaluate(&explain->tables, explain->latched, &explain->question);
	if (explain->call->context->json)
		print_json(explain, &found);
	else
		print_text(explain, &found);
	return CORDON_EXIT_DONE;
}

int cordon_cmd_explain(const struct cordon_call *call)
{
	struct explain explain = { .call = call, .live = cordon_live_none() };
	const char *arguments[5] = { NULL }, *policy = NULL;
	const struct cordon_flag flags[] = {
		{ "--interface", NULL, &explain.interface },
		{ "--workload", NULL, &explain.workload },
		{ "--policy", NULL, &policy },
		{ NULL, NULL, NULL },
	};
	int result;

	if (cordon_call_flags(call, flags, 4, 5, arguments) < 0 ||
	    read_question(&explain, arguments))
		return CORDON_EXIT_USAGE;
	result = answer(&explain, policy);
	cordon_image_free(explain.image);
	cordon_live_close(&explain.live);
	cordon_nl_links_clear(&explain.links);
	return result;
}
