// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Orders from the inbox; see daemon_orders.h.
 */
#include "daemon_orders.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry_out.h"
#include "cmd_bundle.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/print.h"

/* Other events want their turn, too. */
#define AT_ONCE 16

/* What anybody may have put on a medium is read into memory: a bundle may be big, but not that big.
 */
#define BYTES_MAX (64UL << 20)

static void tell_json(const char *path, const char *action, const struct cordon_outcome *outcome)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_string(&json, "event", "order");
	json_string(&json, "file", path);
	json_string(&json, "action", action);
	json_string(&json, "result",
		    outcome->refusal ? "refused" :
		    outcome->handed  ? "handed" :
				       "done");
	json_string(&json, "refusal", cordon_refusal_name(outcome->refusal));
	json_string(&json, "why", outcome->why.text);
	json_bool(&json, "tried_again", outcome->passing);
	if (outcome->shut_ns)
		json_number(&json, "read_to_shut_ns", outcome->shut_ns - outcome->read_ns);
	json_object_end(&json);
	json_line_end(&json);
}

static void tell_text(const char *path, const char *action, const struct cordon_outcome *outcome)
{
	if (outcome->refusal)
		printf("order %s refused (%s): %s%s\n", path, cordon_refusal_name(outcome->refusal),
		       outcome->why.text, outcome->passing ? "; it is tried again" : "");
	else if (outcome->handed)
		printf("order %s: %s, for cordon run --hand to carry out\n", path, action);
	else if (outcome->shut_ns)
		printf("order %s: %s, done; shut %llu us after it was found%s%s\n", path, action,
		       (unsigned long long)(outcome->shut_ns - outcome->read_ns) / 1000,
		       outcome->why.text[0] ? ", but: " : "", outcome->why.text);
	else
		printf("order %s: %s, done%s%s\n", path, action,
		       outcome->why.text[0] ? ", but: " : "", outcome->why.text);
}

/* Whoever made a medium chose its names: one line stays one line. */
static struct cordon_path shown(const char *path)
{
	struct cordon_path text;
	char *to = text.text;

	for (; *path && to < text.text + sizeof(text.text) - 1; path++)
		*to++ = *path >= ' ' && *path <= '~' ? *path : '?';
	*to = '\0';
	return text;
}

static void tell(const struct cordon_context *context, const struct cordon_inbox_file *file,
		 const struct cordon_warrant *warrant, const struct cordon_outcome *outcome)
{
	char action[96] = "?";

	if (warrant->is_order)
		cordon_order_action_text(&warrant->order, &action);
	if (context->json)
		tell_json(file->path.text, action, outcome);
	else
		tell_text(shown(file->path.text).text, action, outcome);
	fflush(stdout);
}

static void take_out(const struct cordon_inbox_file *file)
{
	struct stat read, present;

	/* By now another order may go by that name, which nobody has read. */
	if (!fstat(file->fd, &read) && !lstat(file->path.text, &present) &&
	    read.st_dev == present.st_dev && read.st_ino == present.st_ino)
		unlink(file->path.text);
}

static void carry_out(const struct cordon_context *context, const struct cordon_inbox_file *file,
		      struct cordon_outcome *ret_outcome)
{
	struct cordon_failure failure = { .text = "" };
	const struct cordon_call call = { .context = context, .failure = &failure };
	struct cmd_bundle bundle CLEANUP(bundle) = { .call = &call };
	const struct cordon_policy_part part = cmd_bundle_part(&bundle);
	struct cordon_warrant warrant CLEANUP(warrant) = { .is_order = false };
	struct cordon_delivery delivery = { .read_ns = cordon_clock_ns(),
					    .confined = true,
					    .again = file->again };
	struct cordon_file content = { .text = NULL };

	delivery.error = cordon_file_read_fd(file->fd, BYTES_MAX, &content);
	delivery.cms = content.text;
	delivery.size = content.size;
	if (cordon_carry_out(context, &delivery, &part, &failure, &warrant, ret_outcome))
		fprintf(stderr, "cordon: %s\n", failure.text);
	if (!file->again || !ret_outcome->passing)
		tell(context, file, &warrant, ret_outcome);
	free(content.text);
}

bool cordon_daemon_orders(const struct cordon_context *context, struct cordon_inbox *inbox)
{
	struct cordon_inbox_file file = { .fd = -1 };
	bool detached = false;

	for (int i = 0; i < AT_ONCE && !detached && cordon_inbox_next(inbox, &file); i++) {
		struct cordon_outcome outcome CLEANUP(outcome) = { .passing = false };

		carry_out(context, &file, &outcome);
		if (outcome.passing)
			cordon_inbox_retry(inbox, &file);
		else if (file.own && outcome.refusal != CORDON_REFUSAL_TOO_EARLY)
			take_out(&file);
		detached = outcome.detached;
		close(file.fd);
	}
	return detached;
}
