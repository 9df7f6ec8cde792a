// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a manifest, and has the words of orders: roles, levels, actions.
 */
#include "order.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "order_text.h"
#include "util/array.h"
#include "util/hex.h"

/* ---- words ------------------------------------------------------------------------------- */

const char *cordon_role_name(enum cordon_role role)
{
	static const char *const names[] = {
#define ROLE_NAME(name, text) [CORDON_ROLE_##name] = (text),
		CORDON_ROLES(ROLE_NAME)
#undef ROLE_NAME
	};

	return (unsigned int)role < ARRAY_SIZE(names) ? names[role] : "?";
}

void cordon_roles_text(uint32_t roles, char (*ret_text)[96])
{
	size_t size = 0;

	(*ret_text)[0] = '\0';
	for (unsigned int role = 0; role < CORDON_ROLE_COUNT; role++) {
		if (roles & 1U << role)
			size += (size_t)snprintf(*ret_text + size, sizeof(*ret_text) - size, "%s%s",
						 size ? ", " : "", cordon_role_name(role));
	}
}

enum cordon_role cordon_action_role(enum cordon_action action)
{
	static const enum cordon_role roles[] = {
		[CORDON_ACTION_SEAL] = CORDON_ROLE_SEAL,
		[CORDON_ACTION_RELEASE] = CORDON_ROLE_RELEASE,
		[CORDON_ACTION_RENEW] = CORDON_ROLE_RENEW,
		[CORDON_ACTION_SNAPSHOT] = CORDON_ROLE_SEAL,
		[CORDON_ACTION_POLICY] = CORDON_ROLE_POLICY,
		[CORDON_ACTION_DETACH] = CORDON_ROLE_RELEASE,
		[CORDON_ACTION_REVOKE] = CORDON_ROLE_SEAL,
		[CORDON_ACTION_WIPE] = CORDON_ROLE_WIPE,
	};

	return roles[action];
}

bool cordon_action_opens(enum cordon_action action)
{
	return action == CORDON_ACTION_RELEASE || action == CORDON_ACTION_DETACH;
}

static const char *const levels[] = {
	[CORDON_LATCH_OPEN] = "open",
	[CORDON_LATCH_EGRESS] = "egress",
	[CORDON_LATCH_ISOLATE] = "isolate",
	[CORDON_LATCH_LOCKDOWN] = "lockdown",
};

const char *cordon_latch_name(uint32_t latch)
{
	return latch < ARRAY_SIZE(levels) ? levels[latch] : "?";
}

int cordon_latch_parse(const char *name, uint32_t *ret_latch)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!strcmp(levels[i], name)) {
			*ret_latch = i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool names_have(const char *names, struct order_piece name)
{
	struct order_piece rest = { names, strlen(names) }, each;

	while (order_piece_part(&rest, ' ', &each)) {
		if (each.size == name.size && !memcmp(each.text, name.text, name.size))
			return true;
	}
	return false;
}

bool cordon_order_names_share(const char *names, const char *others)
{
	struct order_piece rest = { names, strlen(names) }, each;

	while (order_piece_part(&rest, ' ', &each)) {
		if (each.size && names_have(others, each))
			return true;
	}
	return false;
}

/* ---- text -------------------------------------------------------------------------------- */

void cordon_order_action_text(const struct cordon_order *order, char (*ret_text)[96])
{
	char digest[2 * sizeof(order->digest) + 1];
	static const char *const words[] = {
		[CORDON_ACTION_SEAL] = "seal ",
		[CORDON_ACTION_RELEASE] = "release",
		[CORDON_ACTION_RENEW] = "renew",
		[CORDON_ACTION_SNAPSHOT] = "snapshot",
		[CORDON_ACTION_POLICY] = "policy sha256:",
		[CORDON_ACTION_DETACH] = "detach",
		[CORDON_ACTION_REVOKE] = "revoke",
		[CORDON_ACTION_WIPE] = "wipe",
	};
	const char *what = "";

	if (order->action == CORDON_ACTION_SEAL)
		what = cordon_latch_name(order->level);
	if (order->action == CORDON_ACTION_POLICY) {
		cordon_hex_format(order->digest, sizeof(order->digest), digest);
		what = digest;
	}
	snprintf(*ret_text, sizeof(*ret_text), "%s%s", words[order->action], what);
}

struct writer {
	char text[CORDON_ORDER_MANIFEST_MAX + 1];
	size_t size;
};

/* What does not fit is cut, and then does not read back. */
static void __attribute__((format(printf, 2, 3)))
write_text(struct writer *writer, const char *format, ...)
{
	const size_t room = sizeof(writer->text) - writer->size;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(writer->text + writer->size, room, format, arguments);
	va_end(arguments);
	if (size > 0)
		writer->size += (size_t)size < room ? (size_t)size : room - 1;
}

static void write_lease(struct writer *writer, const struct cordon_order *order)
{
	if (!order->lease_hours && !order->lease_boots)
		return;
	write_text(writer, "lease:");
	if (order->lease_hours)
		write_text(writer, " %" PRIu32 "h", order->lease_hours);
	if (order->lease_boots)
		write_text(writer, " %" PRIu32 " boots", order->lease_boots);
	write_text(writer, "\n");
}

static void write_challenge(struct writer *writer, const struct cordon_order *order)
{
	char text[2 * sizeof(order->challenge) + 1];

	if (!order->has_challenge)
		return;
	cordon_hex_format(order->challenge, sizeof(order->challenge), text);
	write_text(writer, "challenge: %s\n", text);
}

static void write_order(struct writer *writer, const struct cordon_order *order)
{
	char action[96];

	cordon_order_action_text(order, &action);
	write_text(writer, "%s\naction: %s\n", CORDON_ORDER_HEAD, action);
	if (order->nodes[0])
		write_text(writer, "node: %s\n", order->nodes);
	if (order->fleets[0])
		write_text(writer, "fleet: %s\n", order->fleets);
	write_text(writer, "issuer: %s\ncounter: %" PRIu64 "\nreason: %s\n", order->issuer,
		   order->counter, order->reason);
	if (order->not_before_boot)
		write_text(writer, "not-before-boot: %" PRIu64 "\n", order->not_before_boot);
	write_lease(writer, order);
	if (order->evidence)
		write_text(writer, "evidence: %" PRIu32 "s\n", order->evidence);
	write_challenge(writer, order);
	if (order->anchor)
		write_text(writer, "anchor: %" PRIu64 "\nanchor-signatures: %s\n", order->anchor,
			   order->anchor_signatures);
}

/* A line feed within a value would be read back, too: as another field. */
static int check_lines(const struct cordon_order *order, struct cordon_failure *failure)
{
	const char *const texts[] = { order->nodes, order->fleets, order->issuer, order->reason,
				      order->anchor_signatures };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *problem =
			order_text_problem((struct order_piece){ texts[i], strlen(texts[i]) });

		if (problem)
			return cordon_fail(failure, -EINVAL, "%s", problem);
	}
	return 0;
}

int cordon_order_format(const struct cordon_order *order, struct cordon_failure *failure,
			char *ret_text)
{
	struct writer writer = { .size = 0 };
	struct cordon_order back;
	int error = check_lines(order, failure);

	if (error)
		return error;
	write_order(&writer, order);
	error = cordon_order_parse(writer.text, writer.size, failure, &back);
	if (error)
		return error;
	memcpy(ret_text, writer.text, writer.size + 1);
	return (int)writer.size;
}
