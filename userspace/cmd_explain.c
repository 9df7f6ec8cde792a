// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon explain: which rule or reason would decide a new packet.  It asks the
 * evaluator that the programs run; without --interface, the routing table says
 * where the remote end is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "cmd_policy.h"
#include "command.h"
#include "denial_text.h"
#include "evaluate.h"
#include "live.h"
#include "service.h"
#include "util/array.h"
#include "util/print.h"

#define NOTES_MAX 4

/**
 * struct explain - what is asked, of what
 * @image: the policy of --policy; NULL: ask the one in force, @live
 * @note: what the verdict alone does not tell
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
	char note[NOTES_MAX][160];
	size_t nr_notes;
};

static void __attribute__((format(printf, 2, 3)))
add_note(struct explain *explain, const char *format, ...)
{
	va_list arguments;

	if (explain->nr_notes == NOTES_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(explain->note[explain->nr_notes++], sizeof(explain->note[0]), format, arguments);
	va_end(arguments);
}

static const char *reason_help(enum cordon_reason reason)
{
	static const char *const texts[] = {
#define REASON_HELP(name, text, help) [CORDON_REASON_##name] = help,
		CORDON_REASONS(REASON_HELP)
#undef REASON_HELP
	};

	return reason < ARRAY_SIZE(texts) ? texts[reason] : "?";
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
	struct cordon_failure *failure = explain->call->failure;
	struct cordon_service service;
	const int error = cordon_service_read(protocol, port, failure, &service);

	if (error)
		return error;
	if (service.any || !is_one(&service))
		return cordon_fail(failure, -EINVAL,
				   "%s is more than one service: give one PORT, TYPE or TYPE/CODE",
				   service.text);
	explain->question.protocol = service.protocol;
	explain->question.service = service.first;
	return 0;
}

static bool is_ipv4(const struct cordon_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address->bytes, mapped, sizeof(mapped));
}

static int check_families(const struct explain *explain)
{
	const struct cordon_question *question = &explain->question;
	const bool ipv4 = is_ipv4(&question->source);

	if (ipv4 != is_ipv4(&question->destination))
		return cordon_fail(explain->call->failure, -EINVAL,
				   "one address is IPv4 and the other IPv6");
	if (question->protocol == (ipv4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return cordon_fail(explain->call->failure, -EINVAL,
				   "icmp is for IPv4 addresses, icmpv6 for IPv6");
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
	if (!error)
		error = check_families(explain);
	if (!error && explain->workload && question->direction == CORDON_DIRECTION_FORWARD)
		error = cordon_fail(explain->call->failure, -EINVAL,
				    "no workload has a part in what is forwarded");
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
	return explain->image ? (uint32_t)explain->image->nr_zones :
				explain->live.view.area[CORDON_TABLE_ZONES].count;
}

static bool is_workload(const struct explain *explain, uint32_t identity)
{
	const struct cordon_zone *zones = explain->image ?
						  explain->image->zones :
						  explain->live.view.area[CORDON_TABLE_ZONES].cells;

	return zones[identity].kind == CORDON_IDENTITY_KIND_WORKLOAD;
}

/* Return: 0: there is none, as 0 is a stranger's. */
static uint32_t find_workload(const struct explain *explain, const char *name)
{
	for (uint32_t i = CORDON_IDENTITY_FIRST; i < identities(explain); i++) {
		if (is_workload(explain, i) && !strcmp(identity_name(explain, i), name))
			return i;
	}
	return 0;
}

/* What comes in is judged as for the node: see ask_listener(). */
static int take_workload(struct explain *explain)
{
	const uint32_t workload = find_workload(explain, explain->workload);

	if (!workload)
		return cordon_fail(explain->call->failure, -ENOENT, "the policy has no workload %s",
				   explain->workload);
	if (explain->question.direction == CORDON_DIRECTION_OUT)
		explain->question.local = workload;
	return 0;
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

static uint32_t ask_bind(const struct explain *explain, uint32_t local)
{
	return cordon_evaluate_bind(&explain->tables, local, explain->question.protocol,
				    explain->question.service);
}

/* Any rule to a workload gives it the port, not only the one that lets this
 * packet in; to others the bind hook refuses it. The node's own processes are
 * refused the ports of all workloads, so that theirs names the owner. */
static void ask_listener(struct explain *explain, struct cordon_answer *answer)
{
	const uint32_t reserve = ask_bind(explain, CORDON_IDENTITY_NODE);
	const struct cordon_rule *rule = reserve ? rule_of(explain, reserve) : NULL;

	if (explain->question.direction != CORDON_DIRECTION_IN)
		return;
	if (explain->workload)
		answer->to = find_workload(explain, explain->workload);
	else if (rule && !answer->reason)
		answer->to = find_workload(explain, rule->to);
	if (rule)
		add_note(explain, "only workload %s may listen there", rule->to);
	if (explain->workload && !answer->reason && ask_bind(explain, answer->to))
		answer->reason = CORDON_REASON_RESERVED_PORT;
}

/* Their other bounds need a whole packet: see parse_dhcp(), classify_link_icmpv6(). */
static enum cordon_builtin find_builtin(const struct cordon_question *question)
{
	static const struct {
		uint8_t protocol;
		uint16_t service;
		bool in, out;
		enum cordon_builtin builtin;
	} all[] = {
		{ IPPROTO_ICMPV6, 130 << 8, true, true, CORDON_BUILTIN_MLD },
		{ IPPROTO_ICMPV6, 131 << 8, true, true, CORDON_BUILTIN_MLD },
		{ IPPROTO_ICMPV6, 132 << 8, true, true, CORDON_BUILTIN_MLD },
		{ IPPROTO_ICMPV6, 143 << 8, true, true, CORDON_BUILTIN_MLD },
		{ IPPROTO_ICMPV6, 133 << 8, false, true, CORDON_BUILTIN_RA },
		{ IPPROTO_ICMPV6, 134 << 8, true, false, CORDON_BUILTIN_RA },
		{ IPPROTO_ICMPV6, 135 << 8, true, true, CORDON_BUILTIN_ND },
		{ IPPROTO_ICMPV6, 136 << 8, true, true, CORDON_BUILTIN_ND },
		{ IPPROTO_UDP, 67, false, true, CORDON_BUILTIN_DHCP },
		{ IPPROTO_UDP, 68, true, false, CORDON_BUILTIN_DHCP },
		{ IPPROTO_UDP, 547, false, true, CORDON_BUILTIN_DHCP },
		{ IPPROTO_UDP, 546, true, false, CORDON_BUILTIN_DHCP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].protocol == question->protocol && all[i].service == question->service &&
		    ((all[i].in && question->direction == CORDON_DIRECTION_IN) ||
		     (all[i].out && question->direction == CORDON_DIRECTION_OUT)))
			return all[i].builtin;
	}
	return CORDON_BUILTIN_NONE;
}

static void note_builtin(struct explain *explain)
{
	static const char *const texts[][2] = {
#define BUILTIN_TEXTS(name, text, help) [CORDON_BUILTIN_##name] = { text, help },
		CORDON_BUILTINS(BUILTIN_TEXTS)
#undef BUILTIN_TEXTS
	};
	const enum cordon_builtin builtin = find_builtin(&explain->question);

	if (!builtin)
		return;
	if (explain->tables.settings->builtins_off >> builtin & 1)
		add_note(explain, "the built-in rule %s is off", texts[builtin][0]);
	else
		add_note(explain, "but the built-in rule %s passes %s", texts[builtin][0],
			 texts[builtin][1]);
}

/* Multicast, broadcast, unspecified. */
static bool is_special(const struct cordon_address *address)
{
	static const struct cordon_address unspecified;

	if (is_ipv4(address))
		return address->bytes[12] >> 4 == 14 || address->bytes[15] == 255 ||
		       !memcmp(address->bytes + 12, unspecified.bytes, 4);
	return address->bytes[0] == 0xff || !memcmp(address, &unspecified, sizeof(*address));
}

/* A direction that the addresses belie is asked easily, and answered wrongly. */
static void note_direction(struct explain *explain)
{
	const struct cordon_question *question = &explain->question;
	const bool forward = question->direction == CORDON_DIRECTION_FORWARD;
	const struct cordon_address *address = &question->destination;
	struct cordon_nl_addresses addresses = { 0 };
	struct cordon_failure ignored = { .text = "" };
	char text[64];

	if (question->direction == CORDON_DIRECTION_OUT)
		address = &question->source;
	if (!explain->image && !is_special(address) &&
	    !cordon_nl_addresses_read(&ignored, &addresses) &&
	    cordon_nl_addresses_have(&addresses, address) == forward)
		add_note(explain, "but %s is %s address of this node: is it `explain %s`?",
			 print_address(address->bytes, &text), forward ? "an" : "no",
			 forward ? "in" : "forward");
	free(addresses.entry);
}

static void add_notes(struct explain *explain, const struct cordon_answer *answer)
{
	if (answer->reason == CORDON_REASON_NO_RULE)
		note_builtin(explain);
	note_direction(explain);
	if (explain->image && !explain->interface && answer->reason == CORDON_REASON_SPOOFED)
		add_note(explain,
			 "by the routes of this machine: of another --interface says where");
	if (answer->reason && explain->tables.settings->flags & CORDON_SETTINGS_AUDIT)
		add_note(explain, "but the policy only audits: it passes, and is counted");
}

static void print_text(const struct explain *explain, const struct cordon_answer *answer)
{
	const struct cordon_rule *rule = answer->reason ? NULL : rule_of(explain, answer->rule);

	if (rule)
		printf("allowed by rule %s: %s", rule->name, rule->services);
	else
		printf("denied, %s: %s", cordon_reason_name(answer->reason),
		       reason_help(answer->reason));
	printf("\nfrom %s to %s", identity_name(explain, answer->from),
	       identity_name(explain, answer->to));
	if (explain->near)
		printf(", %s %s",
		       explain->question.direction == CORDON_DIRECTION_OUT ? "out by" : "in by",
		       explain->near->name);
	if (explain->far)
		printf(", out by %s", explain->far->name);
	putchar('\n');
	for (size_t i = 0; i < explain->nr_notes; i++)
		puts(explain->note[i]);
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
		json_string(&json, "reason", cordon_reason_name(answer->reason));
	json_string(&json, "from", identity_name(explain, answer->from));
	json_string(&json, "to", identity_name(explain, answer->to));
	json_string(&json, "interface", explain->near ? explain->near->name : "");
	json_string(&json, "out_interface", explain->far ? explain->far->name : "");
	json_array(&json, "notes");
	for (size_t i = 0; i < explain->nr_notes; i++)
		json_string(&json, NULL, explain->note[i]);
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
}

static int open_tables(struct explain *explain, const char *policy)
{
	int error;

	if (policy) {
		error = cmd_policy_compile(explain->call, policy, 0, &explain->image);
		if (!error)
			explain->tables = cordon_tables_of_image(explain->image);
		return error;
	}
	error = cordon_live_open(explain->call, &explain->live);
	if (error)
		return error;
	if (!explain->live.view.settings)
		return cordon_fail(explain->call->failure, -ENOENT,
				   "no policy is in force, and the node is sealed: nothing passes");
	explain->tables = cordon_tables_of_view(&explain->live.view);
	explain->latched = explain->live.standing.latch != CORDON_LATCH_OPEN;
	return 0;
}

static int answer(struct explain *explain, const char *policy)
{
	struct cordon_answer found;
	int error = open_tables(explain, policy);

	if (!error && explain->workload)
		error = take_workload(explain);
	if (!error)
		error = find_interfaces(explain);
	if (error)
		return error;
	found = cordon_evaluate(&explain->tables, explain->latched, &explain->question);
	ask_listener(explain, &found);
	add_notes(explain, &found);
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
