// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The latch in words.
 */
#include "latch_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load.h"
#include "module.h"
#include "order.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/hex.h"

/* What the packet hooks never see, and what not even guard and module can hold. */
#define NOT_HELD                                                                                   \
	"without guard and module a root who goes past cordon: sockets of AF_XDP and "             \
	"PACKET_QDISC_BYPASS send, packet sockets hear, maps, programs, trust/ and "               \
	"/var/lib/cordon can be written; with them a root who prepares the next boot (units, "     \
	"initramfs, boot loader), or drives a device himself (vfio, usbfs)"

static const char *const shut[CORDON_LATCH_LEVELS] = {
	[CORDON_LATCH_EGRESS] = "nothing is opened from this node or through it; what the policy "
				"lets in still comes in",
	[CORDON_LATCH_ISOLATE] = "nothing goes in, out or through",
	[CORDON_LATCH_LOCKDOWN] =
		"nothing goes in, out or through, and what the policy lists under "
		"lockdown is held",
};

void cordon_latch_view_read(const struct cordon_context *context,
			    struct cordon_latch_view *ret_view)
{
	const struct cordon_path folder = cordon_path_root(context, CORDON_TRUST_FOLDER);

	memset(ret_view, 0, sizeof(*ret_view));
	ret_view->context = context;
	ret_view->memory = cordon_latch_read(context, &ret_view->state);
	cordon_trust_read(folder.text, &ret_view->trust);
	cordon_anchor_look(context, &ret_view->state, &ret_view->trust, &ret_view->anchor);
}

static const char *moment_text(const struct cordon_latch_moment *at, char (*text)[64])
{
	const time_t wall = (time_t)at->wall;
	size_t used = 0;
	struct tm parts;

	(*text)[0] = '\0';
	if (at->wall && gmtime_r(&wall, &parts))
		used = strftime(*text, sizeof(*text), "%Y-%m-%d %H:%M:%S UTC, ", &parts);
	snprintf(*text + used, sizeof(*text) - used, "boot %llu", (unsigned long long)at->boot);
	return *text;
}

static void print_rule(FILE *file, const struct cordon_rule *rule, bool *first)
{
	fprintf(file, "%s%s: %s -> %s %s\n", *first ? "  possible  " : "            ", rule->name,
		rule->from, rule->to, rule->services);
	*first = false;
}

static void print_possible(FILE *file, const struct cordon_latch_view *view)
{
	bool *used CLEANUP(free) = calloc(CORDON_RULE_SLOTS, sizeof(*used));
	bool first = true;

	if (used && view->settings)
		cordon_rules_at(view->maps, view->standing.effective, view->standing.latch, used);
	for (uint32_t i = CORDON_RULE_SLOT_FIRST; used && i < CORDON_RULE_SLOTS; i++) {
		if (used[i])
			print_rule(file, &view->maps->rules[i], &first);
	}
	fprintf(file, "%sloopback and the built-in rules (ARP, neighbour discovery, DHCP ...)\n",
		first ? "  possible  only " : "            ");
}

static void print_counter(FILE *file, const struct cordon_latch_view *view)
{
	const struct cordon_latch_role *role = &view->state.role[CORDON_ROLE_RELEASE];
	char challenge[2 * sizeof(view->state.challenge) + 1];

	if (role->counter != CORDON_LATCH_COUNTER_UNKNOWN)
		fprintf(file, "counter above %llu", (unsigned long long)role->counter);
	else if (!cordon_latch_has_challenge(&view->state))
		fputs("the challenge that this shows after cordon run --once", file);
	if (!cordon_latch_has_challenge(&view->state))
		return;
	if (role->counter != CORDON_LATCH_COUNTER_UNKNOWN)
		fputs(", ", file);
	cordon_hex_format(view->state.challenge, sizeof(view->state.challenge), challenge);
	fprintf(file, "challenge %s", challenge);
}

/* A release has to answer to the TPM, too. */
static void print_anchor_number(FILE *file, const struct cordon_latch_view *view)
{
	if (view->anchor.holds && view->anchor.seals > view->anchor.released)
		fprintf(file, ", anchor %llu", (unsigned long long)view->anchor.seals);
}

static bool has_code(const struct cordon_latch_view *view)
{
	static const uint8_t none[32];

	/* The module opens for a signed order alone. */
	return view->settings && !cordon_module_level(view->context) &&
	       memcmp(view->settings->break_glass, none, sizeof(none)) != 0 &&
	       !memcmp(view->settings->digest, view->state.policy, sizeof(view->state.policy)) &&
	       memcmp(view->settings->break_glass, view->state.code_used, sizeof(none)) != 0;
}

void cordon_latch_text_reopen(FILE *file, const struct cordon_latch_view *view, const char *indent)
{
	const struct cordon_trust *trust = &view->trust;
	const unsigned int keys = trust->keys[CORDON_ROLE_RELEASE];
	const char *node = trust->node[0] ? trust->node :
			   view->settings ? view->settings->node :
					    "";

	if (keys) {
		fprintf(file, "%scordon order FILE, with an order to release %s%s, ", indent,
			node[0] ? "node " : "this node", node);
		print_counter(file, view);
		print_anchor_number(file, view);
		fprintf(file,
			",\n%ssigned by %u of the %u key%s in %s" CORDON_TRUST_FOLDER
			"/release.pem\n",
			indent, trust->threshold[CORDON_ROLE_RELEASE], keys, keys == 1 ? "" : "s",
			view->context->root);
	} else if (trust->problem[CORDON_ROLE_RELEASE].text[0]) {
		fprintf(file, "%snobody can, as long as this is not mended:\n%s%s\n", indent,
			indent, trust->problem[CORDON_ROLE_RELEASE].text);
	} else {
		fprintf(file,
			"%snobody can: there is no key in %s" CORDON_TRUST_FOLDER
			"/release.pem; its owner must\n%sput one there, where a guard stands after "
			"a boot with cordon.guard=off\n",
			indent, view->context->root, indent);
	}
	if (has_code(view))
		fprintf(file, "%sor cordon release --break-glass, with the owner's code, once%s\n",
			indent, view->anchor.holds ? ", until the next boot" : "");
}

static void print_lease(FILE *file, const struct cordon_latch_view *view)
{
	const uint64_t minutes = view->standing.lease_ns / 60000000000ULL;
	const struct cordon_latch_state *state = &view->state;

	if (state->flags & CORDON_LATCH_LAPSED)
		fprintf(file, "lease       has run out: no order to renew came\n");
	if (!(state->flags & CORDON_LATCH_LEASED) || !view->settings)
		return;
	fprintf(file, "lease       ");
	if (view->standing.lease_ns)
		fprintf(file, "%llu h %llu min of uptime%s", (unsigned long long)minutes / 60,
			(unsigned long long)minutes % 60, state->lease_boots ? ", " : "");
	if (state->lease_boots)
		fprintf(file, "%u boots", state->lease_boots);
	fprintf(file, " left, then %s\n", cordon_latch_name(view->settings->lease_latch));
}

static void print_sealed(FILE *file, const struct cordon_latch_view *view)
{
	const struct cordon_latch_state *state = &view->state;
	char since[64];

	fprintf(file, "SEALED      at %s\n", cordon_latch_name(view->standing.latch));
	fprintf(file, "  shut      %s\n", shut[view->standing.latch]);
	if (view->uncovered)
		fprintf(file, "  NOT SHUT  %u interface%s: see below\n", view->uncovered,
			view->uncovered == 1 ? "" : "s");
	print_possible(file, view);
	if (state->level == view->standing.latch) {
		fprintf(file, "  since     %s\n", moment_text(&state->since, &since));
		fprintf(file, "  by        %s\n", state->by);
		fprintf(file, "  why       %s\n", state->reason);
	} else if (view->standing.latch > view->standing.stored_latch) {
		/* The kernel alone went by it, and nobody has written it down yet. */
		fprintf(file, "  by        the dead-man lease, which ran out\n");
		fprintf(file, "  why       no order to renew it came\n");
	} else {
		fprintf(file, "  by        not known: the disk does not remember it\n");
	}
	fprintf(file, "  reopen    by a signature:\n");
	cordon_latch_text_reopen(file, view, "            ");
	fprintf(file, "  NOT HELD  " NOT_HELD "\n");
}

static void print_anchor(FILE *file, const struct cordon_latch_view *view)
{
	const struct cordon_anchor_view *anchor = &view->anchor;

	if (!anchor->holds) {
		fprintf(file, "anchor      none: %s: an old disk image reopens this node\n",
			anchor->problem.text);
		return;
	}
	fprintf(file, "anchor      TPM, at seal %llu, released to %llu\n",
		(unsigned long long)anchor->seals, (unsigned long long)anchor->released);
	if (anchor->problem.text[0])
		fprintf(file, "            %s\n", anchor->problem.text);
	if (anchor->removable)
		fputs("            a root who goes past cordon can take it from the TPM, as long as "
		      "its owner or\n            lockout hierarchy has no authorisation\n",
		      file);
}

void cordon_latch_text(FILE *file, const struct cordon_latch_view *view)
{
	char since[64];

	if (view->standing.latch)
		print_sealed(file, view);
	else if (view->state.since.boot && !view->state.level)
		fprintf(file, "latch       open, since %s, by %s\n",
			moment_text(&view->state.since, &since), view->state.by);
	else
		fprintf(file, "latch       open\n");
	print_lease(file, view);
	print_anchor(file, view);
}

static void json_sealed(struct json *json, const struct cordon_latch_view *view)
{
	const struct cordon_latch_state *state = &view->state;
	char challenge[2 * sizeof(state->challenge) + 1];

	json_string(json, "by", state->by);
	json_string(json, "reason", state->reason);
	json_number(json, "since_wall", (uint64_t)state->since.wall);
	json_number(json, "since_boot", state->since.boot);
	cordon_hex_format(state->challenge, sizeof(state->challenge), challenge);
	json_string(json, "challenge", challenge);
	json_number(json, "release_keys", view->trust.keys[CORDON_ROLE_RELEASE]);
	json_number(json, "release_threshold", view->trust.threshold[CORDON_ROLE_RELEASE]);
	json_bool(json, "break_glass", has_code(view));
	json_string(json, "not_held", NOT_HELD);
}

static void json_anchor(struct json *json, const struct cordon_anchor_view *anchor)
{
	json_object(json, "anchor");
	json_string(json, "kind", anchor->holds ? "tpm" : "none");
	json_string(json, "problem", anchor->problem.text);
	if (anchor->holds) {
		json_number(json, "seals", anchor->seals);
		json_number(json, "released", anchor->released);
		json_bool(json, "removable", anchor->removable);
	}
	json_object_end(json);
}

void cordon_latch_json(struct json *json, const struct cordon_latch_view *view)
{
	static const char *const memories[] = {
		[CORDON_LATCH_FRESH] = "fresh",
		[CORDON_LATCH_SOUND] = "sound",
		[CORDON_LATCH_HALF] = "half",
		[CORDON_LATCH_FORGOTTEN] = "forgotten",
	};

	json_object(json, "latch_state");
	json_string(json, "level", cordon_latch_name(view->standing.latch));
	json_string(json, "remembered", cordon_latch_name(view->state.level));
	json_string(json, "memory", memories[view->memory]);
	json_number(json, "boot", view->state.boots);
	if (view->standing.latch)
		json_sealed(json, view);
	json_object(json, "counters");
	for (int i = 0; i < CORDON_ROLE_COUNT; i++) {
		if (view->state.role[i].counter == CORDON_LATCH_COUNTER_UNKNOWN)
			json_null(json, cordon_role_name(i));
		else
			json_number(json, cordon_role_name(i), view->state.role[i].counter);
	}
	json_object_end(json);
	json_number(json, "lease_seconds", view->standing.lease_ns / 1000000000ULL);
	json_number(json, "lease_boots", view->state.lease_boots);
	json_anchor(json, &view->anchor);
	json_object_end(json);
}
