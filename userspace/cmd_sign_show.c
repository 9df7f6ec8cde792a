// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon sign show: what a signed file says, and by whom; with a trust, whether
 * a node that has it would take it.  The node's counters and name are not asked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd_sign.h"
#include "util/cleanup.h"
#include "util/hex.h"
#include "util/print.h"

/**
 * struct view - what is shown
 * @judged: a trust was given
 * @refusal: why a node with it would not take this; empty: it would
 */
struct view {
	const char *path;
	const struct cordon_trust *trust;
	const struct cordon_signed *message;
	struct cordon_order order;
	bool judged;
	struct cordon_failure refusal;
};

static void print_files(const struct cordon_order *order)
{
	struct cordon_failure failure = { .text = "" };
	const char *body = order->body;
	size_t size = order->body_size;
	struct cordon_order_file file;

	while (cordon_order_file_next(&body, &size, &failure, &file) > 0)
		printf("  file %s, %zu bytes\n", file.name, file.size);
}

static void print_signers(const struct view *view)
{
	const struct cordon_signed *message = view->message;

	for (size_t i = 0; i < message->nr_signers; i++) {
		char roles[96];

		cordon_roles_text(message->signer[i].roles, &roles);
		printf("signed by %s, trusted with %s\n", message->signer[i].subject, roles);
	}
	if (view->judged && message->unknown)
		printf("%zu more signature%s, by nobody who is trusted\n", message->unknown,
		       message->unknown == 1 ? "" : "s");
	for (size_t i = 0; !view->judged && i < message->nr_signatures; i++)
		printf("signature by the holder of a certificate that %s issued, not checked\n",
		       message->claimed[i]);
}

static void print_text(const struct view *view)
{
	const struct cordon_order *order = &view->order;
	const size_t manifest = view->message->size - (order->body ? order->body_size + 1 : 0);
	char digest[65];

	fwrite(view->message->text, 1, manifest, stdout);
	putchar('\n');
	if (order->body)
		print_files(order);
	print_signers(view);
	cordon_hex_format(view->message->digest, sizeof(view->message->digest), digest);
	printf("sha256 of the file: %s\n", digest);
	if (view->judged)
		printf("%s%s\n", view->refusal.text[0] ? "refused: " : "enough signatures for ",
		       view->refusal.text[0] ? view->refusal.text :
					       cordon_role_name(cordon_action_role(order->action)));
}

static void print_order(struct json *json, const struct cordon_order *order)
{
	char action[96], digits[2 * CORDON_ORDER_CHALLENGE_SIZE + 1];

	cordon_order_action_text(order, &action);
	json_string(json, "action", action);
	json_string(json, "node", order->nodes);
	json_string(json, "fleet", order->fleets);
	json_string(json, "issuer", order->issuer);
	json_number(json, "counter", order->counter);
	json_string(json, "reason", order->reason);
	json_number(json, "not_before_boot", order->not_before_boot);
	json_number(json, "lease_hours", order->lease_hours);
	json_number(json, "lease_boots", order->lease_boots);
	json_number(json, "evidence_seconds", order->evidence);
	if (order->anchor) {
		json_number(json, "anchor", order->anchor);
		json_string(json, "anchor_signatures", order->anchor_signatures);
	}
	if (!order->has_challenge)
		return;
	cordon_hex_format(order->challenge, sizeof(order->challenge), digits);
	json_string(json, "challenge", digits);
}

static void print_json_signers(struct json *json, const struct cordon_signed *message)
{
	json_array(json, "signers");
	for (size_t i = 0; i < message->nr_signers; i++) {
		char roles[96];

		cordon_roles_text(message->signer[i].roles, &roles);
		json_object(json, NULL);
		json_string(json, "subject", message->signer[i].subject);
		json_string(json, "roles", roles);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(const struct view *view)
{
	struct json json = { .file = stdout };
	char digest[65];

	cordon_hex_format(view->message->digest, sizeof(view->message->digest), digest);
	json_object(&json, NULL);
	print_order(&json, &view->order);
	json_bool(&json, "has_files", view->order.body != NULL);
	print_json_signers(&json, view->message);
	json_number(&json, "signatures", view->message->nr_signatures);
	json_string(&json, "sha256", digest);
	if (view->judged) {
		json_bool(&json, "permitted", !view->refusal.text[0]);
		json_string(&json, "refusal", view->refusal.text);
	}
	json_object_end(&json);
	json_line_end(&json);
}

static int show(const struct cordon_call *call, struct view *view)
{
	struct cordon_failure failure = { .text = "" };
	int error = cordon_order_parse(view->message->text, view->message->size, &failure,
				       &view->order);

	if (!error && view->order.body)
		error = cordon_order_files_check(&view->order, &failure);
	if (error)
		return cordon_fail(call->failure, error, "%s: %s", view->path, failure.text);
	if (view->judged)
		cordon_trust_permits(view->trust, view->message,
				     cordon_action_role(view->order.action), &view->refusal);
	if (call->context->json)
		print_json(view);
	else
		print_text(view);
	return view->refusal.text[0] ? CORDON_EXIT_FAILED : CORDON_EXIT_DONE;
}

/* Also what this order does not ask about. */
static void warn(const struct cordon_trust *trust)
{
	struct cordon_failure mistake;
	uint32_t told = 0;

	while (cordon_trust_mistake_line(trust, &told, &mistake))
		fprintf(stderr, "cordon: %s\n", mistake.text);
}

int cmd_sign_show(const struct cordon_call *call, const char *path, const char *folder)
{
	struct cordon_trust trust CLEANUP(trust) = { .nr_certificates = 0 };
	struct cordon_signed message CLEANUP(signed) = { .text = NULL };
	int error;

	/* A node without the folder trusts nobody; who names one here means one that is there. */
	if (folder && access(folder, R_OK | X_OK))
		return cordon_fail(call->failure, -errno, "cannot read %s: %s", folder,
				   strerror(errno));
	if (folder)
		cordon_trust_read(folder, &trust);
	error = cmd_sign_read(call, path, &trust, &message);
	if (error)
		return error;
	warn(&trust);
	return show(call, &(struct view){ .path = path,
					  .trust = &trust,
					  .message = &message,
					  .judged = folder != NULL });
}
